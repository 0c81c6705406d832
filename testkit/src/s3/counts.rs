//! How often a server was asked, and for what.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::request::Operation;

/// The requests since the server began or was reset, those that went wrong included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Listings.
    pub list: u64,
    /// GETs of objects.
    pub get: u64,
    /// HEADs of objects and buckets.
    pub head: u64,
    /// Bytes of bodies sent, of listings and errors too.
    pub bytes: u64,
    /// The most requests that were under way at one time.
    pub peak: u64,
}

/// The counters behind [`Counts`].
#[derive(Default)]
pub(super) struct Counters {
    list: AtomicU64,
    get: AtomicU64,
    head: AtomicU64,
    bytes: AtomicU64,
    peak: AtomicU64,
    under_way: AtomicU64,
}

impl Counters {
    pub(super) fn counts(&self) -> Counts {
        Counts {
            list: self.list.load(Relaxed),
            get: self.get.load(Relaxed),
            head: self.head.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            peak: self.peak.load(Relaxed),
        }
    }

    pub(super) fn reset(&self) {
        for counter in [&self.list, &self.get, &self.head, &self.bytes, &self.peak] {
            counter.store(0, Relaxed);
        }
    }

    /// Counts a request in; it is under way until what this returns is dropped.
    pub(super) fn begin(self: &Arc<Self>, operation: Operation) -> UnderWay {
        let counter = match operation {
            Operation::List => &self.list,
            Operation::Get => &self.get,
            Operation::Head => &self.head,
        };
        counter.fetch_add(1, Relaxed);
        let under_way = self.under_way.fetch_add(1, Relaxed) + 1;
        self.peak.fetch_max(under_way, Relaxed);
        UnderWay(self.clone())
    }
}

/// A request that is being answered.
pub(super) struct UnderWay(Arc<Counters>);

impl UnderWay {
    pub(super) fn sent(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes as u64, Relaxed);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}
