//! The distinct values of a column in a row group, in the order in which they came.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Distinct values, each with an index.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// All values as the file has them, one after another.
    bytes: Vec<u8>,
    /// The start and the end of the content of each value in `bytes`.
    places: Vec<(u32, u32)>,
    table: HashTable<u32>,
    /// The index of the last value.
    last: u32,
}

/// A fixed seed, as the order of values does not depend on hashes.
const HASHER: FixedState = FixedState::with_seed(0);

impl Dictionary {
    /// The index of a value, which is added if it is new. In the file, texts have their lengths
    /// in front.
    pub(super) fn index(&mut self, value: &[u8], is_text: bool) -> u32 {
        // Values often recur at once.
        if !self.places.is_empty() && self.value(self.last) == value {
            return self.last;
        }
        let (bytes, places) = (&self.bytes, &self.places);
        let at = |index: u32| {
            let (start, end) = places[index as usize];
            &bytes[start as usize..end as usize]
        };
        let entry =
            self.table.entry(HASHER.hash_one(value), |index| at(*index) == value, |index| HASHER.hash_one(at(*index)));
        self.last = match entry {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let index = self.places.len() as u32;
                place.insert(index);
                if is_text {
                    self.bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
                }
                let start = self.bytes.len() as u32;
                self.bytes.extend_from_slice(value);
                self.places.push((start, self.bytes.len() as u32));
                index
            }
        };
        self.last
    }

    /// The value with an index.
    pub(super) fn value(&self, index: u32) -> &[u8] {
        let (start, end) = self.places[index as usize];
        &self.bytes[start as usize..end as usize]
    }

    /// The first `count` values as the file has them.
    pub(super) fn page(&self, count: usize) -> &[u8] {
        let end = count.checked_sub(1).map_or(0, |last| self.places[last].1);
        &self.bytes[..end as usize]
    }
}
