//! Reads the actors of events.

use std::sync::Arc;

use super::caller::CallerReader;
use super::{Actor, ActorIndex, ActorIndexBuilder};
use crate::decode::event::{Event, FieldSet, TooManyFields};

/// Reads the actors of events, by an index of the events that handed out credentials.
#[derive(Clone, Debug)]
pub struct ActorReader {
    callers: CallerReader,
    index: Arc<ActorIndex>,
}

impl ActorReader {
    /// A reader that knows nothing but the event itself, until it is given an index. Adds
    /// the fields it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<ActorReader, TooManyFields> {
        let index = ActorIndexBuilder::default().finish();
        Ok(ActorReader { callers: CallerReader::new(index.hasher().clone(), fields)?, index: Arc::new(index) })
    }

    /// Resolves chains by this index from now on.
    pub fn set_index(&mut self, index: &Arc<ActorIndex>) {
        self.callers.hasher = index.hasher().clone();
        self.index = Arc::clone(index);
    }

    /// The actor of an event; `None` if it is not proven.
    pub fn actor(&mut self, event: &Event<'_>) -> Option<Actor> {
        let facts = self.callers.facts(event);
        let account = self.callers.account(event);
        self.index.actor(&facts, &account)
    }
}
