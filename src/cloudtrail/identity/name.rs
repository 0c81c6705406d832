//! The names of a principal: the display name, and all names that filters match.
//!
//! | `type` | shown |
//! |---|---|
//! | `Root` | `root`, although AWS puts the alias of the account into `userName` |
//! | any, with an assumed-role ARN | `role/session` |
//! | `FederatedUser` | `issuer/name`, since the caller of GetFederationToken chooses the name |
//! | `IdentityCenterUser`, `Unknown` | the name typed at sign-in |
//! | `AWSService`, none | the service in `invokedBy` |
//! | `AWSAccount` | `account/principal` |
//! | others | `userName`, else the ARN, the principal id or the account |
//!
//! Callers choose session names, token names and user names. So `root` alone and
//! `root/…` always mean the root user or credentials that it issued. The same text in
//! any other identity is shown and matched with the prefix `user/` or `role/`.

use std::borrow::Cow;
use std::ops::Range;

use super::{Principal, text};

const ROOT: &str = "root";
/// Prefix of another principal's name that reads like `root`. The byte search looks for
/// parts of names, so both prefixes must be too common to be searched for.
pub(super) const USER: &str = "user";
const ROLE: &str = "role";

/// The display name of a caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CallerName<'a> {
    /// A single name.
    Plain(Cow<'a, str>),
    /// A role and its session, an issuer and the token name, or an account and its
    /// principal: shown with a `/` in between.
    Pair(Cow<'a, str>, Cow<'a, str>),
}

impl<'a> CallerName<'a> {
    /// The parts whose concatenation is the display name.
    pub fn parts(&self) -> [&str; 3] {
        match self {
            CallerName::Plain(name) => [name, "", ""],
            CallerName::Pair(first, second) => [first, "/", second],
        }
    }

    /// A name that cannot be mistaken for the root user's.
    fn not_root(kind: &'static str, name: Cow<'a, str>) -> CallerName<'a> {
        if claims_root(&name) { CallerName::Pair(kind.into(), name) } else { CallerName::Plain(name) }
    }
}

