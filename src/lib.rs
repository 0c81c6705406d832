//! CloudTrail logs to tables: the parts of the program `trail2tsv`.
//!
//! Data flows down this list, and a module uses only those below it:
//!
//! ```text
//!  command      one module per command; each turns what was typed into a run
//!  cli          groups of options, and the configuration file
//!  engine       files and events on all threads, in order, in bounded memory
//!  source       folders, files, archives and buckets as windows of text
//!  sink         rows to a file, a terminal or a workbook
//!  spill        what may be larger than memory: sorting, ids seen before
//!  table        columns and cells of a row
//!  report       messages on stderr
//!  filter       which events are wanted
//!  cloudtrail   the rules of CloudTrail: keys, callers, failures, resources, times
//!  decode       text to events, each a lazy view
//!  syntax       patterns, times, numbers and words that people type
//!  error        errors, exit codes, cancellation, pauses between attempts
//! ```

pub mod cli;
pub mod cloudtrail;
pub mod command;
pub mod decode;
pub mod engine;
pub mod error;
pub mod filter;
pub mod report;
pub mod sink;
pub mod source;
pub mod spill;
pub mod syntax;
pub mod table;
