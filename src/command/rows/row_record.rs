//! The records in which a part stores its rows. A record is a row, or a piece of a large one:
//!
//! ```text
//! flags 1 │ id 12, if there is one │ length of the key 4 │ key │ bytes of the row │ cut cells 4
//! ```
//!
//! The id and the key are in the first piece, and the number of truncated cells in the last one.

use crate::command::event_rows::event_identity::EventIdentity;
use crate::command::event_rows::row_part::{RowPart, RowPiece};
use crate::spill::dedupe::IdHash;

/// The record is the first piece of its row.
const FIRST: u8 = 1;
/// The record is the last piece of its row.
pub(super) const LAST: u8 = 2;
/// The event of the row has an id.
const HAS_ID: u8 = 4;
/// The row is of the same event as the one before.
const SAME_EVENT: u8 = 8;
/// Length of an id, in bytes.
const ID: usize = size_of::<IdHash>();
/// Length of the number before a key, and of the number of truncated cells, in bytes.
const NUMBER: usize = 4;
/// Ends a row without truncated cells.
pub(super) const NONE_CUT: [u8; NUMBER] = [0; NUMBER];

/// A row, or a piece of one.
pub(super) struct RowRecord<'a> {
    pub(super) id: EventIdentity,
    pub(super) piece: RowPiece,
    pub(super) key: &'a [u8],
    pub(super) row: &'a [u8],
    /// Number of truncated cells.
    pub(super) cut: u64,
}

impl<'a> RowRecord<'a> {
    /// Parses a record; `None` if it is not valid.
    pub(super) fn parse(record: &'a [u8]) -> Option<RowRecord<'a>> {
        let (flags, mut rest) = record.split_first()?;
        let piece = RowPiece { is_first: flags & FIRST != 0, is_last: flags & LAST != 0 };
        let mut id = if flags & SAME_EVENT != 0 { EventIdentity::SameEvent } else { EventIdentity::WithoutId };
        if flags & HAS_ID != 0 {
            let (hash, after) = rest.split_at_checked(ID)?;
            (id, rest) = (EventIdentity::Id(hash.try_into().ok()?), after);
        }
        let mut key = &rest[..0];
        if piece.is_first {
            let (length, after) = rest.split_at_checked(NUMBER)?;
            (key, rest) = after.split_at_checked(u32::from_le_bytes(length.try_into().ok()?) as usize)?;
        }
        let mut cut = 0;
        if piece.is_last {
            let (row, cells) = rest.split_at_checked(rest.len().checked_sub(NUMBER)?)?;
            (rest, cut) = (row, u32::from_le_bytes(cells.try_into().ok()?).into());
        }
        Some(RowRecord { piece, id, key, row: rest, cut })
    }

    /// Adds the row to a block.
    pub(super) fn add_to(&self, block: &mut RowPart) {
        block.rows.extend_from_slice(self.row);
        block.ends.push(block.rows.len());
        if self.piece.is_first {
            block.ids.push(self.id);
            block.keys.extend_from_slice(self.key);
            block.key_ends.push(block.keys.len());
        }
        if self.cut > 0 {
            block.cut.push((block.count, self.cut));
        }
        block.count += u64::from(self.piece.is_last);
    }

    /// Writes what comes before the row in its first record. Returns the flags of that record.
    pub(super) fn write_head(&self, record: &mut Vec<u8>) -> u8 {
        let flags = match &self.id {
            EventIdentity::Id(id) => {
                record.extend_from_slice(id);
                HAS_ID
            }
            EventIdentity::SameEvent => SAME_EVENT,
            EventIdentity::WithoutId => 0,
        };
        self.write_key(record);
        FIRST | flags
    }

    /// Writes the sort key and its length.
    pub(super) fn write_key(&self, record: &mut Vec<u8>) {
        record.extend_from_slice(&(self.key.len() as u32).to_le_bytes());
        record.extend_from_slice(self.key);
    }

    /// What comes after the row in its last record.
    pub(super) fn tail(&self) -> [u8; NUMBER] {
        u32::try_from(self.cut).unwrap_or(u32::MAX).to_le_bytes()
    }
}

/// The flags that say which piece of its row a record is.
pub(super) fn piece_flags(piece: RowPiece) -> u8 {
    (if piece.is_first { FIRST } else { 0 }) | (if piece.is_last { LAST } else { 0 })
}
