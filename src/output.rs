//! Which bytes: an event becomes a row of cells.

pub mod cell;
pub mod column;
mod csv;
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
        let mut line = Vec::new();
        if self.header {
            self.line(&mut line, |column, cell| self.style.text(&column.name, cell));
        }
        line
    }

    /// Appends the row of an event that stands in the file `file`.
    pub fn row(&self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) {
        self.line(out, |column, cell| column.write(event, file, &self.style, cell));
    }

    fn line(&self, out: &mut Vec<u8>, write: impl Fn(&Column, &mut Vec<u8>)) {
        for (at, column) in self.columns.iter().enumerate() {
            if at > 0 {
                out.push(if self.format == Format::Csv { b',' } else { b'\t' });
            }
            let start = out.len();
            write(column, out);
            if self.format == Format::Csv {
                csv::quote(out, start);
            }
        }
        out.push(b'\n');
    }
}
