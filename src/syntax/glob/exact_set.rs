//! Many texts without special characters, found by their hash, ignoring case.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::folded;

/// Texts that are compared as a whole, ignoring case.
#[derive(Clone, Default)]
pub(super) struct ExactSet {
    /// All texts in one case, one after the other.
    text: Vec<u8>,
    /// Where each text ends.
    ends: Vec<u32>,
    /// Indices into `ends`.
    table: HashTable<u32>,
    hasher: RandomState,
}

impl ExactSet {
    /// Adds a text. The texts must have less than 4 GiB together.
    pub(super) fn insert(&mut self, text: &str) {
        let key = key(text);
        let hash = hash(&self.hasher, &key);
        if self.find(hash, |known| known == key).is_some() {
            return;
        }
        let index = self.ends.len() as u32;
        self.text.extend_from_slice(&key);
        self.ends.push(self.text.len() as u32);
        let ExactSet { text, ends, table, hasher } = self;
        table.insert_unique(hash, index, |index| self::hash(hasher, slice(text, ends, *index)));
    }

    /// Whether it contains the text in any case.
    pub(super) fn contains(&self, text: &str) -> bool {
        if text.is_ascii() {
            let hash = hash(&self.hasher, text.as_bytes());
            return self.find(hash, |known| known.eq_ignore_ascii_case(text.as_bytes())).is_some();
        }
        let key = key(text);
        self.find(hash(&self.hasher, &key), |known| known == key).is_some()
    }

    /// Whether it contains no text.
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn find(&self, hash: u64, is_same: impl Fn(&[u8]) -> bool) -> Option<&u32> {
        self.table.find(hash, |index| is_same(slice(&self.text, &self.ends, *index)))
    }
}

impl std::fmt::Debug for ExactSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExactSet of {}", self.ends.len())
    }
}

fn slice<'a>(text: &'a [u8], ends: &[u32], index: u32) -> &'a [u8] {
    let index = index as usize;
    let start = index.checked_sub(1).map_or(0, |before| ends[before] as usize);
    &text[start..ends[index] as usize]
}

/// The text in the case that represents all others.
fn key(text: &str) -> Vec<u8> {
    match text.is_ascii() {
        true => text.to_ascii_uppercase().into_bytes(),
        false => text.chars().map(folded).collect::<String>().into_bytes(),
    }
}

/// The hash of a text, the same for all ASCII cases.
fn hash(state: &RandomState, text: &[u8]) -> u64 {
    const PIECE: usize = 64;
    let mut hasher = state.build_hasher();
    for piece in text.chunks(PIECE) {
        let mut upper = [0; PIECE];
        let upper = &mut upper[..piece.len()];
        upper.copy_from_slice(piece);
        upper.make_ascii_uppercase();
        hasher.write(upper);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::glob::Pattern;

    #[test]
    fn the_set_decides_as_the_single_patterns_do() {
        let long = "x".repeat(200);
        let texts = [
            "",
            "a",
            "A",
            "alice",
            "ALICE",
            "Jürgen",
            "JÜRGEN",
            "jurgen",
            "k",
            "\u{212a}",
            "ẞ",
            "ß",
            "ss",
            "ΣΑΣ",
            "σας",
            "i",
            "ı",
            "{",
            "a b",
            &long,
            &long[1..],
        ];
        for wanted in texts.iter().filter(|text| !text.is_empty() && !text.contains('{')) {
            let mut set = ExactSet::default();
            set.insert("other");
            set.insert(wanted);
            set.insert(wanted);
            assert_eq!(set.ends.len(), 2);
            let pattern = Pattern::parse(wanted).unwrap();
            for text in texts {
                assert_eq!(set.contains(text), pattern.matches(text), "{wanted} {text}");
            }
        }
    }

    #[test]
    fn many_texts_are_found() {
        let mut set = ExactSet::default();
        assert!(set.is_empty());
        for number in 0..10_000 {
            set.insert(&format!("AKIA{number}"));
        }
        assert!((0..10_000).all(|number| set.contains(&format!("akia{number}"))));
        assert!(!set.contains("AKIA10000") && !set.contains("AKIA"));
    }
}
