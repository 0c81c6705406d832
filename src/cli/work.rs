//! Options for performance and for messages.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::number;
use crate::report::Verbosity;

/// Options for performance.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Logging and performance")]
pub struct WorkArgs {
    /// Decoding threads, at most 32 [default: one per core]
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = number(1..=32_u16), hide_short_help = true)]
    pub threads: Option<u16>,
    /// Write what was read, skipped and failed, file by file, as JSON lines
    ///
    /// The first line has the request, and the last one the numbers and the exit code. It is
    /// also written if the run fails or is interrupted.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub report: Option<PathBuf>,
}

/// Options of every command: the configuration file and the amount of messages.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Logging and performance")]
pub struct VerbosityArgs {
    /// Configuration file [default: trail2tsv/config.toml in the platform's config folder]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub config: Option<PathBuf>,
    /// Suppress progress and the closing totals
    ///
    /// Problems are still reported.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show more detail; -vv names each file
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

impl WorkArgs {
    /// The number of decoding threads on a machine with `cores` cores.
    pub fn threads(&self, cores: usize) -> usize {
        /// More threads would exceed the memory limit, and mostly wait for the disk.
        const MAX_THREADS: usize = 32;
        self.threads.map_or(cores.clamp(1, MAX_THREADS), usize::from)
    }
}

impl VerbosityArgs {
    /// The amount of messages on standard error.
    pub fn verbosity(&self) -> Verbosity {
        Verbosity { quiet: self.quiet, verbose: self.verbose }
    }
}
