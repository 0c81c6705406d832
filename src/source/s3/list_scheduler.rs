//! Runs listings concurrently and returns their pages in key order.
//!
//! ```text
//! scans ──▶ lists, as many as there are permits ──pages──▶ in order
//!             └─ parts of a long one ─────────────pages──▶ after it
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
const ROOM: usize = 16 << 10;
/// Largest size of a page: a thousand keys of 1024 bytes, in KiB.
const LARGEST: u32 = 1100;

/// Message from a listing.
pub(super) enum ListMessage {
    /// The next objects.
    Page(ObjectBatch, BudgetPermit),
    /// The listing failed: its prefix and the error.
    Trouble(String, S3Error),
    /// A part of the range, listed by another task.
    Part(mpsc::UnboundedReceiver<ListMessage>),
}

/// State shared by all listings.
pub(super) struct ListScheduler {
    pub(super) shared: Arc<MirrorTasks>,
    /// Latest possible delivery time.
    pub(super) end: Timestamp,
    running: Arc<Semaphore>,
    room: Arc<Semaphore>,
    splits: AtomicUsize,
}

/// Memory budget for the pages of one listing.
pub(super) struct PageBudget {
    own: Arc<Semaphore>,
    common: Arc<Semaphore>,
}

/// Budget for one page, returned when dropped.
pub(super) struct BudgetPermit(OwnedSemaphorePermit);

impl ListScheduler {
    /// Returns the budget of one listing.
    pub(super) fn room(&self) -> PageBudget {
        PageBudget { own: Arc::new(Semaphore::new(1)), common: Arc::clone(&self.room) }
    }

    /// Returns up to `wanted` permits to list parts, as far as they are available.
    pub(super) fn permits(&self, wanted: usize) -> Vec<OwnedSemaphorePermit> {
        let split = || self.splits.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).ok();
        let permit = || Arc::clone(&self.running).try_acquire_owned().ok();
        (0..wanted).map_while(|_| permit().filter(|_| split().is_some())).collect()
    }

    /// Returns permits that were not used.
    pub(super) fn rollback(&self, permits: usize) {
        self.splits.fetch_add(permits, Relaxed);
    }

    /// Starts a listing and returns its messages.
    pub(super) fn begin(
        office: &Arc<ListScheduler>,
        scan: KeyRange,
        permit: OwnedSemaphorePermit,
    ) -> mpsc::UnboundedReceiver<ListMessage> {
        // The channel is unbounded because the page budget already limits it.
        let (sender, pages) = mpsc::unbounded_channel();
        office.shared.counts.open_lists.fetch_add(1, Relaxed);
        tokio::spawn(ListWalk::new(scan, Arc::clone(office), sender).send(permit));
        pages
    }
}

impl PageBudget {
    /// Waits for the budget of one page; `None` if the run ends.
    pub(super) async fn space(&self) -> Option<BudgetPermit> {
        tokio::select! {
            biased;
            permit = Arc::clone(&self.own).acquire_owned() => permit.ok().map(BudgetPermit),
            permit = Arc::clone(&self.common).acquire_many_owned(LARGEST) => permit.ok().map(BudgetPermit),
        }
    }
}

impl BudgetPermit {
    /// Reduces the permit to `bytes`, the actual size of the page.
    pub(super) fn narrow(mut self, bytes: usize) -> BudgetPermit {
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
    told: Option<(String, String)>,
}

impl ListQueue {
    /// Starts the listings.
    pub(super) fn open(shared: &Arc<MirrorTasks>, scans: BTreeSet<KeyRange>) -> ListQueue {
        let office = Arc::new(ListScheduler {
            end: end(shared.scope.last_day, Timestamp::now()),
            shared: Arc::clone(shared),
            running: Arc::new(Semaphore::new(LISTS)),
            room: Arc::new(Semaphore::new(ROOM)),
            splits: AtomicUsize::new(SPLITS),
        });
        let (sender, lists) = mpsc::channel(AHEAD);
        // Counts the starter itself as an open listing, so that the listing does not appear
        // complete before all have started.
        shared.counts.open_lists.fetch_add(1, Relaxed);
        tokio::spawn(async move {
            for scan in scans {
                let Ok(permit) = Arc::clone(&office.running).acquire_owned().await else { break };
                let Ok(place) = sender.reserve().await else { break };
                place.send(ListScheduler::begin(&office, scan, permit));
            }
            office.shared.counts.open_lists.fetch_sub(1, Relaxed);
        });
        ListQueue { lists, open: Vec::new(), told: None }
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
                Some(ListMessage::Page(page, _space)) => return Some(Ok(page)),
                Some(ListMessage::Trouble(folder, trouble)) => {
                    // All parts of a listing can fail with the same error, which is reported
                    // once.
                    let told = (folder.clone(), trouble.text.clone());
                    if self.told.replace(told.clone()) != Some(told) {
                        return Some(Err((folder, trouble)));
                    }
                }
            }
        }
    }
}
