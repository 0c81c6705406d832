//! The type of a column: its values as JSON and in spreadsheets.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{CellSource, Column, first, is_cut};
use crate::decode::event::Event;
use crate::decode::json::{JsonValue, ValueKind};
use crate::table::cell::CellStyle;
use crate::table::json;
use crate::table::streamed_cell;
use crate::table::streamed_cell::ByteSink;

/// The type of a column's cells in a spreadsheet.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ColumnType {
    /// Text, whatever it looks like: an account id is not a number.
    Text,
    /// Times, if they can be parsed.
    Time,
    /// By the event: numbers stay numbers, and times become times.
    Value,
}

impl Column {
    /// The type of the column's cells.
    pub fn column_type(&self) -> ColumnType {
        match &self.source {
            CellSource::Time(_) => ColumnType::Time,
            CellSource::Path(path) if !path.has_many_values() && self.name.contains(['.', '[']) => ColumnType::Value,
            _ => ColumnType::Text,
        }
    }

    /// Whether the cell of an event is a number, in a column that can have numbers.
    pub fn is_number(&self, event: &Event<'_>) -> bool {
        match &self.source {
            CellSource::Path(path) if self.column_type() == ColumnType::Value => {
                path.value(event).is_some_and(is_number)
            }
            _ => false,
        }
    }

    /// Appends the cell of an event as JSON: a value as delivered, a list as an array,
    /// null for an absent value, and times in the zone of `style`.
    pub fn write_json(&mut self, event: &Event<'_>, file: &str, style: &CellStyle, out: &mut Vec<u8>) {
        match &mut self.source {
            CellSource::Field(field) => json::value(event.get(*field), out),
            CellSource::Time(field) => json::event_time(event.get(*field), style, out),
            CellSource::Path(path) if path.has_many_values() => {
                out.push(b'[');
                path.each(event, &mut |value| {
                    json::value(Some(value), out);
                    out.push(b',');
                });
                json::end_array(out);
            }
            CellSource::Path(path) => json::time(path.value(event), style, out),
            CellSource::First(paths) => json::value(first(paths, event), out),
            CellSource::UserName(names) => names.write(event, out, |name, out| match name {
                Some(parts) => json::text(&parts, out),
                None => json::value(None, out),
            }),
            CellSource::Resources(fields) => {
                out.push(b'[');
                for resource in fields.list(event) {
                    json::text(&[&resource], out);
                    out.push(b',');
                }
                json::end_array(out);
            }
            CellSource::Derived(field) => match field.derived_text(event) {
                Some(text) => json::text(&[&text], out),
                None => json::value(None, out),
            },
            CellSource::Network(network) => match network.name(event) {
                Some(name) => json::text(&[name], out),
                None => json::value(None, out),
            },
            CellSource::Step(steps) => match steps.text(event) {
                Some(start) => json::text(&[start], out),
                None => json::value(None, out),
            },
            CellSource::File => json::text(&[file], out),
            CellSource::Verified(reader) => json::text(&[reader.name(file)], out),
        }
    }

    /// Appends a quotation mark and the unescaped text of a cell, and appends nothing if the cell
    /// is null. Returns whether the text was cut; `None` for columns other than users and files.
    /// It depends on the column alone whether its cells are written in this way.
    pub(in crate::table) fn write_plain(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) -> Option<bool> {
        match &mut self.source {
            CellSource::UserName(names) => {
                names.write(event, out, |name, out| {
                    if let Some(parts) = name {
                        out.push(b'"');
                        parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
                    }
                });
                Some(is_cut(out))
            }
            CellSource::File => {
                out.push(b'"');
                out.extend_from_slice(file.as_bytes());
                Some(false)
            }
            _ => None,
        }
    }

    /// Whether its cells are names of log files, and depend on nothing else.
    pub(in crate::table) fn is_file(&self) -> bool {
        matches!(self.source, CellSource::File)
    }

    /// Writes the cell of an event as JSON in pieces. Returns whether it was cut.
    pub(in crate::table) fn json_in_pieces(
        &mut self,
        event: &Event<'_>,
        file: &str,
        style: &CellStyle,
        emit: &mut ByteSink<'_>,
    ) -> ControlFlow<(), bool> {
        match &self.source {
            CellSource::Path(path) if path.has_many_values() => {
                let (mut flow, mut count) = (emit(b"["), 0);
                path.each(event, &mut |value| {
                    if flow.is_continue() && count > 0 {
                        flow = emit(b",");
                    }
                    if flow.is_continue() {
                        flow = streamed_cell::json(value, emit);
                    }
                    count += 1;
                });
                flow?;
                emit(b"]")?;
            }
            _ => match self.large_value(event) {
                Some(value) => streamed_cell::json(value, emit)?,
                None => {
                    let mut small = Vec::new();
                    self.write_json(event, file, style, &mut small);
                    emit(&small)?;
                    return ControlFlow::Continue(self.is_derived() && is_cut(&small));
                }
            },
        }
        ControlFlow::Continue(false)
    }
}

fn is_number(value: JsonValue<'_>) -> bool {
    value.kind() == ValueKind::Scalar && matches!(value.raw().first(), Some(b'-' | b'0'..=b'9'))
}
