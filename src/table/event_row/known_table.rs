//! A table of values and what they are made of. Values are only added, and the whole table is
//! cleared at once.

use super::known_values::{Lookup, SharedValue};

/// Values by the hashes of their origins.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownTable {
    /// Places of values: the first free one behind that of a hash. Empty until there is a value.
    slots: Vec<KnownSlot>,
    values: Vec<KnownValue>,
    /// The origins, one after another. Each text follows its number and its length.
    origins: Vec<u8>,
}

/// A place of a value.
#[derive(Clone, Copy, Debug, Default)]
struct KnownSlot {
    /// The upper half of its hash.
    tag: u32,
    /// Its index plus one; 0 if the place is free.
    number: u32,
}

/// A value of a group, and what it is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownValue {
    hash: u64,
    group: u32,
    start: u32,
    end: u32,
    /// `None` if the value is not shared, or not yet.
    pub(super) value: Option<SharedValue>,
}

/// What is in front of a text of an origin.
const START: usize = 5;

impl KnownTable {
    /// The most bytes of all origins.
    pub(super) const MAX_BYTES: usize = 2 << 20;
    const MAX_VALUES: usize = 8192;
    /// Twice as many places, so that most values have the first one.
    const SLOTS: usize = 2 * KnownTable::MAX_VALUES;
    /// More than what is in front of the texts of an origin.
    const OVERHEAD: usize = 64;

    /// The index of the value at the first place of a hash, if its tag is the same.
    #[inline]
    pub(super) fn head(&self, hash: u64) -> Option<usize> {
        let slot = self.slots.get(place(hash))?;
        (slot.number > 0 && slot.tag == tag(hash)).then(|| slot.number as usize - 1)
    }

    /// The index of a value.
    pub(super) fn find(&self, lookup: &Lookup<'_>) -> Option<usize> {
        let mut at = place(lookup.hash);
        loop {
            let slot = self.slots.get(at)?;
            let index = (slot.number as usize).checked_sub(1)?;
            if slot.tag == tag(lookup.hash) && self.is(&self.values[index], lookup) {
                return Some(index);
            }
            at = (at + 1) % KnownTable::SLOTS;
        }
    }

    /// The value with an index.
    #[inline]
    pub(super) fn value(&self, at: usize) -> KnownValue {
        self.values[at]
    }

    /// Whether a value is the one that is looked up.
    #[inline]
    pub(super) fn is(&self, known: &KnownValue, lookup: &Lookup<'_>) -> bool {
        if (known.hash, known.group) != (lookup.hash, lookup.group as u32) {
            return false;
        }
        let mut rest = &self.origins[known.start as usize..known.end as usize];
        for (number, text) in lookup.origin.texts() {
            let Some((start, behind)) = rest.split_first_chunk() else { return false };
            // The start has the length of the text.
            if *start != start_of(number, text) || !behind.starts_with(text) {
                return false;
            }
            rest = &behind[text.len()..];
        }
        rest.is_empty()
    }

    /// Whether there is space for a value whose origin has this length.
    pub(super) fn has_space(&self, length: usize) -> bool {
        let is_small = self.origins.len() + length + KnownTable::OVERHEAD <= KnownTable::MAX_BYTES;
        is_small && self.values.len() < KnownTable::MAX_VALUES
    }

    /// Adds a value that is not in the table, which has space for it.
    pub(super) fn add(&mut self, lookup: &Lookup<'_>, value: Option<SharedValue>) {
        if self.slots.is_empty() {
            self.slots = vec![KnownSlot::default(); KnownTable::SLOTS];
        }
        let start = self.origins.len() as u32;
        for (number, text) in lookup.origin.texts() {
            self.origins.extend_from_slice(&start_of(number, text));
            self.origins.extend_from_slice(text);
        }
        let end = self.origins.len() as u32;
        self.values.push(KnownValue { hash: lookup.hash, group: lookup.group as u32, start, end, value });
        let mut at = place(lookup.hash);
        while self.slots[at].number > 0 {
            at = (at + 1) % KnownTable::SLOTS;
        }
        self.slots[at] = KnownSlot { tag: tag(lookup.hash), number: self.values.len() as u32 };
    }

    /// Shares the value with an index.
    pub(super) fn set(&mut self, at: usize, value: SharedValue) {
        self.values[at].value = Some(value);
    }

    /// Removes all values.
    pub(super) fn clear(&mut self) {
        self.slots.fill(KnownSlot::default());
        self.values.clear();
        self.origins.clear();
    }

    /// Size of all origins in bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.origins.len()
    }
}

/// The first place for a hash.
#[inline]
fn place(hash: u64) -> usize {
    hash as usize % KnownTable::SLOTS
}

#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> u32::BITS) as u32
}

#[inline]
fn start_of(number: u8, text: &[u8]) -> [u8; START] {
    let [a, b, c, d] = (text.len() as u32).to_le_bytes();
    [number, a, b, c, d]
}
