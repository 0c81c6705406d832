//! Reads the actors of events. In most logs, nineteen of twenty events have a caller that
//! occurred before, so actors are cached by identity.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::caller::CallerReader;
use super::{Actor, ActorIndex, ActorIndexBuilder};
use crate::decode::event::{Event, FieldSet, TooManyFields};

/// Number of identities in the cache.
const PLACES: usize = 256;
/// Longer identities are few, and would take much memory.
const MAX_TEXT: usize = 2048;

/// Reads the actors of events, by an index of the events that handed out credentials.
#[derive(Clone, Debug)]
pub struct ActorReader {
    callers: CallerReader,
    index: Arc<ActorIndex>,
    /// Entries at the position that a hash of the identity selects; empty until the first
    /// event.
    known: Vec<KnownActor>,
    hasher: RandomState,
}

/// An identity as delivered, and its actor.
#[derive(Clone, Debug, Default)]
struct KnownActor {
    identity: Vec<u8>,
    actor: Option<Actor>,
}

impl ActorReader {
    /// A reader that knows nothing but the event itself, until it is given an index. Adds
    /// the fields it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<ActorReader, TooManyFields> {
        let index = ActorIndexBuilder::default().finish();
        let callers = CallerReader::new(index.hasher().clone(), fields)?;
        Ok(ActorReader { callers, index: Arc::new(index), known: Vec::new(), hasher: RandomState::default() })
    }

    /// Resolves chains by this index from now on.
    pub fn set_index(&mut self, index: &Arc<ActorIndex>) {
        self.callers.hasher = index.hasher().clone();
        self.index = Arc::clone(index);
        self.known.clear();
    }

    /// The actor of an event; `None` if it is not proven.
    pub fn actor(&mut self, event: &Event<'_>) -> Option<Actor> {
        let Some(identity) = self.callers.written(event).filter(|identity| identity.len() <= MAX_TEXT) else {
            return self.resolve(event);
        };
        if self.known.is_empty() {
            self.known.resize(PLACES, KnownActor::default());
        }
        let place = self.hasher.hash_one(identity) as usize % PLACES;
        if self.known[place].identity == identity {
            return self.known[place].actor.clone();
        }
        let actor = self.resolve(event);
        if self.callers.is_decided_by_identity(event) {
            let known = &mut self.known[place];
            known.identity.clear();
            known.identity.extend_from_slice(identity);
            known.actor.clone_from(&actor);
        }
        actor
    }

    fn resolve(&mut self, event: &Event<'_>) -> Option<Actor> {
        let facts = self.callers.facts(event);
        let account = self.callers.account(event);
        self.index.actor(&facts, &account)
    }
}
