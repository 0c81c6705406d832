//! The minute, hour or day of an event.

use jiff::tz::TimeZone;
use jiff::{RoundMode, Timestamp, Unit, ZonedRound};

use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet, TooManyFields};
use crate::table::cell::shown_in;

/// A step of time that events are counted by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TimeStep {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl TimeStep {
    /// All steps.
    pub const ALL: [TimeStep; 3] = [TimeStep::Minute, TimeStep::Hour, TimeStep::Day];

    /// The step with this name in any case.
    pub fn from_name(name: &str) -> Option<TimeStep> {
        TimeStep::ALL.into_iter().find(|step| step.name().eq_ignore_ascii_case(name))
    }

    /// The name of the column.
    pub fn name(self) -> &'static str {
        match self {
            TimeStep::Minute => "minute",
            TimeStep::Hour => "hour",
            TimeStep::Day => "day",
        }
    }
}

/// Reads the step of an event in a time zone.
#[derive(Clone, Debug)]
pub(super) struct StepReader {
    field: FieldId,
    step: TimeStep,
    zone: TimeZone,
    /// The last minute and its text: mostly the next event is in the same minute.
    last: Option<(i64, String)>,
}

impl StepReader {
    /// Adds the fields it reads to `fields`.
    pub(super) fn new(step: TimeStep, zone: TimeZone, fields: &mut FieldSet) -> Result<StepReader, TooManyFields> {
        Ok(StepReader { field: fields.add("eventTime")?, step, zone, last: None })
    }

    /// The start of the step: `2026-10-01T09:14:00Z`, or `2026-10-01` for a day. `None` if
    /// the time cannot be parsed.
    pub(super) fn text(&mut self, event: &Event<'_>) -> Option<&str> {
        let time = event.get(self.field).and_then(time::of_value)?;
        let minute = time.as_second().div_euclid(60);
        if self.last.as_ref().is_none_or(|(known, _)| *known != minute) {
            self.last = Some((minute, start(self.step, time, &self.zone)));
        }
        self.last.as_ref().map(|(_, text)| text.as_str())
    }
}

/// The start of the step that contains a time.
fn start(step: TimeStep, time: Timestamp, zone: &TimeZone) -> String {
    let zoned = time.to_zoned(zone.clone());
    let unit = match step {
        TimeStep::Minute => Unit::Minute,
        TimeStep::Hour => Unit::Hour,
        TimeStep::Day => return zoned.date().to_string(),
    };
    // A time at the end of what can be represented stays as it is.
    let start = zoned.round(ZonedRound::new().smallest(unit).mode(RoundMode::Floor)).unwrap_or(zoned).timestamp();
    if *zone == TimeZone::UTC { start.to_string() } else { shown_in(start, zone) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_start_in_the_time_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let kathmandu = TimeZone::get("Asia/Kathmandu").unwrap();
        for (time, zone, expected) in [
            ("2026-10-01T23:14:59.9Z", &TimeZone::UTC, ["2026-10-01T23:14:00Z", "2026-10-01T23:00:00Z", "2026-10-01"]),
            ("2026-10-01T23:14:59Z", &berlin, ["2026-10-02T01:14:00+02:00", "2026-10-02T01:00:00+02:00", "2026-10-02"]),
            // The hour that comes twice is two hours.
            ("2026-10-25T00:30:00Z", &berlin, ["2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25"]),
            ("2026-10-25T01:30:00Z", &berlin, ["2026-10-25T02:30:00+01:00", "2026-10-25T02:00:00+01:00", "2026-10-25"]),
            (
                "2026-10-01T00:20:00Z",
                &kathmandu,
                ["2026-10-01T06:05:00+05:45", "2026-10-01T06:00:00+05:45", "2026-10-01"],
            ),
            ("1969-12-31T23:59:59Z", &TimeZone::UTC, ["1969-12-31T23:59:00Z", "1969-12-31T23:00:00Z", "1969-12-31"]),
        ] {
            let time: Timestamp = time.parse().unwrap();
            assert_eq!(TimeStep::ALL.map(|step| start(step, time, zone)), expected, "{time}");
        }
        for time in [Timestamp::MIN, Timestamp::MAX] {
            assert!(TimeStep::ALL.iter().all(|step| !start(*step, time, &berlin).is_empty()));
        }
        assert_eq!(TimeStep::from_name("HOUR"), Some(TimeStep::Hour));
        assert_eq!(TimeStep::from_name("week"), None);
    }
}
