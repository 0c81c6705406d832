//! Facts that one run reads and another resolves, which has those of all logs. Instead of keys,
//! ARNs and ids they have hashes that are equal in all runs. The run that resolves them hashes
//! these again with its own seed.

use serde::{Deserialize, Serialize};

use super::caller::{CallerFacts, CallerReader, SessionKey};
use super::grant::{Grant, GrantFact};
use super::text_hasher::{HashTexts, PortableHasher, TextHasher};
use super::{Actor, ActorIndex, ActorIndexBuilder, IndexFull};
use crate::decode::event::{Event, FieldSet, TooManyFields};

/// A fact about who caused what, for an index of another run.
pub type PortableGrant = GrantFact<<PortableHasher as HashTexts>::Hash>;

/// The caller of an event, whose actor another run resolves.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PortableCaller {
    facts: CallerFacts<<PortableHasher as HashTexts>::Hash>,
    /// The account that the event belongs to.
    account: String,
}

/// Reads the callers of events.
#[derive(Clone, Debug)]
pub struct PortableCallerReader(CallerReader<PortableHasher>);

impl PortableCallerReader {
    /// Adds the fields it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<PortableCallerReader, TooManyFields> {
        CallerReader::new(PortableHasher, fields).map(PortableCallerReader)
    }

    /// The caller of an event.
    pub fn caller(&mut self, event: &Event<'_>) -> PortableCaller {
        PortableCaller { facts: self.0.facts(event), account: self.0.account(event).into_owned() }
    }
}

impl CallerFacts<u128> {
    fn hashed_again(self, hasher: &TextHasher) -> CallerFacts {
        let CallerFacts { standing, name, start, account, principal, key, session } = self;
        let session = session.map(|SessionKey { arn, role, created, key }| {
            let [arn, role, key] = [arn, role, key].map(|hash| hasher.of_portable(hash));
            SessionKey { arn, role, created, key }
        });
        let [principal, key] = [principal, key].map(|hash| hasher.of_portable(hash));
        CallerFacts { standing, name, start, account, principal, key, session }
    }
}

impl Grant<u128> {
    fn hashed_again(self, hasher: &TextHasher) -> Grant {
        let again = |hash| hasher.of_portable(hash);
        match self {
            Grant::Session { arn, created, key } => Grant::Session { arn: again(arn), created, key: again(key) },
            Grant::AccessKey { key, user } => Grant::AccessKey { key: again(key), user: again(user) },
            Grant::Instance { id } => Grant::Instance { id: again(id) },
        }
    }
}

impl ActorIndexBuilder {
    /// Adds a fact of another run. Fails if the facts take too much memory.
    pub fn add_portable(&mut self, fact: PortableGrant) -> Result<(), IndexFull> {
        let (GrantFact { gives, caller }, hasher) = (fact, self.hasher());
        self.add(&GrantFact { gives: gives.hashed_again(&hasher), caller: caller.hashed_again(&hasher) })
    }
}

impl ActorIndex {
    /// The actor of an event of another run; `None` if it is not proven.
    pub fn actor_of(&self, caller: PortableCaller) -> Option<Actor> {
        self.actor(&caller.facts.hashed_again(self.hasher()), &caller.account)
    }
}
