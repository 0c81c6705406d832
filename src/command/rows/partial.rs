//! Writes the rows of some files as a part, to be joined with those of other files.
//!
//! If all rows are wanted, the section `rows` is their text. Otherwise it has a record for each
//! row, or for each piece of a large one; see [`RowRecord`].
//!
//! Rows that are sorted and not deduplicated are in their order, at most as many as the limit.
//! All others are in the order of the files: which of equal events is the first one, and so which
//! rows there are, depends on the other parts.

use std::ops::ControlFlow;

use rayon::ThreadPool;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::RowsRequest;
use super::row_merge::RowSelection;
use super::row_record::{LAST, NONE_CUT, RowRecord, piece_flags};
use crate::cli::partial::zone_name;
use crate::command::event_rows::event_identity::{DuplicateFilter, EventIdentity};
use crate::command::event_rows::row_part::{RowPart, RowPiece};
use crate::command::event_rows::row_worker::RowWorker;
use crate::engine::consumer::Consumer;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::sink::part_file::PartFileWriter;
use crate::spill::sort::ExternalSorter;
use crate::syntax::window;
use crate::table::Table;
use crate::table::layout::{Format, OutputColumn, TableLayout};

/// Section of the ids of counted events, each a record.
pub(super) const IDS: &str = "ids";
/// Section of the rows.
pub(super) const ROWS: &str = "rows";
/// Section of the number of truncated cells in all rows, one record, if the run counts them.
pub(super) const CUT: &str = "cut";

/// How the rows of a part are written, for the merge.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PartForm {
    /// Whether only the number of events is written.
    pub(super) count: bool,
    pub(super) selection: RowSelection,
    pub(super) format: Format,
    delimiter: u8,
    has_header: bool,
    excel: bool,
    zone: Option<String>,
    columns: Vec<OutputColumn>,
    /// What comes before the rows.
    pub(super) header: Vec<u8>,
}

impl PartForm {
    /// The form of the rows of a request. Returns an error for a time zone without a name.
    pub(super) fn new(request: &RowsRequest, layout: &TableLayout, table: &Table) -> Result<PartForm, Error> {
        Ok(PartForm {
            count: request.count,
            selection: request.selection(),
            format: layout.format,
            delimiter: layout.delimiter,
            has_header: layout.header,
            excel: layout.excel,
            zone: layout.zone.as_ref().map(zone_name).transpose()?,
            columns: table.output_columns(),
            header: table.header(),
        })
    }

    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    pub(super) fn from_json(details: &Value) -> Result<PartForm, Error> {
        PartForm::deserialize(details).map_err(|error| Error::Failed(format!("the parts are not valid: {error}")))
    }

    /// The layout of the rows, and their columns.
    pub(super) fn layout(&self, width: Option<usize>) -> Result<(TableLayout, Vec<OutputColumn>), Error> {
        let layout = TableLayout {
            format: self.format,
            delimiter: self.delimiter,
            width,
            header: self.has_header,
            excel: self.excel,
            zone: self.zone.as_deref().map(window::zone).transpose()?,
            ..TableLayout::default()
        };
        Ok((layout, self.columns.clone()))
    }
}

/// Writes the rows of all workers as records.
pub(super) struct PartRowMerge<'a> {
    writer: &'a mut PartFileWriter,
    duplicates: DuplicateFilter,
    sorter: Option<ExternalSorter>,
    selection: RowSelection,
    /// The most rows.
    row_limit: Option<u64>,
    /// The most events to keep. That is enough: an event that the merge drops as a duplicate has
    /// a row in an earlier part, which counts towards the limit.
    event_limit: Option<u64>,
    /// Number of events with rows.
    events: u64,
    /// Number of truncated cells in all rows, if the run counts them.
    cut: u64,
    /// A record that is being built, and its flags.
    record: Vec<u8>,
    flags: u8,
}

