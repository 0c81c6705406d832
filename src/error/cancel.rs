//! The request to end early, visible to every thread: set by Ctrl-C, by a reached
//! limit, or by a closed output.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Flags that are set once and never cleared.
#[derive(Clone, Debug, Default)]
pub struct Cancellation {
    interrupted: Arc<AtomicBool>,
    enough: Arc<AtomicBool>,
}

impl Cancellation {
    /// Records that the user wants to stop. Returns true for the first such request.
    pub fn interrupt(&self) -> bool {
        !self.interrupted.swap(true, Relaxed)
    }

    /// Whether the user wants to stop.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Relaxed)
    }

    /// Records that no more output is needed.
    pub fn set_enough(&self) {
        self.enough.store(true, Relaxed);
    }

    /// Whether the run should stop, for any reason.
    pub fn is_set(&self) -> bool {
        self.is_interrupted() || self.enough.load(Relaxed)
    }
}
