//! Formats events as rows of cells.

pub mod catalogue;
pub mod cell;
pub mod column;
pub mod column_groups;
pub mod computed;
mod csv;
pub mod event_row;
pub mod event_schema;
pub mod excel;
mod json;
pub mod layout;
pub mod partition;
mod row_format;
mod streamed_cell;
pub mod time_step;
pub mod truncation;
pub mod typed_cell;
mod typed_row;
mod user_names;

use std::ops::ControlFlow;

use self::cell::push_text;
use self::column::Column;
use self::event_row::EventRows;
use self::layout::{Format, OutputColumn, TableLayout};
use self::row_format::RowFormat;
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::digest::file_verdict::VerdictReader;
use crate::decode::event::{Event, FieldSet};
use crate::decode::structure::{Dispatch, SimdLevel};
use crate::error::Error;
use crate::filter::jq::JqOutput;
pub use crate::table::streamed_cell::ByteSink;

/// Formats rows of the selected columns in the selected format.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: RowFormat,
    /// Whether the columns are the default.
    is_default: bool,
    /// Writes the rows instead of `columns` if the format has the values of events.
    events: Option<Box<EventRows>>,
    simd: SimdLevel,
}

/// The writing of one line.
struct Line<'a, 'e> {
    table: &'a mut Table,
    event: &'a Event<'e>,
    file: &'a str,
    out: &'a mut Vec<u8>,
}

impl Dispatch for Line<'_, '_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        self.table.line(self.event, self.file, self.out);
    }
}

impl Table {
    /// Resolves the columns of `layout` and registers the fields that they need.
    pub fn new(layout: &TableLayout, fields: &mut FieldSet) -> Result<Table, Error> {
        let has_values = layout.format.has_values();
        let is_whole = has_values || layout.format == Format::Json && layout.columns.is_empty();
        let columns = if is_whole { Vec::new() } else { column::parse_list(&layout.columns, fields)? };
        let events = if has_values { Some(Box::new(EventRows::new(layout, fields)?)) } else { None };
        if layout.format == Format::Xlsx && columns.len() > excel::COLUMNS {
            return Err(Error::about(
                "--columns",
                format!(": more than the {} columns that a sheet can have", excel::COLUMNS),
            ));
        }
        Ok(Table {
            columns,
            rows: RowFormat::new(layout),
            is_default: layout.columns.is_empty(),
            events,
            simd: SimdLevel::fastest(),
        })
    }

    /// The readers of actors in the columns.
    pub fn actor_readers(&mut self) -> impl Iterator<Item = &mut ActorReader> {
        let of_events = self.events.iter_mut().flat_map(|events| events.actor_readers());
        self.columns.iter_mut().filter_map(Column::actor_reader).chain(of_events)
    }

    /// The readers of verdicts in the columns.
    pub fn verdict_readers(&mut self) -> impl Iterator<Item = &mut VerdictReader> {
        let of_events = self.events.iter_mut().flat_map(|events| events.verdict_readers());
        self.columns.iter_mut().filter_map(Column::verdict_reader).chain(of_events)
    }

    /// The columns of an output of this table. The default columns may be left out.
    pub fn output_columns(&self) -> Vec<OutputColumn> {
        if let Some(events) = &self.events {
            return events.output_columns();
        }
        let optional = if self.is_default { column::optional_by_default() } else { Vec::new() };
        let column = |(at, column): (usize, &Column)| {
            let leave_out = optional.iter().position(|optional| *optional == at);
            self.rows.output_column(&column.name, column.column_type(), leave_out)
        };
        self.columns.iter().enumerate().map(column).collect()
    }

    /// The text before the rows: the header line, unless it is disabled.
    pub fn header(&self) -> Vec<u8> {
        self.rows.header(self.columns.iter().map(|column| column.name.as_str()))
    }

    /// Appends the row of an event of the file `file`. Returns the number of cells that
    /// were cut.
    pub fn row(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) -> u64 {
        match self.rows.format {
            Format::Tsv | Format::Csv if !self.rows.for_excel => self.simd.run(Line { table: self, event, file, out }),
            _ => return self.other_row(event, file, out),
        }
        0
    }

