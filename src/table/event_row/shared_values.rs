//! The values that rows share: those that recur from event to event are stored once, and rows
//! have their ids.

use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// A store of values, which threads fill together. A full one takes no more values.
#[derive(Debug, Default)]
pub struct SharedValues(Mutex<StoredValues>);

#[derive(Debug, Default)]
struct StoredValues {
    /// For each group of columns its values.
    groups: Vec<GroupValues>,
    /// Size of all values in bytes.
    size: usize,
}

/// The values of a group, one after another.
#[derive(Debug, Default)]
struct GroupValues {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<u32>,
}

/// The most bytes of all values.
const MAX_BYTES: usize = 24 << 20;
/// What a value takes in addition, here and in each of the columns.
const OVERHEAD: usize = 128;

const HASHER: FixedState = FixedState::with_seed(0);

impl SharedValues {
    /// The id of a value of a group; `None` if it is not stored, and there is no space for it.
    pub fn id(&self, group: usize, value: &[u8]) -> Option<u32> {
        let mut stored = self.stored();
        let StoredValues { groups, size } = &mut *stored;
        if group >= groups.len() {
            groups.resize_with(group + 1, GroupValues::default);
        }
        let GroupValues { bytes, ends, table } = &mut groups[group];
        let at = |id: u32| value_at(bytes, ends, id);
        let place = match table.entry(HASHER.hash_one(value), |id| at(*id) == value, |id| HASHER.hash_one(at(*id))) {
            Entry::Occupied(known) => return Some(*known.get()),
            Entry::Vacant(place) => place,
        };
        if *size + value.len() + OVERHEAD > MAX_BYTES {
            return None;
        }
        *size += value.len() + OVERHEAD;
        let id = ends.len() as u32;
        place.insert(id);
        bytes.extend_from_slice(value);
        ends.push(bytes.len() as u32);
        Some(id)
    }

    /// A copy of the value of a group with this id.
    pub fn value(&self, group: usize, id: u32) -> Vec<u8> {
        let stored = self.stored();
        let group = stored.groups.get(group).filter(|group| (id as usize) < group.ends.len());
        group.map_or_else(Vec::new, |group| value_at(&group.bytes, &group.ends, id).to_vec())
    }

    fn stored(&self) -> MutexGuard<'_, StoredValues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn value_at<'a>(bytes: &'a [u8], ends: &[u32], id: u32) -> &'a [u8] {
    let start = id.checked_sub(1).map_or(0, |before| ends[before as usize]);
    &bytes[start as usize..ends[id as usize] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_of_a_group_have_one_id() {
        let shared = SharedValues::default();
        let ids: Vec<_> = [(0, "a"), (0, ""), (1, "a"), (0, "a"), (0, "")]
            .map(|(group, value)| shared.id(group, value.as_bytes()).unwrap())
            .into();
        assert_eq!(ids, [0, 1, 0, 0, 1]);
        assert_eq!((shared.value(0, 0), shared.value(0, 1), shared.value(1, 0)), (b"a".into(), vec![], b"a".into()));
        assert_eq!(shared.value(7, 0), b"");
    }

    #[test]
    fn a_full_store_takes_no_more() {
        let shared = SharedValues::default();
        let large = vec![b'x'; MAX_BYTES / 2];
        assert_eq!(shared.id(0, &large), Some(0));
        assert_eq!(shared.id(1, &large), None);
        assert_eq!(shared.id(0, &large), Some(0));
    }
}
