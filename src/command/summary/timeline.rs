//! Counts over time, minute by minute and then hour by hour, as far as there are
//! not too many: where more than [`MOST`] hours, or more than [`MOST_SHORT`]
//! shorter stretches, have an event in them, longer stretches are kept.

use std::collections::HashMap;

use crate::command::summary::buckets::{BucketSize, BucketedTime};

/// How many stretches of time are kept apart.
pub(super) const MOST: usize = 20_000;
/// The same for stretches of less than an hour: no chart of minutes has more.
const MOST_SHORT: usize = 6 * 60 + 1;

/// Counts of several kinds over time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timeline<const KINDS: usize> {
    size: BucketSize,
    counts: Vec<[u64; KINDS]>,
    /// Where the counts of a stretch are.
    places: HashMap<i64, usize>,
    /// The stretch that was met last, with its place.
    last: (i64, usize),
}

impl<const KINDS: usize> Default for Timeline<KINDS> {
    fn default() -> Timeline<KINDS> {
        Timeline { size: BucketSize::MINUTE, counts: Vec::new(), places: HashMap::new(), last: (0, usize::MAX) }
    }
}

impl<const KINDS: usize> Timeline<KINDS> {
    /// Counts one of a kind.
    #[inline]
    pub(super) fn add(&mut self, moment: &BucketedTime, kind: usize) {
        let stretch = moment.stretches[self.size.index()];
        if self.last.0 != stretch || self.last.1 == usize::MAX {
            self.last = (stretch, self.place(stretch));
        }
        self.counts[self.last.1][kind] += 1;
        while self.has_too_many() {
            self.coarsen();
        }
    }

    #[inline]
    fn has_too_many(&self) -> bool {
        self.counts.len() > if self.size < BucketSize::HOUR { MOST_SHORT } else { MOST }
    }

    /// Adds counts of the stretch of some size that begins with a minute.
    fn add_all(&mut self, minute: i64, counts: &[u64; KINDS]) {
        let place = self.place(self.size.of_minute(minute));
        for (sum, count) in self.counts[place].iter_mut().zip(counts) {
            *sum += count;
        }
    }

    fn place(&mut self, stretch: i64) -> usize {
        let counts = &mut self.counts;
        *self.places.entry(stretch).or_insert_with(|| {
            counts.push([0; KINDS]);
            counts.len() - 1
        })
    }

    /// Adds what was counted elsewhere.
    pub(super) fn merge(&mut self, other: &Timeline<KINDS>) {
        while self.size < other.size {
            self.coarsen();
        }
        for (minute, counts) in other.stretches() {
            self.add_all(minute, &counts);
        }
        while self.has_too_many() {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        let mut coarse = Timeline { size: self.size.next(), ..Timeline::default() };
        for (minute, counts) in self.stretches() {
            coarse.add_all(minute, &counts);
        }
        *self = coarse;
    }

    /// The same over longer stretches, so that there are no more than `most`
    /// from the first to the last: their size in minutes, and for each that is
    /// not empty its first minute and its counts, in their order. `smallest` is the
    /// smallest size that they can have.
    pub(super) fn over(&self, most: usize, smallest: BucketSize) -> (i64, Vec<(i64, [u64; KINDS])>) {
        let mut coarse = self.clone();
        while coarse.size < smallest {
            coarse.coarsen();
        }
        let sorted = |timeline: &Timeline<KINDS>| {
            let mut stretches: Vec<_> = timeline.stretches().collect();
            stretches.sort_unstable();
            stretches
        };
        loop {
            let stretches = sorted(&coarse);
            let (first, last) = (stretches.first(), stretches.last());
            let length = first.zip(last).map_or(0, |(first, last)| (last.0 - first.0) / coarse.size.minutes() + 1);
            if length <= most as i64 {
                return (coarse.size.minutes(), stretches);
            }
            coarse.coarsen();
        }
    }

    /// The same day by day, or over what is kept where that is longer.
    pub(super) fn by_day(&self) -> Timeline<KINDS> {
        let mut days = self.clone();
        while days.size < BucketSize::DAY {
            days.coarsen();
        }
        days
    }

    /// The first minute of each stretch, and its counts, in no order.
    fn stretches(&self) -> impl Iterator<Item = (i64, [u64; KINDS])> {
        self.places.iter().map(|(stretch, place)| (self.size.first_minute(*stretch), self.counts[*place]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_become_longer_only_where_there_are_too_many() {
        let mut timeline = Timeline::<2>::default();
        for hour in 0..MOST as i64 {
            timeline.add(&BucketedTime::new(hour * 3600), (hour % 2) as usize);
        }
        assert_eq!(timeline.size, BucketSize::HOUR);
        let mut other = Timeline::default();
        other.add(&BucketedTime::new(-1), 0);
        let (mut left, mut right) = (timeline.clone(), other.clone());
        left.merge(&other);
        right.merge(&timeline);
        for merged in [&left, &right] {
            assert_eq!((merged.size.minutes(), merged.counts.len()), (120, MOST / 2 + 1));
            let (minutes, stretches) = merged.over(30_000, BucketSize::MINUTE);
            assert_eq!((minutes, stretches[0], stretches[1]), (120, (-120, [1, 0]), (0, [1, 1])));
        }
    }

    #[test]
    fn a_few_stretches_hold_everything() {
        let mut timeline = Timeline::<1>::default();
        for hour in [0, 1, 47, 47] {
            timeline.add(&BucketedTime::new(hour * 3600 + 5), 0);
        }
        let over = |most, smallest| timeline.over(most, smallest);
        let hour = 60;
        assert_eq!(over(48, BucketSize::HOUR), (hour, vec![(0, [1]), (hour, [1]), (47 * hour, [2])]));
        assert_eq!(over(48, BucketSize::MINUTE), over(48, BucketSize::HOUR));
        assert_eq!(over(96, BucketSize::MINUTE), (30, over(48, BucketSize::HOUR).1));
        let days = (24 * hour, vec![(0, [2]), (24 * hour, [2])]);
        assert_eq!(over(2, BucketSize::MINUTE), days);
        assert_eq!(timeline.by_day().over(1000, BucketSize::MINUTE), days);
        assert_eq!(Timeline::<1>::default().over(1, BucketSize::HOUR), (hour, vec![]));
    }

    #[test]
    fn minutes_are_kept_as_long_as_they_are_few() {
        let mut timeline = Timeline::<1>::default();
        for minute in 0..MOST_SHORT as i64 {
            timeline.add(&BucketedTime::new(minute * 60 + 59), 0);
        }
        assert_eq!((timeline.size.minutes(), timeline.counts.len()), (1, MOST_SHORT));
        timeline.add(&BucketedTime::new(-1), 0);
        assert_eq!((timeline.size.minutes(), timeline.counts.len()), (5, MOST_SHORT / 5 + 2));
        let total: u64 = timeline.over(MOST, BucketSize::MINUTE).1.iter().map(|(_, [count])| count).sum();
        assert_eq!(total, MOST_SHORT as u64 + 1);
    }
}
