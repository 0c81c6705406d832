//! Converts a typed cell to what Excel stores.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, civil};

use crate::cloudtrail::time;
use crate::table::typed_cell::TypedCell;

/// A cell of a sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SheetCell<'a> {
    Text(&'a [u8]),
    Number(f64),
    /// A time, as an Excel serial number: days since the epoch of Excel.
    Time(f64),
}

impl<'a> SheetCell<'a> {
    /// Creates the cell for a typed one, as Excel can store it; `None` if it is empty. Times
    /// are shown in `zone`.
    pub(super) fn new(cell: TypedCell<'a>, zone: &TimeZone) -> Option<SheetCell<'a>> {
        match cell {
            TypedCell::Empty => None,
            TypedCell::Text(text) => Some(SheetCell::Text(text)),
            TypedCell::Number(text) => Some(exact(text).map_or(SheetCell::Text(text.as_bytes()), SheetCell::Number)),
            TypedCell::Time(text) => Some(days(text, zone).map_or(SheetCell::Text(text.as_bytes()), SheetCell::Time)),
        }
    }
}

/// Parses a number that Excel stores exactly, which is limited to 15 digits; `None` for any
/// other.
fn exact(text: &str) -> Option<f64> {
    const DIGITS: usize = 15;
    let mantissa = text.split(['e', 'E']).next()?;
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let number: f64 = text.parse().ok()?;
    let is_normal = number == 0.0 || number.is_normal();
    (digits <= DIGITS && is_normal).then_some(number)
}

/// Before this date, serial numbers are shifted by a day, because Excel counts 29 February 1900.
const FIRST: civil::Date = civil::date(1900, 3, 1);
const BEGINNING: civil::Date = civil::date(1899, 12, 30);

/// Converts a time to an Excel serial number; `None` if it cannot be represented. Excel has no
/// time zones, so all times of a workbook are in the zone named on the sheet `About`.
fn days(text: &str, zone: &TimeZone) -> Option<f64> {
    if *zone == TimeZone::UTC
        && let Some(days) = days_of_usual_form(text)
    {
        return Some(days);
    }
    // Excel has no leap seconds.
    if matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _, _, _, _, b':', _, _, b':', b'6', ..]) {
        return None;
    }
    let time = zone.to_datetime(time::parse(text).or_else(|| time::parse_epoch(text))?);
    let since: SignedDuration = time.duration_since(BEGINNING.to_datetime(civil::Time::midnight()));
    (time.date() >= FIRST).then(|| since.as_secs_f64() / 86_400.0)
}

/// Like `days`, for `2026-10-01T09:14:02Z` in UTC, the form of almost all times; `None` for any
/// other.
fn days_of_usual_form(text: &str) -> Option<f64> {
    let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] =
        *<&[u8; 20]>::try_from(text.as_bytes()).ok()?
    else {
        return None;
    };
    let number = |tens: u8, ones: u8| {
        let are_digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        are_digits.then(|| (tens - b'0') as i8 * 10 + (ones - b'0') as i8)
    };
    let year = i16::from(number(y1, y2)?) * 100 + i16::from(number(y3, y4)?);
    let date = civil::Date::new(year, number(mo1, mo2)?, number(d1, d2)?).ok()?;
    let [hour, minute, second] = [number(h1, h2)?, number(m1, m2)?, number(s1, s2)?];
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    // The last days of the year 9999 are beyond the range of the other way.
    let is_valid = date >= FIRST && date.year() < 9999 && hour < 24 && minute < 60 && second < 60;
    is_valid.then(|| (date.duration_since(BEGINNING).as_secs() + seconds) as f64 / 86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_serial_numbers() {
        for (text, expected) in [
            ("1900-03-01T00:00:00Z", Some(61.0)),
            ("2026-10-01T00:00:00Z", Some(46_296.0)),
            ("2026-10-01T12:00:00Z", Some(46_296.5)),
            ("2026-10-01T18:00:00.000Z", Some(46_296.75)),
            ("2026-10-01T12:00:00+06:00", Some(46_296.25)),
            ("9999-12-30T00:00:00Z", Some(2_958_464.0)),
            ("9999-12-31T23:59:59Z", None),
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
            assert_eq!(days(text, &TimeZone::UTC), expected, "{text}");
        }
        for text in ["2026-10-01T24:00:00Z", "2026-02-29T00:00:00Z", "2026-10-01T00:60:00Z", "2026-1/-01T00:00:00Z"] {
            assert_eq!((days(text, &TimeZone::UTC), days_of_usual_form(text)), (None, None), "{text}");
        }
        for text in ["2026-10-01T09:14:02Z", "2024-02-29T23:59:59Z", "1900-03-01T00:00:01Z"] {
            // A fraction of a second is read in the other way.
            let other = text.replace('Z', ".0Z");
            assert_eq!(days_of_usual_form(text), days(&other, &TimeZone::UTC), "{text}");
        }
        let east = TimeZone::fixed(jiff::tz::offset(6));
        assert_eq!(days("2026-10-01T12:00:00Z", &east), Some(46_296.75));
        assert_eq!(days("1790856000000", &TimeZone::UTC), Some(46_296.5));
    }

    #[test]
    fn numbers_are_exact_or_text() {
        for (text, expected) in [
            ("17", Ok(17.0)),
            ("-1.50e3", Ok(-1500.0)),
            ("999999999999999", Ok(999_999_999_999_999.0)),
            ("1234567890123456", Err("1234567890123456")),
            ("1e400", Err("1e400")),
            ("1e-320", Err("1e-320")),
            ("-", Err("-")),
        ] {
            let expected = expected.map_or_else(|text: &str| SheetCell::Text(text.as_bytes()), SheetCell::Number);
            assert_eq!(SheetCell::new(TypedCell::Number(text), &TimeZone::UTC), Some(expected));
        }
    }

    #[test]
    fn text_stays_text() {
        for text in [&b"17"[..], b"=1+1", b"2026-10-01T00:00:00Z"] {
            assert_eq!(SheetCell::new(TypedCell::Text(text), &TimeZone::UTC), Some(SheetCell::Text(text)));
        }
        assert_eq!(SheetCell::new(TypedCell::Time("n/a"), &TimeZone::UTC), Some(SheetCell::Text(b"n/a")));
        assert_eq!(SheetCell::new(TypedCell::Empty, &TimeZone::UTC), None);
    }
}
