//! The sessions that some callers began, and who these were as far as these events alone
//! prove it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::caller::{CallerFacts, ChainPosition, SessionKey};
use super::grant::{Grant, GrantFact, GrantReader};
use super::{Actor, ActorIndexBuilder};
use crate::decode::event::FieldSet;

/// The most sessions that are kept: some megabytes.
const MAX_SESSIONS: usize = 10_000;
/// Memory for their callers, in bytes.
const MEMORY: usize = 8 << 20;

/// The start of a session, as one event shows it.
#[derive(Clone, Debug)]
pub struct SessionStart {
    /// All names by which the events of the session show their caller.
    pub names: Vec<String>,
    pub(super) facts: Vec<GrantFact>,
}

/// Session starts, some of which are to be resolved. The order of adding has no effect.
#[derive(Debug)]
pub struct SessionStarts {
    index: ActorIndexBuilder,
    /// The sessions so far, and whether each is to be resolved. An event can be delivered twice,
    /// and a call across accounts is in two events, which show different callers.
    known: HashMap<SessionKey, bool>,
    /// Whether a session was to be resolved.
    has_wanted: bool,
    is_full: bool,
}

/// How many of the sessions to be resolved have a wanted actor.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, PartialOrd, Serialize)]
pub enum SessionCount {
    /// This number.
    Exact(u64),
    /// There are too many sessions to know it.
    Unknown,
}

impl Default for SessionStarts {
    fn default() -> SessionStarts {
        let index = ActorIndexBuilder::with_memory(MEMORY);
        SessionStarts { index, known: HashMap::new(), has_wanted: false, is_full: false }
    }
}

impl SessionStarts {
    /// A reader of the events that begin sessions. Adds the fields it reads to `fields`.
    pub fn reader(&self, fields: &mut FieldSet) -> Result<GrantReader, String> {
        GrantReader::new(&self.index, fields)
    }

    /// Adds the start of a session, which is to be resolved if it `is_wanted` each time.
    pub fn add(&mut self, start: &SessionStart, is_wanted: bool) {
        let Some(Grant::Session { arn, created, key }) = start.facts.first().map(|fact| fact.gives) else { return };
        self.has_wanted |= is_wanted;
        if self.is_full {
            return;
        }
        let session = SessionKey { arn, role: 0, created, key };
        *self.known.entry(session).or_insert(true) &= is_wanted;
        let is_index_full = start.facts.iter().any(|fact| self.index.add(fact).is_err());
        self.is_full = is_index_full || self.known.len() > MAX_SESSIONS;
    }

    /// Counts the sessions to be resolved whose proven actor is wanted. Ends the collection.
    pub fn count(&mut self, mut is_wanted: impl FnMut(&Actor) -> bool) -> SessionCount {
        if self.is_full || self.index.check().is_err() {
            return if self.has_wanted { SessionCount::Unknown } else { SessionCount::Exact(0) };
        }
        let index = std::mem::take(&mut self.index).finish();
        let asked = std::mem::take(&mut self.known).into_iter().filter_map(|(session, asked)| asked.then_some(session));
        // An event of the session, of which all callers that began it decide.
        let event = |session| CallerFacts {
            standing: ChainPosition::Session,
            session: Some(session),
            ..CallerFacts::default()
        };
        let actors = asked.filter_map(|session| index.actor(&event(session), ""));
        SessionCount::Exact(actors.filter(|actor| is_wanted(actor)).count() as u64)
    }
}
