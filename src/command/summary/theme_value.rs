//! The value that the table of changes counts: theme, call, object, caller and address.

use super::counted_columns::CountedColumns;
use super::counter::LONGEST;
use crate::cloudtrail::theme::ThemeReader;
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
}

impl ThemeValueWriter {
    pub(super) fn new(fields: &mut FieldSet) -> Result<ThemeValueWriter, Error> {
        Ok(ThemeValueWriter {
            themes: ThemeReader::new(fields).map_err(Error::usage)?,
            name: CountedColumns::new(&COLUMNS[1..2], true, fields)?,
            caller: CountedColumns::new(&COLUMNS[3..], true, fields)?,
        })
    }

    /// Appends the value of an event, with tabs between its parts. Returns whether something
    /// in it was cut; `None` if the event has no theme.
    pub(super) fn write(
        &mut self,
        event: &Event<'_>,
        file: &str,
        style: &CellStyle,
        out: &mut Vec<u8>,
    ) -> Option<bool> {
        let (theme, object) = self.themes.read(event)?;
        let start = out.len();
        out.extend_from_slice(theme.name().as_bytes());
        out.push(b'\t');
        let mut is_cut = self.name.value(event, file, style, out);
        out.push(b'\t');
        style.text(&object, out);
        out.push(b'\t');
        is_cut |= self.caller.value(event, file, style, out);
        Some(is_cut || out.len() - start > LONGEST)
    }
}
