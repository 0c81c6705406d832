//! The rows of one batch on their way to the writer: what becomes of each event,
//! and what is said of the files that they come from.

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
    /// All rows of the batch so far.
    count: u64,
    /// The number of the batch.
    number: u64,
    /// How many blocks of it were sent.
    sent: u64,
    /// How many events of the file that is being read were seen.
    pub(super) open_events: u64,
    /// How many problems were named.
    problems: u64,
    /// The rows of the block that come from files before one that may be taken
    /// back.
    kept: usize,
    blocks: &'a Sender<OutputBlock>,
    used: &'a Receiver<Vec<u8>>,
}

/// What there was of a batch when a file of it was begun.
pub(super) struct FileCheckpoint {
    sent: u64,
    mark: block::BlockMark,
    said: usize,
    coverage: Coverage,
}

impl<'a> BatchOutput<'a> {
    /// Nothing yet of a batch, whose rows go to `blocks`, in memory that comes
    /// from `used`.
    pub(super) fn new(
        job: JobContext<'a>,
        number: u64,
        blocks: &'a Sender<OutputBlock>,
        used: &'a Receiver<Vec<u8>>,
    ) -> BatchOutput<'a> {
        let block = OutputBlock { rows: used.try_recv().unwrap_or_default(), ..OutputBlock::default() };
        BatchOutput { job, block, count: 0, number, sent: 0, open_events: 0, problems: 0, kept: 0, blocks, used }
    }

    /// The number of the batch.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Adds to what the batch covers.
    pub(super) fn cover(&mut self, coverage: &Coverage) {
        self.block.coverage.add(coverage);
    }

    /// Begins a file whose rows may be taken back. Until it ends, what fits
    /// into a block of its own is kept together.
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

    /// Whether events came since.
    pub(super) fn has_more(&self, before: &FileCheckpoint) -> bool {
        self.sent != before.sent || self.block.count != before.mark.count
    }

    /// Takes back what the file has added since. Says whether that was
    /// possible.
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

    /// Hands on what was kept together.
    pub(super) fn end_file(&mut self) {
        self.kept = 0;
        if self.block.is_full(0, self.job.block) {
            // Where there is no writer any more, the next file ends the batch.
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

    /// Makes what a jq expression yields of an event.
    fn ask(&mut self, choice: &mut EventTask<'_>, event: &Event<'_>, file: &str) -> ControlFlow<()> {
        let EventTask { jq: Some(jq), goal, ids, order, .. } = &mut *choice else { return ControlFlow::Continue(()) };
        let (sent, mark) = (self.sent, self.block.mark());
        let (mut is_wanted, mut is_first) = (false, true);
        let asked = jq.ask(event, |output| {
            // Whoever counts or looks at events wants those of which anything comes.
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
                // What it yielded before, it did not yield for sure; but what
                // is with the writer stays.
                if self.sent == sent {
                    self.count -= self.block.count - mark.count;
                    self.block.cut(mark);
                }
                self.block.coverage.unanswered += 1;
                // One is enough to see what is wrong.
                if self.block.coverage.unanswered == 1 {
                    self.block.said.push(ReportItem::Unanswered(format!("{file}: --jq fails on an event: {why}")));
                }
                return ControlFlow::Continue(());
            }
        }
        if is_wanted { self.row(choice, event, file, is_first) } else { ControlFlow::Continue(()) }
    }

    /// Makes the row of an event, its first or one behind others.
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

    /// Counts a row that was made, so many of whose cells were cut.
    fn counted(&mut self, cut: u64) -> ControlFlow<()> {
        if cut > 0 {
            self.block.cut.push((self.block.count, cut));
        }
        self.count += 1;
        self.block.count += 1;
        // The writer ends the run when it has enough, also for a thread that waits
        // for a silent pipe to inflate what nobody wants.
        let is_full = self.is_full();
        if is_full || self.block.is_full(self.kept, self.job.block) || self.block.piece.is_some() {
            self.send()?;
        }
        if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Notes what the writer chooses by.
    fn mark(&mut self, id: Option<RowIdentity>, order: Option<&mut SortOrder>, event: &Event<'_>, file: &str) {
        self.block.ids.extend(id);
        if let Some(order) = order {
            order.write(event, file, &mut self.block.keys);
            self.block.key_ends.push(self.block.keys.len());
        }
    }

    /// Makes a row that may be larger than a block by `write`, which emits it in
    /// pieces. One that is gets blocks of its own, the last of which is left to
    /// send. Breaks where there is no writer any more.
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

    /// Whether the batch alone has as many rows as are wanted in all.
    pub(super) fn is_full(&self) -> bool {
        self.job.limit.is_some_and(|limit| self.count >= limit)
    }

    pub(super) fn say(&mut self, said: ReportItem) {
        /// An archive can hold any number of files that there is something to say of.
        const MOST: usize = 1024;
        if matches!(said, ReportItem::Skip(_)) {
            self.block.coverage.problems += 1;
            self.problems += 1;
        }
        self.block.said.push(said);
        if self.block.said.len() >= MOST && self.kept == 0 && self.block.piece.is_none() {
            // Where there is no writer any more, the next file ends the batch.
            let _ = self.send();
        }
    }

    /// How many problems were named so far.
    pub(super) fn problems(&self) -> u64 {
        self.problems
    }

    /// Hands the last block of the batch to the writer.
    pub(super) fn end(self) {
        // Without a writer there is nobody left to tell.
        let _ = self.blocks.send(self.block);
    }

    /// Hands the block to the writer, and begins another. Breaks where there is
    /// no writer any more.
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
