//! Compares keys as they are written, without unescaping them.

use super::escape::unescape;

/// Whether a key as written represents `name`.
pub fn key_is(written: &[u8], name: &[u8]) -> bool {
    /// The most bytes that an escape needs per byte of its character.
    const WIDEST: usize = 6;
    written == name
        // An escape is longer than its character.
        || ((name.len() + 1..=WIDEST * name.len()).contains(&written.len())
            && memchr::memchr(b'\\', written).is_some()
            && unescape(written).as_bytes() == name)
}

/// A key as written with the byte before it, its quotes and its colon, in a form that
/// is fast to compare: one cache line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(align(64))]
pub struct KeyBytes {
    words: [u64; KeyBytes::WORDS],
    /// All ones for each byte that has to match.
    masks: [u64; KeyBytes::WORDS],
}

impl KeyBytes {
    const WORDS: usize = 4;

    /// Longer than every key of the format.
    pub const MAX_LENGTH: usize = 8 * KeyBytes::WORDS;

    /// Number of bytes of a pattern that are not the key's.
    pub const SURROUNDINGS: usize = 4;

    /// Matches nothing.
    pub const NEVER: KeyBytes = KeyBytes { words: [1; KeyBytes::WORDS], masks: [0; KeyBytes::WORDS] };

    /// The end of an object, in place of a key.
    pub const END: KeyBytes = KeyBytes { words: [b'}' as u64, 0, 0, 0], masks: [0xff, 0, 0, 0] };

    /// Creates the pattern of a key without its quotes, and of the byte before it.
    pub fn new(before: u8, key: &[u8]) -> KeyBytes {
        let length = key.len() + KeyBytes::SURROUNDINGS;
        if length > KeyBytes::MAX_LENGTH {
            return KeyBytes::NEVER;
        }
        let (mut bytes, mut mask) = ([0; KeyBytes::MAX_LENGTH], [0; KeyBytes::MAX_LENGTH]);
        bytes[..2].copy_from_slice(&[before, b'"']);
        bytes[2..length - 2].copy_from_slice(key);
        bytes[length - 2..length].copy_from_slice(b"\":");
        mask[..length].fill(0xff);
        KeyBytes { words: words(&bytes), masks: words(&mask) }
    }

    /// Whether `bytes` start with this key.
    #[inline(always)]
    pub fn is_at_start(&self, bytes: &[u8; KeyBytes::MAX_LENGTH]) -> bool {
        let found = words(bytes);
        // Without a branch per word, all are compared at once.
        (0..KeyBytes::WORDS).fold(0, |differ, at| differ | (found[at] & self.masks[at]) ^ self.words[at]) == 0
    }
}

/// The bytes as words.
#[inline(always)]
fn words(bytes: &[u8; KeyBytes::MAX_LENGTH]) -> [u64; KeyBytes::WORDS] {
    let (words, _) = bytes.as_chunks();
    std::array::from_fn(|at| u64::from_le_bytes(words[at]))
}
