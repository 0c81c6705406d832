//! Folds events in chronological order into runs of calls. A run ends when its caller does
//! something else, so events of other callers may stand between those of a run. Runs are
//! therefore sorted again, by their first event.

use std::collections::BTreeMap;

use super::call_run::CallRun;
use super::event::{Caller, TimelineEvent};
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::spill::scratch::from_json;
use crate::spill::sort::ExternalSorter;

/// Memory for the runs that have not ended, in bytes. If they need more, all of them end.
const MEMORY: usize = 16 << 20;

/// The runs of all callers.
pub(super) struct RunFold {
    /// The runs that have not ended.
    open: BTreeMap<Caller, CallRun>,
    /// Memory that they take, in bytes.
    size: usize,
    memory: usize,
    ended: ExternalSorter,
    key: Vec<u8>,
}

impl RunFold {
    pub(super) fn new() -> RunFold {
        RunFold::with_memory(MEMORY)
    }

    fn with_memory(memory: usize) -> RunFold {
        RunFold { open: BTreeMap::new(), size: 0, memory, ended: ExternalSorter::new(None), key: Vec::new() }
    }

    /// Adds the next event in chronological order.
    pub(super) fn add(&mut self, event: TimelineEvent) -> Result<(), Error> {
        match self.open.get_mut(&event.caller) {
            Some(run) if run.is_continued_by(&event) => {
                self.size -= run.size();
                run.add(event);
                self.size += run.size();
            }
            _ => {
                let run = CallRun::new(event);
                self.size += run.size();
                if let Some(ended) = self.open.insert(run.first.caller.clone(), run) {
                    self.size -= ended.size();
                    self.end(&ended)?;
                }
            }
        }
        if self.size > self.memory { self.end_all() } else { Ok(()) }
    }

    fn end_all(&mut self) -> Result<(), Error> {
        self.size = 0;
        std::mem::take(&mut self.open).values().try_for_each(|run| self.end(run))
    }

    fn end(&mut self, run: &CallRun) -> Result<(), Error> {
        self.key.clear();
        run.first.sort_key(&mut self.key);
        let row = serde_json::to_vec(run).map_err(|error| Error::Failed(error.to_string()))?;
        self.ended.push(&self.key, &row)
    }

    /// Ends all runs, and calls `each` for every run in the order of their first events.
    pub(super) fn finish(
        mut self,
        stop: &Cancellation,
        mut each: impl FnMut(&CallRun) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.end_all()?;
        each_row(self.ended, stop, |row| each(&from_json(row)?))
    }
}

/// Calls `each` for every row of a sorter.
pub(super) fn each_row(
    sorter: ExternalSorter,
    stop: &Cancellation,
    mut each: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    sorter.each_row(|row| if stop.is_interrupted() { Err(Error::Interrupted) } else { each(row) })
}

#[cfg(test)]
mod tests;
