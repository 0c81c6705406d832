//! Runs listings concurrently and returns their pages in key order.
//!
//! ```text
//! key ranges ──▶ listings, limited by permits ──pages──▶ in key order
//!                  └─ parts of a long range ──pages──▶ after it
//! ```
//!
//! Pages that wait for their turn take bounded memory: each listing may hold one page, and all
//! of them together as many as fit into a shared budget. The listing whose turn it is can
//! therefore always proceed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::MirrorTasks;
use crate::source::s3::list_cursor::{KeyRange, ListWalk, end};
use crate::source::s3::object_batch::ObjectBatch;
use crate::source::s3::s3_error::S3Error;

/// Number of concurrent listings.
const LISTS: usize = 64;
/// Number of started listings that wait for their turn.
const AHEAD: usize = 128;
/// Number of splits per run, each of which can cost an extra request.
const SPLITS: usize = 32;
/// Shared memory budget, in KiB.
const BUDGET: usize = 16 << 10;
/// Largest size of a page: a thousand keys of 1024 bytes, in KiB.
const MAX_PAGE: u32 = 1100;

/// Message from a listing.
pub(super) enum ListMessage {
    /// The next objects.
    Page(ObjectBatch, BudgetPermit),
    /// The listing failed: its prefix and the error.
    Failed(String, S3Error),
    /// A part of the range, listed by another task.
    Part(mpsc::UnboundedReceiver<ListMessage>),
}

/// State shared by all listings.
pub(super) struct ListScheduler {
    pub(super) shared: Arc<MirrorTasks>,
    /// Latest possible delivery time.
    pub(super) end: Timestamp,
    running: Arc<Semaphore>,
    budget: Arc<Semaphore>,
    splits: AtomicUsize,
}

/// Memory budget for the pages of one listing.
pub(super) struct ListPageBudget {
    own: Arc<Semaphore>,
    common: Arc<Semaphore>,
}

/// Budget for one page, returned when dropped.
pub(super) struct BudgetPermit(OwnedSemaphorePermit);

impl ListScheduler {
    /// Returns the budget of one listing.
    pub(super) fn budget(&self) -> ListPageBudget {
        ListPageBudget { own: Arc::new(Semaphore::new(1)), common: Arc::clone(&self.budget) }
    }

    /// Returns up to `wanted` permits to list parts, as far as they are available.
    pub(super) fn permits(&self, wanted: usize) -> Vec<OwnedSemaphorePermit> {
        let split = || self.splits.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).ok();
        let permit = || Arc::clone(&self.running).try_acquire_owned().ok();
        // A split is counted only after a permit was obtained for it.
        (0..wanted).map_while(|_| permit().filter(|_| split().is_some())).collect()
    }

    /// Returns permits that were not used.
    pub(super) fn return_permits(&self, permits: usize) {
        self.splits.fetch_add(permits, Relaxed);
    }

    /// Starts a listing and returns its messages.
    pub(super) fn begin(
        scheduler: &Arc<ListScheduler>,
        range: KeyRange,
        permit: OwnedSemaphorePermit,
    ) -> mpsc::UnboundedReceiver<ListMessage> {
        // The channel is unbounded because the page budget already limits it.
        let (sender, pages) = mpsc::unbounded_channel();
        scheduler.shared.counts.open_lists.fetch_add(1, Relaxed);
        tokio::spawn(ListWalk::new(range, Arc::clone(scheduler), sender).send(permit));
        pages
    }
}

impl ListPageBudget {
    /// Waits for the budget of one page; `None` if the run ends.
    pub(super) async fn permit(&self) -> Option<BudgetPermit> {
        tokio::select! {
            // Prefer the own permit and leave the shared budget to other listings.
            biased;
            permit = Arc::clone(&self.own).acquire_owned() => permit.ok().map(BudgetPermit),
            permit = Arc::clone(&self.common).acquire_many_owned(MAX_PAGE) => permit.ok().map(BudgetPermit),
        }
    }
}

impl BudgetPermit {
    /// Reduces the permit to `bytes`, the actual size of the page.
    pub(super) fn shrink_to(mut self, bytes: usize) -> BudgetPermit {
        let surplus = self.0.num_permits().saturating_sub((bytes >> 10) + 1);
        drop(self.0.split(surplus));
        self
    }
}

/// All listings, in key order.
pub(super) struct ListQueue {
    lists: mpsc::Receiver<mpsc::UnboundedReceiver<ListMessage>>,
    /// Stack of the current listing and its current part.
    open: Vec<mpsc::UnboundedReceiver<ListMessage>>,
    /// Prefix and text of the last reported error.
    reported: Option<(String, String)>,
}

impl ListQueue {
    /// Starts the listings.
    pub(super) fn open(shared: &Arc<MirrorTasks>, ranges: BTreeSet<KeyRange>) -> ListQueue {
        let scheduler = Arc::new(ListScheduler {
            end: end(shared.scope.last_day, Timestamp::now()),
            shared: Arc::clone(shared),
            running: Arc::new(Semaphore::new(LISTS)),
            budget: Arc::new(Semaphore::new(BUDGET)),
            splits: AtomicUsize::new(SPLITS),
        });
        let (sender, lists) = mpsc::channel(AHEAD);
        // Counts the starter itself as an open listing, so that the listing does not appear
        // complete before all have started.
        shared.counts.open_lists.fetch_add(1, Relaxed);
        tokio::spawn(async move {
            for range in ranges {
                let Ok(permit) = Arc::clone(&scheduler.running).acquire_owned().await else { break };
                // Start a listing only if the queue has a place for it, which bounds how far
                // listings run ahead.
                let Ok(place) = sender.reserve().await else { break };
                place.send(ListScheduler::begin(&scheduler, range, permit));
            }
            scheduler.shared.counts.open_lists.fetch_sub(1, Relaxed);
        });
        ListQueue { lists, open: Vec::new(), reported: None }
    }

    /// Returns the next objects, or the error of an incomplete listing.
    pub(super) async fn next(&mut self) -> Option<Result<ObjectBatch, (String, S3Error)>> {
        loop {
            let Some(list) = self.open.last_mut() else {
                self.open.push(self.lists.recv().await?);
                continue;
            };
            match list.recv().await {
                None => drop(self.open.pop()),
                Some(ListMessage::Part(part)) => self.open.push(part),
                Some(ListMessage::Page(page, _permit)) => return Some(Ok(page)),
                Some(ListMessage::Failed(folder, error)) => {
                    // All parts of a listing can fail with the same error, which is reported
                    // once.
                    let reported = (folder.clone(), error.text.clone());
                    if self.reported.replace(reported.clone()) != Some(reported) {
                        return Some(Err((folder, error)));
                    }
                }
            }
        }
    }
}
