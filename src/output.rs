//! Which bytes: an event becomes a row of cells.

pub mod cell;
pub mod column;
mod csv;
mod large;
mod names;
pub mod target;

use self::cell::CellStyle;
use self::column::Column;
pub use self::large::Emit;
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

/// Appends a line of texts, with the same care as for those of events.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>, format: Format, out: &mut Vec<u8>) {
    let (style, is_csv) = (CellStyle { guard: true, ..CellStyle::default() }, format == Format::Csv);
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(if is_csv { b',' } else { b'\t' });
        }
        let start = out.len();
        style.text(cell, out);
        if is_csv {
            csv::quote(out, start);
        }
    }
    out.push(b'\n');
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

    /// Writes the row of an event that may be larger than memory should hold
    /// twice, piece by piece.
    pub fn row_in_pieces(&mut self, event: &Event<'_>, file: &str, emit: &mut Emit<'_>) {
        let is_csv = self.format == Format::Csv;
        let mut small = Vec::new();
        for at in 0..self.columns.len() {
            if at > 0 {
                emit(if is_csv { b"," } else { b"\t" });
            }
            match self.columns[at].large_value(event) {
                Some(value) if is_csv => csv::quoted(emit, |emit| large::cell(value, &self.style, emit)),
                Some(value) => large::cell(value, &self.style, emit),
                None => {
                    small.clear();
                    self.columns[at].write(event, file, &self.style, &mut small);
                    if is_csv {
                        csv::quote(&mut small, 0);
                    }
                    emit(&small);
                }
            }
        }
        emit(b"\n");
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
