//! The request to end early, visible to every thread: set by Ctrl-C, by a reached
//! limit, or by a closed output.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::Notify;

/// Two requests that are made once and never withdrawn: the user interrupts the run, or
/// no more output is needed. Threads that wait for something else can wait for them too.
#[derive(Clone, Debug, Default)]
pub struct Cancellation {
    state: Arc<CancellationState>,
}

#[derive(Debug, Default)]
struct CancellationState {
    interrupted: StopSignal,
    /// Set by both requests.
    stopped: StopSignal,
    /// Parts of the run, which the user interrupts with it.
    children: Mutex<Vec<Weak<CancellationState>>>,
}

/// A flag, with a channel that is closed when the flag is set, and the same for tasks.
#[derive(Debug)]
struct StopSignal {
    is_set: AtomicBool,
    tasks: Notify,
    open: Mutex<Option<Sender<Infallible>>>,
    closed: Receiver<Infallible>,
}

impl Default for StopSignal {
    fn default() -> StopSignal {
        let (open, closed) = bounded(0);
        StopSignal { is_set: AtomicBool::new(false), tasks: Notify::new(), open: Mutex::new(Some(open)), closed }
    }
}

impl StopSignal {
    /// Sets the flag and wakes the threads that wait. Returns true the first time.
    fn set(&self) -> bool {
        let is_first = !self.is_set.swap(true, SeqCst);
        // Dropping the only sender closes the channel.
        drop(self.open.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.tasks.notify_waiters();
        is_first
    }
}

impl Cancellation {
    /// The requests to a part of the run. They include an interruption of the run, but
    /// the part can end without the run.
    pub fn child(&self) -> Cancellation {
        let child = Cancellation::default();
        self.state.children.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&child.state));
        if self.is_interrupted() {
            child.interrupt();
        }
        child
    }

    /// Records that the user wants to stop. Returns true for the first such request.
    pub fn interrupt(&self) -> bool {
        let is_first = self.state.interrupted.set();
        self.state.stopped.set();
        let children = std::mem::take(&mut *self.state.children.lock().unwrap_or_else(PoisonError::into_inner));
        for state in children.iter().filter_map(Weak::upgrade) {
            Cancellation { state }.interrupt();
        }
        is_first
    }

    /// Whether the user wants to stop.
    pub fn is_interrupted(&self) -> bool {
        self.state.interrupted.is_set.load(SeqCst)
    }

    /// A channel without messages that is closed when the user wants to stop.
    pub fn interruption(&self) -> &Receiver<Infallible> {
        &self.state.interrupted.closed
    }

    /// Waits in a task until the user wants to stop.
    pub async fn interrupted(&self) {
        // It is created before the flag is read, so that it misses no notification.
        let notified = self.state.interrupted.tasks.notified();
        if !self.is_interrupted() {
            notified.await;
        }
    }

    /// Records that no more output is needed.
    pub fn stop_early(&self) {
        self.state.stopped.set();
    }

    /// Whether the run should stop, for any reason.
    pub fn is_stopped(&self) -> bool {
        self.state.stopped.is_set.load(SeqCst)
    }

    /// A channel without messages that is closed when the run should stop.
    pub fn stopped(&self) -> &Receiver<Infallible> {
        &self.state.stopped.closed
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{RecvError, TryRecvError};

    use super::*;

    #[test]
    fn a_part_of_a_run_ends_with_it_and_not_the_reverse() {
        let run = Cancellation::default();
        let [first, second] = [run.child(), run.child()];
        first.stop_early();
        assert!(first.is_stopped() && !second.is_stopped() && !run.is_stopped());
        run.interrupt();
        assert!(first.is_interrupted() && second.is_interrupted() && second.is_stopped());
        assert!(run.child().is_interrupted());
    }

    #[test]
    fn waiting_threads_are_woken() {
        let stop = Cancellation::default();
        assert_eq!(stop.stopped().try_recv(), Err(TryRecvError::Empty));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| stop.stopped().recv());
            stop.stop_early();
            assert_eq!(waiting.join().unwrap(), Err(RecvError));
        });
        assert!(stop.is_stopped() && !stop.is_interrupted());
        assert_eq!(stop.interruption().try_recv(), Err(TryRecvError::Empty));
        assert!(stop.interrupt() && !stop.interrupt());
        assert_eq!(stop.interruption().recv(), Err(RecvError));
    }

    #[test]
    fn waiting_tasks_are_woken() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for is_early in [true, false] {
            let stop = Cancellation::default();
            let wait = async {
                let (waiting, interrupt) = (stop.interrupted(), async { stop.interrupt() });
                if is_early {
                    interrupt.await;
                    waiting.await;
                } else {
                    tokio::join!(waiting, interrupt);
                }
            };
            runtime.block_on(wait);
        }
    }
}
