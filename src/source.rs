//! Where log files come from: folders, streams, buckets and mirrors, and the event history of an
//! account.

pub mod aws;
pub mod event_history;
pub mod s3;

pub mod file;
pub mod file_list;
pub mod folder;
pub mod follow_journal;
pub mod key_list;
pub mod location;
mod log_file;
mod log_source;
pub mod memory_text;
pub mod mirror_location;
mod overlap;
pub mod public_keys;
pub mod queue;
pub mod sample;
pub mod spec;
pub mod spooled_stream;
mod stream;
pub mod verified_files;
pub mod walk;

pub use self::log_file::{LogFile, OpenedFile};
pub use self::log_source::{LeftOutFile, LogSource, SourceItem, open, open_input};
pub use self::overlap::InputOverlaps;
