//! The session of an event: one id for all events of one sign-in, or of one set of
//! temporary credentials.
//!
//! A visit to the console uses many access keys. Its events share the time at which the
//! session was created and the principal, so these two make the id. Events that were
//! signed with permanent keys belong to no session.

use std::borrow::Cow;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::field::text_of;
use super::time;
use crate::decode::event::{Event, FieldId, FieldSet, ObjectReader, TooManyFields};
use crate::decode::json::JsonValue;

/// Reads the sessions of events.
#[derive(Clone, Debug)]
pub struct SessionReader {
    identity: FieldId,
    parts: ObjectReader<4>,
    context: ObjectReader<1>,
    attributes: ObjectReader<1>,
}

impl SessionReader {
    /// Adds the fields it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<SessionReader, TooManyFields> {
        Ok(SessionReader {
            identity: fields.add("userIdentity")?,
            parts: ObjectReader::new(["principalId", "arn", "accountId", "sessionContext"]),
            context: ObjectReader::new(["attributes"]),
            attributes: ObjectReader::new(["creationDate"]),
        })
    }

    /// The id of the session of an event: the time of its creation in UTC, and twelve
    /// hexadecimal digits of a hash of the principal, as in
    /// `20230710T115522Z-0f3a5b7c9d1e`. `None` if the event has no session.
    pub fn id(&mut self, event: &Event<'_>) -> Option<String> {
        let [principal, arn, account, context] = self.parts.read(event.get(self.identity)?);
        let [attributes] = self.context.read(context?);
        let [created] = self.attributes.read(attributes?);
        let created = time::of_value(created?)?;
        let name = |value: Option<JsonValue<'_>>| text_of(value).map(Cow::into_owned);
        let principal = name(principal).or_else(|| name(arn)).or_else(|| name(account))?;
        let mut id = created.strftime("%Y%m%dT%H%M%SZ-").to_string();
        for byte in &Sha256::digest(principal.as_bytes())[..6] {
            // Writing to a string cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    fn id(identity: &str) -> Option<String> {
        let mut fields = FieldSet::default();
        let mut sessions = SessionReader::new(&mut fields).unwrap();
        with_event(&format!(r#"{{"userIdentity":{identity}}}"#), &fields, |event| sessions.id(event))
    }

    #[test]
    fn a_session_is_a_time_and_a_principal() {
        let identity = |principal: &str, created: &str, key: &str| {
            format!(
                r#"{{"principalId":"{principal}","accessKeyId":"{key}",
                    "sessionContext":{{"attributes":{{"creationDate":"{created}"}}}}}}"#
            )
        };
        let first = id(&identity("AIDA1", "2026-10-01T09:00:00Z", "ASIA1"));
        assert_eq!(first.as_deref(), Some("20261001T090000Z-2b59152ee62d"));
        assert_eq!(id(&identity("AIDA1", "2026-10-01 09:00:00.000", "ASIA2")), first, "another key, another form");
        let by_service = identity("AIDA1", "2026-10-01T09:00:00Z", "ASIA3")
            .replace("{\"principalId", "{\"invokedBy\":\"health.amazonaws.com\",\"principalId");
        assert_eq!(id(&by_service), first, "a service that acts for the session");
        assert_ne!(id(&identity("AIDA2", "2026-10-01T09:00:00Z", "ASIA1")), first);
        assert_ne!(id(&identity("AIDA1", "2026-10-01T09:00:01Z", "ASIA1")), first);
    }

    #[test]
    fn permanent_keys_have_no_session() {
        for identity in [
            "null",
            r#""x""#,
            "{}",
            r#"{"principalId":"AIDA1","accessKeyId":"AKIA1"}"#,
            r#"{"principalId":"AIDA1","sessionContext":{}}"#,
            r#"{"principalId":"AIDA1","sessionContext":{"attributes":{"creationDate":"n/a"}}}"#,
            r#"{"sessionContext":{"attributes":{"creationDate":"2026-10-01T09:00:00Z"}}}"#,
        ] {
            assert_eq!(id(identity), None, "{identity}");
        }
    }
}
