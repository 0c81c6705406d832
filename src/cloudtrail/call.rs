//! Classifies calls: whether they only read, and whether they failed.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::cloudtrail::field;
use crate::decode::event::{Event, FieldId, FieldSet, TooManyFields};
use crate::decode::json::{JsonValue, ValueKind};

/// Names of events that are often looked for.
pub const COMMON_EVENTS: [&str; 30] = [
    "AssumeRole",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "AuthorizeSecurityGroupIngress",
    "ConsoleLogin",
    "CreateAccessKey",
    "CreateBucket",
    "CreateFunction20150331",
    "CreateLoginProfile",
    "CreateRole",
    "CreateUser",
    "DeleteBucket",
    "DeleteDBInstance",
    "DeleteObject",
    "DeleteRole",
    "DeleteTrail",
    "DeleteUser",
    "GetObject",
    "GetSecretValue",
    "ModifyInstanceAttribute",
    "PutBucketPolicy",
    "PutRolePolicy",
    "PutUserPolicy",
    "RevokeSecurityGroupIngress",
    "RunInstances",
    "ScheduleKeyDeletion",
    "StopInstances",
    "StopLogging",
    "TerminateInstances",
    "UpdateAssumeRolePolicy",
];

/// Distinguishes calls that read from calls that write.
#[derive(Clone, Copy, Debug)]
pub struct ReadRule {
    read_only: FieldId,
    name: FieldId,
}

impl ReadRule {
    /// Adds the fields it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<ReadRule, TooManyFields> {
        Ok(ReadRule { read_only: fields.add("readOnly")?, name: fields.add("eventName")? })
    }

    /// Whether the call only read: as `readOnly` says or, if it is missing, as in
    /// events of the first version, by the verb of the event name. `None` for events
    /// that are not calls.
    pub fn is_read(self, event: &Event<'_>) -> Option<bool> {
        match field::text(event, self.read_only).as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => field::text(event, self.name).map(|name| begins_with_read(&name)),
        }
    }
}

fn begins_with_read(name: &str) -> bool {
    const VERBS: [&str; 5] = ["Get", "List", "Describe", "Head", "Lookup"];
    let is_whole = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_lowercase());
    VERBS.iter().any(|verb| name.strip_prefix(verb).is_some_and(is_whole))
}

/// Distinguishes failed calls from successful ones.
///
/// A call failed if it has an error code other than 2xx (Managed Grafana writes `200`
/// for a success), an error message, or a member with the name of the event whose value
/// is `Failure`. Sign-ins have only the last:
/// `"responseElements":{"ConsoleLogin":"Failure"}`.
#[derive(Clone, Copy, Debug)]
pub struct FailureRule {
    code: FieldId,
    message: FieldId,
    name: FieldId,
    outcomes: [FieldId; 3],
}

impl FailureRule {
    /// Adds the fields it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<FailureRule, TooManyFields> {
        Ok(FailureRule {
            code: fields.add("errorCode")?,
            message: fields.add("errorMessage")?,
            name: fields.add("eventName")?,
            outcomes: [
                fields.add("responseElements")?,
                fields.add("serviceEventDetails")?,
                fields.add("additionalEventData")?,
            ],
        })
    }

    /// Whether the call failed or was denied.
    pub fn is_failed(self, event: &Event<'_>) -> bool {
        field::text(event, self.code).is_some_and(|code| !code.is_empty() && !is_success(&code))
            || self.is_failed_beside_code(event)
    }

    /// Whether the call failed by its error message or its outcome. Apart from this, only the
    /// error code decides whether it failed.
    pub fn is_failed_beside_code(self, event: &Event<'_>) -> bool {
        event.get(self.message).is_some_and(is_text) || self.has_failed_outcome(event)
    }

    fn has_failed_outcome(self, event: &Event<'_>) -> bool {
        self.outcomes.iter().filter_map(|id| event.get(*id)).filter(|value| may_say_failure(*value)).any(|value| {
            let name = field::text(event, self.name);
            let outcome = name.and_then(|name| value.member(&name)).and_then(|outcome| outcome.string());
            outcome.is_some_and(|outcome| outcome == FAILURE)
        })
    }
}

