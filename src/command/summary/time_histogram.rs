//! A histogram of events over time. Its buckets start as minutes and grow whenever more than
//! [`MAX_BUCKETS`] of them (or [`MAX_SHORT_BUCKETS`] shorter than an hour) have
//! events, so that memory stays bounded.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use jiff::Timestamp;

use crate::command::summary::buckets::{BucketSize, BucketedTime};

/// The most buckets of an hour or longer.
pub(super) const MAX_BUCKETS: usize = 20_000;
/// The most buckets shorter than an hour: a chart of minutes never has more.
const MAX_SHORT_BUCKETS: usize = 6 * 60 + 1;

/// The numbers of events of several kinds in each bucket of time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TimeHistogram<const KINDS: usize> {
    size: BucketSize,
    counts: Vec<[u64; KINDS]>,
    /// The index into `counts` of each bucket.
    places: HashMap<i64, usize, RandomState>,
    /// The last bucket and its index: mostly the next event is in it too.
    last: (i64, usize),
}

impl<const KINDS: usize> Default for TimeHistogram<KINDS> {
    fn default() -> TimeHistogram<KINDS> {
        TimeHistogram {
            size: BucketSize::MINUTE,
            counts: Vec::new(),
            places: HashMap::default(),
            last: (0, usize::MAX),
        }
    }
}

impl<const KINDS: usize> TimeHistogram<KINDS> {
    /// Counts an event of a kind.
    #[inline]
    pub(super) fn add(&mut self, time: &BucketedTime, kind: usize) {
        let bucket = time.numbers[self.size.index()];
        if self.last.0 != bucket || self.last.1 == usize::MAX {
            self.last = (bucket, self.place(bucket));
        }
        self.counts[self.last.1][kind] += 1;
        while self.has_too_many() {
            self.coarsen();
        }
    }

    #[inline]
    fn has_too_many(&self) -> bool {
        self.counts.len() > if self.size < BucketSize::HOUR { MAX_SHORT_BUCKETS } else { MAX_BUCKETS }
    }

    /// Adds the counts of a bucket that starts at `minute`. Its size must not be
    /// larger than `self.size`.
    fn add_all(&mut self, minute: i64, counts: &[u64; KINDS]) {
        let place = self.place(self.size.of_minute(minute));
        for (sum, count) in self.counts[place].iter_mut().zip(counts) {
            *sum += count;
        }
    }

    fn place(&mut self, bucket: i64) -> usize {
        let counts = &mut self.counts;
        *self.places.entry(bucket).or_insert_with(|| {
            counts.push([0; KINDS]);
            counts.len() - 1
        })
    }

    /// Adds the counts of another thread.
    pub(super) fn merge(&mut self, other: &TimeHistogram<KINDS>) {
        while self.size < other.size {
            self.coarsen();
        }
        for (minute, counts) in other.buckets() {
            self.add_all(minute, &counts);
        }
        while self.has_too_many() {
            self.coarsen();
        }
    }

