//! A memo of values that have entries in counters. What is counted of a value is added to all of
//! its entries at once, later.

use super::text_memo::{MemoKey, TextMemo};
use super::value_stats::{BucketRun, Occurrence, ValueStats};

/// Remembers a value for `PARTS` texts, and what was counted of it.
#[derive(Clone)]
pub(super) struct CountedMemo<const PARTS: usize, V> {
    known: TextMemo<PARTS, CountedValue<V>>,
    /// What was counted of each value before its run, and not yet added to its entries.
    pending: Vec<ValueStats>,
    /// The index of the value that was counted last.
    last: usize,
    /// The number of values that were learned.
    learned: u64,
}

/// A value, and what was counted of it lately.
#[derive(Clone)]
struct CountedValue<V> {
    number: u64,
    run: BucketRun,
    value: V,
}

impl<const PARTS: usize, V> CountedMemo<PARTS, V> {
    /// A memo that takes this number of bytes.
    pub(super) fn new(max_bytes: usize) -> CountedMemo<PARTS, V> {
        CountedMemo { known: TextMemo::new(max_bytes), pending: Vec::new(), last: 0, learned: 0 }
    }

    /// Changes the number of bytes that it takes.
    pub(super) fn set_max_bytes(&mut self, max_bytes: usize) {
        self.known.set_max_bytes(max_bytes);
    }

    /// The index of the value for these texts, if it is known.
    #[inline]
    pub(super) fn find(&self, key: &MemoKey<'_, PARTS>) -> Option<usize> {
        self.known.find_index(key)
    }

    /// Like [`find`](Self::find), for values that are often the one that was counted last.
    #[inline]
    pub(super) fn find_again(&self, key: &MemoKey<'_, PARTS>) -> Option<usize> {
        if self.known.is_at(self.last, key) { Some(self.last) } else { self.find(key) }
    }

    /// The value with this index.
    #[inline]
    pub(super) fn value(&self, index: usize) -> Option<&V> {
        self.known.value(index).map(|known| &known.value)
    }

    /// The number of the value with this index. No other value has it, even if this one is
    /// forgotten.
    #[inline]
    pub(super) fn number(&self, index: usize) -> u64 {
        self.known.value(index).map_or(0, |known| known.number)
    }

    /// Counts an event whose value has this index.
    #[inline]
    pub(super) fn count(&mut self, index: usize, occurrence: &Occurrence<'_>) {
        self.last = index;
        if let Some(CountedValue { run, .. }) = self.known.value_mut(index)
            && !run.add(occurrence)
            && let Some(pending) = self.pending.get_mut(index)
        {
            pending.add_after(run, occurrence);
        }
    }

    /// Remembers the value for these texts, if that is possible. It has `size` bytes of its own.
    /// What was counted of values that are forgotten is given to `flush`.
    pub(super) fn learn(
        &mut self,
        key: &MemoKey<'_, PARTS>,
        value: V,
        size: usize,
        mut flush: impl FnMut(&V, &mut ValueStats),
    ) {
        if !key.is_usable() {
            return;
        }
        let size = size + size_of::<ValueStats>();
        for index in self.known.forgotten(key, size) {
            self.flush_one(index, &mut flush);
        }
        self.learned += 1;
        let value = CountedValue { number: self.learned, run: BucketRun::default(), value };
        let index = self.known.learn(key, value, size);
        self.pending.resize_with(self.pending.len().max(index + 1), ValueStats::default);
    }

    /// Gives all that was counted and not yet added to `flush`.
    pub(super) fn flush(&mut self, mut flush: impl FnMut(&V, &mut ValueStats)) {
        for index in 0..self.pending.len() {
            self.flush_one(index, &mut flush);
        }
    }

    fn flush_one(&mut self, index: usize, flush: &mut impl FnMut(&V, &mut ValueStats)) {
        let (Some(known), Some(pending)) = (self.known.value_mut(index), self.pending.get_mut(index)) else { return };
        pending.end_run(&mut known.run);
        if pending.count > 0 || pending.earlier > 0 {
            flush(&known.value, pending);
            *pending = ValueStats::default();
        }
    }
}
