//! Which bytes: an event becomes a row of cells.

pub mod cell;
pub mod column;
mod csv;
mod names;
pub mod target;

use self::cell::CellStyle;
use self::column::Column;
use crate::decode::event::{Event, Fields};
use crate::error::Fatal;
use crate::plan::{Format, TableLayout};

/// Writes rows of the chosen columns in the chosen format.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    style: CellStyle,
    format: Format,
    header: bool,
}

impl Table {
    /// Resolves the columns and asks for the fields that they show.
    pub fn new(layout: &TableLayout, fields: &mut Fields) -> Result<Table, Fatal> {
        Ok(Table {
            columns: column::parse_list(&layout.columns, fields)?,
            style: CellStyle::new(&layout.null, layout.guard),
            format: layout.format,
            header: layout.header,
        })
    }

    /// The line of column names, unless it is not wanted.
    pub fn header(&self) -> Vec<u8> {
        let mut table = self.clone();
        let mut line = Vec::new();
        if self.header {
            table.line(&mut line, |column, style, cell| style.text(&column.name, cell));
        }
        line
    }

    /// Appends the row of an event that stands in the file `file`.
    pub fn row(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) {
        self.line(out, |column, style, cell| column.write(event, file, style, cell));
    }

    #[inline]
    fn line(&mut self, out: &mut Vec<u8>, write: impl Fn(&mut Column, &CellStyle, &mut Vec<u8>)) {
        let separator = if self.format == Format::Csv { b',' } else { b'\t' };
        for (at, column) in self.columns.iter_mut().enumerate() {
            if at > 0 {
                out.push(separator);
            }
            let start = out.len();
            write(column, &self.style, out);
            if self.format == Format::Csv {
                csv::quote(out, start);
            }
        }
        out.push(b'\n');
    }
}
