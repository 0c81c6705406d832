//! Writes the columns of a group as one value, which rows share if it recurs.

use std::sync::Arc;

use super::SharedValues;
use super::event_column::{ColumnSource, EventColumn, PlainCells, RowEvent};
use super::known_values::{KnownValues, Occurrence, SharedValue};
use super::values::{push_own, push_shared};
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
    /// By itself.
    ByValue,
}

/// All that the value of a group depends on.
#[derive(Clone, Debug)]
struct ValueOrigin {
    fields: Vec<FieldId>,
    /// If there is a message, resources depend on the caller too.
    message: Option<(FieldId, FieldId)>,
    /// Reads user names, some of which depend on further fields.
    callers: Option<IdentityReader>,
}

/// What groups need to make their values.
#[derive(Clone, Debug)]
pub(super) struct ValueMaker {
    cells: PlainCells,
    known: KnownValues,
    origin: Vec<u8>,
    value: Vec<u8>,
}

/// A row of this size loses its further long values.
const LARGE_ROW: usize = 40 << 20;
/// One long value must not take more memory than this for the rest of the run.
const KEPT: usize = 1 << 20;

impl EventGroup {
    pub(super) fn new(
        number: usize,
        kind: GroupKind,
        columns: Vec<EventColumn>,
        fields: &mut FieldSet,
    ) -> Result<EventGroup, Error> {
        let sharing = match (kind, &columns[..]) {
            (GroupKind::Single, [EventColumn { source: ColumnSource::Cell(_), .. }]) => GroupSharing::ByValue,
            (GroupKind::Single, _) => GroupSharing::Never,
            _ => GroupSharing::ByOrigin(Box::new(ValueOrigin::new(&columns, fields)?)),
        };
        Ok(EventGroup { number, columns, sharing })
    }

    /// Appends the value of an event to its row, which has `before` bytes so far. Returns the
    /// number of values that were cut.
    pub(super) fn write(
        &mut self,
        of: RowEvent<'_, '_>,
        before: usize,
        maker: &mut ValueMaker,
        out: &mut Vec<u8>,
    ) -> u64 {
        let mut recurring = None;
        if let GroupSharing::ByOrigin(origin) = &self.sharing
            && !of.is_large
        {
            maker.origin.clear();
            origin.push(of.event, &mut maker.origin);
            match maker.known.look_up(self.number, &maker.origin) {
                Occurrence::Shared(value) => {
                    push_shared(value, out);
                    return 0;
                }
                Occurrence::Again(place) => recurring = Some(place),
                Occurrence::First => {}
            }
        }
        let cut = self.make(of, before, maker);
        // What was cut must be counted in each event.
        let shared = if cut == 0 { self.share(of.event, recurring, maker) } else { None };
        match shared {
            Some(shared) => push_shared(shared, out),
            None => push_own(&maker.value, out),
        }
        maker.origin.shrink_to(KEPT);
        maker.value.shrink_to(KEPT);
        cut
    }

    /// Makes the values of all columns.
    fn make(&mut self, of: RowEvent<'_, '_>, before: usize, maker: &mut ValueMaker) -> u64 {
        let ValueMaker { cells, value, .. } = maker;
        value.clear();
        let mut cut = 0;
        for column in &mut self.columns {
            let is_large = of.is_large || before + value.len() > LARGE_ROW;
            cut += column.write(RowEvent { is_large, ..of }, cells, value);
        }
        cut
    }

    /// Shares the value that was made, if it recurs. `place` is that of its origin.
    fn share(&mut self, event: &Event<'_>, place: Option<usize>, maker: &mut ValueMaker) -> Option<SharedValue> {
        let ValueMaker { known, value, .. } = maker;
        let place = match &mut self.sharing {
            GroupSharing::Never => return None,
            GroupSharing::ByOrigin(origin) => place.filter(|_| origin.is_complete(event))?,
            GroupSharing::ByValue => match known.look_up(self.number, value) {
                Occurrence::First => return None,
                Occurrence::Again(place) => place,
                Occurrence::Shared(shared) => return Some(shared),
            },
        };
        known.share(place, self.number, value)
    }
}

impl ValueOrigin {
    fn new(columns: &[EventColumn], fields: &mut FieldSet) -> Result<ValueOrigin, Error> {
        let mut origin = ValueOrigin { fields: Vec::new(), message: None, callers: None };
        for column in columns {
            match &column.source {
                ColumnSource::Field(field) => origin.add(*field),
                ColumnSource::Found(resources) => {
                    resources.fields().for_each(|field| origin.add(field));
                    origin.message = Some((fields.slot("errorMessage")?, fields.slot("userIdentity")?));
                }
                // The only cell of a group is the user name.
                _ => {
                    origin.add(fields.slot("userIdentity")?);
                    origin.callers = Some(IdentityReader::new(fields)?);
                }
            }
        }
        Ok(origin)
    }

    fn add(&mut self, field: FieldId) {
        if !self.fields.contains(&field) {
            self.fields.push(field);
        }
    }

    /// Appends what the fields of an event say, each with its length, so that no other fields
    /// give the same bytes.
    fn push(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        let mut push = |field: FieldId| {
            let Some(value) = event.get(field) else { return out.extend_from_slice(&u32::MAX.to_le_bytes()) };
            let written = value.raw();
            out.extend_from_slice(&(written.len() as u32).to_le_bytes());
            out.extend_from_slice(written);
        };
        self.fields.iter().for_each(|field| push(*field));
        if let Some((message, identity)) = self.message
            && event.get(message).is_some()
        {
            push(identity);
        }
    }

    /// Whether the fields determine the value of this event.
    fn is_complete(&mut self, event: &Event<'_>) -> bool {
        self.callers.as_mut().is_none_or(|callers| callers.principal(event).is_identity())
    }
}

impl ValueMaker {
    /// `shared` is `None` if rows have all values themselves.
    pub(super) fn new(style: CellStyle, shared: Option<Arc<SharedValues>>) -> ValueMaker {
        ValueMaker {
            cells: PlainCells { style, text: Vec::new() },
            known: KnownValues::new(shared),
            origin: Vec::new(),
            value: Vec::new(),
        }
    }
}