/// Whether a value is a text other than the empty one.
fn is_text(value: JsonValue<'_>) -> bool {
    match value.raw_string() {
        Some(text) => !text.is_empty(),
        None => value.kind() == ValueKind::Scalar,
    }
}

const FAILURE: &str = "Failure";

/// Whether an error code reports a success.
pub fn is_success(code: &str) -> bool {
    matches!(code.as_bytes(), [b'2', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit())
}

/// Whether a response may contain the word. Most do not, and this search is faster than
/// a walk over their members. Escapes could hide the word.
fn may_say_failure(value: JsonValue<'_>) -> bool {
    static FINDER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(FAILURE));
    let raw = value.raw();
    value.kind() == ValueKind::Object && (FINDER.find(raw).is_some() || memchr::memchr(b'\\', raw).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    #[test]
    fn reads_and_writes_are_distinguished() {
        for (json, expected) in [
            (r#"{"readOnly":true,"eventName":"RunInstances"}"#, Some(true)),
            (r#"{"readOnly":"false","eventName":"GetObject"}"#, Some(false)),
            (r#"{"eventName":"GetObject"}"#, Some(true)),
            (r#"{"readOnly":null,"eventName":"DescribeTags"}"#, Some(true)),
            (r#"{"eventName":"HeadBucket"}"#, Some(true)),
            (r#"{"eventName":"LookupEvents"}"#, Some(true)),
            (r#"{"eventName":"List"}"#, Some(true)),
            (r#"{"eventName":"Getaway"}"#, Some(false)),
            (r#"{"eventName":"RunInstances"}"#, Some(false)),
            (r#"{"eventCategory":"Insight"}"#, None),
        ] {
            let mut fields = FieldSet::default();
            let access = ReadRule::new(&mut fields).unwrap();
            assert_eq!(with_event(json, &fields, |event| access.is_read(event)), expected, "{json}");
        }
    }

    #[test]
    fn an_error_of_any_kind_is_a_failure() {
        for (json, expected) in [
            (r#"{"errorCode":"AccessDenied"}"#, true),
            (r#"{"errorCode":"404"}"#, true),
            (r#"{"errorCode":500}"#, true),
            (r#"{"errorCode":"200"}"#, false),
            (r#"{"errorCode":204}"#, false),
            (r#"{"errorCode":"2000"}"#, true),
            (r#"{"errorCode":"20x"}"#, true),
            (r#"{"errorCode":"200","errorMessage":"boom"}"#, true),
            (r#"{"errorCode":null,"errorMessage":"No username found"}"#, true),
            (r#"{"errorCode":"","errorMessage":null}"#, false),
            (r#"{"eventName":"X"}"#, false),
            (r#"{"eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Failure"}}"#, true),
            (r#"{"eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Success"}}"#, false),
            (r#"{"eventName":"CheckMfa","additionalEventData":{"a":1,"CheckMfa":"Failure"}}"#, true),
            (r#"{"eventName":"X","serviceEventDetails":{"X":"Failure"}}"#, true),
            (r#"{"serviceEventDetails":{"\u0058":"\u0046ailure"},"eventName":"X"}"#, true),
            (r#"{"eventName":"X","serviceEventDetails":{"Y":"Failure","x":"Failure","Failure":"X"}}"#, false),
            (r#"{"eventName":"X","serviceEventDetails":{"X":["Failure"]}}"#, false),
            (r#"{"eventName":"X","requestParameters":{"X":"Failure"}}"#, false),
            (r#"{"eventName":"X","responseElements":"Failure"}"#, false),
            (r#"{"responseElements":{"null":"Failure"},"eventName":null}"#, false),
        ] {
            let mut fields = FieldSet::default();
            let failure = FailureRule::new(&mut fields).unwrap();
            assert_eq!(with_event(json, &fields, |event| failure.is_failed(event)), expected, "{json}");
        }
    }
}
