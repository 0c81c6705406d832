//! Parses a `--where` condition, and rejects those that are malformed or can never
//! match.

use std::borrow::Cow;
use std::cmp::Ordering;

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use regex::Regex;

use super::{OrderingSet, TextTest, not_regex, number};
use crate::cloudtrail::field::Field;
use crate::decode::event::FieldSet;
use crate::syntax::digit_form::has_digit_form;
use crate::syntax::glob::Pattern;
use crate::syntax::visible::read_escape;
use crate::syntax::window::{WindowEdge, is_for_options, point, since_1970};

pub(super) const SYNTAX: &str = "not a condition; write 'FIELD = VALUE' or != (globs), ~ or !~ (regular expressions), \
                     <, <=, > or >= (numbers and times), or FIELD or !FIELD for what is there or is not, \
                     such as 'requestParameters.bucketName = my-*'";
pub(super) const MULTIPLE_CONDITIONS: &str = "more than one condition; write one --where for each, and events must meet all of them; \
                   {a,b} matches either value (text in quotes is not split)";
pub(super) const NOT_ORDERED: &str = "expected a number or time after the operator, such as 3600, 30d, 2026-10-01 \
                       or 2026-10-01T12:00:00Z";

const OPERATORS: [&str; 9] = ["==", "!=", "!~", "<=", ">=", "=", "~", "<", ">"];
/// Fields whose values are single words without commas.
const WORDS: [&str; 23] = [
    "eventVersion",
    "eventSource",
    "eventName",
    "awsRegion",
    "errorCode",
    "requestID",
    "eventID",
    "apiVersion",
    "readOnly",
    "eventType",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "managementEvent",
    "eventCategory",
    "userType",
    "accessKeyId",
    "invokedBy",
    "mfa",
    "userIdentity.type",
    "userIdentity.accessKeyId",
    "userIdentity.accountId",
];

/// Splits a condition into its field and, if present, its operator and value; `None` if
/// it has no field.
#[allow(clippy::type_complexity, reason = "said in words above")]
pub(super) fn split(text: &str) -> Option<(&str, Option<(&str, &str)>)> {
    let mut in_quotes = false;
    let at = text.char_indices().find_map(|(at, character)| {
        in_quotes ^= character == '"';
        (at > 0 && !in_quotes && "=!~<>".contains(character)).then_some(at)
    });
    let Some(at) = at else { return (!text.starts_with(['=', '~', '<', '>'])).then_some((text, None)) };
    let (field, rest) = text.split_at(at);
    let end = rest.find(|character| !"=!~<>".contains(character)).unwrap_or(rest.len());
    let (operator, value) = rest.split_at(end);
    (operator != "!").then(|| (field.trim(), Some((operator, value.trim()))))
}

/// Parses the operator and the value into a test, and whether the test is negated.
pub(super) fn test(field: &str, (operator, value): (&str, &str), now: Timestamp) -> Result<(bool, TextTest), String> {
    if !OPERATORS.contains(&operator) {
        let meant = match operator {
            "=~" | "~=" => "FIELD ~ REGEX",
            "=!" => "FIELD != VALUE",
            "=>" => "FIELD >= VALUE",
            "=<" => "FIELD <= VALUE",
            _ => "one of = != ~ !~ < <= > >=, and quote a value that begins with an operator",
        };
        return Err(format!("unknown operator {operator}; write {meant}"));
    }
    if quoted(value).is_none() && is_several(value) {
        return Err(MULTIPLE_CONDITIONS.into());
    }
    if value.is_empty() {
        return Err("no value after the operator; !FIELD selects events without the field, FIELD those with it".into());
    }
    let value = unquoted(value);
    let side = |wanted| OrderingSet { wanted, or_equal: operator.ends_with('=') };
    // The time of an event is compared as a time: a number is seconds since 1970.
    let number = number(value).filter(|_| !is_event_time(field));
    let since_1970 = || since_1970(value).filter(|_| is_event_time(field));
    let time = point(value, now, &TimeZone::UTC, WindowEdge::Start).or_else(since_1970);
    let ordered = |wanted| match (number, time) {
        (Some(number), _) => Ok((false, TextTest::Number(side(wanted), number))),
        (None, Some(time)) => Ok((false, TextTest::Time(side(wanted), time))),
        (None, None) => Err(not_ordered(field, operator, value)),
    };
    match operator {
        "=" | "==" | "!=" => {
            let pattern = Pattern::parse(value).map_err(|why| format!("{value:?} is {why}"))?;
            Ok((operator == "!=", TextTest::Glob(pattern)))
        }
        "~" | "!~" => {
            let regex = Regex::new(&without_pairs(value));
            let regex = regex.map_err(|error| format!("{value:?} is {}", not_regex(&error)))?;
            Ok((operator == "!~", TextTest::Regex(regex)))
        }
        "<" | "<=" => ordered(Ordering::Less),
        _ => ordered(Ordering::Greater),
    }
}

