//! What was counted in the table of changes, remembered. Programs repeat calls, such as those that
//! read a secret, with the same request.

use super::counted_memo::CountedMemo;
use super::text_memo::{MemoEpoch, MemoKey};
use super::value_stats::{Occurrence, ValueStats};
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;

/// The entries of changes that were met lately.
#[derive(Clone)]
pub(super) struct ChangeMemo {
    request: FieldId,
    known: CountedMemo<1, u32>,
}

/// The texts that a change is found by.
pub(super) type ChangeKey<'a> = MemoKey<'a, 1>;

/// The most bytes of a request.
const MAX_REQUEST: u16 = 1024;
/// The most bytes of all changes.
const MAX_BYTES: usize = 1 << 20;

impl ChangeMemo {
    /// Adds the field it reads to `fields`.
    pub(super) fn new(fields: &mut FieldSet) -> Result<ChangeMemo, Error> {
        Ok(ChangeMemo { request: fields.add("requestParameters")?, known: CountedMemo::new(MAX_BYTES) })
    }

    /// Limits the bytes that changes take.
    pub(super) fn limit(&mut self, bytes: usize) {
        self.known.set_max_bytes(bytes.min(MAX_BYTES));
    }

    /// Sets what the change of an event is found by, if what it acts on depends on the request
    /// alone: the request, and the numbers of its call and its caller.
    #[inline]
    pub(super) fn set_key<'a>(&self, event: &Event<'a>, variant: [u64; 2], generation: u64, key: &mut ChangeKey<'a>) {
        key.set(event, [(self.request, MAX_REQUEST)], MemoEpoch { generation, variant });
    }

    /// The index of a change, if it was met and its entry is still valid.
    #[inline]
    pub(super) fn find(&self, key: &ChangeKey<'_>) -> Option<usize> {
        self.known.find(key)
    }

    /// Counts an event whose change has this index. It is added to the entry later.
    #[inline]
    pub(super) fn count(&mut self, index: usize, occurrence: &Occurrence<'_>) {
        self.known.count(index, occurrence);
    }

    /// Remembers the entry of a change. What was counted of changes that are forgotten is given to
    /// `flush` with their entries.
    pub(super) fn learn(&mut self, key: &ChangeKey<'_>, entry: u32, mut flush: impl FnMut(u32, &ValueStats)) {
        self.known.learn(key, entry, 0, |entry, stats| flush(*entry, stats));
    }

    /// Gives all that was counted and not yet added to `flush`.
    pub(super) fn flush(&mut self, mut flush: impl FnMut(u32, &ValueStats)) {
        self.known.flush(|entry, stats| flush(*entry, stats));
    }
}
