//! The days on which the logs have events.

use crate::command::summary::buckets::BucketSize;
use crate::command::summary::time_histogram::TimeHistogram;

const MINUTES: i64 = 24 * 60;
/// More buckets than there are.
const ANY_NUMBER: usize = u32::MAX as usize;

/// Days on which a key could have been seen.
#[derive(Clone, Debug, Default)]
pub(in crate::command::summary) struct ActiveDays {
    /// In their order; `None` if all days count.
    days: Option<Vec<u16>>,
}

impl ActiveDays {
    /// Only the days with events.
    pub(in crate::command::summary) fn with_events<const KINDS: usize>(histogram: &TimeHistogram<KINDS>) -> ActiveDays {
        let (size, buckets) = histogram.bucketed(ANY_NUMBER, BucketSize::DAY);
        let days = buckets.iter().flat_map(|(minute, _)| {
            let first = minute.div_euclid(MINUTES);
            first.max(0)..(first + size / MINUTES).min(i64::from(u16::MAX) + 1)
        });
        ActiveDays { days: Some(days.filter_map(|day| u16::try_from(day).ok()).collect()) }
    }

    /// The number of days after `first` and before `last`.
    pub(super) fn between(&self, first: u16, last: u16) -> u64 {
        match &self.days {
            None => u64::from(last.saturating_sub(first).saturating_sub(1)),
            Some(days) => {
                let end = days.partition_point(|day| *day < last);
                end.saturating_sub(days.partition_point(|day| *day <= first)) as u64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::summary::buckets::BucketedTime;

    #[test]
    fn days_without_events_do_not_count() {
        let mut histogram = TimeHistogram::<1>::default();
        for day in [100, 101, 103, 103, 110, 70_000, -5] {
            histogram.add(&BucketedTime::new(day * 24 * 3600 + 5), 0);
        }
        let days = ActiveDays::with_events(&histogram);
        for (first, last, expected, all) in [(100, 110, 2, 9), (99, 111, 4, 11), (103, 110, 0, 6), (5, 5, 0, 0)] {
            assert_eq!((days.between(first, last), ActiveDays::default().between(first, last)), (expected, all));
        }
    }
}
