//! The encoding of rows: what workers write and the file reads.
//!
//! A value is its length plus one, as a number of seven bits a byte with the low ones first,
//! and its bytes. Null is the number 0. An object that is there is the number 1, and its
//! members follow. A list is the number of its elements plus one, and they follow.

/// Appends a length.
pub(super) fn push_length(length: usize, out: &mut Vec<u8>) {
    let mut rest = length + 1;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends a null.
pub(super) fn push_null(out: &mut Vec<u8>) {
    out.push(0);
}

/// The lengths at the start of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RowStart {
    /// The length of the row without this start.
    pub length: usize,
    /// The length of its key.
    pub key: usize,
}

impl RowStart {
    /// The bytes that a start takes.
    pub const SIZE: usize = 8;

    /// Reads the start of a row.
    pub fn read(start: [u8; RowStart::SIZE]) -> RowStart {
        let (length, key) = (number(&start), number(&start[4..]));
        RowStart { length: length.saturating_sub(4), key: key.min(length) }
    }
}

/// A row behind its start and its key.
#[derive(Clone, Copy, Debug)]
pub struct SplitRow<'a> {
    /// The folder of its partition.
    pub folder: &'a str,
    /// Its values.
    pub values: RowValues<'a>,
}

impl<'a> SplitRow<'a> {
    /// Splits a row, which begins with its key of `key` bytes.
    pub fn new(row: &'a [u8], key: usize) -> SplitRow<'a> {
        let (key, rest) = row.split_at_checked(key).unwrap_or((row, &[]));
        let folder = key.get(..number(rest)).unwrap_or(&[]);
        SplitRow { folder: str::from_utf8(folder).unwrap_or(""), values: RowValues(rest.get(4..).unwrap_or(&[])) }
    }
}

/// The number in the first four bytes.
fn number(bytes: &[u8]) -> usize {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
}

/// The values of a row, read one by one in the order of the schema.
#[derive(Clone, Copy, Debug)]
pub struct RowValues<'a>(&'a [u8]);

impl<'a> RowValues<'a> {
    /// The bytes that are not read yet.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Reads a length; `None` for null.
    #[inline]
    pub fn length(&mut self) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        while let Some((byte, rest)) = self.0.split_first() {
            self.0 = rest;
            number |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        usize::checked_sub(number, 1)
    }

    /// Reads the bytes of a value, behind its length.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at_checked(length).unwrap_or((self.0, &[]));
        self.0 = rest;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_were_written() {
        let mut row = Vec::new();
        for length in [0, 1, 126, 127, 128, 70_000] {
            push_length(length, &mut row);
            row.extend(vec![b'x'; length]);
            push_null(&mut row);
        }
        let mut values = RowValues(&row);
        for length in [0, 1, 126, 127, 128, 70_000] {
            assert_eq!(values.length(), Some(length));
            assert_eq!(values.take(length), vec![b'x'; length]);
            assert_eq!(values.length(), None);
        }
        assert_eq!(values.length(), None, "the end");
    }
}
