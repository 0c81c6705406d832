//! The value that the table of changes counts: theme, call, object, caller and address.

use super::counted_columns::CountedColumns;
use super::counter::MAX_VALUE;
use crate::cloudtrail::theme::{RULES, ThemeReader};
use crate::decode::event::{Event, FieldSet};
use crate::error::Error;
use crate::table::cell::CellStyle;

/// The names of the parts of a value, in their order.
pub(super) const COLUMNS: [&str; 5] = ["theme", "eventName", "resources", "userName", "sourceIPAddress"];

/// Writes the values of events that have a theme.
#[derive(Clone)]
pub(super) struct ThemeValueWriter {
    themes: ThemeReader,
    name: CountedColumns,
    caller: CountedColumns,
    address: CountedColumns,
}

/// What is known of a value that was written.
#[derive(Clone, Copy)]
pub(super) struct ThemeValue {
    /// Whether something in it was cut.
    pub(super) is_cut: bool,
    /// Whether what the event acts on depends on its call and its request alone.
    pub(super) is_of_request: bool,
}

impl ThemeValueWriter {
    pub(super) fn new(fields: &mut FieldSet) -> Result<ThemeValueWriter, Error> {
        Ok(ThemeValueWriter {
            themes: ThemeReader::new(fields).map_err(Error::usage)?,
            name: CountedColumns::new(&COLUMNS[1..2], true, fields)?,
            caller: CountedColumns::new(&COLUMNS[3..], true, fields)?,
            address: CountedColumns::new(&COLUMNS[4..], true, fields)?,
        })
    }

    /// The position of the rule for an event; `None` if the event has no theme.
    pub(super) fn position(&self, event: &Event<'_>) -> Option<u16> {
        self.themes.position(event).map(|position| position as u16)
    }

    /// Appends the value of an event by the rule at this position, with tabs between its parts.
    /// `caller` is its last part, if that is known.
    pub(super) fn write(
        &mut self,
        position: u16,
        caller: Option<&[u8]>,
        (event, file): (&Event<'_>, &str),
        style: &CellStyle,
        out: &mut Vec<u8>,
    ) -> ThemeValue {
        let (start, position) = (out.len(), usize::from(position));
        out.extend_from_slice(RULES.get(position).map_or("", |rule| rule.theme.name()).as_bytes());
        out.push(b'\t');
        let mut is_cut = self.name.value(event, file, style, out);
        out.push(b'\t');
        let object = self.themes.object(position, event);
        style.text(&object.text, out);
        out.push(b'\t');
        match caller {
            Some(caller) => out.extend_from_slice(caller),
            None => is_cut |= self.caller.value(event, file, style, out),
        }
        ThemeValue { is_cut: is_cut || out.len() - start > MAX_VALUE, is_of_request: object.is_of_request }
    }

    /// The last part of a value, which depends on the caller alone: the name of the user, and the
    /// address. `None` if it would be cut.
    pub(super) fn changed_by(
        &mut self,
        user: &[u8],
        (event, file): (&Event<'_>, &str),
        style: &CellStyle,
    ) -> Option<Vec<u8>> {
        let mut changed_by = [user, b"\t"].concat();
        let is_cut = self.address.value(event, file, style, &mut changed_by);
        (!is_cut && changed_by.len() <= MAX_VALUE).then_some(changed_by)
    }
}
