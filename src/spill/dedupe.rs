//! Recognises duplicate events by their `eventID`.
//!
//! An id is represented by 96 bits of a hash with a random key per run. Log files can therefore
//! not provoke a collision. The probability of a random collision among n ids is n²/2⁹⁷: for
//! ten million ids, one in 10¹⁵ runs. About one and a half million ids are kept in memory; the
//! others are kept in sorted runs on disk.
//!
//! Nearly all ids are UUIDs, of which the number is hashed: it is shorter than the text.

mod seen;

use std::hash::{BuildHasher, RandomState};

use sha2::{Digest, Sha256};

pub use self::seen::SeenIds;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::decode::json::{CUT, MAX_TEXT, ValueKind, pieces, unescape};
use crate::error::Error;

/// Hash that represents an `eventID`.
pub type IdHash = [u8; 12];

/// Extracts the ids of events.
#[derive(Clone, Debug)]
pub struct IdReader {
    field: FieldId,
    /// The key of the hash; `None` for hashes that are equal in all runs.
    key: Option<RandomState>,
}

impl IdReader {
    /// Requests the `eventID` field.
    pub fn new(fields: &mut FieldSet) -> Result<IdReader, Error> {
        let field = fields.add("eventID")?;
        Ok(IdReader { field, key: Some(RandomState::new()) })
    }

    /// Like [`new`](Self::new), with hashes that are equal in all runs, as parts of one result need
    /// them. They are 96 bits of a SHA-256, so that logs cannot provoke collisions of them either.
    pub fn for_parts(fields: &mut FieldSet) -> Result<IdReader, Error> {
        Ok(IdReader { field: fields.add("eventID")?, key: None })
    }

    /// Returns the hashed id of an event; `None` if it has no id.
    pub fn id(&self, event: &Event<'_>) -> Option<IdHash> {
        let value = event.get(self.field).filter(|value| value.kind() != ValueKind::Null)?;
        if let (Some(key), Some(uuid)) = (&self.key, value.raw_string().and_then(uuid)) {
            return Some(id_of(uuid_hashes(key, uuid)));
        }
        let text = value.scalar().filter(|text| !text.is_empty())?;
        let long = text.ends_with(CUT).then(|| digest(value.raw_string().unwrap_or(value.raw())));
        let Some(key) = &self.key else {
            let digest = long.unwrap_or_else(|| Sha256::digest(text.as_bytes()).into());
            let mut id = IdHash::default();
            id.copy_from_slice(&digest[..size_of::<IdHash>()]);
            return Some(id);
        };
        Some(id_of(match (long, uuid(text.as_bytes())) {
            (Some(digest), _) => [key.hash_one((2_u8, digest)), key.hash_one((3_u8, digest))],
            // However it is written, it has to have the hashes from above.
            (None, Some(uuid)) => uuid_hashes(key, uuid),
            (None, None) => [key.hash_one((0_u8, &*text)), key.hash_one((1_u8, &*text))],
        }))
    }
}

/// The first 96 bits of two hashes.
#[inline]
fn id_of([first, second]: [u64; 2]) -> IdHash {
    let mut id = IdHash::default();
    id[..8].copy_from_slice(&first.to_be_bytes());
    id[8..].copy_from_slice(&second.to_be_bytes()[..4]);
    id
}

/// The hashes of a UUID by its number: it is shorter than the text.
#[inline]
fn uuid_hashes(key: &RandomState, uuid: u128) -> [u64; 2] {
    [key.hash_one((4_u8, uuid)), key.hash_one((5_u8, uuid))]
}

/// The number that a text is as a UUID in the usual form, with lower-case digits. No other text
/// has the same number.
#[inline]
fn uuid(text: &[u8]) -> Option<u128> {
    const LENGTH: usize = 36;
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    /// The positions of the bytes.
    const STARTS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    let text: &[u8; LENGTH] = text.try_into().ok()?;
    let (mut bytes, mut all) = ([0; 16], 0);
    for (byte, start) in bytes.iter_mut().zip(STARTS) {
        let [high, low] = [text[start], text[start + 1]].map(|digit| HEX_VALUES[usize::from(digit)]);
        all |= high | low;
        *byte = high << 4 | low;
    }
    let is_uuid = all < 16 && HYPHENS.iter().all(|at| text[*at] == b'-');
    is_uuid.then(|| u128::from_be_bytes(bytes))
}

/// The value of each hexadecimal digit; of other bytes, one that is none.
const HEX_VALUES: [u8; 256] = {
    let (mut values, mut value) = ([u8::MAX; 256], 0);
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Hashes a whole text that is too long to be kept.
fn digest(written: &[u8]) -> [u8; 32] {
    let mut sum = Sha256::new();
    for piece in pieces(written, MAX_TEXT) {
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
            for length in [10, MAX_TEXT / 6, MAX_TEXT - 1, MAX_TEXT, 2 * MAX_TEXT] {
                let text = "a".repeat(length);
                let written = "\\u0061".repeat(length);
                assert_eq!(id(&text), id(&written), "{length}");
                assert_ne!(id(&text), id(&format!("{text}b")), "{length}");
                assert_ne!(id(&format!("{text}c")), id(&format!("{written}b")), "{length}");
            }
        }
    }

    #[test]
    fn uuids_have_the_same_id_however_they_are_written() {
        let mut fields = FieldSet::default();
        let ids = IdReader::new(&mut fields).unwrap();
        let id =
            |text: &str| with_event(&format!(r#"{{"eventID":"{text}"}}"#), &fields, |event| ids.id(event)).unwrap();
        const UUID: &str = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";
        assert_eq!(uuid(UUID.as_bytes()), Some(0x0a1b_2c3d_4e5f_6789_abcd_ef01_2345_6789));
        assert_eq!(id(UUID), id(&UUID.replace('a', "\\u0061")));
        let mut seen = std::collections::HashSet::from([id(UUID)]);
        for at in 0..UUID.len() {
            for other in ["0", "f", "A", "g", "-", "~"].into_iter().filter(|other| *other != &UUID[at..at + 1]) {
                let mut text = UUID.to_string();
                text.replace_range(at..at + 1, other);
                assert!(seen.insert(id(&text)), "{text}");
                let is_digit = "0123456789abcdef".contains(other);
                let is_uuid = is_digit && UUID.as_bytes()[at] != b'-';
                assert_eq!(uuid(text.as_bytes()).is_some(), is_uuid, "{text}");
            }
        }
        for text in ["", &UUID[1..], &format!("{UUID}0")] {
            assert_eq!(uuid(text.as_bytes()), None, "{text}");
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
