//! The part of one batch on its way to be merged, with the messages about its files.

use std::ops::ControlFlow;

use crossbeam_channel::{Receiver, Sender};

use super::ReportItem;
use crate::engine::consumer::Part;
use crate::engine::file_record_builder::FileRecordBuilder;
use crate::report::{Coverage, FileRecord};
use crate::source::{LeftOutFile, LogFile};

/// A part, and the messages and counts about its files.
#[derive(Default)]
pub(super) struct OutputBlock<P> {
    pub(super) part: P,
    pub(super) messages: Vec<ReportItem>,
    /// What became of each file, if that is recorded.
    pub(super) files: Vec<FileRecord>,
    /// The record of a file that is not finished, in case its rest is not wanted.
    pub(super) open_file: Option<FileRecord>,
    pub(super) coverage: Coverage,
    /// Number of events decoded so far from a file that is not finished.
    pub(super) open_events: u64,
    /// Whether that file is a page of the event history.
    pub(super) is_page: bool,
}

/// Settings shared by the part writers of a run.
#[derive(Clone, Copy)]
pub(super) struct PartLimits {
    /// Number of rows after which a batch can stop.
    pub(super) rows: Option<u64>,
    /// Size in bytes from which a part is sent.
    pub(super) bytes: usize,
    /// Whether it is recorded what became of each file.
    pub(super) has_records: bool,
}

/// Collects the part of one batch, and sends it whenever it is full.
pub struct PartWriter<'a, P> {
    limits: PartLimits,
    block: OutputBlock<P>,
    /// Number of rows in the batch so far.
    count: u64,
    /// Number of the batch, from 1.
    number: u64,
    /// Number of parts already sent.
    sent: u64,
    /// Number of events decoded from the current file.
    pub(super) open_events: u64,
    /// Whether the current file is a page of the event history.
    is_page: bool,
    /// Number of problems reported.
    problems: u64,
    /// The builder of the record of the current file, if files are recorded.
    record_builder: Option<FileRecordBuilder>,
    /// Size of what the part holds of files before the current one, while the current
    /// one may be rolled back.
    kept: usize,
    blocks: &'a Sender<OutputBlock<P>>,
    recycled: &'a Receiver<P>,
}

/// The state of a batch at the start of a file.
pub(super) struct FileCheckpoint<M> {
    sent: u64,
    mark: M,
    messages: usize,
    coverage: Coverage,
}

/// The state of a batch at the start of an event.
pub(super) struct EventCheckpoint<M> {
    sent: u64,
    mark: M,
}

