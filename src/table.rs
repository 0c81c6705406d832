//! Formats events as rows of cells.

pub mod catalogue;
pub mod cell;
pub mod column;
mod csv;
pub mod excel;
mod json;
pub mod layout;
mod streamed_cell;
pub mod truncation;
mod user_names;

use std::ops::ControlFlow;

use self::cell::{CellStyle, push_text};
use self::column::Column;
use self::excel::SheetColumn;
use self::layout::{Format, TableLayout};
use crate::decode::event::{Event, FieldSet};
use crate::error::Error;
use crate::filter::jq::JqOutput;
pub use crate::table::streamed_cell::ByteSink;

/// Formats rows of the selected columns in the selected format.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    style: CellStyle,
    format: Format,
    delimiter: u8,
    header: bool,
    /// Whether rows respect the limits of Excel.
    for_excel: bool,
}

/// Appends a line of texts, escaped like the cells of events.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>, format: Format, out: &mut Vec<u8>) {
    let (style, is_csv) = (CellStyle { guard: true, ..CellStyle::default() }, format == Format::Csv);
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(if is_csv { b',' } else { b'\t' });
        }
        let start = out.len();
        style.text(cell, out);
        if is_csv {
            csv::quote(out, start, b',');
        }
    }
    out.push(b'\n');
}

impl Table {
    /// Resolves the columns of `layout` and registers the fields that they need.
    pub fn new(layout: &TableLayout, fields: &mut FieldSet) -> Result<Table, Error> {
        let is_whole = layout.format == Format::Json && layout.columns.is_empty();
        let columns = if is_whole { Vec::new() } else { column::parse_list(&layout.columns, fields)? };
        let is_sheet = layout.format == Format::Xlsx;
        if is_sheet && columns.len() > excel::COLUMNS {
            return Err(Error::about(
                "--columns",
                format!(": more than the {} columns that a sheet can have", excel::COLUMNS),
            ));
        }
        Ok(Table {
            columns,
            // Text in a workbook is never a formula, so it needs no guard.
            style: CellStyle::new(&layout.null, layout.guard && !is_sheet, layout.zone.clone()),
            format: layout.format,
            delimiter: layout.delimiter,
            header: layout.header,
            for_excel: layout.excel || is_sheet,
        })
    }

    /// The columns of a sheet with this table.
    pub fn sheet_columns(&self) -> Vec<SheetColumn> {
        let column = |column: &Column| {
            let mut name = Vec::new();
            self.style.text(&column.name, &mut name);
            excel::fit(&mut name, 0);
            SheetColumn { name: String::from_utf8_lossy(&name).into_owned(), shows: column.shows() }
        };
        self.columns.iter().map(column).collect()
    }

    /// The text before the rows: the header line, unless it is disabled.
    pub fn header(&self) -> Vec<u8> {
        let mut table = self.clone();
        let mut line = Vec::new();
        if matches!(self.format, Format::Json | Format::Xlsx) {
            return line;
        }
        if self.for_excel {
            line.extend_from_slice(excel::BYTE_ORDER_MARK);
        }
        if self.header {
            let name = |column: &mut Column, style: &CellStyle, cell: &mut Vec<u8>| style.text(&column.name, cell);
            match self.for_excel {
                true => drop(table.fitted_line(&mut line, name)),
                false => table.line(&mut line, name),
            }
        }
        line
    }

    /// Appends the row of an event of the file `file`. Returns the number of cells that
    /// were cut.
    pub fn row(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) -> u64 {
        let cell = |column: &mut Column, style: &CellStyle, cell: &mut Vec<u8>| column.write(event, file, style, cell);
        match self.format {
            Format::Json => json::line(&mut self.columns, &self.style, event, file, out),
            Format::Xlsx => {
                return self.fitted_line(out, |column, style, cell| {
                    mark(column, event, cell);
                    column.write(event, file, style, cell);
                });
            }
            _ if self.for_excel => return self.fitted_line(out, cell),
            _ => self.line(out, cell),
        }
        0
    }

    /// Appends a line that is not a row of columns. Its cells, separated by tabs, are
    /// escaped like those of rows. In JSON it is written as one value.
    pub fn shaped(&self, output: &JqOutput<'_>, out: &mut Vec<u8>) {
        match output {
            JqOutput::True => return,
            JqOutput::Text(text) if self.format == Format::Json => json::text(&[text], out),
            JqOutput::Json(value) if self.format == Format::Json => push_text(value, out),
            JqOutput::Text(line) | JqOutput::Json(line) => {
                for (at, cell) in line.split('\t').enumerate() {
                    if at > 0 {
                        out.push(b'\t');
                    }
                    self.style.text(cell, out);
                }
            }
        }
        out.push(b'\n');
    }

