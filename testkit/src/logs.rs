//! CloudTrail logs made on purpose: realistic events from a seed, whole bucket
//! folders of them, the small bucket of `testdata/` with its story, and a list
//! of odd events.
//!
//! Everything is a pure function of its seed, so a failure can be repeated and
//! the checked-in sample can be compared with what is written today. All
//! accounts, addresses, names and keys are values reserved for documentation.
//!
//! ```text
//! calls, cast        what is called, and by whom: tables of JSON templates
//! template, scene    a template's holes, and what they stand for in one event
//! draw               identifiers that follow from a seed
//! event, order       one event's fields, and the orders its keys come in
//! generator          draws a call and an actor, writes one event
//! file               one log object: its key and its records
//! corpus, sample     which files a bucket has: by numbers, or by the story
//! story              the sample's hand-written events
//! history            random changes of instances, addresses and rules
//! digest, bucket     the digest object; everything written below a folder
//! odd                events that are possible and strange
//! ```

mod actors;
mod bucket;
mod calls;
mod corpus;
mod digest;
mod draw;
pub mod edge_cases;
mod event;
mod file;
mod generator;
pub mod history;
mod order;
mod place;
pub mod sample;
mod scene;
mod story;
mod template;
mod words;

pub use actors::Who;
pub use bucket::{Written, write};
pub use corpus::Corpus;
pub use digest::Digest;
pub use file::{LogFile, gunzip, gzip, records};
pub use generator::Generator;
pub use place::Place;
