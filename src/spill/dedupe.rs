//! Recognises duplicate events by their `eventID`.
//!
//! An id is represented by 96 bits of a hash with a random key per run. Log files can therefore
//! not provoke a collision. The probability of a random collision among n ids is n²/2⁹⁷: for
//! ten million ids, one in 10¹⁵ runs. About one and a half million ids are kept in memory; the
//! others are kept in sorted runs on disk.

mod seen;

use std::hash::{BuildHasher, RandomState};

use sha2::{Digest, Sha256};

pub use self::seen::SeenIds;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::decode::json::{CUT, LONGEST, ValueKind, pieces, unescape};
use crate::error::Error;

/// Hash that represents an `eventID`.
pub type IdHash = [u8; 12];

/// Extracts the ids of events.
#[derive(Clone, Debug)]
pub struct IdReader {
    slot: FieldId,
    /// The key of the hash; `None` for hashes that are equal in all runs.
    key: Option<RandomState>,
}

impl IdReader {
    /// Requests the `eventID` field.
    pub fn new(fields: &mut FieldSet) -> Result<IdReader, Error> {
        let slot = fields.slot("eventID")?;
        Ok(IdReader { slot, key: Some(RandomState::new()) })
    }

    /// The same for hashes that are equal in all runs, as parts of one result need them. They are
    /// 96 bits of a SHA-256, so that logs cannot provoke collisions of them either.
    pub fn for_parts(fields: &mut FieldSet) -> Result<IdReader, Error> {
        Ok(IdReader { slot: fields.slot("eventID")?, key: None })
    }

    /// Returns the hashed id of an event; `None` if it has no id.
    pub fn id(&self, event: &Event<'_>) -> Option<IdHash> {
        let value = event.get(self.slot).filter(|value| value.kind() != ValueKind::Null)?;
        let text = value.scalar().filter(|text| !text.is_empty())?;
        let long = text.ends_with(CUT).then(|| digest(value.raw_string().unwrap_or(value.raw())));
        let mut id = IdHash::default();
        let Some(key) = &self.key else {
            let digest = long.unwrap_or_else(|| Sha256::digest(text.as_bytes()).into());
            id.copy_from_slice(&digest[..size_of::<IdHash>()]);
            return Some(id);
        };
        let (first, second) = match long {
            None => (key.hash_one((0_u8, &*text)), key.hash_one((1_u8, &*text))),
            Some(digest) => (key.hash_one((2_u8, digest)), key.hash_one((3_u8, digest))),
        };
        id[..8].copy_from_slice(&first.to_be_bytes());
        id[8..].copy_from_slice(&second.to_be_bytes()[..4]);
        Some(id)
    }
}

/// Hashes a whole text that is too long to be kept.
fn digest(written: &[u8]) -> [u8; 32] {
    let mut sum = Sha256::new();
    for piece in pieces(written, LONGEST) {
        sum.update(unescape(&written[piece]).as_bytes());
    }
    sum.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    #[test]
    fn long_ids_are_compared_in_full_and_unescaped() {
        for new in [IdReader::new, IdReader::for_parts] {
            let mut fields = FieldSet::default();
            let ids = new(&mut fields).unwrap();
            let id =
                |text: &str| with_event(&format!(r#"{{"eventID":"{text}"}}"#), &fields, |event| ids.id(event)).unwrap();
            for length in [10, LONGEST / 6, LONGEST - 1, LONGEST, 2 * LONGEST] {
                let text = "a".repeat(length);
                let written = "\\u0061".repeat(length);
                assert_eq!(id(&text), id(&written), "{length}");
                assert_ne!(id(&text), id(&format!("{text}b")), "{length}");
                assert_ne!(id(&format!("{text}c")), id(&format!("{written}b")), "{length}");
            }
        }
    }

    #[test]
    fn ids_for_parts_are_equal_in_all_runs() {
        let id = || {
            let mut fields = FieldSet::default();
            let ids = IdReader::for_parts(&mut fields).unwrap();
            with_event(r#"{"eventID":"one"}"#, &fields, |event| ids.id(event)).unwrap()
        };
        assert_eq!(id(), id());
        assert_eq!(id()[..4], [0x76, 0x92, 0xc3, 0xad]);
    }
}
