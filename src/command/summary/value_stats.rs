//! Statistics of one value: count, first and last time, and a small chart of the
//! times between. Their size is constant, whatever they count.

mod run;
mod stored;

pub(super) use self::run::BucketRun;
use crate::command::summary::buckets::{BucketSize, BucketedTime};

/// The number of buckets of the small chart.
pub(super) const SPARKLINE_BUCKETS: usize = 24;
/// Replaces the rest of a name that was cut.
const MARK: &str = "…";
/// The most bytes of the name of a first user; a longer one is cut.
pub(super) const MAX_USER: usize = 160;

/// The statistics of one value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ValueStats {
    /// The number of events.
    pub(super) count: u64,
    /// The sum of the field of `--sum`, in billionths.
    pub(super) sum: i128,
    /// The first and the last second, counted from 1970. The first is greater than
    /// the last if no event had a time.
    pub(super) seconds: [i64; 2],
    /// The number of events that failed, where that is counted.
    pub(super) failures: u64,
    /// The number of events of the earlier period, which are counted only here.
    pub(super) earlier: u64,
    /// The user of the first event, where that is noted; of several within a second, the
    /// first in the alphabet.
    pub(super) first_user: Vec<u8>,
    size: BucketSize,
    /// The number of the first bucket.
    start: i64,
    buckets: [u32; SPARKLINE_BUCKETS],
}

/// What is counted of an event for each of its values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Occurrence<'a> {
    /// `None` without a readable time.
    pub(super) time: Option<&'a BucketedTime>,
    pub(super) is_failed: bool,
    /// Whether it belongs to the earlier period of a comparison.
    pub(super) is_earlier: bool,
    /// Who made the call, where the first user of a value is noted.
    pub(super) user: Option<&'a [u8]>,
    /// The sum of its field of `--sum`.
    pub(super) sum: i128,
}

impl Default for ValueStats {
    fn default() -> ValueStats {
        ValueStats {
            count: 0,
            sum: 0,
            seconds: [i64::MAX, i64::MIN],
            failures: 0,
            earlier: 0,
            first_user: Vec::new(),
            size: BucketSize::MINUTE,
            start: 0,
            buckets: [0; SPARKLINE_BUCKETS],
        }
    }
}

impl ValueStats {
    /// Of this number of events without a time.
    pub(super) fn of_count(count: u64) -> ValueStats {
        ValueStats { count, ..ValueStats::default() }
    }

    /// Counts an event.
    #[inline]
    pub(super) fn add(&mut self, occurrence: &Occurrence<'_>) {
        if occurrence.is_earlier {
            self.earlier += 1;
            return;
        }
        self.count += 1;
        self.failures += u64::from(occurrence.is_failed);
        if occurrence.sum != 0 {
            self.sum = self.sum.saturating_add(occurrence.sum);
        }
        let Some(time) = occurrence.time else { return };
        let is_first = self.seconds[0] > self.seconds[1];
        if time.second <= self.seconds[0]
            && let Some(user) = occurrence.user
            // Often one caller makes several calls within the first second.
            && (time.second < self.seconds[0] || *user != self.first_user[..])
        {
            self.add_first_user(time.second, user);
        }
        self.seconds = [self.seconds[0].min(time.second), self.seconds[1].max(time.second)];
        let at = time.numbers[self.size.index()].wrapping_sub(self.start);
        match self.buckets.get_mut(at as usize) {
            Some(bucket) if !is_first => *bucket = bucket.saturating_add(1),
            _ => self.add_outside(time.minute, is_first),
        }
    }

    #[cold]
    fn add_outside(&mut self, minute: i64, is_first: bool) {
        if is_first {
            // All buckets are empty.
            self.start = self.size.of_minute(minute);
        } else {
            self.fit(minute, minute);
        }
        let at = self.size.of_minute(minute) - self.start;
        let bucket = &mut self.buckets[at as usize];
        *bucket = bucket.saturating_add(1);
    }

