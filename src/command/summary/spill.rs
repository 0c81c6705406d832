//! Values with their counts that do not fit into memory, in sorted runs on disk.

use std::sync::{Mutex, PoisonError};

use crate::command::summary::value_stats::ValueStats;
use crate::error::Error;
use crate::spill::runs::{self, SortedRuns};

/// Counted values on disk, shared by the counters of all threads.
#[derive(Debug)]
pub(super) struct CountSpill {
    runs: Mutex<SortedRuns>,
}

impl Default for CountSpill {
    fn default() -> CountSpill {
        CountSpill { runs: Mutex::new(SortedRuns::with_combined_rows(add_stats)) }
    }
}

impl CountSpill {
    /// Whether nothing was ever written.
    pub(super) fn is_empty(&self) -> bool {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Writes values, which come in their order.
    pub(super) fn write<'a>(&self, values: impl Iterator<Item = (&'a [u8], &'a ValueStats)>) -> Result<(), Error> {
        let entry = |(value, stats): (&[u8], &ValueStats)| {
            let (mut row, mut entry) = (Vec::with_capacity(ValueStats::LENGTH), Vec::new());
            stats.write(&mut row);
            runs::write(value, &row, false, &mut entry);
            entry
        };
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).add(values.map(entry))
    }

    /// Removes all values and calls `each` for each of them, once and in their order, with
    /// all of its counts.
    pub(super) fn drain(&self, mut each: impl FnMut(&[u8], &ValueStats) -> Result<(), Error>) -> Result<(), Error> {
        let runs = std::mem::take(&mut *self.runs.lock().unwrap_or_else(PoisonError::into_inner));
        let mut merge = runs.merge()?;
        while let Some(entry) = merge.entry() {
            each(runs::key(entry), &stats(runs::row(entry).0))?;
            merge.advance()?;
        }
        Ok(())
    }
}

fn stats(row: &[u8]) -> ValueStats {
    ValueStats::read(row)
}

/// Adds the counts in a row to those in another.
fn add_stats(sum: &mut Vec<u8>, row: &[u8]) {
    let mut stats_of_both = stats(sum);
    stats_of_both.merge(&stats(row));
    sum.clear();
    stats_of_both.write(sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_many_runs_comes_once_with_all_of_its_counts() {
        /// More than are merged at once, so that some are merged on the way.
        const RUNS: usize = 300;
        let spill = CountSpill::default();
        let mut stats = ValueStats::default();
        stats.add(&crate::command::summary::value_stats::Occurrence::default());
        for run in 0..RUNS {
            let mut values = [format!("value {}", run % 7), format!("{run:04}").repeat(300)];
            values.sort();
            spill.write(values.iter().map(|value| (value.as_bytes(), &stats))).unwrap();
        }
        let (mut distinct, mut events, mut last) = (0, 0, Vec::new());
        let each = |value: &[u8], stats: &ValueStats| {
            assert!(last.as_slice() < value);
            last = value.to_vec();
            distinct += 1;
            events += stats.count;
            Ok(())
        };
        spill.drain(each).unwrap();
        assert_eq!((distinct, events), (RUNS + 7, 2 * RUNS as u64));
    }
}
