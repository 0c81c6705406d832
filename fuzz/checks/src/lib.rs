//! What the fuzz targets check of every input, and the tests of some: the fast
//! decoder, the portable one and the plain one agree.
//!
//! [`rows()`] is about files, [`structure()`] about the bits that all reading of
//! JSON rests on. Both panic where something differs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test support: a failure here is a failed test")]

mod reader;
mod reference;
mod rows;
mod structure;

pub use reader::{COLUMNS, Reader, ReaderOutcome};
pub use rows::{cut, plain, rows, text};
pub use structure::structure;
