//! Compares keys as they are written, without unescaping them.

use super::escape::unescape;

/// Whether a key as written represents `name`.
pub fn key_is(written: &[u8], name: &[u8]) -> bool {
    /// The most bytes that an escape needs per byte of its character.
    const WIDEST: usize = 6;
    written == name
        || (written.len() <= WIDEST * name.len() && written.contains(&b'\\') && unescape(written).as_bytes() == name)
}

/// A key as written with the byte before it, its quotes and its colon, in a form that
/// is fast to compare.
#[derive(Clone, Copy, Debug)]
pub struct KeyBytes {
    bytes: [u8; KeyBytes::LONGEST],
    /// All ones for each byte that has to match.
    mask: [u8; KeyBytes::LONGEST],
    length: usize,
}

impl KeyBytes {
    /// Longer than every key of the format.
    const LONGEST: usize = 32;

    /// Matches nothing.
    pub const NEVER: KeyBytes =
        KeyBytes { bytes: [1; KeyBytes::LONGEST], mask: [0; KeyBytes::LONGEST], length: KeyBytes::LONGEST };

    /// The end of an object, in place of a key.
    pub const END: KeyBytes = {
        let mut end = KeyBytes { bytes: [0; KeyBytes::LONGEST], mask: [0; KeyBytes::LONGEST], length: 1 };
        (end.bytes[0], end.mask[0]) = (b'}', 0xff);
        end
    };

    /// Creates the pattern of a key without its quotes, and of the byte before it.
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

    /// Whether `bytes` start with this key.
    #[inline(always)]
    pub fn is_at_start(&self, bytes: &[u8; KeyBytes::LONGEST]) -> bool {
        let masked: [u8; KeyBytes::LONGEST] = std::array::from_fn(|at| bytes[at] & self.mask[at]);
        masked == self.bytes
    }

    /// The length of the key in bytes, with its surroundings.
    #[inline(always)]
    pub fn length(&self) -> usize {
        self.length
    }
}
