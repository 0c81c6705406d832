//! Parses times, and windows of two times.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::error::Error;
use crate::syntax::suggest::nearest;

const SYNTAX: &str = "not a time; write 30d, 12h, 1h30m or '2 days ago' for a time that long ago, now, today, \
                     yesterday, 2026-10, 2026-10-01, 2026-10-01T12:00 (UTC), 2026-10-01T12:00:00+02:00, \
                     or 1790000000 for seconds since 1970";

/// A time window: since inclusive, until exclusive.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Window {
    /// The first instant inside.
    pub since: Option<Timestamp>,
    /// The first instant after the window.
    pub until: Option<Timestamp>,
}

impl Window {
    /// Parses the values of `--since` and `--until`. `now` is the time that spans such as
    /// `30d` count back from, `zone` that of times without an offset.
    pub fn parse(since: Option<&str>, until: Option<&str>, now: Timestamp, zone: &TimeZone) -> Result<Window, Error> {
        Window::parse_options(["--since", "--until"], since, until, now, zone)
    }

    /// Like [`parse`](Self::parse), for the values of two other options.
    pub fn parse_options(
        [of_since, of_until]: [&str; 2],
        since: Option<&str>,
        until: Option<&str>,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Window, Error> {
        let read = |option, value: Option<&str>, edge| match value {
            Some(text) => option_point(option, text, now, zone, edge).map(Some),
            None => Ok(None),
        };
        let window =
            Window { since: read(of_since, since, WindowEdge::Start)?, until: read(of_until, until, WindowEdge::End)? };
        if let (Some(from), Some(to)) = (window.since, window.until)
            && from >= to
        {
            let reason = format!("not before {of_until} {:?}; the window is empty", until.unwrap_or_default());
            return Err(Error::option(of_since, since.unwrap_or_default(), reason));
        }
        Ok(window)
    }

    /// Whether the window is unbounded on both sides.
    pub fn is_open(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Whether an instant is inside.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }

    /// The days whose folders can contain events of the window. An event lies in the
    /// folder of its *delivery* day: never an earlier one, and usually at most one day
    /// later. The last day is that of `until` plus `late_days`; `None` searches
    /// all later days. With 0 late days, an `until` at midnight does not include the next
    /// day, because it is exclusive.
    pub fn days(&self, late_days: Option<u32>) -> (Option<Date>, Option<Date>) {
        let day = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
        let last = self.until.zip(late_days).map(|(until, late_days)| match late_days {
            0 => day(until.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(until)),
            days => day(until).saturating_add(i64::from(days).days()),
        });
        (self.since.map(day), last)
    }
}

/// Which instant a local time means that occurs twice or never when clocks change. The
/// window takes the longer reading, so that no event is lost.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WindowEdge {
    /// The earlier instant, for the start of a window.
    Start,
    /// The later instant, for the end of a window.
    End,
}

/// Parses the value of an option that takes the forms of `--since`.
pub(crate) fn option_point(
    option: &str,
    text: &str,
    now: Timestamp,
    zone: &TimeZone,
    edge: WindowEdge,
) -> Result<Timestamp, Error> {
    typed_point(text, now, zone, edge).ok_or_else(|| Error::option(option, text, expected_form(text)))
}

/// Parses a value of `--since` or `--until`: what [`point`] parses, and also a word, a
/// month, or seconds or milliseconds since 1970. Most fields in conditions have numbers that are
/// no times.
fn typed_point(text: &str, now: Timestamp, zone: &TimeZone, edge: WindowEdge) -> Option<Timestamp> {
    let text = text.trim();
    let midnight = |date: Date| instant(date.to_datetime(Time::midnight()), zone, edge);
    let today = || now.to_zoned(zone.clone()).date();
    match text.to_ascii_lowercase().as_str() {
        "now" => Some(now),
        "today" => midnight(today()),
        "yesterday" => midnight(today().yesterday().ok()?),
        _ if is_month(text) => midnight(first_of_month(text)?),
        _ => since_1970(text).or_else(|| point(text, now, zone, edge)),
    }
}

