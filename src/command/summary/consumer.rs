//! Counts events on all threads. Usually a worker counts an event at once. Its facts are
//! kept first where that is too early: an event may be a duplicate of an earlier one,
//! which only the merge can tell, or its file may be read again.

use std::ops::ControlFlow;

use crossbeam_channel::{Receiver, Sender, bounded};
use rayon::ThreadPool;

use super::event_facts::{EventFacts, SummaryPart};
use super::part::PartRecords;
use super::tally::{CountedValues, SummaryTally};
use crate::decode::event::FieldSet;
use crate::engine::consumer::{Consumer, EventWorker, MatchedEvent};
use crate::engine::part_writer::PartWriter;
use crate::error::Error;
use crate::report::Coverage;
use crate::spill::dedupe::{IdReader, SeenIds};

/// Memory for all counters together, in bytes.
pub(super) const COUNTER_MEMORY: usize = 32 << 20;
/// The part of it for what the merging thread counts itself.
const MERGE_MEMORY: usize = 4 << 20;

/// Counts the events of one thread.
pub(super) struct SummaryWorker {
    tally: SummaryTally,
    /// Reads event ids, if duplicates are left out.
    ids: Option<IdReader>,
    can_roll_back: bool,
}

/// Adds up what the workers count.
pub(super) struct SummaryMerge {
    /// Counts what this thread counts.
    tally: SummaryTally,
    /// The ids so far, if duplicates are left out.
    seen: Option<SeenIds>,
    /// Tallies that no task uses now, and the way back for the others.
    idle: Receiver<SummaryTally>,
    returned: Sender<SummaryTally>,
    /// Number of tallies that tasks use.
    shared: usize,
    /// The part that gets the facts of events whose duplicates are left out, if there is one.
    records: Option<PartRecords>,
    /// Tallies of workers that have ended.
    ended: Vec<SummaryTally>,
    /// Whether the output says how many files are proven.
    pub(super) wants_verdicts: bool,
}

/// Creates a worker for each thread and their merge, which count these values.
pub(super) fn workers_and_merge(
    threads: usize,
    dedupe: bool,
    counted: CountedValues,
    records: Option<PartRecords>,
    fields: &mut FieldSet,
) -> Result<(Vec<SummaryWorker>, SummaryMerge), Error> {
    let new_ids = if records.is_some() { IdReader::for_parts } else { IdReader::new };
    let ids = if dedupe { Some(new_ids(fields)?) } else { None };
    // Among duplicates, workers only note facts, and tasks of the merge count them.
    let shared = if dedupe { threads } else { 0 };
    let memory = COUNTER_MEMORY / threads.max(1);
    let limits = [MERGE_MEMORY].into_iter().chain(vec![memory; threads + shared]);
    let mut tallies = SummaryTally::with_memory_limits(limits, counted, fields)?;
    let workers = tallies.split_off(1 + shared).into_iter();
    let worker = |tally| SummaryWorker { tally, ids: ids.clone(), can_roll_back: false };
    let (returned, idle) = bounded(shared);
    for tally in tallies.drain(1..) {
        // The channel has room for all of them.
        let _ = returned.try_send(tally);
    }
    let Some(tally) = tallies.pop() else { return Err(Error::Failed("internal error: no tally".into())) };
    let seen = dedupe.then(SeenIds::default);
    let merge = SummaryMerge { tally, seen, idle, returned, shared, records, ended: Vec::new(), wants_verdicts: false };
    Ok((workers.map(worker).collect(), merge))
}

impl EventWorker for SummaryWorker {
    type Part = SummaryPart;

    fn begin_file(&mut self, can_roll_back: bool) {
        self.can_roll_back = can_roll_back;
    }

    #[inline]
    fn event(&mut self, matched: &MatchedEvent<'_>, out: &mut PartWriter<'_, SummaryPart>) -> ControlFlow<()> {
        let MatchedEvent { event, file, .. } = *matched;
        if self.can_roll_back || self.ids.is_some() {
            let id = self.ids.as_ref().and_then(|ids| ids.id(event));
            if !self.tally.note(event, file, id, &mut out.part().facts) {
                return ControlFlow::Continue(());
            }
        } else {
            if !self.tally.add(event, file) {
                return ControlFlow::Continue(());
            }
            out.part().counted += 1;
        }
        out.added(1)
    }

    fn log(&mut self, name: &str) {
        self.tally.add_log(name);
    }

    fn end_file(&mut self, out: &mut PartWriter<'_, SummaryPart>) {
        let part = out.part();
        if self.ids.is_none() && !part.facts.is_empty() {
            self.tally.add_facts(&part.facts);
            part.counted += part.facts.len() as u64;
            part.facts.clear();
        }
    }
}

impl Consumer for SummaryMerge {
    type Part = SummaryPart;
    type Worker = SummaryWorker;

    fn merge(
        &mut self,
        part: &mut SummaryPart,
        coverage: &mut Coverage,
        pool: &ThreadPool,
    ) -> Result<ControlFlow<()>, Error> {
        let mut facts = std::mem::take(&mut part.facts);
        if let Some(seen) = &mut self.seen {
            seen.prefetch(facts.ids());
            facts.retain(|fact| {
                let is_new = fact.id.map_or(Ok(true), |id| seen.insert(id))?;
                coverage.duplicates += u64::from(!is_new);
                Ok::<_, Error>(is_new)
            })?;
        }
        coverage.rows += part.counted + facts.len() as u64;
        match &mut self.records {
            _ if facts.is_empty() => {}
            Some(records) if self.seen.is_some() => records.add_facts(&facts)?,
            _ => self.count(facts, pool),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn wants_verdicts(&self) -> bool {
        self.wants_verdicts
    }

    fn end_worker(&mut self, worker: SummaryWorker) {
        self.ended.push(worker.tally);
    }
}

impl SummaryMerge {
    /// Counts facts in a task of the pool, or here if all tasks are busy.
    fn count(&mut self, facts: EventFacts, pool: &ThreadPool) {
        let Ok(mut tally) = self.idle.try_recv() else { return self.tally.add_facts(&facts) };
        let returned = self.returned.clone();
        pool.spawn_fifo(move || {
            tally.add_facts(&facts);
            // The merge waits for it, unless the run has failed.
            let _ = returned.send(tally);
        });
    }

    /// Returns all tallies after all events were counted, and the part.
    pub(super) fn finish(mut self) -> (Vec<SummaryTally>, Option<PartRecords>) {
        self.ended.push(self.tally);
        // Tasks that still count are waited for.
        self.ended.extend(self.idle.iter().take(self.shared));
        (self.ended, self.records)
    }
}
