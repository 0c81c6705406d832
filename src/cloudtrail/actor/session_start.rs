//! The sessions that some callers began, and who these were as far as these events alone
//! prove it.

use std::collections::HashSet;

use super::caller::CallerFacts;
use super::grant::{Grant, GrantFact, GrantReader};
use super::{Actor, ActorIndexBuilder};
use crate::decode::event::FieldSet;

/// The most sessions that are kept: some megabytes.
const MOST: usize = 10_000;

/// The start of a session, as one event shows it.
#[derive(Clone, Debug)]
pub struct SessionStart {
    /// All names by which the events of the session show their caller.
    pub names: Vec<String>,
    pub(super) facts: Vec<GrantFact>,
    /// The account of the event.
    pub(super) account: String,
}

/// Sessions, of which some are to be resolved.
#[derive(Debug, Default)]
pub struct SessionStarts {
    index: ActorIndexBuilder,
    /// The sessions so far. An event can be delivered twice, and a call across accounts is
    /// in two events.
    known: HashSet<Grant>,
    /// The callers that began the sessions to be resolved, with the account of the event.
    callers: Vec<(CallerFacts, String)>,
    is_full: bool,
}

impl SessionStarts {
    /// A reader of the events that begin sessions. Adds the fields it reads to `fields`.
    pub fn reader(&self, fields: &mut FieldSet) -> Result<GrantReader, String> {
        GrantReader::new(&self.index, fields)
    }

    /// Adds the start of a session, which is to be resolved if it `is_wanted`.
    pub fn add(&mut self, start: SessionStart, is_wanted: bool) {
        let Some(first) = start.facts.first() else { return };
        if self.is_full || self.known.contains(&first.gives) {
            return;
        }
        self.is_full = self.known.len() == MOST || start.facts.iter().any(|fact| self.index.add(fact).is_err());
        if !self.is_full {
            self.known.insert(first.gives);
            self.callers.extend(is_wanted.then(|| (first.caller.clone(), start.account)));
        }
    }

    /// Whether starts were left out, because there were too many.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// The actors that are proven of the sessions to be resolved, one for each session.
    /// Ends the collection.
    pub fn actors(&mut self) -> Vec<Actor> {
        let index = std::mem::take(&mut self.index).finish();
        self.known.clear();
        let callers = std::mem::take(&mut self.callers);
        callers.iter().filter_map(|(caller, account)| index.actor(caller, account)).collect()
    }
}