    /// Whether the row of an event may be large, so that it must be written in pieces.
    pub fn is_large(&self, event: &Event<'_>) -> bool {
        /// The limit shrinks with this number of columns, as each can show a large part.
        const COLUMNS: usize = 16;
        event.value().raw().len() > streamed_cell::PIECE / (1 + self.columns.len() / COLUMNS)
    }

    /// Writes the row of a possibly large event in pieces. Returns the number of cells
    /// that were cut.
    pub fn row_in_pieces(&mut self, event: &Event<'_>, file: &str, emit: &mut ByteSink<'_>) -> ControlFlow<(), u64> {
        match self.format {
            Format::Json => json::line_in_pieces(&mut self.columns, &self.style, event, file, emit),
            _ if self.for_excel => self.fitted_pieces(event, file, emit),
            _ => self.pieces(event, file, emit),
        }
    }

    fn pieces(&mut self, event: &Event<'_>, file: &str, emit: &mut ByteSink<'_>) -> ControlFlow<(), u64> {
        let mut cut = 0;
        for at in 0..self.columns.len() {
            if at > 0 {
                emit(&[self.separator()])?;
            }
            let column = &mut self.columns[at];
            cut += u64::from(if self.format == Format::Csv {
                let mut cell = csv::CsvPieces::new(self.delimiter);
                let was_cut = column.write_in_pieces(event, file, &self.style, &mut |piece| cell.push(piece, emit))?;
                cell.finish(emit)?;
                was_cut
            } else {
                column.write_in_pieces(event, file, &self.style, emit)?
            });
        }
        emit(b"\n")?;
        ControlFlow::Continue(cut)
    }

    #[inline]
    fn line(&mut self, out: &mut Vec<u8>, write: impl Fn(&mut Column, &CellStyle, &mut Vec<u8>)) {
        let separator = self.separator();
        for (at, column) in self.columns.iter_mut().enumerate() {
            if at > 0 {
                out.push(separator);
            }
            let start = out.len();
            write(column, &self.style, out);
            if self.format == Format::Csv {
                csv::quote(out, start, separator);
            }
        }
        out.push(b'\n');
    }

    /// Appends a row whose cells respect the limits of Excel.
    fn fitted_line(&mut self, out: &mut Vec<u8>, write: impl Fn(&mut Column, &CellStyle, &mut Vec<u8>)) -> u64 {
        let mut cut = 0;
        for at in 0..self.columns.len() {
            let start = self.begin_cell(at, out);
            write(&mut self.columns[at], &self.style, out);
            cut += u64::from(self.end_cell(out, start));
        }
        out.extend_from_slice(self.line_end());
        cut
    }

    /// The same for an event with values longer than any cell of Excel.
    fn fitted_pieces(&mut self, event: &Event<'_>, file: &str, emit: &mut ByteSink<'_>) -> ControlFlow<(), u64> {
        let (mut cell, mut cut) = (Vec::new(), 0);
        for at in 0..self.columns.len() {
            cell.clear();
            let start = self.begin_cell(at, &mut cell);
            if self.format == Format::Xlsx {
                mark(&self.columns[at], event, &mut cell);
            }
            let _ = self.columns[at].write_in_pieces(event, file, &self.style, &mut |piece| {
                let room = (start + excel::MORE_THAN_A_CELL).saturating_sub(cell.len());
                cell.extend_from_slice(&piece[..piece.len().min(room)]);
                if room > piece.len() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            cut += u64::from(self.end_cell(&mut cell, start));
            emit(&cell)?;
        }
        emit(self.line_end())?;
        ControlFlow::Continue(cut)
    }

    /// Appends the separator before a cell, and returns the offset of the cell.
    fn begin_cell(&self, at: usize, out: &mut Vec<u8>) -> usize {
        if at > 0 {
            out.push(self.separator());
        }
        out.len()
    }

    /// Cuts the cell at `start` to the limit of Excel and quotes it if Excel would
    /// misread it. Returns whether it was cut.
    fn end_cell(&self, out: &mut Vec<u8>, start: usize) -> bool {
        let was_cut = excel::fit(out, start);
        match self.format {
            Format::Csv => csv::quote(out, start, self.delimiter),
            // If a cell begins with a quote, Excel reads past the end of the line.
            Format::Tsv if out[start..].starts_with(b"\"") => csv::quote(out, start, b'\t'),
            _ => {}
        }
        was_cut
    }

    fn separator(&self) -> u8 {
        if self.format == Format::Csv { self.delimiter } else { b'\t' }
    }

    fn line_end(&self) -> &'static [u8] {
        if self.format == Format::Xlsx { b"\n" } else { b"\r\n" }
    }
}

/// Marks the cell of an event as a number, if it is one.
fn mark(column: &Column, event: &Event<'_>, cell: &mut Vec<u8>) {
    if column.is_number(event) {
        cell.push(excel::NUMBER);
    }
}
