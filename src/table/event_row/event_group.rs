//! Writes the columns of a group as one value, which rows share if it recurs.

use std::sync::Arc;

use super::SharedValues;
use super::event_column::{ColumnSource, EventColumn, PlainCells, RowEvent};
use super::field_runs::{FieldRuns, GroupField, OriginTexts};
use super::known_values::{KnownValues, SharedValue, ValueOccurrence};
use super::values::{begin_own, end_own, push_shared, replace_own};
use crate::cloudtrail::identity::IdentityReader;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;
use crate::table::cell::CellStyle;
use crate::table::column_groups::GroupKind;

/// Columns that have a value together.
#[derive(Clone, Debug)]
pub(super) struct EventGroup {
    number: usize,
    pub(super) columns: Vec<EventColumn>,
    sharing: GroupSharing,
}

/// How a value that recurs is recognized.
#[derive(Clone, Debug)]
enum GroupSharing {
    /// Not at all, as it is another one in every event.
    Never,
    /// By all that it depends on.
    ByOrigin(Box<ValueOrigin>),
    /// By the name of the log file, on which alone it depends. The last name is remembered with
    /// its value, as the events of a file follow each other.
    ByFile(Option<(String, SharedValue)>),
    /// By itself.
    ByValue,
}

/// All that the value of a group depends on, besides the fields that belong to it.
#[derive(Clone, Debug, Default)]
struct ValueOrigin {
    /// Fields that belong to other groups.
    further: Vec<FieldId>,
    /// If there is a message, resources depend on the caller too.
    message: Option<(FieldId, FieldId)>,
    /// Reads user names, some of which depend on fields of other groups.
    callers: Option<IdentityReader>,
}

/// What groups need to make their values.
#[derive(Clone, Debug)]
pub(super) struct ValueMaker {
    cells: PlainCells,
    known: KnownValues,
}

/// A row of this size loses its further long values.
const LARGE_ROW: usize = 40 << 20;

impl EventGroup {
    /// Creates a group, and adds its fields to those of the groups before.
    pub(super) fn new(
        number: usize,
        kind: GroupKind,
        columns: Vec<EventColumn>,
        fields: &mut FieldSet,
        of_groups: &mut Vec<GroupField>,
    ) -> Result<EventGroup, Error> {
        let sharing = match (kind, &columns[..]) {
            (GroupKind::Single, [EventColumn { source: ColumnSource::Cell(column), .. }]) => match column.is_file() {
                true => GroupSharing::ByFile(None),
                false => GroupSharing::ByValue,
            },
            (GroupKind::Single, columns) => {
                let fields = columns.iter().filter_map(EventColumn::field);
                of_groups.extend(fields.map(|field| GroupField { field, group: None }));
                GroupSharing::Never
            }
            _ => GroupSharing::ByOrigin(Box::new(ValueOrigin::new(number, &columns, fields, of_groups)?)),
        };
        Ok(EventGroup { number, columns, sharing })
    }

