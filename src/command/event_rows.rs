//! Rows of events on their way from the worker threads to an output, for the commands that
//! write them.

pub(in crate::command) mod event_identity;
pub(in crate::command) mod row_part;
pub(in crate::command) mod row_worker;
