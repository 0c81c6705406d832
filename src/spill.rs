//! What may be larger than memory: rows to sort, and the ids seen before.

pub mod dedupe;
pub mod scratch;
pub mod sort;
