//! The command `help`: prints the help of a command.

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};

use super::{Command, Context, definition};
use crate::cli::command_help::command_path;
use crate::cli::parse_error::usage_error;
use crate::error::Error;
use crate::error::exit::Exit;

/// Print the help of a command
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "help")]
struct HelpArgs {
    /// The command, such as summary or history ip [default: trail2tsv itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

/// The command `help`. It replaces that of the parser, which has no help of its own and
/// suggests nothing after a typo.
#[derive(Debug)]
pub struct HelpCommand;

impl HelpCommand {
    /// The name of the command.
    pub(super) const NAME: &str = "help";
}

impl Command for HelpCommand {
    fn definition(&self) -> clap::Command {
        HelpArgs::command()
    }

    fn run(&self, typed: &ArgMatches, _: &Context) -> Result<Exit, Error> {
        let args = HelpArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        command_path(&definition(), HelpCommand::NAME, &args.command)?;
        let program = env!("CARGO_PKG_NAME").to_string();
        let words = [program].into_iter().chain(args.command).chain(["--help".into()]);
        // The parser prints the same help by itself for these words.
        let printed = definition().try_get_matches_from(words).map_or_else(|help| help.print(), |_| Ok(()));
        printed.map(|()| Exit::Done).map_err(|error| Error::write("standard output", &error))
    }
}
