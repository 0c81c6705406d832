//! What the identity of an event says about the start of its chain of credentials.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use super::StartKind;
use super::text_hasher::{HashTexts, TextHasher};
use crate::cloudtrail::field::text_of;
use crate::cloudtrail::identity::{IdentityReader, Principal, user_name};
use crate::cloudtrail::keys::is_account;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet, ObjectReader, TooManyFields};
use crate::decode::json::JsonValue;

/// What is known of a caller by its own event.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct CallerFacts<H = u64> {
    /// How far the identity leads.
    pub(super) standing: ChainPosition,
    /// A name for the actor; empty if there is none.
    pub(super) name: String,
    /// How the identity shows the name.
    pub(super) start: StartKind,
    /// The account of the identity; empty if it is unknown, or if the name is unique
    /// without it.
    pub(super) account: String,
    /// A hash of the principal id; 0 if there is none.
    pub(super) principal: H,
    /// A hash of the access key; 0 if there is none.
    pub(super) key: H,
    /// The session, if another event handed out the credentials.
    pub(super) session: Option<SessionKey<H>>,
}

/// How far an identity leads by itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub(super) enum ChainPosition {
    /// Nothing is known.
    #[default]
    Unknown,
    /// The name is that of the actor.
    Start,
    /// A session, whose name counts if the chain ends here.
    Session,
    /// A session, whose name counts only if no event handed out its credentials.
    Invoked,
    /// A principal of another account; other events may know its name.
    Foreign,
}

/// What links a session with the event that handed out its credentials.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub(super) struct SessionKey<H = u64> {
    /// A hash of the ARN, which contains the role and the session name.
    pub(super) arn: H,
    /// A hash of the same ARN without the session name.
    pub(super) role: H,
    /// The second in which the session was created.
    pub(super) created: i64,
    /// A hash of the access key; 0 if there is none.
    pub(super) key: H,
}

/// Reads what identities say about their actor.
#[derive(Clone, Debug)]
pub(super) struct CallerReader<T = TextHasher> {
    identities: IdentityReader,
    identity: FieldId,
    recipient: FieldId,
    parts: ObjectReader<2>,
    context: ObjectReader<3>,
    attributes: ObjectReader<1>,
    pub(super) hasher: T,
}

impl<T: HashTexts> CallerReader<T> {
    /// Adds the fields it reads to `fields`.
    pub(super) fn new(hasher: T, fields: &mut FieldSet) -> Result<CallerReader<T>, TooManyFields> {
        Ok(CallerReader {
            identities: IdentityReader::new(fields)?,
            identity: fields.add("userIdentity")?,
            recipient: fields.add("recipientAccountId")?,
            parts: ObjectReader::new(["accessKeyId", "sessionContext"]),
            context: ObjectReader::new(["attributes", "ec2RoleDelivery", "assumedRoot"]),
            attributes: ObjectReader::new(["creationDate"]),
            hasher,
        })
    }

    /// The identity of an event as written.
    pub(super) fn written<'a>(&self, event: &Event<'a>) -> Option<&'a [u8]> {
        self.identities.written(event)
    }

    /// Whether all events with the identity of this one have the same actor.
    pub(super) fn is_decided_by_identity(&mut self, event: &Event<'_>) -> bool {
        let principal = self.identities.principal(event);
        principal.is_identity() && principal.account_id().is_some()
    }

    /// The account that an event belongs to by its identity, or else by its recipient.
    pub(super) fn account<'a>(&mut self, event: &Event<'a>) -> Cow<'a, str> {
        let of_identity = self.identities.principal(event).account_id();
        of_identity.or_else(|| text_of(event.get(self.recipient))).unwrap_or_default()
    }

    /// What is known of the caller of an event.
    pub(super) fn facts(&mut self, event: &Event<'_>) -> CallerFacts<T::Hash> {
        let principal = self.identities.principal(event);
        let Some(identity) = event.get(self.identity) else { return CallerFacts::default() };
        let [key, context] = self.parts.read(identity);
        let [attributes, delivery, assumed_root] = context.map_or([None; 3], |context| self.context.read(context));
        let created = attributes.and_then(|attributes| self.attributes.read(attributes)[0]).and_then(time::of_value);
        let hash = |text: Option<Cow<'_, str>>| self.hasher.hash(&text.unwrap_or_default());
        let key = hash(text_of(key));
        let session = principal.session_arn().zip(created).map(|(arn, created)| SessionKey {
            arn: self.hasher.hash(&arn),
            role: self.hasher.hash(role_of(&arn)),
            created: created.as_second(),
            key,
        });
        let mut facts = CallerFacts { key, principal: hash(principal.id()), session, ..CallerFacts::default() };
        if is_true(assumed_root) {
            facts.standing = ChainPosition::Session;
        } else if principal.is_role_session() {
            role_session(&principal, text_of(delivery).is_some(), &mut facts);
        } else {
            other(&principal, &mut facts);
        }
        facts
    }
}

