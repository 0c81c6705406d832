//! Who did it: one name for every kind of `userIdentity`.

use std::borrow::Cow;
use std::ops::Range;

use crate::decode::event::{Event, Fields, Shape, Slot, TooMany};
use crate::decode::json::{Kind, Value};

/// Reads who made a call.
#[derive(Clone, Debug)]
pub struct Identities {
    identity: Slot,
    additional: Slot,
    parts: Shape<8>,
    context: Shape<2>,
    issuer: Shape<2>,
}

impl Identities {
    /// Asks for the fields.
    pub fn new(fields: &mut Fields) -> Result<Identities, TooMany> {
        Ok(Identities {
            identity: fields.slot("userIdentity")?,
            additional: fields.slot("additionalEventData")?,
            parts: Shape::new([
                "type",
                "userName",
                "arn",
                "principalId",
                "accountId",
                "invokedBy",
                "sessionContext",
                "onBehalfOf",
            ]),
            context: Shape::new(["sessionIssuer", "sourceIdentity"]),
            issuer: Shape::new(["userName", "arn"]),
        })
    }

    /// The identity of an event as written.
    pub fn written<'a>(&self, event: &Event<'a>) -> Option<&'a [u8]> {
        event.get(self.identity).map(|identity| identity.raw())
    }

    /// Who made the call of this event.
    pub fn principal<'a>(&mut self, event: &Event<'a>) -> Principal<'a> {
        let Some(identity) = event.get(self.identity) else { return Principal::default() };
        if identity.kind() != Kind::Object {
            return Principal { user_name: Some(identity), ..Principal::default() };
        }
        let [kind, user_name, arn, principal_id, account_id, invoked_by, context, on_behalf_of] =
            self.parts.read(identity);
        let [issuer, source_identity] = context.map_or([None; 2], |context| self.context.read(context));
        let [role, role_arn] = issuer.map_or([None; 2], |issuer| self.issuer.read(issuer));
        Principal {
            kind,
            user_name,
            arn,
            principal_id,
            account_id,
            invoked_by,
            role,
            role_arn,
            source_identity,
            on_behalf_of,
            additional: event.get(self.additional),
        }
    }
}

/// The parts of a `userIdentity` that name someone.
#[derive(Clone, Debug, Default)]
pub struct Principal<'a> {
    kind: Option<Value<'a>>,
    user_name: Option<Value<'a>>,
    arn: Option<Value<'a>>,
    principal_id: Option<Value<'a>>,
    account_id: Option<Value<'a>>,
    invoked_by: Option<Value<'a>>,
    role: Option<Value<'a>>,
    /// The ARN of the role, or of whoever else issued the session.
    role_arn: Option<Value<'a>>,
    source_identity: Option<Value<'a>>,
    on_behalf_of: Option<Value<'a>>,
    /// `additionalEventData` of the event.
    additional: Option<Value<'a>>,
}

/// The name that a person wants to read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Name<'a> {
    /// One name.
    Plain(Cow<'a, str>),
    /// A role and its session, or an account and a principal in it: shown with
    /// a `/` between them.
    Pair(Cow<'a, str>, Cow<'a, str>),
}

impl Name<'_> {
    /// The parts that make up the text.
    pub fn parts(&self) -> [&str; 3] {
        match self {
            Name::Plain(name) => [name, "", ""],
            Name::Pair(first, second) => [first, "/", second],
        }
    }
}

