//! Numbers, letters and identifiers derived from a seed, the same on every machine.

use std::fmt::Write as _;

use fastrand::Rng;

/// The characters of a random text.
#[derive(Clone, Copy)]
pub(super) enum Alphabet {
    Base64,
    Base64Url,
    /// The characters at the end of a log file's name.
    Name,
    Upper,
}

impl Alphabet {
    fn letters(self) -> &'static [u8] {
        match self {
            Alphabet::Base64 => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            Alphabet::Base64Url => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
            Alphabet::Name => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            Alphabet::Upper => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        }
    }
}

/// The FNV-1a hash of a text, the same on every machine.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Mixes two numbers into one, with the finalizer of SplitMix64.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let mut mixed = a.wrapping_add(b.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Appends `count` letters of an alphabet, derived from the seed.
pub(super) fn letters(seed: u64, alphabet: Alphabet, count: usize, out: &mut String) {
    let letters = alphabet.letters();
    let mut rng = Rng::with_seed(seed);
    for _ in 0..count {
        out.push(char::from(letters[rng.usize(..letters.len())]));
    }
}

/// Appends a random (version 4) UUID, derived from the seed.
pub(super) fn uuid(seed: u64, out: &mut String) {
    let (high, low) = (mix(seed, 0), mix(seed, 1));
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        8 + (low >> 62),
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff,
    );
}
