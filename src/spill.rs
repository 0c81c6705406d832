//! Data that may exceed memory: rows to sort, and the ids of earlier events.

pub mod dedupe;
pub mod scratch;
pub mod sort;