impl<'a> Principal<'a> {
    fn kind(&self) -> Cow<'a, str> {
        text(self.kind).unwrap_or_default()
    }

    /// The session of a role or of a federated user: what stands behind the
    /// last `/` of the ARN, or behind the `:` of the principal's id.
    fn session(&self) -> Option<Cow<'a, str>> {
        let of_arn = text(self.arn).and_then(|arn| cut(arn, |arn| arn.rfind('/').map(|at| at + 1..arn.len())));
        let of_id = || text(self.principal_id).and_then(|id| cut(id, |id| id.find(':').map(|at| at + 1..id.len())));
        of_arn.or_else(of_id).filter(|session| !session.is_empty())
    }

    /// The role of an assumed role: the issuer of its session or, where that is
    /// missing, the middle of `assumed-role/ROLE/SESSION`.
    fn role(&self) -> Option<Cow<'a, str>> {
        const ROLE: &str = ":assumed-role/";
        text(self.role).or_else(|| {
            cut(text(self.arn)?, |arn| {
                let start = arn.find(ROLE)? + ROLE.len();
                arn[start..].find('/').map(|length| start..start + length)
            })
        })
    }

    fn on_behalf_of(&self) -> Option<Cow<'a, str>> {
        text(self.on_behalf_of.and_then(|other| other.member("userId")))
    }

    /// Whether nothing but the identity decides who it is.
    pub fn is_identity(&self) -> bool {
        self.kind() != "IdentityCenterUser"
    }

    /// The name that a person wants to read; nothing where nobody is named.
    pub fn name(&self) -> Option<Name<'a>> {
        let resolved = match &*self.kind() {
            "Root" => Some(text(self.user_name).unwrap_or("root".into())),
            "AssumedRole" => match (self.role(), self.session()) {
                (Some(role), Some(session)) => return Some(Name::Pair(role, session)),
                (role, session) => role.or(session),
            },
            "FederatedUser" => self.session(),
            "AWSService" | "" => text(self.invoked_by),
            "AWSAccount" => match (text(self.account_id), text(self.principal_id)) {
                (Some(account), Some(id)) => return Some(Name::Pair(account, id)),
                (account, _) => account,
            },
            "IdentityCenterUser" => {
                text(self.additional.and_then(|data| data.member("UserName"))).or_else(|| self.on_behalf_of())
            }
            _ => None,
        };
        let fallback = || [self.user_name, self.arn, self.principal_id, self.account_id].into_iter().find_map(text);
        resolved.or_else(fallback).map(Name::Plain)
    }

    /// Whose permissions decide: the role, whoever took it, or else the name
    /// that a person wants to read.
    pub fn holder(&self) -> Option<String> {
        match self.name()? {
            Name::Pair(role, _) if self.kind() == "AssumedRole" => Some(role.into_owned()),
            name => Some(name.parts().concat()),
        }
    }

    /// Whether any of the names that the principal goes by fits: the one that
    /// is shown, its parts, and the raw fields.
    pub fn is_any(&self, mut fits: impl FnMut(&str) -> bool) -> bool {
        let is_shown = match self.name() {
            Some(Name::Plain(name)) => fits(&name),
            Some(Name::Pair(first, second)) => {
                fits(&format!("{first}/{second}")) || (self.kind() == "AssumedRole" && (fits(&first) || fits(&second)))
            }
            None => false,
        };
        is_shown
            || [self.user_name, self.arn, self.role_arn, self.principal_id, self.source_identity]
                .into_iter()
                .filter_map(text)
                .any(|name| fits(&name))
            || self.on_behalf_of().is_some_and(|name| fits(&name))
    }
}

/// A value that can be a name; an empty one names nobody.
fn text(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    value?.scalar().filter(|text| !text.is_empty())
}

