//! The set of fields that a run reads.

use std::sync::Arc;

use crate::decode::json::key_is;
use crate::error::Error;
use crate::syntax::geo_database::GeoDatabases;
use crate::syntax::network_names::NetworkNames;

/// The top-level fields that a run reads, each with a [`FieldId`].
#[derive(Clone, Debug)]
pub struct FieldSet {
    names: Vec<Box<str>>,
    /// For each hash of a key, the first field to compare it with, or [`NONE`].
    buckets: Box<[u8; 256]>,
    /// For each field, the next one with the same hash.
    next: Vec<u8>,
    /// The names of networks, from which a field is derived.
    networks: Option<Arc<NetworkNames>>,
    /// Databases of addresses, from which fields are derived.
    geoip: Option<Arc<GeoDatabases>>,
}

/// Identifies a field of a [`FieldSet`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FieldId(pub(super) u8);

impl FieldId {
    /// The number of the field, which no other field of its set has.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// More fields were requested than a [`FieldSet`] can hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("asks for more different fields than an event can have")]
pub struct TooManyFields;

impl From<TooManyFields> for Error {
    fn from(too_many: TooManyFields) -> Error {
        Error::usage(format!("the command line {too_many}"))
    }
}

impl From<TooManyFields> for String {
    fn from(too_many: TooManyFields) -> String {
        too_many.to_string()
    }
}

/// Not the id of a field.
pub(super) const NONE: u8 = u8::MAX;

impl Default for FieldSet {
    fn default() -> FieldSet {
        FieldSet { names: Vec::new(), buckets: Box::new([NONE; 256]), next: Vec::new(), networks: None, geoip: None }
    }
}

impl FieldSet {
    /// No fields, with the names of networks for those that are derived from them.
    pub fn with_networks(networks: Option<Arc<NetworkNames>>) -> FieldSet {
        FieldSet { networks, ..FieldSet::default() }
    }

    /// Adds databases, for the fields that are derived from them.
    pub fn with_geoip(self, geoip: Option<Arc<GeoDatabases>>) -> FieldSet {
        FieldSet { geoip, ..self }
    }

    /// The databases of addresses; `None` if there are none.
    pub fn geoip(&self) -> Option<&Arc<GeoDatabases>> {
        self.geoip.as_ref()
    }

    /// The names of networks; `None` if there are none.
    pub fn networks(&self) -> Option<&Arc<NetworkNames>> {
        self.networks.as_ref()
    }

    /// Returns the id of the field `name`, adding the field if it is new.
    pub fn add(&mut self, name: &str) -> Result<FieldId, TooManyFields> {
        let known = self.names.iter().position(|known| **known == *name);
        let id = u8::try_from(known.unwrap_or(self.names.len())).ok().filter(|id| *id != NONE).ok_or(TooManyFields)?;
        if known.is_some() {
            return Ok(FieldId(id));
        }
        let bucket = &mut self.buckets[hash(name.as_bytes())];
        self.next.push(std::mem::replace(bucket, id));
        self.names.push(name.into());
        Ok(FieldId(id))
    }

    /// The name of a field of this set.
    pub fn name(&self, id: FieldId) -> &str {
        &self.names[usize::from(id.0)]
    }

    /// Number of fields.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Finds the field of a key as written, which can contain escapes.
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        let mut id = self.buckets[hash(key)];
        while id != NONE {
            if self.names[usize::from(id)].as_bytes() == key {
                return Some(id.into());
            }
            id = self.next[usize::from(id)];
        }
        if key.contains(&b'\\') {
            return self.names.iter().position(|name| key_is(key, name.as_bytes()));
        }
        None
    }
}

/// A hash of a key, which is below 256.
pub(super) fn hash(key: &[u8]) -> usize {
    let (Some(first), Some(last)) = (key.first(), key.last()) else { return 0 };
    let middle = key[key.len() / 2];
    let mixed = key.len() * 7 + usize::from(*first) * 31 + usize::from(middle) * 11 + usize::from(*last) * 3;
    mixed & 0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_set_has_a_limit_above_all_known_fields() {
        let mut fields = FieldSet::default();
        let given = (0..300).filter(|number| fields.add(&format!("field{number}")).is_ok()).count();
        assert_eq!(given, 255);
    }
}
