//! CloudTrail logs to tables: the parts of the program `trail2tsv`.
//!
//! Data flows one way, and a module uses only those above it:
//!
//! ```text
//!  cli ─▶ settings ─▶ plan   what was typed, what is set, what will be done
//!                        │
//!           ┌────────────┘
//!  bucket ──┼─▶ input     objects and files as windows of inflated text
//!           │     │
//!           │   decode    text to events, each a lazy view
//!           │     │
//!           │   query     which events, and what in them
//!           │     │
//!           │   output    events to rows, rows to a file
//!           │     │
//!           └─ pipeline   all of these on threads, in order, in bounded memory
//!                 │
//!              summary    events counted instead of written
//! ```

pub mod exit;

pub mod decimal;
pub mod error;
pub mod isolation;
pub mod kind;
pub mod nearest;
pub mod shell;
pub mod stop;
pub mod unfinished;
pub mod visible;

pub mod cli;
pub mod pattern;
pub mod window;

pub mod plan;
pub mod settings;

pub mod report;

pub mod bucket;
pub mod input;

pub mod decode;
pub mod query;

pub mod output;

pub mod completions;
pub mod pipeline;
pub mod second_look;

pub mod summary;
pub mod sync;