    /// Appends the size and the buckets, in order, to `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.size.index() as u8);
        let mut buckets: Vec<_> = self.places.iter().collect();
        buckets.sort_unstable();
        for (bucket, place) in buckets {
            out.extend(bucket.to_le_bytes());
            out.extend(self.counts[*place].iter().flat_map(|count| count.to_le_bytes()));
        }
    }

    /// Reads what [`TimeHistogram::write`] wrote, perhaps in another process. Returns `None` for
    /// other bytes.
    pub(super) fn read(bytes: &[u8]) -> Option<TimeHistogram<KINDS>> {
        let (size, mut rest) = bytes.split_first()?;
        let mut histogram = TimeHistogram { size: BucketSize::at(*size), ..TimeHistogram::default() };
        let bucket_of = |time: Timestamp| histogram.size.of_minute(time.as_second().div_euclid(60));
        let known = bucket_of(Timestamp::MIN)..=bucket_of(Timestamp::MAX);
        if histogram.size.index() != usize::from(*size) {
            return None;
        }
        while let Some((bucket, counts)) = rest.split_first_chunk() {
            let bucket = i64::from_le_bytes(*bucket);
            let (counts, others) = counts.split_at_checked(KINDS * 8)?;
            let place = known.contains(&bucket).then(|| histogram.place(bucket))?;
            for (sum, count) in histogram.counts[place].iter_mut().zip(counts.as_chunks().0) {
                *sum = sum.checked_add(u64::from_le_bytes(*count))?;
            }
            rest = others;
        }
        (rest.is_empty() && !histogram.has_too_many()).then_some(histogram)
    }

    fn coarsen(&mut self) {
        let mut coarse = TimeHistogram { size: self.size.next(), ..TimeHistogram::default() };
        for (minute, counts) in self.buckets() {
            coarse.add_all(minute, &counts);
        }
        *self = coarse;
    }

    /// Merges buckets until at most `most` cover the period, and until they have at
    /// least the size `smallest`. Returns the size in minutes and the non-empty
    /// buckets in order, each as its first minute and its counts.
    pub(super) fn bucketed(&self, most: usize, smallest: BucketSize) -> (i64, Vec<(i64, [u64; KINDS])>) {
        let mut coarse = self.clone();
        while coarse.size < smallest {
            coarse.coarsen();
        }
        let sorted = |histogram: &TimeHistogram<KINDS>| {
            let mut buckets: Vec<_> = histogram.buckets().collect();
            buckets.sort_unstable();
            buckets
        };
        loop {
            let buckets = sorted(&coarse);
            let (first, last) = (buckets.first(), buckets.last());
            let length = first.zip(last).map_or(0, |(first, last)| (last.0 - first.0) / coarse.size.minutes() + 1);
            if length <= most as i64 {
                return (coarse.size.minutes(), buckets);
            }
            coarse.coarsen();
        }
    }

    /// The counts by day, or in the present buckets if these are longer.
    pub(super) fn by_day(&self) -> TimeHistogram<KINDS> {
        let mut days = self.clone();
        while days.size < BucketSize::DAY {
            days.coarsen();
        }
        days
    }

    /// The first minute and the counts of each bucket, in no particular order.
    fn buckets(&self) -> impl Iterator<Item = (i64, [u64; KINDS])> {
        self.places.iter().map(|(bucket, place)| (self.size.first_minute(*bucket), self.counts[*place]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The buckets in order, with their size.
    fn in_order(histogram: &TimeHistogram<1>) -> (BucketSize, Vec<(i64, [u64; 1])>) {
        let mut buckets: Vec<_> = histogram.buckets().collect();
        buckets.sort_unstable();
        (histogram.size, buckets)
    }

    proptest! {
        /// Neither the order of parts nor where they are cut decides how long buckets are.
        #[test]
        fn parts_in_any_order_add_up_to_the_whole(
            minutes in proptest::collection::vec(prop_oneof![0..2_000_i64, 0..9_000_000_i64], 0..900),
            parts in 1..8_usize,
            is_reversed: bool,
        ) {
            let of = |minutes: &[i64]| {
                let mut histogram = TimeHistogram::<1>::default();
                minutes.iter().for_each(|minute| histogram.add(&BucketedTime::new(minute * 60), 0));
                histogram
            };
            let mut parts: Vec<_> = minutes.chunks(minutes.len() / parts + 1).map(of).collect();
            if is_reversed {
                parts.reverse();
            }
            let mut merged = TimeHistogram::<1>::default();
            for part in parts {
                let mut bytes = Vec::new();
                part.write(&mut bytes);
                merged.merge(&TimeHistogram::read(&bytes).unwrap());
                prop_assert_eq!(TimeHistogram::<1>::read(&bytes[..bytes.len() - 1]), None);
            }
            prop_assert_eq!(in_order(&merged), in_order(&of(&minutes)));
        }
    }

    #[test]
    fn buckets_grow_only_if_there_are_too_many() {
        let mut histogram = TimeHistogram::<2>::default();
        for hour in 0..MAX_BUCKETS as i64 {
            histogram.add(&BucketedTime::new(hour * 3600), (hour % 2) as usize);
        }
        assert_eq!(histogram.size, BucketSize::HOUR);
        let mut other = TimeHistogram::default();
        other.add(&BucketedTime::new(-1), 0);
        let (mut left, mut right) = (histogram.clone(), other.clone());
        left.merge(&other);
        right.merge(&histogram);
        for merged in [&left, &right] {
            assert_eq!((merged.size.minutes(), merged.counts.len()), (120, MAX_BUCKETS / 2 + 1));
            let (minutes, buckets) = merged.bucketed(30_000, BucketSize::MINUTE);
            assert_eq!((minutes, buckets[0], buckets[1]), (120, (-120, [1, 0]), (0, [1, 1])));
        }
    }

    #[test]
    fn bucketed_counts_lose_no_event() {
        let mut histogram = TimeHistogram::<1>::default();
        for hour in [0, 1, 47, 47] {
            histogram.add(&BucketedTime::new(hour * 3600 + 5), 0);
        }
        let bucketed = |most, smallest| histogram.bucketed(most, smallest);
        let hour = 60;
        assert_eq!(bucketed(48, BucketSize::HOUR), (hour, vec![(0, [1]), (hour, [1]), (47 * hour, [2])]));
        assert_eq!(bucketed(48, BucketSize::MINUTE), bucketed(48, BucketSize::HOUR));
        assert_eq!(bucketed(96, BucketSize::MINUTE), (30, bucketed(48, BucketSize::HOUR).1));
        let days = (24 * hour, vec![(0, [2]), (24 * hour, [2])]);
        assert_eq!(bucketed(2, BucketSize::MINUTE), days);
        assert_eq!(histogram.by_day().bucketed(1000, BucketSize::MINUTE), days);
        assert_eq!(TimeHistogram::<1>::default().bucketed(1, BucketSize::HOUR), (hour, vec![]));
    }

    #[test]
    fn minutes_are_kept_while_they_are_few() {
        let mut histogram = TimeHistogram::<1>::default();
        for minute in 0..MAX_SHORT_BUCKETS as i64 {
            histogram.add(&BucketedTime::new(minute * 60 + 59), 0);
        }
        assert_eq!((histogram.size.minutes(), histogram.counts.len()), (1, MAX_SHORT_BUCKETS));
        histogram.add(&BucketedTime::new(-1), 0);
        assert_eq!((histogram.size.minutes(), histogram.counts.len()), (5, MAX_SHORT_BUCKETS / 5 + 2));
        let total: u64 = histogram.bucketed(MAX_BUCKETS, BucketSize::MINUTE).1.iter().map(|(_, [count])| count).sum();
        assert_eq!(total, MAX_SHORT_BUCKETS as u64 + 1);
    }
}
