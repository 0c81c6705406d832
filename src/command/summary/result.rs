//! What was counted, put together: all that the outputs show.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::all_rows::{self, AllRows};
use super::counter::Counter;
use super::tally::{EventCounts, Tally};
use super::timeline::Timeline;
use crate::command::summary::buckets::BucketedTime;
use crate::command::summary::value_stats::ValueStats;
use crate::error::Error;

/// What a table is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TableTopic {
    Accounts,
    Regions,
    Users,
    Events,
    Sources,
    Addresses,
    Errors,
    Denied,
    /// Whatever was asked for.
    Asked,
}

/// The most frequent values of one kind.
#[derive(Debug)]
pub(super) struct SummaryTable {
    pub(super) about: TableTopic,
    /// What the values of a row are.
    pub(super) columns: Vec<String>,
    /// How many different values there are.
    pub(super) distinct: u64,
    /// How many events have a value.
    pub(super) events: u64,
    /// How many have none.
    pub(super) empty: u64,
    /// The most frequent, which come first.
    pub(super) rows: Vec<TableRow>,
    /// When values came for the first time.
    pub(super) firsts: Timeline<1>,
}

/// A value, or several that came together.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct TableRow {
    pub(super) values: Vec<String>,
    pub(super) trend: ValueStats,
}

/// All that was counted.
pub(super) struct Summary {
    pub(super) counts: EventCounts,
    pub(super) tables: Vec<SummaryTable>,
    /// Who was denied anything: the calls shown of each are not all there are.
    pub(super) roles: SummaryTable,
}

impl Summary {
    /// Puts together what the threads counted: of each table, whose columns
    /// `headings` has, the `top` first rows. `all` takes every row.
    pub(super) fn new(
        headings: Vec<(TableTopic, Vec<String>)>,
        tallies: Vec<Tally>,
        top: usize,
        mut all: Option<&mut AllRows>,
    ) -> Result<Summary, Error> {
        let (counts, mut counters) = Tally::merge(tallies)?;
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

    /// The table about something, if there is one.
    pub(super) fn table(&self, about: TableTopic) -> Option<&SummaryTable> {
        self.tables.iter().find(|table| table.about == about)
    }

    /// Leaves only the first rows of each table.
    pub(super) fn keep(&mut self, top: usize) {
        for table in &mut self.tables {
            table.rows.truncate(top);
        }
    }

    /// How many events have no time that can be read.
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
        let mut best = TopValues { most: top, heap: BinaryHeap::new() };
        let mut counters = counters.into_iter();
        if let Some(first) = counters.next() {
            let mut moment = BucketedTime::new(0);
            first.finish(counters, |value, trend| {
                table.distinct += 1;
                table.events += trend.count;
                if let Some([first, _]) = trend.period() {
                    moment.set(first);
                    table.firsts.add(&moment, 0);
                }
                best.offer(value, trend);
                each(value, trend)
            })?;
        }
        table.rows = best.rows();
        Ok(table)
    }
}

/// The most frequent values so far. Of equally frequent ones, the first in the
/// alphabet.
struct TopValues {
    most: usize,
    heap: BinaryHeap<Reverse<TopCandidate>>,
}

type TopCandidate = (u64, Reverse<Vec<u8>>, BoxedStats);

/// A trend that takes no part in comparing: no two candidates have one value.
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
    fn offer(&mut self, value: &[u8], trend: &ValueStats) {
        if self.heap.len() >= self.most {
            let is_better = self.heap.peek().is_some_and(|Reverse((count, Reverse(last), _))| {
                (trend.count, Reverse(value)) > (*count, Reverse(last.as_slice()))
            });
            if !is_better {
                return;
            }
            self.heap.pop();
        }
        self.heap.push(Reverse((trend.count, Reverse(value.to_vec()), BoxedStats(trend.clone()))));
    }

    fn rows(self) -> Vec<TableRow> {
        let best = self.heap.into_sorted_vec().into_iter();
        best.map(|Reverse((_, Reverse(value), BoxedStats(trend)))| TableRow { values: all_rows::values(&value), trend })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_and_equals_by_name() {
        let mut best = TopValues { most: 3, heap: BinaryHeap::new() };
        for (value, count) in [("d", 1), ("b", 2), ("a", 1), ("e", 5), ("c", 2), ("f", 2)] {
            let mut trend = ValueStats::default();
            trend.count = count;
            best.offer(value.as_bytes(), &trend);
        }
        let rows: Vec<String> = best.rows().into_iter().map(|row| row.values.concat()).collect();
        assert_eq!(rows, ["e", "b", "c"]);
        let mut none = TopValues { most: 0, heap: BinaryHeap::new() };
        none.offer(b"a", &ValueStats::default());
        assert!(none.rows().is_empty());
    }
}
