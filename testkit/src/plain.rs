//! A plain decoder: serde_json builds every value, and every rule is written a second time, as
//! simply as possible. It is slow. Tests compare the fast decoder with it.
//!
//! This module finds the events in a text. [`row`] and [`network`] determine their cells, [`actor`]
//! who was behind them, [`filter`] whether an option matches them, and [`history`] the states of
//! resources over time.

pub mod actor;
pub mod filter;
pub mod history;
pub mod network;
pub mod row;
mod strict;
mod tree;

use serde_json::Value;

use self::strict::{strict, written_length};
use self::tree::Tree;

/// How the reading of a text ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// All of it was read.
    Whole,
    /// The text ends in the middle of a value.
    Early,
    /// The text contains something that is not JSON.
    Malformed,
}

/// The events in the text of a file, in any envelope. Text after the first error is ignored.
pub fn events(text: &[u8]) -> Vec<Value> {
    read(text).0
}

/// The events in the text of a file, and how its reading ended.
pub fn read(text: &[u8]) -> (Vec<Value>, Ending) {
    let written = String::from_utf8_lossy(text);
    // A string outside of all objects and lists has no line end unless its line was cut.
    let has_cut = cut_string(&written);
    let mut found = EventCollector::default();
    let ending = found.file(&written);
    (found.events, if has_cut || found.is_malformed { Ending::Malformed } else { ending })
}

/// Nested lists are read to this depth. An object around a list adds one more level.
const MAX_DEPTH: usize = 64;
/// The members that hold a list of records.
const LISTS: [&str; 4] = ["Records", "Events", "events", "logEvents"];

/// The members that identify an event.
const EVENT_MARKERS: [&str; 4] = ["eventVersion", "eventTime", "eventName", "eventID"];

/// The events found so far in a text.
#[derive(Default)]
struct EventCollector {
    events: Vec<Value>,
    /// Whether something that must be an event cannot be read.
    is_malformed: bool,
}

/// How far values were read.
enum ReadEnd {
    /// To the end, or to an error.
    To(Ending),
    /// To a line that begins with a time, at this offset. It has quotes that do not delimit
    /// strings.
    Line(usize),
}

impl EventCollector {
    /// Reads the text of a file.
    fn file(&mut self, mut written: &str) -> Ending {
        loop {
            match self.values(&strict(written), true) {
                ReadEnd::To(ending) => return ending,
                ReadEnd::Line(at) => {
                    let rest = &written[written_length(written, at)..];
                    let end = rest.find('\n').unwrap_or(rest.len());
                    written = &rest[message(&rest[..end]).unwrap_or(end)..];
                }
            }
        }
    }

    /// Reads one value after another. Only in a file can a line have a time before its value.
    fn values(&mut self, text: &str, is_file: bool) -> ReadEnd {
        let (mut rest, mut may_separate) = (text, false);
        loop {
            rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            if let Some(next) = rest.strip_prefix('\u{feff}').filter(|_| is_file) {
                rest = next;
                may_separate = false;
                continue;
            }
            if let Some(next) = rest.strip_prefix(',').filter(|_| may_separate) {
                rest = next;
                may_separate = false;
                continue;
            }
            if rest.is_empty() {
                return ReadEnd::To(Ending::Whole);
            }
            if is_file && is_time(rest) {
                let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
                let message = message(line);
                if line[..message.unwrap_or(line.len())].contains('"') {
                    return ReadEnd::Line(text.len() - rest.len());
                }
                rest = &rest[message.unwrap_or(line.len())..];
                may_separate = false;
                if message.is_none() {
                    continue;
                }
            }
            let mut values = serde_json::Deserializer::from_str(rest);
            values.disable_recursion_limit();
            let mut values = values.into_iter::<Tree>();
            match values.next() {
                None => return ReadEnd::To(Ending::Whole),
                Some(Ok(tree)) => {
                    rest = &rest[values.byte_offset()..];
                    may_separate = matches!(tree, Tree::Array(_) | Tree::Object(_));
                    self.value(tree, 0);
                }
                Some(Err(error)) if error.is_eof() => return ReadEnd::To(Ending::Early),
                Some(Err(_)) => return ReadEnd::To(Ending::Malformed),
            }
        }
    }

