//! The merged counts of all threads: everything that the outputs show.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::all_rows::{self, AllRows};
use super::counter::Counter;
use super::tally::{EventCounts, SummaryTally};
use super::timeline::Timeline;
use crate::command::summary::buckets::BucketedTime;
use crate::command::summary::value_stats::ValueStats;
use crate::error::Error;

/// The kind of value that a table counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TableTopic {
    Accounts,
    Regions,
    Users,
    /// Actors.
    People,
    Events,
    Sources,
    Addresses,
    Errors,
    Denied,
    /// The columns requested on the command line.
    Asked,
}

/// The most frequent values of one kind.
#[derive(Debug)]
pub(super) struct SummaryTable {
    pub(super) about: TableTopic,
    /// The names of the values of a row.
    pub(super) columns: Vec<String>,
    /// The number of different values, including those not in `rows`.
    pub(super) distinct: u64,
    /// The number of events with a value.
    pub(super) events: u64,
    /// The number of events without a value.
    pub(super) empty: u64,
    /// The most frequent values, by decreasing count.
    pub(super) rows: Vec<TableRow>,
    /// The times at which values were first seen.
    pub(super) firsts: Timeline<1>,
}

/// One value per column of the table, and their statistics.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct TableRow {
    pub(super) values: Vec<String>,
    pub(super) stats: ValueStats,
}

/// All counts of a run.
pub(super) struct Summary {
    pub(super) counts: EventCounts,
    pub(super) tables: Vec<SummaryTable>,
    /// The principals with denied calls. Counted apart, because the rows of denied
    /// calls are only the most frequent ones.
    pub(super) roles: SummaryTable,
}

impl Summary {
    /// Merges the tallies of all threads. `headings` has the columns of each table,
    /// which keeps its `top` most frequent rows. `all` is given every row.
    pub(super) fn new(
        headings: Vec<(TableTopic, Vec<String>)>,
        tallies: Vec<SummaryTally>,
        top: usize,
        mut all: Option<&mut AllRows>,
    ) -> Result<Summary, Error> {
        let (counts, mut counters) = SummaryTally::merge(tallies)?;
        let roles = vec!["principal".to_string()];
        let roles =
            SummaryTable::new(TableTopic::Denied, roles, 0, counters.pop().unwrap_or_default(), top, |_, _| Ok(()))?;
        let tables = headings.into_iter().zip(counters).enumerate();
        let tables = tables.map(|(at, ((about, columns), counters))| {
            let empty = counts.empty.get(at).copied().unwrap_or_default();
            SummaryTable::new(about, columns, empty, counters, top, |value, stats| match &mut all {
                Some(all) => all.push(at, value, stats),
                None => Ok(()),
            })
        });
        let tables = tables.collect::<Result<_, Error>>()?;
        Ok(Summary { counts, tables, roles })
    }

    /// The table of a topic, if the summary has one.
    pub(super) fn table(&self, about: TableTopic) -> Option<&SummaryTable> {
        self.tables.iter().find(|table| table.about == about)
    }

    /// Truncates each table to its `top` first rows.
    pub(super) fn keep(&mut self, top: usize) {
        for table in &mut self.tables {
            table.rows.truncate(top);
        }
    }

    /// The number of events without a readable time.
    pub(super) fn untimed(&self) -> u64 {
        self.counts.all.count - self.counts.week.iter().sum::<u64>()
    }
}

impl SummaryTable {
    fn new(
        about: TableTopic,
        columns: Vec<String>,
        empty: u64,
        counters: Vec<Counter>,
        top: usize,
        mut each: impl FnMut(&[u8], &ValueStats) -> Result<(), Error>,
    ) -> Result<SummaryTable, Error> {
        let mut table = SummaryTable {
            about,
            columns,
            distinct: 0,
            events: 0,
            empty,
            rows: Vec::new(),
            firsts: Timeline::default(),
        };
        let mut top_values = TopValues { limit: top, heap: BinaryHeap::new() };
        let mut counters = counters.into_iter();
        if let Some(first) = counters.next() {
            let mut moment = BucketedTime::new(0);
            first.finish(counters, |value, stats| {
                table.distinct += 1;
                table.events += stats.count;
                if let Some([first, _]) = stats.period() {
                    moment.set(first);
                    table.firsts.add(&moment, 0);
                }
                top_values.offer(value, stats);
                each(value, stats)
            })?;
        }
        table.rows = top_values.rows();
        Ok(table)
    }
}

/// The most frequent values so far; ties go to the value that sorts first.
struct TopValues {
    limit: usize,
    heap: BinaryHeap<Reverse<TopCandidate>>,
}

type TopCandidate = (u64, Reverse<Vec<u8>>, BoxedStats);

/// Statistics that all compare equal: the order of candidates is decided by
/// their values, which are distinct.
struct BoxedStats(ValueStats);

impl PartialEq for BoxedStats {
    fn eq(&self, _: &BoxedStats) -> bool {
        true
    }
}

impl Eq for BoxedStats {}

impl PartialOrd for BoxedStats {
    fn partial_cmp(&self, other: &BoxedStats) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BoxedStats {
    fn cmp(&self, _: &BoxedStats) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl TopValues {
    fn offer(&mut self, value: &[u8], stats: &ValueStats) {
        if self.heap.len() >= self.limit {
            let is_better = self.heap.peek().is_some_and(|Reverse((count, Reverse(last), _))| {
                (stats.count, Reverse(value)) > (*count, Reverse(last.as_slice()))
            });
            if !is_better {
                return;
            }
            self.heap.pop();
        }
        self.heap.push(Reverse((stats.count, Reverse(value.to_vec()), BoxedStats(stats.clone()))));
    }

    fn rows(self) -> Vec<TableRow> {
        let top_values = self.heap.into_sorted_vec().into_iter();
        top_values
            .map(|Reverse((_, Reverse(value), BoxedStats(stats)))| TableRow { values: all_rows::values(&value), stats })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_count_and_then_by_name() {
        let mut top_values = TopValues { limit: 3, heap: BinaryHeap::new() };
        for (value, count) in [("d", 1), ("b", 2), ("a", 1), ("e", 5), ("c", 2), ("f", 2)] {
            let mut stats = ValueStats::default();
            stats.count = count;
            top_values.offer(value.as_bytes(), &stats);
        }
        let rows: Vec<String> = top_values.rows().into_iter().map(|row| row.values.concat()).collect();
        assert_eq!(rows, ["e", "b", "c"]);
        let mut none = TopValues { limit: 0, heap: BinaryHeap::new() };
        none.offer(b"a", &ValueStats::default());
        assert!(none.rows().is_empty());
    }
}
