//! Which events came before: those whose `eventID` did.
//!
//! An id is remembered as 96 bits of a hash under a key that is drawn for each
//! run. No log can aim at a collision, and by chance there is one among n ids
//! with a probability of n²/2⁹⁷: for ten million ids, once in 10¹⁵ runs. Memory
//! holds some five million; beyond that, sorted runs on disk hold the rest.

mod seen;

use std::hash::{BuildHasher, RandomState};

pub use self::seen::Seen;
use crate::decode::event::{Event, Fields, Slot};
use crate::error::Fatal;
use crate::query::field;

/// What stands for an `eventID`.
pub type Id = [u8; 12];

/// Makes the ids of events.
#[derive(Clone, Debug)]
pub struct Ids {
    slot: Slot,
    key: RandomState,
}

impl Ids {
    /// Asks for the field.
    pub fn new(fields: &mut Fields) -> Result<Ids, Fatal> {
        let slot = fields.slot("eventID")?;
        Ok(Ids { slot, key: RandomState::new() })
    }

    /// The id of an event; nothing where it has none.
    pub fn id(&self, event: &Event<'_>) -> Option<Id> {
        let text = field::text(event, self.slot).filter(|text| !text.is_empty())?;
        let (first, second) = (self.key.hash_one((0_u8, &*text)), self.key.hash_one((1_u8, &*text)));
        let mut id = Id::default();
        id[..8].copy_from_slice(&first.to_be_bytes());
        id[8..].copy_from_slice(&second.to_be_bytes()[..4]);
        Some(id)
    }
}
