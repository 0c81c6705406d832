//! Writes the columns of a group as one value, which rows share if it recurs.

use std::sync::Arc;

use super::SharedValues;
use super::event_column::{ColumnSource, EventColumn, PlainCells, RowEvent};
use super::field_runs::{FieldRuns, GroupField, OriginSpans};
use super::known_values::{KnownValues, Lookup, SharedValue, ValueOccurrence};
use super::values::{begin_own, end_own, push_null, push_shared, replace_own};
use crate::cloudtrail::identity::IdentityReader;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;
use crate::table::cell::CellStyle;
use crate::table::column_groups::GroupKind;
use crate::table::event_schema::ColumnShape;

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
    /// Not at all, and it is the text of a field.
    Unique(FieldId),
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
    pub(super) known: KnownValues,
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
                match columns {
                    [EventColumn { source: ColumnSource::Field(field), shape: ColumnShape::Text, .. }] => {
                        GroupSharing::Unique(*field)
                    }
                    _ => GroupSharing::Never,
                }
            }
            _ => GroupSharing::ByOrigin(Box::new(ValueOrigin::new(number, &columns, fields, of_groups)?)),
        };
        Ok(EventGroup { number, columns, sharing })
    }

    /// Whether the value is recognized by all that it depends on.
    #[inline]
    pub(super) fn has_origin(&self) -> bool {
        matches!(self.sharing, GroupSharing::ByOrigin(_))
    }

    /// Adds the fields of other groups that the value of an event depends on.
    #[inline]
    pub(super) fn complete_origin(&self, event: &Event<'_>, runs: &mut FieldRuns) {
        if let GroupSharing::ByOrigin(origin) = &self.sharing {
            origin.complete(self.number, event, runs);
        }
    }

    /// What the value of an event is looked up by.
    #[inline]
    pub(super) fn lookup<'a>(&self, event: &Event<'a>, runs: &'a FieldRuns) -> Option<Lookup<'a>> {
        Some(Lookup::new(self.number, runs.origin(self.number, event)?))
    }

    /// Appends the value of an event to its row, which begins at `row` in `out`. If it was looked
    /// up by its origin, it has an occurrence. Returns the number of values that were cut.
    #[inline]
    pub(super) fn write(
        &mut self,
        of: RowEvent<'_, '_>,
        occurrence: ValueOccurrence,
        row: usize,
        maker: &mut ValueMaker,
        out: &mut Vec<u8>,
    ) -> u64 {
        match &self.sharing {
            GroupSharing::ByOrigin(_) => match occurrence {
                ValueOccurrence::Shared(value) => {
                    push_shared(value, out);
                    0
                }
                ValueOccurrence::Again => self.write_again(of, row, maker, out),
                ValueOccurrence::First => self.write_own(of, row, maker, out),
            },
            GroupSharing::Unique(field) if write_short(*field, of.event, out) => 0,
            GroupSharing::Unique(_) | GroupSharing::Never => self.write_own(of, row, maker, out),
            GroupSharing::ByFile(Some((file, value))) if file == of.file => {
                push_shared(*value, out);
                0
            }
            GroupSharing::ByFile(_) => self.write_by_file(of, row, maker, out),
            GroupSharing::ByValue => self.write_by_value(of, row, maker, out),
        }
    }

    /// Appends a value that is not shared.
    fn write_own(&mut self, of: RowEvent<'_, '_>, row: usize, maker: &mut ValueMaker, out: &mut Vec<u8>) -> u64 {
        let start = begin_own(out);
        let cut = self.make(of, row, maker, out);
        end_own(start, out);
        cut
    }

    /// Appends a value that occurred before, and shares it.
    fn write_again(&mut self, of: RowEvent<'_, '_>, row: usize, maker: &mut ValueMaker, out: &mut Vec<u8>) -> u64 {
        let start = begin_own(out);
        let cut = self.make(of, row, maker, out);
        let is_complete = match &mut self.sharing {
            GroupSharing::ByOrigin(origin) => origin.is_complete(of.event),
            _ => false,
        };
        let lookup = of.runs.and_then(|runs| self.lookup(of.event, runs));
        let shared = match lookup {
            // What was cut must be counted in each event.
            Some(lookup) if is_complete && cut == 0 => maker.known.share(&lookup, &out[start..]),
            _ => None,
        };
        end_value(start, shared, out);
        cut
    }

    fn write_by_file(&mut self, of: RowEvent<'_, '_>, row: usize, maker: &mut ValueMaker, out: &mut Vec<u8>) -> u64 {
        let spans = OriginSpans::whole(of.file.as_bytes());
        let lookup = Lookup::new(self.number, spans.of(of.file.as_bytes()));
        let occurrence = maker.known.look_up(&lookup);
        if let ValueOccurrence::Shared(value) = occurrence {
            self.sharing = GroupSharing::ByFile(Some((of.file.to_string(), value)));
            push_shared(value, out);
            return 0;
        }
        let start = begin_own(out);
        let cut = self.make(of, row, maker, out);
        let is_recurring = occurrence == ValueOccurrence::Again && cut == 0;
        let shared = if is_recurring { maker.known.share(&lookup, &out[start..]) } else { None };
        end_value(start, shared, out);
        cut
    }

    fn write_by_value(&mut self, of: RowEvent<'_, '_>, row: usize, maker: &mut ValueMaker, out: &mut Vec<u8>) -> u64 {
        let start = begin_own(out);
        let cut = self.make(of, row, maker, out);
        let shared = if cut == 0 { maker.known.share_if_known(self.number, &out[start..]) } else { None };
        end_value(start, shared, out);
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
                    origin.message = Some((fields.add("errorMessage")?, fields.add("userIdentity")?));
                }
                // The only cell of a group is the user name.
                ColumnSource::Cell(_) => {
                    read.push(fields.add("userIdentity")?);
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

    /// Adds the fields of other groups to what the value of an event is made of.
    fn complete(&self, group: usize, event: &Event<'_>, runs: &mut FieldRuns) {
        for field in &self.further {
            runs.add(group, *field, event);
        }
        if let Some((message, identity)) = self.message
            && event.span(message).is_some()
        {
            runs.add(group, identity, event);
        }
    }

    /// Whether the value of this event is made of nothing else.
    fn is_complete(&mut self, event: &Event<'_>) -> bool {
        self.callers.as_mut().is_none_or(|callers| callers.principal(event).is_identity())
    }
}

