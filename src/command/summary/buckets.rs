//! Stretches of time of a few sizes, from an hour to what holds all years that
//! can be written: each is made up of whole ones of the size below, and from a
//! day on they begin at midnight, UTC.

/// How many sizes there are.
pub(super) const SIZES: usize = 26;

/// A size of stretches: the smaller the number, the shorter they are.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct BucketSize(u8);

impl BucketSize {
    /// One hour.
    pub(super) const HOUR: BucketSize = BucketSize(0);
    /// One day.
    pub(super) const DAY: BucketSize = BucketSize(4);
    const LARGEST: BucketSize = BucketSize(SIZES as u8 - 1);

    /// Hours in a stretch.
    pub(super) fn hours(self) -> i64 {
        match self.0 {
            small @ 0..=2 => 1 << small,
            3 => 12,
            large => 24 << (large - 4),
        }
    }

    /// The next larger size.
    pub(super) fn next(self) -> BucketSize {
        BucketSize(self.0 + 1).min(BucketSize::LARGEST)
    }

    /// The number of the stretch that an hour is in; hours count from 1970.
    pub(super) fn of_hour(self, hour: i64) -> i64 {
        hour.div_euclid(self.hours())
    }

    /// The first hour of a stretch.
    pub(super) fn first_hour(self, number: i64) -> i64 {
        number * self.hours()
    }

    /// The smallest size by which the hours from `first` to `last` are in no
    /// more than `most` stretches.
    pub(super) fn for_span(first: i64, last: i64, most: i64) -> BucketSize {
        let mut size = BucketSize::HOUR;
        while size.of_hour(last) - size.of_hour(first) >= most && size < BucketSize::LARGEST {
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
    /// Hours from 1970.
    pub(super) hour: i64,
    /// Hours from the beginning of a Monday.
    pub(super) hour_of_week: usize,
    /// The stretch of each size that it is in.
    pub(super) stretches: [i32; SIZES],
}

impl BucketedTime {
    pub(super) fn new(second: i64) -> BucketedTime {
        const MONDAY_TO_THURSDAY: i64 = 3 * 24;
        let hour = second.div_euclid(3600);
        // 1970 began on a Thursday.
        let hour_of_week = (hour + MONDAY_TO_THURSDAY).rem_euclid(7 * 24) as usize;
        BucketedTime { second, hour, hour_of_week, stretches: BucketSize::all().map(|size| size.of_hour(hour) as i32) }
    }

    /// Moves it, which is quick within the hour.
    #[inline]
    pub(super) fn set(&mut self, second: i64) {
        if (0..3600).contains(&(second - self.hour * 3600)) {
            self.second = second;
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
            assert_eq!(pair[1].hours() % pair[0].hours(), 0, "{pair:?}");
            assert_eq!(pair[0].next(), pair[1]);
        }
        assert_eq!(BucketSize::DAY.hours(), 24);
        assert_eq!(BucketSize::LARGEST.next(), BucketSize::LARGEST);
    }

    #[test]
    fn a_span_gets_the_size_that_shows_most() {
        for (first, last, most, hours) in
            [(0, 23, 24, 1), (0, 24, 24, 2), (-1, 0, 2, 1), (0, 24 * 30, 24, 48), (5, 5, 1, 1)]
        {
            assert_eq!(BucketSize::for_span(first, last, most).hours(), hours, "{first} to {last}");
        }
        let (first, last) = (jiff::Timestamp::MIN.as_second() / 3600, jiff::Timestamp::MAX.as_second() / 3600);
        let size = BucketSize::for_span(first, last, 24);
        assert!(size.of_hour(last) - size.of_hour(first) < 24, "{size:?}");
    }

    #[test]
    fn a_moment_that_is_moved_is_like_a_new_one() {
        let mut moment = BucketedTime::new(0);
        for second in [0, 3599, 3600, 1, -1, -3600, -3601, 1_790_000_000] {
            moment.set(second);
            let fresh = BucketedTime::new(second);
            assert_eq!((moment.second, moment.hour, moment.stretches), (second, fresh.hour, fresh.stretches));
        }
        let monday = "2026-10-05T00:59:59Z".parse::<jiff::Timestamp>().unwrap().as_second();
        assert_eq!(BucketedTime::new(monday).hour_of_week, 0);
        assert_eq!(BucketedTime::new(monday - 3600).hour_of_week, 7 * 24 - 1);
    }
}
