//! An index of who caused what, in bounded memory: sessions, access keys and instances.
//!
//! Of keys, ARNs and ids it keeps hashes only. Callers repeat, so each is kept once. The
//! result does not depend on the order in which facts were added.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;

use super::caller::{CallerFacts, ChainPosition, SessionKey};
use super::grant::{Grant, GrantFact};
use super::grant_table::GrantTable;
use super::text_hasher::TextHasher;
use super::{LinkKind, StartKind};

/// The facts take more memory than they may.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the logs contain more sessions than fit into {} MiB of memory; actors need all of them, so \
     choose a shorter time with --since and --until, fewer accounts, or columns without actors", .0 >> 20
)]
pub struct IndexFull(usize);

/// Memory for all facts, in bytes: enough for a million sessions that began one from
/// another.
const MEMORY: usize = 128 << 20;
/// Largest number of sessions without a known start that are counted.
const MAX_UNKNOWN: usize = 1 << 20;

/// A caller, whose texts are kept elsewhere.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct StoredCaller {
    pub(super) standing: ChainPosition,
    pub(super) start: StartKind,
    name: u32,
    account: u32,
    pub(super) principal: u64,
    pub(super) key: u64,
    pub(super) session: Option<SessionKey>,
}

/// Who caused something: the caller of each event with this subject.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct GrantEntry {
    /// The hash of the ARN of a session, of an access key, or of the id of an instance.
    pub(super) subject: u64,
    /// The second in which a session began.
    pub(super) created: i64,
    /// The hash of the access key of a session, or of the user of an access key.
    pub(super) detail: u64,
    pub(super) caller: u32,
}

impl StoredCaller {
    /// Adds what another event knows of the same caller. An access key that they do not
    /// agree in is left out.
    fn join(&mut self, other: &StoredCaller) {
        self.principal = self.principal.max(other.principal);
        if self.key != other.key {
            self.key = 0;
        }
        if let (Some(session), Some(others)) = (&mut self.session, other.session)
            && session.key != others.key
        {
            session.key = 0;
        }
    }
}

/// Texts, each kept once.
#[derive(Debug, Default)]
struct TextStore {
    texts: Vec<Box<str>>,
    places: HashTable<u32>,
    hasher: RandomState,
    size: usize,
}

impl TextStore {
    fn add(&mut self, text: &str) -> u32 {
        let (texts, hasher) = (&mut self.texts, &self.hasher);
        let hash = hasher.hash_one(text);
        if let Some(place) = self.places.find(hash, |place| *texts[*place as usize] == *text) {
            return *place;
        }
        let place = texts.len() as u32;
        texts.push(text.into());
        self.size += text.len() + 32;
        self.places.insert_unique(hash, place, |place| hasher.hash_one(&*texts[*place as usize]));
        place
    }
}

/// Collects facts for an [`ActorIndex`].
#[derive(Debug)]
pub struct ActorIndexBuilder {
    hasher: TextHasher,
    /// One for each kind of subject: sessions, access keys, instances.
    grants: [Vec<GrantEntry>; 3],
    callers: Vec<StoredCaller>,
    places: HashTable<u32>,
    place_hasher: RandomState,
    texts: TextStore,
    /// Number of entries at which duplicates are removed.
    compact_at: usize,
    memory: usize,
}

impl Default for ActorIndexBuilder {
    fn default() -> ActorIndexBuilder {
        ActorIndexBuilder::with_memory(MEMORY)
    }
}

impl ActorIndexBuilder {
    /// A builder of an index of facts that other runs have read.
    pub fn for_parts() -> ActorIndexBuilder {
        ActorIndexBuilder { hasher: TextHasher::for_parts(), ..ActorIndexBuilder::default() }
    }

    pub(super) fn with_memory(memory: usize) -> ActorIndexBuilder {
        ActorIndexBuilder {
            hasher: TextHasher::default(),
            grants: Default::default(),
            callers: Vec::new(),
            places: HashTable::new(),
            place_hasher: RandomState::default(),
            texts: TextStore::default(),
            compact_at: 1 << 14,
            memory,
        }
    }

