//! The denied calls of a principal, and the minutes with the most of them.

use std::collections::VecDeque;

use super::kind::SignalKind;
use super::{Signal, writer};
use crate::command::summary::time;
use crate::command::summary::value_stats::{ChartRange, SPARKLINE_BUCKETS, ValueStats};

/// The minutes in which calls count together: those of a step.
const MINUTES: i64 = writer::DENIED_STEP / 60;
/// The fewest calls of a burst.
const MIN_CALLS: u64 = 10;

/// The denied calls of a principal, which come in chronological order.
#[derive(Debug, Default)]
pub(super) struct DeniedCalls {
    stats: ValueStats,
    /// The last minutes with calls, and their number.
    window: VecDeque<(i64, u64)>,
    /// The number of calls in the window.
    count: u64,
    /// The first minute and the number of calls of the window with the most of them.
    most: (i64, u64),
}

impl DeniedCalls {
    /// Adds the calls of a step.
    pub(super) fn add(&mut self, stats: &ValueStats) {
        self.stats.merge(stats);
        let Some(period) = stats.period() else { return };
        // A step is so short that its statistics have a bucket for each minute.
        let range = ChartRange::new(period, SPARKLINE_BUCKETS);
        for (minute, count) in (range.first_minute()..).step_by(range.minutes().max(1) as usize).zip(stats.over(range))
        {
            if count > 0 {
                self.add_minute(minute, count);
            }
        }
    }

    fn add_minute(&mut self, minute: i64, count: u64) {
        self.window.push_back((minute, count));
        self.count += count;
        while let Some((first, calls)) = self.window.front().copied() {
            if minute - first < MINUTES {
                if self.count > self.most.1 {
                    self.most = (first, self.count);
                }
                return;
            }
            self.window.pop_front();
            self.count -= calls;
        }
    }

    /// The signal of the principal, if there was a burst.
    pub(super) fn end(self, principal: &str) -> Option<Signal> {
        let (minute, count) = self.most;
        (count >= MIN_CALLS).then(|| Signal {
            kind: SignalKind::DeniedBurst,
            subject: principal.to_string(),
            user: String::new(),
            detail: format!(
                "{count} denied calls within {MINUTES} minutes from {}",
                time::civil(minute * 60).strftime("%Y-%m-%d %H:%M")
            ),
            rank: count,
            stats: self.stats,
        })
    }
}
