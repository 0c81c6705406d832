//! Recognizes values that recur from event to event, by what they are made of, so that they
//! are neither made again nor repeated in rows.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::field_runs::OriginTexts;
use super::shared_values::SharedValues;

/// A cache of values. Clones have caches of their own, and share the values.
#[derive(Clone, Debug)]
pub(super) struct KnownValues {
    /// `None` if rows have all values themselves.
    shared: Option<Arc<SharedValues>>,
    /// The values that occurred lately.
    latest: KnownGeneration,
    /// Those that occurred before. When the latest are too many, they replace these.
    earlier: KnownGeneration,
}

#[derive(Clone, Debug, Default)]
struct KnownGeneration {
    values: HashTable<KnownValue>,
    /// Size of all origins in bytes.
    size: usize,
}

/// A value of a group, and what it is made of.
#[derive(Clone, Debug)]
struct KnownValue {
    hash: u64,
    /// The texts, each behind its number and its length.
    origin: Box<[u8]>,
    group: usize,
    /// `None` if the value is not shared, or not yet.
    value: Option<SharedValue>,
}

/// A value that rows share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct SharedValue {
    pub(super) id: u32,
    pub(super) length: u32,
}

/// Whether a value occurred before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ValueOccurrence {
    /// Not that it is known.
    First,
    /// It did, and is not shared.
    Again,
    /// It did, and is shared.
    Shared(SharedValue),
}

/// Longer origins seldom recur, and would take much memory.
const MAX_ORIGIN: usize = 4096;
/// The most bytes of all origins of a generation.
const MAX_BYTES: usize = 2 << 20;
/// The most values of a generation.
const MAX_VALUES: usize = 8192;

const HASHER: FixedState = FixedState::with_seed(0);

impl KnownValues {
    pub(super) fn new(shared: Option<Arc<SharedValues>>) -> KnownValues {
        KnownValues { shared, latest: KnownGeneration::default(), earlier: KnownGeneration::default() }
    }

    /// Looks up the value of a group that is made of `origin`, and of nothing else.
    pub(super) fn look_up(&mut self, group: usize, origin: &OriginTexts<'_>) -> ValueOccurrence {
        let length = length_of(origin);
        if self.shared.is_none() || length > MAX_ORIGIN {
            return ValueOccurrence::First;
        }
        let hash = hash_of(group, origin);
        if let Some(known) = self.latest.values.find(hash, |known| known.is(hash, group, origin)) {
            return known.occurrence();
        }
        let earlier = self.earlier.values.find_entry(hash, |known| known.is(hash, group, origin));
        let (known, occurrence) = match earlier {
            Ok(entry) => {
                let (known, _) = entry.remove();
                self.earlier.size -= known.origin.len();
                let occurrence = known.occurrence();
                (known, occurrence)
            }
            Err(_) => (KnownValue::new(hash, group, origin, length), ValueOccurrence::First),
        };
        self.add(known);
        occurrence
    }

    fn add(&mut self, known: KnownValue) {
        let KnownGeneration { values, size } = &self.latest;
        if values.len() >= MAX_VALUES || size + known.origin.len() > MAX_BYTES {
            self.earlier = std::mem::take(&mut self.latest);
        }
        self.latest.size += known.origin.len();
        self.latest.values.insert_unique(known.hash, known, |known| known.hash);
    }

    /// Shares a value of which nothing else is known, if it occurred before.
    pub(super) fn share_if_known(&mut self, group: usize, value: &[u8]) -> Option<SharedValue> {
        let mut origin = OriginTexts::default();
        origin.push(0, value)?;
        match self.look_up(group, &origin) {
            ValueOccurrence::First => None,
            ValueOccurrence::Again => self.share(group, &origin, value),
            ValueOccurrence::Shared(shared) => Some(shared),
        }
    }

    /// Shares a value that occurred again; `None` if there is no space for it.
    pub(super) fn share(&mut self, group: usize, origin: &OriginTexts<'_>, value: &[u8]) -> Option<SharedValue> {
        let id = self.shared.as_ref()?.id(group, value)?;
        let shared = SharedValue { id, length: value.len() as u32 };
        let hash = hash_of(group, origin);
        self.latest.values.find_mut(hash, |known| known.is(hash, group, origin))?.value = Some(shared);
        Some(shared)
    }
}

