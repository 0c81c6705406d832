//! Keeps received messages hidden from other receivers until the work on them is done.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::Queue;

/// Messages that are being worked on. Dropping the lease stops extending it.
#[derive(Debug)]
pub struct MessageLease {
    receipts: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl MessageLease {
    /// Hides the messages of these receipts again and again, at half of the visibility time-out.
    /// A receipt that the queue no longer accepts is given up.
    pub fn begin(queue: &Arc<Queue>, receipts: Vec<String>, visibility: Duration, tasks: &Handle) -> MessageLease {
        const SHORTEST: Duration = Duration::from_millis(500);
        let receipts = Arc::new(Mutex::new(receipts));
        let (queue, held) = (Arc::clone(queue), Arc::clone(&receipts));
        let task = tasks.spawn(async move {
            loop {
                tokio::time::sleep((visibility / 2).max(SHORTEST)).await;
                let receipts = lock(&held).clone();
                if receipts.is_empty() {
                    return;
                }
                // After an error, the messages may be received again, which costs time and no event.
                if let Ok(lost) = queue.hide(&receipts, visibility).await {
                    lock(&held).retain(|receipt| !lost.contains(receipt));
                }
            }
        });
        MessageLease { receipts, task }
    }

    /// Returns the receipts that are still held, and ends the lease.
    pub fn end(self) -> Vec<String> {
        self.task.abort();
        std::mem::take(&mut *lock(&self.receipts))
    }
}

impl Drop for MessageLease {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(receipts: &Mutex<Vec<String>>) -> std::sync::MutexGuard<'_, Vec<String>> {
    receipts.lock().unwrap_or_else(PoisonError::into_inner)
}
