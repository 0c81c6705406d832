//! Decides which events are wanted: compiles the filter options into conditions and a
//! byte search.

pub mod address;
pub mod begun_sessions;
pub mod comparison;
pub mod condition;
pub mod criteria;
pub mod expression;
pub mod grep;
pub mod jq;
pub mod options;
pub mod search;
pub mod spec;

pub use crate::filter::criteria::Filter;
