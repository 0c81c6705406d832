//! A plain decoder: every value built by serde_json, every rule written down
//! once more and as simply as it can be said. Slow, and the measure of the
//! fast one.

use serde_json::Value;

/// The events in the text of a file, whatever they come wrapped in. Text
/// behind the first mistake is left out.
pub fn events(text: &[u8]) -> Vec<Value> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = whole_surrogates(&String::from_utf8_lossy(text));
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
    let is_notification = item["eventSource"].as_str().is_some_and(|source| source.starts_with("aws:"));
    item.as_object().is_some_and(|object| marks.iter().any(|mark| object.contains_key(*mark))) && !is_notification
}

/// The same JSON with U+FFFD for each half of a surrogate pair, which
/// serde_json refuses and everybody else replaces.
fn whole_surrogates(json: &str) -> String {
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut text = String::with_capacity(json.len());
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        text.push_str(&json[at..at + found]);
        at += found;
        let (kept, length) = match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (&json[at..at + 12], 12),
            (Some(0xd800..=0xdfff), _) => ("\\ufffd", 6),
            (Some(_), _) => (&json[at..at + 6], 6),
            (None, _) => {
                let length = 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8);
                (&json[at..at + length], length)
            }
        };
        text.push_str(kept);
        at += length;
    }
    text.push_str(&json[at..]);
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
    fn halves_of_surrogates_are_replaced_and_pairs_kept() {
        let json = r#""\ud83d\ude00 \ud83d \ude00 \\ud83d \u0041""#;
        assert_eq!(whole_surrogates(json), r#""\ud83d\ude00 \ufffd \ufffd \\ud83d \u0041""#);
    }
}
