//! Runs lists side by side and gives their pages in the order of keys.
//!
//! ```text
//! scans ──▶ lists, as many as there are permits ──pages──▶ in order
//!             └─ parts of a long one ─────────────pages──▶ after it
//! ```
//!
//! What lies ready takes bounded memory: each list may be one page ahead, and
//! all of them together by as much as fits into a common room. So the list
//! whose turn it is can always go on.

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

/// Lists that run side by side.
const LISTS: usize = 64;
/// Lists that have begun and whose turn has not come.
const AHEAD: usize = 128;
/// How often a list may be split in all: each part can cost a request more.
const SPLITS: usize = 32;
/// The common room, in KiB.
const ROOM: usize = 16 << 10;
/// What a page takes at most: a thousand keys of 1024 bytes, in KiB.
const LARGEST: u32 = 1100;

/// What comes from a list.
pub(super) enum ListMessage {
    /// The next objects.
    Page(ObjectBatch, BudgetPermit),
    /// Why there are no more, and below which folder.
    Trouble(String, S3Error),
    /// A part of it that another has listed.
    Part(mpsc::UnboundedReceiver<ListMessage>),
}

/// What lists have in common.
pub(super) struct ListScheduler {
    pub(super) shared: Arc<MirrorTasks>,
    /// When the last keys can have been delivered.
    pub(super) end: Timestamp,
    running: Arc<Semaphore>,
    room: Arc<Semaphore>,
    splits: AtomicUsize,
}

/// Where the pages of one list wait.
pub(super) struct PageBudget {
    own: Arc<Semaphore>,
    common: Arc<Semaphore>,
}

/// The space of one page. Dropped, it is free for another.
pub(super) struct BudgetPermit(OwnedSemaphorePermit);

impl ListScheduler {
    /// Room for the pages of one list.
    pub(super) fn room(&self) -> PageBudget {
        PageBudget { own: Arc::new(Semaphore::new(1)), common: Arc::clone(&self.room) }
    }

    /// Permits to list so many parts of a list, if there are any to spare.
    pub(super) fn permits(&self, wanted: usize) -> Vec<OwnedSemaphorePermit> {
        let split = || self.splits.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).ok();
        let permit = || Arc::clone(&self.running).try_acquire_owned().ok();
        (0..wanted).map_while(|_| permit().filter(|_| split().is_some())).collect()
    }

    /// Takes back permits that were of no use.
    pub(super) fn rollback(&self, permits: usize) {
        self.splits.fetch_add(permits, Relaxed);
    }

    /// Begins a list.
    pub(super) fn begin(
        office: &Arc<ListScheduler>,
        scan: KeyRange,
        permit: OwnedSemaphorePermit,
    ) -> mpsc::UnboundedReceiver<ListMessage> {
        // BoundedBody by the room.
        let (sender, pages) = mpsc::unbounded_channel();
        office.shared.counts.open_lists.fetch_add(1, Relaxed);
        tokio::spawn(ListWalk::new(scan, Arc::clone(office), sender).send(permit));
        pages
    }
}

impl PageBudget {
    /// Waits for the space of a page.
    pub(super) async fn space(&self) -> Option<BudgetPermit> {
        tokio::select! {
            biased;
            permit = Arc::clone(&self.own).acquire_owned() => permit.ok().map(BudgetPermit),
            permit = Arc::clone(&self.common).acquire_many_owned(LARGEST) => permit.ok().map(BudgetPermit),
        }
    }
}

impl BudgetPermit {
    /// Gives back what a page of so many bytes does not need.
    pub(super) fn narrow(mut self, bytes: usize) -> BudgetPermit {
        let surplus = self.0.num_permits().saturating_sub((bytes >> 10) + 1);
        drop(self.0.split(surplus));
        self
    }
}

/// All lists, in the order of keys.
pub(super) struct ListQueue {
    lists: mpsc::Receiver<mpsc::UnboundedReceiver<ListMessage>>,
    /// The list whose turn it is, and on top its part whose turn it is.
    open: Vec<mpsc::UnboundedReceiver<ListMessage>>,
    /// The last trouble that was told of.
    told: Option<(String, String)>,
}

impl ListQueue {
    /// Begins to list.
    pub(super) fn open(shared: &Arc<MirrorTasks>, scans: BTreeSet<KeyRange>) -> ListQueue {
        let office = Arc::new(ListScheduler {
            end: end(shared.scope.last_day, Timestamp::now()),
            shared: Arc::clone(shared),
            running: Arc::new(Semaphore::new(LISTS)),
            room: Arc::new(Semaphore::new(ROOM)),
            splits: AtomicUsize::new(SPLITS),
        });
        let (sender, lists) = mpsc::channel(AHEAD);
        // Nobody shall believe that all is listed before all has begun.
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

    /// The next objects, or why some are missing.
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
                    // All parts of a list may have the same one.
                    let told = (folder.clone(), trouble.text.clone());
                    if self.told.replace(told.clone()) != Some(told) {
                        return Some(Err((folder, trouble)));
                    }
                }
            }
        }
    }
}