impl Consumer for PartRowMerge<'_> {
    type Part = RowPart;
    type Worker = RowWorker;

    fn begin(&mut self) -> Result<ControlFlow<()>, Error> {
        let is_empty = self.row_limit == Some(0) || self.event_limit == Some(0);
        Ok(if is_empty { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn merge(
        &mut self,
        part: &mut RowPart,
        coverage: &mut Coverage,
        _pool: &ThreadPool,
    ) -> Result<ControlFlow<()>, Error> {
        if self.selection.is_all() {
            self.writer.text(&part.rows)?;
            self.cut += part.cut_cells();
            coverage.rows += part.count;
            return Ok(ControlFlow::Continue(()));
        }
        let mut cut = part.cut.iter().copied().peekable();
        if let Some(piece) = part.piece {
            let id = match piece.is_first {
                true => part.ids.first().copied().unwrap_or(EventIdentity::WithoutId),
                false => EventIdentity::SameEvent,
            };
            let row = RowRecord { id, piece, key: part.key(0), row: &part.rows, cut: part.cut_cells() };
            return self.row(&row, coverage);
        }
        for at in 0..part.count as usize {
            let row = RowRecord {
                id: part.ids.get(at).copied().unwrap_or(EventIdentity::WithoutId),
                piece: RowPiece { is_first: true, is_last: true },
                key: part.key(at),
                row: part.row(at),
                cut: cut.next_if(|(row, _)| *row == at as u64).map_or(0, |(_, cells)| cells),
            };
            if self.row(&row, coverage)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl<'a> PartRowMerge<'a> {
    pub(super) fn new(selection: RowSelection, writer: &'a mut PartFileWriter) -> PartRowMerge<'a> {
        let RowSelection { dedupe, is_sorted, limit } = selection;
        PartRowMerge {
            writer,
            selection,
            duplicates: DuplicateFilter::new(dedupe),
            sorter: (is_sorted && !dedupe).then(|| ExternalSorter::new(limit)),
            row_limit: limit.filter(|_| !is_sorted && !dedupe),
            event_limit: limit.filter(|_| !is_sorted && dedupe),
            events: 0,
            cut: 0,
            record: Vec::new(),
            flags: 0,
        }
    }

    /// Takes a row. Returns a break if no further row can be wanted.
    fn row(&mut self, row: &RowRecord<'_>, coverage: &mut Coverage) -> Result<ControlFlow<()>, Error> {
        if !self.duplicates.keeps(row.id, coverage)? {
            return Ok(ControlFlow::Continue(()));
        }
        if row.id != EventIdentity::SameEvent {
            if self.event_limit == Some(self.events) {
                return Ok(ControlFlow::Break(()));
            }
            self.events += 1;
        }
        match &mut self.sorter {
            Some(_) => self.sort(row)?,
            None => self.write(row)?,
        }
        coverage.rows += u64::from(row.piece.is_last);
        let is_full = self.row_limit == Some(coverage.rows);
        Ok(if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Writes the records of a row. Where a long row is cut into pieces depends only on the row,
    /// not on the pieces that the worker sends.
    fn write(&mut self, row: &RowRecord<'_>) -> Result<(), Error> {
        const PIECE: usize = 256 << 10;
        if row.piece.is_first {
            self.record.clear();
            self.flags = row.write_head(&mut self.record);
        }
        let mut rest = row.row;
        while self.record.len() + rest.len() > PIECE.max(self.record.len()) {
            let (now, later) = rest.split_at(PIECE.saturating_sub(self.record.len()));
            self.writer.record_of(&[&[self.flags], &self.record, now])?;
            self.flags = 0;
            self.record.clear();
            rest = later;
        }
        if row.piece.is_last {
            return self.writer.record_of(&[&[self.flags | LAST], &self.record, rest, &row.tail()]);
        }
        self.record.extend_from_slice(rest);
        Ok(())
    }

    /// Adds a row to the sorter, with its key in front.
    fn sort(&mut self, row: &RowRecord<'_>) -> Result<(), Error> {
        let Some(sorter) = &mut self.sorter else { return Ok(()) };
        self.cut += row.cut;
        if row.piece.is_first {
            self.record.clear();
            row.write_key(&mut self.record);
            if row.piece.is_last {
                self.record.extend_from_slice(row.row);
                return sorter.push(row.key, &self.record);
            }
            sorter.begin(row.key)?;
            sorter.append(&self.record)?;
        }
        sorter.append(row.row)?;
        if row.piece.is_last { sorter.end() } else { Ok(()) }
    }

    /// Writes the sorted rows, and the number of truncated cells if the run counts them.
    pub(super) fn finish(self, stop: &Cancellation) -> Result<(), Error> {
        let PartRowMerge { writer, sorter, selection, cut, .. } = self;
        if let Some(sorter) = sorter {
            write_sorted(writer, sorter, stop)?;
        }
        if !selection.is_counted_in_parts() {
            return Ok(());
        }
        writer.section(CUT)?;
        writer.record(&cut.to_le_bytes())
    }
}

/// Writes sorted rows as records.
fn write_sorted(writer: &mut PartFileWriter, sorter: ExternalSorter, stop: &Cancellation) -> Result<(), Error> {
    let (mut is_first, mut count) = (true, 0_u64);
    sorter.finish(|piece, is_last| {
        count += 1;
        if count.is_multiple_of(1024) && stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        let flags = piece_flags(RowPiece { is_first, is_last });
        is_first = is_last;
        let tail = if is_last { &NONE_CUT[..] } else { &[] };
        writer.record_of(&[&[flags], piece, tail])
    })
}
