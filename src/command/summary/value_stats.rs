//! How often something happened, when first, when last, and a small picture of
//! when in between. It has the same size whatever it counts.

use crate::command::summary::buckets::{BucketSize, BucketedTime};

/// How many stretches of time the picture has.
pub(super) const STRETCHES: usize = 24;

/// What is known of one value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ValueStats {
    /// How many events.
    pub(super) count: u64,
    /// The first second and the last, counted from 1970; turned round where no
    /// event had a time.
    pub(super) seconds: [i64; 2],
    size: BucketSize,
    /// The number of the first stretch.
    start: i64,
    stretches: [u32; STRETCHES],
}

impl Default for ValueStats {
    fn default() -> ValueStats {
        ValueStats {
            count: 0,
            seconds: [i64::MAX, i64::MIN],
            size: BucketSize::MINUTE,
            start: 0,
            stretches: [0; STRETCHES],
        }
    }
}

impl ValueStats {
    /// Bytes of a trend that is written down.
    pub(super) const LENGTH: usize = 8 + 16 + 1 + 8 + 4 * STRETCHES;

    /// Counts an event.
    #[inline]
    pub(super) fn add(&mut self, moment: Option<&BucketedTime>) {
        self.count += 1;
        let Some(moment) = moment else { return };
        let is_first = self.seconds[0] > self.seconds[1];
        self.seconds = [self.seconds[0].min(moment.second), self.seconds[1].max(moment.second)];
        let at = moment.stretches[self.size.index()].wrapping_sub(self.start);
        match self.stretches.get_mut(at as usize) {
            Some(stretch) if !is_first => *stretch = stretch.saturating_add(1),
            _ => self.add_outside(moment.minute, is_first),
        }
    }

    #[cold]
    fn add_outside(&mut self, minute: i64, is_first: bool) {
        if is_first {
            self.start = minute;
        }
        self.fit(minute, minute);
        let at = self.size.of_minute(minute) - self.start;
        let stretch = &mut self.stretches[at as usize];
        *stretch = stretch.saturating_add(1);
    }

    /// When the first event was and when the last.
    pub(super) fn period(&self) -> Option<[i64; 2]> {
        (self.seconds[0] <= self.seconds[1]).then_some(self.seconds)
    }

    /// Adds what was counted elsewhere.
    pub(super) fn merge(&mut self, other: &ValueStats) {
        self.count += other.count;
        if other.period().is_none() {
            return;
        }
        if self.period().is_none() {
            *self = ValueStats { count: self.count, ..other.clone() };
            return;
        }
        self.seconds = [self.seconds[0].min(other.seconds[0]), self.seconds[1].max(other.seconds[1])];
        while self.size < other.size {
            self.coarsen(self.size.next());
        }
        self.fit(self.seconds[0].div_euclid(60), self.seconds[1].div_euclid(60));
        for (minute, count) in other.minutes() {
            let at = self.size.of_minute(minute) - self.start;
            let stretch = &mut self.stretches[at as usize];
            *stretch = stretch.saturating_add(count);
        }
    }

    /// Makes room for the minutes from `first` to `last`, and keeps what there is.
    fn fit(&mut self, first: i64, last: i64) {
        loop {
            let known = self.stretches.iter().rposition(|count| *count > 0);
            let (start, end) = match known {
                Some(last) => (self.start, self.start + last as i64),
                None => (self.size.of_minute(first), self.size.of_minute(last)),
            };
            let start = start.min(self.size.of_minute(first));
            if end.max(self.size.of_minute(last)) - start < STRETCHES as i64 {
                let shift = (self.start - start).max(0) as usize;
                if shift > 0 || known.is_none() {
                    self.stretches.rotate_right(shift % STRETCHES);
                    self.start = start;
                }
                return;
            }
            self.coarsen(self.size.next());
        }
    }

    fn coarsen(&mut self, size: BucketSize) {
        let start = size.of_minute(self.size.first_minute(self.start));
        let mut stretches = [0_u32; STRETCHES];
        for (minute, count) in self.minutes() {
            let stretch = &mut stretches[(size.of_minute(minute) - start) as usize];
            *stretch = stretch.saturating_add(count);
        }
        *self = ValueStats { size, start, stretches, ..*self };
    }

    /// The first minute of each stretch in which there was an event, and how many.
    fn minutes(&self) -> impl Iterator<Item = (i64, u32)> {
        let (size, start) = (self.size, self.start);
        let minute = move |at: usize| size.first_minute(start + at as i64);
        let counts = self.stretches.into_iter().enumerate();
        counts.filter(|(_, count)| *count > 0).map(move |(at, count)| (minute(at), count))
    }

    /// The picture over a longer period: as many stretches as are asked for at
    /// most, which all that is counted falls into.
    pub(super) fn over(&self, frame: ChartRange) -> Vec<u64> {
        let mut counts = vec![0; frame.count];
        for (minute, count) in self.minutes() {
            let at = frame.size.of_minute(minute).max(frame.start) - frame.start;
            if let Some(sum) = counts.get_mut(at as usize) {
                *sum += u64::from(count);
            }
        }
        counts
    }

