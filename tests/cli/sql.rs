//! Questions printed as SQL: the texts, what is refused, and what engines make of them.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

mod engines;
mod refusals;
mod texts;
