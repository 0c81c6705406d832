//! Numbers and texts as bytes, and back.

/// Appends a number in 7-bit groups, the lowest first, of which all but the last have the
/// high bit.
pub(super) fn write_number(number: u64, out: &mut Vec<u8>) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends a text behind its length.
pub(super) fn write_text(text: &[u8], out: &mut Vec<u8>) {
    write_number(text.len() as u64, out);
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
        let mut number = 0;
        for at in 0..10 {
            let byte = self.byte()?;
            let group = u64::from(byte & 0x7f);
            number |= group << (7 * at);
            if byte & 0x80 == 0 {
                return (group << (7 * at) >> (7 * at) == group).then_some(number);
            }
        }
        None
    }

    /// The next bytes, of this number.
    pub(super) fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length.try_into().ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A text behind its length.
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
            write_number(number, &mut bytes);
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
    fn bytes_that_end_too_early_or_are_too_large_are_no_number() {
        for bytes in
            [&[][..], &[0x80], &[0xff; 9], &[0xff; 11], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
        {
            assert_eq!(RecordBytes(bytes).number(), None, "{bytes:?}");
        }
        assert_eq!(RecordBytes(&[3, 1, 2]).text(), None);
        assert_eq!(RecordBytes(&[2]).flag(), None);
    }
}
