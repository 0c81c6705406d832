//! The encoding of rows: what workers write and the file reads.
//!
//! Numbers have a variable length. A row has a number for each group
//! of columns: 0 for null, an odd one (twice the length, plus one) for a value that follows, and an even one
//! (twice the id, plus two) for a value that rows share, whose length follows.
//!
//! The value of a group is those of its columns, one after another.
//!
//! A value is its length plus one and its bytes. Null is the number 0. An object that is there
//! is the number 1, and its members follow, which are values. A list is the number of its
//! elements plus one, and they follow.

use super::known_values::SharedValue;
use crate::syntax::varint;

/// Appends a length.
pub(super) fn push_length(length: usize, out: &mut Vec<u8>) {
    varint::write(length as u64 + 1, out);
}

/// Begins the value of a group, and returns where it starts.
pub(super) fn begin_own(out: &mut Vec<u8>) -> usize {
    // The place of a short length. Until it is there, this is null.
    out.push(0);
    out.len()
}

/// Ends the value that starts at `start`.
pub(super) fn end_own(start: usize, out: &mut Vec<u8>) {
    let value = &out[start..];
    let number = 2 * value.len() + 1;
    if value == [0] {
        out.truncate(start);
    } else if number < 0x80 {
        out[start - 1] = number as u8;
    } else {
        let mut written = Vec::new();
        varint::write(number as u64, &mut written);
        out.splice(start - 1..start, written);
    }
}

/// Puts the id of a value that rows share in the place of the one that starts at `start`.
pub(super) fn replace_own(start: usize, value: SharedValue, out: &mut Vec<u8>) {
    out.truncate(start - 1);
    push_shared(value, out);
}

/// Appends the id of a value that rows share, and its length.
pub(super) fn push_shared(value: SharedValue, out: &mut Vec<u8>) {
    varint::write(2 * u64::from(value.id) + 2, out);
    varint::write(value.length.into(), out);
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

/// The value of a group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RowValue<'a> {
    /// No value.
    Null,
    /// A value in the row.
    Own(&'a [u8]),
    /// A value that rows share.
    Shared {
        /// Its id among the values of the group.
        id: u32,
        /// Its length.
        length: usize,
    },
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

/// The values of a row, read one by one in the order of the groups.
#[derive(Clone, Copy, Debug)]
pub struct RowValues<'a>(&'a [u8]);

impl<'a> RowValues<'a> {
    /// Reads the value of the next group.
    #[inline]
    pub fn next_value(&mut self) -> RowValue<'a> {
        match read_number(&mut self.0) {
            0 => RowValue::Null,
            own if own & 1 == 1 => RowValue::Own(take(&mut self.0, own >> 1)),
            shared => RowValue::Shared { id: ((shared - 2) >> 1) as u32, length: read_number(&mut self.0) },
        }
    }
}

/// A value, and those that are nested in it, read one by one.
#[derive(Clone, Copy, Debug)]
pub struct NestedValues<'a>(&'a [u8]);

impl<'a> NestedValues<'a> {
    /// Begins with a value.
    pub fn new(value: &'a [u8]) -> NestedValues<'a> {
        NestedValues(value)
    }

    /// Reads a length; `None` for null.
    #[inline]
    pub fn length(&mut self) -> Option<usize> {
        read_number(&mut self.0).checked_sub(1)
    }

    /// Reads the bytes of a value, behind its length.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        take(&mut self.0, length)
    }
}

/// Reads a number; 0 at the end.
#[inline]
fn read_number(from: &mut &[u8]) -> usize {
    varint::read(from).unwrap_or(0) as usize
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (bytes, rest) = from.split_at_checked(length).unwrap_or((*from, &[]));
    *from = rest;
    bytes
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
        let mut values = NestedValues(&row);
        for length in [0, 1, 126, 127, 128, 70_000] {
            assert_eq!(values.length(), Some(length));
            assert_eq!(values.take(length), vec![b'x'; length]);
            assert_eq!(values.length(), None);
        }
        assert_eq!(values.length(), None, "the end");
    }

    #[test]
    fn groups_are_read_as_they_were_written() {
        let (mut row, long) = (Vec::new(), vec![b'x'; 70_000]);
        for value in [&b""[..], &[0], &long] {
            let start = begin_own(&mut row);
            row.extend_from_slice(value);
            end_own(start, &mut row);
        }
        push_shared(SharedValue { id: 0, length: 5 }, &mut row);
        let start = begin_own(&mut row);
        row.push(b'x');
        replace_own(start, SharedValue { id: 70_000, length: 0 }, &mut row);
        let mut values = RowValues(&row);
        let read: Vec<_> = (0..6).map(|_| values.next_value()).collect();
        let shared = |id, length| RowValue::Shared { id, length };
        let expected = [RowValue::Own(b""), RowValue::Null, RowValue::Own(&long), shared(0, 5), shared(70_000, 0)];
        assert_eq!(read[..5], expected);
        assert_eq!(read[5], RowValue::Null, "the end");
    }
}
