//! A memo of values that have entries in counters. What is counted of a value is added to all of
//! its entries at once, later.

use super::text_memo::{MemoEpoch, TextMemo};
use super::value_stats::{Occurrence, ValueStats};

/// Remembers a value for `PARTS` texts, and what was counted of it.
#[derive(Clone)]
pub(super) struct CountedMemo<const PARTS: usize, V> {
    known: TextMemo<PARTS, V>,
    /// What was counted of each value and not yet added to its entries.
    pending: Vec<ValueStats>,
}

impl<const PARTS: usize, V> CountedMemo<PARTS, V> {
    /// A memo that takes this number of bytes.
    pub(super) fn new(most: usize) -> CountedMemo<PARTS, V> {
        CountedMemo { known: TextMemo::new(most), pending: Vec::new() }
    }

    /// Changes the number of bytes that it takes.
    pub(super) fn set_most(&mut self, most: usize) {
        self.known.set_most(most);
    }

    /// The value for these texts and its index, if it is known.
    #[inline]
    pub(super) fn find(&self, parts: &[&[u8]; PARTS], epoch: MemoEpoch) -> Option<(usize, &V)> {
        let index = self.known.find_index(parts, epoch)?;
        Some((index, self.known.value(index)?))
    }

    /// Counts an event whose value has this index.
    #[inline]
    pub(super) fn count(&mut self, index: usize, occurrence: &Occurrence<'_>) {
        if let Some(pending) = self.pending.get_mut(index) {
            pending.add(occurrence);
        }
    }

    /// Remembers the value for these texts, which has `size` bytes of its own. What was counted of
    /// values that are forgotten is given to `settle`.
    pub(super) fn learn(
        &mut self,
        parts: &[&[u8]; PARTS],
        epoch: MemoEpoch,
        value: V,
        size: usize,
        mut settle: impl FnMut(&V, &ValueStats),
    ) {
        let size = size + size_of::<ValueStats>();
        for index in self.known.forgotten(parts, epoch, size) {
            self.settle_one(index, &mut settle);
        }
        let index = self.known.learn(parts, epoch, value, size);
        let count = index.map_or(0, |index| index + 1).max(self.pending.len());
        self.pending.resize_with(count, ValueStats::default);
    }

    /// Gives all that was counted and not yet added to `settle`.
    pub(super) fn settle(&mut self, mut settle: impl FnMut(&V, &ValueStats)) {
        for index in 0..self.pending.len() {
            self.settle_one(index, &mut settle);
        }
    }

    fn settle_one(&mut self, index: usize, settle: &mut impl FnMut(&V, &ValueStats)) {
        let (Some(value), Some(pending)) = (self.known.value(index), self.pending.get_mut(index)) else { return };
        if pending.count > 0 || pending.earlier > 0 {
            settle(value, pending);
            *pending = ValueStats::default();
        }
    }
}
