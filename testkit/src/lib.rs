//! Support code that the tests, examples and benchmarks of trail2tsv share.

pub mod aws_account;
pub mod aws_query;
pub mod digests;
pub mod event_history;
pub mod hec;
pub mod http;
pub mod logs;
pub mod mmdb;
pub mod plain;
pub mod public_keys;
pub mod s3;
pub mod sqs;
