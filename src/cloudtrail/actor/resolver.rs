//! Follows a chain of credentials back to its start.

use super::caller::{CallerFacts, ChainPosition, SessionKey};
use super::index::{ActorIndex, Cause, StoredCaller};
use super::text_hasher::HashTexts;
use super::{Actor, ActorProof, LinkKind, StartKind};

/// The longest chain that is followed. In logs of AWS, chains end after a few links. In
/// others they may go round in a circle.
const MAX_CHAIN: usize = 10;

/// A caller of a chain: of the event itself, or of one that handed out credentials.
#[derive(Clone, Copy)]
struct ChainCaller<'i> {
    standing: ChainPosition,
    start: StartKind,
    name: &'i str,
    account: &'i str,
    principal: u64,
    key: u64,
    session: Option<SessionKey>,
}

/// The start of a chain.
struct ChainStart<'i> {
    caller: ChainCaller<'i>,
    /// The links from the start to the event.
    links: Vec<LinkKind>,
}

impl<'i> ChainCaller<'i> {
    fn of_event(facts: &'i CallerFacts) -> ChainCaller<'i> {
        ChainCaller {
            standing: facts.standing,
            start: facts.start,
            name: &facts.name,
            account: &facts.account,
            principal: facts.principal,
            key: facts.key,
            session: facts.session,
        }
    }

    fn of_grant(index: &'i ActorIndex, caller: &StoredCaller) -> ChainCaller<'i> {
        ChainCaller {
            standing: caller.standing,
            start: caller.start,
            name: index.name(caller),
            account: index.account(caller),
            principal: caller.principal,
            key: caller.key,
            session: caller.session,
        }
    }
}

impl ActorIndex {
    /// The actor of an event, by what is known of its caller; `account` is that of the
    /// event.
    pub(super) fn actor(&self, facts: &CallerFacts, account: &str) -> Option<Actor> {
        let caller = ChainCaller::of_event(facts);
        let Some(start) = self.start(caller, 0) else {
            if let (Some(session), ChainPosition::Session | ChainPosition::Invoked) = (facts.session, facts.standing) {
                self.note_unknown(session);
            }
            return None;
        };
        let mut via = ActorProof { links: start.links, start: start.caller.start, ..ActorProof::default() };
        via.links.reverse();
        self.add_notes(&start.caller, &mut via);
        if facts.start == StartKind::SourceIdentity
            && let Some(setter) = self.start(ChainCaller { standing: ChainPosition::Session, name: "", ..caller }, 0)
            && setter.caller.name != facts.name
        {
            via.set_by = Some(self.shown(&setter.caller, account));
        }
        let start = start.caller;
        let qualified = (!start.account.is_empty() && start.start != StartKind::OtherAccount)
            .then(|| format!("{}/{}", start.account, start.name));
        // The identity of the event itself has the name of the column `userName`.
        let is_own = via.links.is_empty();
        let name = if is_own { start.name.to_string() } else { self.shown(&start, account) };
        Some(Actor { name, qualified, via })
    }

    /// The name of a caller, with its account if that is another one than `account`.
    fn shown(&self, caller: &ChainCaller<'_>, account: &str) -> String {
        let is_same = caller.account.is_empty() || account.is_empty() || caller.account == account;
        match is_same || caller.start == StartKind::OtherAccount {
            true => caller.name.to_string(),
            false => format!("{}/{}", caller.account, caller.name),
        }
    }

    /// The start of the chain that leads to a caller, which is `depth` links away from
    /// the event.
    fn start<'i>(&'i self, caller: ChainCaller<'i>, depth: usize) -> Option<ChainStart<'i>> {
        let itself = || (!caller.name.is_empty()).then_some(ChainStart { caller, links: Vec::new() });
        match caller.standing {
            ChainPosition::Unknown => None,
            ChainPosition::Start => itself(),
            ChainPosition::Foreign => {
                let Some(user) = self.user(caller.principal) else { return itself() };
                Some(ChainStart { caller: ChainCaller::of_grant(self, user), links: vec![LinkKind::PrincipalId] })
            }
            ChainPosition::Session | ChainPosition::Invoked => {
                let cause = caller.session.map_or(Cause::Unknown, |session| self.session(session));
                let is_caused = !matches!(cause, Cause::Unknown);
                if let Cause::One(grantor, link) = cause
                    && depth < MAX_CHAIN
                    && let Some(mut start) = self.start(ChainCaller::of_grant(self, &grantor), depth + 1)
                {
                    start.links.push(link);
                    return Some(start);
                }
                // The service that made a call is not the start of a chain that has one.
                if caller.standing == ChainPosition::Invoked && is_caused { None } else { itself() }
            }
        }
    }

    /// Adds who created the key of a user, or launched an instance.
    fn add_notes(&self, start: &ChainCaller<'_>, via: &mut ActorProof) {
        let name = |caller: &StoredCaller| {
            let origin = self.start(ChainCaller::of_grant(self, caller), 0)?;
            Some(self.shown(&origin.caller, start.account))
        };
        match start.start {
            StartKind::Identity if !start.account.is_empty() && start.key != 0 => {
                let user = self.hasher().hash(&format!("{}/{}", start.account, start.name));
                if let Cause::One(creator, _) = self.access_key(start.key, user) {
                    via.key_creator = name(&creator).filter(|creator| *creator != start.name);
                }
            }
            StartKind::Instance => {
                if let Cause::One(launcher, _) = self.instance(self.hasher().hash(start.name)) {
                    via.launched_by = name(&launcher);
                }
            }
            _ => {}
        }
    }
}
