//! All rows of all tables in the order in which data formats write them, in
//! bounded memory: what does not fit is sorted on disk.

use super::result::ValueRank;
use super::value_stats::ValueStats;
use crate::error::Error;
use crate::spill::sort::ExternalSorter;

/// The order of the rows of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RowOrder {
    /// The highest rank first; of those with the same rank, the first in the alphabet.
    Rank,
    /// By value, such as the start of an hour.
    Value,
}

/// Takes the rows of tables in any order and gives them table by table, in their order.
pub(super) struct AllRows {
    order: RowOrder,
    sorter: ExternalSorter,
    key: Vec<u8>,
    row: Vec<u8>,
}

/// A row of a table.
pub(super) struct CountedRow<'a> {
    /// The number of its table.
    pub(super) table: usize,
    pub(super) values: &'a [String],
    pub(super) count: u64,
    /// How many of these failed, where that is counted.
    pub(super) failures: u64,
    pub(super) sum: i128,
    /// The number of events of the earlier period.
    pub(super) earlier: u64,
    /// The user of the first event, where that is noted.
    pub(super) first_user: &'a str,
    /// The first second and the last, counted from 1970.
    pub(super) period: Option<[i64; 2]>,
}

impl<'a> CountedRow<'a> {
    /// The row of a table with this number.
    pub(super) fn new(table: usize, values: &'a [String], stats: &'a ValueStats) -> CountedRow<'a> {
        CountedRow {
            table,
            values,
            count: stats.count,
            failures: stats.failures,
            sum: stats.sum,
            earlier: stats.earlier,
            first_user: str::from_utf8(&stats.first_user).unwrap_or_default(),
            period: stats.period(),
        }
    }
}

impl AllRows {
    pub(super) fn new(order: RowOrder) -> AllRows {
        AllRows { order, sorter: ExternalSorter::new(None), key: Vec::new(), row: Vec::new() }
    }

    /// Takes a row of the table with this number.
    pub(super) fn push(
        &mut self,
        table: usize,
        rank: ValueRank,
        value: &[u8],
        stats: &ValueStats,
    ) -> Result<(), Error> {
        let table = table as u32;
        self.key.clear();
        self.key.extend(table.to_be_bytes());
        if self.order == RowOrder::Rank {
            self.key.extend(rank.iter().flat_map(|part| (!part).to_be_bytes()));
        }
        self.key.extend_from_slice(value);
        self.row.clear();
        self.row.extend(table.to_be_bytes());
        self.row.extend((value.len() as u32).to_be_bytes());
        self.row.extend_from_slice(value);
        stats.write(&mut self.row);
        self.sorter.push(&self.key, &self.row)
    }

    /// Calls `each` for each row in their order.
    pub(super) fn each(self, mut each: impl FnMut(CountedRow<'_>) -> Result<(), Error>) -> Result<(), Error> {
        self.sorter.each_row(|row| read(row, &mut each))
    }
}

fn read(row: &[u8], each: &mut impl FnMut(CountedRow<'_>) -> Result<(), Error>) -> Result<(), Error> {
    let number = |at: usize| row[at..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)) as usize;
    let (value, stats) = row[8..].split_at_checked(number(4)).unwrap_or_default();
    each(CountedRow::new(number(0), &values(value), &ValueStats::read(stats)))
}

/// The values that a counted value is made of.
pub(super) fn values(value: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(value).split('\t').map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_table_by_table_and_the_most_frequent_first() {
        let mut rows = AllRows::new(RowOrder::Rank);
        for (table, value, count) in [(1, "b", 1), (0, "d", 1), (0, "c\te", 1), (0, "z", 300), (1, "a", 1)] {
            let mut stats = ValueStats::default();
            stats.count = count;
            rows.push(table, [0, stats.count, 0], value.as_bytes(), &stats).unwrap();
        }
        let mut stats = ValueStats::default();
        (stats.count, stats.seconds) = (2, [-5, 7]);
        rows.push(1, [0, stats.count, 0], b"t", &stats).unwrap();
        let mut found = Vec::new();
        let each = |row: CountedRow<'_>| {
            found.push((row.table, row.values.join("+"), row.count, row.period));
            Ok(())
        };
        rows.each(each).unwrap();
        let row = |table, value: &str, count, period| (table, value.to_string(), count, period);
        assert_eq!(
            found,
            [
                row(0, "z", 300, None),
                row(0, "c+e", 1, None),
                row(0, "d", 1, None),
                row(1, "t", 2, Some([-5, 7])),
                row(1, "a", 1, None),
                row(1, "b", 1, None),
            ]
        );
    }
}
