//! Parses event times in all common forms: those of CloudTrail itself, of CloudTrail
//! Lake and Athena, and of exports from search indexes.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::decode::event::{Event, FieldId, FieldSet, TooManyFields};
use crate::decode::json::JsonValue;

/// Parses a point in time: RFC 3339, or `2026-10-01 09:00:00.000` as CloudTrail Lake
/// and Athena write it. The latter is UTC unless an offset or `UTC` follows. `None` for
/// other texts.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    // None of these forms has a zone in brackets, and a date alone is not a point in
    // time.
    if text.contains('[') || !text.contains(':') {
        return None;
    }
    let (civil, zone) = match text.rsplit_once(' ') {
        Some((civil, zone)) if civil.contains(':') => (civil, zone),
        _ => (text, "UTC"),
    };
    match zone {
        "UTC" | "Z" => TimeZone::UTC.to_timestamp(civil.parse::<DateTime>().ok()?).ok(),
        offset => format!("{civil}{offset}").parse().ok(),
    }
}

/// Parses seconds or milliseconds since 1970; `None` for numbers before 2000 or after
/// 2100, which cannot be the time of an event.
pub fn parse_epoch(text: &str) -> Option<Timestamp> {
    const SECONDS: std::ops::Range<f64> = 946_684_800.0..4_102_444_800.0;
    let is_number = text.starts_with(|first: char| first.is_ascii_digit());
    let number = text.trim().parse::<f64>().ok().filter(|_| is_number)?;
    let seconds = [number, number / 1000.0].into_iter().find(|seconds| SECONDS.contains(seconds))?;
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
}

/// A time as bytes, whose order is that of time.
pub fn order_bytes(time: Timestamp) -> [u8; 12] {
    let seconds = (time.as_second() as u64) ^ (1 << 63);
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&seconds.to_be_bytes());
    bytes[8..].copy_from_slice(&time.subsec_nanosecond().to_be_bytes());
    bytes
}

/// Parses the value of a member as a point in time.
pub fn of_value(value: JsonValue<'_>) -> Option<Timestamp> {
    /// Longer than any of the forms.
    const MAX_TEXT: usize = 128;
    let text = value.scalar().filter(|_| value.raw().len() <= MAX_TEXT)?;
    parse(&text).or_else(|| parse_epoch(&text))
}

/// Reads `eventTime`.
#[derive(Clone, Debug)]
pub struct EventTimeReader {
    field: FieldId,
    hour: HourMemo,
    has_other_forms: bool,
}

/// Parses times in the form of CloudTrail, most of which are in the hour of the one before.
#[derive(Clone, Debug, Default)]
pub struct HourMemo {
    /// The last hour, as written.
    written: [u8; HOUR],
    /// The second in which it starts, since 1970.
    begins: i64,
}

impl HourMemo {
    /// The time in seconds since 1970; `None` if it has another form or is not in the hour
    /// that was learned last.
    #[inline]
    pub fn second(&self, written: &[u8]) -> Option<i64> {
        let (hour, rest) = written.split_first_chunk()?;
        (*hour == self.written).then_some(self.begins + within_hour(rest)?)
    }

    /// The time of a value in any form, as [`of_value`] has it.
    pub fn of_value(&mut self, value: JsonValue<'_>) -> Option<Timestamp> {
        let written = value.raw_string();
        if let Some(second) = written.and_then(|written| self.second(written)) {
            return Timestamp::from_second(second).ok();
        }
        let time = of_value(value)?;
        if let Some(written) = written {
            self.learn(written, time.as_second());
        }
        Some(time)
    }

    /// Learns the hour of a time that was parsed to this second.
    pub fn learn(&mut self, written: &[u8], second: i64) {
        if let Some((hour, rest)) = written.split_first_chunk()
            && let Some(within) = within_hour(rest)
        {
            (self.written, self.begins) = (*hour, second - within);
        }
    }
}

const HOUR: usize = "2026-10-01T09:".len();
const MINUTES: usize = "14:02Z".len();

impl EventTimeReader {
    /// Adds the field it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<EventTimeReader, TooManyFields> {
        Ok(EventTimeReader { field: fields.add("eventTime")?, hour: HourMemo::default(), has_other_forms: false })
    }

    /// The time of the event in seconds since 1970; `None` if it has no time that can
    /// be parsed.
    #[inline]
    pub fn second(&mut self, event: &Event<'_>) -> Option<i64> {
        let value = event.get(self.field)?;
        let known = value.raw_string().and_then(|written| self.hour.second(written));
        known.or_else(|| self.read(value))
    }

    /// Whether any time so far was not RFC 3339.
    pub fn has_other_forms(&self) -> bool {
        self.has_other_forms
    }

    #[cold]
    fn read(&mut self, value: JsonValue<'_>) -> Option<i64> {
        let second = of_value(value)?.as_second();
        let is_usual = || value.string().is_some_and(|text| text.trim().parse::<Timestamp>().is_ok());
        self.has_other_forms = self.has_other_forms || !is_usual();
        if let Some(written) = value.raw_string() {
            self.hour.learn(written, second);
        }
        Some(second)
    }
}

