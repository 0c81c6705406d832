//! Which condition of a filter AWS can select events by. A request takes a single one, with
//! a single value that is compared exactly, so the most selective is chosen. The filter
//! itself decides on every event afterwards.

use crate::cloudtrail::call::COMMON_EVENTS;
use crate::filter::spec::FilterSpec;

/// A condition that AWS evaluates: an attribute that it keeps for each event, and a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LookupSelection {
    /// Name of the attribute in requests.
    pub attribute: &'static str,
    /// The value in the case that AWS stores, and another one that AWS may have stored in its
    /// place.
    pub values: Vec<String>,
    /// Name of the attribute for messages.
    label: &'static str,
    /// Which of the wanted events AWS does not return; `None` if it returns all.
    pub missed: Option<&'static str>,
}

const RESOURCE_MISSED: &str = "events for which AWS does not list it as a resource";
const USER_MISSED: &str = "calls that AWS lists under another user name, such as the session of a role";
const EVENT_NAME_MISSED: &str = "names in another case";
const READ_ONLY_MISSED: &str = "events that do not say whether they only read";

/// Options with values in the order of their preference, and what makes a selection of a value.
type Candidate = (&'static str, fn(&str) -> Option<LookupSelection>);

const CANDIDATES: [Candidate; 5] = [
    ("--resource", resource),
    ("--access-key", access_key),
    ("--event-name", event_name),
    ("--user", user),
    ("--event-source", event_source),
];

impl LookupSelection {
    /// Returns the most selective condition of a filter that AWS can evaluate; `None` if
    /// there is none.
    pub fn of(filter: &FilterSpec) -> Option<LookupSelection> {
        let of_option = |(flag, selection): &Candidate| match &filter.options.list(flag)[..] {
            [value] if is_plain(value) => selection(value),
            _ => None,
        };
        let is_set = |flag: &str| filter.options.iter().any(|(option, _)| option.flag == flag);
        let read_only = || {
            let value = [("--writes", "false"), ("--reads", "true")].into_iter().find(|(flag, _)| is_set(flag))?.1;
            Some(selection("ReadOnly", "read-only", value.into(), Some(READ_ONLY_MISSED)))
        };
        CANDIDATES.iter().find_map(of_option).or_else(read_only)
    }

    /// Selects the events that have one of these names.
    pub fn of_event_names(names: &[&str]) -> LookupSelection {
        let values = names.iter().map(|name| (*name).into()).collect();
        LookupSelection { attribute: "EventName", values, label: "event name", missed: None }
    }

    /// Describes the condition for a message.
    pub fn description(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|value| format!("{value:?}")).collect();
        format!("{} {}", self.label, values.join(" or "))
    }
}

fn selection(
    attribute: &'static str,
    label: &'static str,
    value: String,
    missed: Option<&'static str>,
) -> LookupSelection {
    LookupSelection { attribute, values: vec![value], label, missed }
}

/// True if a pattern is a text without special characters, that AWS accepts as a value.
fn is_plain(pattern: &str) -> bool {
    const MAX_VALUE: usize = 2000;
    let is_special = |character: char| "*?{}!,\\'\"".contains(character) || character.is_control();
    !pattern.is_empty() && pattern.len() <= MAX_VALUE && pattern.trim() == pattern && !pattern.contains(is_special)
}

fn is_arn(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:"))
}

/// The part of an ARN behind the last separator; the same text if it is not an ARN.
fn short_name(text: &str) -> Option<&str> {
    match is_arn(text) {
        true => text.rsplit(['/', ':']).next().filter(|name| !name.is_empty()),
        false => Some(text),
    }
}

/// AWS lists resources by their ids or short names, and some, such as keys of KMS and the
/// roles of AssumeRole, by their ARNs. So an ARN is looked up both ways.
fn resource(text: &str) -> Option<LookupSelection> {
    let name = short_name(text)?;
    let name = match (is_resource_id(name), is_access_key(name)) {
        (true, _) => name.to_ascii_lowercase(),
        (_, true) => name.to_ascii_uppercase(),
        _ => name.into(),
    };
    let mut selection = selection("ResourceName", "resource name", name, Some(RESOURCE_MISSED));
    if is_arn(text) {
        selection.values.push(text.into());
    }
    Some(selection)
}

/// True for ids such as `i-0abc12de34f567890` and `vpce-svc-0abc12de34f567890`.
fn is_resource_id(text: &str) -> bool {
    let Some((prefix, number)) = text.rsplit_once('-') else { return false };
    matches!(number.len(), 8 | 17)
        && number.bytes().all(|byte| byte.is_ascii_hexdigit())
        && prefix.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        && prefix.starts_with(|first: char| first.is_ascii_alphabetic())
}

