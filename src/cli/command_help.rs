//! Fits shared options to a command: hides those that it does not have, and words the
//! help of those that mean something else there.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Command, ValueEnum};

use crate::table::layout::Format;

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
