//! What an event is about: the ids and ARNs that stand in it.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::decode::event::{Event, Fields, Slot};
use crate::decode::json::unescape;

/// More than an ARN can have, all of it escaped.
const LONGEST: usize = 16 << 10;

/// The fields in which resources are named.
#[derive(Clone, Copy, Debug)]
pub struct ResourceFields([Slot; 3]);

impl ResourceFields {
    /// Asks for the fields; nothing where there is no more room.
    pub fn new(fields: &mut Fields) -> Option<ResourceFields> {
        Some(ResourceFields([
            fields.slot("resources")?,
            fields.slot("requestParameters")?,
            fields.slot("responseElements")?,
        ]))
    }

    /// The ids and ARNs of an event, each once, in the order in which they
    /// stand in `resources`, the request and the response.
    pub fn list<'a>(&self, event: &Event<'a>) -> Vec<Cow<'a, str>> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        for value in self.0.iter().filter_map(|slot| event.get(*slot)) {
            value.each_string(|written| {
                if written.len() > LONGEST {
                    return;
                }
                let text = unescape(written);
                if is_resource(&text) && seen.insert(text.clone()) {
                    found.push(text);
                }
            });
        }
        found
    }
}

/// Whether a text is an ARN, or an id such as `i-0abc12de34f567890`.
fn is_resource(text: &str) -> bool {
    if text.starts_with("arn:") {
        return !text.contains(char::is_whitespace) && text.matches(':').count() >= 5;
    }
    let Some((kind, number)) = text.rsplit_once('-') else { return false };
    matches!(number.len(), 8 | 17)
        && number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && (1..=20).contains(&kind.len())
        && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::with_event;

    #[test]
    fn ids_and_arns_are_found_once_wherever_they_stand() {
        let json = r#"{"eventID":"i-0123456789abcdef0",
            "responseElements":{"instancesSet":{"items":[{"instanceId":"i-0abc12de34f567890"}]}},
            "requestParameters":{"i-0abc12de34f567891":"key","groupSet":["sg-01234567","not-an-id","arn:only"],
              "text":"see i-0abc12de34f567890"},
            "resources":[{"ARN":"arn:aws:s3:::bucket"},{"ARN":"arn:aws:s3:::bucket"}]}"#;
        let mut fields = Fields::default();
        let resources = ResourceFields::new(&mut fields).unwrap();
        with_event(json, &fields, |event| {
            assert_eq!(resources.list(event), ["arn:aws:s3:::bucket", "sg-01234567", "i-0abc12de34f567890"]);
        });
    }
}
