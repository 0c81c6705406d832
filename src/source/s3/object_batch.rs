//! Objects of a list, packed: while they wait for their turn, a million take
//! some 30 megabytes and not ten times that.

/// An object of the list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) access: ObjectAccess,
}

/// Whether S3 gives an object to those who may read it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum ObjectAccess {
    /// At once.
    #[default]
    Immediate,
    /// Only after it was restored from an archive.
    Archived,
    /// Soon: it is being restored.
    Restoring,
}

impl ObjectAccess {
    const ALL: [ObjectAccess; 3] = [ObjectAccess::Immediate, ObjectAccess::Archived, ObjectAccess::Restoring];
}

/// Objects in the order of their keys. Of each key only what differs from the
/// one before is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct ObjectBatch {
    /// What the keys end in, one after the other.
    endings: String,
    /// Of each object: how many bytes its key has in common with the last one,
    /// how many its own ending has, its size, and whether it can be read.
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
            write(&mut self.numbers, number);
        }
        self.last_key.clear();
        self.last_key.push_str(key);
        self.count += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// How many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.endings.capacity() + self.numbers.capacity() + self.last_key.capacity()
    }

    /// Gives back the memory that was in store for more objects.
    pub(super) fn pack(mut self) -> ObjectBatch {
        self.endings.shrink_to_fit();
        self.numbers.shrink_to_fit();
        self
    }

    pub(super) fn objects(&self) -> BatchObjects<'_> {
        BatchObjects { endings: &self.endings, numbers: &self.numbers, key: String::new() }
    }
}

/// The objects of a page, unpacked one by one.
pub(super) struct BatchObjects<'a> {
    endings: &'a str,
    numbers: &'a [u8],
    key: String,
}

impl Iterator for BatchObjects<'_> {
    type Item = Object;

    fn next(&mut self) -> Option<Object> {
        let (common, length) = (read(&mut self.numbers)? as usize, read(&mut self.numbers)? as usize);
        let size = read(&mut self.numbers)?;
        let access = *ObjectAccess::ALL.get(read(&mut self.numbers)? as usize)?;
        let (ending, rest) = self.endings.split_at_checked(length)?;
        self.endings = rest;
        self.key.truncate(common);
        self.key.push_str(ending);
        Some(Object { key: self.key.clone(), size, access })
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn write(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_come_out_as_they_went_in() {
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
    fn keys_of_logs_take_little() {
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