impl<'a, P: Part> PartWriter<'a, P> {
    /// Creates the writer of a batch that sends to `blocks` and reuses parts from
    /// `recycled`.
    pub(super) fn new(
        limits: PartLimits,
        number: u64,
        blocks: &'a Sender<OutputBlock<P>>,
        recycled: &'a Receiver<P>,
    ) -> PartWriter<'a, P> {
        let mut writer = PartWriter {
            limits,
            block: OutputBlock::default(),
            count: 0,
            number,
            sent: 0,
            open_events: 0,
            is_page: false,
            problems: 0,
            record_builder: None,
            kept: 0,
            blocks,
            recycled,
        };
        writer.block = writer.empty_block();
        writer
    }

    fn empty_block(&self) -> OutputBlock<P> {
        let part = self.recycled.try_recv().unwrap_or_default();
        OutputBlock {
            part,
            messages: Vec::new(),
            files: Vec::new(),
            open_file: None,
            coverage: Coverage::default(),
            open_events: 0,
            is_page: false,
        }
    }

    /// The part that is being filled.
    #[inline]
    pub fn part(&mut self) -> &mut P {
        &mut self.block.part
    }

    /// Counts rows that were added to the part, and sends it if it is full. Returns a
    /// break if the batch needs no more rows.
    #[inline]
    pub fn added(&mut self, rows: u64) -> ControlFlow<()> {
        self.count += rows;
        // Send the last wanted row at once: the merge then ends the run, even if a
        // thread waits for a silent pipe.
        let is_full = self.is_full();
        if is_full || self.is_block_full() || self.block.part.is_closed() {
            self.send()?;
        }
        if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn is_block_full(&self) -> bool {
        /// Even a row without bytes takes memory.
        const MAX_ROWS: u64 = 1 << 16;
        let part = &self.block.part;
        part.size().saturating_sub(self.kept) >= self.limits.bytes || part.count() >= MAX_ROWS
    }

    /// Size in bytes from which a part is sent.
    pub fn full_size(&self) -> usize {
        self.limits.bytes
    }

    /// Counts cells or values that were shortened.
    pub fn count_cut_values(&mut self, count: u64) {
        self.block.coverage.cut_values += count;
    }

    /// Sends the part and starts a new one. Breaks if the merge has ended.
    pub fn send(&mut self) -> ControlFlow<()> {
        self.sent += 1;
        self.kept = 0;
        self.block.open_events = self.open_events;
        self.block.is_page = self.is_page;
        self.block.open_file =
            self.record_builder.as_ref().map(|builder| builder.open_record(self.open_events, self.count));
        let next = self.empty_block();
        match self.blocks.send(std::mem::replace(&mut self.block, next)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Number of the batch, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Adds to the counts of the batch.
    pub(super) fn cover(&mut self, coverage: &Coverage) {
        self.block.coverage.add(coverage);
    }

    /// The counts of the batch since the last part was sent.
    pub(super) fn coverage(&mut self) -> &mut Coverage {
        &mut self.block.coverage
    }

    /// Starts a file. If a new copy of it can be fetched, returns a checkpoint for
    /// [`roll_back`](PartWriter::roll_back), and keeps its rows in one part as long as
    /// they fit.
    pub(super) fn begin_file(&mut self, source: &LogFile) -> Option<FileCheckpoint<P::Checkpoint>> {
        self.is_page = source.text.is_some();
        self.record_builder =
            self.limits.has_records.then(|| FileRecordBuilder::new(source.name().into_owned(), self.count));
        source.refetch.as_ref()?;
        self.kept = self.block.part.size();
        Some(FileCheckpoint {
            sent: self.sent,
            mark: self.block.part.checkpoint(),
            messages: self.block.messages.len(),
            coverage: self.block.coverage.clone(),
        })
    }

    /// Removes everything that the file has added since the checkpoint. Returns false
    /// if some of it was already sent.
    pub(super) fn roll_back(&mut self, before: FileCheckpoint<P::Checkpoint>) -> bool {
        if self.sent != before.sent {
            return false;
        }
        self.roll_back_to(&before.mark);
        self.block.messages.truncate(before.messages);
        self.block.coverage = before.coverage;
        if let Some(builder) = &mut self.record_builder {
            builder.restart();
        }
        true
    }

    /// Ends the current file, and sends the part if it is full. `is_stopped` says that the run
    /// ends, so that the rest of the file was not read.
    pub(super) fn end_file(&mut self, is_stopped: bool) {
        self.kept = 0;
        if let Some(builder) = self.record_builder.take() {
            let is_cut = is_stopped || self.is_full();
            self.block.files.push(builder.into_record(self.count, is_cut));
        }
        if self.is_block_full() {
            // If the merge has ended, the next file ends the batch.
            let _ = self.send();
        }
    }

    /// Counts the current file as read.
    pub(super) fn count_file(&mut self) {
        self.block.coverage.add_file(self.is_page);
    }

    /// Starts an event that may have to be removed again.
    pub(super) fn begin_event(&self) -> EventCheckpoint<P::Checkpoint> {
        EventCheckpoint { sent: self.sent, mark: self.block.part.checkpoint() }
    }

    /// Removes what an event has added. A part that was sent cannot be recalled.
    pub(super) fn remove_event(&mut self, before: &EventCheckpoint<P::Checkpoint>) {
        if self.sent == before.sent {
            self.roll_back_to(&before.mark);
        }
    }

    fn roll_back_to(&mut self, mark: &P::Checkpoint) {
        self.count -= self.block.part.count() - P::count_at(mark);
        self.block.part.roll_back_to(mark);
    }

    /// Whether the batch alone has as many rows as the limit.
    pub(super) fn is_full(&self) -> bool {
        self.limits.rows.is_some_and(|limit| self.count >= limit)
    }

    /// The builder of the record of the current file, if files are recorded.
    pub(super) fn record_builder(&mut self) -> Option<&mut FileRecordBuilder> {
        self.record_builder.as_mut()
    }

    /// Counts a file that is not read.
    pub(super) fn leave_out(&mut self, file: LeftOutFile) {
        self.cover(&file.coverage());
        if self.limits.has_records {
            let reason = file.text();
            self.block.files.push(FileRecord::skipped(file.name, reason));
        }
    }

    pub(super) fn report(&mut self, message: ReportItem) {
        /// An archive can contain any number of files with messages.
        const MAX_ITEMS: usize = 1024;
        if let ReportItem::Issue(issue) = &message {
            match &mut self.record_builder {
                Some(builder) => builder.add_problem(issue),
                None if self.limits.has_records => self.block.files.push(FileRecord::failed(issue)),
                None => {}
            }
            self.block.coverage.problems += 1;
            self.problems += 1;
        }
        self.block.messages.push(message);
        if self.block.messages.len() >= MAX_ITEMS && self.kept == 0 && !self.block.part.is_closed() {
            // If the merge has ended, the next file ends the batch.
            let _ = self.send();
        }
    }

    /// Number of problems reported so far.
    pub(super) fn problems(&self) -> u64 {
        self.problems
    }

    /// Sends the last part of the batch.
    pub(super) fn end(self) {
        // If the merge has ended, the result no longer matters.
        let _ = self.blocks.send(self.block);
    }
}