/// A part of a text, without a copy where the text is none.
fn cut<'a>(text: Cow<'a, str>, part: impl FnOnce(&str) -> Option<Range<usize>>) -> Option<Cow<'a, str>> {
    let range = part(&text)?;
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::with_event;

    fn user(identity: &str) -> String {
        let mut fields = Fields::default();
        let mut identities = Identities::new(&mut fields).unwrap();
        let json = format!(r#"{{"eventName":"x","userIdentity":{identity}}}"#);
        with_event(&json, &fields, |event| {
            identities.principal(event).name().map_or("-".into(), |name| name.parts().concat())
        })
    }

    #[test]
    fn every_kind_of_identity_has_its_name() {
        let role = r#""sessionContext":{"sessionIssuer":{"userName":"Admin"}}"#;
        for (identity, expected) in [
            (r#"{"type":"IAMUser","userName":"alice","arn":"arn:aws:iam::1:user/alice"}"#.into(), "alice"),
            (r#"{"type":"IAMUser","arn":"arn:aws:iam::1:user/alice"}"#.into(), "arn:aws:iam::1:user/alice"),
            (r#"{"type":"SAMLUser","userName":"s"}"#.into(), "s"),
            (r#"{"type":"WebIdentityUser","userName":"w"}"#.into(), "w"),
            (r#"{"type":"Root","arn":"arn:aws:iam::1:root"}"#.into(), "root"),
            (r#"{"type":"Root","userName":"my-alias"}"#.into(), "my-alias"),
            (
                format!(r#"{{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/Admin/a@b.c",{role}}}"#),
                "Admin/a@b.c",
            ),
            (format!(r#"{{"type":"AssumedRole","principalId":"AROA1:a@b.c",{role}}}"#), "Admin/a@b.c"),
            (r#"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/Admin/sess"}"#.into(), "Admin/sess"),
            (r#"{"type":"AssumedRole","principalId":"AROA1:sess"}"#.into(), "sess"),
            (format!(r#"{{"type":"AssumedRole",{role}}}"#), "Admin"),
            (r#"{"type":"AssumedRole","principalId":"AROA1"}"#.into(), "AROA1"),
            (r#"{"type":"FederatedUser","arn":"arn:aws:sts::1:federated-user/fred"}"#.into(), "fred"),
            (r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#.into(), "ec2.amazonaws.com"),
            (r#"{"invokedBy":"ec2.amazonaws.com"}"#.into(), "ec2.amazonaws.com"),
            (r#"{"type":"AWSAccount","accountId":"111122223333"}"#.into(), "111122223333"),
            (r#"{"type":"AWSAccount","accountId":"1","principalId":"AIDA"}"#.into(), "1/AIDA"),
            (r#"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"94482488-1"}}"#.into(), "94482488-1"),
            (r#"{"type":"Directory","userName":"d"}"#.into(), "d"),
            (r#"{"type":"Unknown","principalId":"p"}"#.into(), "p"),
            (r#"{"type":"Novel","arn":"arn:x","principalId":"p"}"#.into(), "arn:x"),
            (r#"{"type":"IAMUser","userName":""}"#.into(), "-"),
            (r#"{"\u0074ype":"Root"}"#.into(), "root"),
            (r#"{}"#.into(), "-"),
            (r#"null"#.into(), "-"),
            (r#""someone""#.into(), "someone"),
            (r#"[1]"#.into(), "-"),
            (r#"{"type":5,"userName":{"a":1},"arn":true}"#.to_string(), "true"),
        ] {
            assert_eq!(user(&identity), expected, "{identity}");
        }
    }

    #[test]
    fn a_sign_in_names_the_person() {
        let mut fields = Fields::default();
        let mut identities = Identities::new(&mut fields).unwrap();
        let json = r#"{"userIdentity":{"type":"IdentityCenterUser","onBehalfOf":{"userId":"94"}},
                       "additionalEventData":{"UserName":"alice"}}"#;
        with_event(json, &fields, |event| {
            let principal = identities.principal(event);
            assert_eq!(principal.name(), Some(Name::Plain("alice".into())));
            assert!(principal.is_any(|name| name == "94"));
        });
    }

    #[test]
    fn a_principal_is_known_by_each_of_its_names() {
        let mut fields = Fields::default();
        let mut identities = Identities::new(&mut fields).unwrap();
        let json = r#"{"userIdentity":{"type":"AssumedRole","principalId":"AROA1:alice","arn":"arn:aws:sts::1:assumed-role/Admin/alice",
                       "sessionContext":{"sessionIssuer":{"userName":"Admin","arn":"arn:aws:iam::1:role/x/Admin"},
                       "sourceIdentity":"alice@example.com"}}}"#;
        with_event(json, &fields, |event| {
            let principal = identities.principal(event);
            for known in [
                "Admin/alice",
                "Admin",
                "alice",
                "AROA1:alice",
                "alice@example.com",
                "arn:aws:sts::1:assumed-role/Admin/alice",
                "arn:aws:iam::1:role/x/Admin",
            ] {
                assert!(principal.is_any(|name| name == known), "{known}");
            }
            assert!(!principal.is_any(|name| name == "bob"));
        });
    }
}
