//! Caches the values of objects that recur from event to event, above all of `userIdentity`.

use crate::decode::json::JsonValue;
use crate::decode::written_hash;

/// A cache of objects.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownObjects {
    /// Entries at the index that a hash of the object selects.
    known: Vec<KnownObject>,
}

/// An object as delivered, and its values in a row.
#[derive(Clone, Debug, Default)]
struct KnownObject {
    written: Vec<u8>,
    values: Vec<u8>,
}

const PLACES: usize = 512;

impl KnownObjects {
    /// Appends the values of an object. `write` makes them if they are not cached.
    pub(super) fn write(&mut self, object: JsonValue<'_>, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        /// Longer objects are few, and would take much memory.
        const LONGEST: usize = 4096;
        let written = object.raw();
        if written.len() > LONGEST {
            return write(out);
        }
        if self.known.is_empty() {
            self.known.resize(PLACES, KnownObject::default());
        }
        let known = &mut self.known[(written_hash(written, written.len() as u64) >> 55) as usize];
        if known.written == written {
            return out.extend_from_slice(&known.values);
        }
        let start = out.len();
        write(out);
        known.written.clear();
        known.written.extend_from_slice(written);
        known.values.clear();
        known.values.extend_from_slice(&out[start..]);
    }
}
