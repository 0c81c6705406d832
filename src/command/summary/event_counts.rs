//! What is counted of all events together.

use super::amount::Amount;
use super::buckets::BucketedTime;
use super::log_days::LogDays;
use super::time_histogram::TimeHistogram;
use super::value_stats::{Occurrence, ValueStats};

pub(super) const KINDS: usize = 4;
pub(super) const READ: usize = 0;
pub(super) const WRITE: usize = 1;
pub(super) const ERROR: usize = 2;
pub(super) const OTHER: usize = 3;
pub(super) const WEEK: usize = 7 * 24;

/// What is counted of all events together.
#[derive(Default)]
pub(super) struct EventCounts {
    pub(super) all: ValueStats,
    /// Reads, writes, errors, and what is none of these.
    pub(super) kinds: [u64; KINDS],
    /// The counts over time.
    pub(super) histogram: TimeHistogram<KINDS>,
    /// Monday's hours, Tuesday's and so on.
    pub(super) week: Vec<u64>,
    /// For each subject the events that have no value.
    pub(super) empty: Vec<u64>,
    pub(super) denied: u64,
    /// Whether there are times in other forms than that of CloudTrail itself.
    pub(super) has_other_times: bool,
    /// Values that were counted by their start, their length and a hash.
    pub(super) cut_values: u64,
    /// The values of the field of `--sum` that are not in the sum.
    pub(super) not_summed: u64,
    pub(super) days: LogDays,
}

impl EventCounts {
    /// For this number of subjects.
    pub(super) fn new(subjects: usize) -> EventCounts {
        EventCounts { week: vec![0; WEEK], empty: vec![0; subjects], ..EventCounts::default() }
    }

    /// Counts an event of a kind. `bucketed_time` is set to its time, if it has one.
    #[inline]
    pub(super) fn add(
        &mut self,
        second: Option<i64>,
        kind: usize,
        has_other_times: bool,
        bucketed_time: &mut BucketedTime,
    ) {
        self.kinds[kind] += 1;
        let Some(second) = second else { return self.all.add(&Occurrence::default()) };
        bucketed_time.set(second);
        self.has_other_times |= has_other_times;
        self.all.add(&Occurrence { time: Some(bucketed_time), ..Occurrence::default() });
        self.histogram.add(bucketed_time, kind);
        self.week[bucketed_time.hour_of_week] += 1;
    }

    /// Adds the sum of an event that was counted.
    #[inline]
    pub(super) fn add_amount(&mut self, amount: Amount) {
        self.all.sum = self.all.sum.saturating_add(amount.sum);
        self.not_summed += u64::from(amount.others);
    }

    /// Adds the counts of another thread.
    pub(super) fn merge(&mut self, other: EventCounts) {
        self.all.merge(&other.all);
        self.histogram.merge(&other.histogram);
        self.empty.resize(other.empty.len(), 0);
        let sums = self.kinds.iter_mut().chain(&mut self.week).chain(&mut self.empty);
        for (sum, count) in sums.zip(other.kinds.iter().chain(&other.week).chain(&other.empty)) {
            *sum += count;
        }
        self.denied += other.denied;
        self.has_other_times |= other.has_other_times;
        self.cut_values += other.cut_values;
        self.not_summed += other.not_summed;
        self.days.merge(other.days);
    }
}
