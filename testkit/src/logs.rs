//! Generates CloudTrail logs: realistic events from a seed, whole bucket folders of them, the small
//! bucket of `testdata/` with its story, and a list of unusual events.
//!
//! Everything is a pure function of its seed, so a failure can be repeated and
//! the checked-in sample can be compared with today's output. All
//! accounts, addresses, names and keys are values reserved for documentation.
//!
//! ```text
//! calls, actors           the API calls and their callers: tables of JSON templates
//! template, event_context a template's placeholders, and their values in one event
//! seeded                  identifiers that follow from a seed
//! event, order            one event's fields, and the orders of its keys
//! prepared_call           a call with its templates parsed, and who may make it
//! population              the identities of a large account, and their habits
//! generator               picks a call and an actor, writes one event
//! file                    one log object: its key and its records
//! corpus, sample          the files of a bucket: by numbers, or by the story
//! chains                  random chains of credentials
//! story                   the sample's hand-written events
//! history                 random changes of instances, addresses and rules
//! digest, bucket          the digest object; writing objects below a folder
//! edge_cases              unusual events, hand-written and random
//! ```

mod account_region;
mod actors;
mod bucket;
mod calls;
mod chains;
mod corpus;
mod digest;
pub mod edge_cases;
mod event;
mod event_context;
mod file;
mod generator;
pub mod history;
mod order;
mod population;
mod prepared_call;
pub mod sample;
mod seeded;
mod story;
mod template;
mod words;

pub use self::chains::random_chains;
pub use account_region::AccountRegion;
pub use actors::IdentityKind;
pub use bucket::{WriteTotals, write};
pub use corpus::Corpus;
pub use digest::Digest;
pub use file::{LogFile, gunzip, gzip, records};
pub use generator::Generator;
pub use population::Population;
