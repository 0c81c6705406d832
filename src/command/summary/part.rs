//! What one run has counted of a part of the logs, as records, so that another run can add
//! up all parts exactly.
//!
//! ```text
//!  tallies ──write──▶ records ──▶ file of the part ──▶ PartSum ──▶ tally
//! ```
//!
//! If duplicates are left out, a part has the facts of its events instead of their counts:
//! only the run that has all parts knows which event came first.

mod bytes;
mod facts;
mod sum;
mod totals;

use self::bytes::write_number;
pub(super) use self::sum::PartSum;
use super::event_counts::EventCounts;
use super::event_facts::EventFacts;
use super::tally::SummaryTally;
use super::value_stats::ValueStats;
use crate::error::Error;

/// Takes records one by one.
pub(super) type EachRecord<'a> = dyn FnMut(&[u8]) -> Result<(), Error> + 'a;

/// What a record holds; its first byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum RecordKind {
    /// Most of what is counted of all events together.
    Totals = 1,
    /// Events over time.
    Timeline = 2,
    /// The days of one account and region that have logs.
    LogDays = 3,
    /// A value and its statistics.
    Value = 4,
    /// The facts of events that are not counted yet.
    Facts = 5,
}

impl RecordKind {
    const ALL: [RecordKind; 5] =
        [RecordKind::Totals, RecordKind::Timeline, RecordKind::LogDays, RecordKind::Value, RecordKind::Facts];

    /// The kind with this number.
    fn of(number: u8) -> Option<RecordKind> {
        RecordKind::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// The start of a record.
    fn start(self) -> Vec<u8> {
        vec![self as u8]
    }
}

/// Passes all that was counted to `each`: the values of each counter in the order of bytes,
/// then the counts of all events together, which are returned.
pub(super) fn write_tallies(tallies: Vec<SummaryTally>, each: &mut EachRecord<'_>) -> Result<EventCounts, Error> {
    let (counts, counters) = SummaryTally::merge(tallies)?;
    let mut record = Vec::new();
    for (number, counters) in counters.into_iter().enumerate() {
        let mut counters = counters.into_iter();
        let Some(first) = counters.next() else { continue };
        first.finish_in_order(counters, |value, stats| {
            record.clear();
            record.push(RecordKind::Value as u8);
            write_value(number, value, stats, &mut record);
            each(&record)
        })?;
    }
    totals::write(&counts, each)?;
    Ok(counts)
}

/// Appends the number of a counter, a value and its statistics.
fn write_value(counter: usize, value: &[u8], stats: &ValueStats, out: &mut Vec<u8>) {
    write_number(counter as u64, out);
    bytes::write_text(value, out);
    stats.write(out);
}

/// Passes the facts of events to `each`.
pub(super) fn write_facts(facts: &EventFacts, each: &mut EachRecord<'_>) -> Result<(), Error> {
    facts::write(facts, each)
}
