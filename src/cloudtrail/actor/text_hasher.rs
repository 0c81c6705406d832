//! Hashes of keys, ARNs and ids, which is all that facts and an index keep of them.

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// Hashes texts.
pub trait HashTexts: Clone {
    /// A hash. That of an empty text is the default.
    type Hash: Copy + Debug + Default + Ord + Send;

    /// The hash of a text.
    fn hash(&self, text: &str) -> Self::Hash;
}

/// Hashes texts for this run. Its seed is random, so no log can contain names that were chosen
/// to collide.
#[derive(Clone, Debug, Default)]
pub struct TextHasher {
    seed: Arc<RandomState>,
    /// Whether texts are hashed by [`PortableHasher`] first.
    is_for_parts: bool,
}

impl TextHasher {
    /// A hasher for facts that other runs have read.
    pub(super) fn for_parts() -> TextHasher {
        TextHasher { is_for_parts: true, ..TextHasher::default() }
    }

    /// The hash of a text, by that of another run.
    pub(super) fn of_portable(&self, hash: u128) -> u64 {
        if hash == 0 { 0 } else { self.seed.hash_one(hash).max(1) }
    }
}

impl HashTexts for TextHasher {
    type Hash = u64;

    fn hash(&self, text: &str) -> u64 {
        match text {
            "" => 0,
            text if self.is_for_parts => self.of_portable(PortableHasher.hash(text)),
            text => self.seed.hash_one(text).max(1),
        }
    }
}

/// Hashes texts equally in all runs. A hash has 128 bits of a SHA-256, so that no log can contain
/// names that were chosen to collide.
#[derive(Clone, Copy, Debug, Default)]
pub struct PortableHasher;

impl HashTexts for PortableHasher {
    type Hash = u128;

    fn hash(&self, text: &str) -> u128 {
        let first = |digest: &[u8]| digest.first_chunk().map_or(1, |bytes| u128::from_be_bytes(*bytes)).max(1);
        if text.is_empty() { 0 } else { first(&Sha256::digest(text)) }
    }
}
