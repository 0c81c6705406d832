//! Stretches of time of a few sizes, from a minute to what holds all years that
//! can be written: each is made up of whole ones of the size below, and from a
//! day on they begin at midnight, UTC.

/// How many sizes there are.
pub(super) const SIZES: usize = 30;

/// Only charts of shorter periods, in minutes, have steps of less than an hour.
const SHORT: i64 = 6 * 60;

/// A size of stretches: the smaller the number, the shorter they are.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct BucketSize(u8);

impl BucketSize {
    /// One minute.
    pub(super) const MINUTE: BucketSize = BucketSize(0);
    /// One hour.
    pub(super) const HOUR: BucketSize = BucketSize(4);
    /// One day.
    pub(super) const DAY: BucketSize = BucketSize(8);
    const LARGEST: BucketSize = BucketSize(SIZES as u8 - 1);

    /// Minutes in a stretch.
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
        BucketSize(self.0 + 1).min(BucketSize::LARGEST)
    }

    /// The number of the stretch that a minute is in; minutes count from 1970.
    pub(super) fn of_minute(self, minute: i64) -> i64 {
        minute.div_euclid(self.minutes())
    }

    /// The first minute of a stretch.
    pub(super) fn first_minute(self, number: i64) -> i64 {
        number * self.minutes()
    }

    /// The smallest size that charts of the minutes from `first` to `last` have.
    pub(super) fn smallest(first: i64, last: i64) -> BucketSize {
        if last - first < SHORT { BucketSize::MINUTE } else { BucketSize::HOUR }
    }

    /// The smallest of these sizes by which the minutes from `first` to `last` are
    /// in no more than `most` stretches.
    pub(super) fn for_span(first: i64, last: i64, most: i64) -> BucketSize {
        let mut size = BucketSize::smallest(first, last);
        while size.of_minute(last) - size.of_minute(first) >= most && size < BucketSize::LARGEST {
            size = size.next();
        }
        size
    }

    pub(super) fn index(self) -> usize {
        self.0.into()
    }

    /// The size of this number, or the largest.
    pub(super) fn at(index: u8) -> BucketSize {
        BucketSize(index).min(BucketSize::LARGEST)
    }

    /// All sizes.
    pub(super) fn all() -> [BucketSize; SIZES] {
        std::array::from_fn(|index| BucketSize(index as u8))
    }
}

/// A point in time as the counters need it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BucketedTime {
    /// Seconds from 1970.
    pub(super) second: i64,
    /// Minutes from 1970.
    pub(super) minute: i64,
    /// Hours from 1970.
    hour: i64,
    /// Hours from the beginning of a Monday.
    pub(super) hour_of_week: usize,
    /// The stretch of each size that it is in.
    pub(super) stretches: [i64; SIZES],
}

impl BucketedTime {
    pub(super) fn new(second: i64) -> BucketedTime {
        const MONDAY_TO_THURSDAY: i64 = 3 * 24;
        let (minute, hour) = (second.div_euclid(60), second.div_euclid(3600));
        // 1970 began on a Thursday.
        let hour_of_week = (hour + MONDAY_TO_THURSDAY).rem_euclid(7 * 24) as usize;
        BucketedTime {
            second,
            minute,
            hour,
            hour_of_week,
            stretches: BucketSize::all().map(|size| size.of_minute(minute)),
        }
    }

    /// Moves it, which is quick within the hour.
    #[inline]
    pub(super) fn set(&mut self, second: i64) {
        if (0..3600).contains(&(second - self.hour * 3600)) {
            self.second = second;
            let minute = second.div_euclid(60);
            if minute != self.minute {
                self.minute = minute;
                // By constant numbers, which is faster than by that of each size.
                let [minutes, fives, quarters, halves, ..] = &mut self.stretches;
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

    #[test]
    fn each_size_is_made_up_of_the_one_below() {
        for pair in BucketSize::all().windows(2) {
            assert_eq!(pair[1].minutes() % pair[0].minutes(), 0, "{pair:?}");
            assert_eq!(pair[0].next(), pair[1]);
        }
        assert_eq!((BucketSize::MINUTE.minutes(), BucketSize::HOUR.minutes()), (1, 60));
        assert_eq!(BucketSize::DAY.minutes(), 24 * 60);
        assert_eq!(BucketSize::LARGEST.next(), BucketSize::LARGEST);
    }

    #[test]
    fn a_span_gets_the_size_that_shows_most() {
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
    fn a_moment_that_is_moved_is_like_a_new_one() {
        let mut moment = BucketedTime::new(0);
        for second in [0, 59, 60, 1799, 3599, 3600, 1, -1, -61, -3600, -3601, 1_790_000_000] {
            moment.set(second);
            let fresh = BucketedTime::new(second);
            assert_eq!((moment.second, moment.minute, moment.hour), (second, fresh.minute, fresh.hour));
            assert_eq!(moment.stretches, fresh.stretches);
        }
        let monday = "2026-10-05T00:59:59Z".parse::<jiff::Timestamp>().unwrap().as_second();
        assert_eq!(BucketedTime::new(monday).hour_of_week, 0);
        assert_eq!(BucketedTime::new(monday - 3600).hour_of_week, 7 * 24 - 1);
    }
}
