//! Time buckets of a few sizes, from a minute to one that covers every
//! representable year. A bucket consists of whole buckets of the next smaller
//! size, and buckets of a day or more start at midnight UTC.

/// The number of bucket sizes.
pub(super) const SIZES: usize = 30;

/// Period in minutes; only charts of shorter periods use buckets below an hour.
const SHORT: i64 = 6 * 60;

/// A bucket size, as an index: a smaller index means shorter buckets.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct BucketSize(u8);

impl BucketSize {
    /// One minute.
    pub(super) const MINUTE: BucketSize = BucketSize(0);
    /// One hour.
    pub(super) const HOUR: BucketSize = BucketSize(4);
    /// One day.
    pub(super) const DAY: BucketSize = BucketSize(8);
    const MAX: BucketSize = BucketSize(SIZES as u8 - 1);

    /// Minutes per bucket.
    pub(super) fn minutes(self) -> i64 {
        match self.0 {
            0 => 1,
            1 => 5,
            2 => 15,
            3 => 30,
            hours @ 4..=6 => 60 << (hours - 4),
            7 => 12 * 60,
            days => (24 * 60) << (days - 8),
        }
    }

    /// The next larger size.
    pub(super) fn next(self) -> BucketSize {
        BucketSize(self.0 + 1).min(BucketSize::MAX)
    }

    /// The number of the bucket that contains `minute`, counted from 1970.
    pub(super) fn of_minute(self, minute: i64) -> i64 {
        minute.div_euclid(self.minutes())
    }

    /// The first minute of bucket `number`.
    pub(super) fn first_minute(self, number: i64) -> i64 {
        number * self.minutes()
    }

    /// The smallest size for a chart of the minutes from `first` to `last`.
    pub(super) fn smallest(first: i64, last: i64) -> BucketSize {
        if last - first < SHORT { BucketSize::MINUTE } else { BucketSize::HOUR }
    }

    /// The smallest chart size at which the minutes from `first` to `last` fit
    /// into at most `most` buckets.
    pub(super) fn for_span(first: i64, last: i64, most: i64) -> BucketSize {
        let mut size = BucketSize::smallest(first, last);
        while size.of_minute(last) - size.of_minute(first) >= most && size < BucketSize::MAX {
            size = size.next();
        }
        size
    }

    pub(super) fn index(self) -> usize {
        self.0.into()
    }

    /// The size with this index, or the largest size.
    pub(super) fn at(index: u8) -> BucketSize {
        BucketSize(index).min(BucketSize::MAX)
    }
}

/// A point in time with its bucket of every size, computed once per event.
#[derive(Clone, Copy, Debug)]
pub(super) struct BucketedTime {
    /// Seconds from 1970.
    pub(super) second: i64,
    /// Minutes from 1970.
    pub(super) minute: i64,
    /// Hours from 1970.
    hour: i64,
    /// Hours since Monday 00:00 UTC, from 0 to 167.
    pub(super) hour_of_week: usize,
    /// The bucket number for each size.
    pub(super) numbers: [i64; SIZES],
}

impl BucketedTime {
    pub(super) fn new(second: i64) -> BucketedTime {
        const MONDAY_TO_THURSDAY: i64 = 3 * 24;
        let (minute, hour) = (second.div_euclid(60), second.div_euclid(3600));
        // 1970 began on a Thursday.
        let hour_of_week = (hour + MONDAY_TO_THURSDAY).rem_euclid(7 * 24) as usize;
        let day = hour.div_euclid(24);
        // Dividing by constants and powers of two is faster than by each size's minutes.
        let numbers = std::array::from_fn(|size| match size {
            0 => minute,
            1 => minute.div_euclid(5),
            2 => minute.div_euclid(15),
            3 => minute.div_euclid(30),
            hours @ 4..=6 => hour >> (hours - 4),
            7 => hour.div_euclid(12),
            days => day >> (days - 8),
        });
        BucketedTime { second, minute, hour, hour_of_week, numbers }
    }

    /// Changes the time. Cheap if the hour stays the same, as it mostly does.
    #[inline]
    pub(super) fn set(&mut self, second: i64) {
        if (0..3600).contains(&(second - self.hour * 3600)) {
            self.second = second;
            let minute = second.div_euclid(60);
            if minute != self.minute {
                self.minute = minute;
                // Dividing by constants is faster than by each size's minutes.
                let [minutes, fives, quarters, halves, ..] = &mut self.numbers;
                *minutes = minute;
                *fives = minute.div_euclid(5);
                *quarters = minute.div_euclid(15);
                *halves = minute.div_euclid(30);
            }
        } else {
            *self = BucketedTime::new(second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_sizes() -> [BucketSize; SIZES] {
        std::array::from_fn(|index| BucketSize(index as u8))
    }

    #[test]
    fn each_size_is_a_multiple_of_the_next_smaller() {
        for pair in all_sizes().windows(2) {
            assert_eq!(pair[1].minutes() % pair[0].minutes(), 0, "{pair:?}");
            assert_eq!(pair[0].next(), pair[1]);
        }
        assert_eq!((BucketSize::MINUTE.minutes(), BucketSize::HOUR.minutes()), (1, 60));
        assert_eq!(BucketSize::DAY.minutes(), 24 * 60);
        assert_eq!(BucketSize::MAX.next(), BucketSize::MAX);
    }

    #[test]
    fn a_span_gets_the_smallest_size_that_fits() {
        for (first, last, most, minutes) in [
            (0, 23 * 60, 24, 60),
            (0, 24 * 60, 24, 120),
            (-60, 0, 13, 5),
            (0, 24 * 60 * 30, 24, 48 * 60),
            (5, 5, 1, 1),
            (0, 23, 24, 1),
            (0, 24, 24, 5),
            (0, 359, 24, 15),
            (0, 359, 12, 30),
            (0, 359, 240, 5),
            (0, 360, 240, 60),
        ] {
            assert_eq!(BucketSize::for_span(first, last, most).minutes(), minutes, "{first} to {last}");
        }
        let (first, last) = (jiff::Timestamp::MIN.as_second() / 60, jiff::Timestamp::MAX.as_second() / 60);
        let size = BucketSize::for_span(first, last, 24);
        assert!(size.of_minute(last) - size.of_minute(first) < 24, "{size:?}");
    }

    #[test]
    fn changing_the_time_equals_a_new_value() {
        let mut time = BucketedTime::new(0);
        for second in [0, 59, 60, 1799, 3599, 3600, 1, -1, -61, -3600, -3601, 1_790_000_000] {
            time.set(second);
            let fresh = BucketedTime::new(second);
            assert_eq!((time.second, time.minute, time.hour), (second, fresh.minute, fresh.hour));
            assert_eq!(time.numbers, fresh.numbers);
            assert_eq!(fresh.numbers, all_sizes().map(|size| size.of_minute(fresh.minute)));
        }
        let monday = "2026-10-05T00:59:59Z".parse::<jiff::Timestamp>().unwrap().as_second();
        assert_eq!(BucketedTime::new(monday).hour_of_week, 0);
        assert_eq!(BucketedTime::new(monday - 3600).hour_of_week, 7 * 24 - 1);
    }
}
