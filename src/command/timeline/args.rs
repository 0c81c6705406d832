//! What can be typed for a timeline.

use std::path::PathBuf;

use clap::{Args, Parser};

use crate::cli::filter::{FilterArgs, ScopeArgs};
use crate::cli::partial::PartialArgs;
use crate::cli::source::BucketArgs;
use crate::cli::table::FormatArgs;
use crate::cli::work::{VerbosityArgs, WorkArgs};

/// Show who changed what, in chronological order
///
/// Repeated calls are one row, a run: the same call by the same caller from the same address
/// with the same outcome, until that caller does something else or makes no call for an hour.
/// The row has the number of events, the first and the last time, and what the calls acted on.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "timeline",
    after_help = "Examples:\n  \
    trail2tsv timeline AWSLogs --since 2026-09-30T21:00 --until 2026-10-01\n  \
    trail2tsv timeline --bucket my-trail --since 7d -u alice --all\n  \
    trail2tsv timeline AWSLogs -i 203.0.113.66 -o attack.xlsx\n  \
    trail2tsv timeline --keys-from shards/shard-1-of-7.txt --since 2026-09-30 --partial 1.part"
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct TimelineArgs {
    /// Folders, files, archives, - for standard input, or s3://BUCKET/PREFIX
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub rows: TimelineRowArgs,
    #[command(flatten)]
    pub partial: PartialArgs,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// Which calls are shown, and how.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
#[allow(missing_docs, reason = "the last is the group of its type")]
pub struct TimelineRowArgs {
    /// Also show calls that only read
    #[arg(long)]
    pub all: bool,
    /// Count repeated deliveries of an event once
    ///
    /// An event is left out if its eventID has occurred before.
    #[arg(long)]
    pub dedupe: bool,
    /// Write only these columns, in this order [default: all but those of --networks and
    /// --geoip]
    ///
    /// Without the column actor, the input is read once.
    #[arg(short, long, value_name = "LIST")]
    pub columns: Vec<String>,
    /// Write at most the first N rows
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true,
          value_parser = |text: &str| text.parse::<u64>().map_err(|_| "not a number; write one such as 100"))]
    pub limit: Option<u64>,
    #[command(flatten)]
    pub format: FormatArgs,
}
