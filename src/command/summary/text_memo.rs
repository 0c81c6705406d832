//! Values by the texts that they depend on, remembered for the texts that were met lately. Texts
//! are compared as they are written in events, so that nothing has to be read again.

use std::ops::Range;

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
        TextMemo { places, known, written, generation: 0, size: 0, most }
    }

    /// Changes the number of bytes that it takes.
    pub(super) fn set_most(&mut self, most: usize) {
        self.most = most;
    }

    /// The value with this index.
    #[inline]
    pub(super) fn value(&self, index: usize) -> Option<&V> {
        self.known.get(index).map(|known| &known.value)
    }

    /// The index of the value for these texts, if it is known. It stays the same until the value
    /// is forgotten.
    #[inline]
    pub(super) fn find_index(&self, parts: &[&[u8]; PARTS], epoch: MemoEpoch) -> Option<usize> {
        if epoch.generation != self.generation {
            return None;
        }
        let is_at =
            |index: usize| self.known.get(index).is_some_and(|known| known.is_for(&self.written, parts, epoch.day));
        self.at_place(parts, epoch.day).filter(|index| is_at(*index))
    }

    /// The index of what is known at the place of these texts.
    #[inline]
    fn at_place(&self, parts: &[&[u8]; PARTS], day: Option<i64>) -> Option<usize> {
        (*self.places.get(place(parts, day))? as usize).checked_sub(1)
    }

    /// The indexes of the values that are forgotten if the value for these texts is learned.
    pub(super) fn forgotten(&self, parts: &[&[u8]; PARTS], epoch: MemoEpoch, size: usize) -> Range<usize> {
        match self.at_place(parts, epoch.day) {
            _ if self.must_forget_all(parts, epoch, size) => 0..self.known.len(),
            Some(index) => index..index + 1,
            None => 0..0,
        }
    }

    fn must_forget_all(&self, parts: &[&[u8]; PARTS], epoch: MemoEpoch, size: usize) -> bool {
        let is_full = self.size + KnownTexts::<PARTS, V>::size(parts) + size > self.most;
        is_full || self.places.is_empty() || self.generation != epoch.generation
    }

    /// Remembers the value for these texts. It has `size` bytes of its own. Returns its index;
    /// `None` if the texts are too long.
    pub(super) fn learn(&mut self, parts: &[&[u8]; PARTS], epoch: MemoEpoch, value: V, size: usize) -> Option<usize> {
        u16::try_from(parts.iter().map(|part| part.len()).sum::<usize>()).ok()?;
        if self.must_forget_all(parts, epoch, size) {
            self.places.clear();
            self.places.resize(1 << PLACE_BITS, 0);
            self.known.clear();
            self.written.clear();
            (self.size, self.generation) = (0, epoch.generation);
        }
        self.size += KnownTexts::<PARTS, V>::size(parts) + size;
        let mut known = KnownTexts { day: epoch.day, start: self.written.len(), ends: [0; PARTS], value };
        for (part, end) in parts.iter().zip(&mut known.ends) {
            self.written.extend_from_slice(part);
            *end = (self.written.len() - known.start) as u16;
        }
        let index = self.at_place(parts, epoch.day).unwrap_or(self.known.len());
        match self.known.get_mut(index) {
            Some(other) => *other = known,
            None => self.known.push(known),
        }
        self.places[place(parts, epoch.day)] = index as u32 + 1;
        Some(index)
    }
}

impl<const PARTS: usize, V> KnownTexts<PARTS, V> {
    /// The bytes that it takes.
    fn size(parts: &[&[u8]; PARTS]) -> usize {
        size_of::<KnownTexts<PARTS, V>>() + parts.iter().map(|part| part.len()).sum::<usize>()
    }

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

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The place of texts. They are mixed side by side, as no step then waits for the one before.
#[inline]
fn place<const PARTS: usize>(parts: &[&[u8]; PARTS], day: Option<i64>) -> usize {
    let seed = (day.unwrap_or(-1) as u64).wrapping_mul(FACTOR);
    let mixed = parts.iter().enumerate().fold(seed, |mixed, (at, part)| {
        let factor = FACTOR.rotate_left(at as u32 * 7) | 1;
        mixed.wrapping_add((part_hash(part) ^ part.len() as u64).wrapping_mul(factor).rotate_left(31))
    });
    (mixed.wrapping_mul(FACTOR) >> (64 - PLACE_BITS)) as usize
}

/// Mixes a text into a hash. Of a short text, some bytes are enough.
#[inline]
fn part_hash(part: &[u8]) -> u64 {
    const LONG: usize = 64;
    let length = part.len();
    if length >= LONG {
        return written_hash(part, 0);
    }
    let word = |start: usize| part.get(start..).and_then(<[u8]>::first_chunk).map(|word| u64::from_le_bytes(*word));
    let half = |start: usize| part.get(start..).and_then(<[u8]>::first_chunk).map(|half| u32::from_le_bytes(*half));
    if let (Some(first), Some(last)) = (word(0), length.checked_sub(8).and_then(word)) {
        let middle = word(length / 2 - 4).unwrap_or_default();
        return first ^ last.rotate_left(21) ^ middle.rotate_left(42);
    }
    match (half(0), length.checked_sub(4).and_then(half)) {
        (Some(first), Some(last)) => u64::from(first) | u64::from(last) << 32,
        _ => part.first().map_or(0, |first| u64::from(*first)),
    }
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
                let find = |memo: &TextMemo<2, usize>, epoch| {
                    memo.find_index(&parts, epoch).and_then(|index| memo.value(index)).copied()
                };
                match find(&memo, epoch) {
                    Some(known) => prop_assert_eq!(known, number),
                    None => {
                        let (forgotten, before) = (memo.forgotten(&parts, epoch, 1), memo.known.len());
                        let index = memo.learn(&parts, epoch, number, 1);
                        let is_new = index == Some(before - forgotten.len()) && forgotten.start == 0;
                        prop_assert!(is_new || index.is_some_and(|index| forgotten == (index..index + 1)));
                    }
                }
                prop_assert_eq!(find(&memo, epoch), Some(number));
                prop_assert_eq!(find(&memo, MemoEpoch { generation: 8, ..epoch }), None);
                prop_assert!(memo.size <= most.max(300));
            }
        }
    }
}
