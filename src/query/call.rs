//! What kind of call it was: whether it changed something, and whether it
//! happened at all.

use super::field;
use crate::decode::event::{Event, Fields, Slot, TooMany};

/// Tells calls that read from those that write.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    read_only: Slot,
    name: Slot,
}

impl Access {
    /// Asks for the fields.
    pub fn new(fields: &mut Fields) -> Result<Access, TooMany> {
        Ok(Access { read_only: fields.slot("readOnly")?, name: fields.slot("eventName")? })
    }

    /// Whether the call only read. Where `readOnly` does not say it, as in
    /// events of the first version, the verb of the call does; nothing where
    /// nothing was called.
    pub fn is_read(self, event: &Event<'_>) -> Option<bool> {
        match field::text(event, self.read_only).as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => field::text(event, self.name).map(|name| begins_with_read(&name)),
        }
    }
}

fn begins_with_read(name: &str) -> bool {
    const VERBS: [&str; 5] = ["Get", "List", "Describe", "Head", "Lookup"];
    let is_whole = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_lowercase());
    VERBS.iter().any(|verb| name.strip_prefix(verb).is_some_and(is_whole))
}

/// Tells attempts from deeds.
#[derive(Clone, Copy, Debug)]
pub struct Failure([Slot; 2]);

impl Failure {
    /// Asks for the fields.
    pub fn new(fields: &mut Fields) -> Result<Failure, TooMany> {
        Ok(Failure([fields.slot("errorCode")?, fields.slot("errorMessage")?]))
    }

    /// Whether the call failed or was denied. A failed sign-in has a message
    /// and no code.
    pub fn is_failed(self, event: &Event<'_>) -> bool {
        self.0.iter().any(|slot| field::text(event, *slot).is_some_and(|text| !text.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::with_event;

    #[test]
    fn reads_are_told_from_writes() {
        for (json, expected) in [
            (r#"{"readOnly":true,"eventName":"RunInstances"}"#, Some(true)),
            (r#"{"readOnly":"false","eventName":"GetObject"}"#, Some(false)),
            (r#"{"eventName":"GetObject"}"#, Some(true)),
            (r#"{"readOnly":null,"eventName":"DescribeTags"}"#, Some(true)),
            (r#"{"eventName":"HeadBucket"}"#, Some(true)),
            (r#"{"eventName":"LookupEvents"}"#, Some(true)),
            (r#"{"eventName":"List"}"#, Some(true)),
            (r#"{"eventName":"Getaway"}"#, Some(false)),
            (r#"{"eventName":"RunInstances"}"#, Some(false)),
            (r#"{"eventCategory":"Insight"}"#, None),
        ] {
            let mut fields = Fields::default();
            let access = Access::new(&mut fields).unwrap();
            assert_eq!(with_event(json, &fields, |event| access.is_read(event)), expected, "{json}");
        }
    }

    #[test]
    fn an_error_of_any_kind_is_a_failure() {
        for (json, expected) in [
            (r#"{"errorCode":"AccessDenied"}"#, true),
            (r#"{"errorCode":null,"errorMessage":"No username found"}"#, true),
            (r#"{"errorCode":"","errorMessage":null}"#, false),
            (r#"{"eventName":"X"}"#, false),
        ] {
            let mut fields = Fields::default();
            let failure = Failure::new(&mut fields).unwrap();
            assert_eq!(with_event(json, &fields, |event| failure.is_failed(event)), expected, "{json}");
        }
    }
}
