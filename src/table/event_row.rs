//! Rows of a columnar file: the values of an event in the shapes of the schema, on their way
//! from a worker to the file.
//!
//! A row is its length, the length of its key, the key, the length of the folder of its
//! partition, which the key begins with, and the values. Lengths are four bytes. The key is
//! the folder and then the time, unless rows keep their order. Rows are sorted by their keys.
//! Columns have their values in groups, and values that recur are shared between rows, unless
//! the file is a database.

mod event_column;
mod event_group;
mod field_runs;
mod known_table;
mod known_values;
mod shared_values;
#[cfg(test)]
mod tests;
mod value;
mod values;

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;

use self::event_column::{ColumnSource, EventColumn, RowEvent};
use self::event_group::{EventGroup, ValueMaker};
use self::field_runs::{FieldRuns, GroupField};
use self::known_values::ValueOccurrence;
pub use self::shared_values::SharedValues;
pub use self::values::{NestedValues, RowStart, RowValue, RowValues, SplitRow};
use super::cell::CellStyle;
use super::column::{Column, select_names, selected_names};
use super::column_groups::{ColumnGroup, GroupKind, column_groups};
use super::event_schema::{EVENT_TIME, RECORD, SCHEMA};
use super::layout::{Format, OutputColumn, TableLayout};
use super::partition::PartitionKey;
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::digest::file_verdict::VerdictReader;
use crate::cloudtrail::time::HourMemo;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;
use crate::table::catalogue;
use crate::table::streamed_cell::{ByteSink, PIECE};

/// Writes events as rows of a columnar file.
#[derive(Clone, Debug)]
pub(super) struct EventRows {
    groups: Vec<EventGroup>,
    /// The indexes of the groups that have an origin.
    origins: Vec<usize>,
    /// The columns in the order of the file.
    columns: Vec<OutputColumn>,
    partitions: Vec<PartitionKey>,
    /// Whether rows stay in the order in which they are written.
    keeps_order: bool,
    time: FieldId,
    account: FieldId,
    region: FieldId,
    hour: HourMemo,
    /// The name of the last day or month, and a day in it since 1970.
    last_day: Option<(PartitionKey, i64, String)>,
    folder: String,
    runs: FieldRuns,
    maker: ValueMaker,
}

/// The most groups that are recognized by their origin: one of each kind.
const ORIGINS: usize = 3;

/// Larger events lose their long values. AWS allows events of a hundredth of it.
const LARGE_EVENT: usize = 16 << 20;

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
        let style = CellStyle::new("", false, layout.zone.clone().filter(|_| !is_typed));
        let shared = is_typed.then(|| Arc::clone(&layout.files.shared));
        let time = fields.add(EVENT_TIME)?;
        let mut of_groups = vec![GroupField { field: time, group: None }];
        let shown = columns.iter().map(EventColumn::output).collect();
        let groups = groups_of(columns, is_typed, fields, &mut of_groups)?;
        Ok(EventRows {
            columns: shown,
            runs: FieldRuns::new(if is_typed { of_groups } else { Vec::new() }, groups.len()),
            origins: (0..groups.len()).filter(|number| groups[*number].has_origin()).collect(),
            groups,
            partitions: layout.files.partitions.clone(),
            keeps_order: layout.files.keeps_order || !is_typed,
            time,
            account: fields.add("recipientAccountId")?,
            region: fields.add("awsRegion")?,
            hour: HourMemo::default(),
            last_day: None,
            folder: String::new(),
            maker: ValueMaker::new(style, shared),
        })
    }

    /// The readers of actors in the columns.
    pub(super) fn actor_readers(&mut self) -> impl Iterator<Item = &mut ActorReader> {
        self.cells().filter_map(Column::actor_reader)
    }

    /// The readers of verdicts in the columns.
    pub(super) fn verdict_readers(&mut self) -> impl Iterator<Item = &mut VerdictReader> {
        self.cells().filter_map(Column::verdict_reader)
    }

    /// The columns of other formats.
    fn cells(&mut self) -> impl Iterator<Item = &mut Column> {
        self.groups.iter_mut().flat_map(|group| &mut group.columns).filter_map(|column| match &mut column.source {
            ColumnSource::Cell(column) | ColumnSource::Json(column) => Some(&mut **column),
            _ => None,
        })
    }

    /// The columns, in the order of the file.
    pub(super) fn output_columns(&self) -> Vec<OutputColumn> {
        self.columns.clone()
    }

    /// Appends the row of an event. Returns the number of values that were cut.
    pub(super) fn row(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) -> u64 {
        let start = begin(out);
        let time = event.get(self.time).and_then(|value| self.hour.of_value(value));
        self.key(event, time, out);
        let is_large = event.value().raw().len() > LARGE_EVENT;
        let has_runs = !is_large && self.runs.find(event);
        let known = if has_runs { self.known(event) } else { [ValueOccurrence::First; ORIGINS] };
        let of = RowEvent { event, file, time, is_large, runs: has_runs.then_some(&self.runs) };
        let (mut cut, mut origin) = (0, 0);
        for group in &mut self.groups {
            let occurrence = known.get(origin).copied().filter(|_| group.has_origin());
            origin += usize::from(group.has_origin());
            cut += group.write(of, occurrence.unwrap_or(ValueOccurrence::First), start, &mut self.maker, out);
        }
        end(out, start);
        cut
    }

    /// Looks up the values of the groups that have an origin.
    #[inline]
    fn known(&mut self, event: &Event<'_>) -> [ValueOccurrence; ORIGINS] {
        let mut lookups = [None; ORIGINS];
        for number in &self.origins {
            self.groups[*number].complete_origin(event, &mut self.runs);
        }
        for (lookup, number) in lookups.iter_mut().zip(&self.origins) {
            *lookup = self.groups[*number].lookup(event, &self.runs);
        }
        self.maker.known.look_up_all(&lookups)
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
            let text = |field| event.get(field).and_then(|value| value.scalar());
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
            if !self.partitions.is_empty() {
                // Less than any byte of a folder, so that a folder sorts before longer ones.
                out.push(0);
            }
            // Events without a time come last.
            let since = time.map_or(i64::MAX, Timestamp::as_millisecond);
            out.extend_from_slice(&(since ^ i64::MIN).to_be_bytes());
        }
        end(out, start);
        out.extend_from_slice(&(self.folder.len() as u32).to_le_bytes());
    }
}

/// Groups the columns of a file. A database has no groups.
fn groups_of(
    columns: Vec<EventColumn>,
    is_typed: bool,
    fields: &mut FieldSet,
    of_groups: &mut Vec<GroupField>,
) -> Result<Vec<EventGroup>, Error> {
    let single = |position| ColumnGroup { kind: GroupKind::Single, columns: vec![position] };
    let groups = match is_typed {
        true => column_groups(columns.iter().map(|column| &*column.name)),
        false => (0..columns.len()).map(single).collect(),
    };
    let mut columns: Vec<Option<EventColumn>> = columns.into_iter().map(Some).collect();
    let group = |(number, group): (usize, ColumnGroup)| {
        let columns = group.columns.iter().filter_map(|position| columns[*position].take());
        EventGroup::new(number, group.kind, columns.collect(), fields, of_groups)
    };
    groups.into_iter().enumerate().map(group).collect()
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
