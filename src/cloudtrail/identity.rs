//! The caller of an event: one display name for every kind of `userIdentity`, and all
//! other names of the caller.

mod credential;
mod name;
#[cfg(test)]
mod tests;

pub(in crate::cloudtrail) use self::credential::{assumed_role_arn, user_name};
pub use self::name::CallerName;
use super::field::text_of as text;
use crate::decode::event::{Event, FieldId, FieldSet, ObjectReader, TooManyFields};
use crate::decode::json::{JsonValue, ValueKind};

/// Reads the callers of events.
#[derive(Clone, Debug)]
pub struct IdentityReader {
    identity: FieldId,
    additional: FieldId,
    parts: ObjectReader<8>,
    context: ObjectReader<2>,
    issuer: ObjectReader<3>,
}

impl IdentityReader {
    /// Adds the fields it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<IdentityReader, TooManyFields> {
        Ok(IdentityReader {
            identity: fields.add("userIdentity")?,
            additional: fields.add("additionalEventData")?,
            parts: ObjectReader::new([
                "type",
                "userName",
                "arn",
                "principalId",
                "accountId",
                "invokedBy",
                "sessionContext",
                "onBehalfOf",
            ]),
            context: ObjectReader::new(["sessionIssuer", "sourceIdentity"]),
            issuer: ObjectReader::new(["type", "userName", "arn"]),
        })
    }

    /// The `userIdentity` of an event as written.
    pub fn written<'a>(&self, event: &Event<'a>) -> Option<&'a [u8]> {
        event.get(self.identity).map(|identity| identity.raw())
    }

    /// The caller of an event.
    pub fn principal<'a>(&mut self, event: &Event<'a>) -> Principal<'a> {
        let Some(identity) = event.get(self.identity) else { return Principal::default() };
        if identity.kind() != ValueKind::Object {
            return Principal { user_name: Some(identity), ..Principal::default() };
        }
        let [kind, user_name, arn, principal_id, account_id, invoked_by, context, on_behalf_of] =
            self.parts.read(identity);
        let [issuer, source_identity] = context.map_or([None; 2], |context| self.context.read(context));
        let [issuer_kind, issuer_name, issuer_arn] = issuer.map_or([None; 3], |issuer| self.issuer.read(issuer));
        Principal {
            kind,
            user_name,
            arn,
            principal_id,
            account_id,
            invoked_by,
            issuer_kind,
            issuer_name,
            issuer_arn,
            source_identity,
            on_behalf_of,
            additional: event.get(self.additional),
        }
    }
}

/// The parts of a `userIdentity` that contain names.
#[derive(Clone, Debug, Default)]
pub struct Principal<'a> {
    kind: Option<JsonValue<'a>>,
    user_name: Option<JsonValue<'a>>,
    arn: Option<JsonValue<'a>>,
    principal_id: Option<JsonValue<'a>>,
    account_id: Option<JsonValue<'a>>,
    invoked_by: Option<JsonValue<'a>>,
    /// The type of `sessionIssuer`: a role, a user or root.
    issuer_kind: Option<JsonValue<'a>>,
    issuer_name: Option<JsonValue<'a>>,
    issuer_arn: Option<JsonValue<'a>>,
    source_identity: Option<JsonValue<'a>>,
    on_behalf_of: Option<JsonValue<'a>>,
    /// `additionalEventData` of the event.
    additional: Option<JsonValue<'a>>,
}
