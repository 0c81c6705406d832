//! How each engine writes the same thing.

use std::fmt::Write;

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::syntax::visible::is_hidden;

/// The engine that runs the SQL.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Dialect {
    /// Amazon Athena, engine version 3
    Athena,
    /// Spark SQL 3.4 or later
    Spark,
    /// DuckDB 1.3 or later
    Duckdb,
}

impl Dialect {
    /// A text as a literal. Characters that are invisible, or that end a line, are written as
    /// their codes.
    pub(super) fn text(self, text: &str) -> String {
        if self == Dialect::Spark {
            return spark_text(text);
        }
        let quoted = |part: &str| format!("'{}'", part.replace('\'', "''"));
        if !text.contains(is_hidden) {
            return quoted(text);
        }
        let mut parts = Vec::new();
        for part in text.split_inclusive(is_hidden) {
            let code = part.chars().next_back().filter(|last| is_hidden(*last));
            let plain = &part[..part.len() - code.map_or(0, char::len_utf8)];
            parts.extend((!plain.is_empty()).then(|| quoted(plain)));
            parts.extend(code.map(|code| format!("chr({})", u32::from(code))));
        }
        format!("({})", parts.join(" || "))
    }

    /// A name as a quoted identifier.
    pub(super) fn name(self, name: &str) -> String {
        let quote = if self == Dialect::Spark { '`' } else { '"' };
        format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
    }

    /// A test: whether `value` contains a match of a regular expression.
    pub(super) fn finds(self, value: &str, regex: &str) -> String {
        let regex = self.text(regex);
        match self {
            Dialect::Athena => format!("regexp_like({value}, {regex})"),
            Dialect::Spark => format!("({value} RLIKE {regex})"),
            Dialect::Duckdb => format!("regexp_matches({value}, {regex})"),
        }
    }

    /// The text of the first group of a regular expression; null if there is no match or the
    /// text is empty.
    pub(super) fn extract(self, value: &str, regex: &str) -> String {
        format!("nullif(regexp_extract({value}, {}, 1), '')", self.text(regex))
    }

    /// A value with the capital letters of ASCII in lower case. `lower` would also change
    /// other characters into ASCII.
    pub(super) fn lower(self, value: &str) -> String {
        format!("translate({value}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')")
    }

    /// A list of values.
    pub(super) fn list(self, values: &[String]) -> String {
        let values = values.join(", ");
        match self {
            Dialect::Athena => format!("ARRAY[{values}]"),
            Dialect::Spark => format!("array({values})"),
            Dialect::Duckdb => format!("[{values}]"),
        }
    }

    /// A test: whether a condition on the variable `element` holds for any element of a list.
    pub(super) fn any(self, list: &str, condition: &str) -> String {
        match self {
            Dialect::Athena => format!("coalesce(any_match({list}, element -> {condition}), FALSE)"),
            Dialect::Spark => format!("coalesce(exists({list}, element -> {condition}), FALSE)"),
            Dialect::Duckdb => format!("coalesce(len(list_filter({list}, lambda element: {condition})) > 0, FALSE)"),
        }
    }

    /// A text as a point in time; null if it is not one.
    pub(super) fn time(self, value: &str) -> String {
        match self {
            Dialect::Athena => format!("try(from_iso8601_timestamp({value}))"),
            Dialect::Spark | Dialect::Duckdb => format!("TRY_CAST({value} AS TIMESTAMP)"),
        }
    }

    /// A point in time as a literal.
    pub(super) fn time_literal(self, time: Timestamp) -> String {
        let time = time.to_zoned(TimeZone::UTC).datetime();
        let (date, time) = (time.date(), time.time());
        match self {
            Dialect::Athena => format!("TIMESTAMP '{date} {time} UTC'"),
            Dialect::Spark => format!("TIMESTAMP '{date} {time}Z'"),
            Dialect::Duckdb => format!("TIMESTAMP '{date} {time}'"),
        }
    }

    /// A number in a text; null if the text is not a number.
    pub(super) fn number(self, value: &str) -> String {
        let is_number = self.finds(value, NUMBER);
        format!("CASE WHEN {is_number} THEN TRY_CAST(trim({value}) AS DOUBLE) END")
    }
}

/// Matches a text that is a number.
pub(super) const NUMBER: &str = r"\A\s*-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\s*\z";

fn spark_text(text: &str) -> String {
    let mut quoted = String::from("'");
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let _ = match character {
            '\\' | '\'' => write!(quoted, "\\{character}"),
            // Spark replaces ${…} by the value of a setting, in literals too.
            '$' if characters.peek() == Some(&'{') => write!(quoted, "\\u0024"),
            hidden if is_hidden(hidden) && u32::from(hidden) <= 0xffff => {
                write!(quoted, "\\u{:04x}", u32::from(hidden))
            }
            hidden if is_hidden(hidden) => write!(quoted, "\\U{:08x}", u32::from(hidden)),
            plain => write!(quoted, "{plain}"),
        };
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_names_cannot_be_left() {
        for (text, duckdb, spark) in [
            ("a'b", "'a''b'", r"'a\'b'"),
            (r"a\'; --", r"'a\''; --'", r"'a\\\'; --'"),
            ("a\nb", "('a' || chr(10) || 'b')", r"'a\u000ab'"),
            ("\u{202e}", "(chr(8238))", r"'\u202e'"),
            ("\u{e0041}x", "(chr(917569) || 'x')", r"'\U000e0041x'"),
            ("${env:X}$", "'${env:X}$'", r"'\u0024{env:X}$'"),
            ("", "''", "''"),
        ] {
            assert_eq!(Dialect::Duckdb.text(text), duckdb);
            assert_eq!(Dialect::Athena.text(text), duckdb);
            assert_eq!(Dialect::Spark.text(text), spark);
        }
        assert_eq!(Dialect::Duckdb.name("a\"b`"), "\"a\"\"b`\"");
        assert_eq!(Dialect::Spark.name("a\"b`"), "`a\"b```");
    }
}
