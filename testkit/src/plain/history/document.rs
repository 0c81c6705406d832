//! The request and the response of an event in a uniform form: names begin with a small letter,
//! lists are arrays, and nothing is wrapped.

use std::net::IpAddr;

use serde_json::{Map, Value};

/// A request or a response of the event called `name`.
pub(super) fn document(value: &Value, name: &str) -> Value {
    let wrapped = ["Request", "Response"].iter().find_map(|end| value.get(format!("{name}{end}")));
    simple(wrapped.unwrap_or(value))
}

fn simple(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(simple).collect()),
        Value::Object(members) => match members.get("items").or(members.get("item")) {
            Some(Value::Array(items)) => Value::Array(items.iter().map(simple).collect()),
            Some(item) => Value::Array(vec![simple(item)]),
            None => {
                Value::Object(members.iter().map(|(name, value)| (small(name), simple(value))).collect::<Map<_, _>>())
            }
        },
        other => other.clone(),
    }
}

fn small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

/// The value at a path of names.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, name| value.get(name).unwrap_or(&Value::Null))
}

/// The elements of a list. A single element may stand in its place.
pub(super) fn list<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    match at(value, path) {
        Value::Null => Vec::new(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) if members.is_empty() => Vec::new(),
        Value::Object(members) if members.len() == 1 && members.values().all(Value::is_array) => {
            members.values().flat_map(|value| value.as_array()).flatten().collect()
        }
        other => vec![other],
    }
}

/// A text, or a number or a truth value as text. `None` if it is empty.
pub(super) fn text(value: &Value, path: &str) -> Option<String> {
    scalar(at(value, path)).filter(|text| !text.is_empty())
}

/// A text, or a number or a truth value as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The texts in a list. An element that is an object has its text in this member.
pub(super) fn texts(value: &Value, path: &str, member: &str) -> Vec<String> {
    list(value, path).into_iter().filter_map(|item| text(item, member).or_else(|| scalar(item))).collect()
}

/// An address in its usual form.
pub(super) fn address(value: &Value, path: &str) -> Option<String> {
    text(value, path)?.parse::<IpAddr>().ok().map(|address| address.to_string())
}
