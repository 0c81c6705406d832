//! Keeps received messages hidden from other receivers until the work on them is done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::{BatchResult, MessageQueue};
use crate::source::aws::AwsError;

/// Messages that are being worked on. Dropping the lease stops extending it.
#[derive(Debug)]
pub struct MessageLease {
    held: Arc<Mutex<HeldMessages>>,
    task: JoinHandle<()>,
}

/// What a lease holds, and why it may not.
#[derive(Debug, Default)]
pub struct HeldMessages {
    /// Receipts that the queue still accepts.
    pub receipts: Vec<String>,
    /// The last error of a request to hide messages for longer.
    pub error: Option<AwsError>,
}

impl MessageLease {
    /// Hides the messages of these receipts again and again, at half of the visibility timeout.
    /// A receipt that the queue no longer accepts is given up.
    pub fn begin(
        queue: &Arc<MessageQueue>,
        receipts: Vec<String>,
        visibility: Duration,
        tasks: &Handle,
    ) -> MessageLease {
        const MIN_PAUSE: Duration = Duration::from_millis(500);
        let held = Arc::new(Mutex::new(HeldMessages { receipts, error: None }));
        let (queue, shared) = (Arc::clone(queue), Arc::clone(&held));
        let task = tasks.spawn(async move {
            loop {
                tokio::time::sleep((visibility / 2).max(MIN_PAUSE)).await;
                let receipts = lock(&shared).receipts.clone();
                if receipts.is_empty() {
                    return;
                }
                // After an error, the messages may be received again, which costs time and no event.
                let BatchResult { rejected, error, .. } = queue.hide(&receipts, visibility).await;
                let mut held = lock(&shared);
                held.receipts.retain(|receipt| !rejected.contains(receipt));
                held.error = error.or(held.error.take());
            }
        });
        MessageLease { held, task }
    }

    /// Ends the lease and returns what it still holds.
    pub fn end(self) -> HeldMessages {
        self.task.abort();
        std::mem::take(&mut *lock(&self.held))
    }
}

impl Drop for MessageLease {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(held: &Mutex<HeldMessages>) -> MutexGuard<'_, HeldMessages> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
