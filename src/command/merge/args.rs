//! What can be typed for a merge.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::cli::work::VerbosityArgs;
use crate::command::{Context, dispatch};
use crate::error::Error;
use crate::sink::part_file::PartHeader;

/// Join the parts that --partial made into one result
///
/// The parts know their options, so that none is needed here. They must have been made with the
/// same options by the same version of the program. What is written, the last line and the
/// exit code are those of one run over all files.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "merge",
    override_usage = "trail2tsv merge [OPTIONS] PART… [-- OPTIONS OF THE PARTS]",
    after_help = "Examples:\n  \
        trail2tsv --keys-from shards/shard-1-of-7.txt --sort eventTime --partial 1.part\n  \
        trail2tsv merge *.part --plan keys.txt -o out.tsv\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but the runs of the\n\
        parts could not read something (stderr names it), 130 interrupted."
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct MergeArgs {
    /// The parts, in the order of their files unless there is a plan
    #[arg(value_name = "PART", required = true)]
    pub parts: Vec<PathBuf>,
    /// The command and the options of the parts, to be checked, such as -- --sort eventTime
    #[arg(value_name = "OPTIONS OF THE PARTS", last = true, allow_hyphen_values = true)]
    pub question: Vec<OsString>,
    /// Check that the parts have all files of this list, as --keys-from reads it
    ///
    /// The parts are taken in the order of the list. Several lists, such as the shards of
    /// trail2tsv keys --split, are read one after another.
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Output")]
    pub plan: Vec<PathBuf>,
    /// Write to this file
    ///
    /// It appears only when it is complete.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write what the runs of the parts have read, skipped and failed, file by file, as JSON
    /// lines
    #[arg(long, value_name = "FILE", help_heading = "Logging and performance")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

impl MergeArgs {
    /// The question as typed; `None` if there is none to compare.
    pub(super) fn question(&self, context: &Context) -> Result<Option<PartHeader>, Error> {
        if self.question.is_empty() {
            return Ok(None);
        }
        dispatch::question(&self.question, context).map(Some)
    }
}
