//! The commands, one file (and folder) each.

pub mod completions;
pub mod isolation;
pub mod no_match_hints;
pub mod summary;
pub mod sync;