impl<'a> Principal<'a> {
    /// The type of the identity.
    pub(in crate::cloudtrail) fn kind(&self) -> Cow<'a, str> {
        text(self.kind).unwrap_or_default()
    }

    /// Whether the principal is the root user, or uses credentials that the root user
    /// issued.
    fn is_root(&self) -> bool {
        self.kind() == "Root" || (self.kind() == "FederatedUser" && self.is_issued_by_root())
    }

    fn is_issued_by_root(&self) -> bool {
        let is_roots_arn = |arn: Cow<'_, str>| arn.starts_with("arn:") && arn.ends_with(":root");
        match text(self.issuer_kind) {
            Some(kind) => kind == "Root",
            None => text(self.issuer_arn).is_some_and(is_roots_arn),
        }
    }

    /// The last part of an ARN of this kind, such as `assumed-role/ROLE/SESSION` or
    /// `federated-user/NAME`.
    fn last_of_arn(&self, kind: &str) -> Option<Cow<'a, str>> {
        let arn = text(self.arn).filter(|arn| arn.contains(kind))?;
        cut(arn, |arn| arn.rfind('/').map(|at| at + 1..arn.len())).filter(|last| !last.is_empty())
    }

    /// The part after the colon in `AROA…:session` or `ACCOUNT:name`.
    fn last_of_id(&self) -> Option<Cow<'a, str>> {
        let id = text(self.principal_id)?;
        cut(id, |id| id.find(':').map(|at| at + 1..id.len())).filter(|last| !last.is_empty())
    }

    /// The session name of a role.
    pub(in crate::cloudtrail) fn session_name(&self) -> Option<Cow<'a, str>> {
        let of_id = || if self.kind() == "AssumedRole" { self.last_of_id() } else { None };
        self.last_of_arn(ASSUMED_ROLE).or_else(of_id)
    }

    /// The role of a session: its issuer or, if that is missing, the middle part of
    /// `assumed-role/ROLE/SESSION`.
    fn role(&self) -> Option<Cow<'a, str>> {
        let role = text(self.issuer_name).or_else(|| {
            cut(text(self.arn)?, |arn| {
                let start = arn.find(ASSUMED_ROLE)? + ASSUMED_ROLE.len();
                arn[start..].find('/').map(|length| start..start + length)
            })
        });
        role.map(|role| qualified(ROLE, role))
    }

    /// A role and its session, for every type with the ARN of an assumed role.
    fn role_session(&self) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
        Some((self.role()?, self.session_name()?))
    }

    /// The caller of GetFederationToken.
    pub(in crate::cloudtrail) fn token_issuer(&self) -> Option<Cow<'a, str>> {
        if self.is_issued_by_root() {
            return Some(ROOT.into());
        }
        text(self.issuer_name).or_else(|| text(self.issuer_arn)).map(|issuer| qualified(USER, issuer))
    }

    /// The name in a federation token.
    fn token_name(&self) -> Option<Cow<'a, str>> {
        self.last_of_arn(FEDERATED_USER).or_else(|| self.last_of_id())
    }

    fn federated(&self) -> Option<CallerName<'a>> {
        match (self.token_issuer(), self.token_name()) {
            (Some(issuer), Some(name)) => Some(CallerName::Pair(issuer, name)),
            // A name that the caller chose is never shown alone.
            (issuer, _) => {
                let token = [self.arn, self.principal_id].into_iter().find_map(text);
                match issuer {
                    Some(issuer) => Some(CallerName::Pair(issuer, token.unwrap_or_default())),
                    None => token.or_else(|| text(self.account_id)).map(|name| CallerName::not_root(USER, name)),
                }
            }
        }
    }

    fn on_behalf_of(&self) -> Option<Cow<'a, str>> {
        text(self.on_behalf_of.and_then(|other| other.member("userId")))
    }

    /// The name typed at a sign-in through Identity Center.
    fn sign_in_name(&self) -> Option<Cow<'a, str>> {
        if self.is_identity() {
            return None;
        }
        text(self.additional.and_then(|data| data.member("UserName")))
    }

    /// Whether the identity alone determines the name, without the rest of the event.
    pub fn is_identity(&self) -> bool {
        !matches!(&*self.kind(), "IdentityCenterUser" | "Unknown")
    }

    /// The display name; `None` if the event names no caller.
    pub fn name(&self) -> Option<CallerName<'a>> {
        let kind = self.kind();
        if kind == "Root" {
            return Some(CallerName::Plain(ROOT.into()));
        }
        if let Some((role, session)) = self.role_session() {
            return Some(CallerName::Pair(role, session));
        }
        let resolved = match &*kind {
            "AssumedRole" => self.role(),
            "FederatedUser" => return self.federated(),
            "AWSService" | "" => text(self.invoked_by),
            "AWSAccount" => match (text(self.account_id), text(self.principal_id)) {
                (Some(account), Some(id)) => return Some(CallerName::Pair(qualified(USER, account), id)),
                (account, _) => account,
            },
            "IdentityCenterUser" => self.sign_in_name().or_else(|| self.on_behalf_of()),
            "Unknown" => self.sign_in_name().or_else(|| text(self.user_name)).or_else(|| self.on_behalf_of()),
            _ => None,
        };
        let fallback = || [self.user_name, self.arn, self.principal_id, self.account_id].into_iter().find_map(text);
        resolved.or_else(fallback).map(|name| CallerName::not_root(USER, name))
    }

    /// The principal whose permissions apply: the role of a session, otherwise the
    /// display name.
    pub fn holder(&self) -> Option<String> {
        if self.kind() != "Root"
            && let Some((role, _)) = self.role_session()
        {
            return Some(role.into_owned());
        }
        self.name().map(|name| name.parts().concat())
    }

    /// Whether any of the principal's names passes the test.
    pub fn is_any(&self, mut fits: impl FnMut(&str) -> bool) -> bool {
        let is_root = self.is_root();
        if self.name().is_some_and(|name| fits(&name.parts().concat())) || (is_root && fits(ROOT)) {
            return true;
        }
        let raw =
            [self.user_name, self.arn, self.principal_id, self.issuer_name, self.issuer_arn, self.source_identity];
        let derived = [
            self.role(),
            self.session_name(),
            self.last_of_id(),
            self.on_behalf_of(),
            self.sign_in_name(),
            if self.kind() == "FederatedUser" { self.token_name() } else { None },
        ];
        let all = raw.into_iter().filter_map(text).chain(derived.into_iter().flatten());
        all.into_iter().any(|name| (is_root || !claims_root(&name)) && fits(&name))
    }
}

const ASSUMED_ROLE: &str = ":assumed-role/";
const FEDERATED_USER: &str = ":federated-user/";

/// Whether a text reads like the root user or its credentials. Ignores case, as
/// patterns do.
fn claims_root(text: &str) -> bool {
    let (name, rest) = text.split_at_checked(ROOT.len()).unwrap_or((text, ""));
    name.eq_ignore_ascii_case(ROOT) && (rest.is_empty() || rest.starts_with('/'))
}

/// A name that cannot be mistaken for the root user's, as one text.
pub(super) fn qualified<'a>(kind: &'static str, name: Cow<'a, str>) -> Cow<'a, str> {
    if claims_root(&name) { format!("{kind}/{name}").into() } else { name }
}

/// A part of a text, borrowed if the text is borrowed.
fn cut<'a>(text: Cow<'a, str>, part: impl FnOnce(&str) -> Option<Range<usize>>) -> Option<Cow<'a, str>> {
    let range = part(&text)?;
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_string()),
    })
}
