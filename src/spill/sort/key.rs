//! Sort keys: encodes cells as bytes that compare like their values.
//!
//! Numbers sort before times, times before texts, and empty cells last in both directions, as
//! in a spreadsheet.

use jiff::Timestamp;

use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::digest::file_verdict::VerdictReader;
use crate::cloudtrail::time::{self, HourMemo};
use crate::decode::event::{Event, FieldSet};
use crate::error::Error;
use crate::syntax::decimal::Decimal;
use crate::table::cell::CellStyle;
use crate::table::column::{Column, ColumnType};

/// A column to sort by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SortColumn {
    /// Name of the column.
    pub column: String,
    /// True for descending order.
    pub descends: bool,
}

/// Maximum number of bytes of a text that are compared.
const MAX_TEXT: usize = 4096;

/// Builds the sort keys of rows.
#[derive(Clone, Debug)]
pub struct SortOrder {
    columns: Vec<(Column, bool)>,
    style: CellStyle,
    cell: Vec<u8>,
    hour: HourMemo,
}

impl SortOrder {
    /// Resolves the columns and requests their fields. Returns an error for an unknown column.
    pub fn new(by: &[SortColumn], fields: &mut FieldSet) -> Result<SortOrder, Error> {
        let column = |by: &SortColumn| Ok((Column::new("--sort", &by.column, fields)?, by.descends));
        let columns = by.iter().map(column).collect::<Result<_, Error>>()?;
        Ok(SortOrder { columns, style: CellStyle::default(), cell: Vec::new(), hour: HourMemo::default() })
    }

    /// The readers of actors in the columns.
    pub fn actor_readers(&mut self) -> impl Iterator<Item = &mut ActorReader> {
        self.columns.iter_mut().filter_map(|(column, _)| column.actor_reader())
    }

    /// The readers of verdicts in the columns.
    pub fn verdict_readers(&mut self) -> impl Iterator<Item = &mut VerdictReader> {
        self.columns.iter_mut().filter_map(|(column, _)| column.verdict_reader())
    }

    /// Appends the sort key of an event to `key`.
    pub fn write(&mut self, event: &Event<'_>, file: &str, key: &mut Vec<u8>) {
        for (column, descends) in &mut self.columns {
            // A time of the form in which nearly all are written is its own cell.
            let second = column.written_time(event).and_then(|written| self.hour.second(written));
            if let Some(time) = second.and_then(|second| Timestamp::from_second(second).ok()) {
                let start = key.len();
                push_time(time, key);
                invert_if(*descends, &mut key[start..]);
                continue;
            }
            self.cell.clear();
            column.write_start(event, file, &self.style, MAX_TEXT, &mut self.cell);
            self.cell.truncate(MAX_TEXT);
            let time = if column.column_type() == ColumnType::Time { parsed(&self.cell, &mut self.hour) } else { None };
            encode(&self.cell, time, *descends, key);
        }
    }
}

const NUMBER: u8 = 1;
const TIME: u8 = 2;
const TEXT: u8 = 3;
const EMPTY: u8 = u8::MAX;

/// Appends the encoding of a cell. `known` is its time, in a column of times.
fn encode(cell: &[u8], known: Option<Timestamp>, descends: bool, key: &mut Vec<u8>) {
    if cell.is_empty() {
        return key.push(EMPTY);
    }
    let start = key.len();
    let number = if known.is_none() { Decimal::read(cell) } else { None };
    if let Some(number) = number {
        key.push(NUMBER);
        key.extend(number.bytes());
    } else if let Some(time) = known.or_else(|| time(cell)) {
        push_time(time, key);
    } else {
        key.push(TEXT);
        key.extend_from_slice(cell);
        // The terminator is less than any byte of a cell, so a prefix sorts before longer
        // texts.
        key.push(0);
    }
    invert_if(descends, &mut key[start..]);
}

