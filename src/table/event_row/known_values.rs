//! Recognizes values that recur from event to event, by what they are made of, so that they
//! are neither made again nor repeated in rows.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::shared_values::SharedValues;

/// A cache of values. Clones have caches of their own, and share the values.
#[derive(Clone, Debug)]
pub(super) struct KnownValues {
    /// `None` if rows have all values themselves.
    shared: Option<Arc<SharedValues>>,
    /// Entries at the index that a hash of the origin selects. Each index has several, the
    /// latest first.
    known: Vec<[KnownValue; WAYS]>,
    /// Size of all origins in bytes.
    size: usize,
    /// The index at which the next entries are dropped if the origins take too much memory.
    next_dropped: usize,
}

/// A value of a group, and what it is made of.
#[derive(Clone, Debug, Default)]
struct KnownValue {
    hash: u64,
    group: usize,
    origin: Box<[u8]>,
    /// `None` if the value is not shared, or not yet.
    value: Option<SharedValue>,
}

/// A value that rows share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct SharedValue {
    pub(super) id: u32,
    pub(super) length: usize,
}

/// Whether a value occurred before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Occurrence {
    /// Not that it is known.
    First,
    /// It did, and is not shared. The number is for [`KnownValues::share`].
    Again(usize),
    /// It did, and is shared.
    Shared(SharedValue),
}

/// Longer origins seldom recur, and would take much memory.
const LONGEST: usize = 4096;
/// The most bytes of all origins.
const MOST: usize = 4 << 20;
/// Number of indexes, as a power of two.
const PLACES: u32 = 12;
/// Number of entries of an index.
const WAYS: usize = 2;

const HASHER: FixedState = FixedState::with_seed(0);

impl KnownValues {
    pub(super) fn new(shared: Option<Arc<SharedValues>>) -> KnownValues {
        KnownValues { shared, known: Vec::new(), size: 0, next_dropped: 0 }
    }

    /// Looks up the value of a group that is made of `origin`, and of nothing else.
    pub(super) fn look_up(&mut self, group: usize, origin: &[u8]) -> Occurrence {
        if self.shared.is_none() || origin.len() > LONGEST {
            return Occurrence::First;
        }
        if self.known.is_empty() {
            self.known.resize_with(1 << PLACES, Default::default);
        }
        let hash = HASHER.hash_one(origin) ^ (group as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (hash >> (u64::BITS - PLACES)) as usize;
        let entries = &mut self.known[place];
        let is_it = |known: &KnownValue| known.hash == hash && known.group == group && *known.origin == *origin;
        let Some(found) = entries.iter().position(is_it) else {
            self.add(place, KnownValue { hash, group, origin: origin.into(), value: None });
            return Occurrence::First;
        };
        entries[..=found].rotate_right(1);
        entries[0].value.map_or(Occurrence::Again(place), Occurrence::Shared)
    }

    /// Adds an entry in the place of the oldest one of its index.
    fn add(&mut self, place: usize, known: KnownValue) {
        self.size += known.origin.len();
        let entries = &mut self.known[place];
        entries.rotate_right(1);
        self.size -= std::mem::replace(&mut entries[0], known).origin.len();
        while self.size > MOST {
            let dropped = std::mem::take(&mut self.known[self.next_dropped]);
            self.size -= dropped.iter().map(|known| known.origin.len()).sum::<usize>();
            self.next_dropped = (self.next_dropped + 1) % self.known.len();
        }
    }

    /// Shares a value that occurred again; `None` if there is no space for it. `place` is
    /// from the look-up before.
    pub(super) fn share(&mut self, place: usize, group: usize, value: &[u8]) -> Option<SharedValue> {
        let id = self.shared.as_ref()?.id(group, value)?;
        let shared = SharedValue { id, length: value.len() };
        self.known.get_mut(place)?[0].value = Some(shared);
        Some(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> KnownValues {
        KnownValues::new(Some(Arc::default()))
    }

    #[test]
    fn a_value_is_shared_when_it_occurs_again() {
        let mut known = known();
        assert_eq!(known.look_up(1, b"a"), Occurrence::First);
        let Occurrence::Again(place) = known.look_up(1, b"a") else { panic!("it is known") };
        let shared = known.share(place, 1, b"value").unwrap();
        assert_eq!(shared, SharedValue { id: 0, length: 5 });
        assert_eq!(known.look_up(1, b"a"), Occurrence::Shared(shared));
        assert_eq!(known.look_up(2, b"a"), Occurrence::First, "another group");
        assert_eq!(known.look_up(1, b"b"), Occurrence::First, "another origin");
    }

    #[test]
    fn what_is_known_has_a_limit() {
        let mut known = known();
        let long = vec![b'x'; LONGEST + 1];
        assert_eq!([known.look_up(0, &long), known.look_up(0, &long)], [Occurrence::First; 2]);
        for number in 0..4 * MOST / LONGEST {
            let origin = format!("{number:LONGEST$}");
            known.look_up(0, origin.as_bytes());
            let size: usize = known.known.iter().flatten().map(|known| known.origin.len()).sum();
            assert!(size == known.size && size <= MOST);
        }
    }
}
