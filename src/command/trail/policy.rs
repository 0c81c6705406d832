//! Adds statements to the policy of a resource, and loses none that are there.

use serde_json::{Map, Value};

use crate::error::Error;
use crate::syntax::visible::push_text;

/// The largest policy that a service accepts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PolicyLimits {
    bytes: usize,
    statements: usize,
}

impl PolicyLimits {
    /// S3 does not limit the number of statements.
    pub(super) const BUCKET: PolicyLimits = PolicyLimits { bytes: 20 << 10, statements: usize::MAX };
    pub(super) const TOPIC: PolicyLimits = PolicyLimits { bytes: 30 << 10, statements: 100 };
    pub(super) const QUEUE: PolicyLimits = PolicyLimits { bytes: 8 << 10, statements: 20 };
}

/// A statement that a policy should have.
#[derive(Clone, Debug)]
pub(super) struct WantedStatement {
    /// Its id, unless another statement has that id.
    pub(super) sid: &'static str,
    /// The statement without its id.
    pub(super) body: Map<String, Value>,
}

/// A policy to write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct NewPolicy {
    /// The whole policy.
    pub(super) text: String,
    /// The ids of the statements that were added.
    pub(super) added: Vec<String>,
}

/// A change to a policy: the statements that it should have. Nothing is ever removed, because a
/// statement may be needed by others, or by the same trail until it has moved.
#[derive(Clone, Debug)]
pub(super) struct PolicyChange {
    /// ARN of the resource that has the policy.
    pub(super) owner: String,
    pub(super) wanted: Vec<WantedStatement>,
    /// The end of the ids of statements whose ids are taken.
    pub(super) suffix: String,
    pub(super) limits: PolicyLimits,
}

impl PolicyChange {
    /// Returns the policy that has all wanted statements; `None` if the present one has them.
    ///
    /// Returns an error if the present policy cannot be read or the new one is too large.
    pub(super) fn apply(&self, present: Option<&str>) -> Result<Option<NewPolicy>, Error> {
        let PolicyChange { owner, wanted, suffix, limits } = self;
        let mut policy = Policy::parse(present, owner)?;
        let added: Vec<String> = wanted.iter().filter_map(|statement| policy.add(statement, suffix)).collect();
        if added.is_empty() {
            return Ok(None);
        }
        let statements = policy.statements.len();
        let text = policy.text();
        let (number, unit, most) = match text.len() {
            bytes if bytes > limits.bytes => (bytes, "bytes", limits.bytes),
            _ if statements > limits.statements => (statements, "statements", limits.statements),
            _ => return Ok(Some(NewPolicy { text, added })),
        };
        Err(Error::Failed(format!(
            "{owner}: the policy would have {number} {unit}, and {most} are allowed; remove statements that are not \
             needed, or choose another resource"
        )))
    }
}

/// Returns the resources that the conditions of a policy name as the source of requests.
pub(super) fn sources(policy: &str) -> Vec<String> {
    let policy = Policy::parse(Some(policy), "").map(|policy| policy.statements).unwrap_or_default();
    policy.iter().flat_map(source_arns).map(String::from).collect()
}

