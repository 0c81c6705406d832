//! Keys as they are written, compared without reading them.

use super::escape::unescape;

/// Whether a key as written stands for `name`.
pub fn key_is(written: &[u8], name: &[u8]) -> bool {
    /// No escape has more bytes than this for each of its character's.
    const WIDEST: usize = 6;
    written == name
        || (written.len() <= WIDEST * name.len() && written.contains(&b'\\') && unescape(written).as_bytes() == name)
}

/// A key as it is written before its value, with the byte before it, its
/// quotes and its colon, made to be compared fast.
#[derive(Clone, Copy, Debug)]
pub struct KeyBytes {
    bytes: [u8; KeyBytes::LONGEST],
    /// All ones where a byte has to be compared.
    mask: [u8; KeyBytes::LONGEST],
    length: usize,
}

impl KeyBytes {
    /// Longer than the keys that there are in the format.
    const LONGEST: usize = 32;

    /// Is found nowhere.
    pub const NEVER: KeyBytes =
        KeyBytes { bytes: [1; KeyBytes::LONGEST], mask: [0; KeyBytes::LONGEST], length: KeyBytes::LONGEST };

    /// Not a key, but the end of an object.
    pub const END: KeyBytes = {
        let mut end = KeyBytes { bytes: [0; KeyBytes::LONGEST], mask: [0; KeyBytes::LONGEST], length: 1 };
        (end.bytes[0], end.mask[0]) = (b'}', 0xff);
        end
    };

    /// Of a key without its quotes, and the byte that stands before it.
    pub fn new(before: u8, key: &[u8]) -> KeyBytes {
        let length = key.len() + 4;
        if length > KeyBytes::LONGEST {
            return KeyBytes::NEVER;
        }
        let (mut bytes, mut mask) = ([0; KeyBytes::LONGEST], [0; KeyBytes::LONGEST]);
        bytes[..2].copy_from_slice(&[before, b'"']);
        bytes[2..length - 2].copy_from_slice(key);
        bytes[length - 2..length].copy_from_slice(b"\":");
        mask[..length].fill(0xff);
        KeyBytes { bytes, mask, length }
    }

    /// Whether these bytes begin with it.
    #[inline(always)]
    pub fn is_at_start(&self, bytes: &[u8; KeyBytes::LONGEST]) -> bool {
        let masked: [u8; KeyBytes::LONGEST] = std::array::from_fn(|at| bytes[at] & self.mask[at]);
        masked == self.bytes
    }

    /// The number of bytes that it takes.
    #[inline(always)]
    pub fn length(&self) -> usize {
        self.length
    }
}
