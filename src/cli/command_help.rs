//! Fits shared options to a command: hides those that it does not have, and words the
//! help of those that mean something else there.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Command, ValueEnum};

use crate::error::Error;
use crate::syntax::suggest::nearest;
use crate::table::layout::Format;

/// Finds a command by the words of its name, such as `history ip`. Returns an error that begins
/// with `option` for an unknown one.
pub fn command_path<'c>(whole: &'c Command, option: &str, words: &[String]) -> Result<&'c Command, Error> {
    words.iter().try_fold(whole, |command, word| {
        let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        let unknown = || {
            let reason = match nearest(word, &names) {
                Some(name) => format!("not a command; did you mean {name}?"),
                None if names.is_empty() => format!("not a command; {} has no commands", command.get_name()),
                None => format!("not a command; the commands are {}", names.join(", ")),
            };
            Error::option(option, word, reason)
        };
        command.find_subcommand(word).ok_or_else(unknown)
    })
}

/// Hides options that are known only so that a message can say why they do not fit.
pub fn hide_options<'n>(command: Command, names: impl IntoIterator<Item = &'n str>) -> Command {
    names.into_iter().fold(command, |command, name| command.mut_arg(name, |option| option.hide(true)))
}

/// Leaves options and arguments out of the short help.
pub fn hide_in_short_help<'n>(command: Command, names: impl IntoIterator<Item = &'n str>) -> Command {
    names.into_iter().fold(command, |command, name| command.mut_arg(name, |option| option.hide_short_help(true)))
}

/// Replaces the help of options, each by its name.
pub fn reword_options<const N: usize>(command: Command, helps: [(&str, &'static str); N]) -> Command {
    let reword = |command: Command, (name, help)| command.mut_arg(name, |option| option.help(help).long_help(help));
    helps.into_iter().fold(command, reword)
}

/// Lists only these formats, for rows that are not events.
pub fn list_formats(command: Command, formats: &'static [Format]) -> Command {
    let values = Format::value_variants().iter().filter_map(|format| {
        let value = format.to_possible_value()?.hide(!formats.contains(format));
        Some(if *format == Format::Json { value.help("One object a line") } else { value })
    });
    let parser = PossibleValuesParser::new(values).try_map(|name| Format::from_str(&name, true));
    command.mut_arg("format", |option| option.value_parser(parser))
}

/// The formats of rows that are not events.
pub const ROW_FORMATS: &[Format] = &[Format::Table, Format::Tsv, Format::Csv, Format::Json, Format::Xlsx];

/// The help of `--region` where no events are read.
pub const REGION: &str = "Only logs that can contain events of this region";

/// The help of `--kind` where logs are mirrored and not read.
pub const MIRRORED_KIND: &str = "Kinds of logs to mirror [default: cloudtrail]";

/// The help of `--late-days` where nothing is offline.
pub const LATE_DAYS: &str = "Days after --until to search for late deliveries, at most 30 [default: 1]";

/// The help of `--jq` where the values that it yields are not written.
pub const JQ_CONDITION: &str = "Only events for which this jq expression yields a value other than false and null";
