//! Values by the texts that they depend on, remembered for the texts that were met lately. Texts
//! are compared as they are written in events, so that nothing has to be read again.

use std::cell::Cell;

use crate::decode::written_hash;

/// Remembers a value for `PARTS` texts.
#[derive(Clone, Debug)]
pub(super) struct TextMemo<const PARTS: usize, V> {
    /// For each place, the index of what is known there, counted from 1.
    places: Vec<u32>,
    known: Vec<KnownTexts<PARTS, V>>,
    /// All texts one after the other.
    written: Vec<u8>,
    /// The generation of all values.
    generation: u64,
    /// The index of what was found last: often the next event has the same texts.
    last: Cell<usize>,
    /// The bytes of all that was learned.
    size: usize,
    /// The most bytes of it, after which all is forgotten.
    most: usize,
}

/// What besides the texts has to be the same.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct MemoEpoch {
    /// Which entries of counters are meant: they change when counters move to the disk.
    pub(super) generation: u64,
    /// The day since 1970; `None` without a time, or where days do not matter.
    pub(super) day: Option<i64>,
}

#[derive(Clone, Debug)]
struct KnownTexts<const PARTS: usize, V> {
    day: Option<i64>,
    /// Where the texts start.
    start: usize,
    /// The end of each text, counted from there.
    ends: [u16; PARTS],
    value: V,
}

/// The number of places is two to this power.
const PLACE_BITS: u32 = 13;

impl<const PARTS: usize, V> TextMemo<PARTS, V> {
    /// A memo that takes this number of bytes, beside its places.
    pub(super) fn new(most: usize) -> TextMemo<PARTS, V> {
        let (places, known, written) = (Vec::new(), Vec::new(), Vec::new());
        TextMemo { places, known, written, generation: 0, last: Cell::new(0), size: 0, most }
    }

    /// Changes the number of bytes that it takes.
    pub(super) fn set_most(&mut self, most: usize) {
        self.most = most;
    }

    /// The value for these texts, if it is known.
    #[inline]
    pub(super) fn find(&self, parts: &[&[u8]; PARTS], epoch: MemoEpoch) -> Option<&V> {
        if epoch.generation != self.generation {
            return None;
        }
        let last = self.known.get(self.last.get());
        if let Some(known) = last.filter(|last| last.is_for(&self.written, parts, epoch.day)) {
            return Some(&known.value);
        }
        let index = (*self.places.get(place(parts, epoch.day))? as usize).checked_sub(1)?;
        let known = self.known.get(index).filter(|known| known.is_for(&self.written, parts, epoch.day))?;
        self.last.set(index);
        Some(&known.value)
    }

    /// Remembers the value for these texts. It has `size` bytes of its own.
    pub(super) fn learn(&mut self, parts: &[&[u8]; PARTS], epoch: MemoEpoch, value: V, size: usize) {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        if length > usize::from(u16::MAX) {
            return;
        }
        let needed = size_of::<KnownTexts<PARTS, V>>() + length + size;
        if self.size + needed > self.most || self.places.is_empty() || self.generation != epoch.generation {
            self.places.clear();
            self.places.resize(1 << PLACE_BITS, 0);
            self.known.clear();
            self.written.clear();
            (self.size, self.generation) = (0, epoch.generation);
        }
        self.size += needed;
        let mut known = KnownTexts { day: epoch.day, start: self.written.len(), ends: [0; PARTS], value };
        for (part, end) in parts.iter().zip(&mut known.ends) {
            self.written.extend_from_slice(part);
            *end = (self.written.len() - known.start) as u16;
        }
        let place = &mut self.places[place(parts, epoch.day)];
        match (*place as usize).checked_sub(1) {
            Some(index) => self.known[index] = known,
            None => {
                self.known.push(known);
                *place = self.known.len() as u32;
            }
        }
    }
}

impl<const PARTS: usize, V> KnownTexts<PARTS, V> {
    #[inline]
    fn is_for(&self, written: &[u8], parts: &[&[u8]; PARTS], day: Option<i64>) -> bool {
        let mut length = 0;
        for (part, end) in parts.iter().zip(self.ends) {
            length += part.len();
            if length != usize::from(end) {
                return false;
            }
        }
        let Some(mut known) = written.get(self.start..self.start + length) else { return false };
        let is_same = |part: &&[u8]| {
            let (same, rest) = known.split_at(part.len());
            known = rest;
            is_equal(same, part)
        };
        self.day == day && parts.iter().all(is_same)
    }
}

/// Whether two texts of the same length are equal. Most are short, for which this is faster than
/// a call of the library.
#[inline]
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    const HALF: usize = 16;
    let number = |chunk: Option<&[u8; HALF]>| chunk.map(|chunk| u128::from_ne_bytes(*chunk));
    match number(one.first_chunk()) {
        Some(start) if one.len() <= 2 * HALF => {
            Some(start) == number(other.first_chunk()) && number(one.last_chunk()) == number(other.last_chunk())
        }
        _ => one == other,
    }
}

/// The place of texts.
#[inline]
fn place<const PARTS: usize>(parts: &[&[u8]; PARTS], day: Option<i64>) -> usize {
    let seed = day.unwrap_or(-1) as u64;
    let mixed = parts.iter().fold(seed, |mixed, part| part_hash(part, mixed.rotate_left(5) ^ part.len() as u64));
    (mixed >> (64 - PLACE_BITS)) as usize
}

/// Mixes a text into a hash. Of a short text, some bytes are enough.
#[inline]
fn part_hash(part: &[u8], seed: u64) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    const LONG: usize = 64;
    if part.len() >= LONG {
        return written_hash(part, seed);
    }
    let word = |start: usize| part.get(start..).and_then(<[u8]>::first_chunk).map(|word| u64::from_le_bytes(*word));
    let mixed = match (word(0), part.len().checked_sub(8).and_then(word), word(part.len() / 2)) {
        (Some(first), Some(last), middle) => first ^ last.rotate_left(21) ^ middle.unwrap_or_default().rotate_left(42),
        _ => part.iter().fold(0, |mixed, byte| mixed << 8 | u64::from(*byte)),
    };
    (seed ^ mixed).wrapping_mul(FACTOR).rotate_left(29).wrapping_mul(FACTOR)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However many texts share places or were forgotten, no value is another one's.
        #[test]
        fn a_value_is_found_only_for_its_own_texts(
            texts in prop::collection::vec(("[ab]{0,3}|[ab]{7,20}|a{20,40}b?a?|a{60,70}b?", "[ab]{0,9}", prop::option::of(0..2_i64)), 0..300),
            most in 0..20_000_usize,
        ) {
            let (mut memo, mut numbers) = (TextMemo::<2, usize>::new(most), HashMap::new());
            for (one, other, day) in &texts {
                let (parts, epoch) = ([one.as_bytes(), other.as_bytes()], MemoEpoch { generation: 7, day: *day });
                let count = numbers.len();
                let number = *numbers.entry((one, other, day)).or_insert(count);
                match memo.find(&parts, epoch) {
                    Some(known) => prop_assert_eq!(*known, number),
                    None => memo.learn(&parts, epoch, number, 1),
                }
                prop_assert_eq!(memo.find(&parts, epoch), Some(&number));
                prop_assert_eq!(memo.find(&parts, MemoEpoch { generation: 8, ..epoch }), None);
                prop_assert!(memo.size <= most.max(300));
            }
        }
    }
}
