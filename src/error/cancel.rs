//! The wish to end early, seen by every thread: set by Ctrl-C, by a full
//! limit, by an output that nobody reads any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A flag that is only ever raised.
#[derive(Clone, Debug, Default)]
pub struct Cancellation {
    interrupted: Arc<AtomicBool>,
    enough: Arc<AtomicBool>,
}

impl Cancellation {
    /// The user wants to stop. Says whether that is said for the first time.
    pub fn interrupt(&self) -> bool {
        !self.interrupted.swap(true, Relaxed)
    }

    /// Whether the user wants to stop.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Relaxed)
    }

    /// What is written suffices.
    pub fn set_enough(&self) {
        self.enough.store(true, Relaxed);
    }

    /// Whether there is no need to go on, for whatever reason.
    pub fn is_set(&self) -> bool {
        self.is_interrupted() || self.enough.load(Relaxed)
    }
}
