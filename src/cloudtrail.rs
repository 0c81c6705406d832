//! The rules of CloudTrail itself, without I/O: what a key, a caller, a failure,
//! a resource and a time is.

pub mod field;
pub mod long;

pub mod call;
pub mod denial;
pub mod identity;
pub mod keys;
pub mod log_kind;
pub mod regions;
pub mod resource;
pub mod time;
