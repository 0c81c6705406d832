//! Rows of a columnar file: the values of an event in the shapes of the schema, on their way
//! from a worker to the file.
//!
//! A row is its length, the length of its key, the key, the length of the folder of its
//! partition, which the key begins with, and the values. Lengths are four bytes. The key is
//! the folder and then the time, unless rows keep their order. Rows are sorted by their keys.
//! Values that recur are shared between rows, unless the file is a database.

mod known_values;
mod shared_values;
mod value;
mod values;

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;

use self::known_values::KnownValues;
pub use self::shared_values::SharedValues;
pub use self::values::{NestedValues, RowStart, RowValue, RowValues, SplitRow};
use super::cell::CellStyle;
use super::column::{Column, select_names, selected_names};
use super::event_schema::{ColumnShape, EVENT_TIME, RECORD, RESOURCES_FOUND, SCHEMA, UNIQUE, shape_of};
use super::layout::{Format, OutputColumn, TableLayout};
use super::partition::PartitionKey;
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::digest::file_verdict::VerdictReader;
use crate::cloudtrail::resource::ResourceFields;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;
use crate::table::catalogue;
use crate::table::column::ColumnType;
use crate::table::streamed_cell::{ByteSink, PIECE};

/// Writes events as rows of a columnar file.
#[derive(Clone, Debug)]
pub(super) struct EventRows {
    columns: Vec<EventColumn>,
    partitions: Vec<PartitionKey>,
    /// Whether rows stay in the order in which they are written.
    keeps_order: bool,
    time: FieldId,
    account: FieldId,
    region: FieldId,
    /// The rules of cells, none of which applies here.
    style: CellStyle,
    /// The name of the last day or month, and a day in it since 1970.
    last_day: Option<(PartitionKey, i64, String)>,
    folder: String,
    text: Vec<u8>,
    known: KnownValues,
    /// What a value is made of.
    origin: Vec<u8>,
}

/// A column, and where its values come from.
#[derive(Clone, Debug)]
struct EventColumn {
    name: String,
    shape: ColumnShape,
    source: ValueSource,
}

#[derive(Clone, Debug)]
enum ValueSource {
    /// A field of the event.
    Field(FieldId),
    /// A field of the event that is another one in every event.
    Unique(FieldId),
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

/// Limits on memory.
struct Limit;

impl Limit {
    /// Larger events lose their long values. AWS allows events of a hundredth of it.
    const EVENT: usize = 16 << 20;
    /// Further cells of a row of this size lose their long values.
    const ROW: usize = 40 << 20;
}

impl EventRows {
    /// Resolves the columns of `layout` and registers the fields that they need.
    pub(super) fn new(layout: &TableLayout, fields: &mut FieldSet) -> Result<EventRows, Error> {
        let usual: Vec<&str> = SCHEMA.iter().map(|column| column.name).collect();
        let is_typed = layout.format == Format::Parquet;
        let selected = match is_typed {
            true => select_names(&layout.columns, &usual, canonical, fields)?,
            false => selected_names(&layout.columns, fields)?,
        };
        let mut columns: Vec<EventColumn> = Vec::new();
        for name in selected {
            if columns.iter().any(|column| column.name == name) {
                continue;
            }
            columns.push(match is_typed {
                true => EventColumn::new(name, fields)?,
                false => EventColumn::cell(name, fields)?,
            });
        }
        if layout.files.with_record {
            columns.push(EventColumn::new(RECORD, fields)?);
        }
        Ok(EventRows {
            columns,
            partitions: layout.files.partitions.clone(),
            keeps_order: layout.files.keeps_order || !is_typed,
            time: fields.slot(EVENT_TIME)?,
            account: fields.slot("recipientAccountId")?,
            region: fields.slot("awsRegion")?,
            style: CellStyle::new("", false, layout.zone.clone().filter(|_| !is_typed)),
            last_day: None,
            folder: String::new(),
            text: Vec::new(),
            known: KnownValues::new(is_typed.then(|| Arc::clone(&layout.files.shared))),
            origin: Vec::new(),
        })
    }

    /// The readers of actors in the columns.
    pub(super) fn actor_readers(&mut self) -> impl Iterator<Item = &mut ActorReader> {
        self.columns.iter_mut().filter_map(|column| match &mut column.source {
            ValueSource::Cell(column) | ValueSource::Json(column) => column.actor_reader(),
            _ => None,
        })
    }

    /// The readers of verdicts in the columns.
    pub(super) fn verdict_readers(&mut self) -> impl Iterator<Item = &mut VerdictReader> {
        self.columns.iter_mut().filter_map(|column| match &mut column.source {
            ValueSource::Cell(column) | ValueSource::Json(column) => column.verdict_reader(),
            _ => None,
        })
    }

    /// The names of the columns.
    pub(super) fn output_columns(&self) -> Vec<OutputColumn> {
        let shows = |column: &EventColumn| match &column.source {
            ValueSource::Json(_) => ColumnType::Value,
            _ => ColumnType::Text,
        };
        let column =
            |column: &EventColumn| OutputColumn { name: column.name.clone(), shows: shows(column), leave_out: None };
        self.columns.iter().map(column).collect()
    }

