//! The pages of a region that were received and not passed on yet, and how many bytes all
//! regions may hold of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::lookup::EventPage;
use super::region_reader::RegionMessage;
use crate::source::aws::{AwsError, AwsErrorKind};

/// Number of pages in a queue.
#[derive(Debug, Default)]
pub(super) struct QueueLength(AtomicUsize);

/// The bytes in all queues. A region whose queue is empty may always receive one page,
/// because the others wait for it: the newest page of all comes first.
#[derive(Debug, Default)]
pub(super) struct LookupPageBudget {
    bytes: AtomicU64,
    changed: Notify,
}

impl LookupPageBudget {
    /// Most bytes in queues with more than one page.
    const MAX_BYTES: u64 = 32 << 20;

    /// Waits until a queue may receive a page.
    pub(super) async fn wait_for_room(&self, queue: &QueueLength) {
        loop {
            // It is created before the counts are read, so that it misses no change.
            let changed = self.changed.notified();
            if queue.0.load(SeqCst) == 0 || self.bytes.load(SeqCst) < LookupPageBudget::MAX_BYTES {
                return;
            }
            changed.await;
        }
    }

    /// Counts a page that enters a queue.
    pub(super) fn add(&self, bytes: usize, queue: &QueueLength) {
        self.bytes.fetch_add(bytes as u64, SeqCst);
        queue.0.fetch_add(1, SeqCst);
    }

    fn remove(&self, bytes: usize, queue: &QueueLength) {
        self.bytes.fetch_sub(bytes as u64, SeqCst);
        queue.0.fetch_sub(1, SeqCst);
        self.changed.notify_waiters();
    }
}

/// The pages of a region in the order of their arrival.
#[derive(Debug)]
pub(super) struct PageQueue {
    pub(super) region: String,
    pub(super) length: Arc<QueueLength>,
    receiver: UnboundedReceiver<RegionMessage>,
    /// The next page.
    pub(super) head: Option<EventPage>,
    /// Whether nothing more will arrive.
    pub(super) is_ended: bool,
}

impl PageQueue {
    /// Creates the queue of a region, and its sender.
    pub(super) fn new(region: String) -> (UnboundedSender<RegionMessage>, PageQueue) {
        let (sender, receiver) = unbounded_channel();
        let length = Arc::default();
        (sender, PageQueue { region, length, receiver, head: None, is_ended: false })
    }

    /// Receives the next message other than a page, which becomes the head; `None` if
    /// there is a head now, or the queue has ended.
    pub(super) async fn fill(&mut self) -> Option<RegionMessage> {
        if self.head.is_some() || self.is_ended {
            return None;
        }
        match self.receiver.recv().await {
            Some(RegionMessage::Page(page)) => {
                self.head = Some(page);
                None
            }
            Some(RegionMessage::End) => {
                self.is_ended = true;
                None
            }
            Some(message) => {
                self.is_ended = matches!(message, RegionMessage::Failed(..));
                Some(message)
            }
            None => {
                self.is_ended = true;
                let cause = "internal error: the task for a region panicked";
                Some(RegionMessage::Failed(AwsError::new(AwsErrorKind::Other, cause), None))
            }
        }
    }

    /// Takes the next page out of the queue.
    pub(super) fn take(&mut self, budget: &LookupPageBudget) -> Option<EventPage> {
        let page = self.head.take()?;
        budget.remove(page.bytes(), &self.length);
        Some(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_stops_without_saying_so_has_failed() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for is_whole in [true, false] {
            let (sender, mut queue) = PageQueue::new("eu-west-1".into());
            if is_whole {
                sender.send(RegionMessage::End).unwrap();
            }
            drop(sender);
            let message = runtime.block_on(queue.fill());
            assert_eq!((message.is_none(), queue.is_ended), (is_whole, true));
        }
    }

    #[test]
    fn a_full_budget_lets_empty_queues_receive_a_page() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (budget, full, empty) = (LookupPageBudget::default(), QueueLength::default(), QueueLength::default());
        budget.add(LookupPageBudget::MAX_BYTES as usize, &full);
        runtime.block_on(async {
            budget.wait_for_room(&empty).await;
            tokio::join!(budget.wait_for_room(&full), async { budget.remove(1, &full) });
        });
    }
}