/// The number of seconds in a text such as `14:02Z`.
fn within_hour(text: &[u8]) -> Option<i64> {
    let [ten_minutes @ b'0'..=b'5', minutes, b':', ten_seconds @ b'0'..=b'5', seconds, b'Z'] =
        *<&[u8; MINUTES]>::try_from(text).ok()?
    else {
        return None;
    };
    let number = |tens: u8, ones: u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    let are_digits = minutes.is_ascii_digit() && seconds.is_ascii_digit();
    are_digits.then(|| number(ten_minutes, minutes) * 60 + number(ten_seconds, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    #[test]
    fn times_are_parsed_in_all_forms() {
        let mut fields = FieldSet::default();
        let mut clock = EventTimeReader::new(&mut fields).unwrap();
        let (field, mut hour) = (fields.add("eventTime").unwrap(), HourMemo::default());
        for (time, expected) in [
            (r#""2026-10-01T09:14:02Z""#, Some("2026-10-01T09:14:02Z")),
            (r#""2026-10-01T09:59:59Z""#, Some("2026-10-01T09:59:59Z")),
            (r#""2026-10-01T09:60:00Z""#, None),
            (r#""2026-10-01T09:1x:00Z""#, None),
            (r#""2026-10-01T09:14:02.5Z""#, Some("2026-10-01T09:14:02Z")),
            (r#""2026-10-01T09:14:02+02:00""#, Some("2026-10-01T07:14:02Z")),
            (r#""2026\u002d10-01T08:00:01Z""#, Some("2026-10-01T08:00:01Z")),
            (r#"" 2026-10-01T08:00:02Z ""#, Some("2026-10-01T08:00:02Z")),
            (r#""2026-13-01T00:00:00Z""#, None),
            (r#""1969-12-31T23:59:59Z""#, Some("1969-12-31T23:59:59Z")),
            (r#""1969-12-31T23:00:00Z""#, Some("1969-12-31T23:00:00Z")),
            (r#""2026-10-01T09:14:02Z""#, Some("2026-10-01T09:14:02Z")),
            (r#""2026-10-01 09:00:00.000""#, Some("2026-10-01T09:00:00Z")),
            (r#""2026-10-01 09:00:01.000 UTC""#, Some("2026-10-01T09:00:01Z")),
            (r#""2026-10-01 09:00:01.5 +02:00""#, Some("2026-10-01T07:00:01Z")),
            (r#""2026-10-01 09:00:01+00:00""#, Some("2026-10-01T09:00:01Z")),
            (r#""2026-10-01T09:00:02""#, Some("2026-10-01T09:00:02Z")),
            ("1790845203000", Some("2026-10-01T09:00:03Z")),
            ("1790845203", Some("2026-10-01T09:00:03Z")),
            ("1790845203.999", Some("2026-10-01T09:00:03Z")),
            ("1.790845203E12", Some("2026-10-01T09:00:03Z")),
            (r#""1790845203000""#, Some("2026-10-01T09:00:03Z")),
            (r#""2026-10-01T09:14:02Z""#, Some("2026-10-01T09:14:02Z")),
            (r#""2026-10-01""#, None),
            (r#""2026-10-01T09:00:00[Europe/Berlin]""#, None),
            (r#""2026-10-01 09:00:00 CEST""#, None),
            (r#""Oct 1, 2026 9:00:04 AM""#, None),
            ("17", None),
            ("-1790845203", None),
            ("1e400", None),
            ("null", None),
            ("true", None),
            (r#"{"a":1790845203}"#, None),
        ] {
            let json = format!(r#"{{"eventTime":{time}}}"#);
            let second = with_event(&json, &fields, |event| clock.second(event));
            let value = with_event(&json, &fields, |event| {
                (event.get(field).and_then(of_value), event.get(field).and_then(|value| hour.of_value(value)))
            });
            assert_eq!(value.0, value.1, "{time}");
            let expected = expected.map(|time| time.parse::<Timestamp>().unwrap().as_second());
            assert_eq!(second, expected, "{time}");
        }
    }
}