/// Explains why a value is neither a number nor a time.
fn not_ordered(field: &str, operator: &str, value: &str) -> String {
    let option = match operator {
        "<" | "<=" => "--until",
        _ => "--since",
    };
    match is_for_options(value) {
        true if is_event_time(field) => format!(
            "only --since and --until take {value}; write {option} {value}, or a time after the operator, such as \
             30d, 2026-10-01 or 2026-10-01T12:00:00Z"
        ),
        true => format!(
            "only --since and --until take {value}; write a time such as 30d, 2026-10-01 or 2026-10-01T12:00:00Z"
        ),
        false if is_event_time(field) => {
            "expected a time after the operator, such as 30d, 2026-10-01 or 2026-10-01T12:00:00Z".into()
        }
        false => NOT_ORDERED.into(),
    }
}

/// Whether a field, as typed, is the time of the event.
pub(super) fn is_event_time(field: &str) -> bool {
    field.trim_start_matches('.') == "eventTime"
}

/// The text between quotes; `None` if there are none.
fn quoted(value: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
}

/// A value without the quotes around it.
pub(super) fn unquoted(value: &str) -> &str {
    quoted(value).unwrap_or(value)
}

/// Replaces surrogate pairs, as cells show some invisible characters, with the escape
/// that regular expressions use for them.
fn without_pairs(regex: &str) -> Cow<'_, str> {
    const PAIR: usize = r"\udb40\udc41".len();
    let Some(mut at) = regex.find("\\ud") else { return Cow::Borrowed(regex) };
    let (mut whole, mut start) = (String::new(), 0);
    loop {
        let is_escaped = regex[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
        let mut next = at + 1;
        if let Some((PAIR, character)) = read_escape(&regex[at..]).filter(|_| !is_escaped) {
            whole += &format!("{}\\u{{{:x}}}", &regex[start..at], u32::from(character));
            (start, next) = (at + PAIR, at + PAIR);
        }
        match regex[next..].find("\\ud") {
            Some(length) => at = next + length,
            None => return Cow::Owned(whole + &regex[start..]),
        }
    }
}

/// Explains why the value, as typed, can obviously match no value of the field; `None`
/// if it can match.
pub(super) fn never_fits(field: &str, value: &str, is_negated: bool) -> Option<String> {
    const QUOTES: [char; 2] = ['"', '\''];
    let is_quoted = QUOTES.iter().any(|quote| value.len() > 1 && value.starts_with(*quote) && value.ends_with(*quote));
    let bare = value.trim_matches(QUOTES);
    if field == "sourceIPAddress" && bare.contains('/') && bare.parse::<IpNet>().is_ok() {
        let not = if is_negated { "!" } else { "" };
        return Some(format!("a network, which only --source-ip can match; write --source-ip '{not}{bare}'"));
    }
    if is_quoted {
        return None;
    }
    if is_event_time(field) && is_date(value) {
        let operator = if is_negated { "!=" } else { "=" };
        return Some(format!("only the start of a time; write {field} {operator} {value}* for all of it"));
    }
    let is_half =
        |quote: &char| (value.starts_with(*quote) || value.ends_with(*quote)) && value.matches(*quote).count() % 2 == 1;
    if QUOTES.iter().any(is_half) {
        return Some("an unclosed quote; a value that contains one needs quotes of the other kind".into());
    }
    if value.starts_with('!') {
        return Some("a ! before the value; write FIELD != VALUE, or \\! for a literal !".into());
    }
    let is_list = WORDS.contains(&field) && !value.contains(['{', '[', '\\']) && !value.contains(char::is_whitespace);
    (is_list && value.contains(',')).then(|| {
        format!(
            "a comma, which {field} never contains; write {{{value}}} to match either value, or quote a literal comma"
        )
    })
}

/// Whether a value is a year, a month or a day.
fn is_date(value: &str) -> bool {
    const DAY: &[u8] = b"0000-00-00";
    [4, 7, 10].iter().any(|length| has_digit_form(value.as_bytes(), &DAY[..*length]))
}

/// Whether a second condition seems to follow the value: one with an operator, or the
/// name of a field that must be present or absent.
fn is_several(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    [" and ", " or ", "&&", "||"].iter().any(|word| {
        let Some(at) = lower.find(word) else { return false };
        let rest = value[at + word.len()..].trim().trim_start_matches(['!', ' ']);
        let root = rest.split(['.', '[']).next().unwrap_or_default();
        let is_field = !rest.contains(char::is_whitespace) && Field::parse(root, &mut FieldSet::default()).is_ok();
        is_field || rest.contains(['=', '~', '<', '>'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogate_pairs_become_one_escape() {
        for (regex, expected) in [
            ("a.b", "a.b"),
            (r"^x\udb40\udc41$", r"^x\u{e0041}$"),
            (r"\ud83d\ude00\ud83d\ude00é", r"\u{1f600}\u{1f600}é"),
            (r"\\ud83d\\ude00", r"\\ud83d\\ude00"),
            (r"\ud83d", r"\ud83d"),
            (r"\ud\ud83d\ude00", r"\ud\u{1f600}"),
        ] {
            assert_eq!(without_pairs(regex), expected, "{regex}");
        }
    }
}
