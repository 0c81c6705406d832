//! Unusual but possible events: one of each kind, each with the reason why it is here, and random
//! ones for property tests.
//!
//! Some are not strict JSON: they have raw control characters in strings, lone surrogates, or bytes
//! that are not UTF-8. A program that reads logs in an emergency must cope with them all the same.

use super::seeded::{hash, uuid};

mod identities;
mod random;
mod shapes;
mod texts;
mod types;
mod values;

pub use random::random_event;

/// An unusual event.
#[derive(Clone, Debug)]
pub struct EdgeCase {
    /// What is unusual about it.
    pub why: String,
    /// The event, one JSON object. White space between its tokens may contain
    /// line ends.
    pub json: Vec<u8>,
    /// Whether a strict parser (`serde_json` into a `Value`) accepts it.
    pub strict: bool,
}

/// All unusual events.
pub fn events() -> Vec<EdgeCase> {
    [texts::all(), types::all(), identities::all(), values::all(), shapes::all()].concat()
}

/// An event before it is written: its keys and values as they stand in JSON.
struct EventDraft {
    why: String,
    fields: Vec<(String, Vec<u8>)>,
    strict: bool,
}

impl EventDraft {
    /// An ordinary event with an identifier of its own.
    fn new(why: impl Into<String>) -> EventDraft {
        let why = why.into();
        let mut id = String::new();
        uuid(hash(&why), &mut id);
        let mut fields: Vec<(String, Vec<u8>)> =
            ORDINARY.iter().map(|(key, value)| (key.to_string(), value.as_bytes().to_vec())).collect();
        fields.push(("eventID".into(), format!("\"{id}\"").into_bytes()));
        EventDraft { why, fields, strict: true }
    }

    /// Sets the value of a key, as JSON. A new key is added after the others.
    fn set(mut self, key: &str, value: impl Into<Vec<u8>>) -> EventDraft {
        let value = value.into();
        match self.fields.iter_mut().find(|field| field.0 == key) {
            Some(field) => field.1 = value,
            None => self.fields.push((key.into(), value)),
        }
        self
    }

    /// Sets a string, whose content is given as it stands in JSON.
    fn text(self, key: &str, inside: impl AsRef<[u8]>) -> EventDraft {
        self.set(key, [b"\"", inside.as_ref(), b"\""].concat())
    }

    /// Adds a key after the others, even if it exists already.
    fn again(mut self, key: &str, value: &str) -> EventDraft {
        self.fields.push((key.into(), value.into()));
        self
    }

    fn without(mut self, key: &str) -> EventDraft {
        self.fields.retain(|field| field.0 != key);
        self
    }

    /// Marks the event as one that a strict parser refuses.
    fn not_strict(mut self) -> EventDraft {
        self.strict = false;
        self
    }

    fn edge_case(self) -> EdgeCase {
        let space = WhiteSpace { open: "", colon: "", comma: "", close: "" };
        self.spaced(space)
    }

    fn spaced(self, space: WhiteSpace) -> EdgeCase {
        let mut json = b"{".to_vec();
        for (index, (key, value)) in self.fields.iter().enumerate() {
            if index > 0 {
                json.extend_from_slice(space.comma.as_bytes());
                json.push(b',');
            }
            json.extend_from_slice(space.open.as_bytes());
            json.extend_from_slice(format!("\"{key}\"{}:{}", space.colon, space.colon).as_bytes());
            json.extend_from_slice(value);
        }
        json.extend_from_slice(space.close.as_bytes());
        json.push(b'}');
        EdgeCase { why: self.why, json, strict: self.strict }
    }
}

/// White space: before a key, around a colon, before a comma, at the end.
struct WhiteSpace {
    open: &'static str,
    colon: &'static str,
    comma: &'static str,
    close: &'static str,
}

const ORDINARY: &[(&str, &str)] = &[
    ("eventVersion", r#""1.11""#),
    (
        "userIdentity",
        r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/odd","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"odd"}"#,
    ),
    ("eventTime", r#""2026-10-01T12:00:00Z""#),
    ("eventSource", r#""ec2.amazonaws.com""#),
    ("eventName", r#""DescribeInstances""#),
    ("awsRegion", r#""eu-west-1""#),
    ("sourceIPAddress", r#""198.51.100.7""#),
    ("userAgent", r#""aws-cli/2.27.41""#),
    ("requestParameters", r#"{"instancesSet":{"items":[{"instanceId":"i-0abc12de34f567890"}]}}"#),
    ("responseElements", "null"),
    ("requestID", r#""0dd00000-0000-4000-8000-000000000000""#),
    ("readOnly", "true"),
    ("eventType", r#""AwsApiCall""#),
    ("managementEvent", "true"),
    ("recipientAccountId", r#""111122223333""#),
    ("eventCategory", r#""Management""#),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fastrand::Rng;
    use serde_json::Value;

    use super::*;

    fn parsed(json: &[u8]) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(json)
    }

    #[test]
    fn only_events_marked_strict_pass_a_strict_parser() {
        for EdgeCase { why, json, strict } in events() {
            assert_eq!(parsed(&json).is_ok_and(|event| event.is_object()), strict, "{why}");
        }
    }

    #[test]
    fn each_has_its_own_reason() {
        let all = events();
        let reasons: BTreeSet<&str> = all.iter().map(|odd| odd.why.as_str()).collect();
        assert_eq!(reasons.len(), all.len());
        assert!(all.len() > 500, "{}", all.len());
    }

    #[test]
    fn random_events_are_strict_json_and_differ() {
        let mut rng = Rng::with_seed(1);
        let events: BTreeSet<String> = (0..2000).map(|_| random_event(&mut rng)).collect();
        assert!(events.len() > 1900);
        for event in events {
            let value = parsed(event.as_bytes()).unwrap_or_else(|error| panic!("{error}: {event}"));
            assert!(value.is_object(), "{event}");
        }
    }
}
