//! Events of one value that fall into the same bucket, counted in a few words. Most events are like
//! the one before of the same value, and statistics take several lines of the cache.

use super::{Occurrence, ValueStats};
use crate::command::summary::buckets::BucketSize;

/// What was counted of a value in one bucket, and not yet added to its statistics.
#[derive(Clone, Copy, Debug)]
pub(in crate::command::summary) struct BucketRun {
    /// The bucket, and its size.
    bucket: i64,
    size: BucketSize,
    /// The first second of all that was counted of the value. Later events change neither this
    /// nor the first user.
    first: i64,
    /// The last second.
    last: i64,
    count: u64,
    failures: u64,
}

impl Default for BucketRun {
    /// A run that no event continues.
    fn default() -> BucketRun {
        BucketRun { bucket: 0, size: BucketSize::MINUTE, first: i64::MAX, last: i64::MIN, count: 0, failures: 0 }
    }
}

impl BucketRun {
    /// Counts an event. Returns false if it is not one that continues the run.
    #[inline]
    pub(in crate::command::summary) fn add(&mut self, occurrence: &Occurrence<'_>) -> bool {
        let Some(time) = occurrence.time else { return false };
        let is_same = time.second > self.first && time.numbers[self.size.index()] == self.bucket;
        if !is_same || occurrence.is_earlier || occurrence.sum != 0 {
            return false;
        }
        self.count += 1;
        self.failures += u64::from(occurrence.is_failed);
        self.last = self.last.max(time.second);
        true
    }
}

impl ValueStats {
    /// Counts an event, and what was counted in a run of these statistics before. The event begins
    /// the next run.
    pub(in crate::command::summary) fn add_after(&mut self, run: &mut BucketRun, occurrence: &Occurrence<'_>) {
        self.end_run(run);
        self.add(occurrence);
        if let (Some([first, last]), Some(time)) = (self.period(), occurrence.time) {
            let bucket = time.numbers[self.size.index()];
            *run = BucketRun { bucket, size: self.size, first, last, ..BucketRun::default() };
        }
    }

    /// Adds what was counted in a run of these statistics, which ends.
    pub(in crate::command::summary) fn end_run(&mut self, run: &mut BucketRun) {
        let BucketRun { bucket, last, count, failures, .. } = std::mem::take(run);
        if count == 0 {
            return;
        }
        self.count += count;
        self.failures += failures;
        self.seconds[1] = self.seconds[1].max(last);
        if let Some(sum) = self.buckets.get_mut(bucket.wrapping_sub(self.start) as usize) {
            *sum = sum.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
}
