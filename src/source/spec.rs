//! What is asked to be read: files, standard input, buckets and their mirrors.

use std::path::PathBuf;
use std::time::Duration;

use crate::cloudtrail::log_kind::LogKind;
use crate::syntax::window::Window;

/// One source of log files.
#[derive(Clone, Debug)]
pub enum Input {
    /// Standard input, one text.
    Stdin,
    /// A file, or a folder to be walked.
    Path(PathBuf),
    /// A bucket, by way of its mirror.
    Bucket(Box<BucketInput>),
}

/// What to mirror from a bucket.
#[derive(Clone, Debug, Default)]
pub struct BucketInput {
    /// The bucket's name.
    pub bucket: String,
    /// What its log keys begin with: empty, or ending in `/`.
    pub prefix: String,
    /// Only this organisation.
    pub organisation: Option<String>,
    /// The kinds of logs; where empty, that which the prefix names, or the usual one.
    pub kinds: Vec<LogKind>,
    /// Accounts, as patterns; all where empty.
    pub accounts: Vec<String>,
    /// Regions, as patterns; all where empty.
    pub regions: Vec<String>,
    /// The time that events are wanted from.
    pub window: Window,
    /// How many days after the window late deliveries are looked for; without a
    /// number, in all days that there are.
    pub late_days: Option<u32>,
    /// The folder that objects are kept in, under their keys.
    pub mirror: PathBuf,
    /// Read the mirror without asking the bucket.
    pub offline: bool,
    /// How to reach S3.
    pub connection: Connection,
    /// How many downloads run at once.
    pub downloads: Downloads,
}

/// How many downloads run at once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Downloads {
    /// So many at first.
    pub first: usize,
    /// So many at most, where more are faster.
    pub most: usize,
}

impl Downloads {
    /// Whether the number was asked for, and stays.
    pub fn is_fixed(&self) -> bool {
        self.first == self.most
    }
}

/// How to reach S3, where that differs from what the environment says.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// A profile of the AWS configuration.
    pub profile: Option<String>,
    /// The address of another S3.
    pub endpoint_url: Option<String>,
    /// Send no credentials.
    pub anonymous: bool,
    /// Pay for requests to somebody else's bucket.
    pub request_payer: bool,
    /// How long nothing may come before it is asked for again.
    pub patience: Duration,
}
