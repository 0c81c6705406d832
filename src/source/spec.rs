//! Describes what to read: files, standard input, buckets and their mirrors, and the event history.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::cloudtrail::log_kind::LogKind;
use crate::source::aws::Connection;
use crate::source::event_history::selection::LookupSelection;
use crate::source::key_list::KeyListInput;
use crate::source::location::Location;
use crate::source::spooled_stream::SpooledStream;
use crate::syntax::window::Window;

/// One source of log files.
#[derive(Clone, Debug)]
pub enum Input {
    /// Standard input, read as a single file.
    Stdin,
    /// Standard input or another stream, copied so that it can be read again.
    Spooled(SpooledStream),
    /// A file, or a folder to walk.
    Path(PathBuf),
    /// A bucket, read through its mirror.
    Bucket(Box<BucketInput>),
    /// The objects and files of a list.
    KeyList(Box<KeyListInput>),
    /// The management events of the last 90 days, which every account has.
    EventHistory(Box<EventHistoryInput>),
}

/// The part of the event history to read, and how to reach it.
#[derive(Clone, Debug)]
pub struct EventHistoryInput {
    /// Region patterns; empty means all regions.
    pub regions: Vec<String>,
    /// Time range of the wanted events.
    pub window: Window,
    /// The present time, from which the 90 days count back.
    pub now: Timestamp,
    /// What AWS selects the events by; `None` requests all events.
    pub selection: Option<LookupSelection>,
    /// Settings for connecting to AWS.
    pub connection: Connection,
    /// Time between the starts of two requests to a region.
    pub interval: Duration,
}

/// The part of a bucket to read, and how to reach it.
#[derive(Clone, Debug, Default)]
pub struct BucketInput {
    /// The bucket, and the prefix of all log keys: empty, or ending in `/`.
    pub location: Location,
    /// Restricts the run to one organisation.
    pub organisation: Option<String>,
    /// Log kinds to read. If empty, the kind named in the prefix, or else the default kind.
    pub kinds: Vec<LogKind>,
    /// Whether the digests of these logs are mirrored too.
    pub digests: bool,
    /// Account patterns; empty means all accounts.
    pub accounts: Vec<String>,
    /// Region patterns; empty means all regions.
    pub regions: Vec<String>,
    /// A region whose folder is read besides those of `regions`.
    pub also_region: Option<&'static str>,
    /// Time range of the wanted events.
    pub window: Window,
    /// Number of days after the window that are searched for late deliveries; `None` searches
    /// all later days.
    pub late_days: Option<u32>,
    /// Folder that stores the objects under their keys.
    pub mirror: PathBuf,
    /// If true, reads the mirror without contacting the bucket.
    pub offline: bool,
    /// Settings for connecting to S3.
    pub connection: Connection,
    /// If true, accepts the charges for a requester-pays bucket.
    pub request_payer: bool,
    /// Limits on concurrent downloads.
    pub downloads: Downloads,
    /// If true, a bucket without any logs is not an error: some may come later.
    pub may_be_empty: bool,
}

/// Limits on concurrent downloads.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Downloads {
    /// Initial limit.
    pub initial: usize,
    /// Limit that the adaptive control does not exceed.
    pub max: usize,
}

impl Downloads {
    /// True if the user fixed the number, so that it is not adapted.
    pub fn is_fixed(&self) -> bool {
        self.initial == self.max
    }
}
