//! Formats times for the outputs. Times are seconds since 1970.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The point in time.
pub(super) fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

/// The time in RFC 3339, as events have it: `2026-10-01T09:14:02Z`.
pub(super) fn written(second: i64) -> String {
    timestamp(second).to_string()
}

/// The date and time in UTC.
pub(super) fn civil(second: i64) -> DateTime {
    TimeZone::UTC.to_datetime(timestamp(second))
}

/// `2026-10-01 09:14:02`.
pub(super) fn whole(second: i64) -> String {
    civil(second).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A short form for times of a period: without the year if the period is within
/// one year, otherwise without the time of day.
pub(super) fn short(second: i64, [first, last]: [i64; 2]) -> String {
    let form = if civil(first).year() == civil(last).year() { "%m-%d %H:%M" } else { "%Y-%m-%d" };
    civil(second).strftime(form).to_string()
}

/// The size of a chart's buckets in words.
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