    /// Adds a value that is an event, or the events inside it.
    fn value(&mut self, tree: Tree, depth: usize) {
        match tree {
            Tree::Array(items) if depth < MAX_DEPTH => {
                items.into_iter().for_each(|item| self.value(item, depth + 1));
            }
            Tree::Object(members) if depth + 2 <= MAX_DEPTH && is_list_first(&members) => {
                let is_control = |(name, value): &(String, Tree)| name == "messageType" && value.is("CONTROL_MESSAGE");
                if members.iter().take_while(|member| !is_list(member)).any(is_control) {
                    return;
                }
                for (_, list) in members.into_iter().filter(is_list) {
                    self.value(list, depth + 1);
                }
            }
            Tree::Object(members) => self.object(members),
            Tree::Leaf(Value::String(text)) => drop(self.string(&text, false)),
            _ => {}
        }
    }

    /// Adds an object that is an event, or the events inside it.
    fn object(&mut self, members: Vec<(String, Tree)>) {
        let object = Tree::Object(members.clone()).into_value();
        if has_event_markers(&object) {
            if is_event(&object) {
                self.events.push(completed(object));
            }
            return;
        }
        if let Some((_, detail)) = members.iter().rfind(|(name, _)| name == "detail")
            && matches!(detail, Tree::Object(_))
        {
            return self.value(detail.clone(), 0);
        }
        let is_control = |(name, value): &(String, Tree)| name == "message" && value.begins_with("CWL CONTROL MESSAGE");
        if members.iter().any(is_control) {
            return;
        }
        for (name, value) in members {
            if let Tree::Leaf(Value::String(text)) = value {
                self.is_malformed |= !self.string(&text, name == "CloudTrailEvent");
            }
        }
    }

    /// Adds the events in the text of a string. False if `is_sure` says that it is an event, but it
    /// does not even begin like JSON.
    fn string(&mut self, text: &str, is_sure: bool) -> bool {
        let text = strict(text);
        let start = text.trim_start_matches([' ', '\t', '\r', '\n']);
        let inside = start.strip_prefix('[').map(|rest| rest.trim_start_matches([' ', '\t', '\r', '\n']));
        let may_hold = start.starts_with(['{', '"']) || inside.is_some_and(|rest| rest.starts_with(['{', '[', '"']));
        if !may_hold {
            return !is_sure;
        }
        let count = self.events.len();
        if matches!(self.values(&text, false), ReadEnd::To(Ending::Whole)) {
            return true;
        }
        let has_key = |rest: &str| rest.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('"');
        self.is_malformed |= self.events.len() > count || is_sure || start.strip_prefix('{').is_some_and(has_key);
        true
    }
}

/// Whether a list of records comes before all members that identify an event.
fn is_list_first(members: &[(String, Tree)]) -> bool {
    members.iter().find(|member| is_list(member) || EVENT_MARKERS.contains(&&*member.0)).is_some_and(is_list)
}

fn is_list((name, value): &(String, Tree)) -> bool {
    LISTS.contains(&name.as_str()) && matches!(value, Tree::Array(_))
}

/// Whether a line begins with a time, as in an export of CloudWatch Logs.
fn is_time(line: &str) -> bool {
    line.len() > 10
        && line.bytes().zip(*b"0000-00-00T").all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == form,
        })
}

/// The offset of the object in a line, after the time and at most one word.
fn message(line: &str) -> Option<usize> {
    let words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let message = words.skip(1).take(2).find(|word| word.starts_with('{'))?;
    Some(message.as_ptr() as usize - line.as_ptr() as usize)
}

/// Whether a string outside of all objects and lists contains a line end.
fn cut_string(text: &str) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    text.chars().any(|character| {
        let is_quote = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        in_string ^= is_quote;
        match character {
            '{' | '[' if !in_string => depth += 1,
            '}' | ']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        in_string && depth == 0 && character == '\n'
    })
}

fn is_event(item: &Value) -> bool {
    let service = item["eventSource"].as_str().and_then(|source| source.strip_prefix("aws:"));
    has_event_markers(item) && !service.is_some_and(|service| item[service].is_object())
}

fn has_event_markers(item: &Value) -> bool {
    let Some(object) = item.as_object() else { return false };
    let has = |mark: &&str| object.contains_key(*mark);
    ["eventVersion", "eventTime", "eventID"].iter().any(has) || (has(&"eventName") && FIELDS.iter().any(has))
}

