//! The commands, one file (and folder) each, and the only list of them: parsing,
//! help, completion, settings and manual pages are made from it.

pub mod completions;
mod context;
mod dispatch;
mod isolation;
mod man;
mod no_match_hints;
pub mod rows;
pub mod summary;
pub mod sync;

use clap::ArgMatches;

pub use self::context::Context;
pub use self::dispatch::{definition, run};
use crate::error::Error;
use crate::error::exit::Exit;

/// What the program can do.
pub trait Command: Sync {
    /// Its name, options and help, as clap takes them.
    fn definition(&self) -> clap::Command;

    /// Does it. An error is one that comes before anything is done, or ends a
    /// command that has no report of its own.
    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error>;
}

/// What is done where no other command is named.
const MAIN: &dyn Command = &rows::Rows;

/// The commands that have a name, in the order of the help.
const COMMANDS: &[&dyn Command] = &[&summary::SummaryCommand, &sync::Sync, &completions::Completions, &man::Man];
