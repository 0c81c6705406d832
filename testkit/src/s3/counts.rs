//! Counts the requests that a server received.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::request::Operation;

/// The requests since the start or the last reset, including those that went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Listings.
    pub list: u64,
    /// GETs of objects.
    pub get: u64,
    /// HEADs of objects and buckets.
    pub head: u64,
    /// Bytes of bodies sent, including those of listings and errors.
    pub bytes: u64,
    /// The largest number of requests under way at the same time.
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
    in_flight: AtomicU64,
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

    /// Counts a request. It is under way until the returned value is dropped.
    pub(super) fn begin(self: &Arc<Self>, operation: Operation) -> InFlightRequest {
        let counter = match operation {
            Operation::List => &self.list,
            Operation::Get => &self.get,
            Operation::Head => &self.head,
        };
        counter.fetch_add(1, Relaxed);
        let in_flight = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.peak.fetch_max(in_flight, Relaxed);
        InFlightRequest(self.clone())
    }
}

/// A request that is being answered.
pub(super) struct InFlightRequest(Arc<Counters>);

impl InFlightRequest {
    pub(super) fn sent(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes as u64, Relaxed);
    }
}

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
