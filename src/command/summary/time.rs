//! Times as text.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A second, counted from 1970, as a logged event writes it.
pub(super) fn written(second: i64) -> String {
    Timestamp::from_second(second).unwrap_or_default().to_string()
}

/// The date and time of a second, UTC.
pub(super) fn civil(second: i64) -> DateTime {
    TimeZone::UTC.to_datetime(Timestamp::from_second(second).unwrap_or_default())
}

/// `2026-10-01 09:14:02`.
pub(super) fn whole(second: i64) -> String {
    civil(second).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// As short as it can be told in a period: a day of other days of that year
/// needs no year.
pub(super) fn short(second: i64, [first, last]: [i64; 2]) -> String {
    let form = if civil(first).year() == civil(last).year() { "%m-%d %H:%M" } else { "%Y-%m-%d" };
    civil(second).strftime(form).to_string()
}

/// How long so many hours are.
pub(super) fn hours(hours: i64) -> String {
    match (hours, hours / 24) {
        (1, _) => "hour".into(),
        (24, _) => "day".into(),
        (_, 0) => format!("{hours} hours"),
        (_, days) => format!("{days} days"),
    }
}
