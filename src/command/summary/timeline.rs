//! Counts over time, hour by hour, as far as there are not too many hours: of
//! more than [`MOST`] with an event in them, longer stretches are kept.

use std::collections::HashMap;

use crate::command::summary::buckets::{BucketSize, BucketedTime};

/// How many stretches of time are kept apart.
pub(super) const MOST: usize = 20_000;

/// Counts of several kinds over time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timeline<const KINDS: usize> {
    size: BucketSize,
    counts: Vec<[u64; KINDS]>,
    /// Where the counts of a stretch are.
    places: HashMap<i32, usize>,
    /// The stretch that was met last, with its place.
    last: (i32, usize),
}

impl<const KINDS: usize> Default for Timeline<KINDS> {
    fn default() -> Timeline<KINDS> {
        Timeline { size: BucketSize::HOUR, counts: Vec::new(), places: HashMap::new(), last: (0, usize::MAX) }
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
        if self.counts.len() > MOST {
            self.coarsen();
        }
    }

    /// Adds counts of the stretch of some size that begins with an hour.
    fn add_all(&mut self, hour: i64, counts: &[u64; KINDS]) {
        let place = self.place(self.size.of_hour(hour) as i32);
        for (sum, count) in self.counts[place].iter_mut().zip(counts) {
            *sum += count;
        }
    }

    fn place(&mut self, stretch: i32) -> usize {
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
        for (hour, counts) in other.stretches() {
            self.add_all(hour, &counts);
        }
        while self.counts.len() > MOST {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        let mut coarse = Timeline { size: self.size.next(), ..Timeline::default() };
        for (hour, counts) in self.stretches() {
            coarse.add_all(hour, &counts);
        }
        *self = coarse;
    }

    /// The same over longer stretches, so that there are no more than `most`
    /// from the first to the last: their size in hours, and for each that is
    /// not empty its first hour and its counts, in their order.
    pub(super) fn over(&self, most: usize) -> (i64, Vec<(i64, [u64; KINDS])>) {
        let mut coarse = self.clone();
        let hours = |timeline: &Timeline<KINDS>| {
            let mut stretches: Vec<_> = timeline.stretches().collect();
            stretches.sort_unstable();
            stretches
        };
        loop {
            let stretches = hours(&coarse);
            let (first, last) = (stretches.first(), stretches.last());
            let length = first.zip(last).map_or(0, |(first, last)| (last.0 - first.0) / coarse.size.hours() + 1);
            if length <= most as i64 {
                return (coarse.size.hours(), stretches);
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

    /// The first hour of each stretch, and its counts, in no order.
    fn stretches(&self) -> impl Iterator<Item = (i64, [u64; KINDS])> {
        self.places.iter().map(|(stretch, place)| (self.size.first_hour((*stretch).into()), self.counts[*place]))
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
            assert_eq!((merged.size.hours(), merged.counts.len()), (2, MOST / 2 + 1));
            let (hours, stretches) = merged.over(30_000);
            assert_eq!((hours, stretches[0], stretches[1]), (2, (-2, [1, 0]), (0, [1, 1])));
        }
    }

    #[test]
    fn a_few_stretches_hold_everything() {
        let mut timeline = Timeline::<1>::default();
        for hour in [0, 1, 47, 47] {
            timeline.add(&BucketedTime::new(hour * 3600 + 5), 0);
        }
        assert_eq!(timeline.over(48), (1, vec![(0, [1]), (1, [1]), (47, [2])]));
        assert_eq!(timeline.over(2), (24, vec![(0, [2]), (24, [2])]));
        assert_eq!(timeline.by_day().over(1000), (24, vec![(0, [2]), (24, [2])]));
        assert_eq!(Timeline::<1>::default().over(1), (1, vec![]));
    }
}
