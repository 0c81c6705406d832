//! A cache of values by the texts that they depend on. Texts are compared as they are written in
//! events, so that nothing has to be read again.

use std::cell::OnceCell;
use std::ops::Range;

use crate::decode::event::{Event, FieldId};
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
    max_bytes: usize,
}

/// What besides the texts has to be the same.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct MemoEpoch {
    /// Which entries of counters are meant: they change when counters move to the disk.
    pub(super) generation: u64,
    /// Anything else, such as the day.
    pub(super) variant: [u64; 2],
}

/// The value of a field as written, or nothing if the field is absent.
///
/// Before a short value stands enough of the text to make it [`BLOCK`] bytes, because to compare
/// and mix a fixed number of bytes is faster than just as many as there are. Texts of the same
/// length with the same bytes have the same value, whatever else is compared with them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MemoText<'a> {
    bytes: &'a [u8],
    /// The length of the value, which is at the end of the bytes.
    length: usize,
}

/// Texts that values are remembered for, with what else has to be the same.
#[derive(Clone, Debug)]
pub(super) struct MemoKey<'a, const PARTS: usize> {
    parts: [MemoText<'a>; PARTS],
    epoch: MemoEpoch,
    /// The place of the texts, once it was needed.
    place: OnceCell<usize>,
    /// Whether values can be remembered for them.
    is_usable: bool,
}

#[derive(Clone, Debug)]
struct KnownTexts<const PARTS: usize, V> {
    variant: [u64; 2],
    /// Where the texts start.
    start: usize,
    /// The length of each value.
    lengths: [u16; PARTS],
    value: V,
}

/// Bytes that are compared at once.
const BLOCK: usize = 16;

/// The number of places is two to this power.
const PLACE_BITS: u32 = 13;

impl<'a> MemoText<'a> {
    /// Becomes the value between these offsets of a text. Returns false if it is longer than
    /// `longest`, or too close to the start of the text.
    #[inline]
    fn set(&mut self, text: &'a [u8], start: usize, end: usize, longest: u16) -> bool {
        let length = end.saturating_sub(start);
        let Some(first) = end.checked_sub(BLOCK) else { return false };
        let Some(bytes) = text.get(start.min(first)..end).filter(|_| length <= longest.into()) else { return false };
        self.bytes = bytes;
        self.length = length;
        true
    }
}

impl<'a, const PARTS: usize> MemoKey<'a, PARTS> {
    /// A key without texts, for which nothing is remembered.
    #[inline]
    pub(super) fn unusable() -> MemoKey<'a, PARTS> {
        let (parts, epoch) = ([MemoText::default(); PARTS], MemoEpoch::default());
        MemoKey { parts, epoch, place: OnceCell::new(), is_usable: false }
    }

    /// Sets the key to these fields of an event, each with its maximum length. Fills it in place:
    /// copying a key takes as long as comparing it.
    #[inline]
    pub(super) fn set(&mut self, event: &Event<'a>, fields: [(FieldId, u16); PARTS], epoch: MemoEpoch) {
        self.epoch = epoch;
        self.is_usable = self.parts.iter_mut().zip(fields).all(|(part, (field, longest))| match event.span(field) {
            Some([start, end]) => part.set(event.window(), start as usize, end as usize, longest),
            None => {
                *part = MemoText::default();
                true
            }
        });
    }

    /// Whether a value can be remembered for it.
    pub(super) fn is_usable(&self) -> bool {
        self.is_usable
    }

    /// The place of the texts.
    #[inline]
    fn place(&self) -> usize {
        *self.place.get_or_init(|| place(&self.parts, self.epoch.variant))
    }

    /// The bytes that its texts take.
    fn size(&self) -> usize {
        self.parts.iter().map(|part| part.bytes.len()).sum()
    }
}

impl<const PARTS: usize, V> TextMemo<PARTS, V> {
    /// A memo that takes this number of bytes, beside its places.
    pub(super) fn new(max_bytes: usize) -> TextMemo<PARTS, V> {
        let (places, known, written) = (Vec::new(), Vec::new(), Vec::new());
        TextMemo { places, known, written, generation: 0, size: 0, max_bytes }
    }

