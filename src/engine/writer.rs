//! Takes the blocks in their order and selects the rows to write: removes duplicates,
//! sorts, and applies the limit.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::block::{OutputBlock, RowIdentity, RowPiece};
use super::request::EventRequest;
use super::{BLOCK, ReportItem};
use crate::engine::writer_position::WriterPosition;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{Coverage, Report};
use crate::sink::Sink;
use crate::spill::dedupe::SeenIds;
use crate::spill::sort::Sorter;
use crate::table::layout::Format;
use crate::table::truncation::TruncationCounter;

pub(super) struct Writer<'a> {
    request: &'a EventRequest,
    report: &'a Report,
    stop: &'a Cancellation,
    turn: &'a WriterPosition,
    sink: &'a mut Sink,
    seen: Option<SeenIds>,
    sorter: Option<Sorter>,
    /// Whether the last event is a duplicate, so that all its rows are omitted.
    is_omitted: bool,
    /// Number of truncated cells in all rows.
    cut: u64,
    coverage: Coverage,
    shown: Instant,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        request: &'a EventRequest,
        report: &'a Report,
        stop: &'a Cancellation,
        turn: &'a WriterPosition,
        sink: &'a mut Sink,
    ) -> Writer<'a> {
        Writer {
            request,
            report,
            stop,
            turn,
            sink,
            seen: request.dedupe.then(SeenIds::default),
            sorter: (!request.sort.is_empty() && !request.count).then(|| Sorter::new(request.limit)),
            is_omitted: false,
            cut: 0,
            coverage: Coverage::default(),
            shown: Instant::now(),
        }
    }

    /// Returns the counts of the run.
    pub(super) fn into_coverage(mut self) -> Coverage {
        match self.is_for_excel() {
            true => self.coverage.cut_cells += self.cut,
            false => self.coverage.cut_values += self.cut,
        }
        self.coverage
    }

    /// Whether cells are truncated to the limits of Excel.
    fn is_for_excel(&self) -> bool {
        self.request.table.excel || self.request.table.format == Format::Xlsx
    }

    pub(super) fn run(
        &mut self,
        header: Vec<u8>,
        order: Receiver<Receiver<OutputBlock>>,
        used: &Sender<Vec<u8>>,
    ) -> Result<(), Error> {
        let mut header = Some(header);
        if self.request.limit == Some(0) {
            return self.sink.write(&header.unwrap_or_default());
        }
        while let Some(blocks) = self.next(&order)? {
            self.turn.pass();
            while let Some(mut block) = self.next(&blocks)? {
                if let Some(header) = header.take() {
                    self.sink.write(&header)?;
                }
                self.take(&mut block)?;
                block.rows.clear();
                // Free the memory of an unusually large row; drop the buffer if no
                // worker needs one.
                block.rows.shrink_to(2 * BLOCK);
                let _ = used.try_send(block.rows);
                if self.coverage.is_cut {
                    return Ok(());
                }
            }
        }
        self.sink.write(&header.unwrap_or_default())?;
        self.write_sorted()
    }

    /// Receives the next item; `None` if the channel is closed.
    fn next<T>(&mut self, channel: &Receiver<T>) -> Result<Option<T>, Error> {
        const PATIENCE: Duration = Duration::from_millis(50);
        loop {
            if self.stop.is_interrupted() {
                return Err(Error::Interrupted);
            }
            match channel.recv_timeout(PATIENCE) {
                Ok(item) => return Ok(Some(item)),
                // Stages that were interrupted close their channels early.
                Err(RecvTimeoutError::Disconnected) if self.stop.is_interrupted() => return Err(Error::Interrupted),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn take(&mut self, block: &mut OutputBlock) -> Result<(), Error> {
        const OFTEN: Duration = Duration::from_millis(100);
        for said in &block.said {
            match said {
                ReportItem::Skip(skip) => {
                    self.report.skip(skip);
                    self.sink.problem(skip);
                }
                ReportItem::Note(text) => self.report.note(text),
                ReportItem::Unanswered(text) if self.coverage.unanswered == 0 => {
                    self.report.fatal(text);
                    self.sink.problem(text);
                }
                ReportItem::Unanswered(_) => {}
                ReportItem::Detail(level, text) => self.report.detail(*level, || text.clone()),
            }
        }
        self.coverage.add(&block.coverage);
        match block.piece {
            Some(piece) => self.take_piece(block, piece)?,
            None => self.take_rows(block)?,
        }
        if self.coverage.is_cut && block.open_events > 0 {
            // The rest of an unfinished file is never counted, so count it here.
            self.coverage.files += 1;
            self.coverage.events += block.open_events;
        }
        if self.shown.elapsed() >= OFTEN {
            self.report.reading(&self.coverage);
            self.shown = Instant::now();
        }
        Ok(())
    }

    fn take_rows(&mut self, block: &mut OutputBlock) -> Result<(), Error> {
        if self.seen.is_some() {
            block.retain(|id| self.is_new(id))?;
        }
        if let Some(sorter) = &mut self.sorter {
            for at in 0..block.count as usize {
                sorter.push(block.key(at), block.row(at))?;
            }
            self.coverage.rows += block.count;
            self.cut += block.cut_cells();
            return Ok(());
        }
        block.truncate(self.left());
        self.sink.write(&block.rows)?;
        self.cut += block.cut_cells();
        self.count(block.count);
        Ok(())
    }

    /// Whether the event of a row is new. Events without an id always are.
    fn is_new(&mut self, id: RowIdentity) -> Result<bool, Error> {
        if id != RowIdentity::AsBefore {
            self.is_omitted = match (&mut self.seen, id) {
                (Some(seen), RowIdentity::Id(id)) => !seen.insert(id)?,
                _ => false,
            };
            self.coverage.duplicates += u64::from(self.is_omitted);
        }
        Ok(!self.is_omitted)
    }

    fn take_piece(&mut self, block: &OutputBlock, piece: RowPiece) -> Result<(), Error> {
        if piece.is_first {
            self.is_new(block.ids.first().copied().unwrap_or(RowIdentity::Nothing))?;
        }
        if self.is_omitted {
            return Ok(());
        }
        self.cut += block.cut_cells();
        let Some(sorter) = &mut self.sorter else {
            self.sink.write(&block.rows)?;
            if piece.is_last {
                self.count(1);
            }
            return Ok(());
        };
        if piece.is_first {
            sorter.begin(block.key(0))?;
        }
        sorter.go_on(&block.rows)?;
        if piece.is_last {
            sorter.end()?;
            self.coverage.rows += 1;
        }
        Ok(())
    }

    /// Number of rows still wanted.
    fn left(&self) -> u64 {
        self.request.limit.map_or(u64::MAX, |limit| limit - self.coverage.rows)
    }

    /// Counts rows that were written.
    fn count(&mut self, rows: u64) {
        self.coverage.is_cut = rows == self.left();
        self.coverage.rows += rows;
    }

    /// Writes the sorted rows.
    fn write_sorted(&mut self) -> Result<(), Error> {
        let Some(sorter) = self.sorter.take() else { return Ok(()) };
        let mut cuts = None;
        if let Some(limit) = self.request.limit.filter(|limit| *limit < self.coverage.rows) {
            self.coverage.unwritten = self.coverage.rows - limit;
            // The count so far covers all rows, not only those within the limit.
            cuts = (self.cut > 0).then(|| TruncationCounter::new(self.is_for_excel()));
        }
        let (stop, sink) = (self.stop, &mut self.sink);
        let mut block = Vec::with_capacity(BLOCK);
        sorter.finish(|row, _| {
            if let Some(cuts) = &mut cuts {
                cuts.look(row);
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
