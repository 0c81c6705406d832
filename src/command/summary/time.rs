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

/// What a step of a chart is called.
pub(super) fn step(minutes: i64) -> String {
    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;
    match minutes {
        1 => "minute".into(),
        HOUR => "hour".into(),
        DAY => "day".into(),
        _ if minutes < HOUR => format!("{minutes} minutes"),
        _ if minutes < DAY => format!("{} hours", minutes / HOUR),
        _ => format!("{} days", minutes / DAY),
    }
}