    /// Notes who made a call that is not later than the first one so far.
    #[cold]
    fn add_first_user(&mut self, second: i64, user: &[u8]) {
        let mut end = user.len().min(MAX_USER);
        // Not within a character.
        while user.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
            end -= 1;
        }
        let mark = if end < user.len() { MARK } else { "" };
        let user = &user[..end];
        if second < self.seconds[0] || user.iter().chain(mark.as_bytes()).lt(&self.first_user) {
            self.first_user.clear();
            self.first_user.extend_from_slice(user);
            self.first_user.extend_from_slice(mark.as_bytes());
        }
    }

    /// The first and the last second, or `None` if no event had a time.
    pub(super) fn period(&self) -> Option<[i64; 2]> {
        (self.seconds[0] <= self.seconds[1]).then_some(self.seconds)
    }

    /// Adds the statistics of the same value from another thread or run.
    pub(super) fn merge(&mut self, other: &ValueStats) {
        self.merge_by(other, &other.first_user);
    }

    /// Like [`merge`](Self::merge), if the first event is of this user.
    pub(super) fn merge_by(&mut self, other: &ValueStats, user: &[u8]) {
        self.count += other.count;
        self.failures += other.failures;
        self.earlier += other.earlier;
        self.sum = self.sum.saturating_add(other.sum);
        if other.period().is_none() {
            return;
        }
        if self.period().is_none() {
            self.add_first_user(i64::MIN, user);
            (self.seconds, self.size, self.start, self.buckets) =
                (other.seconds, other.size, other.start, other.buckets);
            return;
        }
        if other.seconds[0] <= self.seconds[0] {
            self.add_first_user(other.seconds[0], user);
        }
        self.seconds = [self.seconds[0].min(other.seconds[0]), self.seconds[1].max(other.seconds[1])];
        while self.size < other.size {
            self.coarsen(self.size.next());
        }
        // Mostly there is nothing to move.
        if !other.seconds.iter().all(|second| self.covers(second.div_euclid(60))) {
            self.fit(self.seconds[0].div_euclid(60), self.seconds[1].div_euclid(60));
        }
        let (is_same, shift) = (self.size == other.size, other.start - self.start);
        for (at, count) in other.buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
            // Without a division where the buckets are of the same size.
            let at = match at as i64 + shift {
                at if is_same => at,
                at => self.size.of_minute(other.size.first_minute(at + self.start)) - self.start,
            };
            let bucket = &mut self.buckets[at as usize];
            *bucket = bucket.saturating_add(*count);
        }
    }

    /// Whether a minute falls into a bucket as they are.
    fn covers(&self, minute: i64) -> bool {
        (0..SPARKLINE_BUCKETS as i64).contains(&(self.size.of_minute(minute) - self.start))
    }

    /// Moves or enlarges the buckets to cover the minutes from `first` to `last` in
    /// addition to those already counted.
    fn fit(&mut self, first: i64, last: i64) {
        loop {
            let known = self.buckets.iter().rposition(|count| *count > 0);
            let (start, end) = match known {
                Some(last) => (self.start, self.start + last as i64),
                None => (self.size.of_minute(first), self.size.of_minute(last)),
            };
            let start = start.min(self.size.of_minute(first));
            if end.max(self.size.of_minute(last)) - start < SPARKLINE_BUCKETS as i64 {
                let shift = (self.start - start).max(0) as usize;
                if shift > 0 || known.is_none() {
                    self.buckets.rotate_right(shift % SPARKLINE_BUCKETS);
                    self.start = start;
                }
                return;
            }
            self.coarsen(self.size.next());
        }
    }

    fn coarsen(&mut self, size: BucketSize) {
        let start = size.of_minute(self.size.first_minute(self.start));
        let mut buckets = [0_u32; SPARKLINE_BUCKETS];
        for (minute, count) in self.minutes() {
            let bucket = &mut buckets[(size.of_minute(minute) - start) as usize];
            *bucket = bucket.saturating_add(count);
        }
        (self.size, self.start, self.buckets) = (size, start, buckets);
    }

    /// The first minute and the count of each non-empty bucket.
    fn minutes(&self) -> impl Iterator<Item = (i64, u32)> {
        let (size, start) = (self.size, self.start);
        let minute = move |at: usize| size.first_minute(start + at as i64);
        let counts = self.buckets.into_iter().enumerate();
        counts.filter(|(_, count)| *count > 0).map(move |(at, count)| (minute(at), count))
    }

    /// The counts per bucket of `frame`, which must cover the whole period.
    pub(super) fn over(&self, chart_range: ChartRange) -> Vec<u64> {
        let mut counts = vec![0; chart_range.count];
        for (minute, count) in self.minutes() {
            let at = chart_range.size.of_minute(minute).max(chart_range.start) - chart_range.start;
            if let Some(sum) = counts.get_mut(at as usize) {
                *sum += u64::from(count);
            }
        }
        counts
    }
}

/// A period divided into buckets of one size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ChartRange {
    size: BucketSize,
    start: i64,
    /// The number of buckets.
    pub(super) count: usize,
}

impl ChartRange {
    /// Divides a period, given by its first and last second, into at most `most`
    /// buckets.
    pub(super) fn new([first, last]: [i64; 2], most: usize) -> ChartRange {
        let (first, last) = (first.div_euclid(60), last.div_euclid(60));
        let size = BucketSize::for_span(first, last, most.max(1) as i64);
        let start = size.of_minute(first);
        ChartRange { size, start, count: (size.of_minute(last) - start) as usize + 1 }
    }

