//! TODO

pub mod sink;
