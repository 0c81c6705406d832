//! Counts events instead of writing them as rows.

use std::ops::ControlFlow;

use rayon::ThreadPool;

use crate::command::event_rows::event_identity::{DuplicateFilter, EventIdentity};
use crate::engine::consumer::{Consumer, EventWorker, MatchedEvent, Part};
use crate::engine::part_writer::PartWriter;
use crate::error::Error;
use crate::report::Coverage;
use crate::sink::part_file::PartFileWriter;
use crate::spill::dedupe::IdReader;

/// A number of events, with their ids if duplicates are removed.
#[derive(Debug, Default)]
pub(super) struct CountPart {
    count: u64,
    ids: Vec<EventIdentity>,
}

impl Part for CountPart {
    type Checkpoint = u64;

    fn count(&self) -> u64 {
        self.count
    }

    fn size(&self) -> usize {
        0
    }

    fn checkpoint(&self) -> u64 {
        self.count
    }

    fn count_at(mark: &u64) -> u64 {
        *mark
    }

    fn roll_back_to(&mut self, mark: &u64) {
        self.count = *mark;
        // Ids are kept only if duplicates are removed.
        self.ids.truncate(*mark as usize);
    }

    fn clear(&mut self) {
        self.count = 0;
        self.ids.clear();
    }
}

/// Counts the events of one thread.
#[derive(Clone)]
pub(super) struct CountWorker {
    /// Reads event ids, if duplicates are removed.
    pub(super) ids: Option<IdReader>,
}

impl EventWorker for CountWorker {
    type Part = CountPart;

    #[inline]
    fn event(&mut self, matched: &MatchedEvent<'_>, out: &mut PartWriter<'_, CountPart>) -> ControlFlow<()> {
        let part = out.part();
        part.ids.extend(EventIdentity::of(self.ids.as_ref(), matched.event, true));
        part.count += 1;
        out.added(1)
    }
}

/// Adds up the counts.
pub(super) struct CountMerge<'a> {
    duplicates: DuplicateFilter,
    /// Memory for which events of a part are kept.
    kept: Vec<bool>,
    limit: Option<u64>,
    /// The part that gets the ids of the events that count.
    part: Option<&'a mut PartFileWriter>,
}

impl<'a> CountMerge<'a> {
    pub(super) fn new(dedupe: bool, limit: Option<u64>) -> CountMerge<'a> {
        CountMerge { duplicates: DuplicateFilter::new(dedupe), kept: Vec::new(), limit, part: None }
    }

    /// Counts for a part.
    pub(super) fn for_part(dedupe: bool, limit: Option<u64>, part: &'a mut PartFileWriter) -> CountMerge<'a> {
        CountMerge { part: Some(part), ..CountMerge::new(dedupe, limit) }
    }
}

impl Consumer for CountMerge<'_> {
    type Part = CountPart;
    type Worker = CountWorker;

    fn begin(&mut self) -> Result<ControlFlow<()>, Error> {
        Ok(if self.limit == Some(0) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn merge(
        &mut self,
        part: &mut CountPart,
        coverage: &mut Coverage,
        _pool: &ThreadPool,
    ) -> Result<ControlFlow<()>, Error> {
        let mut count = part.count;
        if self.duplicates.is_active() {
            self.duplicates.keep_all(&part.ids, &mut self.kept, coverage)?;
            count = self.kept.iter().filter(|is_kept| **is_kept).count() as u64;
            if let Some(records) = &mut self.part {
                let kept = part.ids.iter().zip(&self.kept).filter(|(_, is_kept)| **is_kept);
                for (id, _) in kept {
                    if let EventIdentity::Id(id) = id {
                        records.record(id)?;
                    }
                }
            }
        }
        coverage.rows += count;
        match self.limit {
            Some(limit) if coverage.rows >= limit => {
                coverage.rows = limit;
                Ok(ControlFlow::Break(()))
            }
            _ => Ok(ControlFlow::Continue(())),
        }
    }
}
