//! The checks that the fuzz targets run on every input, and a test on the committed corpus: the
//! fast decoders, the portable one and the plain one agree.
//!
//! [`check_file`] checks files, [`check_structure`] the bitmaps that all decoding of JSON relies on. Both
//! panic if something differs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test support: a failure here is a failed test")]

mod reader;
mod reference;
mod rows;
mod structure;

pub use reader::{COLUMNS, Reader, ReaderOutcome};
pub use rows::{check_cut_text, check_file, check_plain, check_text};
pub use structure::check_structure;