/// Whether a text is a time that options such as `--since` take and [`point`] does not: a word
/// or a month.
pub(crate) fn is_for_options(text: &str) -> bool {
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    is_month(text) || ["now", "today", "yesterday"].iter().any(is)
}

/// Whether a text has the form `2026-10`.
fn is_month(text: &str) -> bool {
    const MONTH: usize = "2026-10".len();
    let is_fit = |(at, byte): (usize, u8)| if at == 4 { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == MONTH && text.bytes().enumerate().all(is_fit)
}

fn first_of_month(text: &str) -> Option<Date> {
    format!("{text}-01").parse().ok()
}

/// Parses seconds, which have ten digits from 2001 to 2286, or milliseconds.
pub(crate) fn since_1970(text: &str) -> Option<Timestamp> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match text.len() {
        10 => Timestamp::from_second(text.parse().ok()?).ok(),
        13 => Timestamp::from_millisecond(text.parse().ok()?).ok(),
        _ => None,
    }
}

/// The instant of a local time.
fn instant(time: DateTime, zone: &TimeZone, edge: WindowEdge) -> Option<Timestamp> {
    let times = zone.to_ambiguous_timestamp(time);
    let time = match edge {
        WindowEdge::Start => times.earlier(),
        WindowEdge::End => times.later(),
    };
    time.ok()
}

/// Parses a time: a span before `now`, a date, a date and time, or RFC 3339.
pub(crate) fn point(text: &str, now: Timestamp, zone: &TimeZone, edge: WindowEdge) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(span) = ago(text) {
        return now.checked_sub(span).ok();
    }
    // A leap second is read as the second before it.
    let leap = SignedDuration::from_secs(i64::from(text.contains(":60")));
    if let Ok(time) = text.parse::<Timestamp>() {
        return time.checked_add(leap).ok();
    }
    // Time zones in brackets are not accepted.
    if text.contains(['[', 'Z', 'z']) || text.len() < DATE {
        return None;
    }
    instant(text.parse().ok()?, zone, edge)?.checked_add(leap).ok()
}

/// The error for a text that is not a time.
fn expected_form(text: &str) -> &'static str {
    let (is_short, is_number) = (text.len() < DATE - 2, text.bytes().all(|byte| byte.is_ascii_digit()));
    if is_number && text.len() == "2026".len() && text.starts_with(['1', '2']) {
        return "not a time; write a year with a month, as in 2026-01, or a span with a unit, as in 7d";
    }
    if is_short && is_number && !text.is_empty() {
        return "not a time; add a unit, as in 7d, or in quotes '7 days'";
    }
    if is_month(text.trim()) {
        return "not a month; write year and month, as in 2026-10";
    }
    let date = text.trim().get(..DATE).filter(|date| date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
    if date.is_some_and(|date| date.matches('-').count() == 2 && date.parse::<Date>().is_err()) {
        return "not a day; write year, month and day, as in 2026-10-01";
    }
    SYNTAX
}

/// The length of a date.
const DATE: usize = "2026-10-01".len();

/// Parses the value of `--time-zone`.
pub fn zone(text: &str) -> Result<TimeZone, Error> {
    let wrong = |reason: &str| Error::option("--time-zone", text, reason);
    // POSIX reads UTC+2 as two hours behind UTC, the opposite of what users mean.
    let is_as_written = |zone: &TimeZone| zone.iana_name().is_some() || text.starts_with(['+', '-']);
    match text {
        "local" => TimeZone::try_system().map_err(|_| wrong("the system time zone is unknown; name a time zone")),
        "Z" | "z" => Ok(TimeZone::UTC),
        _ => DateTimeParser::new().parse_time_zone(text).ok().filter(is_as_written).ok_or_else(|| {
            if text.contains(['+', '-']) && text.starts_with(|first: char| first.is_ascii_alphabetic()) {
                return wrong(
                    "not a time zone; write an offset alone, such as +02:00, or a name such as Europe/Berlin",
                );
            }
            let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            match nearest(text, &names) {
                Some(name) => wrong(&format!("not a time zone; did you mean {name}?")),
                None => {
                    wrong("not a time zone; write local, a name such as Europe/Berlin, or an offset such as +02:00")
                }
            }
        }),
    }
}

