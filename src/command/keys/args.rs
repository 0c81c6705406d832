//! What can be typed for a list of keys, and the request that it makes.

use std::path::PathBuf;

use clap::Parser;

use crate::cli::filter::ScopeArgs;
use crate::cli::number;
use crate::cli::source::{BucketArgs, inputs};
use crate::cli::work::VerbosityArgs;
use crate::command::Context;
use crate::error::Error;
use crate::report::Verbosity;
use crate::source::spec::Input;
use crate::syntax::window::Window;

/// List the objects of a window, to read them on several machines
///
/// Writes one object a line, s3://BUCKET/KEY and its size after a tab, in the order in which
/// a run over the bucket reads them. --keys-from reads such a list. For folders, the lines are
/// paths, and only --since narrows them.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "keys",
    after_help = "Examples:\n  \
        trail2tsv keys --bucket my-trail --since 30d -o keys.txt\n  \
        trail2tsv keys --bucket my-trail --since 2y --split 7 --output-dir shards\n  \
        trail2tsv --keys-from shards/shard-1-of-7.txt -e DeleteTrail > 1.tsv\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something could not be\n\
        listed or is archived (stderr names it), 130 interrupted."
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct KeysArgs {
    /// s3://BUCKET/PREFIX, folders or files
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    /// Split the list into N shards of about equal size; needs --output-dir
    ///
    /// Each shard is a range of the list, so the results can be joined in the order of the
    /// shards. They are files, shard-1-of-7.txt and so on, which --keys-from reads.
    #[arg(long, value_name = "N", requires = "output_dir", help_heading = "Output",
          allow_negative_numbers = true, value_parser = number(1..=10_000_u32))]
    pub split: Option<u32>,
    /// Folder for the shards; one with the shards of another list is refused
    #[arg(long, value_name = "DIR", requires = "split", help_heading = "Output")]
    pub output_dir: Option<PathBuf>,
    /// Write the list to this file instead of standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "split", help_heading = "Output")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// A request for a list of keys.
pub(super) struct KeysRequest {
    /// What is listed.
    pub(super) inputs: Vec<Input>,
    /// The window of the wanted events.
    pub(super) window: Window,
    /// The shards to split the list into; `None` writes one list.
    pub(super) split: Option<SplitRequest>,
    /// The file of the list; `None` for standard output.
    pub(super) output: Option<PathBuf>,
    pub(super) verbosity: Verbosity,
}

/// How a list is split.
pub(super) struct SplitRequest {
    /// Number of shards.
    pub(super) shards: u32,
    /// Folder of their files.
    pub(super) folder: PathBuf,
}

impl KeysRequest {
    /// Checks the options.
    pub(super) fn new(args: KeysArgs, context: &Context) -> Result<KeysRequest, Error> {
        if args.bucket.history.event_history {
            return Err(Error::about("--event-history", " has no objects that keys could list"));
        }
        if args.bucket.keys_from.is_some() {
            return Err(Error::about("--keys-from", " cannot be used with keys, which makes such lists"));
        }
        let filter = args.scope.spec(context.now)?;
        let inputs = inputs(&args.inputs, &args.bucket, &filter)?;
        if inputs.is_empty() {
            return Err(Error::usage("keys: nothing to list; name --bucket BUCKET, s3://BUCKET/PREFIX or a folder"));
        }
        if inputs.iter().any(|input| matches!(input, Input::Stdin | Input::Spooled(_))) {
            return Err(Error::usage("-: not a bucket or a folder; keys lists no streams"));
        }
        let split = args.split.zip(args.output_dir).map(|(shards, folder)| SplitRequest { shards, folder });
        let (window, verbosity) = (filter.window, args.verbosity.verbosity());
        Ok(KeysRequest { inputs, window, split, output: args.output, verbosity })
    }
}
