//! Who did it: one name for every kind of `userIdentity`, and all names that it
//! goes by.

mod name;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use self::name::Name;
use crate::decode::event::{Event, Fields, Shape, Slot, TooMany};
use crate::decode::json::{Kind, Value};

/// Reads who made a call.
#[derive(Clone, Debug)]
pub struct Identities {
    identity: Slot,
    additional: Slot,
    parts: Shape<8>,
    context: Shape<2>,
    issuer: Shape<3>,
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
            issuer: Shape::new(["type", "userName", "arn"]),
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

/// The parts of a `userIdentity` that name someone.
#[derive(Clone, Debug, Default)]
pub struct Principal<'a> {
    kind: Option<Value<'a>>,
    user_name: Option<Value<'a>>,
    arn: Option<Value<'a>>,
    principal_id: Option<Value<'a>>,
    account_id: Option<Value<'a>>,
    invoked_by: Option<Value<'a>>,
    /// The type of `sessionIssuer`: a role, a user or root.
    issuer_kind: Option<Value<'a>>,
    issuer_name: Option<Value<'a>>,
    issuer_arn: Option<Value<'a>>,
    source_identity: Option<Value<'a>>,
    on_behalf_of: Option<Value<'a>>,
    /// `additionalEventData` of the event.
    additional: Option<Value<'a>>,
}

/// A value that can be a name; an empty one names no one.
fn text(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    value?.scalar().filter(|text| !text.is_empty())
}
