//! Selects the rows to write, in the order of the inputs: removes duplicates, sorts, and
//! applies the limit.

use std::fmt::Display;
use std::ops::ControlFlow;

use rayon::ThreadPool;
use serde::{Deserialize, Serialize};

use crate::command::event_rows::event_identity::{DuplicateFilter, EventIdentity};
use crate::command::event_rows::row_part::{RowPart, RowPiece};
use crate::command::event_rows::row_worker::RowWorker;
use crate::engine::consumer::Consumer;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::sink::RowSink;
use crate::spill::sort::ExternalSorter;
use crate::table::truncation::TruncationCounter;

/// Which of the rows are written, and in which order.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct RowSelection {
    /// Whether to omit events whose id was seen before.
    pub(super) dedupe: bool,
    /// Whether the rows have keys to sort them by.
    pub(super) is_sorted: bool,
    /// The most rows to write.
    pub(super) limit: Option<u64>,
}

impl RowSelection {
    /// Whether all rows are written, in the order of the inputs.
    pub(super) fn is_all(self) -> bool {
        !self.dedupe && !self.is_sorted && self.limit.is_none()
    }

    /// Whether the runs of parts count the rows and their truncated cells. Otherwise, the merge
    /// does, because it depends on other parts which rows there are.
    pub(super) fn is_counted_in_parts(self) -> bool {
        self.is_all() || self.is_sorted && !self.dedupe
    }
}

/// Writes the rows of all workers.
pub(super) struct RowMerge {
    sink: Box<dyn RowSink>,
    /// What comes before the rows, until it is written.
    header: Option<Vec<u8>>,
    duplicates: DuplicateFilter,
    /// Memory for which rows of a part are kept.
    kept: Vec<bool>,
    sorter: Option<ExternalSorter>,
    limit: Option<u64>,
    /// Number of truncated cells in all rows.
    cut: u64,
    /// Whether cells are truncated to the limits of Excel.
    is_for_excel: bool,
    /// Whether the output says how many files are proven.
    pub(super) wants_verdicts: bool,
}

impl Consumer for RowMerge {
    type Part = RowPart;
    type Worker = RowWorker;

    fn begin(&mut self) -> Result<ControlFlow<()>, Error> {
        Ok(if self.limit == Some(0) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn merge(
        &mut self,
        part: &mut RowPart,
        coverage: &mut Coverage,
        _pool: &ThreadPool,
    ) -> Result<ControlFlow<()>, Error> {
        self.take(part, coverage)
    }

    fn problem(&mut self, problem: &dyn Display) {
        self.sink.problem(problem);
    }

    fn wants_verdicts(&self) -> bool {
        self.wants_verdicts
    }
}

impl RowMerge {
    /// Creates a merge that writes `header` and the selected rows to `sink`.
    pub(super) fn new(
        selection: RowSelection,
        is_for_excel: bool,
        header: Vec<u8>,
        sink: Box<dyn RowSink>,
    ) -> RowMerge {
        RowMerge {
            sink,
            header: Some(header),
            duplicates: DuplicateFilter::new(selection.dedupe),
            kept: Vec::new(),
            sorter: selection.is_sorted.then(|| ExternalSorter::with_large_memory(selection.limit)),
            limit: selection.limit,
            cut: 0,
            is_for_excel,
            wants_verdicts: false,
        }
    }

    /// Merges the next rows, and counts them in `coverage`. Returns a break if no further row is
    /// wanted.
    pub(super) fn take(&mut self, part: &mut RowPart, coverage: &mut Coverage) -> Result<ControlFlow<()>, Error> {
        self.write_header()?;
        let rows = match part.piece {
            Some(piece) => self.piece(part, piece, coverage)?,
            None => self.rows(part, coverage)?,
        };
        let is_last = self.sorter.is_none() && Some(coverage.rows + rows) == self.limit;
        coverage.rows += rows;
        Ok(if is_last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Records a problem with the input, if the output has a place for it.
    pub(super) fn add_problem(&mut self, problem: &str) {
        self.sink.problem(&problem);
    }

    /// Counts truncated cells of rows that were counted elsewhere.
    pub(super) fn add_cut(&mut self, cells: u64) {
        self.cut += cells;
    }

    fn write_header(&mut self) -> Result<(), Error> {
        self.header.take().map_or(Ok(()), |header| self.sink.write(&header))
    }

    /// Takes whole rows. Returns their number.
    fn rows(&mut self, part: &mut RowPart, coverage: &mut Coverage) -> Result<u64, Error> {
        if self.duplicates.is_active() {
            self.duplicates.keep_all(&part.ids, &mut self.kept, coverage)?;
            part.keep(&self.kept);
        }
        if let Some(sorter) = &mut self.sorter {
            for at in 0..part.count as usize {
                sorter.push(part.key(at), part.row(at))?;
            }
        } else {
            part.truncate(self.limit.map_or(u64::MAX, |limit| limit - coverage.rows));
            self.sink.write(&part.rows)?;
        }
        self.cut += part.cut_cells();
        Ok(part.count)
    }

    /// Takes a piece of a large row. Returns the number of rows that it completes.
    fn piece(&mut self, part: &RowPart, piece: RowPiece, coverage: &mut Coverage) -> Result<u64, Error> {
        let id = match piece.is_first {
            true => part.ids.first().copied().unwrap_or(EventIdentity::WithoutId),
            false => EventIdentity::SameEvent,
        };
        if !self.duplicates.keeps(id, coverage)? {
            return Ok(0);
        }
        self.cut += part.cut_cells();
        match &mut self.sorter {
            None => self.sink.write(&part.rows)?,
            Some(sorter) => {
                if piece.is_first {
                    sorter.begin(part.key(0))?;
                }
                sorter.append(&part.rows)?;
                if piece.is_last {
                    sorter.end()?;
                }
            }
        }
        Ok(u64::from(piece.is_last))
    }

    /// Writes what is left, and completes the output.
    pub(super) fn finish(mut self, coverage: &mut Coverage, stop: &Cancellation) -> Result<(), Error> {
        self.write_header()?;
        self.write_sorted(coverage, stop)?;
        match self.is_for_excel {
            true => coverage.cut_cells += self.cut,
            false => coverage.cut_values += self.cut,
        }
        self.sink.finish(coverage, stop)
    }

    /// Writes the sorted rows.
    fn write_sorted(&mut self, coverage: &mut Coverage, stop: &Cancellation) -> Result<(), Error> {
        const BLOCK: usize = 1 << 20;
        let Some(sorter) = self.sorter.take() else { return Ok(()) };
        let mut cuts = None;
        if let Some(limit) = self.limit.filter(|limit| *limit < coverage.rows) {
            coverage.unwritten = coverage.rows - limit;
            // The count so far covers all rows, not only those within the limit.
            cuts = (self.cut > 0).then(|| TruncationCounter::new(self.is_for_excel));
        }
        let sink = &mut self.sink;
        let mut block = Vec::with_capacity(BLOCK);
        sorter.finish(|row, _| {
            if let Some(cuts) = &mut cuts {
                cuts.count_in(row);
            }
            block.extend_from_slice(row);
            if block.len() < BLOCK {
                return Ok(());
            }
            if stop.is_interrupted() {
                return Err(Error::Interrupted);
            }
            sink.write(&block)?;
            block.clear();
            Ok(())
        })?;
        if let Some(cuts) = cuts {
            self.cut = cuts.count();
        }
        sink.write(&block)
    }
}
