//! Converts events to the values of jaq.

use jaq_json::{Map, Num, Val};

use crate::decode::event::{Event, FieldId};
use crate::decode::json::{JsonValue, ValueKind, unescape};

/// Largest event in bytes that is converted. Values need a multiple of it in memory,
/// and AWS writes events of less than half this size.
const MAX_EVENT: usize = 2 << 20;
/// Deeper than any event, but safe for recursive functions.
const MAX_DEPTH: usize = 256;

/// Converts a value. Fails if it is too large or nested too deeply.
pub(super) fn of(value: JsonValue<'_>) -> Result<Val, String> {
    match value.raw().len() <= MAX_EVENT {
        true => at_depth(value, MAX_DEPTH),
        false => Err(format!("larger than {} MiB", MAX_EVENT >> 20)),
    }
}

/// Converts an event with only these fields.
pub(super) fn of_fields(event: &Event<'_>, fields: &[(String, FieldId)]) -> Result<Val, String> {
    let mut object = Map::default();
    for (name, field) in fields {
        if let Some(value) = event.get(*field) {
            object.insert(Val::utf8_str(name.clone().into_bytes()), of(value)?);
        }
    }
    Ok(Val::obj(object))
}

fn at_depth(value: JsonValue<'_>, left: usize) -> Result<Val, String> {
    let deeper = left.checked_sub(1).ok_or("nested too deeply");
    Ok(match value.kind() {
        ValueKind::Null => Val::Null,
        ValueKind::String => text(value.raw_string().unwrap_or_default()),
        ValueKind::Scalar => scalar(value.raw()),
        ValueKind::Array => {
            let (mut elements, mut failed, left) = (Vec::new(), None, deeper?);
            value.each_element(|element| match at_depth(element, left) {
                Ok(element) => elements.push(element),
                Err(why) => failed = Some(why),
            });
            failed.map_or(Ok(()), Err)?;
            elements.into_iter().collect()
        }
        ValueKind::Object => {
            let (mut object, mut failed, left) = (Map::default(), None, deeper?);
            value.each_member(|key, member| match at_depth(member, left) {
                Ok(member) => drop(object.insert(text(key), member)),
                Err(why) => failed = Some(why),
            });
            failed.map_or(Ok(()), Err)?;
            Val::obj(object)
        }
    })
}

fn text(written: &[u8]) -> Val {
    Val::utf8_str(unescape(written).into_owned().into_bytes())
}

fn scalar(written: &[u8]) -> Val {
    match written {
        b"true" => Val::Bool(true),
        b"false" => Val::Bool(false),
        number => {
            let number = String::from_utf8_lossy(number);
            Val::Num(Num::from_str_radix(&number, 10).unwrap_or_else(|| Num::Dec(number.into_owned().into())))
        }
    }
}
