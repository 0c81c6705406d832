//! Documents for version control: one file per resource, with the same bytes for the same
//! content, so that a difference shows what changed and nothing else.

pub mod folder;
pub mod path;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a document is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
pub enum DocumentFormat {
    /// YAML, all values in quotes
    #[default]
    Yaml,
    /// JSON, indented
    Json,
}

impl DocumentFormat {
    /// The ending of a file in this format, without the dot.
    pub fn ending(self) -> &'static str {
        match self {
            DocumentFormat::Yaml => "yaml",
            DocumentFormat::Json => "json",
        }
    }

    /// The text of a document. Members are in the order of `value`.
    pub fn text(self, value: &Value) -> String {
        let mut text = String::new();
        match self {
            DocumentFormat::Json => {
                text = format!("{value:#}");
                text.push('\n');
            }
            DocumentFormat::Yaml => {
                block(value, 0, &mut text);
                if is_inline(value) {
                    text.push('\n');
                }
            }
        }
        text
    }
}

/// Whether a value stands on the line of its key.
fn is_inline(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => true,
    }
}

/// Appends a value whose lines are indented by `depth`.
fn block(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (at, (key, member)) in members.iter().enumerate() {
                // The first member of an element stands behind its dash.
                if at > 0 || !out.ends_with("- ") {
                    out.push_str(&" ".repeat(depth));
                }
                push_key(key, out);
                nested(member, depth + 2, out);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for element in elements {
                if !out.ends_with("- ") {
                    out.push_str(&" ".repeat(depth));
                }
                out.push_str("- ");
                if is_inline(element) {
                    scalar(element, out);
                    out.push('\n');
                } else {
                    block(element, depth + 2, out);
                }
            }
        }
        other => scalar(other, out),
    }
}

fn nested(value: &Value, depth: usize, out: &mut String) {
    if is_inline(value) {
        out.push_str(": ");
        scalar(value, out);
        out.push('\n');
    } else {
        out.push_str(":\n");
        block(value, depth, out);
    }
}

/// Appends a value without members. A string of JSON is a quoted string of YAML, whatever it
/// contains: nothing in it can be taken for a number, a time or a truth value.
fn scalar(value: &Value, out: &mut String) {
    match value {
        Value::Object(_) => out.push_str("{}"),
        Value::Array(_) => out.push_str("[]"),
        other => out.push_str(&escaped(other.to_string())),
    }
}

/// Escapes characters that JSON allows in a string and YAML does not.
fn escaped(json: String) -> String {
    let is_refused = |character: char| {
        matches!(character, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    if !json.contains(is_refused) {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 8);
    for character in json.chars() {
        match is_refused(character) {
            true => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => text.push(character),
        }
    }
    text
}

/// Appends a key: as it is if no reader of YAML can take it for anything but text.
fn push_key(key: &str, out: &mut String) {
    /// The plain words of YAML 1.1 that are not text, in small letters.
    const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"];
    let is_plain = key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'))
        && !WORDS.contains(&key.to_ascii_lowercase().as_str());
    match is_plain {
        true => out.push_str(key),
        false => scalar(&Value::from(key), out),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_is_indented_and_its_values_are_quoted() {
        let value = json!({
            "id": "i-0abc", "tags": {"no": "yes", "1e3": "22:22", "Name": "a\n\"b\": #c\u{2028}\u{1b}\u{7f}"},
            "rules": [{"port": "22", "from": ["0.0.0.0/0"]}, {"port": "443"}],
            "empty": {}, "none": [], "lists": [["a", "b"], []], "on": null, "count": 3, "is": true,
        });
        let expected = "id: \"i-0abc\"\ntags:\n  \"no\": \"yes\"\n  \"1e3\": \"22:22\"\n  \
                        Name: \"a\\n\\\"b\\\": #c\\u2028\\u001b\\u007f\"\nrules:\n  - port: \"22\"\n    from:\n      \
                        - \"0.0.0.0/0\"\n  - port: \"443\"\nempty: {}\nnone: []\nlists:\n  - - \"a\"\n    - \"b\"\n  \
                        - []\n\"on\": null\ncount: 3\nis: true\n";
        assert_eq!(DocumentFormat::Yaml.text(&value), expected);
        assert_eq!(DocumentFormat::Yaml.text(&json!("a")), "\"a\"\n");
        assert_eq!(DocumentFormat::Yaml.text(&json!({})), "{}\n");
    }

    #[test]
    fn json_keeps_the_order_of_members() {
        assert_eq!(
            DocumentFormat::Json.text(&json!({"b": ["x"], "a": {}})),
            "{\n  \"b\": [\n    \"x\"\n  ],\n  \"a\": {}\n}\n"
        );
    }
}
