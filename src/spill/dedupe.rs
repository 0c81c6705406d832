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
    key: RandomState,
}

impl IdReader {
    /// Requests the `eventID` field.
    pub fn new(fields: &mut FieldSet) -> Result<IdReader, Error> {
        let slot = fields.slot("eventID")?;
        Ok(IdReader { slot, key: RandomState::new() })
    }

    /// Returns the hashed id of an event; `None` if it has no id.
    pub fn id(&self, event: &Event<'_>) -> Option<IdHash> {
        let value = event.get(self.slot).filter(|value| value.kind() != ValueKind::Null)?;
        let text = value.scalar().filter(|text| !text.is_empty())?;
        let (first, second) = match text.ends_with(CUT) {
            false => (self.key.hash_one((0_u8, &*text)), self.key.hash_one((1_u8, &*text))),
            true => {
                let digest = digest(value.raw_string().unwrap_or(value.raw()));
                (self.key.hash_one((2_u8, digest)), self.key.hash_one((3_u8, digest)))
            }
        };
        let mut id = IdHash::default();
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
        let mut fields = FieldSet::default();
        let ids = IdReader::new(&mut fields).unwrap();
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
