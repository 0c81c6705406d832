//! The batch that is being merged. The worker of that batch never waits for others, so
//! it alone may use much memory.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Sender, bounded, select};

use crate::error::cancel::Cancellation;

/// The number of the batch that is being merged.
#[derive(Debug, Default)]
pub(super) struct MergePosition {
    state: Mutex<PositionState>,
}

#[derive(Debug, Default)]
struct PositionState {
    batch: u64,
    /// The workers that wait for their batch, each woken by closing its channel.
    waiting: HashMap<u64, Sender<Infallible>>,
}

impl MergePosition {
    /// Moves on to the next batch.
    pub(super) fn advance(&self) {
        let mut state = self.state();
        state.batch += 1;
        let batch = state.batch;
        state.waiting.remove(&batch);
    }

    /// Waits until this batch, numbered from 1, is merged. Returns false if the run has
    /// been stopped.
    pub(super) fn wait(&self, batch: u64, stop: &Cancellation) -> bool {
        let (sender, advanced) = bounded(0);
        let mut state = self.state();
        if state.batch != batch {
            state.waiting.insert(batch, sender);
            drop(state);
            select! {
                recv(advanced) -> _ => {}
                recv(stop.stopped()) -> _ => {}
            }
        }
        !stop.is_stopped()
    }

    fn state(&self) -> MutexGuard<'_, PositionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_wait_for_their_turn() {
        let (position, stop) = (MergePosition::default(), Cancellation::default());
        position.advance();
        assert!(position.wait(1, &stop));
        std::thread::scope(|scope| {
            let later = scope.spawn(|| position.wait(2, &stop));
            position.advance();
            assert!(later.join().unwrap());
        });
        std::thread::scope(|scope| {
            let stopped = scope.spawn(|| position.wait(7, &stop));
            stop.stop_early();
            assert!(!stopped.join().unwrap());
        });
    }
}
