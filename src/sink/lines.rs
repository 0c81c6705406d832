//! Writes rows that are complete lines of text, as they are.

use super::RowSink;
use super::target::Target;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;

/// Writes lines immediately.
#[derive(Debug)]
pub(super) struct LineSink {
    target: Target,
}

impl LineSink {
    /// Creates a sink that writes to `target`.
    pub(super) fn new(target: Target) -> LineSink {
        LineSink { target }
    }
}

impl RowSink for LineSink {
    fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        self.target.write(rows)
    }

    fn finish(self: Box<Self>, _coverage: &Coverage, _stop: &Cancellation) -> Result<(), Error> {
        self.target.finish()
    }
}