    /// Appends the value of an event to its row, which begins at `row` in `out`. Returns the
    /// number of values that were cut.
    pub(super) fn write(&mut self, of: RowEvent<'_, '_>, row: usize, maker: &mut ValueMaker, out: &mut Vec<u8>) -> u64 {
        match &self.sharing {
            GroupSharing::Never => {
                let start = begin_own(out);
                let cut = self.make(of, row, maker, out);
                end_own(start, out);
                return cut;
            }
            GroupSharing::ByFile(Some((file, value))) if file == of.file => {
                push_shared(*value, out);
                return 0;
            }
            _ => {}
        }
        let mut texts = OriginTexts::default();
        let has_texts = match (&self.sharing, of.runs) {
            (GroupSharing::ByOrigin(origin), Some(runs)) => {
                origin.push_texts(self.number, of.event, runs, &mut texts).is_some()
            }
            (GroupSharing::ByFile(_), _) => texts.push(0, of.file.as_bytes()).is_some(),
            _ => false,
        };
        let occurrence = if has_texts { maker.known.look_up(self.number, &texts) } else { ValueOccurrence::First };
        if let ValueOccurrence::Shared(value) = occurrence {
            if let GroupSharing::ByFile(last) = &mut self.sharing {
                *last = Some((of.file.to_string(), value));
            }
            push_shared(value, out);
            return 0;
        }
        let start = begin_own(out);
        let cut = self.make(of, row, maker, out);
        // What was cut must be counted in each event.
        let is_recurring = match &mut self.sharing {
            GroupSharing::ByOrigin(origin) => occurrence == ValueOccurrence::Again && origin.is_complete(of.event),
            _ => occurrence == ValueOccurrence::Again,
        };
        let shared = match &self.sharing {
            _ if cut > 0 => None,
            GroupSharing::ByValue => maker.known.share_if_known(self.number, &out[start..]),
            _ if is_recurring => maker.known.share(self.number, &texts, &out[start..]),
            _ => None,
        };
        match shared {
            Some(shared) => replace_own(start, shared, out),
            None => end_own(start, out),
        }
        cut
    }

    /// Appends the values of all columns.
    fn make(&mut self, of: RowEvent<'_, '_>, row: usize, maker: &mut ValueMaker, out: &mut Vec<u8>) -> u64 {
        let mut cut = 0;
        for column in &mut self.columns {
            let is_large = of.is_large || out.len() - row > LARGE_ROW;
            cut += column.write(RowEvent { is_large, ..of }, &mut maker.cells, out);
        }
        cut
    }
}

impl ValueOrigin {
    fn new(
        group: usize,
        columns: &[EventColumn],
        fields: &mut FieldSet,
        of_groups: &mut Vec<GroupField>,
    ) -> Result<ValueOrigin, Error> {
        let mut origin = ValueOrigin::default();
        let mut read = Vec::new();
        for column in columns {
            match &column.source {
                ColumnSource::Found(resources) => {
                    read.extend(resources.fields());
                    origin.message = Some((fields.slot("errorMessage")?, fields.slot("userIdentity")?));
                }
                // The only cell of a group is the user name.
                ColumnSource::Cell(_) => {
                    read.push(fields.slot("userIdentity")?);
                    origin.callers = Some(IdentityReader::new(fields)?);
                }
                _ => read.extend(column.field()),
            }
        }
        for field in read {
            match of_groups.iter().find(|known| known.field == field) {
                None => of_groups.push(GroupField { field, group: Some(group) }),
                Some(known) if known.group == Some(group) || origin.further.contains(&field) => {}
                Some(_) => origin.further.push(field),
            }
        }
        Ok(origin)
    }

    /// Adds all that the value of an event is made of; `None` if these are too many texts.
    fn push_texts<'a>(
        &self,
        group: usize,
        event: &Event<'a>,
        runs: &FieldRuns,
        texts: &mut OriginTexts<'a>,
    ) -> Option<()> {
        runs.push_texts(group, event, texts)?;
        let identity = self.message.filter(|(message, _)| event.span(*message).is_some()).map(|(_, identity)| identity);
        for field in self.further.iter().copied().chain(identity) {
            if let Some([start, end]) = event.span(field) {
                texts.push(field.number(), event.text(start, end))?;
            }
        }
        Some(())
    }

    /// Whether the value of this event is made of nothing else.
    fn is_complete(&mut self, event: &Event<'_>) -> bool {
        self.callers.as_mut().is_none_or(|callers| callers.principal(event).is_identity())
    }
}

impl ValueMaker {
    /// `shared` is `None` if rows have all values themselves.
    pub(super) fn new(style: CellStyle, shared: Option<Arc<SharedValues>>) -> ValueMaker {
        ValueMaker { cells: PlainCells { style, text: Vec::new() }, known: KnownValues::new(shared) }
    }
}
