//! Members of JSON objects, whatever their types and the case of their names are.
//!
//! Newer EC2 actions have `GroupId` where older ones have `groupId`. Their values went
//! through XML, which has no types: the text `"true"` may have become `true`.

use std::net::IpAddr;

use serde_json::Value;

static NULL: Value = Value::Null;

/// The value at a path such as `placement.availabilityZone`. `null` if it is missing.
pub fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, name| member(value, name))
}

fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
    let Value::Object(members) = value else { return &NULL };
    let any_case = || members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    members.get(name).or_else(any_case).unwrap_or(&NULL)
}

/// The first of these paths that has a value.
pub fn first_at<'v>(value: &'v Value, paths: &[&str]) -> &'v Value {
    paths.iter().map(|path| at(value, path)).find(|value| !value.is_null()).unwrap_or(&NULL)
}

/// A text, a number or a boolean as text. `None` if it is empty.
pub fn text(value: &Value) -> Option<String> {
    scalar(value).filter(|text| !text.is_empty())
}

/// A text, a number or a boolean as text, even if it is empty.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        // An element of a list, with its number: {"tag":1,"content":"sg-0a"}.
        Value::Object(members) => members.get("content").filter(|value| !value.is_object()).and_then(scalar),
        _ => None,
    }
}

/// An attribute: `{"value":"t3.micro"}`, or the value itself.
pub fn attribute(value: &Value) -> Option<String> {
    text(at(value, "value")).or_else(|| text(value))
}

/// An integer, or a text that is one.
pub fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| scalar(value)?.trim().parse().ok())
}

/// Whether this is `true` or `false`, or a text that says so.
pub fn flag(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| scalar(value)?.trim().to_ascii_lowercase().parse().ok())
}

/// An IP address in its usual form.
pub fn address(value: &Value) -> Option<String> {
    scalar(value)?.trim().parse::<IpAddr>().ok().map(|address| address.to_string())
}
