//! When an event happened, read by its bytes: the events of one file are
//! mostly of the same hour, so the date is read once and then known again.

use jiff::Timestamp;

use crate::decode::event::{Event, Fields, Slot, TooMany};
use crate::decode::json::Value;

/// Reads `eventTime`.
#[derive(Clone, Debug)]
pub struct Clock {
    slot: Slot,
    /// The last hour that was met, as written.
    written: [u8; HOUR],
    /// The second in which it begins, counted from 1970.
    begins: i64,
}

const HOUR: usize = "2026-10-01T09:".len();
const MINUTES: usize = "14:02Z".len();

impl Clock {
    /// Asks for the field.
    pub fn new(fields: &mut Fields) -> Result<Clock, TooMany> {
        Ok(Clock { slot: fields.slot("eventTime")?, written: [0; HOUR], begins: 0 })
    }

    /// The second in which the event happened, counted from 1970; nothing where
    /// it does not say so.
    #[inline]
    pub fn second(&mut self, event: &Event<'_>) -> Option<i64> {
        let value = event.get(self.slot)?;
        let known = value.raw_string().and_then(|written| {
            let (hour, rest) = written.split_first_chunk()?;
            (*hour == self.written).then_some(self.begins + within_hour(rest)?)
        });
        known.or_else(|| self.read(value))
    }

    #[cold]
    fn read(&mut self, value: Value<'_>) -> Option<i64> {
        let text = value.string()?;
        let second = text.trim().parse::<Timestamp>().ok()?.as_second();
        if let Some((hour, rest)) = text.as_bytes().split_first_chunk()
            && let Some(within) = within_hour(rest)
        {
            (self.written, self.begins) = (*hour, second - within);
        }
        Some(second)
    }
}

/// The seconds in `14:02Z`.
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
    use crate::query::testing::with_event;

    #[test]
    fn times_are_read_however_they_are_written() {
        let mut fields = Fields::default();
        let mut clock = Clock::new(&mut fields).unwrap();
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
            ("17", None),
            ("null", None),
        ] {
            let json = format!(r#"{{"eventTime":{time}}}"#);
            let second = with_event(&json, &fields, |event| clock.second(event));
            let expected = expected.map(|time| time.parse::<Timestamp>().unwrap().as_second());
            assert_eq!(second, expected, "{time}");
        }
    }
}