/// Parses a span before now: `30d`, `7 days`, `1h30m`, `2 hours ago`. Larger units come
/// first.
fn ago(text: &str) -> Option<SignedDuration> {
    let is_ago = |(before, word): &(&str, &str)| word.eq_ignore_ascii_case("ago") && before.ends_with([' ', '\t']);
    let split = text.len().checked_sub("ago".len()).and_then(|at| text.split_at_checked(at)).filter(is_ago);
    span(split.map_or(text, |(before, _)| before.trim_end()))
}

/// Parses a span: `30d`, `7 days`, `1h30m`. Larger units come first.
pub fn span(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let (mut seconds, mut previous) = (0_i64, None);
    while !rest.is_empty() {
        let (digits, behind) = split_while(rest, char::is_ascii_digit);
        let (word, behind) = split_while(behind.trim_start(), char::is_ascii_alphabetic);
        let unit = unit(word)?;
        if previous.is_some_and(|previous| unit >= previous) {
            return None;
        }
        seconds = seconds.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        (rest, previous) = (behind.trim_start(), Some(unit));
    }
    previous.map(|_| SignedDuration::from_secs(seconds))
}

fn split_while(text: &str, is: fn(&char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|character| !is(&character)).unwrap_or(text.len()))
}

/// Seconds per unit. Unit letters are lower case, as an `M` could be a month.
fn unit(word: &str) -> Option<i64> {
    Some(match if word.len() > 1 { word.to_ascii_lowercase() } else { word.to_string() }.as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn since(text: &str) -> Option<String> {
        since_in("UTC", text)
    }

    fn since_in(zone: &str, text: &str) -> Option<String> {
        let now = at("2026-11-21T10:30:00Z");
        let zone = super::zone(zone).unwrap();
        Window::parse(Some(text), None, now, &zone).ok()?.since.map(|time| time.to_string())
    }

    #[test]
    fn spans_count_back_from_now() {
        for (text, expected) in [
            ("30d", "2026-10-22T10:30:00Z"),
            ("12h", "2026-11-20T22:30:00Z"),
            ("90m", "2026-11-21T09:00:00Z"),
            ("2w", "2026-11-07T10:30:00Z"),
            ("0d", "2026-11-21T10:30:00Z"),
            ("7days", "2026-11-14T10:30:00Z"),
            ("7 days", "2026-11-14T10:30:00Z"),
            ("30 Days", "2026-10-22T10:30:00Z"),
            ("1 hour", "2026-11-21T09:30:00Z"),
            ("90min", "2026-11-21T09:00:00Z"),
            ("45 secs", "2026-11-21T10:29:15Z"),
            ("1h30m", "2026-11-21T09:00:00Z"),
            ("1 hour 30 minutes", "2026-11-21T09:00:00Z"),
            ("1w2d", "2026-11-12T10:30:00Z"),
            ("1 day ago", "2026-11-20T10:30:00Z"),
            ("2 HOURS AGO", "2026-11-21T08:30:00Z"),
            (" 1h30m  ago ", "2026-11-21T09:00:00Z"),
        ] {
            assert_eq!(since(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn dates_are_utc_unless_they_say_otherwise() {
        for (text, expected) in [
            ("2026-10-01", "2026-10-01T00:00:00Z"),
            ("2026-10-01T12:00", "2026-10-01T12:00:00Z"),
            ("2026-10-01 12:00:30", "2026-10-01T12:00:30Z"),
            ("2026-10-01T12:00:00Z", "2026-10-01T12:00:00Z"),
            ("2026-10-01T12:00:00.25Z", "2026-10-01T12:00:00.25Z"),
            ("2026-10-01T12:00:00+02:00", "2026-10-01T10:00:00Z"),
            ("2026-10-01T12:00+02:00", "2026-10-01T10:00:00Z"),
        ] {
            assert_eq!(since(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn words_months_and_numbers_are_times() {
        for (text, expected) in [
            ("now", "2026-11-21T10:30:00Z"),
            ("today", "2026-11-21T00:00:00Z"),
            ("Yesterday", "2026-11-20T00:00:00Z"),
            ("2026-10", "2026-10-01T00:00:00Z"),
            ("2024-02", "2024-02-01T00:00:00Z"),
            ("1790000000", "2026-09-21T14:13:20Z"),
            ("1790000000123", "2026-09-21T14:13:20.123Z"),
        ] {
            assert_eq!(since(text).as_deref(), Some(expected), "{text}");
        }
        // A month ends a window as its first day does: before it begins.
        let until = |text| Window::parse(None, Some(text), at("2026-11-21T10:30:00Z"), &TimeZone::UTC).unwrap().until;
        assert_eq!(until("2026-10"), until("2026-10-01"));
        assert_eq!(until("yesterday"), Some(at("2026-11-20T00:00:00Z")));
    }

    #[test]
    fn times_without_an_offset_are_of_the_zone() {
        for (zone, text, expected) in [
            ("Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00Z"),
            ("europe/berlin", "2026-12-01T12:00", "2026-12-01T11:00:00Z"),
            // The hour that is there twice, and the one that is not.
            ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z"),
            ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T00:30:00Z"),
            ("-05:30", "2026-07-01", "2026-07-01T05:30:00Z"),
            ("-05:30", "2026-07-01T00:00Z", "2026-07-01T00:00:00Z"),
            ("-05:30", "2026-07-01T00:00+01:00", "2026-06-30T23:00:00Z"),
            ("-05:30", "1d", "2026-11-20T10:30:00Z"),
            ("-05:30", "1790000000", "2026-09-21T14:13:20Z"),
            ("-11:00", "today", "2026-11-20T11:00:00Z"),
            ("+14:00", "today", "2026-11-21T10:00:00Z"),
            ("+14:00", "yesterday", "2026-11-20T10:00:00Z"),
            ("Europe/Berlin", "2026-10", "2026-09-30T22:00:00Z"),
        ] {
            assert_eq!(since_in(zone, text).as_deref(), Some(expected), "{zone} {text}");
        }
    }

    #[test]
    fn a_window_loses_nothing_when_clocks_change() {
        let zone = zone("Europe/Berlin").unwrap();
        let window = |since, until| Window::parse(Some(since), Some(until), Timestamp::UNIX_EPOCH, &zone).unwrap();
        let gap = window("2026-03-29T02:30", "2026-03-29T02:31");
        assert!(gap.contains(at("2026-03-29T00:59:59Z")) && gap.contains(at("2026-03-29T01:00:00Z")));
        let twice = window("2026-10-25T02:00", "2026-10-25T02:30");
        assert!(twice.contains(at("2026-10-25T00:00:00Z")) && twice.contains(at("2026-10-25T01:29:59Z")));
        let leap = window("2016-12-31", "2016-12-31T23:59:60Z");
        assert!(leap.contains(at("2016-12-31T23:59:59Z")) && !leap.contains(at("2017-01-01T00:00:00Z")));
    }

    #[test]
    fn invalid_zones_are_refused() {
        let refuse = |text| zone(text).unwrap_err().to_string();
        assert_eq!(
            refuse("Europe/Berln"),
            "--time-zone \"Europe/Berln\": not a time zone; did you mean Europe/Berlin?"
        );
        for text in ["UTC+2", "GMT-5", "UTC+02:00"] {
            assert!(refuse(text).contains("write an offset alone, such as +02:00"), "{text}");
        }
        for text in ["", "Mars", "+26:00", "2", "Europe/Nowhere"] {
            assert!(refuse(text).contains("write local, a name such as Europe/Berlin"), "{text}");
        }
    }

    #[test]
    fn invalid_times_are_refused() {
        let bad = [
            "",
            "d",
            "30",
            "-3d",
            "ago",
            "1 day later",
            "3dago",
            "1M",
            "3 months",
            "1h 30",
            "30m1h",
            "1h1h",
            "1.5h",
            "1h,30m",
            "h30",
            "tomorrow",
            "2026-00",
            "2026-1",
            "2026/10",
            "179000000",
            "17900000001",
            "99999999999999999999w1d",
            "9223372036854775807s",
            "1é",
            "2026-13-01",
            "2026-02-30",
            "01.10.2026",
            "10/01/2026",
            "2026-10-01T25:00",
            "99999999999999999999d",
            "9999999999999d",
            "2026-10-01T12:00[Europe/Berlin]",
            "12:00",
        ];
        for text in bad {
            assert_eq!(since(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_time_is_named() {
        for (text, expected) in [
            ("7", "not a time; add a unit, as in 7d, or in quotes '7 days'"),
            ("2026", "not a time; write a year with a month, as in 2026-01, or a span with a unit, as in 7d"),
            ("3600", "not a time; add a unit, as in 7d, or in quotes '7 days'"),
            ("2026-13", "not a month; write year and month, as in 2026-10"),
            ("2026-02-30", "not a day; write year, month and day, as in 2026-10-01"),
            ("", SYNTAX),
            ("soon", SYNTAX),
            ("179000000", SYNTAX),
        ] {
            assert_eq!(expected_form(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn spans_are_the_sum_of_their_parts(
            days in 0..4000_i64,
            hours in 0..100_i64,
            minutes in 0..100_i64,
            spelling in proptest::sample::select(vec![["d", "h", "m"], [" days", " hours", " minutes"], ["day", "hrs", "min"]]),
            between in proptest::sample::select(vec!["", " "]),
            end in proptest::sample::select(vec!["", " ago"]),
        ) {
            let parts = [days, hours, minutes].into_iter().zip(spelling).map(|(count, unit)| format!("{count}{unit}"));
            let text = parts.collect::<Vec<_>>().join(between) + end;
            prop_assert_eq!(ago(&text), Some(SignedDuration::from_secs((days * 24 + hours) * 3_600 + minutes * 60)));
        }

        #[test]
        fn every_text_is_a_time_or_refused(text in r"[0-9]{0,14}[ a-zMT:+é-]{0,6}[0-9-]{0,4}[ a-z]{0,5}") {
            let _ = since(&text);
            prop_assert!(!expected_form(&text).is_empty());
        }
    }

    #[test]
    fn since_must_come_before_until() {
        let now = at("2026-11-21T10:30:00Z");
        let error = Window::parse(Some("1d"), Some("2d"), now, &TimeZone::UTC).unwrap_err();
        assert_eq!(error.to_string(), "--since \"1d\": not before --until \"2d\"; the window is empty");
    }

    #[test]
    fn the_window_is_half_open() {
        let window = Window { since: Some(at("2026-10-01T00:00:00Z")), until: Some(at("2026-10-02T00:00:00Z")) };
        assert!(window.contains(at("2026-10-01T00:00:00Z")));
        assert!(window.contains(at("2026-10-01T23:59:59.999Z")));
        assert!(!window.contains(at("2026-10-02T00:00:00Z")));
        assert!(!window.contains(at("2026-09-30T23:59:59Z")));
    }

    #[test]
    fn days_reach_past_the_end_but_never_before_the_start() {
        let date = |text: &str| Some(text.parse::<Date>().unwrap());
        let window = Window { since: Some(at("2026-10-01T08:00:00Z")), until: Some(at("2026-10-03T00:00:00Z")) };
        assert_eq!(window.days(Some(0)), (date("2026-10-01"), date("2026-10-02")));
        assert_eq!(window.days(Some(1)), (date("2026-10-01"), date("2026-10-04")));
        assert_eq!(window.days(Some(30)), (date("2026-10-01"), date("2026-11-02")));
        assert_eq!(window.days(None), (date("2026-10-01"), None));
        assert_eq!(Window::default().days(Some(1)), (None, None));
        for (until, days) in [
            ("2026-10-03T00:00:00.000000001Z", ["2026-10-03", "2026-10-04"]),
            ("2026-10-03T12:00:00Z", ["2026-10-03", "2026-10-04"]),
            ("2026-10-02T23:59:59Z", ["2026-10-02", "2026-10-03"]),
        ] {
            let window = Window { until: Some(at(until)), ..window };
            assert_eq!([0, 1].map(|late| window.days(Some(late)).1), days.map(date), "{until}");
        }
    }
}
