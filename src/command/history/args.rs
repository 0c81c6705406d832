//! What can be typed for a history.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;

use crate::cli::filter::ScopeArgs;
use crate::cli::partial::PartialArgs;
use crate::cli::source::BucketArgs;
use crate::cli::table::FormatArgs;
use crate::cli::work::{VerbosityArgs, WorkArgs};
use crate::sink::document::DocumentFormat;

/// Show who had an address or which rules were open at a time
///
/// Reconstructs instances, interfaces, addresses, security groups, volumes and load balancers
/// from the events that created, changed and deleted them. Every row names the events that
/// prove it, and says what is not proven.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "history",
    args_conflicts_with_subcommands = true,
    subcommand_value_name = "QUESTION",
    subcommand_help_heading = "Questions",
    disable_help_subcommand = true,
    after_help = "Examples:\n  \
    trail2tsv history ip 10.0.1.10 AWSLogs --at 2026-10-01T12:00\n  \
    trail2tsv history rules AWSLogs --open --port 22\n  \
    trail2tsv history exposed 203.0.113.7 AWSLogs\n  \
    trail2tsv history resource i-0abc12de34f567890 AWSLogs\n  \
    trail2tsv history --git AWSLogs | git -C new-repository fast-import"
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct HistoryArgs {
    #[command(subcommand)]
    pub question: Option<QuestionArgs>,
    #[command(flatten)]
    pub reading: HistoryReadingArgs,
    #[command(flatten)]
    pub documents: DocumentArgs,
}

/// The questions.
#[derive(Clone, Debug, Subcommand)]
pub enum QuestionArgs {
    /// Which interface and instance had an address
    Ip(IpArgs),
    /// Which rules security groups had
    Rules(RulesArgs),
    /// When rules let in an address that was not one of ours
    Exposed(ExposedArgs),
    /// Everything known of a resource
    Resource(ResourceArgs),
}

/// Which interface and instance had an address
///
/// One row for each time that the address belonged to the same interface and the same
/// instance. An address can belong to several at once, in different VPCs.
#[derive(Args, Clone, Debug)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct IpArgs {
    /// A private, public or IPv6 address
    #[arg(value_name = "ADDRESS", value_parser = address)]
    pub address: IpAddr,
    #[command(flatten)]
    pub reading: HistoryReadingArgs,
    #[command(flatten)]
    pub rows: HistoryRowArgs,
}

/// Which rules security groups had
///
/// One row for each time that a group had a rule, with who added and who removed it.
#[derive(Args, Clone, Debug)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct RulesArgs {
    #[command(flatten)]
    pub reading: HistoryReadingArgs,
    /// Only rules of this security group, by its id or its name
    #[arg(long, value_name = "GROUP", help_heading = "Rules")]
    pub group: Option<String>,
    /// Only rules whose network overlaps this address or network
    #[arg(long, value_name = "ADDRESS|CIDR", value_parser = network, help_heading = "Rules")]
    pub from: Option<IpNet>,
    /// Only rules that include this port of TCP or UDP
    #[arg(long, value_name = "PORT", value_parser = port, allow_negative_numbers = true, help_heading = "Rules")]
    pub port: Option<u16>,
    /// Only rules that let in every address: 0.0.0.0/0 or ::/0
    #[arg(long, help_heading = "Rules")]
    pub open: bool,
    #[command(flatten)]
    pub rows: HistoryRowArgs,
}

/// When rules let in an address that was not one of ours
///
/// One row for each time that a rule let the address in, without the times at which the
/// address belonged to an interface in the VPC of the group.
#[derive(Args, Clone, Debug)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct ExposedArgs {
    /// The address that the traffic came from
    #[arg(value_name = "ADDRESS", value_parser = address)]
    pub address: IpAddr,
    #[command(flatten)]
    pub reading: HistoryReadingArgs,
    #[command(flatten)]
    pub rows: HistoryRowArgs,
}

/// Everything known of a resource
///
/// One row for each time that a property of the resource had a value: its state, addresses,
/// groups, rules, tags, attachments. Rows of other resources that were connected with it are
/// included.
#[derive(Args, Clone, Debug)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct ResourceArgs {
    /// Id, name or ARN of an instance, interface, address, volume, security group, load
    /// balancer, target group or auto scaling group
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub reading: HistoryReadingArgs,
    #[command(flatten)]
    pub rows: HistoryRowArgs,
}

/// Documents for version control instead of an answer.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Documents for git")]
pub struct DocumentArgs {
    /// Write a file for each resource into this folder, as it was at the end or at --at
    ///
    /// Files of resources that are gone are removed.
    #[arg(long, value_name = "DIR", conflicts_with = "git")]
    pub files: Option<PathBuf>,
    /// Write a stream for git fast-import: a commit for each change, by who made it
    #[arg(long)]
    pub git: bool,
    /// Format of the files
    #[arg(short, long, value_name = "FORMAT", value_enum, ignore_case = true, default_value = "yaml")]
    pub format: DocumentFormat,
    /// Write the stream to this file instead of standard output
    #[arg(short, long, value_name = "FILE", requires = "git")]
    pub output: Option<PathBuf>,
}

/// How the rows of an answer are written.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
#[allow(missing_docs, reason = "the second is the group of its type")]
pub struct HistoryRowArgs {
    /// Write only these columns, in this order [default: all]
    #[arg(short, long, value_name = "LIST")]
    pub columns: Vec<String>,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// What is read, and the point in time.
#[derive(Args, Clone, Debug)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct HistoryReadingArgs {
    /// Folders, files, archives, - for standard input, or s3://BUCKET/PREFIX
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    /// Only what was true at this time
    ///
    /// The forms are those of --since. A date or a month means its first instant.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Filters")]
    pub at: Option<String>,
    /// Fill in what the logs do not show from this folder of trail2tsv snapshot
    #[arg(long, value_name = "DIR", help_heading = "Snapshot")]
    pub snapshot: Option<PathBuf>,
    /// The time of the snapshot [default: when its folder was last written completely]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, requires = "snapshot", help_heading = "Snapshot")]
    pub snapshot_time: Option<String>,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub partial: PartialArgs,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// Parses the address of a question, which is easily forgotten before the inputs.
fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "not an address; write one such as 10.0.3.17 before the inputs".into())
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "not a port; write its number, such as 22".into())
}

/// Parses an address or a network; host bits are dropped, as EC2 does.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
    let network = text.parse::<IpNet>().ok().or_else(address);
    network.map(|network| network.trunc()).ok_or_else(|| "not an address or a network such as 10.0.0.0/8".into())
}
