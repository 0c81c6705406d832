//! A plain decoder: every value built by serde_json, every rule written down
//! once more and as simply as it can be said. Slow, and the measure of the
//! fast one.

use serde_json::Value;

/// The events in the text of a file, whatever they come wrapped in. Text
/// behind the first mistake is left out.
pub fn events(text: &[u8]) -> Vec<Value> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = strict(&String::from_utf8_lossy(text));
    let mut events = Vec::new();
    let mut values = serde_json::Deserializer::from_str(&text);
    values.disable_recursion_limit();
    for value in values.into_iter::<Value>().map_while(Result::ok) {
        match value {
            Value::Array(items) => items.into_iter().for_each(|item| unwrap(item, &mut events)),
            Value::Object(mut object) => match (object.get("Records"), object.get("Events")) {
                (Some(Value::Array(_)), _) => each(object.remove("Records"), &mut events),
                (_, Some(Value::Array(_))) => each(object.remove("Events"), &mut events),
                _ => unwrap(Value::Object(object), &mut events),
            },
            _ => {}
        }
    }
    events
}

fn each(items: Option<Value>, events: &mut Vec<Value>) {
    if let Some(Value::Array(items)) = items {
        items.into_iter().for_each(|item| unwrap(item, events));
    }
}

fn unwrap(mut item: Value, events: &mut Vec<Value>) {
    if is_event(&item) {
        events.push(item);
    } else if item["detail"].is_object() {
        let detail = item["detail"].take();
        if is_event(&detail) {
            events.push(detail);
        }
    } else if let Some(text) = item["CloudTrailEvent"].as_str()
        && let Ok(event) = serde_json::from_str::<Value>(text)
        && is_event(&event)
    {
        events.push(event);
    }
}

fn is_event(item: &Value) -> bool {
    let marks = ["eventVersion", "eventTime", "eventName", "eventID"];
    let service = item["eventSource"].as_str().and_then(|source| source.strip_prefix("aws:"));
    let is_notification = service.is_some_and(|service| item[service].is_object());
    item.as_object().is_some_and(|object| marks.iter().any(|mark| object.contains_key(*mark))) && !is_notification
}

/// The same JSON by the letter, where serde_json refuses what everybody else
/// reads: raw control characters in strings as escapes, escapes that do not
/// exist as they are written, and U+FFFD for each half of a surrogate pair.
fn strict(json: &str) -> String {
    let unit = |at: usize| u16::from_str_radix(json.get(at..at + 6)?.strip_prefix("\\u")?, 16).ok();
    let (mut text, mut at, mut in_string) = (String::with_capacity(json.len()), 0, false);
    while let Some(character) = json[at..].chars().next() {
        let mut length = character.len_utf8();
        match character {
            '\\' => match (unit(at), unit(at + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => length = 12,
                (Some(0xd800..=0xdfff), _) => {
                    text.push_str("\\ufffd");
                    at += 6;
                    continue;
                }
                (Some(_), _) => length = 6,
                (None, _) if json[at + 1..].starts_with(['"', '\\', '/', 'b', 'f', 'n', 'r', 't']) => length = 2,
                (None, _) => text.push('\\'),
            },
            '"' => in_string = !in_string,
            control if in_string && control < ' ' => {
                text.push_str(&format!("\\u{:04x}", u32::from(control)));
                at += length;
                continue;
            }
            _ => {}
        }
        text.push_str(&json[at..at + length]);
        at += length;
    }
    text
}

/// The value at a path of names, `null` where there is none.
pub fn at<'a>(event: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(event, |value, name| value.get(name).unwrap_or(&Value::Null))
}

/// A member that names someone: not absent, not null, not empty.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The name that a person wants to read.
pub fn user_name(event: &Value) -> Option<String> {
    let identity = &event["userIdentity"];
    if !identity.is_object() {
        return text(identity);
    }
    let field = |path: &str| text(at(identity, path));
    let arn = field("arn");
    let session = match arn.as_deref().and_then(|arn| arn.rsplit_once('/')) {
        Some((_, session)) => Some(session.to_string()),
        None => field("principalId").and_then(|id| id.split_once(':').map(|(_, session)| session.to_string())),
    };
    let session = session.filter(|session| !session.is_empty());
    let role_of_arn = || {
        let (_, rest) = arn.as_deref()?.split_once(":assumed-role/")?;
        rest.split_once('/').map(|(role, _)| role.to_string())
    };
    let name = match field("type").unwrap_or_default().as_str() {
        "Root" => Some(field("userName").unwrap_or("root".into())),
        "AssumedRole" => match (field("sessionContext.sessionIssuer.userName").or_else(role_of_arn), session) {
            (Some(role), Some(session)) => Some(format!("{role}/{session}")),
            (role, session) => role.or(session),
        },
        "FederatedUser" => session,
        "AWSService" | "" => field("invokedBy"),
        "AWSAccount" => match (field("accountId"), field("principalId")) {
            (Some(account), Some(id)) => Some(format!("{account}/{id}")),
            (account, _) => account,
        },
        "IdentityCenterUser" => text(at(event, "additionalEventData.UserName")).or_else(|| field("onBehalfOf.userId")),
        _ => None,
    };
    name.or_else(|| ["userName", "arn", "principalId", "accountId"].into_iter().find_map(field))
}

/// A text as a cell of a TSV shows it: control characters as escapes.
pub fn shown(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' => "\\t".to_string(),
            '\n' => "\\n".to_string(),
            '\r' => "\\r".to_string(),
            control if control.is_control() => format!("\\u{:04x}", u32::from(control)),
            other => other.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_json_refuses_is_made_strict() {
        let json = "{\"a\":\t\"\\ud83d\\ude00 \\ud83d \\ude00 \\\\ud83d \\u0041 raw\ttab \\\" \\q\",\n\"b\":1}";
        let expected =
            "{\"a\":\t\"\\ud83d\\ude00 \\ufffd \\ufffd \\\\ud83d \\u0041 raw\\u0009tab \\\" \\\\q\",\n\"b\":1}";
        assert_eq!(strict(json), expected);
    }
}
