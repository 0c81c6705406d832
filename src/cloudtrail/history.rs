//! The state of resources over time, reconstructed from the events that changed it.
//!
//! An event becomes [`changes`](change::Change). All changes, sorted by time, are folded
//! into intervals: a property of a resource had a value from one event until another.

pub mod change;
pub mod fold;
pub mod interval;
pub mod reader;
pub mod rule;
pub mod snapshot;
pub mod state;
