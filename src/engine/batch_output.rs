//! The rows of one batch on their way to the writer, and the messages about its files.

use std::ops::ControlFlow;

use crossbeam_channel::{Receiver, Sender};

use super::ReportItem;
use super::block::{self, OutputBlock, RowIdentity};
use crate::decode::event::Event;
use crate::engine::worker::{EventGoal, EventTask, JobContext};
use crate::filter::criteria::FilterAnswer;
use crate::filter::jq::JqOutput;
use crate::report::Coverage;
use crate::source::LogFile;
use crate::spill::sort::SortOrder;
use crate::table::ByteSink;

/// The rows of one batch on their way to the writer.
pub(super) struct BatchOutput<'a> {
    pub(super) job: JobContext<'a>,
    pub(super) block: OutputBlock,
    /// Number of rows in the batch so far.
    count: u64,
    /// Position of the batch, from 1.
    number: u64,
    /// Number of blocks already sent.
    sent: u64,
    /// Number of events decoded from the current file.
    pub(super) open_events: u64,
    /// Number of problems reported.
    problems: u64,
    /// Bytes of rows in the block from files before the current one, while the current
    /// one may be rolled back.
    kept: usize,
    blocks: &'a Sender<OutputBlock>,
    used: &'a Receiver<Vec<u8>>,
}

/// The state of a batch at the start of a file.
pub(super) struct FileCheckpoint {
    sent: u64,
    mark: block::BlockMark,
    said: usize,
    coverage: Coverage,
}

