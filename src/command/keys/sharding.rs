//! Splits a list into shards: consecutive ranges of about equal size. The list is on disk until
//! its total size is known.

use crate::error::Error;
use crate::source::key_list::line::ListedObject;
use crate::spill::scratch::ScratchFile;

/// A list to split.
pub(super) struct ShardedList {
    lines: ScratchFile,
    /// Sum of the weights of all objects.
    weight: u128,
    line: Vec<u8>,
}

/// Bytes of the list that are read at once.
const PIECE: u64 = 256 << 10;

impl ShardedList {
    pub(super) fn new() -> Result<ShardedList, Error> {
        Ok(ShardedList { lines: ScratchFile::new()?, weight: 0, line: Vec::new() })
    }

    /// Adds an object.
    pub(super) fn add(&mut self, object: &ListedObject) -> Result<(), Error> {
        let size = object.size.unwrap_or_default();
        self.weight += weight(size);
        self.line.clear();
        self.line.extend_from_slice(&size.to_le_bytes());
        let start = self.line.len() + size_of::<u32>();
        self.line.resize(start, 0);
        object.write(&mut self.line);
        let length = (self.line.len() - start) as u32;
        self.line[start - size_of::<u32>()..start].copy_from_slice(&length.to_le_bytes());
        self.lines.append(&self.line)
    }

    /// Passes each line to `each`, with the number of its shard, from 0, and its size. The shards
    /// are consecutive, and some can be empty.
    pub(super) fn each_line(
        mut self,
        shards: u32,
        mut each: impl FnMut(u32, &[u8], u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        const HEADER: usize = size_of::<u64>() + size_of::<u32>();
        self.lines.seal()?;
        let (mut at, end, mut before) = (0, self.lines.end(), 0);
        let mut read = Vec::new();
        while at < end {
            let length = (end - at).min(PIECE);
            read.resize(length as usize, 0);
            self.lines.read(at, &mut read)?;
            let mut rest = &read[..];
            // A line is shorter than a piece, so each piece has at least one.
            while let Some((size, after)) = rest.split_first_chunk()
                && let Some((line, after)) = after.split_first_chunk()
                && let Some((line, after)) = after.split_at_checked(u32::from_le_bytes(*line) as usize)
            {
                let size = u64::from_le_bytes(*size);
                each(self.shard(before, size, shards), line, size)?;
                before += weight(size);
                at += (HEADER + line.len()) as u64;
                rest = after;
            }
        }
        Ok(())
    }

    /// The shard of an object with this weight before it: the one in which its middle lies.
    fn shard(&self, before: u128, size: u64, shards: u32) -> u32 {
        let middle = 2 * before + weight(size);
        let shard = middle * u128::from(shards) / (2 * self.weight).max(1);
        u32::try_from(shard).unwrap_or(u32::MAX).min(shards - 1)
    }
}

/// An object counts by its size. Even an empty one must be read.
fn weight(size: u64) -> u128 {
    u128::from(size.max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::key_list::line::ListedName;

    /// The numbers of the shards of objects with these sizes.
    fn split(sizes: &[u64], shards: u32) -> Vec<u32> {
        let mut list = ShardedList::new().unwrap();
        let object =
            |number: usize, size| ListedObject { name: ListedName::File(number.to_string().into()), size: Some(size) };
        for (number, size) in sizes.iter().enumerate() {
            list.add(&object(number, *size)).unwrap();
        }
        let mut split = Vec::new();
        list.each_line(shards, |shard, line, size| {
            assert_eq!(line, format!("{}\t{size}\n", split.len()).as_bytes());
            assert_eq!(size, sizes[split.len()]);
            split.push(shard);
            Ok(())
        })
        .unwrap();
        assert_eq!(split.len(), sizes.len());
        split
    }

    #[test]
    fn objects_are_split_by_size() {
        assert_eq!(split(&[], 3), [0; 0]);
        assert_eq!(split(&[0, 0, 0, 0], 2), [0, 0, 1, 1]);
        assert_eq!(split(&[5, 5, 5, 5, 5, 5], 3), [0, 0, 1, 1, 2, 2]);
        assert_eq!(split(&[100, 1, 1, 1, 97], 2), [0, 1, 1, 1, 1]);
        assert_eq!(split(&[7], 4), [2]);
        assert_eq!(split(&[u64::MAX, u64::MAX], 2), [0, 1]);
        assert_eq!(split(&[1; 100_000], 1).iter().max(), Some(&0));
        let many = split(&[3; 100_000], 8);
        assert!((0..8).all(|shard| many.iter().filter(|number| **number == shard).count() == 12_500));
    }

    proptest! {
        #[test]
        fn shards_are_consecutive_and_differ_by_an_object(sizes in prop::collection::vec(0..1000_u64, 0..300), shards in 1..20_u32) {
            let split = split(&sizes, shards);
            prop_assert!(split.is_sorted() && split.iter().all(|shard| *shard < shards));
            let total: u64 = sizes.iter().map(|size| size.max(&1)).sum();
            let largest = sizes.iter().copied().max().unwrap_or_default().max(1);
            for shard in 0..shards {
                let own = sizes.iter().zip(&split).filter(|(_, of)| **of == shard).map(|(size, _)| size.max(&1)).sum::<u64>();
                prop_assert!(own <= total / u64::from(shards) + 1 + largest, "{own} of {total}");
            }
        }
    }
}
