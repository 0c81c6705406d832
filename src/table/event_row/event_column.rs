//! A column of a columnar file, and where its values come from.

use jiff::Timestamp;

use super::field_runs::FieldRuns;
use super::value;
use crate::cloudtrail::resource::ResourceFields;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;
use crate::table::cell::CellStyle;
use crate::table::column::{Column, ColumnType};
use crate::table::event_schema::{ColumnShape, EVENT_TIME, RECORD, RESOURCES_FOUND, SCHEMA, shape_of};
use crate::table::layout::OutputColumn;

/// A column.
#[derive(Clone, Debug)]
pub(super) struct EventColumn {
    pub(super) name: String,
    pub(super) shape: ColumnShape,
    pub(super) source: ColumnSource,
}

/// Where the values of a column come from.
#[derive(Clone, Debug)]
pub(super) enum ColumnSource {
    /// A field of the event.
    Field(FieldId),
    /// The time of the event.
    Time,
    /// The resources found anywhere in the event.
    Found(ResourceFields),
    /// The cell of a column of other formats, as a text.
    Cell(Box<Column>),
    /// The cell of a column of other formats, as JSON.
    Json(Box<Column>),
    /// The event itself.
    Record,
}

/// An event, and what is known of it.
#[derive(Clone, Copy)]
pub(super) struct RowEvent<'e, 'a> {
    pub(super) event: &'e Event<'a>,
    pub(super) file: &'e str,
    pub(super) time: Option<Timestamp>,
    /// Whether it loses its long values.
    pub(super) is_large: bool,
    /// The runs that determine its fields, if any.
    pub(super) runs: Option<&'e FieldRuns>,
}

/// The rules of cells, none of which applies here, and a buffer.
#[derive(Clone, Debug)]
pub(super) struct PlainCells {
    pub(super) style: CellStyle,
    pub(super) text: Vec<u8>,
}

impl EventColumn {
    /// A column of other formats. Cells that may be numbers are JSON, which distinguishes
    /// these from strings.
    pub(super) fn cell(name: &str, fields: &mut FieldSet) -> Result<EventColumn, Error> {
        let column = Box::new(Column::new("--columns", name, fields)?);
        let source = match column.column_type() {
            ColumnType::Value => ColumnSource::Json(column),
            ColumnType::Text | ColumnType::Time => ColumnSource::Cell(column),
        };
        Ok(EventColumn { name: name.to_string(), shape: ColumnShape::Text, source })
    }

    /// A column of the schema, or of the catalogue.
    pub(super) fn new(name: &str, fields: &mut FieldSet) -> Result<EventColumn, Error> {
        let shape = shape_of(name);
        let is_in_schema = SCHEMA.iter().any(|column| column.name == name);
        let source = match name {
            EVENT_TIME => ColumnSource::Time,
            RECORD => ColumnSource::Record,
            RESOURCES_FOUND => ColumnSource::Found(ResourceFields::new(fields)?),
            "userName" | "file" => ColumnSource::Cell(Box::new(Column::new("--columns", name, fields)?)),
            _ if is_in_schema => ColumnSource::Field(fields.add(name)?),
            _ => ColumnSource::Cell(Box::new(Column::new("--columns", name, fields)?)),
        };
        Ok(EventColumn { name: name.to_string(), shape, source })
    }

    /// The field that the column shows, if any.
    pub(super) fn field(&self) -> Option<FieldId> {
        match self.source {
            ColumnSource::Field(field) => Some(field),
            _ => None,
        }
    }

    /// The column as it is shown.
    pub(super) fn output(&self) -> OutputColumn {
        let column_type = match &self.source {
            ColumnSource::Json(_) => ColumnType::Value,
            _ => ColumnType::Text,
        };
        OutputColumn { name: self.name.clone(), column_type, leave_out: None }
    }

    /// Appends the value of an event. Returns the number of values that were cut.
    pub(super) fn write(&mut self, of: RowEvent<'_, '_>, cells: &mut PlainCells, out: &mut Vec<u8>) -> u64 {
        match &mut self.source {
            ColumnSource::Field(field) => value::shaped(of.event.get(*field), self.shape, of.is_large, out),
            ColumnSource::Time => value::time(of.time, out),
            ColumnSource::Found(fields) => value::texts(&fields.list(of.event), out),
            ColumnSource::Cell(column) => value::cell(column, of, cells, out),
            ColumnSource::Json(column) => value::json_cell(column, of, cells, out),
            ColumnSource::Record => value::record(of.event.value(), of.is_large, out),
        }
    }
}
