//! Who did it: one name for every kind of `userIdentity`.

use std::borrow::Cow;

use crate::decode::event::{Event, Fields, Slot};
use crate::decode::json::{Kind, Value, key_is};

/// The fields that tell who made a call.
#[derive(Clone, Copy, Debug)]
pub struct IdentityFields {
    identity: Slot,
    additional: Slot,
}

impl IdentityFields {
    /// Asks for the fields; nothing where there is no more room.
    pub fn new(fields: &mut Fields) -> Option<IdentityFields> {
        Some(IdentityFields { identity: fields.slot("userIdentity")?, additional: fields.slot("additionalEventData")? })
    }

    /// Who made the call of this event.
    pub fn principal<'a>(&self, event: &Event<'a>) -> Principal<'a> {
        let mut principal = Principal::default();
        let Some(identity) = event.get(self.identity) else { return principal };
        if identity.kind() != Kind::Object {
            principal.user_name = name(identity);
            return principal;
        }
        identity.each_member(|key, value| principal.read(key, value));
        if principal.kind() == "IdentityCenterUser" {
            principal.signed_in_as = event.get(self.additional).and_then(|data| text(data, "UserName"));
        }
        principal
    }
}

/// The parts of a `userIdentity` that name someone.
#[derive(Clone, Debug, Default)]
pub struct Principal<'a> {
    kind: Option<Cow<'a, str>>,
    user_name: Option<Cow<'a, str>>,
    arn: Option<Cow<'a, str>>,
    principal_id: Option<Cow<'a, str>>,
    account_id: Option<Cow<'a, str>>,
    invoked_by: Option<Cow<'a, str>>,
    role: Option<Cow<'a, str>>,
    source_identity: Option<Cow<'a, str>>,
    on_behalf_of: Option<Cow<'a, str>>,
    signed_in_as: Option<Cow<'a, str>>,
}

impl<'a> Principal<'a> {
    fn read(&mut self, key: &[u8], value: Value<'a>) {
        match key {
            b"type" => self.kind = name(value),
            b"userName" => self.user_name = name(value),
            b"arn" => self.arn = name(value),
            b"principalId" => self.principal_id = name(value),
            b"accountId" => self.account_id = name(value),
            b"invokedBy" => self.invoked_by = name(value),
            b"onBehalfOf" => self.on_behalf_of = text(value, "userId"),
            b"sessionContext" => {
                self.role = value.member("sessionIssuer").and_then(|issuer| text(issuer, "userName"));
                self.source_identity = text(value, "sourceIdentity");
            }
            _ if key.contains(&b'\\') => self.read_escaped(key, value),
            _ => {}
        }
    }

    /// A key that is written with escapes, which no service does.
    fn read_escaped(&mut self, key: &[u8], value: Value<'a>) {
        const KEYS: [&[u8]; 8] = [
            b"type",
            b"userName",
            b"arn",
            b"principalId",
            b"accountId",
            b"invokedBy",
            b"onBehalfOf",
            b"sessionContext",
        ];
        if let Some(plain) = KEYS.into_iter().find(|plain| key_is(key, plain)) {
            self.read(plain, value);
        }
    }

    fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    /// The session of a role or of a federated user: what stands behind the
    /// last `/` of the ARN, or behind the `:` of the principal's id.
    fn session(&self) -> Option<&str> {
        let of_arn = self.arn.as_deref().and_then(|arn| arn.rsplit_once('/'));
        let of_id = || self.principal_id.as_deref().and_then(|id| id.split_once(':'));
        of_arn.or_else(of_id).map(|(_, session)| session).filter(|session| !session.is_empty())
    }

    /// The role of an assumed role: the issuer of its session or, where that is
    /// missing, the middle of `assumed-role/ROLE/SESSION`.
    fn role(&self) -> Option<&str> {
        self.role.as_deref().or_else(|| {
            let (_, rest) = self.arn.as_deref()?.split_once(":assumed-role/")?;
            rest.split_once('/').map(|(role, _)| role)
        })
    }

