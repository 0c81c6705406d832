//! Keys as they are written, compared without reading them.

use super::escape::unescape;

/// Whether a key as written stands for `name`.
pub fn key_is(written: &[u8], name: &[u8]) -> bool {
    written == name || (written.contains(&b'\\') && unescape(written).as_bytes() == name)
}

/// A key as it is written before its value, with quotes and colon, made to be
/// compared fast.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    halves: [u128; 2],
    masks: [u128; 2],
    length: usize,
}

impl Written {
    /// Is found nowhere.
    pub const NEVER: Written = Written { halves: [1, 0], masks: [0, 0], length: 0 };

    /// Of a key without its quotes. Longer ones than there are in the format
    /// are found nowhere.
    pub fn new(key: &[u8]) -> Written {
        let mut bytes = [0; 32];
        let length = key.len() + 3;
        if length > bytes.len() {
            return Written::NEVER;
        }
        bytes[0] = b'"';
        bytes[1..=key.len()].copy_from_slice(key);
        bytes[length - 2..length].copy_from_slice(b"\":");
        let mut mask = [0; 32];
        mask[..length].fill(0xff);
        Written { halves: halves(&bytes), masks: halves(&mask), length }
    }

    /// Its length, if the bytes begin with it. Near the end of a text, where
    /// there are not enough bytes to compare at once, it is not found.
    #[inline]
    pub(super) fn found_in(&self, bytes: &[u8]) -> Option<usize> {
        let found = halves(bytes.first_chunk()?);
        let difference = (found[0] & self.masks[0] ^ self.halves[0]) | (found[1] & self.masks[1] ^ self.halves[1]);
        (difference == 0).then_some(self.length)
    }
}

#[inline]
fn halves(bytes: &[u8; 32]) -> [u128; 2] {
    let (halves, _) = bytes.as_chunks::<16>();
    [u128::from_le_bytes(halves[0]), u128::from_le_bytes(halves[1])]
}
