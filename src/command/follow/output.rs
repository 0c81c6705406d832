//! Where the rows of a follower go, and when they are safe there.

use crate::command::event_rows::row_part::{RowPart, RowPiece};
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::sink::target::Target;

/// A destination of rows.
pub(super) trait FollowOutput {
    /// Takes whole rows.
    fn rows(&mut self, part: &RowPart) -> Result<(), Error>;

    /// Takes a piece of a large row.
    fn piece(&mut self, part: &RowPart, piece: RowPiece) -> Result<(), Error>;

    /// Returns when all rows are safe. Returns an error if they are not, or if the user stops
    /// the wait.
    fn commit(&mut self, stop: &Cancellation) -> Result<(), Error>;

    /// Does what is due without new rows. It is called every few seconds.
    fn tick(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Completes the output.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}

/// Standard output. Rows that were flushed count as safe: it cannot acknowledge more.
pub(super) struct StandardOutput {
    target: Target,
    header: Vec<u8>,
}

impl StandardOutput {
    /// Creates the output, which begins with `header`.
    pub(super) fn new(header: Vec<u8>) -> Result<StandardOutput, Error> {
        Ok(StandardOutput { target: Target::open(None)?, header })
    }

    fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        self.begin()?;
        self.target.write(rows)
    }

    fn begin(&mut self) -> Result<(), Error> {
        match std::mem::take(&mut self.header) {
            header if header.is_empty() => Ok(()),
            header => self.target.write(&header),
        }
    }
}

impl FollowOutput for StandardOutput {
    fn rows(&mut self, part: &RowPart) -> Result<(), Error> {
        self.write(&part.rows)
    }

    fn piece(&mut self, part: &RowPart, _: RowPiece) -> Result<(), Error> {
        self.write(&part.rows)
    }

    fn commit(&mut self, _: &Cancellation) -> Result<(), Error> {
        self.target.flush()
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.begin()?;
        self.target.finish()
    }
}