    /// The name that a person wants to read; nothing where nobody is named.
    pub fn name(&self) -> Option<Cow<'_, str>> {
        let resolved = match self.kind() {
            "Root" => Some(borrow(&self.user_name).unwrap_or("root".into())),
            "AssumedRole" => self.role_and_session(),
            "FederatedUser" => self.session().map(Cow::from),
            "AWSService" | "" => borrow(&self.invoked_by),
            "AWSAccount" => match (&self.account_id, &self.principal_id) {
                (Some(account), Some(id)) => Some(format!("{account}/{id}").into()),
                (account, _) => borrow(account),
            },
            "IdentityCenterUser" => borrow(&self.signed_in_as).or_else(|| borrow(&self.on_behalf_of)),
            _ => None,
        };
        resolved
            .or_else(|| borrow(&self.user_name))
            .or_else(|| borrow(&self.arn))
            .or_else(|| borrow(&self.principal_id))
            .or_else(|| borrow(&self.account_id))
    }

    fn role_and_session(&self) -> Option<Cow<'_, str>> {
        match (self.role(), self.session()) {
            (Some(role), Some(session)) => Some(format!("{role}/{session}").into()),
            (role, session) => role.or(session).map(Cow::from),
        }
    }

    /// Whether any of the names that the principal goes by fits: the one that
    /// is shown, its parts, and the raw fields.
    pub fn is_any(&self, mut fits: impl FnMut(&str) -> bool) -> bool {
        let is_session = matches!(self.kind(), "AssumedRole" | "FederatedUser");
        self.name().is_some_and(|name| fits(&name))
            || (is_session && self.role().is_some_and(&mut fits))
            || (is_session && self.session().is_some_and(&mut fits))
            || [&self.user_name, &self.arn, &self.principal_id, &self.source_identity, &self.on_behalf_of]
                .into_iter()
                .flatten()
                .any(|text| fits(text))
    }
}

fn borrow<'a>(text: &'a Option<Cow<'_, str>>) -> Option<Cow<'a, str>> {
    text.as_deref().map(Cow::from)
}

/// A value that can be a name; an empty one names nobody.
fn name<'a>(value: Value<'a>) -> Option<Cow<'a, str>> {
    value.scalar().filter(|text| !text.is_empty())
}

fn text<'a>(object: Value<'a>, member: &str) -> Option<Cow<'a, str>> {
    object.member(member).and_then(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::with_event;

    fn user(identity: &str) -> String {
        let mut fields = Fields::default();
        let identities = IdentityFields::new(&mut fields).unwrap();
        let json = format!(r#"{{"eventName":"x","userIdentity":{identity}}}"#);
        with_event(&json, &fields, |event| identities.principal(event).name().map_or("-".into(), Cow::into_owned))
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
        let identities = IdentityFields::new(&mut fields).unwrap();
        let json = r#"{"userIdentity":{"type":"IdentityCenterUser","onBehalfOf":{"userId":"94"}},
                       "additionalEventData":{"UserName":"alice"}}"#;
        with_event(json, &fields, |event| {
            let principal = identities.principal(event);
            assert_eq!(principal.name().unwrap(), "alice");
            assert!(principal.is_any(|name| name == "94"));
        });
    }

    #[test]
    fn a_principal_is_known_by_each_of_its_names() {
        let mut fields = Fields::default();
        let identities = IdentityFields::new(&mut fields).unwrap();
        let json = r#"{"userIdentity":{"type":"AssumedRole","principalId":"AROA1:alice","arn":"arn:aws:sts::1:assumed-role/Admin/alice",
                       "sessionContext":{"sessionIssuer":{"userName":"Admin"},"sourceIdentity":"alice@example.com"}}}"#;
        with_event(json, &fields, |event| {
            let principal = identities.principal(event);
            for known in ["Admin/alice", "Admin", "alice", "AROA1:alice", "alice@example.com"] {
                assert!(principal.is_any(|name| name == known), "{known}");
            }
            assert!(!principal.is_any(|name| name == "bob"));
        });
    }
}
