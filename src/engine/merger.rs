//! Takes the blocks in the order of the batches: reports their messages, adds up their
//! counts, and passes their parts to the consumer.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, select};
use rayon::ThreadPool;

use super::ReportItem;
use super::files::RunContext;
use super::part_writer::OutputBlock;
use crate::engine::consumer::{Consumer, Part};
use crate::error::Error;
use crate::report::Coverage;

/// Merges the blocks of a run.
pub(super) struct PartMerger<'a, C> {
    run: RunContext<'a>,
    consumer: &'a mut C,
    pool: &'a ThreadPool,
    coverage: Coverage,
    shown: Instant,
}

impl<'a, C: Consumer> PartMerger<'a, C> {
    pub(super) fn new(run: RunContext<'a>, consumer: &'a mut C, pool: &'a ThreadPool) -> PartMerger<'a, C> {
        PartMerger { run, consumer, pool, coverage: Coverage::default(), shown: Instant::now() }
    }

    /// Returns the counts of the run.
    pub(super) fn into_coverage(self) -> Coverage {
        self.coverage
    }

    /// Merges blocks up to the last one, or until the consumer needs no more.
    pub(super) fn run(
        &mut self,
        order: &Receiver<Receiver<OutputBlock<C::Part>>>,
        recycled: &Sender<C::Part>,
    ) -> Result<(), Error> {
        if self.consumer.begin()?.is_break() {
            return Ok(());
        }
        while let Some(blocks) = self.next(order)? {
            self.run.position.advance();
            while let Some(mut block) = self.next(&blocks)? {
                let flow = self.take(&mut block)?;
                block.part.clear();
                // Drop the part if no worker needs one.
                let _ = recycled.try_send(block.part);
                if flow.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Receives the next item; `None` if the channel is closed.
    fn next<T>(&mut self, channel: &Receiver<T>) -> Result<Option<T>, Error> {
        let stop = self.run.stop;
        if stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        select! {
            recv(channel) -> item => match item {
                Ok(item) => Ok(Some(item)),
                // Stages that were interrupted close their channels early.
                Err(_) if stop.is_interrupted() => Err(Error::Interrupted),
                Err(_) => Ok(None),
            },
            recv(stop.interruption()) -> _ => Err(Error::Interrupted),
        }
    }

    fn take(&mut self, block: &mut OutputBlock<C::Part>) -> Result<ControlFlow<()>, Error> {
        const REFRESH: Duration = Duration::from_millis(100);
        for message in &block.messages {
            self.report(message);
        }
        block.files.drain(..).for_each(|record| self.run.report.file(&record));
        self.coverage.add(&block.coverage);
        let flow = self.consumer.merge(&mut block.part, &mut self.coverage, self.pool)?;
        if flow.is_break() {
            self.coverage.is_cut = true;
            block.open_file.iter().for_each(|record| self.run.report.file(record));
            if block.open_events > 0 {
                // The rest of an unfinished file is never counted, so count it here.
                self.coverage.add_file(block.is_page);
                self.coverage.events += block.open_events;
            }
        }
        if self.shown.elapsed() >= REFRESH {
            self.run.report.reading(&self.coverage);
            self.shown = Instant::now();
        }
        Ok(flow)
    }

    fn report(&mut self, message: &ReportItem) {
        let report = self.run.report;
        match message {
            ReportItem::Issue(issue) => {
                report.issue(issue);
                self.consumer.issue(issue);
                self.consumer.problem(issue);
            }
            ReportItem::Note(text) => report.note(text),
            ReportItem::Unanswered(text) if self.coverage.unanswered == 0 => {
                report.warn(text);
                self.consumer.problem(text);
            }
            ReportItem::Unanswered(_) => {}
            ReportItem::Detail(level, text) => report.detail(*level, || text.clone()),
        }
    }
}
