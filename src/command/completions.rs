//! Shell completion of options, files, column names and common event names. The
//! shell loads a short script, which runs this program for each completion.

use std::ffi::{OsStr, OsString};
use std::io;

use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};

use super::context::print;
use super::{Command, Context};
use crate::cli::parse_error::usage_error;
use crate::error::Error;
use crate::error::exit::Exit;
use crate::filter::options::OPTIONS;
use crate::syntax::value_list::LIST_MARK;
use crate::table::catalogue;
use crate::table::time_step::TimeStep;

/// The variable that the script sets to the name of the shell.
const VARIABLE: &str = "TRAIL2TSV_COMPLETE";
const NAME: &str = env!("CARGO_PKG_NAME");

/// Generate shell completions for options, columns and event names
///
/// bash and zsh: source <(trail2tsv completions zsh), in ~/.bashrc or ~/.zshrc.
///
/// fish: trail2tsv completions fish | source, in config.fish.
///
/// PowerShell: trail2tsv completions powershell | Out-String | Invoke-Expression.
#[derive(Clone, Debug, Parser)]
#[command(name = "completions")]
struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// The command `completions`.
#[derive(Debug)]
pub struct CompletionsCommand;

impl Command for CompletionsCommand {
    fn definition(&self) -> clap::Command {
        CompletionsArgs::command()
    }

    fn run(&self, typed: &ArgMatches, _: &Context) -> Result<Exit, Error> {
        let args = CompletionsArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        print(&script(args.shell).map_err(|error| Error::write("the script", &error))?)
    }
}

/// The script that `shell` runs when it starts.
fn script(shell: Shell) -> io::Result<String> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let registrar = shells.completer(&shell.to_string()).ok_or(io::ErrorKind::Unsupported)?;
    registrar.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    String::from_utf8(script).map_err(io::Error::other)
}

/// Prints the completions of `typed` if a shell asked for them. Returns whether
/// one did.
pub fn answer(typed: &[OsString]) -> Result<bool, clap::Error> {
    let folder = std::env::current_dir().ok();
    CompleteEnv::with_factory(command).var(VARIABLE).try_complete(typed, folder.as_deref())
}

/// The command line interface, with suggested values for options that accept any.
fn command() -> clap::Command {
    let names = || catalogue::CATALOGUE.iter().map(|named| (named.name, named.what));
    let columns = || offering(names().chain(catalogue::ALIASES.iter().copied()));
    let steps = TimeStep::ALL.map(|step| (step.name(), "the time of the call by this step"));
    let steps = offering(names().chain(catalogue::ALIASES.iter().copied()).chain(steps));
    super::definition()
        .mut_arg("columns", columns())
        .mut_arg("sort", columns())
        .mut_args(with_suggestions)
        .mut_subcommand("summary", |summary| summary.mut_arg("by", steps).mut_args(with_suggestions))
        .mut_subcommand("follow", |follow| follow.mut_arg("columns", columns()).mut_args(with_suggestions))
        .mut_subcommand("timeline", |timeline| timeline.mut_args(with_suggestions))
}

/// Offers the values that the table of filter options suggests.
fn with_suggestions(argument: Arg) -> Arg {
    match OPTIONS.iter().find(|option| argument.get_id() == option.name()) {
        Some(option) if !option.suggestions.is_empty() => {
            offering(option.suggestions.iter().map(|word| (*word, "")))(argument)
        }
        Some(option) if option.takes_lists() => argument.add(ArgValueCompleter::new(lists)),
        _ => argument,
    }
}

/// Completes the name of a file after `@`.
fn lists(typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let file = typed.trim_start_matches(['!', LIST_MARK]);
    let mark = &typed[..typed.len() - file.len()];
    if !mark.ends_with(LIST_MARK) {
        return Vec::new();
    }
    let files = PathCompleter::any().complete(OsStr::new(file)).into_iter();
    files.map(|candidate| candidate.add_prefix(mark)).collect()
}

/// Suggests `values`, given with their descriptions, after each comma.
fn offering(values: impl Iterator<Item = (&'static str, &'static str)>) -> impl FnOnce(Arg) -> Arg {
    let values: Vec<_> = values.collect();
    let completer = ArgValueCompleter::new(move |typed: &OsStr| {
        let typed = typed.to_string_lossy();
        if typed.trim_start_matches('!').starts_with(LIST_MARK) {
            return lists(OsStr::new(&*typed));
        }
        // `+` adds a column, `-` leaves one out or sorts downwards, `!` excludes.
        let name = typed.trim_start_matches(['+', '-', '!']);
        let mark = &typed[..typed.len() - name.len()];
        let fits = |value: &str| value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let fitting = values.iter().filter(|(value, _)| fits(value));
        fitting.map(|(value, what)| CompletionCandidate::new(format!("{mark}{value}")).help(about(what))).collect()
    });
    |argument| argument.value_delimiter(',').add(completer)
}

fn about(what: &'static str) -> Option<clap::builder::StyledStr> {
    (!what.is_empty()).then(|| what.into())
}
