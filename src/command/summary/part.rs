//! What one run has counted of a part of the logs, as records, so that another run can add
//! up all parts exactly.
//!
//! ```text
//!  tallies ──▶ records ──▶ file of the part ──▶ PartSum ──▶ tally ──▶ outputs
//! ```
//!
//! If duplicates are left out, a part has the facts of its events instead of their counts:
//! only the run that has all parts knows which event came first.

mod bytes;
mod facts;
mod join;
mod question;
mod sources;
mod sum;
mod totals;
mod write;

pub(super) use self::join::join;
use self::sum::PartSum;
pub(super) use self::write::{PartRecords, header, question, write};
use crate::error::Error;

/// The section of a part.
const SECTION: &str = "summary";

/// Takes records one by one.
pub(super) type EachRecord<'a> = dyn FnMut(&[u8]) -> Result<(), Error> + 'a;

/// What a record holds; its first byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum RecordKind {
    /// Most of what is counted of all events together.
    Totals = 1,
    /// Events over time.
    TimeHistogram = 2,
    /// The days of one account and region that have logs.
    LogDays = 3,
    /// A value and its statistics.
    Value = 4,
    /// The facts of events that are not counted yet.
    Facts = 5,
    /// Where the events come from, as JSON.
    Sources = 6,
}

impl RecordKind {
    const ALL: [RecordKind; 6] = [
        RecordKind::Totals,
        RecordKind::TimeHistogram,
        RecordKind::LogDays,
        RecordKind::Value,
        RecordKind::Facts,
        RecordKind::Sources,
    ];

    /// The kind with this number.
    fn of(number: u8) -> Option<RecordKind> {
        RecordKind::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// The start of a record.
    fn start(self) -> Vec<u8> {
        vec![self as u8]
    }
}