/// JSON on one line. Hidden characters are escaped, because a script on a terminal contains it.
pub(super) fn json_text(value: &Value) -> String {
    let mut text = Vec::new();
    push_text(&value.to_string(), &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// A policy that was read.
struct Policy {
    root: Map<String, Value>,
    statements: Vec<Value>,
}

impl Policy {
    fn parse(text: Option<&str>, owner: &str) -> Result<Policy, Error> {
        let invalid =
            |why: &str| Error::Failed(format!("{owner}: the present policy cannot be read: {why}; it was not changed"));
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            let root = Map::from_iter([("Version".into(), "2012-10-17".into()), ("Statement".into(), Value::Null)]);
            return Ok(Policy { root, statements: Vec::new() });
        };
        let root: Value = serde_json::from_str(text).map_err(|error| invalid(&error.to_string()))?;
        let Value::Object(mut root) = root else { return Err(invalid("it is not an object")) };
        let statements = match root.get_mut("Statement").map(Value::take) {
            Some(Value::Array(statements)) if statements.iter().all(Value::is_object) => statements,
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return Err(invalid("it has no list of statements")),
        };
        Ok(Policy { root, statements })
    }

    /// Adds a statement unless one says the same. Returns its id if it was added.
    fn add(&mut self, wanted: &WantedStatement, suffix: &str) -> Option<String> {
        if self.statements.iter().any(|present| covers(present, &wanted.body)) {
            return None;
        }
        let sid = self.free_sid(wanted.sid, suffix);
        let mut statement = Map::from_iter([("Sid".to_string(), Value::from(sid.as_str()))]);
        statement.extend(wanted.body.clone());
        self.statements.push(statement.into());
        Some(sid)
    }

    /// An id that no statement has. AWS's documents give the statements of all trails the same
    /// ids, so that a bucket for two trails needs others.
    fn free_sid(&self, wanted: &str, suffix: &str) -> String {
        let is_free = |candidate: &String| self.statements.iter().all(|present| sid(present) != candidate);
        let suffix: String = suffix.chars().filter(char::is_ascii_alphanumeric).collect();
        let numbered = (2..).map(|number: u32| format!("{wanted}{suffix}{number}"));
        let mut candidates = [wanted.to_string(), format!("{wanted}{suffix}")].into_iter().chain(numbered);
        candidates.find(is_free).unwrap_or_default()
    }

    fn text(mut self) -> String {
        self.root.insert("Statement".into(), self.statements.into());
        json_text(&self.root.into())
    }
}

fn sid(statement: &Value) -> &str {
    statement.get("Sid").and_then(Value::as_str).unwrap_or_default()
}

/// The values of the condition on the source, whose name is not case-sensitive.
fn source_arns(statement: &Value) -> Vec<&str> {
    let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let keys = operators.filter_map(Value::as_object).flatten();
    let arns = keys.filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"));
    arns.flat_map(|(_, value)| texts(value)).collect()
}

/// Whether a statement grants or denies at least what the wanted one does.
fn covers(present: &Value, wanted: &Map<String, Value>) -> bool {
    /// Elements whose values are alternatives.
    const LISTS: [&str; 3] = ["Principal", "Action", "Resource"];
    let empty = Value::Object(Map::new());
    let of = |statement: &Map<String, Value>, name: &str| statement.get(name).unwrap_or(&empty).clone();
    let Some(present) = present.as_object() else { return false };
    let is_known = |name: &String| name == "Sid" || wanted.contains_key(name) || name == "Condition";
    present.keys().all(is_known)
        && present.get("Effect") == wanted.get("Effect")
        && LISTS.into_iter().all(|name| includes(&of(present, name), &of(wanted, name)))
        && same_conditions(&of(present, "Condition"), &of(wanted, "Condition"))
}

/// Whether the conditions have the same keys, and at least the wanted values.
fn same_conditions(present: &Value, wanted: &Value) -> bool {
    let entries = |conditions: &Value| -> Option<Vec<(String, Value)>> {
        let mut entries = Vec::new();
        for (operator, keys) in conditions.as_object()? {
            let keys = keys.as_object()?.iter();
            entries.extend(keys.map(|(key, value)| (format!("{operator} {}", key.to_lowercase()), value.clone())));
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        Some(entries)
    };
    let (Some(present), Some(wanted)) = (entries(present), entries(wanted)) else { return false };
    present.len() == wanted.len()
        && present.iter().zip(&wanted).all(|(one, other)| one.0 == other.0 && includes(&one.1, &other.1))
}

/// Whether a value or a list of values has all wanted ones.
fn includes(present: &Value, wanted: &Value) -> bool {
    match (present, wanted) {
        (Value::Object(present), Value::Object(wanted)) => {
            wanted.len() == present.len()
                && wanted.iter().all(|(name, value)| present.get(name).is_some_and(|other| includes(other, value)))
        }
        (Value::Object(_), _) | (_, Value::Object(_)) => false,
        _ => {
            let (present, wanted) = (texts(present), texts(wanted));
            !wanted.is_empty() && wanted.iter().all(|text| present.contains(text))
        }
    }
}

/// The texts of a value, which is one or a list. Truth values are written both ways.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Bool(true) => vec!["true"],
        Value::Bool(false) => vec!["false"],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OWNER: &str = "arn:aws:s3:::logs";

    fn wanted(source: &str, resource: &str) -> WantedStatement {
        let body = json!({
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": resource,
            "Condition": {"StringEquals": {"aws:SourceArn": source, "s3:x-amz-acl": "bucket-owner-full-control"}},
        });
        WantedStatement { sid: "Write", body: body.as_object().unwrap().clone() }
    }

    fn change(wanted: WantedStatement) -> PolicyChange {
        let (owner, suffix, limits) = (OWNER.into(), "my-trail".into(), PolicyLimits::BUCKET);
        PolicyChange { owner, wanted: vec![wanted], suffix, limits }
    }

    fn merged(present: Option<&str>, wanted: WantedStatement) -> Option<NewPolicy> {
        change(wanted).apply(present).unwrap()
    }

    #[test]
    fn a_policy_is_made_once() {
        let first = merged(None, wanted("arn:t", "arn:r")).unwrap();
        assert_eq!(
            first.text,
            "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Write\",\"Effect\":\"Allow\",\"Principal\":\
             {\"Service\":\"cloudtrail.amazonaws.com\"},\"Action\":\"s3:PutObject\",\"Resource\":\"arn:r\",\
             \"Condition\":{\"StringEquals\":{\"aws:SourceArn\":\"arn:t\",\"s3:x-amz-acl\":\
             \"bucket-owner-full-control\"}}}]}"
        );
        assert_eq!(merged(Some(&first.text), wanted("arn:t", "arn:r")), None);
    }

    #[test]
    fn another_form_of_the_same_statement_counts() {
        let statement = json!({
            "Sid": "whatever",
            "Effect": "Allow",
            "Principal": {"Service": ["cloudtrail.amazonaws.com"]},
            "Action": ["s3:PutObject", "s3:GetBucketAcl"],
            "Resource": ["arn:r", "arn:other"],
            "Condition": {"StringEquals": {"AWS:SourceArn": ["arn:u", "arn:t"],
                                           "s3:x-amz-acl": "bucket-owner-full-control"}},
        });
        let with = |statement: &Value| json!({"Version": "2008-10-17", "Statement": statement}).to_string();
        assert_eq!(merged(Some(&with(&statement)), wanted("arn:t", "arn:r")), None);
        for (pointer, other) in [
            ("/Effect", json!("Deny")),
            ("/Principal", json!("*")),
            ("/Principal", json!({"Service": "sns.amazonaws.com"})),
            ("/Action", json!("s3:GetBucketAcl")),
            ("/Resource", json!("arn:other")),
            ("/Condition/StringEquals/aws:SourceAccount", json!("1")),
            ("/Condition", json!({})),
            ("/NotAction", json!("s3:*")),
        ] {
            let mut statement = statement.clone();
            match statement.pointer_mut(pointer) {
                Some(value) => *value = other,
                None => {
                    let (object, name) = pointer.rsplit_once('/').unwrap();
                    statement.pointer_mut(object).unwrap()[name] = other;
                }
            }
            assert!(merged(Some(&with(&statement)), wanted("arn:t", "arn:r")).is_some(), "{statement}");
        }
    }

    #[test]
    fn statements_of_others_stay_as_they_are() {
        let others = r#"{"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"B","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},{"Effect":"Allow","Principal":{"AWS":"1"},"Action":["a","b"],"Resource":"r"}]}"#;
        let text = merged(Some(others), wanted("arn:t", "arn:r")).unwrap().text;
        assert!(text.starts_with(others.strip_suffix("]}").unwrap()), "{text}");
        let single = r#"{"Statement":{"Sid":"B","Effect":"Allow"}}"#;
        let text = merged(Some(single), wanted("arn:t", "arn:r")).unwrap().text;
        assert!(text.starts_with(r#"{"Statement":[{"Sid":"B","Effect":"Allow"},{"Sid":"Write","#), "{text}");
    }

    #[test]
    fn two_trails_share_a_policy() {
        let first = merged(None, wanted("arn:one", "arn:r")).unwrap();
        let second = merged(Some(&first.text), wanted("arn:two", "arn:r")).unwrap();
        assert_eq!(second.added, ["Writemytrail"]);
        let third = merged(Some(&second.text), wanted("arn:three", "arn:r")).unwrap();
        assert_eq!(third.added, ["Writemytrail2"]);
        for source in ["arn:one", "arn:two", "arn:three"] {
            assert_eq!(merged(Some(&third.text), wanted(source, "arn:r")), None);
        }
        // The statement of the same trail stays: the trail needs it until it has moved.
        let moved = merged(Some(&third.text), wanted("arn:two", "arn:prefix")).unwrap();
        assert_eq!(moved.added, ["Writemytrail3"]);
        assert!(moved.text.starts_with(third.text.strip_suffix("]}").unwrap()), "{}", moved.text);
        assert_eq!(sources(&moved.text), ["arn:one", "arn:two", "arn:three", "arn:two"]);
    }

    #[test]
    fn what_cannot_be_read_or_is_too_large_is_never_written() {
        let error = |present: &str| change(wanted("t", "r")).apply(Some(present)).unwrap_err().to_string();
        for present in ["{", "[]", "{}", "{\"Statement\":[1]}", "{\"Statement\":\"x\"}"] {
            let text = error(present);
            assert!(text.starts_with("arn:aws:s3:::logs: the present policy cannot be read: "), "{text}");
        }
        let large = json!({"Statement": [{"Sid": "x".repeat(20 << 10)}]}).to_string();
        assert!(error(&large).contains(" bytes, and 20480 are allowed"), "{}", error(&large));
    }

    #[test]
    fn hidden_characters_are_escaped() {
        assert_eq!(json_text(&json!({"a": "\u{1b}\u{9b}é"})), "{\"a\":\"\\u001b\\u009bé\"}");
    }
}