    pub(super) fn hasher(&self) -> TextHasher {
        self.hasher.clone()
    }

    /// Adds a fact. Fails if the facts take too much memory.
    pub fn add(&mut self, fact: &GrantFact) -> Result<(), IndexFull> {
        let caller = self.caller(&fact.caller);
        let (kind, subject, created, detail) = match fact.gives {
            Grant::Session { arn, created, key } => (0, arn, created, key),
            Grant::AccessKey { key, user } => (1, key, 0, user),
            Grant::Instance { id } => (2, id, 0, 0),
        };
        self.grants[kind].push(GrantEntry { subject, created, detail, caller });
        // Texts can be long, so the number of entries alone bounds nothing. The excess over the
        // limit keeps the compactions rare.
        if self.count() < self.compact_at && self.size() <= self.memory + self.memory / 8 {
            return Ok(());
        }
        self.check()
    }

    /// Removes duplicates. Fails if the facts take too much memory, which does not depend on
    /// their order.
    pub(super) fn check(&mut self) -> Result<(), IndexFull> {
        self.compact();
        let count = self.count();
        self.compact_at = count + count / 4 + (1 << 14);
        if self.size() > self.memory { Err(IndexFull(self.memory)) } else { Ok(()) }
    }

    /// Number of entries, duplicates included.
    fn count(&self) -> usize {
        self.grants.iter().map(Vec::len).sum()
    }

    fn caller(&mut self, facts: &CallerFacts) -> u32 {
        let (name, account) = (self.texts.add(&facts.name), self.texts.add(&facts.account));
        let &CallerFacts { standing, start, principal, key, session, .. } = facts;
        let caller = StoredCaller { standing, start, name, account, principal, key, session };
        let (callers, hasher) = (&mut self.callers, &self.place_hasher);
        let hash = hasher.hash_one(caller);
        if let Some(place) = self.places.find(hash, |place| callers[*place as usize] == caller) {
            return *place;
        }
        let place = callers.len() as u32;
        callers.push(caller);
        self.places.insert_unique(hash, place, |place| hasher.hash_one(callers[*place as usize]));
        place
    }

    /// Sorts the entries, and removes those of events that were read twice.
    fn compact(&mut self) {
        for grants in &mut self.grants {
            grants.sort_unstable();
            grants.dedup();
        }
    }

    /// Memory in use, in bytes.
    fn size(&self) -> usize {
        self.count() * size_of::<GrantEntry>() + self.callers.len() * (size_of::<StoredCaller>() + 8) + self.texts.size
    }

    /// The index of all facts.
    pub fn finish(mut self) -> ActorIndex {
        self.compact();
        let is_user = |caller: &StoredCaller| {
            caller.principal != 0 && caller.standing == ChainPosition::Start && caller.start == StartKind::Identity
        };
        let users = self.callers.iter().enumerate().filter(|(_, caller)| is_user(caller));
        let mut users: Vec<(u64, u32)> = users.map(|(place, caller)| (caller.principal, place as u32)).collect();
        users.sort_unstable();
        ActorIndex {
            hasher: self.hasher,
            grants: self.grants.map(GrantTable::new),
            callers: self.callers,
            texts: self.texts.texts,
            users,
            unknown: Mutex::default(),
        }
    }
}

/// Who caused which session, access key and instance.
#[derive(Debug)]
pub struct ActorIndex {
    hasher: TextHasher,
    grants: [GrantTable; 3],
    callers: Vec<StoredCaller>,
    texts: Vec<Box<str>>,
    /// The principal ids of users, with the callers that have them.
    users: Vec<(u64, u32)>,
    /// The sessions without a known start that were asked for.
    unknown: Mutex<HashSet<(u64, i64)>>,
}

/// The caller that caused something.
pub(super) enum Cause {
    /// No event says who.
    Unknown,
    /// All events name the same caller.
    One(StoredCaller, LinkKind),
    /// Events name different callers.
    Contradiction,
}

impl ActorIndex {
    pub(super) fn hasher(&self) -> &TextHasher {
        &self.hasher
    }

    pub(super) fn name(&self, caller: &StoredCaller) -> &str {
        &self.texts[caller.name as usize]
    }

