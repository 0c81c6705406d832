//! What can be typed for a snapshot.

use std::path::PathBuf;

use clap::Parser;

use crate::cli::connection::ConnectionArgs;
use crate::cli::region;
use crate::cli::work::VerbosityArgs;
use crate::sink::document::DocumentFormat;

/// Write the present state of an account as files for git
///
/// Writes a file for each instance, security group, network interface, elastic address,
/// volume, NAT gateway, load balancer, target group and auto scaling group, in all regions
/// that are enabled: DIR/ACCOUNT/REGION/KIND/ID.yaml. Files of resources that are gone are
/// removed. A run with the same resources writes the same bytes, so that `git diff` shows
/// what changed and nothing else. What could not be read keeps its files.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "snapshot",
    after_help = "Examples:\n  \
        trail2tsv snapshot inventory --profile audit\n  \
        trail2tsv snapshot inventory --region eu-west-1,eu-central-1\n  \
        trail2tsv snapshot -o inventory -f json && git -C inventory diff\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something could not be\n\
        read (stderr names it), 130 interrupted."
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct SnapshotArgs {
    /// Folder for the files, which is created if it does not exist
    #[arg(value_name = "DIR", required_unless_present = "output", conflicts_with = "output")]
    pub folder: Option<PathBuf>,
    /// The same as DIR
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Format of the files
    #[arg(short, long, value_name = "FORMAT", value_enum, ignore_case = true, default_value = "yaml")]
    pub format: DocumentFormat,
    /// Only these regions, separated by commas [default: all that are enabled]
    ///
    /// The files of other regions are left as they are.
    #[arg(long = "region", value_name = "REGION,…", value_delimiter = ',', value_parser = region)]
    pub regions: Vec<String>,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}
