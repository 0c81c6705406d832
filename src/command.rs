//! The commands, one file (and folder) each, and their only registry: parsing,
//! help, completion, settings and manual pages are derived from it.

mod actor_pass;
pub mod completions;
mod context;
mod dispatch;
mod event_rows;
mod file_verdicts;
pub mod follow;
mod help;
pub mod history;
mod isolation;
pub mod keys;
mod man;
pub mod merge;
mod mirroring;
mod no_match_hints;
pub mod rows;
pub mod snapshot;
pub mod sql;
pub mod summary;
pub mod sync;
pub mod timeline;
pub mod trail;
pub mod verify;

use clap::ArgMatches;

pub use self::context::Context;
pub use self::dispatch::{definition, run};
use crate::error::Error;
use crate::error::exit::Exit;
use crate::sink::part_file::PartHeader;

/// A command of the program.
pub trait Command: Sync {
    /// The name, options and help of the command.
    fn definition(&self) -> clap::Command;

    /// Runs the command. An error is returned if the run cannot start, or if the
    /// command has no report of its own.
    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error>;

    /// The header of the parts that a command line makes, without their details.
    /// An error is returned if the command makes no parts.
    fn part_header(&self, _typed: &ArgMatches, _context: &Context) -> Result<PartHeader, Error> {
        Err(Error::usage(format!("trail2tsv {} has no --partial", self.definition().get_name())))
    }
}

/// The command that runs if none is named.
const MAIN: &dyn Command = &rows::RowsCommand;

/// The named commands, in the order of the help.
const COMMANDS: &[&dyn Command] = &[
    &summary::SummaryCommand,
    &timeline::TimelineCommand,
    &history::HistoryCommand,
    &snapshot::SnapshotCommand,
    &sync::SyncCommand,
    &verify::VerifyCommand,
    &keys::KeysCommand,
    &merge::MergeCommand,
    &sql::SqlCommand,
    &trail::TrailCommand,
    &follow::FollowCommand,
    &completions::CompletionsCommand,
    &man::ManCommand,
    &help::HelpCommand,
];
