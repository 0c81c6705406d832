//! The rules of CloudTrail itself, without I/O: keys, callers, failures, resources and
//! times.

pub mod field;
pub mod geoip;
pub mod long_value;
pub mod network;

pub mod actor;
pub mod call;
pub mod denial;
pub mod digest;
pub mod history;
pub mod identity;
pub mod keys;
pub mod log_kind;
pub mod regions;
pub mod resource;
pub mod session;
pub mod theme;
pub mod time;