    /// Changes the number of bytes that it takes.
    pub(super) fn set_max_bytes(&mut self, max_bytes: usize) {
        self.max_bytes = max_bytes;
    }

    /// The value with this index.
    #[inline]
    pub(super) fn value(&self, index: usize) -> Option<&V> {
        self.known.get(index).map(|known| &known.value)
    }

    /// Like [`value`](Self::value), for changing the value.
    #[inline]
    pub(super) fn value_mut(&mut self, index: usize) -> Option<&mut V> {
        self.known.get_mut(index).map(|known| &mut known.value)
    }

    /// The index of the value for these texts, if it is known. It stays the same until the value
    /// is forgotten.
    #[inline]
    pub(super) fn find_index(&self, key: &MemoKey<'_, PARTS>) -> Option<usize> {
        self.at_place(key).filter(|index| self.is_at(*index, key))
    }

    /// Whether the value for these texts has this index.
    #[inline]
    pub(super) fn is_at(&self, index: usize, key: &MemoKey<'_, PARTS>) -> bool {
        let is_valid = key.is_usable && key.epoch.generation == self.generation;
        is_valid && self.known.get(index).is_some_and(|known| known.is_for(&self.written, key))
    }

    /// The index of what is known at the place of these texts.
    #[inline]
    fn at_place(&self, key: &MemoKey<'_, PARTS>) -> Option<usize> {
        (*self.places.get(key.place())? as usize).checked_sub(1)
    }

    /// The indexes of the values that are forgotten if the value for these texts is learned.
    pub(super) fn forgotten(&self, key: &MemoKey<'_, PARTS>, size: usize) -> Range<usize> {
        match self.at_place(key) {
            _ if self.must_forget_all(key, size) => 0..self.known.len(),
            Some(index) => index..index + 1,
            None => 0..0,
        }
    }

    fn must_forget_all(&self, key: &MemoKey<'_, PARTS>, size: usize) -> bool {
        let is_full = self.size + size_of::<KnownTexts<PARTS, V>>() + key.size() + size > self.max_bytes;
        is_full || self.places.is_empty() || self.generation != key.epoch.generation
    }

    /// Remembers the value for these texts. It has `size` bytes of its own. Returns its index.
    pub(super) fn learn(&mut self, key: &MemoKey<'_, PARTS>, value: V, size: usize) -> usize {
        if self.must_forget_all(key, size) {
            self.places.clear();
            self.places.resize(1 << PLACE_BITS, 0);
            self.known.clear();
            self.written.clear();
            (self.size, self.generation) = (0, key.epoch.generation);
        }
        self.size += size_of::<KnownTexts<PARTS, V>>() + key.size() + size;
        // No text is longer, as the greatest lengths are of this type.
        let lengths = key.parts.map(|part| part.length as u16);
        let known = KnownTexts { variant: key.epoch.variant, start: self.written.len(), lengths, value };
        key.parts.iter().for_each(|part| self.written.extend_from_slice(part.bytes));
        let index = self.at_place(key).unwrap_or(self.known.len());
        match self.known.get_mut(index) {
            Some(other) => *other = known,
            None => self.known.push(known),
        }
        self.places[key.place()] = index as u32 + 1;
        index
    }
}

impl<const PARTS: usize, V> KnownTexts<PARTS, V> {
    #[inline]
    fn is_for(&self, written: &[u8], key: &MemoKey<'_, PARTS>) -> bool {
        let mut start = self.start;
        let is_same = |(part, length): (&MemoText<'_>, &u16)| {
            let end = start + part.bytes.len();
            let known = written.get(std::mem::replace(&mut start, end)..end);
            part.length == usize::from(*length) && known.is_some_and(|known| is_equal(known, part.bytes))
        };
        self.variant == key.epoch.variant && key.parts.iter().zip(&self.lengths).all(is_same)
    }
}

