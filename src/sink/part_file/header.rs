//! The header of a part file: the question that the part answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The question that a part answers. Only parts of one question can be merged.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct PartHeader {
    /// Version of the format.
    pub version: u32,
    /// Version of the program that made the part.
    pub program: String,
    /// The name of the command, such as `summary`; empty for rows.
    pub command: String,
    /// The options that shape the result, each with its values. Times are absolute, and what is
    /// read from files is represented by a hash.
    pub options: BTreeMap<String, Vec<String>>,
    /// What the merge needs to know besides, which follows from the command and its options.
    pub details: Value,
}

impl PartHeader {
    /// Version of the format that this program writes and reads.
    pub const VERSION: u32 = 5;

    /// A header of this program.
    pub fn new(command: &str, options: BTreeMap<String, Vec<String>>, details: Value) -> PartHeader {
        let program = env!("CARGO_PKG_VERSION").to_string();
        PartHeader { version: PartHeader::VERSION, program, command: command.into(), options, details }
    }

    pub(super) fn to_json(&self) -> String {
        // A structure of texts and maps by texts always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a header. Returns what is wrong with it.
    pub(super) fn from_json(json: &[u8]) -> Result<PartHeader, String> {
        let value: Value = serde_json::from_slice(json).map_err(|_| "is not a part that this program can read")?;
        let version = value.get("version").and_then(Value::as_u64).unwrap_or_default();
        let program = value.get("program").and_then(Value::as_str).unwrap_or("?").to_string();
        let own = env!("CARGO_PKG_VERSION");
        if version != u64::from(PartHeader::VERSION) || program != own {
            return Err(format!(
                "was made by trail2tsv {program} (format {version}), and this is {own} (format {}); \
                 make and merge all parts with one version",
                PartHeader::VERSION
            ));
        }
        serde_json::from_value(value).map_err(|error| format!("is not a part that this program can read: {error}"))
    }

    /// Describes the first difference between the questions of two parts.
    pub fn difference(&self, other: &PartHeader) -> Option<String> {
        let command = |name: &str| if name.is_empty() { "rows".into() } else { format!("trail2tsv {name}") };
        if self.command != other.command {
            return Some(format!("{} instead of {}", command(&self.command), command(&other.command)));
        }
        let names = self.options.keys().chain(other.options.keys());
        let shown = |options: &BTreeMap<String, Vec<String>>, name: &str| match options.get(name) {
            None => format!("no --{name}"),
            Some(values) if values.is_empty() => format!("--{name}"),
            Some(values) => format!("--{name} {}", values.join(",")),
        };
        for name in names {
            if self.options.get(name) != other.options.get(name) {
                return Some(format!("{} instead of {}", shown(&self.options, name), shown(&other.options, name)));
            }
        }
        (self.details != other.details).then(|| "another form of the result".into())
    }
}
