//! Digests: what CloudTrail signs every hour, so that changed, missing and added logs can be
//! found. The rules of their keys, contents, signatures and chains, without I/O.
//!
//! ```text
//! key, text, saved signature ──check──▶ proven digest ──▶ chain ──▶ gaps, times that are covered
//!                                            └──▶ log files with their hashes
//! ```
//!
//! The order matters: nothing that a digest names is used before its signature is proven.

pub mod chain;
pub mod chain_ends;
pub mod check;
pub mod coverage;
pub mod document;
pub mod file_verdict;
pub mod hash;
pub mod name;
pub mod public_key;
pub mod signature;
pub mod verdict;