/// The part of a session's ARN that names its role.
pub(super) fn role_of(arn: &str) -> &str {
    arn.rsplit_once('/').map_or("", |(role, _)| role)
}

fn is_true(value: Option<JsonValue<'_>>) -> bool {
    text_of(value).as_deref() == Some("true")
}

/// Adds what the session of a role says.
fn role_session<H>(principal: &Principal<'_>, is_delivered_by_ec2: bool, facts: &mut CallerFacts<H>) {
    let session_name = || principal.session_name().map(Cow::into_owned).unwrap_or_default();
    let issuer = principal.issuer_role_arn().unwrap_or_default();
    let (standing, start, name) = if let Some(source) = principal.source_identity() {
        (ChainPosition::Start, StartKind::SourceIdentity, user_name(&source))
    } else if issuer.contains(":role/aws-reserved/sso.amazonaws.com/") {
        // Only IAM Identity Center assumes these roles, and only it can create roles with
        // this path. The session name is that of the user.
        (ChainPosition::Start, StartKind::SessionName, user_name(&session_name()))
    } else if is_delivered_by_ec2 && is_instance(&session_name()) {
        (ChainPosition::Session, StartKind::Instance, session_name())
    } else if let Some(service) = service_of_linked_role(&issuer) {
        (ChainPosition::Session, StartKind::ServiceLinkedRole, service.to_string())
    } else if let Some(service) = principal.invoked_by() {
        (ChainPosition::Invoked, StartKind::InvokedBy, user_name(&service))
    } else {
        (ChainPosition::Session, StartKind::Identity, String::new())
    };
    facts.standing =
        if name.is_empty() && standing == ChainPosition::Start { ChainPosition::Session } else { standing };
    (facts.start, facts.name) = (start, name);
}

/// Adds what any other identity says.
fn other<H>(principal: &Principal<'_>, facts: &mut CallerFacts<H>) {
    let name = principal.name().map(|name| name.parts().concat()).unwrap_or_default();
    let kind = principal.kind();
    let account = || principal.account_id().map(Cow::into_owned).unwrap_or_default();
    match &*kind {
        "AWSAccount" => {
            // The id of a session is not the start of a chain.
            let id = principal.id().unwrap_or_default();
            if !id.contains(':') && !id.is_empty() && is_account(&account()) {
                (facts.standing, facts.start, facts.name) = (ChainPosition::Foreign, StartKind::OtherAccount, name);
                facts.account = account();
            } else if !id.is_empty() {
                facts.standing = ChainPosition::Foreign;
            }
        }
        "FederatedUser" => match principal.token_issuer() {
            Some(issuer) => {
                (facts.standing, facts.start, facts.name) =
                    (ChainPosition::Start, StartKind::Issuer, issuer.into_owned());
                facts.account = account();
            }
            None => facts.standing = ChainPosition::Session,
        },
        "Role" => {}
        _ if !name.is_empty() => {
            (facts.standing, facts.name) = (ChainPosition::Start, name);
            if matches!(&*kind, "IAMUser" | "Root") {
                facts.account = account();
            }
        }
        _ => {}
    }
}

/// Whether a text is the id of an EC2 instance.
pub(super) fn is_instance(text: &str) -> bool {
    text.strip_prefix("i-").is_some_and(|number| {
        matches!(number.len(), 8 | 17)
            && number.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// The service that a service-linked role belongs to. Its name is in the path, which only
/// AWS can give to a role.
fn service_of_linked_role(arn: &str) -> Option<&str> {
    let (_, rest) = arn.split_once(":role/aws-service-role/")?;
    rest.split_once('/').map(|(service, _)| service).filter(|service| service.ends_with(".amazonaws.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_roles_are_recognised_by_their_form() {
        for (text, expected) in [
            ("i-0dbc91f429e48eeed", true),
            ("i-0dbc91f4", true),
            ("i-0DBC91F4", false),
            ("i-0dbc91f42", false),
            ("x-0dbc91f4", false),
            ("i-", false),
        ] {
            assert_eq!(is_instance(text), expected, "{text}");
        }
        let service = |arn| service_of_linked_role(arn);
        assert_eq!(
            service("arn:aws:iam::1:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"),
            Some("rds.amazonaws.com")
        );
        assert_eq!(service("arn:aws:iam::1:role/rds.amazonaws.com/AWSServiceRoleForRDS"), None);
        assert_eq!(service("arn:aws:iam::1:role/aws-service-role/alice/x"), None);
    }
}
