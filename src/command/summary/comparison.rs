//! Two periods of the same input that are compared: which values are new, gone, or seen more
//! or less often.

use super::value_stats::ValueStats;
use crate::syntax::window::Window;

/// The seconds of the two periods, counted from 1970.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ComparedPeriods {
    /// The first second of the earlier period, and the first one after it.
    earlier: [i64; 2],
    /// The later period, which has no end if none was typed.
    later: [i64; 2],
}

/// How a value differs between the periods.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum FrequencyChange {
    New,
    Gone,
    More,
    Less,
}

/// The times of both periods and what they are compared by.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrequencyComparison {
    /// How often an event happens in the later period for each event of the earlier one if
    /// nothing changes: the quotient of the lengths.
    expected: f64,
}

/// Values are more or less frequent from this quotient on.
const QUOTIENT: f64 = 3.0;
/// Values with fewer events than this in both periods vary too much to be compared.
const FEW: u64 = 10;

impl ComparedPeriods {
    /// The periods of two windows. The earlier one has both edges; the later one has a start.
    pub(super) fn new(earlier: Window, later: Window) -> ComparedPeriods {
        let second = |edge: Option<jiff::Timestamp>, otherwise| {
            // An event counts by its whole second, so that a fraction belongs to the next one.
            edge.map_or(otherwise, |edge| edge.as_second() + i64::from(edge.subsec_nanosecond() > 0))
        };
        let seconds = |window: Window| [second(window.since, i64::MIN), second(window.until, i64::MAX)];
        ComparedPeriods { earlier: seconds(earlier), later: seconds(later) }
    }

    /// Whether an event belongs to the earlier period; `None` if it belongs to neither.
    #[inline]
    pub(super) fn is_earlier(&self, second: Option<i64>) -> Option<bool> {
        let second = second?;
        let is_in = |[since, until]: [i64; 2]| (since..until).contains(&second);
        if is_in(self.later) { Some(false) } else { is_in(self.earlier).then_some(true) }
    }

    /// What values are compared by. `last` is the second of the last event.
    pub(super) fn comparison(&self, last: Option<i64>) -> FrequencyComparison {
        let length = |[since, until]: [i64; 2]| until.saturating_sub(since).max(1) as f64;
        let [since, until] = self.later;
        let until = if until == i64::MAX { last.map_or(since, |last| last.saturating_add(1)) } else { until };
        FrequencyComparison { expected: length([since, until]) / length(self.earlier) }
    }
}

impl FrequencyComparison {
    /// The factor by which the value became more or less frequent, such as `× 3.4`.
    pub(super) fn ratio(&self, stats: &ValueStats) -> Option<String> {
        match self.change(stats)? {
            (FrequencyChange::More, quotient) => Some(format!("× {quotient:.1}")),
            (FrequencyChange::Less, quotient) => Some(format!("÷ {:.1}", 1.0 / quotient)),
            (FrequencyChange::New | FrequencyChange::Gone, _) => None,
        }
    }

    /// How a value differs, if it does, and by which quotient of its frequencies.
    pub(super) fn change(&self, stats: &ValueStats) -> Option<(FrequencyChange, f64)> {
        let (later, earlier) = (stats.count, stats.earlier);
        let quotient = later as f64 / (earlier as f64 * self.expected);
        match (later, earlier) {
            (0, 0) => None,
            (_, 0) => Some((FrequencyChange::New, f64::INFINITY)),
            (0, _) => Some((FrequencyChange::Gone, 0.0)),
            _ if later >= FEW && quotient >= QUOTIENT => Some((FrequencyChange::More, quotient)),
            _ if earlier >= FEW && quotient <= 1.0 / QUOTIENT => Some((FrequencyChange::Less, quotient)),
            _ => None,
        }
    }
}

impl FrequencyChange {
    /// The name, as outputs show it.
    pub(super) fn name(self) -> &'static str {
        match self {
            FrequencyChange::New => "new",
            FrequencyChange::Gone => "gone",
            FrequencyChange::More => "more often",
            FrequencyChange::Less => "less often",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(since: i64, until: Option<i64>) -> Window {
        let edge = |second| jiff::Timestamp::from_second(second).ok();
        Window { since: edge(since), until: until.and_then(edge) }
    }

    fn stats(later: u64, earlier: u64) -> ValueStats {
        let mut stats = ValueStats::of_count(later);
        stats.earlier = earlier;
        stats
    }

    #[test]
    fn events_belong_to_one_period_or_none() {
        let periods = ComparedPeriods::new(window(100, Some(200)), window(300, None));
        for (second, expected) in [
            (Some(99), None),
            (Some(100), Some(true)),
            (Some(199), Some(true)),
            (Some(200), None),
            (Some(300), Some(false)),
            (Some(i64::MAX - 1), Some(false)),
            (None, None),
        ] {
            assert_eq!(periods.is_earlier(second), expected, "{second:?}");
        }
    }

    #[test]
    fn frequencies_are_compared_by_the_lengths_of_the_periods() {
        // The later period is a tenth of the earlier one.
        let periods = ComparedPeriods::new(window(0, Some(1000)), window(1000, Some(1100)));
        let comparison = periods.comparison(None);
        for (later, earlier, expected) in [
            (0, 0, None),
            (1, 0, Some(FrequencyChange::New)),
            (0, 1, Some(FrequencyChange::Gone)),
            (10, 100, None),
            (29, 100, None),
            (30, 100, Some(FrequencyChange::More)),
            (9, 1, None),
            (10, 1, Some(FrequencyChange::More)),
            (4, 100, None),
            (3, 100, Some(FrequencyChange::Less)),
            (1, 9, None),
        ] {
            let change = comparison.change(&stats(later, earlier)).map(|(change, _)| change);
            assert_eq!(change, expected, "{later} of {earlier}");
        }
        // Without an end, the later period lasts until its last event.
        let open = ComparedPeriods::new(window(0, Some(1000)), window(1000, None));
        assert_eq!(open.comparison(Some(1999)).change(&stats(30, 10)), Some((FrequencyChange::More, 3.0)));
        assert_eq!(open.comparison(Some(1999)).ratio(&stats(35, 10)).as_deref(), Some("× 3.5"));
        assert_eq!(open.comparison(Some(1999)).ratio(&stats(4, 10)), None);
        assert_eq!(open.comparison(Some(1999)).ratio(&stats(2, 10)).as_deref(), Some("÷ 5.0"));
        assert_eq!(open.comparison(None).change(&stats(0, 10)), Some((FrequencyChange::Gone, 0.0)));
    }
}
