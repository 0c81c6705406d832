//! What a follower has done, and the sentence that reports it.

use std::fmt;

use indicatif::HumanCount;

use crate::report::{Coverage, count};

/// Counts of everything that a follower has encountered.
#[derive(Clone, Debug, Default)]
pub(super) struct FollowTotals {
    /// What was read and written.
    pub(super) coverage: Coverage,
    /// Whether there is a queue.
    pub(super) has_queue: bool,
    /// Messages received, each time that they were.
    pub(super) messages: u64,
    /// Messages deleted.
    pub(super) deleted: u64,
    /// Messages that test or set up a delivery.
    pub(super) tests: u64,
    /// Events of S3 that announce no new object.
    pub(super) other_events: u64,
    /// Objects that were announced or listed again after they were written.
    pub(super) repeated: u64,
    /// Objects outside of what was asked for: of other kinds, accounts, regions or times.
    pub(super) left_out: u64,
    /// Messages about objects that are not logs, or not of the bucket that was named.
    pub(super) foreign: u64,
    /// Messages that cannot be read.
    pub(super) unreadable: u64,
    /// Objects that could not be read whole and have not been read since.
    pub(super) failed: u64,
    /// Events that the destination refused, each of which was named.
    pub(super) refused: u64,
    /// Objects that existed before and were not asked for.
    pub(super) earlier: u64,
    /// Number of listings.
    pub(super) polls: u64,
}

impl FollowTotals {
    /// Whether something that may have been wanted is missing.
    pub(super) fn is_partial(&self) -> bool {
        self.failed > 0
            || self.refused > 0
            || self.unreadable > 0
            || self.coverage.problems > 0
            || self.coverage.unanswered > 0
    }
}

impl fmt::Display for FollowTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.has_queue {
            true => write!(f, "{} received, {} deleted; ", count(self.messages, "message"), HumanCount(self.deleted))?,
            false => write!(f, "listed {}; ", count(self.polls, "time"))?,
        }
        write!(f, "{}", self.coverage)?;
        let others = [
            (self.repeated, "object", " announced again after being written"),
            (self.left_out, "object", " left out: outside the requested kinds, accounts, regions or times"),
            (self.other_events, "event", " of S3 about no new object"),
            (self.tests, "test message", ""),
            (self.earlier, "object", " skipped: delivered before"),
            (self.foreign, "message", " about other objects left in the queue"),
            (self.unreadable, "message", " that cannot be read left in the queue"),
            (self.refused, "event", " refused by the destination, named above"),
            (self.failed, "object", " not read completely, named above"),
        ];
        for (number, noun, what) in others.into_iter().filter(|(number, ..)| *number > 0) {
            write!(f, "; {}{what}", count(number, noun))?;
        }
        Ok(())
    }
}