/// Appends the encoding of a time.
fn push_time(time: Timestamp, key: &mut Vec<u8>) {
    key.push(TIME);
    // Adding 2^70 makes all times from year -9999 to 9999 non-negative, and nine bytes are
    // enough for the sum.
    let since = (time.as_nanosecond() + (1 << 70)) as u128;
    key.extend_from_slice(&since.to_be_bytes()[7..]);
}

/// Reverses the order of an encoding if it `descends`.
fn invert_if(descends: bool, key: &mut [u8]) {
    if descends {
        key.iter_mut().for_each(|byte| *byte = !*byte);
    }
}

fn time(cell: &[u8]) -> Option<Timestamp> {
    let may_be = cell.len() >= "2026-10-01T00:00".len() && cell[0].is_ascii_digit() && cell[4] == b'-';
    let text = str::from_utf8(cell).ok().filter(|_| may_be)?;
    time::parse(text)
}

/// The time in a cell of a column of times, where a number stands for one too.
fn parsed(cell: &[u8], hour: &mut HourMemo) -> Option<Timestamp> {
    if let Some(second) = hour.second(cell) {
        return Timestamp::from_second(second).ok();
    }
    let text = str::from_utf8(cell).ok()?;
    time::parse_epoch(text).or_else(|| {
        let time = self::time(cell)?;
        hour.learn(cell, time.as_second());
        Some(time)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(cell: &str, descends: bool) -> Vec<u8> {
        let mut key = Vec::new();
        encode(cell.as_bytes(), None, descends, &mut key);
        key
    }

    #[test]
    fn values_compare_by_type_and_value() {
        let ascending = [
            "-1e400",
            "-10.5",
            "-10",
            "-9",
            "-0.5",
            "-0.05",
            "0",
            "1e-400",
            "0.05",
            "0.5",
            "9",
            "9.0000000000000000000000000000001",
            "10",
            "10.5",
            "99999999999999999998",
            "99999999999999999999",
            "1e400",
            "0001-01-01T00:00:00Z",
            "1969-12-31T23:59:59.2Z",
            "1969-12-31T23:59:59.7Z",
            "2026-10-01T00:00:00Z",
            "2026-10-01T00:00:00.5Z",
            "2026-10-01T02:00:01+02:00",
            "2026-10-01T00:00:02Z",
            "-",
            "--1",
            "10.0.0.1",
            "1e",
            "AccessDenied",
            "a",
            "a b",
            "aa",
            "é",
        ];
        for (first, one) in ascending.iter().enumerate() {
            for (second, other) in ascending.iter().enumerate() {
                assert_eq!(key(one, false).cmp(&key(other, false)), first.cmp(&second), "{one} {other}");
                assert_eq!(key(one, true).cmp(&key(other, true)), second.cmp(&first), "{one} {other}");
            }
            assert!(key(one, false) < key("", false) && key(one, true) < key("", true), "empty cells come last");
        }
    }

    #[test]
    fn equal_values_have_equal_keys() {
        for (one, other) in [
            ("1", "1.0"),
            ("100", "1e2"),
            ("0", "-0.00"),
            ("007", "7"),
            ("-1.50e3", "-1500"),
            ("2026-10-01T00:00:00Z", "2026-10-01T02:00:00+02:00"),
            ("2026-10-01T00:00:00Z", "2026-10-01 00:00:00.000"),
            ("2026-10-01T00:00:00Z", "2026-10-01 00:00:00.000 UTC"),
            ("2026-10-01T00:00:00Z", "2026-10-01T00:00:00"),
        ] {
            assert_eq!(key(one, false), key(other, false), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn columns_are_compared_separately(one in "[a-c]{0,3}", other in "[a-c]{0,3}", down in any::<bool>()) {
            let keys = |first: &str, second: &str| [key(first, down), key(second, false)].concat();
            let compared = keys(&one, "z").cmp(&keys(&other, "a"));
            let first = key(&one, down).cmp(&key(&other, down));
            prop_assert_eq!(compared, first.then(std::cmp::Ordering::Greater));
        }
    }
}
