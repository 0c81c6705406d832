//! What can be typed for trails.

use clap::{Args, Parser, Subcommand};

use super::event_selectors::{DataEventType, data_event_type};
use super::names::{bucket_name, kms_key, prefix, queue_name, topic_name, trail_name};
use crate::cli::connection::ConnectionArgs;
use crate::cli::table::FormatArgs;
use crate::cli::work::VerbosityArgs;
use crate::cli::{number, region};

/// Create, show and delete trails, with bucket, topic and queue
///
/// A trail delivers the events of all regions of an account to a bucket. Every change is
/// planned first and shown; what exists is kept, and a run that was interrupted is completed
/// by the next one.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "trail",
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions",
    disable_help_subcommand = true,
    after_help = "Examples:\n  \
        trail2tsv trail create --queue\n  \
        trail2tsv trail create --bucket company-logs --name audit --dry-run > create.sh\n  \
        trail2tsv trail show\n  \
        trail2tsv trail delete --name audit\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something could not be\n\
        read (stderr names it), 130 interrupted."
)]
#[allow(missing_docs, reason = "the group of its type")]
pub struct TrailArgs {
    #[command(subcommand)]
    pub action: Option<TrailAction>,
}

/// What is done.
#[derive(Clone, Debug, Subcommand)]
pub enum TrailAction {
    /// Create a trail, or complete and correct one
    Create(Box<CreateArgs>),
    /// Show all trails of the account, and whether they work
    Show(ShowArgs),
    /// Delete a trail with its topic and queues, never its bucket
    Delete(DeleteArgs),
}

/// Create a trail, or complete and correct one
///
/// Creates a bucket without public access, a trail for all regions with log file validation,
/// and a topic that announces new log files. Reads first, shows a plan, and asks before
/// anything is changed. What exists already and is not tagged created-by=trail2tsv keeps its
/// settings; only statements are added to its policy.
#[derive(Args, Clone, Debug)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct CreateArgs {
    /// Name of the trail
    #[arg(long, value_name = "NAME", value_parser = trail_name, default_value = super::names::DEFAULT_TRAIL)]
    pub name: String,
    /// Bucket for the log files [default: that of the trail, or ACCOUNT-cloudtrail]
    #[arg(long, value_name = "BUCKET", value_parser = bucket_name)]
    pub bucket: Option<String>,
    /// Prefix of AWSLogs/ in the bucket [default: that of the trail, or nothing]
    #[arg(long, value_name = "PREFIX", value_parser = prefix)]
    pub prefix: Option<String>,
    /// Topic that announces log files [default: that of the trail, or NAME-cloudtrail]
    #[arg(long, value_name = "NAME", value_parser = topic_name)]
    pub topic: Option<String>,
    /// Create a queue that receives the notifications, and its dead-letter queue
    /// [default name: NAME-cloudtrail]
    #[arg(long, value_name = "NAME", value_parser = queue_name, num_args = 0..=1, require_equals = true,
          default_missing_value = "")]
    pub queue: Option<String>,
    /// Record the events of all accounts of the organisation
    #[arg(long)]
    pub organization: bool,
    /// Encrypt log files with this key, whose policy must allow it
    #[arg(long, value_name = "ARN", value_parser = kms_key)]
    pub kms_key: Option<String>,
    /// Record data events of these types too, separated by commas: s3, lambda, dynamodb or
    /// AWS::…; they cost money
    #[arg(long, value_name = "TYPE,…", value_delimiter = ',', value_parser = data_event_type)]
    pub data_events: Vec<DataEventType>,
    /// Record unusual call and error rates too; this costs money
    #[arg(long)]
    pub insights: bool,
    /// Delete log files after this many days [default: never]
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true, value_parser = number(1..=36500_u16))]
    pub keep: Option<u16>,
    /// Move log files to the storage class Glacier after this many days [default: never]
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true, value_parser = number(1..=36500_u16))]
    pub archive_after: Option<u16>,
    #[command(flatten)]
    pub confirmation: ConfirmationArgs,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// Show all trails of the account, and whether they work
///
/// One row for each trail of any region: whether it logs, when it last delivered and with
/// which error, its bucket, topic, queues and settings.
#[derive(Args, Clone, Debug)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct ShowArgs {
    /// Show only this trail
    #[arg(long, value_name = "NAME", value_parser = trail_name)]
    pub name: Option<String>,
    /// Write only these columns, in this order [default: all]
    #[arg(short, long, value_name = "LIST", help_heading = "Output")]
    pub columns: Vec<String>,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// Delete a trail with its topic and queues, never its bucket
///
/// Deletes only what is tagged created-by=trail2tsv. Reads first, shows a plan, and asks. The
/// bucket and the log files in it stay.
#[derive(Args, Clone, Debug)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct DeleteArgs {
    /// Name of the trail
    #[arg(long, value_name = "NAME", value_parser = trail_name, default_value = super::names::DEFAULT_TRAIL)]
    pub name: String,
    /// Name of the topic, if the trail is gone already [default: NAME-cloudtrail]
    #[arg(long, value_name = "NAME", value_parser = topic_name)]
    pub topic: Option<String>,
    /// Name of the queue, if the topic is gone already [default: NAME-cloudtrail]
    #[arg(long, value_name = "NAME", value_parser = topic_name)]
    pub queue: Option<String>,
    #[command(flatten)]
    pub confirmation: ConfirmationArgs,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// Whether changes are made.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Confirmation")]
pub struct ConfirmationArgs {
    /// Change nothing; write the commands of the AWS CLI that would do the same
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Do not ask before changes
    #[arg(short, long)]
    pub yes: bool,
}

/// The region.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "AWS")]
pub struct HomeArgs {
    /// Region in which the trail is managed [default: that of AWS_REGION or the profile]
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub region: Option<String>,
}
