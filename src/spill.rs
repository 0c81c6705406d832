//! Data that may exceed memory: sorted runs, and the ids of earlier events.

pub mod dedupe;
pub mod runs;
pub mod scratch;
pub mod sort;
