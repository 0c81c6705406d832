//! Which events: what the filters ask, and the parts of an event that they
//! and the columns look at.

pub mod address;
pub mod comparison;
pub mod condition;
pub mod criteria;
pub mod grep;
pub mod jq;
pub mod search;
pub mod spec;

pub use crate::filter::criteria::Filter;