fn is_access_key(text: &str) -> bool {
    let is_kind = text.get(..4).is_some_and(|kind| ["AKIA", "ASIA"].iter().any(|key| kind.eq_ignore_ascii_case(key)));
    is_kind && text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn access_key(text: &str) -> Option<LookupSelection> {
    let is_id = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_id.then(|| selection("AccessKeyId", "access key", text.to_ascii_uppercase(), None))
}

fn event_name(text: &str) -> Option<LookupSelection> {
    const LABEL: &str = "event name";
    if let Some(known) = COMMON_EVENTS.iter().find(|known| known.eq_ignore_ascii_case(text)) {
        return Some(selection("EventName", LABEL, (*known).into(), None));
    }
    // A name in lower case was not copied from an event, and AWS would find nothing.
    let is_copied = text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.contains(|other: char| other.is_ascii_lowercase());
    is_copied.then(|| selection("EventName", LABEL, text.into(), Some(EVENT_NAME_MISSED)))
}

/// AWS notes the name of a user, or of the session of a role, and `root`.
fn user(text: &str) -> Option<LookupSelection> {
    // Services and principal ids have no such name.
    if text.to_ascii_lowercase().ends_with(".amazonaws.com") || is_principal_id(text) {
        return None;
    }
    let name = short_name(text)?.rsplit(['/', ':']).next().filter(|name| !name.is_empty())?;
    let name = if name.eq_ignore_ascii_case("root") { "root" } else { name };
    Some(selection("Username", "user name", name.into(), Some(USER_MISSED)))
}

/// True for ids such as `AIDACKCEVSQ6C2EXAMPLE`.
fn is_principal_id(text: &str) -> bool {
    let is_kind = ["AIDA", "AROA", "AGPA", "ANPA"].iter().any(|kind| text.starts_with(kind));
    is_kind && text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn event_source(text: &str) -> Option<LookupSelection> {
    let source = text.to_ascii_lowercase();
    let source = if source.contains('.') { source } else { format!("{source}.amazonaws.com") };
    Some(selection("EventSource", "event source", source, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(options: &[(&'static str, &[&str])]) -> Option<(&'static str, String)> {
        let filter = options
            .iter()
            .fold(FilterSpec::default(), |filter, (flag, values)| filter.with(flag, values.iter().copied()));
        LookupSelection::of(&filter).map(|selection| (selection.attribute, selection.values.concat()))
    }

    #[test]
    fn values_have_the_case_that_aws_stores() {
        for (flag, value, expected) in [
            ("--resource", "I-0ABC12DE34F567890", Some("i-0abc12de34f567890")),
            ("--resource", "vpce-svc-0ABC1234", Some("vpce-svc-0abc1234")),
            ("--resource", "My-Bucket-1", Some("My-Bucket-1")),
            (
                "--resource",
                "arn:aws:ec2:eu-west-1:1:instance/i-0abc1234",
                Some("i-0abc1234arn:aws:ec2:eu-west-1:1:instance/i-0abc1234"),
            ),
            ("--resource", "arn:aws:s3:::reports", Some("reportsarn:aws:s3:::reports")),
            ("--resource", "akiaiosfodnn7example", Some("AKIAIOSFODNN7EXAMPLE")),
            ("--resource", "arn:", None),
            ("--access-key", "asiaiosfodnn7example", Some("ASIAIOSFODNN7EXAMPLE")),
            ("--access-key", "ASIA-1", None),
            ("--event-name", "runinstances", Some("RunInstances")),
            ("--event-name", "CreateWidget", Some("CreateWidget")),
            ("--event-name", "createwidget", None),
            ("--user", "alice", Some("alice")),
            ("--user", "ROOT", Some("root")),
            ("--user", "user/root", Some("root")),
            ("--user", "Admin/alice@example.com", Some("alice@example.com")),
            ("--user", "arn:aws:iam::1:user/path/alice", Some("alice")),
            ("--user", "arn:aws:iam::1:root", Some("root")),
            ("--user", "AROACKCEVSQ6C2EXAMPLE:alice", Some("alice")),
            ("--user", "AIDACKCEVSQ6C2EXAMPLE", None),
            ("--user", "ec2.amazonaws.com", None),
            ("--event-source", "EC2", Some("ec2.amazonaws.com")),
            ("--event-source", "signin.amazonaws.com", Some("signin.amazonaws.com")),
        ] {
            assert_eq!(of(&[(flag, &[value])]).map(|(_, value)| value).as_deref(), expected, "{flag} {value}");
        }
    }

    #[test]
    fn only_a_single_plain_value_is_selected_by() {
        for values in [&["a*"][..], &["!alice"], &["a", "b"], &["{a,b}"], &["a?"], &["a\\*"], &["'=a"], &[""]] {
            assert_eq!(of(&[("--resource", values)]), None, "{values:?}");
        }
        assert_eq!(of(&[("--event-name", &["RunInstances,StopInstances"])]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn the_most_selective_condition_is_chosen() {
        let all: [(&'static str, &[&str]); 6] = [
            ("--writes", &[]),
            ("--event-source", &["ec2"]),
            ("--user", &["alice"]),
            ("--event-name", &["RunInstances"]),
            ("--access-key", &["AKIAIOSFODNN7EXAMPLE"]),
            ("--resource", &["i-0abc1234"]),
        ];
        let expected = ["ReadOnly", "EventSource", "Username", "EventName", "AccessKeyId", "ResourceName"];
        for (count, attribute) in (1..).zip(expected) {
            assert_eq!(of(&all[..count]).unwrap().0, attribute);
        }
        assert_eq!(of(&[("--writes", &[])]), Some(("ReadOnly", "false".into())));
        assert_eq!(of(&[("--reads", &[])]), Some(("ReadOnly", "true".into())));
        assert_eq!(of(&[("--writes", &[]), ("--resource", &["i-*"])]), Some(("ReadOnly", "false".into())));
    }
}
