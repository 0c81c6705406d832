//! JSON lines: each event as delivered, or an object of columns.

use std::ops::ControlFlow;

use super::cell::{CellStyle, push_json, push_text};
use super::column::Column;
use crate::decode::event::Event;
use crate::decode::json::JsonValue;
use crate::table::streamed_cell;
use crate::table::streamed_cell::ByteSink;

/// Appends the line of an event: the event itself if there are no columns.
pub(super) fn line(columns: &mut [Column], style: &CellStyle, event: &Event<'_>, file: &str, out: &mut Vec<u8>) {
    if columns.is_empty() {
        push_json(event.value(), out);
    } else {
        for (at, column) in columns.iter_mut().enumerate() {
            out.push(if at == 0 { b'{' } else { b',' });
            text(&[&column.name], out);
            out.push(b':');
            column.write_json(event, file, style, out);
        }
        out.push(b'}');
    }
    out.push(b'\n');
}

/// Writes the same line in pieces. Returns the number of values that were cut.
pub(super) fn line_in_pieces(
    columns: &mut [Column],
    style: &CellStyle,
    event: &Event<'_>,
    file: &str,
    emit: &mut ByteSink<'_>,
) -> ControlFlow<(), u64> {
    if columns.is_empty() {
        streamed_cell::json(event.value(), emit)?;
        emit(b"\n")?;
        return ControlFlow::Continue(0);
    }
    let (mut cut, mut name) = (0, Vec::new());
    for (at, column) in columns.iter_mut().enumerate() {
        name.clear();
        name.push(if at == 0 { b'{' } else { b',' });
        text(&[&column.name], &mut name);
        name.push(b':');
        emit(&name)?;
        cut += u64::from(column.json_in_pieces(event, file, style, emit)?);
    }
    emit(b"}\n")?;
    ControlFlow::Continue(cut)
}

/// Appends a value, or null if it is absent.
pub(super) fn value(value: Option<JsonValue<'_>>, out: &mut Vec<u8>) {
    match value {
        Some(value) => push_json(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends a value, converted to the selected zone if it is a time.
pub(super) fn time(shown: Option<JsonValue<'_>>, style: &CellStyle, out: &mut Vec<u8>) {
    match style.zoned(shown) {
        Some(time) => text(&[&time], out),
        None => value(shown, out),
    }
}

/// Like [`time`], for the time of an event.
pub(super) fn event_time(shown: Option<JsonValue<'_>>, style: &CellStyle, out: &mut Vec<u8>) {
    match style.zoned_event_time(shown) {
        Some(time) => text(&[&time], out),
        None => value(shown, out),
    }
}

/// Appends a string of the concatenated parts.
pub(super) fn text(parts: &[&str], out: &mut Vec<u8>) {
    out.push(b'"');
    for part in parts {
        for run in part.split_inclusive(['"', '\\']) {
            match run.strip_suffix(['"', '\\']) {
                Some(before) => {
                    push_text(before, out);
                    out.extend_from_slice(&[b'\\', run.as_bytes()[before.len()]]);
                }
                None => push_text(run, out),
            }
        }
    }
    out.push(b'"');
}

/// Ends an array, each of whose elements is followed by a comma.
pub(super) fn end_array(out: &mut Vec<u8>) {
    out.pop_if(|last| *last == b',');
    out.push(b']');
}