    /// Appends it to what is written down.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.count.to_le_bytes());
        out.extend(self.seconds.iter().flat_map(|second| second.to_le_bytes()));
        out.push(self.size.index() as u8);
        out.extend(self.start.to_le_bytes());
        out.extend(self.stretches.iter().flat_map(|count| count.to_le_bytes()));
    }

    /// Reads what [`ValueStats::write`] wrote.
    pub(super) fn read(bytes: &[u8; ValueStats::LENGTH]) -> ValueStats {
        fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
            let (first, rest) = bytes.split_first_chunk().unwrap_or((&[0; N], &[]));
            *bytes = rest;
            *first
        }
        let mut bytes = &bytes[..];
        ValueStats {
            count: u64::from_le_bytes(take(&mut bytes)),
            seconds: [0; 2].map(|_: i64| i64::from_le_bytes(take(&mut bytes))),
            size: BucketSize::at(take::<1>(&mut bytes)[0]),
            start: i64::from_le_bytes(take(&mut bytes)),
            stretches: [0; STRETCHES].map(|_: u32| u32::from_le_bytes(take(&mut bytes))),
        }
    }
}

/// A period cut into stretches of one size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ChartRange {
    size: BucketSize,
    start: i64,
    /// How many stretches.
    pub(super) count: usize,
}

impl ChartRange {
    /// Over a period given by its first second and its last, in `most`
    /// stretches at most.
    pub(super) fn new([first, last]: [i64; 2], most: usize) -> ChartRange {
        let (first, last) = (first.div_euclid(60), last.div_euclid(60));
        let size = BucketSize::for_span(first, last, most.max(1) as i64);
        let start = size.of_minute(first);
        ChartRange { size, start, count: (size.of_minute(last) - start) as usize + 1 }
    }

    /// Minutes in a stretch.
    pub(super) fn minutes(&self) -> i64 {
        self.size.minutes()
    }

    /// The minute in which the first stretch begins.
    pub(super) fn first_minute(&self) -> i64 {
        self.size.first_minute(self.start)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trend(minutes: &[i64]) -> ValueStats {
        let mut trend = ValueStats::default();
        for minute in minutes {
            trend.add(Some(&BucketedTime::new(minute * 60 + 17)));
        }
        trend
    }

    #[test]
    fn a_picture_of_a_day_has_hours_and_one_of_an_hour_has_minutes() {
        for (minutes, size, picture) in [
            (&[5 * 60, 5 * 60 + 59, 12 * 60][..], 60, &[2, 0, 0, 0, 0, 0, 0, 1][..]),
            (&[5, 5, 7], 1, &[2, 0, 1]),
            (&[0, 4, 29], 5, &[2, 0, 0, 0, 0, 1]),
            (&[29, 31, 5 * 60], 15, &[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ] {
            let trend = trend(minutes);
            let frame = ChartRange::new(trend.period().unwrap(), STRETCHES);
            assert_eq!((frame.minutes(), trend.over(frame)), (size, picture.to_vec()), "{minutes:?}");
        }
        assert_eq!(trend(&[]).period(), None);
    }

    fn minutes() -> impl Strategy<Value = Vec<i64>> {
        let start = 29_400_000_i64;
        let years = -4_800_000_000_i64..4_800_000_000;
        let period = prop_oneof![
            4 => start..start + 100,
            4 => start..start + 6_000,
            2 => start..start + 600_000,
            1 => years,
        ];
        proptest::collection::vec(period, 0..40)
    }

    #[test]
    fn a_stretch_that_is_full_stays_full() {
        let mut trend = trend(&[101, 124].map(|hour| hour * 60));
        trend.stretches[0] = u32::MAX;
        // Too far from the last, so that stretches get longer, and it falls into the first.
        trend.add(Some(&BucketedTime::new(100 * 3600)));
        assert_eq!((trend.count, trend.stretches[0]), (3, u32::MAX));
    }

    proptest! {
        #[test]
        fn no_event_is_lost_in_any_order_or_part(minutes in minutes(), cut in 0..40_usize) {
            let whole = trend(&minutes);
            let (left, right) = minutes.split_at(cut.min(minutes.len()));
            let mut merged = trend(left);
            merged.merge(&trend(right));
            for trend in [&whole, &merged] {
                prop_assert_eq!(trend.count, minutes.len() as u64);
                prop_assert_eq!(trend.minutes().map(|(_, count)| count as usize).sum::<usize>(), minutes.len());
            }
            prop_assert_eq!(&whole, &merged);
            if let Some(period) = whole.period() {
                let frame = ChartRange::new(period, STRETCHES);
                let mut plain = vec![0; frame.count];
                for minute in &minutes {
                    plain[(frame.size.of_minute(*minute) - frame.start) as usize] += 1;
                }
                prop_assert_eq!(whole.over(frame), plain);
            }
            let mut written = Vec::new();
            merged.write(&mut written);
            prop_assert_eq!(ValueStats::read(written.as_slice().try_into().unwrap()), merged);
        }
    }
}
