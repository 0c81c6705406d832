//! Turns a command line into an exit code: finds the command, adds its settings,
//! and runs it.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::ArgMatches;

use super::context::RunReportRequest;
use super::help::HelpCommand;
use super::{COMMANDS, Command, Context, MAIN, completions};
use crate::cli::config::{Settings, SettingsEnvironment};
use crate::cli::parse_error::usage_error;
use crate::error::Error;
use crate::error::exit::Exit;
use crate::report::{Report, Verbosity};
use crate::sink::part_file::PartHeader;

/// The whole command line interface.
pub fn definition() -> clap::Command {
    MAIN.definition().disable_help_subcommand(true).subcommands(COMMANDS.iter().map(|command| command.definition()))
}

/// Runs a command line and reports its error, if any.
pub fn run(typed: Vec<OsString>) -> Exit {
    match completions::answer(&typed) {
        Ok(false) => {}
        Ok(true) => return Exit::Done,
        Err(error) => {
            let _ = error.print();
            return Exit::Failed;
        }
    }
    let mut context = Context::of_process(typed);
    let outcome = dispatch(&mut context);
    outcome.unwrap_or_else(|fatal| context.fail(&Report::new(Verbosity::default(), true), fatal))
}

fn dispatch(context: &mut Context) -> Result<Exit, Error> {
    let matches = match parse(&context.typed)? {
        ParsedArguments::Matches(matches) => matches,
        ParsedArguments::Help(exit) => return Ok(exit),
    };
    // Settings alone must not start a run.
    if context.typed.len() < 2 {
        return Ok(print_help_as_error());
    }
    // Help needs no settings, and must not fail by them.
    if let Some((HelpCommand::NAME, given)) = matches.subcommand() {
        return HelpCommand.run(given, context);
    }
    let whole = definition();
    // Settings belong to the innermost command, such as `ip` of `history ip`.
    let (mut definition, mut given, mut at) = (&whole, &matches, 1);
    while let Some((name, inner)) = given.subcommand() {
        definition = definition.find_subcommand(name).unwrap_or(definition);
        (given, at) = (inner, at + 1);
    }
    context.settings = Settings::read(definition, given, &SettingsEnvironment::of_process())?;
    let joined = context.settings.join(&context.typed, at)?;
    let matches = match parse(&joined)? {
        ParsedArguments::Matches(matches) => matches,
        ParsedArguments::Help(exit) => return Ok(exit),
    };
    let arguments = || joined.iter().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    context.run_report = run_report(&matches).map(|path| RunReportRequest { path, arguments: arguments() });
    match matches.subcommand() {
        Some((name, given)) => command(name).run(given, context),
        None => MAIN.run(&matches, context),
    }
}

/// The question of a command line without the name of the program.
pub(super) fn question(words: &[OsString], context: &Context) -> Result<PartHeader, Error> {
    let arguments: Vec<OsString> =
        std::iter::once(env!("CARGO_PKG_NAME").into()).chain(words.iter().cloned()).collect();
    let ParsedArguments::Matches(matches) = parse(&arguments)? else {
        return Err(Error::usage("--help is not an option of the parts; write it before --"));
    };
    match matches.subcommand() {
        Some((name, given)) => command(name).part_header(given, context),
        None => MAIN.part_header(&matches, context),
    }
}

/// The file of `--report`, which belongs to the innermost command.
fn run_report(matches: &ArgMatches) -> Option<PathBuf> {
    match matches.subcommand() {
        Some((_, inner)) => run_report(inner),
        None => matches.try_get_one::<PathBuf>("report").ok().flatten().cloned(),
    }
}

fn command(name: &str) -> &'static dyn Command {
    COMMANDS.iter().copied().find(|command| command.definition().get_name() == name).unwrap_or(MAIN)
}

/// The result of parsing the arguments.
enum ParsedArguments {
    Matches(ArgMatches),
    /// The arguments asked for help, which was printed.
    Help(Exit),
}

fn parse(arguments: &[OsString]) -> Result<ParsedArguments, Error> {
    match definition().try_get_matches_from(arguments) {
        Ok(matches) => Ok(ParsedArguments::Matches(matches)),
        Err(error) if !error.use_stderr() => {
            // If the help cannot be printed, there is no other way to show it.
            let _ = error.print();
            Ok(ParsedArguments::Help(Exit::Done))
        }
        Err(error) => Err(usage_error(&error)),
    }
}

/// Prints the help to standard error, for a command line that names no input.
pub(super) fn print_help_as_error() -> Exit {
    // If standard error cannot be written, the error cannot be reported either.
    let _ = std::io::stderr().write_all(definition().render_help().to_string().as_bytes());
    Exit::Usage
}
