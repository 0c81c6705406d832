//! Adds what was counted of calls, callers and changes in one place each to all of their entries.

use super::SummaryTally;
use crate::command::summary::call_memo::CallValues;
use crate::command::summary::caller_memo::CallerValues;
use crate::command::summary::counted_columns::{CountedColumns, RememberedColumn};
use crate::command::summary::counter::Counter;
use crate::command::summary::counter_set::CounterSet;
use crate::command::summary::event_counts::EventCounts;
use crate::command::summary::value_stats::ValueStats;

impl SummaryTally {
    /// Adds what was counted of calls and callers to their entries, which are about to move or to
    /// be read.
    pub(super) fn flush(&mut self) {
        let SummaryTally { readers, subjects, counters, counts, .. } = self;
        if let Some(calls) = &mut readers.calls {
            calls.flush(|values, stats| {
                flush_call(values, stats, subjects, counters, counts);
            });
        }
        if let Some(callers) = &mut readers.callers {
            callers.flush(|values, stats| flush_caller(values, stats, subjects, counters, counts));
        }
        if let Some(changes) = &mut readers.changes {
            changes.flush(|entry, stats| counters.changes.merge_at(entry, stats, &[]));
        }
    }
}

/// Adds what was counted of a call to its entries.
pub(super) fn flush_call(
    values: &CallValues,
    stats: &ValueStats,
    subjects: &[CountedColumns],
    counters: &mut CounterSet<Counter>,
    counts: &mut EventCounts,
) {
    for ((subject, counter), empty) in subjects.iter().zip(&mut counters.subjects).zip(&mut counts.empty) {
        if let Some(RememberedColumn::Call(column)) = subject.remembered() {
            match values.columns[column as usize] {
                Some(entry) => counter.merge_at(entry, stats, &stats.first_user),
                None => *empty += stats.count,
            }
        }
    }
}

/// Adds what was counted of a caller to its entries.
pub(super) fn flush_caller(
    values: &CallerValues,
    stats: &mut ValueStats,
    subjects: &[CountedColumns],
    counters: &mut CounterSet<Counter>,
    counts: &mut EventCounts,
) {
    for ((subject, counter), empty) in subjects.iter().zip(&mut counters.subjects).zip(&mut counts.empty) {
        if let Some(RememberedColumn::Caller(column)) = subject.remembered() {
            match values.columns[column as usize] {
                Some(entry) => counter.merge_at(entry, stats, values.user()),
                None => *empty += stats.count,
            }
        }
    }
    // Signals have no users, and nothing to compare with an earlier period.
    if let (Some(entry), true) = (values.signal, stats.count > 0) {
        stats.earlier = 0;
        counters.signals.merge_at(entry, stats, &[]);
    }
}
