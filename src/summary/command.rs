//! What to type to see the events behind a number.

use super::counter::is_cut;
use super::result::{About, Row, Table};
use super::shown::{is_hidden, visible};
use crate::bucket::layout::is_account;
use crate::query::address::AddressPattern;
use crate::query::denial::{self, Denial};
use crate::shell::quoted;

/// The options that were typed: what is added to them must not widen what they
/// ask for, as a second value of an option does.
#[derive(Clone, Copy)]
pub(super) struct Question<'a>(pub(super) &'a [String]);

impl Question<'_> {
    fn has(self, option: &str) -> bool {
        self.0.iter().any(|word| word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    }

    /// The command, but for its times.
    pub(super) fn command(self) -> String {
        let words = self.0.iter().map(|word| quoted(&visible(word)));
        std::iter::once("trail2tsv".to_string()).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// What asks for the events of a row, as a shell takes it; nothing where no
    /// pattern can say it.
    pub(super) fn row(self, table: &Table, row: &Row) -> Option<String> {
        let columns = table.columns.iter().zip(&row.values);
        let mut words: Vec<String> = columns.map(|(column, value)| self.value(column, value)).collect::<Option<_>>()?;
        if table.about == About::Denied {
            words.push(self.denied());
        }
        Some(words.join(" "))
    }

    /// What asks for the events with a value in a column.
    pub(super) fn value(self, column: &str, value: &str) -> Option<String> {
        let field = if column == "principal" { "userName" } else { column };
        if value.is_empty() {
            return Some(option_with("--where", &format!("!{field}")));
        }
        let pattern = pattern(value)?;
        let is_fit = |option: &str| match option {
            "--account" => is_account(value),
            "--source-ip" => AddressPattern::new(&pattern).is_ok(),
            _ => true,
        };
        let option = OPTIONS.iter().find(|(name, option)| *name == column && !self.has(option) && is_fit(option));
        Some(match option {
            Some((_, option)) => option_with(option, &pattern),
            // A role's sessions, or whoever has just that name.
            None if column == "principal" => {
                option_with("--where", &format!("{field} = \"{{{pattern},{pattern}/*}}\""))
            }
            None => option_with("--where", &format!("{field} = {}", plain_or_quoted(&pattern))),
        })
    }

    /// What asks for denied calls.
    pub(super) fn denied(self) -> String {
        if self.has("--error-code") {
            return option_with("--where", &format!("errorCode ~ (?i){}", denial::WORDS.join("|")));
        }
        option_with("--error-code", &Denial::patterns())
    }
}

/// The options that ask for a value of a column, and for no other column's.
const OPTIONS: [(&str, &str); 6] = [
    ("recipientAccountId", "--account"),
    ("awsRegion", "--region"),
    ("eventName", "--event-name"),
    ("eventSource", "--event-source"),
    ("sourceIPAddress", "--source-ip"),
    ("errorCode", "--error-code"),
];

/// A value as a condition takes it.
fn plain_or_quoted(pattern: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@.:/-*".contains(&byte);
    if pattern.bytes().all(is_plain) { pattern.to_string() } else { format!("\"{pattern}\"") }
}

/// An option and its value as a shell takes them.
pub(super) fn option_with(option: &str, value: &str) -> String {
    if value.starts_with('-') { quoted(&format!("{option}={value}")) } else { format!("{option} {}", quoted(value)) }
}

/// A pattern for a cell, in which no character is special but those that stand
/// for what a command line cannot hold, or an option would take for its own.
fn pattern(cell: &str) -> Option<String> {
    let mut pattern = String::with_capacity(cell.len());
    let mut characters = cell.char_indices();
    // The end of a long value is not known here.
    if is_cut(cell) {
        return None;
    }
    while let Some((at, character)) = characters.next() {
        match character {
            // A control character, or what looks like one in a cell.
            '\\' => {
                let length = match cell[at + 1..].chars().next() {
                    Some('u') => 5,
                    _ => 1,
                };
                for _ in 0..length.min(cell[at + 1..].chars().count()) {
                    characters.next();
                }
                pattern.push('*');
            }
            '*' | '?' | '[' | ']' | '{' | '}' | ',' | '"' => pattern.push('?'),
            '!' | ' ' | '\'' if at == 0 || at + 1 == cell.len() => pattern.push('?'),
            hidden if is_hidden(hidden) => pattern.push('*'),
            other => pattern.push(other),
        }
    }
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_cells_that_they_are_made_of() {
        for cell in [
            "plain",
            "a*b",
            "[x]",
            "{a,b}",
            "!not",
            " blank ",
            "a,b",
            "tab\\there",
            "esc\\u001b[31m",
            "back\\\\slash",
            "gpj.\u{202e}exe",
            "\"q\"",
            "'",
            "\\",
            "a\\u00",
            "é漢",
            "-x",
        ] {
            let text = pattern(cell).unwrap();
            assert!(!text.contains(['\\', ',', '[', '{', '\u{202e}', '"']) && !text.starts_with(['!', ' ']), "{text}");
            let compiled = crate::pattern::Pattern::new("--user", &text).unwrap();
            assert!(compiled.matches(cell), "{cell} by {text}");
            let real = cell.replace("\\t", "\t").replace("\\u001b", "\u{1b}");
            assert!(compiled.matches(&real), "{real:?} by {text}");
        }
    }
}
