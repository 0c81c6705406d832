//! The identities of a large account, and their habits. A program makes the same call again and
//! again, with the same request, and its credentials are used for hours. So events share access
//! keys, and text repeats, as in real logs.

use fastrand::Rng;

use super::account_region::AccountRegion;
use super::actors::{Actor, Address, IdentityKind};
use super::prepared_call::{PreparedCall, WeightedChoice};
use super::seeded::{hash, mix};

/// How many identities an account has, and how long their sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    /// About this many identities in each account.
    pub identities: u32,
    /// The age at which a session is replaced by another one, with another access key; at least 1.
    pub session_hours: u32,
}

/// One of an actor's identities, and the request that it makes.
#[derive(Clone, Copy)]
pub(super) struct Caller {
    /// Which one of the actor's identities.
    pub(super) number: u64,
    pub(super) session_seconds: i64,
    /// The seed of the values in the request. The same seed gives the same request.
    pub(super) request: u64,
}

impl Population {
    /// How many identities the actor stands for.
    fn identities_of(&self, actor: &Actor) -> u64 {
        /// The sum over all actors of the shares below.
        const SHARES: u64 = 250;
        let share = match actor.who {
            _ if actor.is_single() => return 1,
            IdentityKind::Program if actor.session.has_placeholder() => 30,
            IdentityKind::Program => 6,
            IdentityKind::Person => 10,
            IdentityKind::User => 4,
            _ => 3,
        };
        (u64::from(self.identities) * share / SHARES).max(1)
    }

    /// Draws one of the actor's identities. Some are much more active than others, and a
    /// workload runs in one region.
    fn draw_caller(&self, actor: &Actor, place: &AccountRegion, rng: &mut Rng) -> u64 {
        let all = self.identities_of(actor);
        let near = if actor.address == Address::Fleet { all.div_ceil(3) } else { all };
        let first = if near < all { hash(&place.region) % all } else { 0 };
        let active = rng.u64(1..=near);
        (first + rng.u64(..active)) % all
    }

    /// A session of an identity that may make the call.
    fn session(&self, prepared: &'static PreparedCall, place: &AccountRegion, rng: &mut Rng) -> ActiveSession {
        let actor = prepared.actors.draw(rng);
        let number = self.draw_caller(actor, place, rng);
        let caller = Caller { number, session_seconds: i64::from(self.session_hours.max(1)) * 3600, request: 0 };
        let mut session = ActiveSession { prepared, actor, caller };
        session.change_request(rng);
        session
    }
}

/// The sessions whose calls are in one log file. Several are active at the same time, and each
/// makes its calls in bursts.
pub(super) struct ActiveSessions {
    population: Population,
    sessions: Vec<ActiveSession>,
    last: usize,
}

#[derive(Clone, Copy)]
pub(super) struct ActiveSession {
    pub(super) prepared: &'static PreparedCall,
    pub(super) actor: &'static Actor,
    pub(super) caller: Caller,
}

/// How many sessions are active at the same time.
const ACTIVE: usize = 8;
/// The largest number of different requests that an identity makes for a call.
const REQUESTS: u64 = 6;

impl ActiveSessions {
    pub(super) fn new(population: Population) -> ActiveSessions {
        ActiveSessions { population, sessions: Vec::with_capacity(ACTIVE), last: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.sessions.clear();
        self.last = 0;
    }

    /// A call that is not repeated.
    pub(super) fn once(&self, prepared: &'static PreparedCall, place: &AccountRegion, rng: &mut Rng) -> ActiveSession {
        self.population.session(prepared, place, rng)
    }

    /// The next call: usually the one that a session made before.
    pub(super) fn next(
        &mut self,
        calls: &WeightedChoice<&'static PreparedCall>,
        place: &AccountRegion,
        rng: &mut Rng,
    ) -> ActiveSession {
        if rng.bool() {
            self.last = rng.usize(..ACTIVE);
        }
        let Some(session) = self.sessions.get_mut(self.last) else {
            let prepared = calls.draw(rng);
            let session = self.population.session(prepared, place, rng);
            self.last = self.sessions.len();
            self.sessions.push(session);
            return session;
        };
        match rng.u8(..12) {
            0 => *session = self.population.session(calls.draw(rng), place, rng),
            1..=2 => session.change_call(calls, rng),
            3..=5 => session.change_request(rng),
            _ => {}
        }
        *session
    }
}

impl ActiveSession {
    fn change_call(&mut self, calls: &WeightedChoice<&'static PreparedCall>, rng: &mut Rng) {
        /// After this many draws without a call that the actor may make, it repeats its last one.
        const DRAWS: usize = 20;
        let allowed =
            |prepared: &&PreparedCall| prepared.actors.sums.iter().any(|&(_, other)| std::ptr::eq(other, self.actor));
        if let Some(prepared) = (0..DRAWS).map(|_| calls.draw(rng)).find(allowed) {
            self.prepared = prepared;
            self.change_request(rng);
        }
    }

    fn change_request(&mut self, rng: &mut Rng) {
        let requests = rng.u64(1..=REQUESTS);
        let of_caller = mix(hash(self.actor.name) ^ self.caller.number, hash(self.prepared.call.name));
        self.caller.request = mix(of_caller, rng.u64(..requests));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use crate::logs::{Corpus, gzip};

    #[test]
    fn many_identities_use_a_key_for_hours_and_text_repeats() {
        let corpus = Corpus { files: 60, events: 30_000, accounts: 1, ..Corpus::busy() };
        let mut generator = corpus.generator();
        let (mut json_bytes, mut gzip_bytes) = (0, 0);
        let mut identities = BTreeSet::new();
        let mut uses: BTreeMap<String, u32> = BTreeMap::new();
        for file in corpus.files() {
            let json = file.json(&mut generator);
            json_bytes += json.len();
            gzip_bytes += gzip(json.as_bytes()).len();
            let log: Value = serde_json::from_str(&json).unwrap();
            for event in log["Records"].as_array().unwrap() {
                let identity = &event["userIdentity"];
                identities.insert(["arn", "principalId", "invokedBy"].map(|key| identity[key].to_string()));
                if let Some(key) = identity["accessKeyId"].as_str() {
                    *uses.entry(key.into()).or_default() += 1;
                }
            }
        }
        assert!((300..=550).contains(&identities.len()), "{} identities", identities.len());
        let of_keys: u32 = uses.values().sum();
        assert!(of_keys > 30 * uses.len() as u32, "{of_keys} events with {} keys", uses.len());
        let ratio = json_bytes as f64 / gzip_bytes as f64;
        assert!((9.0..11.0).contains(&ratio), "compressed {ratio} times");
    }
}
