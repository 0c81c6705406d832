//! Partitions of an output folder: the folders in Hive's style that the file of an event
//! is in, such as `account=111122223333/day=2026-10-01`.

use std::fmt::Write;

use clap::ValueEnum;
use jiff::Timestamp;

use crate::syntax::visible::is_hidden;

/// What a folder of a partition has in common.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum PartitionKey {
    /// The account that recorded the event
    Account,
    /// The region that received the call
    Region,
    /// The day of eventTime, in UTC
    Day,
    /// The month of eventTime, in UTC
    Month,
}

/// The folder of events without a value, by Hive's name for it.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

impl PartitionKey {
    /// The name before the `=`.
    pub fn name(self) -> &'static str {
        match self {
            PartitionKey::Account => "account",
            PartitionKey::Region => "region",
            PartitionKey::Day => "day",
            PartitionKey::Month => "month",
        }
    }

    /// Appends the folder of a value and a `/`.
    pub(super) fn push_folder(self, value: Option<&str>, path: &mut String) {
        /// No account and no region is longer, and a folder's name has a limit.
        const MAX_VALUE: usize = 64;
        path.push_str(self.name());
        path.push('=');
        match value.filter(|value| !value.is_empty() && value.len() <= MAX_VALUE) {
            Some(value) => push_escaped(value, path),
            None => path.push_str(NO_VALUE),
        }
        path.push('/');
    }

    /// The day or the month of a time.
    pub(super) fn of_time(self, time: Timestamp) -> String {
        time.strftime(if self == PartitionKey::Month { "%Y-%m" } else { "%Y-%m-%d" }).to_string()
    }
}

/// Appends a value as Hive escapes it in paths: `%` and two hexadecimal digits for
/// characters that could not be in a path or would be misread there, hidden ones included.
fn push_escaped(value: &str, path: &mut String) {
    for character in value.chars() {
        let is_special = "\"#%'*/:=?\\{}[]^<>|".contains(character) || is_hidden(character);
        // A dot at the end is dropped by some file systems, and a name of dots is a link.
        if is_special || (character.is_whitespace() || character == '.') {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(path, "%{byte:02X}");
            }
        } else {
            path.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_in_paths() {
        for (value, expected) in [
            (Some("eu-west-1"), "eu-west-1"),
            (Some("../../etc"), "%2E%2E%2F%2E%2E%2Fetc"),
            (Some("a=b/c\\d:e\0\n\u{1b}[31m"), "a%3Db%2Fc%5Cd%3Ae%00%0A%1B%5B31m"),
            (Some("100%"), "100%25"),
            (Some("é x"), "é%20x"),
            (Some("\u{85}"), "%C2%85"),
            (Some("a\u{202e}b\u{200b}"), "a%E2%80%AEb%E2%80%8B"),
            (Some(""), NO_VALUE),
            (None, NO_VALUE),
        ] {
            let mut path = String::new();
            PartitionKey::Region.push_folder(value, &mut path);
            assert_eq!(path, format!("region={expected}/"), "{value:?}");
        }
        let mut path = String::new();
        PartitionKey::Account.push_folder(Some(&"1".repeat(300)), &mut path);
        assert_eq!(path, format!("account={NO_VALUE}/"));
    }

    #[test]
    fn days_and_months_are_those_of_utc() {
        let time: Timestamp = "2026-10-01T01:30:00+02:00".parse().unwrap();
        assert_eq!(PartitionKey::Day.of_time(time), "2026-09-30");
        assert_eq!(PartitionKey::Month.of_time(time), "2026-09");
        let early: Timestamp = "0001-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(PartitionKey::Day.of_time(early), "0001-01-01");
    }
}
