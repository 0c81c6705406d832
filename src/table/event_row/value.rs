//! Writes the values of a row. A value that is absent, null or of another kind than its
//! column is null.

use std::borrow::Cow;
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::event_column::{PlainCells, RowEvent};
use super::values::{push_length, push_null};
use crate::decode::json::{CUT, JsonValue, MAX_TEXT, ValueKind, key_is, unescape, unescape_start};
use crate::table::column::Column;
use crate::table::event_schema::{ColumnShape, SchemaColumn};

/// Appends a value in the shape of its column. Returns the number of texts that were cut,
/// which happens only if the event `is_large`.
pub(super) fn shaped(value: Option<JsonValue<'_>>, shape: ColumnShape, is_large: bool, out: &mut Vec<u8>) -> u64 {
    let Some(value) = value.filter(|value| value.kind() != ValueKind::Null) else {
        push_null(out);
        return 0;
    };
    match shape {
        ColumnShape::Text => return text(value, is_large, out),
        ColumnShape::Json => return json(value, is_large, out),
        ColumnShape::Boolean => match value.scalar().as_deref() {
            Some("true") => push_bytes(&[1], out),
            Some("false") => push_bytes(&[0], out),
            _ => push_null(out),
        },
        ColumnShape::Time => push_null(out),
        ColumnShape::Object(members) if value.kind() == ValueKind::Object => {
            push_length(0, out);
            return object(value, members, is_large, out);
        }
        ColumnShape::ObjectList(members) if value.kind() == ValueKind::Array => {
            let (mut count, mut cut) = (0, 0);
            value.each_element(|_| count += 1);
            push_length(count, out);
            value.each_element(|element| cut += shaped(Some(element), ColumnShape::Object(members), is_large, out));
            return cut;
        }
        ColumnShape::Object(_) | ColumnShape::ObjectList(_) | ColumnShape::TextList => push_null(out),
    }
    0
}

/// Appends the members of an object that the schema has.
fn object(value: JsonValue<'_>, members: &'static [SchemaColumn], is_large: bool, out: &mut Vec<u8>) -> u64 {
    /// More than any object of the schema has.
    const MAX_MEMBERS: usize = 16;
    let mut found = [None; MAX_MEMBERS];
    let mut next = 0;
    value.each_member(|key, value| {
        // Most objects have their members in one order.
        let places = (next..members.len()).chain(0..next);
        for at in places {
            if key_is(key, members[at].name.as_bytes()) {
                found[at] = Some(value);
                next = at + 1;
                break;
            }
        }
    });
    members.iter().zip(found).map(|(member, value)| shaped(value, member.shape, is_large, out)).sum()
}

/// Appends the text of a string, or the JSON of another value.
fn text(value: JsonValue<'_>, is_large: bool, out: &mut Vec<u8>) -> u64 {
    let Some(written) = value.raw_string() else { return json(value, is_large, out) };
    if value.is_plain() && !(is_large && written.len() > MAX_TEXT) {
        push_bytes(written, out);
        return 0;
    }
    let text = if is_large { unescape_start(written) } else { unescape(written) };
    push_bytes(text.as_bytes(), out);
    u64::from(is_large && text.ends_with(CUT))
}

/// Appends the JSON of a value as delivered. A long one of a large event is replaced by a
/// string that says so.
fn json(value: JsonValue<'_>, is_large: bool, out: &mut Vec<u8>) -> u64 {
    if is_large && value.raw().len() > MAX_TEXT {
        push_bytes(format!("\"{CUT}\"").as_bytes(), out);
        return 1;
    }
    push_bytes(utf8(value.raw()).as_bytes(), out);
    0
}

/// Appends the event as delivered. Of a large one, long fields are replaced by a string.
pub(super) fn record(event: JsonValue<'_>, is_large: bool, out: &mut Vec<u8>) -> u64 {
    if !is_large {
        return json(event, false, out);
    }
    let (mut record, mut cut) = (String::from("{"), 0);
    event.each_member(|key, value| {
        if key.len() + value.raw().len() > MAX_TEXT {
            cut += 1;
        }
        if key.len() > MAX_TEXT {
            return;
        }
        let is_long = value.raw().len() > MAX_TEXT;
        let value = if is_long { Cow::Owned(format!("\"{CUT}\"")) } else { utf8(value.raw()) };
        let comma = if record.len() > 1 { "," } else { "" };
        record.push_str(&format!("{comma}\"{}\":{value}", utf8(key)));
    });
    record.push('}');
    push_bytes(record.as_bytes(), out);
    cut
}

/// Appends the time of an event.
pub(super) fn time(time: Option<Timestamp>, out: &mut Vec<u8>) -> u64 {
    match time {
        Some(time) => push_bytes(&time.as_millisecond().to_le_bytes(), out),
        None => push_null(out),
    }
    0
}

/// Appends a list of texts.
pub(super) fn texts(list: &[Cow<'_, str>], out: &mut Vec<u8>) -> u64 {
    push_length(list.len(), out);
    list.iter().for_each(|text| push_bytes(text.as_bytes(), out));
    u64::from(list.last().is_some_and(|last| last == CUT))
}

/// Appends the value that a column of other formats has: the text of a string, the JSON of
/// another value.
pub(super) fn cell(column: &mut Column, of: RowEvent<'_, '_>, cells: &mut PlainCells, out: &mut Vec<u8>) -> u64 {
    cells.text.clear();
    let RowEvent { event, file, is_large, .. } = of;
    if let Some(is_cut) = column.write_plain(event, file, &mut cells.text) {
        let text = &cells.text;
        match text.split_first() {
            None => push_null(out),
            Some(_) if is_large && text.len() > MAX_TEXT => {
                push_bytes(CUT.as_bytes(), out);
                return 1;
            }
            Some((_, text)) => push_bytes(text, out),
        }
        return u64::from(is_cut);
    }
    let cut = write_json(column, of, cells);
    match &cells.text[..] {
        b"null" => push_null(out),
        [b'"', text @ .., b'"'] => push_bytes(unescape(text).as_bytes(), out),
        json => push_bytes(utf8(json).as_bytes(), out),
    }
    // One long value must not take memory for the rest of the run.
    cells.text.shrink_to(MAX_TEXT);
    cut
}

/// Appends the same value as JSON.
pub(super) fn json_cell(column: &mut Column, of: RowEvent<'_, '_>, cells: &mut PlainCells, out: &mut Vec<u8>) -> u64 {
    cells.text.clear();
    let cut = write_json(column, of, cells);
    match &cells.text[..] {
        b"null" => push_null(out),
        json => push_bytes(utf8(json).as_bytes(), out),
    }
    cells.text.shrink_to(MAX_TEXT);
    cut
}

/// Appends a cell as JSON to the buffer. A long one of a large event is replaced by a string
/// that says so.
fn write_json(column: &mut Column, of: RowEvent<'_, '_>, cells: &mut PlainCells) -> u64 {
    let (RowEvent { event, file, is_large, .. }, PlainCells { style, text }) = (of, cells);
    let mut is_long = false;
    let written = column.json_in_pieces(event, file, style, &mut |piece| {
        text.extend_from_slice(piece);
        is_long = is_large && text.len() > MAX_TEXT;
        if is_long { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if is_long {
        text.clear();
        text.extend_from_slice(format!("\"{CUT}\"").as_bytes());
    }
    u64::from(is_long || matches!(written, ControlFlow::Continue(true)))
}

/// Appends a value that is not null.
fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    push_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// A text as delivered. Invalid bytes become U+FFFD.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