/// Further fields of events. An object with `eventName` alone is not an event.
const FIELDS: &[&str] = &[
    "userIdentity",
    "eventSource",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "apiVersion",
    "readOnly",
    "resources",
    "eventType",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "serviceEventDetails",
    "managementEvent",
    "eventCategory",
    "insightDetails",
    "addendum",
    "sessionCredentialFromConsole",
    "edgeDeviceDetails",
    "tlsDetails",
];

/// An event with the usual fields. Aggregated events have some under other names, and Insights
/// events have them in `insightDetails`.
fn completed(mut event: Value) -> Value {
    if event.get("eventTime").is_some() && event.get("eventName").is_some() {
        return event;
    }
    let other = [
        ("eventTime", event["timeWindow"]["windowStart"].clone()),
        ("eventName", event["insightDetails"]["eventName"].clone()),
        ("eventSource", event["insightDetails"]["eventSource"].clone()),
        ("recipientAccountId", event["accountId"].clone()),
        ("eventID", event["eventId"].clone()),
    ];
    for (field, value) in other {
        if !value.is_null() && event.get(field).is_none() {
            event[field] = value;
        }
    }
    event
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
        let text = r#"{"Records":[{"eventName":"A","eventVersion":"1"}],"Events":[{"eventName":"B","eventVersion":"1"}],"Records":[{"eventName":"C","eventVersion":"1"}]}"#;
        assert_eq!(names(text), ("A B C".into(), Ending::Whole));
        assert_eq!(
            names(r#"{"Records":1,"eventName":"A","eventVersion":"1"} 17 [{"eventName":"B","eventVersion":"1"}]"#),
            ("A B".into(), Ending::Whole)
        );
    }

    #[test]
    fn wrappings_hold_each_other() {
        let event = r#"{"eventVersion":"1","eventName":"A"}"#;
        let string = |text: &str| Value::from(text).to_string();
        let twice = string(&string(event));
        for text in [
            format!("[{event}]"),
            format!("[{{\"Records\":[{event}]}}]"),
            format!("[[{{\"x\":1}},{event}]]"),
            format!("{{\"events\":[{{\"message\":{}}}]}}", string(event)),
            format!("{{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{{\"message\":{}}}]}}", string(event)),
            format!("[{}, \"x\"]", string(event)),
            format!("{}\n{}\n", string("x"), string(event)),
            twice.clone(),
            format!("[{{\"id\":\"x\",\"e\":{twice}}}]"),
            format!("{{\"message\":{}}}", string(&format!("{{\"detail\":{event}}}"))),
            format!("2026-10-01T09:00:00.000Z {event}\n2026-10-01T09:00:00.000Z START x {{\n"),
            format!("{event},\n"),
        ] {
            assert_eq!(names(&text), ("A".into(), Ending::Whole), "{text}");
        }
        for text in [
            r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"eventName":"A","eventVersion":"1"}]}"#,
            r#"{"logEvents":[{"message":"CWL CONTROL MESSAGE: x","y":"{\"eventName\":\"A\",\"eventVersion\":\"1\"}"}]}"#,
            r#"{"message":"{no JSON}"}"#,
            r#"{"message":"[17] INFO"}"#,
        ] {
            assert_eq!(names(text), (String::new(), Ending::Whole), "{text}");
        }
        for text in [r#"{"message":"{\"eventName\":"}"#, r#"{"CloudTrailEvent":"x"}"#, "\"x\n\""] {
            assert_eq!(names(text), (String::new(), Ending::Malformed), "{text}");
        }
    }

    #[test]
    fn truncated_text_is_distinguished_from_invalid_json() {
        for (text, names_before, ending) in [
            ("", "", Ending::Whole),
            ("{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n{\"event", "A", Ending::Early),
            ("{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n{event", "A", Ending::Malformed),
            (r#"{"CloudTrailEvent":"{\"eventName\":\"A\t\",\"eventVersion\":\"1\"}"}"#, "A\t", Ending::Whole),
            (r#"[{"CloudTrailEvent":"x"},{"eventName":"A","eventVersion":"1"}]"#, "A", Ending::Malformed),
        ] {
            assert_eq!(names(text), (names_before.into(), ending), "{text}");
        }
    }
}