/// Appends the value of a group that has the text of a field, if that is absent, or short and
/// without escapes, as ids are. Appends nothing otherwise, and returns false.
#[inline]
fn write_short(field: FieldId, event: &Event<'_>, out: &mut Vec<u8>) -> bool {
    /// With both lengths in front, which take a byte each.
    const MAX_SHORT: usize = 62;
    let Some(value) = event.get(field) else {
        push_null(out);
        return true;
    };
    let Some(length) = value.raw_string().map(<[u8]>::len).filter(|length| *length <= MAX_SHORT) else { return false };
    let start = out.len();
    out.extend_from_slice(&[2 * (length as u8 + 1) + 1, length as u8 + 1]);
    let is_written = value.append_plain(out);
    if !is_written {
        out.truncate(start);
    }
    is_written
}

/// Ends a value, which is replaced by its id if it is shared.
fn end_value(start: usize, shared: Option<SharedValue>, out: &mut Vec<u8>) {
    match shared {
        Some(shared) => replace_own(start, shared, out),
        None => end_own(start, out),
    }
}

impl ValueMaker {
    /// `shared` is `None` if rows have all values themselves.
    pub(super) fn new(style: CellStyle, shared: Option<Arc<SharedValues>>) -> ValueMaker {
        ValueMaker { cells: PlainCells { style, text: Vec::new() }, known: KnownValues::new(shared) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;
    use crate::table::event_row::value;

    #[test]
    fn short_texts_are_written_like_others() {
        let mut fields = FieldSet::default();
        let field = fields.add("eventID").unwrap();
        let texts =
            ["", "a", "8b28d2ac-3f0a-4b0e-9f5e-0c9d1e5a7b11", r"a\u0041\n", "é", "\u{7f}", " a "].map(String::from);
        let long = [61, 62, 63, 64, 65, 200].map(|length| "x".repeat(length));
        // What is near the end of the text is not copied at once.
        let rest = "x".repeat(100);
        let strings = texts.into_iter().chain(long).map(|text| format!("{{\"eventID\":\"{text}\",\"a\":\"{rest}\"}}"));
        let others =
            ["{}", r#"{"eventID":null}"#, r#"{"eventID":17}"#, r#"{"eventID":{"a":"b"}}"#, r#"{"eventID":["a"]}"#];
        let mut written = 0;
        for json in strings.chain(others.map(String::from)) {
            with_event(&json, &fields, |event| {
                let (mut short, mut plain) = (Vec::new(), Vec::new());
                let start = begin_own(&mut plain);
                value::shaped(event.get(field), ColumnShape::Text, false, &mut plain);
                end_own(start, &mut plain);
                let is_written = write_short(field, event, &mut short);
                assert_eq!(short, if is_written { plain } else { Vec::new() }, "{json}");
                written += usize::from(is_written);
            });
        }
        assert!(written >= 5, "{written}");
    }
}
