//! Numbers and texts as bytes, and back.

use crate::syntax::varint;

/// Appends a text after its length.
pub(super) fn write_text(text: &[u8], out: &mut Vec<u8>) {
    varint::write(text.len() as u64, out);
    out.extend_from_slice(text);
}

/// Reads what was written. Everything is `None` when the bytes end too early.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordBytes<'a>(pub(super) &'a [u8]);

impl<'a> RecordBytes<'a> {
    /// The next bytes, of a fixed number.
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    /// A flag, which is a byte of 0 or 1.
    pub(super) fn flag(&mut self) -> Option<bool> {
        self.byte().filter(|byte| *byte < 2).map(|byte| byte == 1)
    }

    /// A number.
    pub(super) fn number(&mut self) -> Option<u64> {
        varint::read(&mut self.0)
    }

    /// The next bytes, of this number.
    pub(super) fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length.try_into().ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A text after its length.
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.bytes(length)
    }

    /// Whether all was read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_read_back() {
        let mut bytes = Vec::new();
        let numbers = [0, 1, 127, 128, 300, u64::MAX - 1, u64::MAX];
        for number in numbers {
            varint::write(number, &mut bytes);
            write_text(number.to_string().as_bytes(), &mut bytes);
        }
        let mut read = RecordBytes(&bytes);
        for number in numbers {
            assert_eq!(read.number(), Some(number));
            assert_eq!(read.text(), Some(number.to_string().as_bytes()));
        }
        assert!(read.is_empty());
    }

    #[test]
    fn bytes_that_end_too_early_are_rejected() {
        assert_eq!(RecordBytes(&[3, 1, 2]).text(), None);
        assert_eq!(RecordBytes(&[2]).flag(), None);
    }
}
