//! What can be typed for a verification.

use std::path::PathBuf;

use clap::Parser;
use jiff::Timestamp;

use super::inputs::VerifyInputs;
use super::verify_scope::VerifyScope;
use crate::cli::filter::ScopeArgs;
use crate::cli::source::BucketArgs;
use crate::cli::table::FormatArgs;
use crate::cli::work::{VerbosityArgs, WorkArgs};
use crate::command::Context;
use crate::error::Error;
use crate::filter::options::{ACCOUNT, REGION};
use crate::report::Verbosity;
use crate::table::layout::{Format, TableLayout};

/// Prove that logs are complete and unaltered
///
/// Checks the digests that CloudTrail has signed, and every log file against them. Names each
/// log file that was altered, is missing, has bytes after its end, or is in no digest, and the
/// times that no digest covers. A log file that is in no digest was put there by somebody else,
/// or by a trail without log file validation.
///
/// --since and --until select log files by the time of their delivery, not of their events. The
/// digests must prove the whole window, its end included.
///
/// A bucket is mirrored first, with its digests and all kinds of logs, as by trail2tsv sync
/// --digests.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "verify",
    after_help = "Examples:\n  \
        trail2tsv verify --bucket my-trail --since 30d\n  \
        trail2tsv verify --bucket my-trail --since 2026-10-01 --until 2026-11-01 -o proof.json\n  \
        trail2tsv verify mirror --offline\n  \
        trail2tsv verify mirror --keys keys.json\n\n\
        The public keys come from AWS (ListPublicKeys), and are kept in the mirror for\n\
        --offline. A key proves no more than where it came from: the messages name it.\n\n\
        Exit codes: 0 all proven, 1 failed, 2 wrong usage, 3 something is not proven,\n\
        130 interrupted."
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct VerifyArgs {
    /// Folders (mirrors, or parts of them) and s3://BUCKET/PREFIX
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Public keys: the output of `aws cloudtrail list-public-keys`
    ///
    /// Can be repeated, for several regions. Without it, keys are requested from AWS or, with
    /// --offline, taken from the mirror.
    #[arg(long, value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Print what `aws cloudtrail validate-logs` would print
    ///
    /// For each trail, account and region; with -v, also what is valid. That tool detects neither
    /// log files that are in no digest nor missing digests at the end. The exit code is the same
    /// as without this option.
    #[arg(long)]
    pub aws_format: bool,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// What is to be verified, and how the result is written.
pub(super) struct VerifyRequest {
    pub(super) inputs: VerifyInputs,
    pub(super) keys: Vec<PathBuf>,
    pub(super) scope: VerifyScope,
    pub(super) layout: TableLayout,
    pub(super) output: Option<PathBuf>,
    pub(super) is_aws_format: bool,
    pub(super) threads: usize,
    pub(super) verbosity: Verbosity,
    pub(super) command: String,
    pub(super) now: Timestamp,
}

impl VerifyRequest {
    pub(super) fn new(args: VerifyArgs, context: &Context) -> Result<VerifyRequest, Error> {
        let filter = args.scope.spec(context.now)?;
        let zone = args.format.zone()?;
        let set = context.settings.names();
        let layout = args.format.layout(zone, set, context.terminal, context.columns, true)?;
        if layout.format == Format::Xlsx {
            args.format.check_workbook(context.terminal.is_some())?;
        }
        if layout.format == Format::Table && args.format.output.is_some() {
            return Err(Error::about("--format table", " is not for files; use tsv, csv, json or xlsx"));
        }
        if args.aws_format && (args.format.format.is_some() || args.format.output.is_some()) {
            return Err(Error::about("--aws-format", " cannot be combined with --format or --output"));
        }
        let (accounts, regions) = (filter.options.list(ACCOUNT), filter.options.list(REGION));
        Ok(VerifyRequest {
            scope: VerifyScope::new(accounts, &regions, filter.window)?,
            inputs: VerifyInputs::new(&args.inputs, &args.bucket, &filter)?,
            keys: args.keys,
            layout,
            output: args.format.output,
            is_aws_format: args.aws_format,
            threads: args.work.threads(context.cores),
            verbosity: args.verbosity.verbosity(),
            command: context.command_line(),
            now: context.now,
        })
    }

    /// Whether rows go to standard output.
    pub(super) fn writes_stdout(&self) -> bool {
        self.output.is_none()
    }
}
