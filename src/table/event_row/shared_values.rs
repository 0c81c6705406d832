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
    /// For each column its values.
    columns: Vec<ColumnValues>,
    /// Size of all values in bytes.
    size: usize,
}

/// The values of a column, one behind the other.
#[derive(Debug, Default)]
struct ColumnValues {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    table: HashTable<u32>,
}

/// The most bytes of all values.
const MOST: usize = 24 << 20;
/// What a value takes in addition.
const OVERHEAD: usize = 16;

const HASHER: FixedState = FixedState::with_seed(0);

impl SharedValues {
    /// The id of a value of a column; `None` if it is not stored, and there is no space for it.
    pub fn id(&self, column: usize, value: &[u8]) -> Option<u32> {
        let mut stored = self.stored();
        let StoredValues { columns, size } = &mut *stored;
        if column >= columns.len() {
            columns.resize_with(column + 1, ColumnValues::default);
        }
        let ColumnValues { bytes, ends, table } = &mut columns[column];
        let at = |id: u32| value_at(bytes, ends, id);
        let place = match table.entry(HASHER.hash_one(value), |id| at(*id) == value, |id| HASHER.hash_one(at(*id))) {
            Entry::Occupied(known) => return Some(*known.get()),
            Entry::Vacant(place) => place,
        };
        if *size + value.len() + OVERHEAD > MOST {
            return None;
        }
        *size += value.len() + OVERHEAD;
        let id = ends.len() as u32;
        place.insert(id);
        bytes.extend_from_slice(value);
        ends.push(bytes.len() as u32);
        Some(id)
    }

    /// A copy of the value of a column with this id.
    pub fn value(&self, column: usize, id: u32) -> Vec<u8> {
        let stored = self.stored();
        let column = stored.columns.get(column).filter(|column| (id as usize) < column.ends.len());
        column.map_or_else(Vec::new, |column| value_at(&column.bytes, &column.ends, id).to_vec())
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
    fn equal_values_of_a_column_have_one_id() {
        let shared = SharedValues::default();
        let ids: Vec<_> = [(0, "a"), (0, ""), (1, "a"), (0, "a"), (0, "")]
            .map(|(column, value)| shared.id(column, value.as_bytes()).unwrap())
            .into();
        assert_eq!(ids, [0, 1, 0, 0, 1]);
        assert_eq!((shared.value(0, 0), shared.value(0, 1), shared.value(1, 0)), (b"a".into(), vec![], b"a".into()));
        assert_eq!(shared.value(7, 0), b"");
    }

    #[test]
    fn a_full_store_takes_no_more() {
        let shared = SharedValues::default();
        let large = vec![b'x'; MOST / 2];
        assert_eq!(shared.id(0, &large), Some(0));
        assert_eq!(shared.id(1, &large), None);
        assert_eq!(shared.id(0, &large), Some(0));
    }
}