    #[inline(never)]
    fn other_row(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) -> u64 {
        if let Some(events) = &mut self.events {
            return events.row(event, file, out);
        }
        match self.rows.format {
            Format::Json => json::line(&mut self.columns, &self.rows.style, event, file, out),
            Format::Xlsx => return self.typed_row(event, file, out),
            _ if self.rows.for_excel => return self.fitted_line(event, file, out),
            _ => self.line(event, file, out),
        }
        0
    }

    /// Appends a line that is not a row of columns. Its cells, separated by tabs, are
    /// escaped like those of rows. In JSON it is written as one value.
    pub fn shaped(&self, output: &JqOutput<'_>, out: &mut Vec<u8>) {
        match output {
            JqOutput::True => return,
            JqOutput::Text(text) if self.rows.format == Format::Json => json::text(&[text], out),
            JqOutput::Json(value) if self.rows.format == Format::Json => push_text(value, out),
            JqOutput::Text(line) | JqOutput::Json(line) => {
                for (at, cell) in line.split('\t').enumerate() {
                    if at > 0 {
                        out.push(b'\t');
                    }
                    self.rows.style.text(cell, out);
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
        if let Some(events) = &mut self.events {
            return events.row_in_pieces(event, file, emit);
        }
        match self.rows.format {
            Format::Json => json::line_in_pieces(&mut self.columns, &self.rows.style, event, file, emit),
            Format::Xlsx => self.typed_row_in_pieces(event, file, emit),
            _ if self.rows.for_excel => self.fitted_pieces(event, file, emit),
            _ => self.pieces(event, file, emit),
        }
    }

    fn pieces(&mut self, event: &Event<'_>, file: &str, emit: &mut ByteSink<'_>) -> ControlFlow<(), u64> {
        let mut cut = 0;
        for at in 0..self.columns.len() {
            if at > 0 {
                emit(&[self.rows.separator()])?;
            }
            let column = &mut self.columns[at];
            cut += u64::from(if self.rows.format == Format::Csv {
                let mut cell = csv::CsvPieces::new(self.rows.delimiter);
                let was_cut =
                    column.write_in_pieces(event, file, &self.rows.style, &mut |piece| cell.push(piece, emit))?;
                cell.finish(emit)?;
                was_cut
            } else {
                column.write_in_pieces(event, file, &self.rows.style, emit)?
            });
        }
        emit(b"\n")?;
        ControlFlow::Continue(cut)
    }

    #[inline(always)]
    fn line(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) {
        let separator = self.rows.separator();
        for (at, column) in self.columns.iter_mut().enumerate() {
            if at > 0 {
                out.push(separator);
            }
            let start = out.len();
            column.write(event, file, &self.rows.style, out);
            if self.rows.format == Format::Csv {
                csv::quote(out, start, separator);
            }
        }
        out.push(b'\n');
    }

    /// Appends a row whose cells respect the limits of Excel.
    fn fitted_line(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) -> u64 {
        let mut cut = 0;
        for (at, column) in self.columns.iter_mut().enumerate() {
            if at > 0 {
                out.push(self.rows.separator());
            }
            let start = out.len();
            column.write(event, file, &self.rows.style, out);
            cut += u64::from(self.rows.end_cell(out, start));
        }
        out.extend_from_slice(self.rows.line_end());
        cut
    }

    /// Like `fitted_line`, for an event with values longer than any cell of Excel.
    fn fitted_pieces(&mut self, event: &Event<'_>, file: &str, emit: &mut ByteSink<'_>) -> ControlFlow<(), u64> {
        let (mut cell, mut cut) = (Vec::new(), 0);
        for (at, column) in self.columns.iter_mut().enumerate() {
            cell.clear();
            if at > 0 {
                cell.push(self.rows.separator());
            }
            let start = cell.len();
            column.write_start(event, file, &self.rows.style, start + excel::MORE_THAN_A_CELL, &mut cell);
            cut += u64::from(self.rows.end_cell(&mut cell, start));
            emit(&cell)?;
        }
        emit(self.rows.line_end())?;
        ControlFlow::Continue(cut)
    }
}
