//! Sorts the rows of an answer by time, in bounded memory.

use jiff::Timestamp;

use super::row::HistoryRow;
use crate::cloudtrail::time;
use crate::error::Error;
use crate::spill::scratch::from_json;
use crate::spill::sort::ExternalSorter;

/// Collects rows in any order.
pub(super) struct RowSorter {
    sorter: ExternalSorter,
    /// Leaves out the rows that cannot hold at this time.
    at: Option<Timestamp>,
    is_empty: bool,
    /// Why rows could not be added.
    failed: Option<Error>,
}

impl RowSorter {
    pub(super) fn new(at: Option<Timestamp>) -> RowSorter {
        RowSorter { sorter: ExternalSorter::new(None), at, is_empty: true, failed: None }
    }

    /// Adds a row. If that fails, [`finish`](Self::finish) returns the error.
    pub(super) fn push(&mut self, row: &HistoryRow) {
        if self.failed.is_some() || self.at.is_some_and(|at| !row.may_hold_at(at)) {
            return;
        }
        self.is_empty = false;
        let written = serde_json::to_vec(row).map_err(|error| Error::Failed(error.to_string()));
        self.failed = written.and_then(|written| self.sorter.push(&sort_key(row), &written)).err();
    }

    /// Whether no row was added.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Calls `each` for the rows, unknown beginnings first, then by time. Equal rows are one.
    pub(super) fn finish(self, mut each: impl FnMut(&HistoryRow) -> Result<(), Error>) -> Result<(), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut last = Vec::new();
        self.sorter.each_row(|row| {
            if last != row {
                each(&from_json(row)?)?;
                last.clear();
                last.extend_from_slice(row);
            }
            Ok(())
        })
    }
}

/// The key by which rows are sorted: their beginning, their end, where they are, and their cells.
fn sort_key(row: &HistoryRow) -> Vec<u8> {
    let mut key = Vec::new();
    for time in [row.begin.earliest(), row.end.as_ref().map(|end| end.time)] {
        key.push(time.is_some().into());
        key.extend(time.map(time::order_bytes).into_iter().flatten());
    }
    let cells = row.cells.iter().map(String::as_str);
    for text in [&*row.scope.account, &*row.scope.region].into_iter().chain(cells) {
        // A text ends with two zeros, so that it is before longer ones that begin with it.
        for byte in text.bytes() {
            key.push(byte);
            if byte == 0 {
                key.push(1);
            }
        }
        key.extend_from_slice(&[0, 0]);
    }
    key
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cloudtrail::history::change::ResourceScope;
    use crate::cloudtrail::history::interval::{IntervalBegin, IntervalEnd};

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn row(begin: Option<i64>, end: Option<i64>, account: &str, cell: &str) -> HistoryRow {
        let event = |second| IntervalEnd { time: time(second), event_id: "e".into(), actor: "a".into(), is_seen: true };
        HistoryRow {
            scope: ResourceScope { account: account.into(), region: "eu-west-1".into() },
            begin: begin.map_or(IntervalBegin::BeforeEvents, |begin| IntervalBegin::Known(Arc::new(event(begin)))),
            end: end.map(event),
            cells: vec![cell.into()],
            doubt: None,
        }
    }

    fn sorted(rows: &[HistoryRow], at: Option<i64>) -> Vec<HistoryRow> {
        let (mut sorter, mut sorted) = (RowSorter::new(at.map(time)), Vec::new());
        rows.iter().for_each(|row| sorter.push(row));
        let collect = |row: &HistoryRow| {
            sorted.push(row.clone());
            Ok(())
        };
        sorter.finish(collect).unwrap();
        sorted
    }

    #[test]
    fn rows_are_sorted_by_time_and_then_by_place_and_cells() {
        let expected = [
            row(None, None, "1", "a"),
            row(None, Some(-5), "1", "a"),
            row(None, Some(5), "1", "a"),
            row(Some(-7), None, "2", "a"),
            row(Some(3), Some(4), "1", "a"),
            row(Some(3), Some(4), "1", "a\0b"),
            row(Some(3), Some(4), "1", "ab"),
            row(Some(3), Some(4), "2", ""),
            row(Some(300), None, "1", "a"),
        ];
        let reversed: Vec<HistoryRow> = expected.iter().rev().chain(&expected).cloned().collect();
        assert_eq!(sorted(&reversed, None), expected);
    }

    #[test]
    fn rows_that_cannot_hold_at_the_time_are_left_out() {
        let rows =
            [row(None, Some(5), "1", "ended"), row(Some(3), None, "1", "holds"), row(Some(6), None, "1", "later")];
        assert_eq!(sorted(&rows, Some(5)), [rows[1].clone()]);
    }
}
