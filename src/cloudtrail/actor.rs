//! The actor of an event: the person or machine at the start of the chain of
//! credentials.
//!
//! An event with the credentials of a role shows the role, and a session name that its
//! caller chose. Who that was is in another event, which handed the credentials out.
//!
//! ```text
//!  AssumeRole, RunInstances, …  ──GrantReader──▶  facts  ──▶  ActorIndex
//!                                                                 │
//!  any event  ──CallerReader──▶  facts about the caller  ──▶  ActorReader  ──▶  Actor
//! ```
//!
//! An actor is proven or absent. What two events explain in different ways has no actor.
//! `docs/actors.md` lists what proves one.

mod caller;
mod grant;
mod grant_table;
mod index;
mod portable;
mod reader;
mod resolver;
mod session_start;
#[cfg(test)]
mod tests;
mod text_hasher;

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

pub use self::grant::{GRANT_EVENTS, GrantFact, GrantReader};
pub use self::index::{ActorIndex, ActorIndexBuilder, IndexFull};
pub use self::portable::{PortableCaller, PortableCallerReader, PortableGrant};
pub use self::reader::ActorReader;
pub use self::session_start::{SessionCount, SessionStart, SessionStarts};
pub use self::text_hasher::{HashTexts, PortableHasher, TextHasher};

/// The time for which the credentials of a role are valid at most, in hours.
pub const MAX_SESSION_HOURS: i64 = 12;

/// The person or machine at the start of a chain of credentials, and what proves it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Actor {
    /// The name, written as the column `userName` writes names. The name of a user of
    /// another account than that of the session has the account before it:
    /// `444455556666/alice`.
    pub name: String,
    /// The account and the name, if the actor is a user of a known account.
    pub qualified: Option<String>,
    /// What proves it, link by link from the event back to the actor.
    pub via: ActorProof,
}

impl Actor {
    /// Whether the actor has a name that passes the test: the cell, and the name with and
    /// without its account.
    pub fn is_any(&self, mut fits: impl FnMut(&str) -> bool) -> bool {
        let bare = self.qualified.as_deref().and_then(|name| name.split_once('/')).map(|(_, name)| name);
        fits(&self.name) || self.qualified.as_deref().is_some_and(&mut fits) || bare.is_some_and(fits)
    }
}

/// What proves an actor.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ActorProof {
    /// The links of the chain, from the event back.
    links: Vec<LinkKind>,
    /// How the identity at the start of the chain shows its name.
    start: StartKind,
    /// Who created the access key of the user at the start of the chain, if it was not
    /// the user.
    key_creator: Option<String>,
    /// Who launched the instance at the start of the chain.
    launched_by: Option<String>,
    /// Who set the source identity, if the chain proves another name.
    set_by: Option<String>,
}

/// How an event is linked with the one that handed its credentials out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LinkKind {
    /// By the access key, the role, the session name and the time.
    Key,
    /// By the role, the session name and the time.
    PrincipalAndTime,
    /// By the principal id, which an account shows of callers from other accounts.
    PrincipalId,
}

/// How an identity shows who is at the start of its chain.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
enum StartKind {
    /// It is the identity of a user, root or a service itself.
    #[default]
    Identity,
    /// The source identity.
    SourceIdentity,
    /// The session name, which IAM Identity Center has set.
    SessionName,
    /// The session name, which EC2 has set to the id of the instance.
    Instance,
    /// The user who issued the credentials, of a federated user.
    Issuer,
    /// A role that only one service can assume.
    ServiceLinkedRole,
    /// The service that made the call.
    InvokedBy,
    /// A principal of another account, of which nothing but the id is known.
    OtherAccount,
}

impl fmt::Display for ActorProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links = self.links.iter().map(|link| match link {
            LinkKind::Key => "key",
            LinkKind::PrincipalAndTime => "principal+time",
            LinkKind::PrincipalId => "principal id",
        });
        let start = match self.start {
            StartKind::Identity if self.links.is_empty() => Some("identity"),
            StartKind::Identity => None,
            StartKind::SourceIdentity => Some("sourceIdentity"),
            StartKind::SessionName | StartKind::Instance => Some("session name"),
            StartKind::Issuer => Some("issuer"),
            StartKind::ServiceLinkedRole => Some("service-linked role"),
            StartKind::InvokedBy => Some("invokedBy"),
            StartKind::OtherAccount => Some("other account"),
        };
        let mut separator = "";
        for part in links.chain(start) {
            f.write_str(separator)?;
            f.write_str(part)?;
            separator = ", ";
        }
        let notes =
            [("set by", &self.set_by), ("key created by", &self.key_creator), ("launched by", &self.launched_by)];
        for (note, name) in notes {
            if let Some(name) = name {
                f.write_str(separator)?;
                f.write_str(note)?;
                f.write_char(' ')?;
                f.write_str(name)?;
                separator = ", ";
            }
        }
        Ok(())
    }
}
