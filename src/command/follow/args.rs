//! The arguments of the command `follow`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser};
use jiff::SignedDuration;

use crate::cli::filter::{FilterArgs, ScopeArgs};
use crate::cli::source::BucketArgs;
use crate::cli::table::FormatArgs;
use crate::cli::work::{VerbosityArgs, WorkArgs};

/// Write new events as CloudTrail delivers them
///
/// Learns of new log files from an SQS queue, or by listing the bucket again and again, and
/// writes the events that match, one row each. A message of the queue is deleted only after
/// its rows are safely written, so every event is written at least once.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "follow",
    after_help = "Examples:\n  \
        trail2tsv follow --queue https://sqs.eu-west-1.amazonaws.com/111122223333/trail -f json\n  \
        trail2tsv follow --bucket my-trail --poll 1m -u root\n  \
        trail2tsv follow --queue trail -o /var/log/trail2tsv/events.ndjson --rotate 100M,1h\n  \
        trail2tsv follow --queue trail --hec https://splunk.example.com:8088\n\n\
        Ctrl-C and SIGTERM end it after what was begun is written.\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something could not be\n\
        read (stderr names it), 130 interrupted while Splunk took no events."
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct FollowArgs {
    /// s3://BUCKET/PREFIX, as by --bucket and --prefix
    #[arg(value_name = "s3://BUCKET/PREFIX")]
    pub address: Option<String>,
    #[command(flatten)]
    pub arrival: ArrivalArgs,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub output: FollowOutputArgs,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// How new objects are noticed.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "New objects")]
pub struct ArrivalArgs {
    /// SQS queue that announces new objects: its URL, ARN or name
    ///
    /// Messages of CloudTrail, S3 and EventBridge are understood, with or without an SNS
    /// topic in between.
    #[arg(long, value_name = "QUEUE")]
    pub queue: Option<String>,
    /// List the bucket this often [default: 1m, without --queue]
    #[arg(long, value_name = "TIME", value_parser = interval, conflicts_with = "queue")]
    pub poll: Option<Duration>,
    /// Folder that remembers which objects were written
    /// [default: trail2tsv/follow in the platform's state folder]
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub journal: Option<PathBuf>,
    /// Remove each object from the mirror after its rows are written
    #[arg(long, hide_short_help = true)]
    pub discard: bool,
}

/// How rows are written, and where to.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct FollowOutputArgs {
    /// Columns by name or by path; trail2tsv -c help lists them
    #[arg(short, long, value_name = "LIST", allow_hyphen_values = true)]
    pub columns: Vec<String>,
    /// How rows are written, and where to.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Start a new file at this size or age: 100M, 1h, or both [default: 100M,1h]
    ///
    /// With --output FILE.ndjson, rows are written to FILE.TIME.ndjson.part, which loses .part
    /// when it is complete.
    #[arg(long, value_name = "SIZE|AGE", requires = "output")]
    pub rotate: Option<String>,
    /// Send whole events to this HTTP Event Collector of Splunk
    ///
    /// The token is in the variable SPLUNK_HEC_TOKEN, or in a file.
    #[arg(long, value_name = "URL", conflicts_with_all = ["output", "format", "columns"], help_heading = "Splunk")]
    pub hec: Option<String>,
    /// File with the token for --hec
    #[arg(long, value_name = "FILE", requires = "hec", hide_short_help = true, help_heading = "Splunk")]
    pub hec_token_file: Option<PathBuf>,
    /// Index for the events [default: that of the token]
    #[arg(long, value_name = "INDEX", requires = "hec", hide_short_help = true, help_heading = "Splunk")]
    pub hec_index: Option<String>,
    /// Host that Splunk shows for the events [default: that of the connection]
    #[arg(long, value_name = "HOST", requires = "hec", hide_short_help = true, help_heading = "Splunk")]
    pub hec_host: Option<String>,
    /// Drop events that were delivered twice
    ///
    /// Those whose eventID occurred among the last million events.
    #[arg(long)]
    pub dedupe: bool,
}

/// Parses the time between two listings.
fn interval(text: &str) -> Result<Duration, String> {
    const MIN: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(24 * 3600);
    let span: Option<SignedDuration> = text.parse().ok();
    span.and_then(|span| Duration::try_from(span).ok())
        .filter(|time| (MIN..=MAX).contains(time))
        .ok_or_else(|| "not a time from 1s to 24h; write one such as 1m".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_bounds() {
        assert_eq!(interval("1m"), Ok(Duration::from_secs(60)));
        assert_eq!(interval("90s"), Ok(Duration::from_secs(90)));
        for text in ["0s", "500ms", "25h", "-1m", "1", "often", ""] {
            assert!(interval(text).is_err(), "{text}");
        }
    }
}
