//! Questions printed as SQL: the texts, the refusals, and the results of engines.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

mod engines;
mod refusals;
mod texts;