    /// Appends the row of an event. Returns the number of values that were cut.
    pub(super) fn row(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) -> u64 {
        let start = begin(out);
        let time = event.get(self.time).and_then(time::of_value);
        self.key(event, time, out);
        let is_large = event.value().raw().len() > Limit::EVENT;
        let mut cut = 0;
        let EventRows { columns, style, text, known, origin, .. } = self;
        for (at, column) in columns.iter_mut().enumerate() {
            let is_large = is_large || out.len() - start > Limit::ROW;
            let shape = column.shape;
            cut += match &mut column.source {
                ValueSource::Field(slot) | ValueSource::Unique(slot) if event.get(*slot).is_none() => {
                    known.own(out, |out| value::shaped(None, shape, false, out))
                }
                ValueSource::Field(slot) if !is_large => {
                    let field = event.get(*slot);
                    let written = field.map_or(&[][..], |field| field.raw());
                    known.write(at, written, out, |out| value::shaped(field, shape, false, out))
                }
                ValueSource::Field(slot) | ValueSource::Unique(slot) => {
                    known.own(out, |out| value::shaped(event.get(*slot), shape, is_large, out))
                }
                ValueSource::Time => known.own(out, |out| value::time(time, out)),
                ValueSource::Found(fields) if !is_large => {
                    origin.clear();
                    fields.push_origin(event, origin);
                    known.write(at, origin, out, |out| value::texts(&fields.list(event), out))
                }
                ValueSource::Found(fields) => known.own(out, |out| value::texts(&fields.list(event), out)),
                ValueSource::Cell(column) => {
                    origin.clear();
                    let cut = value::cell(column, event, file, style, is_large, text, origin);
                    known.made(at, origin, cut, out)
                }
                ValueSource::Json(column) => {
                    known.own(out, |out| value::json_cell(column, event, file, style, is_large, text, out))
                }
                ValueSource::Record => known.own(out, |out| value::record(event.value(), is_large, out)),
            };
        }
        // One long value must not take memory for the rest of the run.
        origin.shrink_to(1 << 20);
        end(out, start);
        cut
    }

    /// Writes the row of a large event in pieces. Returns the number of values that were cut.
    pub(super) fn row_in_pieces(
        &mut self,
        event: &Event<'_>,
        file: &str,
        emit: &mut ByteSink<'_>,
    ) -> ControlFlow<(), u64> {
        let mut row = Vec::new();
        let cut = self.row(event, file, &mut row);
        row.chunks(PIECE).try_for_each(emit)?;
        ControlFlow::Continue(cut)
    }

    /// Appends the key of a row and the length of its folder.
    fn key(&mut self, event: &Event<'_>, time: Option<Timestamp>, out: &mut Vec<u8>) {
        self.folder.clear();
        for key in &self.partitions {
            let text = |slot| event.get(slot).and_then(|value| value.scalar());
            match key {
                PartitionKey::Account => key.push_folder(text(self.account).as_deref(), &mut self.folder),
                PartitionKey::Region => key.push_folder(text(self.region).as_deref(), &mut self.folder),
                PartitionKey::Day | PartitionKey::Month => {
                    let name = time.map(|time| name_of(&mut self.last_day, *key, time));
                    key.push_folder(name, &mut self.folder);
                }
            }
        }
        let start = begin(out);
        out.extend_from_slice(self.folder.as_bytes());
        if !self.keeps_order {
            // Less than any byte of a folder, so that a folder sorts before longer ones.
            out.push(0);
            // Events without a time come last.
            let since = time.map_or(i64::MAX, Timestamp::as_millisecond);
            out.extend_from_slice(&(since ^ i64::MIN).to_be_bytes());
        }
        end(out, start);
        out.extend_from_slice(&(self.folder.len() as u32).to_le_bytes());
    }
}

impl EventColumn {
    /// A column of other formats. Cells that may be numbers are JSON, which distinguishes
    /// these from strings.
    fn cell(name: &str, fields: &mut FieldSet) -> Result<EventColumn, Error> {
        let column = Box::new(Column::new("--columns", name, fields)?);
        let source = match column.shows() {
            ColumnType::Value => ValueSource::Json(column),
            ColumnType::Text | ColumnType::Time => ValueSource::Cell(column),
        };
        Ok(EventColumn { name: name.to_string(), shape: ColumnShape::Text, source })
    }

    fn new(name: &str, fields: &mut FieldSet) -> Result<EventColumn, Error> {
        let shape = shape_of(name);
        let is_in_schema = SCHEMA.iter().any(|column| column.name == name);
        let source = match name {
            EVENT_TIME => ValueSource::Time,
            RECORD => ValueSource::Record,
            RESOURCES_FOUND => ValueSource::Found(ResourceFields::new(fields)?),
            "userName" | "file" => ValueSource::Cell(Box::new(Column::new("--columns", name, fields)?)),
            _ if UNIQUE.contains(&name) => ValueSource::Unique(fields.slot(name)?),
            _ if is_in_schema => ValueSource::Field(fields.slot(name)?),
            _ => ValueSource::Cell(Box::new(Column::new("--columns", name, fields)?)),
        };
        Ok(EventColumn { name: name.to_string(), shape, source })
    }
}

/// The name of the day or month of a time. Most events are on the day of the event before.
fn name_of(last: &mut Option<(PartitionKey, i64, String)>, key: PartitionKey, time: Timestamp) -> &str {
    let day = time.as_second().div_euclid(24 * 60 * 60);
    if !matches!(last, Some((last_key, last_day, _)) if (*last_key, *last_day) == (key, day)) {
        *last = Some((key, day, key.of_time(time)));
    }
    last.as_ref().map_or("", |(_, _, name)| name)
}

/// The schema's or the catalogue's name for `typed`, in any case.
fn canonical(typed: &str) -> Option<&'static str> {
    let in_schema = SCHEMA.iter().find(|column| column.name.eq_ignore_ascii_case(typed)).map(|column| column.name);
    in_schema.or_else(|| catalogue::canonical(typed))
}

/// Appends the place for a length, and returns where what it counts starts.
fn begin(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[0; 4]);
    out.len()
}

/// Writes the length of what starts at `start`.
fn end(out: &mut [u8], start: usize) {
    let length = (out.len() - start) as u32;
    out[start - 4..start].copy_from_slice(&length.to_le_bytes());
}
