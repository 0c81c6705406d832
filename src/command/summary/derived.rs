//! Tables that are made of the rows of others: what was first seen last, what is rare, and
//! what differs from an earlier period.

use super::all_rows::AllRows;
use super::comparison::{FrequencyChange, FrequencyComparison};
use super::result::{SummaryTable, TableTopic, TopValues, ValueRank};
use super::value_stats::ValueStats;
use crate::error::Error;

/// Tables in the making.
pub(super) struct DerivedTables {
    first_seen: DerivedTable,
    rare: DerivedTable,
    against: Option<(FrequencyComparison, DerivedTable)>,
    /// Memory for a row.
    value: Vec<u8>,
}

struct DerivedTable {
    rows: TopValues,
    distinct: u64,
}

/// The tables whose values can be new, in the order in which they are shown.
const FIRST_SEEN: [TableTopic; 6] = [
    TableTopic::Users,
    TableTopic::Addresses,
    TableTopic::Keys,
    TableTopic::Agents,
    TableTopic::Events,
    TableTopic::Regions,
];
/// The tables whose least frequent values are shown.
const RARE: [TableTopic; 2] = [TableTopic::Events, TableTopic::Errors];
/// The tables whose values are compared.
const COMPARED: [TableTopic; 8] = [
    TableTopic::Users,
    TableTopic::Addresses,
    TableTopic::Keys,
    TableTopic::Agents,
    TableTopic::Events,
    TableTopic::Regions,
    TableTopic::Errors,
    TableTopic::Accounts,
];
/// How long-term keys begin. Temporary ones are always new.
const LONG_TERM: &[u8] = b"AKIA";

impl DerivedTables {
    /// For this number of rows of each group.
    pub(super) fn new(limit: usize, comparison: Option<FrequencyComparison>) -> DerivedTables {
        DerivedTables {
            first_seen: DerivedTable::new(limit),
            rare: DerivedTable::new(limit),
            against: comparison.map(|comparison| (comparison, DerivedTable::new(limit))),
            value: Vec::new(),
        }
    }

    /// Takes a row of a table. `all` is given the rows of the comparison, as those of the table
    /// with this number.
    pub(super) fn offer(
        &mut self,
        topic: TableTopic,
        value: &[u8],
        stats: &ValueStats,
        all: Option<(usize, &mut AllRows)>,
    ) -> Result<(), Error> {
        if topic == TableTopic::Keys && !value.starts_with(LONG_TERM) {
            return Ok(());
        }
        let time = |second: i64| (second as u64) ^ (1 << 63);
        // A user makes the first call of its own.
        let user = if topic == TableTopic::Users { &[] } else { &stats.first_user[..] };
        let [first, last] = stats.period().unwrap_or_default().map(time);
        if stats.count > 0 {
            if let Some(group) = group(&FIRST_SEEN, topic) {
                row(&mut self.value, &[topic.column().as_bytes(), value, user]);
                self.first_seen.add([group, first, 0], &self.value, stats);
            }
            if let Some(group) = group(&RARE, topic) {
                row(&mut self.value, &[topic.column().as_bytes(), value, user]);
                self.rare.add([group, !stats.count, last], &self.value, stats);
            }
        }
        let Some((comparison, table)) = &mut self.against else { return Ok(()) };
        let (Some(group), Some((change, quotient))) = (group(&COMPARED, topic), comparison.change(stats)) else {
            return Ok(());
        };
        let parts = [topic.column().as_bytes(), change.name().as_bytes(), value, user];
        row(&mut self.value, &parts);
        let rank = [group * 4 + 3 - change as u64, weight(change, quotient, stats), last];
        table.add(rank, &self.value, stats);
        match all {
            Some((number, all)) => all.push(number, rank, &self.value, stats),
            None => Ok(()),
        }
    }

    /// The tables. An event can be in several rows; `events` is the number of all.
    pub(super) fn finish(self, events: u64) -> impl Iterator<Item = SummaryTable> {
        let first_seen = self.first_seen.finish(TableTopic::FirstSeen, &["column", "value", "firstUser"], events);
        let rare = self.rare.finish(TableTopic::Rare, &["column", "value", "firstUser"], events);
        let columns = ["column", "change", "value", "firstUser"];
        let against = self.against.map(|(_, table)| table.finish(TableTopic::Against, &columns, events));
        against.into_iter().chain([first_seen, rare])
    }
}

impl DerivedTable {
    fn new(limit: usize) -> DerivedTable {
        DerivedTable { rows: TopValues::new(limit), distinct: 0 }
    }

    fn add(&mut self, rank: ValueRank, value: &[u8], stats: &ValueStats) {
        self.distinct += 1;
        self.rows.offer(rank, value, stats);
    }

    fn finish(self, topic: TableTopic, columns: &[&str], events: u64) -> SummaryTable {
        SummaryTable {
            topic,
            columns: columns.iter().map(|name| name.to_string()).collect(),
            distinct: self.distinct,
            events,
            empty: 0,
            rows: self.rows.rows(),
            first_seen: Default::default(),
        }
    }
}

/// The table that a row comes from, by the column that the row names.
pub(super) fn topic(column: &str) -> Option<TableTopic> {
    COMPARED.into_iter().find(|table| table.column() == column)
}

/// The rank of the rows of a table among those of the others.
fn group(tables: &[TableTopic], topic: TableTopic) -> Option<u64> {
    tables.iter().rev().position(|table| *table == topic).map(|place| place as u64)
}

/// What counts more among the rows with the same change.
fn weight(change: FrequencyChange, quotient: f64, stats: &ValueStats) -> u64 {
    const FINE: f64 = 1000.0;
    match change {
        FrequencyChange::New => stats.count,
        FrequencyChange::Gone => stats.earlier,
        FrequencyChange::More => (quotient * FINE) as u64,
        FrequencyChange::Less => (FINE / quotient) as u64,
    }
}

/// Sets a row to these parts.
fn row(row: &mut Vec<u8>, parts: &[&[u8]]) {
    row.clear();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            row.push(b'\t');
        }
        row.extend_from_slice(part);
    }
}