    pub(super) fn account(&self, caller: &StoredCaller) -> &str {
        &self.texts[caller.account as usize]
    }

    /// The caller that began a session. The ARN and, within a second, the time of its
    /// creation have to agree. If events with these also have the access key, only those
    /// with the key count. An event without the ARN has to agree in the role, the time and
    /// the key.
    pub(super) fn session(&self, session: SessionKey) -> Cause {
        let [sessions, ..] = &self.grants;
        let (first, last) = (session.created.saturating_sub(1), session.created.saturating_add(1));
        let about =
            |subject: u64| sessions.about(subject, first).take_while(move |entry: &&GrantEntry| entry.created <= last);
        let has_key = |entry: &&GrantEntry| session.key != 0 && entry.detail == session.key;
        let by_key = |subject: u64| self.cause(about(subject).filter(has_key), LinkKind::Key);
        let by_arn = || match by_key(session.arn) {
            Cause::Unknown => self.cause(about(session.arn), LinkKind::PrincipalAndTime),
            cause => cause,
        };
        match by_arn() {
            Cause::Unknown if session.role != 0 => by_key(session.role),
            cause => cause,
        }
    }

    /// The caller that created an access key for a user.
    pub(super) fn access_key(&self, key: u64, user: u64) -> Cause {
        let of_user = self.grants[1].about(key, 0).filter(|entry| entry.detail == user);
        self.cause(of_user, LinkKind::Key)
    }

    /// The caller that launched an instance.
    pub(super) fn instance(&self, id: u64) -> Cause {
        self.cause(self.grants[2].about(id, 0), LinkKind::Key)
    }

    /// The user with a principal id.
    pub(super) fn user(&self, principal: u64) -> Option<&StoredCaller> {
        let start = self.users.partition_point(|(id, _)| *id < principal);
        let found = self.users[start..].iter().take_while(|(id, _)| *id == principal && principal != 0);
        let mut callers = found.map(|(_, place)| &self.callers[*place as usize]);
        let first = callers.next()?;
        callers.all(|other| is_same(first, other)).then_some(first)
    }

    /// The only caller of some entries. A call from one account to another is in two
    /// events, and the one of the other account knows only the id of the caller.
    fn cause<'i>(&'i self, entries: impl Iterator<Item = &'i GrantEntry> + Clone, link: LinkKind) -> Cause {
        let callers = || entries.clone().map(|entry| &self.callers[entry.caller as usize]);
        let is_known_better = |foreign: &StoredCaller| {
            foreign.standing == ChainPosition::Foreign
                && callers().any(|caller| {
                    caller.standing != ChainPosition::Foreign
                        && caller.principal == foreign.principal
                        && caller.principal != 0
                })
        };
        let mut only: Option<StoredCaller> = None;
        for caller in callers().filter(|caller| !is_known_better(caller)) {
            match &mut only {
                Some(first) if !is_same(first, caller) => return Cause::Contradiction,
                Some(first) => first.join(caller),
                None => only = Some(*caller),
            }
        }
        only.map_or(Cause::Unknown, |caller| Cause::One(caller, link))
    }

    /// Records that the start of a session is unknown.
    pub(super) fn note_unknown(&self, session: SessionKey) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() < MAX_UNKNOWN {
            unknown.insert((session.arn, session.created));
        }
    }

    /// Number of sessions in the events so far whose start is unknown.
    pub fn unknown_sessions(&self) -> u64 {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }
}

/// Whether two events name the same caller. It may have used several access keys.
fn is_same(one: &StoredCaller, other: &StoredCaller) -> bool {
    let is_same_principal = one.principal == other.principal || one.principal == 0 || other.principal == 0;
    let session = |caller: &StoredCaller| caller.session.map(|session| (session.arn, session.created));
    let has_session =
        |caller: &StoredCaller| matches!(caller.standing, ChainPosition::Session | ChainPosition::Invoked);
    is_same_principal
        && (one.standing, one.start, one.name, one.account) == (other.standing, other.start, other.name, other.account)
        && (!has_session(one) || (session(one).is_some() && session(one) == session(other)))
}
