//! A compact batch of listed objects. A million of them take about 30 megabytes while they wait
//! for their turn, a tenth of the unpacked size.

use crate::syntax::varint;

/// A listed object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) access: ObjectAccess,
}

/// Availability of an object, by its storage class.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum ObjectAccess {
    /// Readable immediately.
    #[default]
    Immediate,
    /// Readable only after being restored from an archive.
    Archived,
    /// Being restored, so readable later.
    Restoring,
}

impl ObjectAccess {
    const ALL: [ObjectAccess; 3] = [ObjectAccess::Immediate, ObjectAccess::Archived, ObjectAccess::Restoring];
}

/// Objects in key order. Each key is stored without the prefix it shares with the previous one.
#[derive(Clone, Debug, Default)]
pub(super) struct ObjectBatch {
    /// Concatenated suffixes of the keys.
    endings: String,
    /// For each object: length of the prefix shared with the previous key, length of the
    /// suffix, size and access, as variable-length integers.
    numbers: Vec<u8>,
    count: usize,
    last_key: String,
}

impl ObjectBatch {
    pub(super) fn push(&mut self, key: &str, size: u64, access: ObjectAccess) {
        let same = self.last_key.bytes().zip(key.bytes()).take_while(|(one, other)| one == other).count();
        let common = (0..=same).rev().find(|at| key.is_char_boundary(*at)).unwrap_or(0);
        self.endings.push_str(&key[common..]);
        for number in [common as u64, (key.len() - common) as u64, size, access as u64] {
            varint::write(number, &mut self.numbers);
        }
        self.last_key.clear();
        self.last_key.push_str(key);
        self.count += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Returns the memory used, in bytes.
    pub(super) fn size(&self) -> usize {
        self.endings.capacity() + self.numbers.capacity() + self.last_key.capacity()
    }

    /// Releases unused capacity.
    pub(super) fn pack(mut self) -> ObjectBatch {
        self.endings.shrink_to_fit();
        self.numbers.shrink_to_fit();
        self
    }

    pub(super) fn objects(&self) -> BatchObjects<'_> {
        BatchObjects { endings: &self.endings, numbers: &self.numbers, key: String::new() }
    }
}

/// Iterates over the objects of a batch and unpacks them one by one.
pub(super) struct BatchObjects<'a> {
    endings: &'a str,
    numbers: &'a [u8],
    key: String,
}

impl Iterator for BatchObjects<'_> {
    type Item = Object;

    fn next(&mut self) -> Option<Object> {
        let (common, length) = (varint::read(&mut self.numbers)? as usize, varint::read(&mut self.numbers)? as usize);
        let size = varint::read(&mut self.numbers)?;
        let access = *ObjectAccess::ALL.get(varint::read(&mut self.numbers)? as usize)?;
        let (ending, rest) = self.endings.split_at_checked(length)?;
        self.endings = rest;
        self.key.truncate(common);
        self.key.push_str(ending);
        Some(Object { key: self.key.clone(), size, access })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_round_trip() {
        let objects: Vec<Object> = [("", 0), ("a", 127), ("a/é1", 128), ("a/ê1", 1), ("a/ê12", u64::MAX), ("b", 300)]
            .into_iter()
            .zip(ObjectAccess::ALL.into_iter().cycle())
            .map(|((key, size), access)| Object { key: key.into(), size, access })
            .collect();
        let mut page = ObjectBatch::default();
        objects.iter().for_each(|object| page.push(&object.key, object.size, object.access));
        let page = page.pack();
        assert_eq!((page.objects().collect::<Vec<_>>(), page.len()), (objects, 6));
    }

    #[test]
    fn log_keys_are_stored_compactly() {
        let mut page = ObjectBatch::default();
        for number in 0..1000 {
            let minute = format!("20261001T{:02}{:02}Z", number / 60, number % 60);
            page.push(
                &format!(
                    "AWSLogs/o-abcdefghij/111122223333/CloudTrail/ap-southeast-2/2026/10/01/\
                     111122223333_CloudTrail_ap-southeast-2_{minute}_{number:016}.json.gz"
                ),
                1500,
                ObjectAccess::Immediate,
            );
        }
        assert!(page.pack().size() < 36_000);
    }
}
