//! How the work is done, and how much is said of it.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::number;
use crate::report::Verbosity;

/// How the work is done.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Logging and performance")]
pub struct WorkArgs {
    /// Decoding threads, at most 32 [default: one per core]
    #[arg(long, value_name = "N",
          value_parser = number(1..=32_u16), hide_short_help = true)]
    pub threads: Option<u16>,
}

/// What every job takes: where settings are, and how much is said of the work.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Logging and performance")]
pub struct VerbosityArgs {
    /// Configuration file [default: trail2tsv/config.toml in the platform's config folder]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub config: Option<PathBuf>,
    /// Print no progress and no last line
    ///
    /// Problems are still reported.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print more about what is done; -vv names each file
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

impl WorkArgs {
    /// How many threads decode on a machine of this many cores.
    pub fn threads(&self, cores: usize) -> usize {
        /// More would need more memory than there may be, and wait for the disk.
        const MOST: usize = 32;
        self.threads.map_or(cores.clamp(1, MOST), usize::from)
    }
}

impl VerbosityArgs {
    /// How much is said on stderr.
    pub fn verbosity(&self) -> Verbosity {
        Verbosity { quiet: self.quiet, verbose: self.verbose }
    }
}
