//! The forms of a list in an EC2 event.
//!
//! | form | in |
//! |---|---|
//! | `null`, `{}`, `""` | empty lists |
//! | `{"items":[…]}` | requests and responses of old actions |
//! | `{"item":{…}}`, `{"item":[…]}` | responses of newer actions |
//! | `{…}` | requests of newer actions, if the list has one element |
//! | `[…]` | requests of newer actions, and other services |
//! | `{"assignedPrivateIpAddressSetType":[…]}` | AssignPrivateIpAddresses |

use serde_json::Value;

use super::member::{at, text};

/// The elements of a list.
pub fn items(mut list: &Value) -> Vec<&Value> {
    loop {
        match list {
            Value::Null => return Vec::new(),
            Value::String(text) if text.is_empty() => return Vec::new(),
            Value::Array(items) => return items.iter().filter(|item| !item.is_null()).collect(),
            Value::Object(members) if members.is_empty() => return Vec::new(),
            Value::Object(members) => {
                let only_array = || members.values().next().filter(|value| members.len() == 1 && value.is_array());
                match members.get("items").or_else(|| members.get("item")).or_else(only_array) {
                    Some(inner) => list = inner,
                    None => return vec![list],
                }
            }
            _ => return vec![list],
        }
    }
}

/// The texts in a list: elements that are texts, or this member of those that are not.
pub fn texts(list: &Value, member: &str) -> Vec<String> {
    items(list).into_iter().filter_map(|item| text(at(item, member)).or_else(|| text(item))).collect()
}
