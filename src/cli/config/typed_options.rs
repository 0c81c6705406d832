//! What the command line says about a setting: whether it was typed, and whether it applies.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, ValueEnum};

use super::{FLAGS, OF_BUCKETS, OF_EVENT_HISTORY, OF_ONE_BUCKET, ZONE};
use crate::source::location::Location;
use crate::table::layout::Format;

/// The command line of a command, as it was typed.
pub(super) struct TypedOptions<'a> {
    pub(super) command: &'a Command,
    pub(super) matches: &'a ArgMatches,
}

impl TypedOptions<'_> {
    fn id(&self, name: &str) -> Option<&str> {
        let argument = self.command.get_arguments().find(|argument| argument.get_long() == Some(name))?;
        Some(argument.get_id().as_str())
    }

    /// Whether the command has a time window and shows times in UTC, unless a zone is
    /// typed.
    pub(super) fn ignores_zone(&self) -> bool {
        self.knows("since") && (!self.knows(ZONE) || (self.is_summary() && self.value(ZONE).is_none()))
    }

    /// Whether the command requests public keys, also for a path.
    fn requests_keys(&self) -> bool {
        self.knows("aws-format")
    }

    fn is_summary(&self) -> bool {
        self.knows("by")
    }

    /// Whether the command has the option `name`.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.id(name).is_some()
    }

    /// The typed value of an option, formatted to follow its name; `None` if the
    /// option was not typed.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let id = self.id(name)?;
        if self.matches.value_source(id) != Some(ValueSource::CommandLine) {
            return None;
        }
        let values = self.matches.get_raw(id).into_iter().flatten();
        Some(values.filter(|_| !FLAGS.contains(&name)).map(|value| format!(" {value:?}")).collect())
    }

    pub(super) fn config(&self) -> Option<&Path> {
        self.knows("config").then(|| self.matches.get_one::<PathBuf>("config"))?.map(PathBuf::as_path)
    }

    /// What the format is called if the command line selects one of values, such as JSON.
    pub(super) fn format_of_values(&self) -> Option<&'static str> {
        let typed = |id| self.matches.try_get_raw(id).ok().flatten()?.next()?.to_str();
        let ending = || Some(typed("output")?.rsplit_once('.')?.1);
        let partition = || typed("partition").and(Some("parquet"));
        typed("format").or_else(partition).or_else(ending).and_then(format_of_values)
    }

    /// Whether the command line makes a summary write text.
    fn writes_text(&self) -> bool {
        let typed = |id| self.matches.try_get_raw(id).ok().flatten()?.next()?.to_str();
        typed("format").map_or(typed("html").is_none(), |format| format.eq_ignore_ascii_case("text"))
    }

    /// The reason to ignore the setting `name` with this command line, or `None` to
    /// use it.
    pub(super) fn reason_to_ignore(
        &self,
        name: &str,
        bucket: Option<&OsStr>,
        of_values: Option<&'static str>,
    ) -> Option<String> {
        let of_input = || OF_BUCKETS.contains(&name).then(|| self.reason_of_input(name, bucket))?;
        if let ("null" | "excel" | "raw", Some(format)) = (name, of_values) {
            return Some(format!("it has no effect on {format}"));
        }
        self.reason_of_output(name).or_else(|| self.reason_of_command(name)).or_else(of_input).map(String::from)
    }

    /// The reason of a command that lacks the option, or uses it for something else.
    fn reason_of_command(&self, name: &str) -> Option<&'static str> {
        match name {
            // A command with columns of its own has no --count.
            "columns" if !self.knows("count") => Some("it applies only to tables of events"),
            "format" if !self.knows("columns") => Some("it applies only to tables of events"),
            "bucket" | "prefix" if !self.knows("mirror") => Some("it names the bucket that is read"),
            ZONE if self.is_summary() => Some("a summary uses UTC"),
            "org-id" if self.requests_keys() => Some("the address names what is verified"),
            _ => None,
        }
    }

    /// The reason of the output that was asked for.
    fn reason_of_output(&self, name: &str) -> Option<&'static str> {
        match name {
            "format" if self.value("output").is_some() => Some("the name of the output file sets the format"),
            "format" | "sort" if self.value("count").is_some() => Some("--count writes only a number"),
            "color" if !self.writes_text() => Some("it applies only to text output"),
            _ => None,
        }
    }

    /// The reason of the input, for an option on buckets.
    fn reason_of_input(&self, name: &str, bucket: Option<&OsStr>) -> Option<&'static str> {
        let paths: Vec<_> = self.matches.try_get_raw("inputs").ok().flatten().into_iter().flatten().collect();
        let is_address = |path: &&OsStr| path.to_str().and_then(Location::parse).is_some();
        let typed_bucket = self.matches.try_get_raw("bucket").ok().flatten().and_then(|mut values| values.next());
        let has_address = paths.iter().any(is_address);
        if self.requests_keys() && OF_EVENT_HISTORY.contains(&name) {
            return None;
        }
        if self.value("keys-from").is_some() && (OF_ONE_BUCKET.contains(&name) || name == "late-days") {
            return Some("the input is a list of keys");
        }
        let has_bucket = has_address || typed_bucket.is_some();
        let has_history = self.value("event-history").is_some();
        if has_history && !has_bucket && !OF_EVENT_HISTORY.contains(&name) {
            return Some("the input is the event history");
        }
        if !paths.is_empty() && !has_bucket && !has_history {
            return Some("the input is a path");
        }
        let is_other = typed_bucket.is_some_and(|typed| bucket.is_some_and(|bucket| bucket != typed));
        let is_elsewhere = has_address && (bucket.is_some() || name == "prefix");
        (OF_ONE_BUCKET.contains(&name) && (is_other || is_elsewhere)).then_some("the command line names another bucket")
    }
}

/// What a format is called, by its name or the ending of a file, if it is one of values.
pub(super) fn format_of_values(format: &str) -> Option<&'static str> {
    Format::from_extension(format).or_else(|| Format::from_str(format, true).ok())?.of_values()
}
