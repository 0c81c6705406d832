//! Signals: what an investigator looks at first, found in all events together.
//!
//! ```text
//!  event ──SignalWriter──▶ values ──▶ counter ◀─▶ spill
//!                                        │ in the order of bytes
//!                                        ▼
//!                                   SignalFold ──▶ a table of each kind
//! ```
//!
//! A value has what a signal compares, such as a key with its user and an address. The order
//! of bytes brings the values of a key together, so that the fold holds one key at a time.
//!
//! A signal proves nothing. Its kind says what it can mean, and what usually causes it.

mod active_days;
mod address_list;
mod agent;
mod call_origin;
mod denied_calls;
mod fold;
mod key_use;
mod kind;
#[cfg(test)]
mod tests;
mod writer;

pub(super) use self::active_days::ActiveDays;
pub(super) use self::fold::SignalFold;
pub(super) use self::kind::SignalKind;
pub(super) use self::writer::{SignalContext, SignalWriter};
use super::value_stats::ValueStats;

/// Added to the rank of what is more serious than others of its kind.
const SERIOUS: u64 = 1 << 63;

/// Something that deserves a look.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Signal {
    pub(super) kind: SignalKind,
    /// The key, session, instance or principal.
    pub(super) subject: String,
    /// The name as in the column `userName`; empty for principals that were denied calls.
    pub(super) user: String,
    /// What happened, for people: `2 addresses: 203.0.113.1, 203.0.113.2`.
    pub(super) detail: String,
    /// The higher, the more serious.
    pub(super) rank: u64,
    /// Of all events that were compared.
    pub(super) stats: ValueStats,
}

/// The signals of one kind.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct SignalTable {
    pub(super) kind: SignalKind,
    /// The highest ranked signals, the highest first.
    pub(super) rows: Vec<Signal>,
    /// The number of all signals of the kind.
    pub(super) distinct: u64,
    /// The number of their events.
    pub(super) events: u64,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