impl KnownValue {
    fn new(hash: u64, group: usize, origin: &OriginTexts<'_>, length: usize) -> KnownValue {
        let mut bytes = Vec::with_capacity(length);
        for (number, text) in origin.texts() {
            bytes.extend_from_slice(&start_of(*number, text));
            bytes.extend_from_slice(text);
        }
        KnownValue { hash, group, origin: bytes.into(), value: None }
    }

    /// Whether this is the value of a group that is made of these texts.
    fn is(&self, hash: u64, group: usize, origin: &OriginTexts<'_>) -> bool {
        if (self.hash, self.group) != (hash, group) {
            return false;
        }
        let mut rest = &self.origin[..];
        for (number, text) in origin.texts() {
            let Some((start, behind)) = rest.split_first_chunk() else { return false };
            // The start has the length of the text.
            if *start != start_of(*number, text) || !behind.starts_with(text) {
                return false;
            }
            rest = &behind[text.len()..];
        }
        rest.is_empty()
    }

    fn occurrence(&self) -> ValueOccurrence {
        self.value.map_or(ValueOccurrence::Again, ValueOccurrence::Shared)
    }
}

/// What is in front of a text of an origin.
const START: usize = 5;

fn start_of(number: u8, text: &[u8]) -> [u8; START] {
    let [a, b, c, d] = (text.len() as u32).to_le_bytes();
    [number, a, b, c, d]
}

fn length_of(origin: &OriginTexts<'_>) -> usize {
    origin.texts().iter().map(|(_, text)| START + text.len()).sum()
}

fn hash_of(group: usize, origin: &OriginTexts<'_>) -> u64 {
    let mut hasher = HASHER.build_hasher();
    hasher.write_usize(group);
    origin.texts().iter().for_each(|(_, text)| hasher.write(text));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &[u8]) -> OriginTexts<'_> {
        let mut origin = OriginTexts::default();
        origin.push(7, text).unwrap();
        origin
    }

    #[test]
    fn a_value_is_shared_when_it_occurs_again() {
        let mut known = KnownValues::new(Some(Arc::default()));
        assert_eq!(known.look_up(1, &origin(b"a")), ValueOccurrence::First);
        assert_eq!(known.look_up(1, &origin(b"a")), ValueOccurrence::Again);
        let shared = known.share(1, &origin(b"a"), b"value").unwrap();
        assert_eq!(shared, SharedValue { id: 0, length: 5 });
        assert_eq!(known.look_up(1, &origin(b"a")), ValueOccurrence::Shared(shared));
        assert_eq!(known.look_up(2, &origin(b"a")), ValueOccurrence::First, "another group");
        assert_eq!(known.look_up(1, &origin(b"b")), ValueOccurrence::First, "another text");
        let mut two = origin(b"");
        two.push(7, b"a").unwrap();
        assert_eq!(known.look_up(1, &two), ValueOccurrence::First, "other texts");
        let mut other = OriginTexts::default();
        other.push(8, b"a").unwrap();
        assert_eq!(known.look_up(1, &other), ValueOccurrence::First, "another field");
    }

    #[test]
    fn what_is_known_has_a_limit() {
        let mut known = KnownValues::new(Some(Arc::default()));
        let long = vec![b'x'; MAX_ORIGIN + 1];
        assert_eq!([0, 0].map(|group| known.look_up(group, &origin(&long))), [ValueOccurrence::First; 2]);
        for number in 0..6 * MAX_BYTES / MAX_ORIGIN {
            let text = format!("{number:width$}", width = MAX_ORIGIN - START);
            assert_eq!(known.look_up(0, &origin(text.as_bytes())), ValueOccurrence::First);
            assert_eq!(known.look_up(0, &origin(text.as_bytes())), ValueOccurrence::Again);
            for generation in [&known.latest, &known.earlier] {
                let size: usize = generation.values.iter().map(|known| known.origin.len()).sum();
                assert!(size == generation.size && size <= MAX_BYTES);
            }
        }
    }
}
