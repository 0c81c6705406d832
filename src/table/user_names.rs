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
}

/// An identity as delivered, and its cell.
#[derive(Clone, Debug, Default)]
struct KnownName {
    identity: Vec<u8>,
    cell: Vec<u8>,
}

impl NameWriter {
    /// A writer with an empty cache.
    pub(super) fn new(identities: IdentityReader) -> NameWriter {
        NameWriter { identities, known: Vec::new() }
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
            let known = &mut self.known[place];
            known.identity.clear();
            known.identity.extend_from_slice(identity);
            known.cell.clear();
            known.cell.extend_from_slice(&out[start..]);
        }
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
    const LONGEST: usize = 2048;
    let mixed = written_hash(identity, identity.len() as u64);
    (identity.len() <= LONGEST).then_some((mixed >> 53) as usize)
}
