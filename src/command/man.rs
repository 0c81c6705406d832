//! The command `man`: manual pages for man(1).

use std::io::{self, Write};

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use clap_mangen::Man as Page;

use super::context::print;
use super::{Command, Context, definition};
use crate::cli::command_help::command_path;
use crate::cli::parse_error::usage_error;
use crate::error::Error;
use crate::error::exit::Exit;

/// Print the manual page of a command
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "man")]
struct ManArgs {
    /// The command, such as summary or history ip [default: trail2tsv itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

/// The command `man`.
#[derive(Debug)]
pub struct ManCommand;

impl Command for ManCommand {
    fn definition(&self) -> clap::Command {
        ManArgs::command()
    }

    fn run(&self, typed: &ArgMatches, _: &Context) -> Result<Exit, Error> {
        let args = ManArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let page = page(&args.command)?;
        print(&page.map_err(|error| Error::write("the manual page", &error))?)
    }
}

/// The page of a command, named by one or more words, or of the whole program. The inner
/// error is one of rendering.
fn page(words: &[String]) -> Result<io::Result<String>, Error> {
    let whole = definition();
    let command = command_path(&whole, "man", words)?;
    let names = |between: &str| [&[whole.get_name().to_string()], words].concat().join(between);
    Ok(render(command.clone().display_name(names("-")).bin_name(names(" "))))
}

/// Renders a page. clap_mangen would fill the lines of the examples, so the text
/// after the options is rendered here.
fn render(command: clap::Command) -> io::Result<String> {
    let after = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string).unwrap_or_default();
    let has_subcommands = command.has_subcommands();
    let version = command.get_version().is_some();
    // Commands have the version of the program, and no version of their own.
    let page = Page::new(command).source(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")));
    let mut out = Vec::new();
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    if has_subcommands {
        page.render_subcommands_section(&mut out)?;
    }
    let (examples, rest) = after.split_once("\n\n").unwrap_or((&after, ""));
    match examples.strip_prefix("Examples:\n") {
        Some(examples) => {
            lines("EXAMPLES", examples, &mut out)?;
            lines("NOTES", rest, &mut out)?;
        }
        None => lines("NOTES", &after, &mut out)?,
    }
    if version {
        page.render_version_section(&mut out)?;
    }
    String::from_utf8(out).map_err(io::Error::other)
}

/// Writes a section that keeps its line breaks.
fn lines(heading: &str, text: &str, out: &mut Vec<u8>) -> io::Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    writeln!(out, ".SH {heading}\n.nf")?;
    for line in text.lines() {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        writeln!(out, "{guard}{line}")?;
    }
    writeln!(out, ".fi")
}
