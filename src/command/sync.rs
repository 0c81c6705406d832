//! The command `sync`: updates mirrors without reading events.

use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};

use super::mirroring::{digest_use, mirror};
use super::{Command, Context};
use crate::cli::command_help::{LATE_DAYS, MIRRORED_KIND, REGION, hide_options, reword_options};
use crate::cli::digests::DigestArgs;
use crate::cli::filter::ScopeArgs;
use crate::cli::parse_error::usage_error;
use crate::cli::source::{BucketArgs, inputs};
use crate::cli::work::VerbosityArgs;
use crate::cloudtrail::log_kind::DIGEST;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::{MissingTotals, Report, SyncTotals};
use crate::sink::target::Target;
use crate::source::s3::dry_run::{DayTotals, DryRunEvent, dry_run};
use crate::source::spec::{BucketInput, Input};

/// Mirror the logs of a bucket without reading them
///
/// Only what the mirror lacks is fetched, each object under its own key. A later
/// run over the same window finds what was delivered late.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "sync",
    after_help = "Examples:\n  \
        trail2tsv sync --bucket my-trail --since 30d\n  \
        trail2tsv sync --bucket my-trail --since 30d --digests\n  \
        trail2tsv sync s3://my-trail/AWSLogs/o-abc --account 111122223333 --dry-run\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something could not be\n\
        fetched (stderr names it), 130 interrupted."
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct SyncArgs {
    /// s3://BUCKET/PREFIX, or a single object of a bucket
    #[arg(value_name = "s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    /// Only list, and print for each account, region and day what would be fetched
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub digests: DigestArgs,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// The command `sync`.
#[derive(Debug)]
pub struct SyncCommand;

/// The buckets to mirror.
struct SyncRequest {
    buckets: Vec<BucketInput>,
    /// Only list, and print what would be fetched.
    is_dry: bool,
}

impl Command for SyncCommand {
    fn definition(&self) -> clap::Command {
        // They are known, so that the message can say what to do.
        let command = hide_options(SyncArgs::command(), ["offline", "event_history", "no_pushdown", "keys_from"]);
        let helps =
            [("bucket", "S3 bucket to mirror"), ("kind", MIRRORED_KIND), ("late_days", LATE_DAYS), ("region", REGION)];
        reword_options(command, helps)
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = SyncArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let request = request(&args, context)?;
        let report = Report::new(args.verbosity.verbosity(), request.is_dry);
        let outcome = context.work(&report, |stop| run(&request, &report, stop));
        Ok(match outcome {
            Ok(mirrored) => {
                let archived = mirrored.fetched.archived();
                let is_partial = report.problems() > 0 || archived.is_some();
                report.finish(&mirrored, archived);
                if is_partial { Exit::Partial } else { Exit::Done }
            }
            Err(fatal) => context.fail(&report, fatal),
        })
    }
}

fn request(args: &SyncArgs, context: &Context) -> Result<SyncRequest, Error> {
    let filter = args.scope.spec(context.now)?;
    if args.bucket.offline {
        return Err(Error::about("--offline", " cannot be used with sync"));
    }
    if args.bucket.history.event_history {
        return Err(refused_event_history());
    }
    let mut buckets = Vec::new();
    for input in inputs(&args.inputs, &args.bucket, &filter)? {
        match input {
            Input::Bucket(bucket) => buckets.push(args.digests.of_bucket(*bucket)),
            Input::Path(path) => {
                return Err(Error::usage(format!("{path:?}: not a bucket; write s3://BUCKET/PREFIX")));
            }
            Input::EventHistory(_) => return Err(refused_event_history()),
            Input::KeyList(_) => return Err(Error::about("--keys-from", " cannot be used with sync")),
            Input::Stdin | Input::Spooled(_) => return Err(Error::usage("-: not a bucket; write s3://BUCKET/PREFIX")),
        }
    }
    if buckets.is_empty() {
        return Err(Error::usage("sync needs --bucket BUCKET or s3://BUCKET/PREFIX"));
    }
    Ok(SyncRequest { buckets, is_dry: args.dry_run })
}

fn refused_event_history() -> Error {
    Error::about("--event-history", ": sync mirrors buckets; to read the event history, leave out sync")
}

/// Mirrors the buckets, or lists what would be fetched, and returns the totals.
fn run(request: &SyncRequest, report: &Report, stop: &Cancellation) -> Result<SyncTotals, Error> {
    if request.is_dry { list(request, report, stop) } else { mirror(&request.buckets, report, stop) }
}

/// Lists the buckets and writes a row per account, kind, region and day.
fn list(request: &SyncRequest, report: &Report, stop: &Cancellation) -> Result<SyncTotals, Error> {
    const HEADER: &str = "account\tregion\tday\tobjects\tbytes\tpresent\tarchived\tkind\n";
    let mut target = Target::open(None)?;
    let mut header = Some(HEADER);
    let (mut mirrored, mut missing) = (SyncTotals::default(), MissingTotals::default());
    for input in &request.buckets {
        let listed = dry_run(input, report, stop, |event| {
            match event {
                DryRunEvent::Issue(issue) => report.issue(&issue),
                DryRunEvent::Day(day) => {
                    missing.objects += day.objects;
                    missing.digests += if day.kind == DIGEST { day.objects } else { 0 };
                    missing.bytes += day.bytes;
                    target.write(format!("{}{}", header.take().unwrap_or_default(), row(&day)).as_bytes())?;
                }
            }
            Ok(())
        })?;
        mirrored.fetched.add(&listed.fetched);
        mirrored.late = mirrored.late.max(listed.late);
        mirrored.unread.extend(listed.unread);
        mirrored.digests = mirrored.digests.max(digest_use(input, listed.has_other_digests));
    }
    target.write(header.unwrap_or_default().as_bytes())?;
    target.finish()?;
    Ok(SyncTotals { missing: Some(missing), ..mirrored })
}

fn row(day: &DayTotals) -> String {
    let DayTotals { account, region, date, kind, objects, bytes, present, archived } = day;
    let date = date.map(|date| date.to_string()).unwrap_or_default();
    // Folder names come from object keys, which can contain any character.
    let [account, region, kind] =
        [account, region, kind].map(|name| name.replace(|character: char| character.is_control(), "?"));
    format!("{account}\t{region}\t{date}\t{objects}\t{bytes}\t{present}\t{archived}\t{kind}\n")
}
