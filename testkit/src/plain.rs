//! A plain decoder: every value built by serde_json, every rule written down
//! once more and as simply as it can be said. Slow, and the measure of the
//! fast one.
//!
//! Here is which events a text has; in [`row`], what their cells show; in
//! [`asks`], which of them an option asks for.

pub mod asks;
pub mod row;
mod strict;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use self::strict::strict;

/// How the reading of a text ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// All of it was read.
    Whole,
    /// It stops in the middle of a value.
    Early,
    /// There is something in it that is no JSON.
    Malformed,
}

/// The events in the text of a file, whatever they come wrapped in. Text
/// behind the first mistake is left out.
pub fn events(text: &[u8]) -> Vec<Value> {
    read(text).0
}

/// The events in the text of a file, and how its reading ended.
pub fn read(text: &[u8]) -> (Vec<Value>, Ending) {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = strict(&String::from_utf8_lossy(text));
    let (mut events, mut ending, mut start) = (Vec::new(), Ending::Whole, 0);
    let mut values = serde_json::Deserializer::from_str(&text);
    values.disable_recursion_limit();
    let mut values = values.into_iter::<Value>();
    while let Some(value) = values.next() {
        let items = match value {
            Ok(Value::Array(items)) => items,
            Ok(object) => match lists(&object, &text[start..values.byte_offset()]) {
                lists if lists.is_empty() => vec![object],
                lists => lists.concat(),
            },
            Err(error) if error.is_eof() => return (events, Ending::Early),
            Err(_) => return (events, Ending::Malformed),
        };
        start = values.byte_offset();
        for item in items {
            if unwrap(item, &mut events).is_err() {
                ending = Ending::Malformed;
            }
        }
    }
    (events, ending)
}

/// The lists of records in an object, also where it has several.
fn lists(object: &Value, written: &str) -> Vec<Vec<Value>> {
    let is_list = |name: &str| name == "Records" || name == "Events";
    if !object.as_object().is_some_and(|object| object.keys().any(|key| is_list(key))) {
        return Vec::new();
    }
    let mut json = serde_json::Deserializer::from_str(written);
    json.disable_recursion_limit();
    let Ok(Members(members)) = Members::deserialize(&mut json) else { return Vec::new() };
    let list = |(key, value): (String, Value)| match value {
        Value::Array(items) if is_list(&key) => Some(items),
        _ => None,
    };
    members.into_iter().filter_map(list).collect()
}

/// The members of an object, also those that are there twice.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Members, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        json.deserialize_map(Each)
    }
}

/// Adds the event that an item is or wraps; an error where it is wrapped in a
/// string that holds no object.
fn unwrap(mut item: Value, events: &mut Vec<Value>) -> Result<(), ()> {
    if is_event(&item) {
        events.push(item);
    } else if has_marks(&item) {
        // A notification, whatever else it holds.
    } else if item["detail"].is_object() {
        let detail = item["detail"].take();
        if is_event(&detail) {
            events.push(detail);
        }
    } else if let Some(text) = item["CloudTrailEvent"].as_str() {
        let text = strict(text);
        let mut values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        let event = values.next().and_then(Result::ok).filter(Value::is_object).ok_or(())?;
        if is_event(&event) {
            events.push(event);
        }
    }
    Ok(())
}

fn is_event(item: &Value) -> bool {
    let service = item["eventSource"].as_str().and_then(|source| source.strip_prefix("aws:"));
    has_marks(item) && !service.is_some_and(|service| item[service].is_object())
}

fn has_marks(item: &Value) -> bool {
    let marks = ["eventVersion", "eventTime", "eventName", "eventID"];
    item.as_object().is_some_and(|object| marks.iter().any(|mark| object.contains_key(*mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> (String, Ending) {
        let (events, ending) = read(text.as_bytes());
        let names: Vec<&str> = events.iter().filter_map(|event| event["eventName"].as_str()).collect();
        (names.join(" "), ending)
    }

    #[test]
    fn every_list_of_records_counts() {
        let text = r#"{"Records":[{"eventName":"A"}],"Events":[{"eventName":"B"}],"Records":[{"eventName":"C"}]}"#;
        assert_eq!(names(text), ("A B C".into(), Ending::Whole));
        assert_eq!(names(r#"{"Records":1,"eventName":"A"} 17 [{"eventName":"B"}]"#), ("A B".into(), Ending::Whole));
    }

    #[test]
    fn what_ends_early_is_told_from_what_is_no_json() {
        for (text, names_before, ending) in [
            ("", "", Ending::Whole),
            ("{\"eventName\":\"A\"}\n{\"event", "A", Ending::Early),
            ("{\"eventName\":\"A\"}\n{event", "A", Ending::Malformed),
            (r#"{"CloudTrailEvent":"{\"eventName\":\"A\t\"}"}"#, "A\t", Ending::Whole),
            (r#"[{"CloudTrailEvent":"x"},{"eventName":"A"}]"#, "A", Ending::Malformed),
        ] {
            assert_eq!(names(text), (names_before.into(), ending), "{text}");
        }
    }
}
