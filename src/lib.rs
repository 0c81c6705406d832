//! CloudTrail logs to tables.
pub mod decode;
pub mod error;
pub mod exit;
pub mod window;