impl<'a> BatchOutput<'a> {
    /// Creates an empty batch that sends its blocks to `blocks` and reuses buffers from
    /// `used`.
    pub(super) fn new(
        job: JobContext<'a>,
        number: u64,
        blocks: &'a Sender<OutputBlock>,
        used: &'a Receiver<Vec<u8>>,
    ) -> BatchOutput<'a> {
        let block = OutputBlock { rows: used.try_recv().unwrap_or_default(), ..OutputBlock::default() };
        BatchOutput { job, block, count: 0, number, sent: 0, open_events: 0, problems: 0, kept: 0, blocks, used }
    }

    /// Position of the batch, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Adds to the counts of the batch.
    pub(super) fn cover(&mut self, coverage: &Coverage) {
        self.block.coverage.add(coverage);
    }

    /// Starts a file. If a new copy of it can be fetched, returns a checkpoint for
    /// [`rollback`](BatchOutput::rollback), and keeps its rows in one block as long as
    /// they fit.
    pub(super) fn begin_file(&mut self, source: &LogFile) -> Option<FileCheckpoint> {
        source.again.as_ref()?;
        self.kept = self.block.rows.len();
        Some(FileCheckpoint {
            sent: self.sent,
            mark: self.block.mark(),
            said: self.block.said.len(),
            coverage: self.block.coverage.clone(),
        })
    }

    /// Whether the file has added events since the checkpoint.
    pub(super) fn has_more(&self, before: &FileCheckpoint) -> bool {
        self.sent != before.sent || self.block.count != before.mark.count
    }

    /// Removes everything that the file has added since the checkpoint. Returns false
    /// if some of it was already sent.
    pub(super) fn rollback(&mut self, before: &FileCheckpoint) -> bool {
        if self.sent != before.sent {
            return false;
        }
        self.count -= self.block.count - before.mark.count;
        self.block.cut(before.mark);
        self.block.said.truncate(before.said);
        self.block.coverage = before.coverage.clone();
        true
    }

    /// Ends the current file, and sends the block if it is full.
    pub(super) fn end_file(&mut self) {
        self.kept = 0;
        if self.block.is_full(0, self.job.block) {
            // If the writer is gone, the next file ends the batch.
            let _ = self.send();
        }
    }

    pub(super) fn event(&mut self, choice: &mut EventTask<'_>, event: &Event<'_>, file: &str) -> ControlFlow<()> {
        self.open_events += 1;
        let answer = choice.filter.answer(event);
        self.block.coverage.cut_values += u64::from(choice.filter.take_shortened());
        match answer {
            FilterAnswer::No => return ControlFlow::Continue(()),
            FilterAnswer::NoUntimed => {
                self.block.coverage.uncompared += 1;
                return ControlFlow::Continue(());
            }
            FilterAnswer::YesUntimed => self.block.coverage.untimed += 1,
            FilterAnswer::Yes => {
                let is_untimed = choice.clock.as_mut().is_some_and(|clock| clock.second(event).is_none());
                self.block.coverage.untimed += u64::from(is_untimed);
            }
        }
        if choice.jq.is_some() { self.ask(choice, event, file) } else { self.row(choice, event, file, true) }
    }

    /// Writes the outputs of the jq expression for an event.
    fn ask(&mut self, choice: &mut EventTask<'_>, event: &Event<'_>, file: &str) -> ControlFlow<()> {
        let EventTask { jq: Some(jq), goal, ids, order, .. } = &mut *choice else { return ControlFlow::Continue(()) };
        let (sent, mark) = (self.sent, self.block.mark());
        let (mut is_wanted, mut is_first) = (false, true);
        let asked = jq.ask(event, |output| {
            // Counters and visitors get every event with any output.
            if output == JqOutput::True || matches!(goal, EventGoal::Count | EventGoal::Visit(_)) {
                is_wanted = true;
                return ControlFlow::Continue(());
            }
            if let EventGoal::Rows(table) = goal {
                table.shaped(&output, &mut self.block.rows);
                self.block.ends.push(self.block.rows.len());
            }
            let id = RowIdentity::of(ids.as_ref(), event, is_first);
            is_first = false;
            self.mark(id, order.as_mut(), event, file);
            self.counted(0)
        });
        match asked {
            Ok(flow) => flow?,
            Err(why) => {
                // Drop the outputs before the error, since they are incomplete. Blocks
                // already sent cannot be recalled.
                if self.sent == sent {
                    self.count -= self.block.count - mark.count;
                    self.block.cut(mark);
                }
                self.block.coverage.unanswered += 1;
                // One message shows what is wrong.
                if self.block.coverage.unanswered == 1 {
                    self.block.said.push(ReportItem::Unanswered(format!("{file}: --jq fails on an event: {why}")));
                }
                return ControlFlow::Continue(());
            }
        }
        if is_wanted { self.row(choice, event, file, is_first) } else { ControlFlow::Continue(()) }
    }

    /// Writes a row of an event; `is_first` if it is the first one.
    fn row(&mut self, choice: &mut EventTask<'_>, event: &Event<'_>, file: &str, is_first: bool) -> ControlFlow<()> {
        let cut = match &mut choice.goal {
            EventGoal::Rows(table) if table.is_large(event) => {
                let before = self.block.mark();
                self.mark(RowIdentity::of(choice.ids.as_ref(), event, is_first), choice.order.as_mut(), event, file);
                self.in_pieces(before, |emit| table.row_in_pieces(event, file, emit))?
            }
            EventGoal::Rows(table) => {
                let cut = table.row(event, file, &mut self.block.rows);
                self.block.ends.push(self.block.rows.len());
                self.mark(RowIdentity::of(choice.ids.as_ref(), event, is_first), choice.order.as_mut(), event, file);
                cut
            }
            EventGoal::Count => {
                self.mark(RowIdentity::of(choice.ids.as_ref(), event, is_first), choice.order.as_mut(), event, file);
                0
            }
            EventGoal::Visit(visitor) => {
                if !visitor.event(event, file) {
                    self.block.coverage.duplicates += 1;
                    return ControlFlow::Continue(());
                }
                0
            }
        };
        self.counted(cut)
    }

    /// Counts a row in which `cut` cells were truncated.
    fn counted(&mut self, cut: u64) -> ControlFlow<()> {
        if cut > 0 {
            self.block.cut.push((self.block.count, cut));
        }
        self.count += 1;
        self.block.count += 1;
        // Send the last wanted row at once: the writer then ends the run, even if a
        // thread waits for a silent pipe.
        let is_full = self.is_full();
        if is_full || self.block.is_full(self.kept, self.job.block) || self.block.piece.is_some() {
            self.send()?;
        }
        if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Stores the id and sort key by which the writer selects rows.
    fn mark(&mut self, id: Option<RowIdentity>, order: Option<&mut SortOrder>, event: &Event<'_>, file: &str) {
        self.block.ids.extend(id);
        if let Some(order) = order {
            order.write(event, file, &mut self.block.keys);
            self.block.key_ends.push(self.block.keys.len());
        }
    }

    /// Writes a row that may be larger than a block; `write` emits it in pieces. A
    /// larger row gets its own blocks, of which the caller sends the last. Breaks if
    /// the writer is gone.
    fn in_pieces<T>(
        &mut self,
        before: block::BlockMark,
        write: impl FnOnce(&mut ByteSink<'_>) -> ControlFlow<(), T>,
    ) -> ControlFlow<(), T> {
        let (mut start, mut is_first) = (self.block.rows.len(), true);
        let mut is_large = false;
        let written = write(&mut |piece| {
            if self.block.rows.len() - start + piece.len() > self.job.block {
                if !std::mem::replace(&mut is_large, true) && before.count > 0 {
                    // Send the rows before this one first.
                    let begun = self.block.split_off(before);
                    self.send()?;
                    self.block = begun;
                } else if !self.block.rows.is_empty() {
                    self.block.piece = Some(block::RowPiece { is_first, is_last: false });
                    is_first = false;
                    self.send()?;
                }
                start = 0;
            }
            self.block.rows.extend_from_slice(piece);
            ControlFlow::Continue(())
        })?;
        if is_large {
            self.block.piece = Some(block::RowPiece { is_first, is_last: true });
        } else {
            self.block.ends.push(self.block.rows.len());
        }
        ControlFlow::Continue(written)
    }

    /// Whether the batch alone has as many rows as the limit.
    pub(super) fn is_full(&self) -> bool {
        self.job.limit.is_some_and(|limit| self.count >= limit)
    }

    pub(super) fn say(&mut self, said: ReportItem) {
        /// An archive can contain any number of files with messages.
        const MOST: usize = 1024;
        if matches!(said, ReportItem::Skip(_)) {
            self.block.coverage.problems += 1;
            self.problems += 1;
        }
        self.block.said.push(said);
        if self.block.said.len() >= MOST && self.kept == 0 && self.block.piece.is_none() {
            // If the writer is gone, the next file ends the batch.
            let _ = self.send();
        }
    }

    /// Number of problems reported so far.
    pub(super) fn problems(&self) -> u64 {
        self.problems
    }

    /// Sends the last block of the batch to the writer.
    pub(super) fn end(self) {
        // If the writer is gone, the result no longer matters.
        let _ = self.blocks.send(self.block);
    }

    /// Sends the block to the writer and starts a new one. Breaks if the writer is
    /// gone.
    fn send(&mut self) -> ControlFlow<()> {
        self.sent += 1;
        self.kept = 0;
        self.block.open_events = self.open_events;
        let next = OutputBlock { rows: self.used.try_recv().unwrap_or_default(), ..OutputBlock::default() };
        match self.blocks.send(std::mem::replace(&mut self.block, next)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
