//! Caches the cells of the column `userName` by identity: in most logs, nineteen of
//! twenty events have a caller that occurred before.

use crate::cloudtrail::identity::{CallerName, IdentityReader};
use crate::decode::event::Event;
use crate::decode::written_hash;

/// Writes names through a cache.
#[derive(Clone, Debug)]
pub(super) struct NameWriter {
    identities: IdentityReader,
    /// Entries at the index that a hash of the identity selects.
    known: Vec<KnownName>,
    /// Bytes of all entries.
    size: usize,
}

/// An identity as delivered, and its cell.
#[derive(Clone, Debug, Default)]
struct KnownName {
    identity: Vec<u8>,
    cell: Vec<u8>,
}

impl KnownName {
    fn size(&self) -> usize {
        self.identity.len() + self.cell.len()
    }
}

impl NameWriter {
    /// A writer with an empty cache.
    pub(super) fn new(identities: IdentityReader) -> NameWriter {
        NameWriter { identities, known: Vec::new(), size: 0 }
    }

    /// Appends the cell of an event. `write` makes it if it is not cached.
    pub(super) fn write(
        &mut self,
        event: &Event<'_>,
        out: &mut Vec<u8>,
        write: impl Fn(Option<[&str; 3]>, &mut Vec<u8>),
    ) {
        let Some((identity, place)) =
            self.identities.written(event).and_then(|identity| Some((identity, place(identity)?)))
        else {
            self.make(event, out, write);
            return;
        };
        if self.known.is_empty() {
            self.known.resize(PLACES, KnownName::default());
        }
        if self.known[place].identity == identity {
            return out.extend_from_slice(&self.known[place].cell);
        }
        let start = out.len();
        if self.make(event, out, write) {
            self.learn(place, KnownName { identity: identity.to_vec(), cell: out[start..].to_vec() });
        }
    }

    /// Replaces an entry, and forgets all others if they are too large together.
    fn learn(&mut self, place: usize, name: KnownName) {
        /// Enough for the callers of most accounts. Each of up to 32 threads has a cache.
        const MAX_BYTES: usize = 1 << 20;
        self.size = self.size - self.known[place].size() + name.size();
        if self.size > MAX_BYTES {
            self.known.fill(KnownName::default());
            self.size = name.size();
        }
        self.known[place] = name;
    }

    /// Appends a new cell. Returns whether it depends on the identity alone, so that it
    /// can be cached.
    fn make(&mut self, event: &Event<'_>, out: &mut Vec<u8>, write: impl Fn(Option<[&str; 3]>, &mut Vec<u8>)) -> bool {
        let principal = self.identities.principal(event);
        write(principal.name().as_ref().map(CallerName::parts), out);
        principal.is_identity()
    }
}

const PLACES: usize = 2048;

/// The index for an identity; `None` if it is too long to cache.
fn place(identity: &[u8]) -> Option<usize> {
    /// Longer identities are few, and would take much memory.
    const MAX_IDENTITY: usize = 2048;
    let mixed = written_hash(identity, identity.len() as u64);
    (identity.len() <= MAX_IDENTITY).then_some((mixed >> 53) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::event::FieldSet;
    use crate::decode::testing::with_event;

    #[test]
    fn names_are_right_however_many_callers_there_are() {
        let mut fields = FieldSet::default();
        let mut names = NameWriter::new(IdentityReader::new(&mut fields).unwrap());
        let long = "x".repeat(1900);
        // Each twice in a row, and all of them again after they were forgotten.
        for number in (0..1500).chain(0..1500).flat_map(|number| [number, number]) {
            let json =
                format!(r#"{{"userIdentity":{{"type":"IAMUser","userName":"u{number}","x":"{number}{long}"}}}}"#);
            let mut cell = Vec::new();
            with_event(&json, &fields, |event| {
                names.write(event, &mut cell, |name, out| {
                    name.iter().flatten().for_each(|part| out.extend_from_slice(part.as_bytes()));
                });
            });
            assert_eq!(cell, format!("u{number}").into_bytes());
            let size: usize = names.known.iter().map(KnownName::size).sum();
            assert!(size == names.size && size <= 1 << 20, "{size}");
        }
    }
}
