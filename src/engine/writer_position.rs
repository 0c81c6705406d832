//! The batch that the writer is currently taking. The worker of that batch never waits
//! for others, so it alone may use much memory.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::cancel::Cancellation;

/// The number of the batch that the writer is taking.
#[derive(Debug, Default)]
pub(super) struct WriterPosition {
    batch: Mutex<u64>,
    changed: Condvar,
}

impl WriterPosition {
    /// Moves the writer to the next batch.
    pub(super) fn pass(&self) {
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    /// Waits until the writer takes this batch, numbered from 1. Returns false if the
    /// run has been stopped.
    pub(super) fn wait(&self, batch: u64, stop: &Cancellation) -> bool {
        const PATIENCE: Duration = Duration::from_millis(50);
        let mut now = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        while *now != batch && !stop.is_set() {
            (now, _) = self.changed.wait_timeout(now, PATIENCE).unwrap_or_else(PoisonError::into_inner);
        }
        !stop.is_set()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_wait_for_their_turn() {
        let (turn, stop) = (WriterPosition::default(), Cancellation::default());
        turn.pass();
        assert!(turn.wait(1, &stop));
        std::thread::scope(|scope| {
            let later = scope.spawn(|| turn.wait(2, &stop));
            turn.pass();
            assert!(later.join().unwrap());
        });
        stop.set_enough();
        assert!(!turn.wait(7, &stop));
    }
}
