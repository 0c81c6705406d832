//! SHA-256 hashes and hexadecimal texts, as digests write them.

use std::fmt;

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Sha256Hash(pub [u8; 32]);

impl Sha256Hash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Sha256Hash {
        Sha256Hash(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits; `None` for any other text.
    pub fn parse(text: &str) -> Option<Sha256Hash> {
        from_hex(text)?.try_into().ok().map(Sha256Hash)
    }
}

impl fmt::Display for Sha256Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The bytes of a hexadecimal text; `None` for any other text.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_and_written_as_hexadecimal_digits() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Sha256Hash::of(b"").to_string(), text);
        assert_eq!(Sha256Hash::parse(text), Some(Sha256Hash::of(b"")));
        assert_eq!(Sha256Hash::parse(&text.to_uppercase()), Some(Sha256Hash::of(b"")));
        for wrong in ["", "e3", &text[1..], &format!("{text}00"), &text.replace('e', "g"), &text.replace('e', "é")] {
            assert_eq!(Sha256Hash::parse(wrong), None, "{wrong}");
        }
        assert_eq!(from_hex("00fF"), Some(vec![0, 255]));
    }
}
