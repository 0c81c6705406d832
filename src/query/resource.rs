//! What an event is about: the ids and ARNs that stand in it.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::decode::event::{Event, Fields, Slot, TooMany};
use crate::decode::json::unescape;
use crate::error::Fatal;
use crate::pattern::{Choice, Pattern};

/// More than an ARN can have, all of it escaped.
const LONGEST: usize = 16 << 10;

/// The fields in which resources are named.
#[derive(Clone, Copy, Debug)]
pub struct ResourceFields([Slot; 3]);

impl ResourceFields {
    /// Asks for the fields.
    pub fn new(fields: &mut Fields) -> Result<ResourceFields, TooMany> {
        Ok(ResourceFields([
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

/// What `--resource` asks for.
#[derive(Clone, Debug)]
pub struct ResourceChoice {
    fields: ResourceFields,
    choice: Choice<Pattern>,
}

impl ResourceChoice {
    /// Compiles the values of `--resource`; nothing where there are none.
    pub fn new(fields: ResourceFields, values: &[String]) -> Result<Option<ResourceChoice>, Fatal> {
        const OPTION: &str = "--resource";
        let choice = Choice::new(OPTION, values, |value| Pattern::new(OPTION, value))?;
        Ok(choice.map(|choice| ResourceChoice { fields, choice }))
    }

    /// The patterns.
    pub fn choice(&self) -> &Choice<Pattern> {
        &self.choice
    }

    /// Whether what is asked for stands in the event, as a whole value or as
    /// the last part of an ARN.
    pub fn admits(&self, event: &Event<'_>) -> bool {
        self.choice.admits(|pattern| {
            let mut is_there = false;
            for value in self.fields.0.iter().filter_map(|slot| event.get(*slot)) {
                value.each_string(|written| is_there = is_there || is_named(pattern, &unescape(written)));
            }
            is_there
        })
    }
}

/// Whether a value is what a pattern asks for, or an ARN that ends in it.
fn is_named(pattern: &Pattern, text: &str) -> bool {
    let last = || text.rfind(['/', ':']).map_or(text, |at| &text[at + 1..]);
    pattern.matches(text) || (text.starts_with("arn:") && pattern.matches(last()))
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
    fn a_resource_is_a_whole_value_or_the_end_of_an_arn() {
        let json = r#"{"eventName":"i-0","requestParameters":{"bucketName":"reports","role":"arn:aws:iam::1:role\/x/Admin",
            "key":"name","n":5,"list":[["deep"]],"doc":"{\"a\":\"inner\"}"},"resources":"text"}"#;
        for (values, expected) in [
            (&["REPORTS"][..], true),
            (&["report"], false),
            (&["report*"], true),
            (&["admin"], true),
            (&["arn:aws:iam::1:role/x/Admin"], true),
            (&["x/Admin"], false),
            (&["role/x/Admin"], false),
            (&["key"], false),
            (&["i-0"], false),
            (&["deep"], true),
            (&["inner"], false),
            (&["text"], true),
            (&["no", "deep"], true),
            (&["!deep"], false),
            (&["!no"], true),
        ] {
            let mut fields = Fields::default();
            let resources = ResourceFields::new(&mut fields).unwrap();
            let values: Vec<String> = values.iter().map(|value| (*value).to_string()).collect();
            let choice = ResourceChoice::new(resources, &values).unwrap().unwrap();
            assert_eq!(with_event(json, &fields, |event| choice.admits(event)), expected, "{values:?}");
        }
    }

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
