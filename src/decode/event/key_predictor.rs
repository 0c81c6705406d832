//! Finds the keys of a record by those of earlier records.

use super::field_set::{FieldSet, hash};
use crate::decode::json::{JsonError, JsonText, KeyBytes, ObjectMembers};

/// Known keys, and which of them followed which. Records of one kind of event repeat
/// their key order, so the next key is usually the one that followed last time.
/// Comparing with it is faster than finding the end of the key and hashing it.
///
/// Key orders differ between services, and most of them already in the first key. So
/// objects that begin with different keys are learned apart.
#[derive(Clone, Debug)]
pub(super) struct KeyPredictor {
    keys: Vec<KnownKey>,
    /// The keys as written, each once.
    patterns: Vec<KeyBytes>,
    /// What prediction does not need to know of the keys.
    names: Vec<FieldName>,
    /// For each hash of a key and the first key of its object, the most recent key.
    buckets: Vec<usize>,
}

/// A key in the objects that begin with one key, or the end of an object.
#[derive(Clone, Copy, Debug)]
struct KnownKey {
    /// The two keys last seen after it.
    next: [u16; 2],
    /// The number of its pattern.
    pattern: u16,
    /// Length in bytes, with its surroundings.
    length: u8,
    /// Id of the field.
    field_id: u8,
}

#[derive(Clone, Debug, Default)]
struct FieldName {
    key: Box<[u8]>,
    /// The first key of its object; [`KeyPredictor::START`] for a first key.
    first: usize,
    /// Another key with the same hash.
    next_in_bucket: usize,
}

impl Default for KeyPredictor {
    fn default() -> KeyPredictor {
        KeyPredictor::new(0)
    }
}

impl KeyPredictor {
    /// Represents the position before the first key.
    pub(super) const START: usize = 0;
    /// Represents the end of an object.
    pub(super) const END: usize = 1;
    /// Represents keys that were not requested, once no more keys can be learned. The
    /// entries after it represent the requested fields in that case, one per field id.
    const OTHER: usize = 2;
    /// More keys than any version of the format has, in the orders of all services.
    const MAX_KEYS: usize = 1024;
    /// Number of hashes.
    const BUCKETS: usize = 256;
    /// Longer keys are not worth the memory.
    const MAX_KEY: usize = 256;

    /// Creates a predictor for objects with `fields` fields, at most 255.
    pub(super) fn new(fields: usize) -> KeyPredictor {
        let ids = [fields as u8; 3].into_iter().chain(0..fields as u8);
        let mut predictor = KeyPredictor {
            keys: Vec::new(),
            patterns: Vec::new(),
            names: Vec::new(),
            buckets: vec![KeyPredictor::OTHER; KeyPredictor::BUCKETS],
        };
        for field_id in ids {
            predictor.learn(FieldName::default(), KeyBytes::NEVER, field_id);
        }
        let pattern = predictor.pattern(KeyBytes::END);
        let end = &mut predictor.keys[KeyPredictor::END];
        (end.pattern, end.length) = (pattern, 1);
        predictor
    }

    /// Adds a key.
    fn learn(&mut self, name: FieldName, written: KeyBytes, field_id: u8) {
        // A longer key is never predicted.
        let length = (name.key.len() + KeyBytes::SURROUNDINGS).min(KeyBytes::MAX_LENGTH);
        let pattern = self.pattern(written);
        self.keys.push(KnownKey { next: [KeyPredictor::OTHER as u16; 2], pattern, length: length as u8, field_id });
        self.names.push(name);
    }

    /// The number of a pattern, which is added if it is new.
    fn pattern(&mut self, written: KeyBytes) -> u16 {
        /// More than the format has. In a log with ever new keys, a longer search takes long.
        const MAX_SEARCHED: usize = 128;
        let known = self.patterns.iter().take(MAX_SEARCHED).position(|known| *known == written);
        known.unwrap_or_else(|| {
            self.patterns.push(written);
            self.patterns.len() - 1
        }) as u16
    }

    /// Whether no more keys are learned.
    pub(super) fn is_full(&self) -> bool {
        self.keys.len() >= KeyPredictor::MAX_KEYS
    }

    /// The id of the field of a key.
    #[inline(always)]
    pub(super) fn field_id(&self, key: usize) -> u8 {
        self.keys[key].field_id
    }

    /// Returns the key at `at` and the offset after it if it is one of the two last
    /// seen after the key `last`.
    #[inline(always)]
    pub(super) fn predict(&mut self, last: usize, text: &JsonText<'_>, at: usize) -> Option<(usize, usize)> {
        let bytes = text.bytes().get(at..)?.first_chunk()?;
        let [latest, other] = self.keys[last].next;
        let key = &self.keys[usize::from(latest)];
        if self.patterns[usize::from(key.pattern)].is_at_start(bytes) {
            return Some((latest.into(), at + usize::from(key.length)));
        }
        let key = &self.keys[usize::from(other)];
        if !self.patterns[usize::from(key.pattern)].is_at_start(bytes) {
            return None;
        }
        let end = at + usize::from(key.length);
        // The next record most likely has the same key here.
        self.keys[last].next = [other, latest];
        Some((other.into(), end))
    }

    /// Finds the key at `at` by its name, however it is escaped and spaced.
    #[cold]
    #[inline(never)]
    pub(super) fn resolve(
        &mut self,
        last: usize,
        text: &JsonText<'_>,
        at: usize,
        fields: &FieldSet,
    ) -> Result<(usize, usize), JsonError> {
        let is_first = last == KeyPredictor::START;
        let mut members = if is_first { text.members(at) } else { ObjectMembers::resume(text, at) };
        let first = match self.names[last].first {
            KeyPredictor::START => last,
            first => first,
        };
        let (key, from) = match members.next_key()? {
            Some((key, from)) => (self.id(key, first, fields), from),
            None => (KeyPredictor::END, members.at()),
        };
        let next = &mut self.keys[last].next;
        *next = [key as u16, next[0]];
        Ok((key, from))
    }

    /// Returns the number of a key, assigning one if the key is new. `first` is the first
    /// key of its object.
    fn id(&mut self, key: &[u8], first: usize, fields: &FieldSet) -> usize {
        let bucket = (hash(key) + first) % KeyPredictor::BUCKETS;
        let mut id = self.buckets[bucket];
        while id != KeyPredictor::OTHER && (*self.names[id].key != *key || self.names[id].first != first) {
            id = self.names[id].next_in_bucket;
        }
        if id != KeyPredictor::OTHER {
            return id;
        }
        let field_id = fields.find(key);
        if self.is_full() || key.len() > KeyPredictor::MAX_KEY {
            return KeyPredictor::OTHER + field_id.map_or(0, |field_id| field_id + 1);
        }
        id = self.keys.len();
        let next_in_bucket = std::mem::replace(&mut self.buckets[bucket], id);
        // The pattern includes the byte before the key, so a first key has its own
        // entry.
        let written = KeyBytes::new(if first == KeyPredictor::START { b'{' } else { b',' }, key);
        let field_id = field_id.unwrap_or(fields.len()) as u8;
        self.learn(FieldName { key: key.into(), first, next_in_bucket }, written, field_id);
        id
    }
}