    /// Minutes per bucket.
    pub(super) fn minutes(&self) -> i64 {
        self.size.minutes()
    }

    /// The first minute of the first bucket.
    pub(super) fn first_minute(&self) -> i64 {
        self.size.first_minute(self.start)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stats(minutes: &[i64]) -> ValueStats {
        let mut stats = ValueStats::default();
        for minute in minutes {
            let (time, user) = (BucketedTime::new(minute * 60 + 17), [b'a' + minute.rem_euclid(3) as u8]);
            let is_earlier = minute.rem_euclid(7) == 0;
            let sum = i128::from(*minute) << 70;
            stats.add(&Occurrence { time: Some(&time), is_earlier: false, is_failed: false, user: Some(&user), sum });
            stats.earlier += u64::from(is_earlier);
        }
        stats
    }

    #[test]
    fn the_bucket_size_follows_the_period() {
        for (minutes, size, picture) in [
            (&[5 * 60, 5 * 60 + 59, 12 * 60][..], 60, &[2, 0, 0, 0, 0, 0, 0, 1][..]),
            (&[5, 5, 7], 1, &[2, 0, 1]),
            (&[0, 4, 29], 5, &[2, 0, 0, 0, 0, 1]),
            (&[29, 31, 5 * 60], 15, &[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ] {
            let stats = stats(minutes);
            let chart_range = ChartRange::new(stats.period().unwrap(), SPARKLINE_BUCKETS);
            assert_eq!((chart_range.minutes(), stats.over(chart_range)), (size, picture.to_vec()), "{minutes:?}");
        }
        assert_eq!(stats(&[]).period(), None);
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
    fn a_full_bucket_saturates() {
        let mut stats = stats(&[101, 124].map(|hour| hour * 60));
        stats.buckets[0] = u32::MAX;
        // Too far from the last for the present size: buckets grow, and it falls into the first.
        stats.add(&Occurrence { time: Some(&BucketedTime::new(100 * 3600)), ..Occurrence::default() });
        assert_eq!((stats.count, stats.buckets[0]), (3, u32::MAX));
    }

    #[test]
    fn a_long_user_is_cut_and_read_back() {
        for length in MAX_USER - 5..MAX_USER + 9 {
            let (user, time) = ("u".repeat(length), BucketedTime::new(0));
            let mut stats = ValueStats::default();
            stats.add(&Occurrence { time: Some(&time), user: Some(user.as_bytes()), ..Occurrence::default() });
            let (mut written, mut merged) = (Vec::new(), stats.clone());
            stats.write(&mut written);
            assert_eq!(ValueStats::read_foreign(&written), Some(stats.clone()), "{length}");
            merged.merge(&stats);
            assert_eq!(merged.first_user, stats.first_user, "{length}");
        }
    }

    #[test]
    fn statistics_that_no_events_have_are_refused() {
        let mut written = Vec::new();
        stats(&[100, 160]).write(&mut written);
        for (at, byte) in [(6, 0x80), (25, 200), (47, 0x7f), (56, 200), (57, 9), (65, 0), (117, 1)] {
            let mut changed = written.clone();
            changed[at] = byte;
            assert_eq!(ValueStats::read_foreign(&changed), None, "{at}");
        }
        assert_eq!(ValueStats::read_foreign(&written[..ValueStats::LENGTH - 1]), None);
        let long = [b'u'; MAX_USER + MARK.len()];
        assert_eq!(ValueStats::read_foreign(&[&written[..], &long, b"u"].concat()), None);
        assert!(ValueStats::read_foreign(&written).is_some());
    }

    proptest! {
        #[test]
        fn merging_parts_equals_counting_the_whole(minutes in minutes(), cut in 0..40_usize) {
            let whole = stats(&minutes);
            let (left, right) = minutes.split_at(cut.min(minutes.len()));
            let mut merged = stats(left);
            merged.merge(&stats(right));
            for stats in [&whole, &merged] {
                prop_assert_eq!(stats.count, minutes.len() as u64);
                prop_assert_eq!(stats.minutes().map(|(_, count)| count as usize).sum::<usize>(), minutes.len());
            }
            prop_assert_eq!(&whole, &merged);
            if let Some(period) = whole.period() {
                let chart_range = ChartRange::new(period, SPARKLINE_BUCKETS);
                let mut plain = vec![0; chart_range.count];
                for minute in &minutes {
                    plain[(chart_range.size.of_minute(*minute) - chart_range.start) as usize] += 1;
                }
                prop_assert_eq!(whole.over(chart_range), plain);
            }
            let mut written = Vec::new();
            merged.write(&mut written);
            prop_assert_eq!(ValueStats::read(&written), merged.clone());
            prop_assert_eq!(ValueStats::read_foreign(&written), Some(merged));
        }
    }
}
