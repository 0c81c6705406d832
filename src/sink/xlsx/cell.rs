//! What a cell's text stands for.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, civil};

use crate::cloudtrail::time;
use crate::table::column::ColumnType;
use crate::table::excel;

/// A cell of a sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SheetCell<'a> {
    /// Text in a column that shows something.
    Text(&'a str, ColumnType),
    Number(f64),
    /// A point in time, in days as Excel counts them.
    Time(f64),
}

/// No less than a cell of this text takes in the file.
pub(super) fn size(text: &str) -> u64 {
    const MARKUP: usize = 96;
    const LONGEST_ESCAPE: usize = 7;
    // U+FFFE and U+FFFF are the others that are escaped.
    let escaped = text.bytes().filter(|byte| matches!(byte, b'&' | b'<' | b'>' | b'_' | 0xef)).count();
    (MARKUP + text.len() + escaped * LONGEST_ESCAPE) as u64
}

impl SheetCell<'_> {
    /// The cell of a text in a column that shows this; a time as `zone` has it.
    pub(super) fn new<'a>(text: &'a str, shows: ColumnType, zone: &TimeZone) -> SheetCell<'a> {
        match (shows, text.strip_prefix(char::from(excel::NUMBER))) {
            (_, Some(number)) => exact(number).map_or(SheetCell::Text(number, shows), SheetCell::Number),
            (ColumnType::Text, None) => SheetCell::Text(text, shows),
            (ColumnType::Time | ColumnType::Value, None) => {
                days(text, shows, zone).map_or(SheetCell::Text(text, shows), SheetCell::Time)
            }
        }
    }
}

/// A number that Excel, which knows 15 digits, can hold as it is written.
fn exact(text: &str) -> Option<f64> {
    const DIGITS: usize = 15;
    let mantissa = text.split(['e', 'E']).next()?;
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let number: f64 = text.parse().ok()?;
    let is_normal = number == 0.0 || number.is_normal();
    (digits <= DIGITS && is_normal).then_some(number)
}

/// A time in days since Excel's beginning. Excel knows no time zones: a sheet has one
/// for all its times, which the sheet about it names.
fn days(text: &str, shows: ColumnType, zone: &TimeZone) -> Option<f64> {
    /// Before, Excel counts a day that never was.
    const FIRST: civil::Date = civil::date(1900, 3, 1);
    const BEGINNING: civil::Date = civil::date(1899, 12, 30);
    let written = match text.as_bytes() {
        // A second that Excel does not know.
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b' ', _, _, b':', _, _, b':', b'6', ..] => return None,
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b' ', _, _, b':', ..] => time::parse(text),
        _ => None,
    };
    let epoch = || if shows == ColumnType::Time { time::parse_epoch(text) } else { None };
    let time = zone.to_datetime(written.or_else(epoch)?);
    let since: SignedDuration = time.duration_since(BEGINNING.to_datetime(civil::Time::midnight()));
    (time.date() >= FIRST).then(|| since.as_secs_f64() / 86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_days() {
        for (text, expected) in [
            ("1900-03-01T00:00:00Z", Some(61.0)),
            ("2026-10-01T00:00:00Z", Some(46_296.0)),
            ("2026-10-01T12:00:00Z", Some(46_296.5)),
            ("2026-10-01T18:00:00.000Z", Some(46_296.75)),
            ("2026-10-01T12:00:00+06:00", Some(46_296.25)),
            ("9999-12-30T00:00:00Z", Some(2_958_464.0)),
            ("1900-02-28T00:00:00Z", None),
            ("2026-12-31T23:59:60Z", None),
            ("2026-10-01T12:00:00", Some(46_296.5)),
            ("2026-10-01 12:00:00.000", Some(46_296.5)),
            ("2026-10-01 12:00:00.000 UTC", Some(46_296.5)),
            ("2026-12-31 23:59:60", None),
            ("2026-10-01T12:00:00Z[UTC]", Some(46_296.5)),
            ("2026-10-01", None),
            ("", None),
            ("n/a", None),
        ] {
            assert_eq!(days(text, ColumnType::Value, &TimeZone::UTC), expected, "{text}");
        }
        let east = TimeZone::fixed(jiff::tz::offset(6));
        assert_eq!(days("2026-10-01T12:00:00Z", ColumnType::Time, &east), Some(46_296.75));
        assert_eq!(days("1790856000000", ColumnType::Time, &TimeZone::UTC), Some(46_296.5));
        assert_eq!(days("1790856000000", ColumnType::Value, &TimeZone::UTC), None);
    }

    #[test]
    fn numbers_are_what_they_are_or_text() {
        let cell = |text: &'static str| match SheetCell::new(text, ColumnType::Value, &TimeZone::UTC) {
            SheetCell::Number(number) => Ok(number),
            SheetCell::Text(text, _) => Err(text),
            SheetCell::Time(_) => panic!("{text}"),
        };
        for (text, expected) in [
            ("\u{1}17", Ok(17.0)),
            ("\u{1}-1.50e3", Ok(-1500.0)),
            ("\u{1}999999999999999", Ok(999_999_999_999_999.0)),
            ("\u{1}1234567890123456", Err("1234567890123456")),
            ("\u{1}1e400", Err("1e400")),
            ("\u{1}1e-320", Err("1e-320")),
            ("\u{1}-", Err("-")),
            ("17", Err("17")),
            ("=1+1", Err("=1+1")),
        ] {
            assert_eq!(cell(text), expected);
        }
        let time = "2026-10-01T00:00:00Z";
        assert_eq!(SheetCell::new(time, ColumnType::Text, &TimeZone::UTC), SheetCell::Text(time, ColumnType::Text));
    }
}