/// Whether two texts of the same length are equal. Most are short, for which this is faster than
/// a call of the library.
#[inline]
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() > 2 * BLOCK {
        return one == other;
    }
    first_block(one) == first_block(other) && last_block(one) == last_block(other)
}

/// The first bytes; 0 if there are none, as texts have no fewer otherwise.
#[inline]
fn first_block(bytes: &[u8]) -> u128 {
    bytes.first_chunk::<BLOCK>().map_or(0, |block| u128::from_le_bytes(*block))
}

/// The last bytes.
#[inline]
fn last_block(bytes: &[u8]) -> u128 {
    bytes.last_chunk::<BLOCK>().map_or(0, |block| u128::from_le_bytes(*block))
}

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The place of texts. They are mixed side by side, as no step then waits for the one before.
#[inline]
fn place<const PARTS: usize>(parts: &[MemoText<'_>; PARTS], variant: [u64; 2]) -> usize {
    let seed = (variant[0].rotate_left(32) ^ variant[1]).wrapping_mul(FACTOR);
    let mixed = parts.iter().enumerate().fold(seed, |mixed, (at, part)| {
        let factor = FACTOR.rotate_left(at as u32 * 7) | 1;
        let part = part_hash(part.bytes) ^ part.length as u64;
        mixed.wrapping_add(part.wrapping_mul(factor).rotate_left(31))
    });
    (mixed.wrapping_mul(FACTOR) >> (64 - PLACE_BITS)) as usize
}

/// Mixes a text into a hash. Of a short text, some bytes are enough.
#[inline]
fn part_hash(bytes: &[u8]) -> u64 {
    const LONG: usize = 64;
    if bytes.len() >= LONG {
        return written_hash(bytes, 0);
    }
    let mix = |block: u128| (block as u64).wrapping_add(((block >> 64) as u64).wrapping_mul(FACTOR));
    mix(first_block(bytes)) ^ mix(last_block(bytes)).rotate_left(21)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// What stands before each text.
    const BEFORE: &str = r#"{"eventName":    "#;

    proptest! {
        /// However many texts share places or were forgotten, no value is another one's.
        #[test]
        fn a_value_is_found_only_for_its_own_texts(
            texts in prop::collection::vec(("[ab]{0,3}|[ab]{7,20}|a{20,40}b?a?|a{60,70}b?", "[ab]{0,9}", 0..2_u64), 0..300),
            max_bytes in 0..20_000_usize,
        ) {
            let (mut memo, mut numbers) = (TextMemo::<2, usize>::new(max_bytes), HashMap::new());
            for (one, other, day) in &texts {
                let texts = [one, other].map(|text| format!("{BEFORE}{text}"));
                let key = |generation| {
                    let mut key = MemoKey::unusable();
                    for (part, text) in key.parts.iter_mut().zip(&texts) {
                        prop_assert!(part.set(text.as_bytes(), BEFORE.len(), text.len(), 100));
                    }
                    (key.epoch, key.is_usable) = (MemoEpoch { generation, variant: [*day, 0] }, true);
                    Ok(key)
                };
                let count = numbers.len();
                let number = *numbers.entry((one, other, day)).or_insert(count);
                let find = |memo: &TextMemo<2, usize>, key: &MemoKey<'_, 2>| {
                    memo.find_index(key).and_then(|index| memo.value(index)).copied()
                };
                match find(&memo, &key(7)?) {
                    Some(known) => prop_assert_eq!(known, number),
                    None => {
                        let (forgotten, before) = (memo.forgotten(&key(7)?, 1), memo.known.len());
                        let index = memo.learn(&key(7)?, number, 1);
                        let is_new = index == before - forgotten.len() && forgotten.start == 0;
                        prop_assert!(is_new || forgotten == (index..index + 1));
                    }
                }
                prop_assert_eq!(find(&memo, &key(7)?), Some(number));
                prop_assert_eq!(find(&memo, &key(8)?), None);
                prop_assert!(memo.size <= max_bytes.max(300));
            }
        }
    }
}
