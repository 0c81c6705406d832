//! The resources of an event: their ids, ARNs and names, anywhere in the event.

mod message;
mod name;

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::fast::RandomState;

use self::message::resources_of_message;
use self::name::{names_in_answer, names_in_request};
use crate::cloudtrail::long_value;
use crate::cloudtrail::long_value::ShortenedFlag;
use crate::decode::event::{Event, FieldId, FieldSet, TooManyFields};
use crate::decode::json::{self, CUT, JsonValue, is_verbatim, unescape};
use crate::syntax::glob::{Pattern, PatternSet};

/// Longest resource as written: more than an ARN needs with every character escaped.
const MAX_TEXT: usize = 16 << 10;
/// Largest size of a list of resources, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// The fields that name resources.
#[derive(Clone, Copy, Debug)]
pub struct ResourceFields {
    /// Fields of which every string that resembles a resource is one, in the order of
    /// the list.
    whole: [FieldId; 6],
    request: FieldId,
    response: FieldId,
    service: FieldId,
    /// May mention ids and ARNs: a denied AssumeRole names its role nowhere else.
    message: FieldId,
    identity: FieldId,
}

impl ResourceFields {
    /// Adds the fields it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<ResourceFields, TooManyFields> {
        let mut add = |name| fields.add(name);
        let (request, response) = (add("requestParameters")?, add("responseElements")?);
        let service = add("serviceEventDetails")?;
        let whole = [add("resources")?, request, response, service, add("additionalEventData")?, add("vpcEndpointId")?];
        let (message, identity) = (add("errorMessage")?, add("userIdentity")?);
        Ok(ResourceFields { whole, request, response, service, message, identity })
    }

    /// The resources of an event, each once: ids and ARNs in the order of the fields,
    /// then names in the request, except names that an ARN in the list ends with. If
    /// this finds none, the names in the response. A list longer than 64 KiB ends with
    /// [`CUT`].
    pub fn list<'a>(&self, event: &Event<'a>) -> Vec<Cow<'a, str>> {
        let mut found = FoundResources::default();
        for value in self.whole.iter().filter_map(|field| event.get(*field)) {
            value.each_string(|written| {
                if let Some(text) = resource(written) {
                    found.add(text);
                }
            });
        }
        self.in_message(event, |text| found.add_mentioned(text));
        if let Some(request) = event.get(self.request) {
            names_in_request(request, |name| found.add_name(name));
        }
        for answer in [self.response, self.service].iter().filter_map(|field| event.get(*field)) {
            if found.list.is_empty() {
                names_in_answer(answer, |name| found.add_name(name));
            }
        }
        found.list
    }

    /// The fields that the list of an event depends on. If there is an `errorMessage`, it
    /// depends on `userIdentity` too.
    pub fn fields(&self) -> impl Iterator<Item = FieldId> {
        self.whole.into_iter().chain([self.message])
    }

    /// Whether any resource of an event passes the test, including those cut from a
    /// long list.
    pub fn any(&self, event: &Event<'_>, is: impl Fn(&str) -> bool) -> bool {
        let mut is_any = false;
        for value in self.whole.iter().filter_map(|field| event.get(*field)) {
            value.each_string(|written| {
                is_any = is_any || resource(written).is_some_and(|text| is(&text));
            });
        }
        self.in_message(event, |text| is_any = is_any || is(text));
        if let Some(request) = event.get(self.request) {
            names_in_request(request, |value| {
                let name = value.raw_string().and_then(short).filter(|name| name::is_name(name));
                is_any = is_any || name.is_some_and(|name| is(&name));
            });
        }
        is_any
    }

    /// Calls `each` for the ids and ARNs in the error message, except the caller's own
    /// ARN, as in `User: ARN is not authorized to perform: … on resource: ARN`.
    fn in_message(&self, event: &Event<'_>, mut each: impl FnMut(&str)) {
        let Some(message) = event.get(self.message).and_then(|message| short(message.raw_string()?)) else { return };
        let caller = event.get(self.identity).and_then(|identity| identity.member("arn")).and_then(|arn| arn.string());
        resources_of_message(&message, |text| {
            if caller.as_deref() != Some(text) {
                each(text);
            }
        });
    }
}

/// The text of a string as written; `None` if it is too long for a resource.
fn short(written: &[u8]) -> Option<Cow<'_, str>> {
    (written.len() <= MAX_TEXT).then(|| unescape(written))
}

/// The ARN or id that a string contains; `None` if it contains another text.
fn resource(written: &[u8]) -> Option<Cow<'_, str>> {
    // Few strings pass this, and the rest need not be decoded.
    let has_dash = |length: usize| written.len() > length && written[written.len() - length - 1] == b'-';
    let may_be = written.starts_with(b"arn:") || has_dash(8) || has_dash(17) || written.contains(&b'\\');
    if may_be { short(written).filter(|text| is_resource(text)) } else { None }
}

/// Resources in the order in which they were found.
struct FoundResources<'a> {
    list: Vec<Cow<'a, str>>,
    /// The entries of the list, and the names that its ARNs end with.
    seen: HashSet<Cow<'a, str>, RandomState>,
    /// Remaining size of the list in bytes.
    room: usize,
}

impl Default for FoundResources<'_> {
    fn default() -> Self {
        FoundResources { list: Vec::new(), seen: HashSet::default(), room: MAX_BYTES }
    }
}

impl<'a> FoundResources<'a> {
    fn add(&mut self, text: Cow<'a, str>) {
        if self.room == 0 || self.seen.contains(&text) {
            return;
        }
        self.room = self.room.saturating_sub(text.len() + 1);
        if self.room == 0 {
            return self.list.push(CUT.into());
        }
        self.seen.insert(text.clone());
        self.list.push(text);
    }

    /// Adds an id or ARN from a message, unless it is the ARN of an id in the list.
    fn add_mentioned(&mut self, text: &str) {
        let id = text.rsplit(['/', ':']).next().unwrap_or_default();
        if !self.list.iter().any(|known| known == id) {
            self.add(text.to_string().into());
        }
    }

    /// Adds a name, unless the ARN of this resource is in the list.
    fn add_name(&mut self, value: JsonValue<'a>) {
        let Some(name) = value.raw_string().and_then(short).filter(|name| name::is_name(name)) else { return };
        let is_end = |arn: &Cow<'_, str>| arn.strip_suffix(&*name).is_some_and(|rest| rest.ends_with(['/', ':']));
        if self.room == 0 || self.seen.contains(&name) {
            return;
        }
        if self.list.iter().any(is_end) {
            self.seen.insert(name);
        } else {
            self.add(name);
        }
    }
}

/// The values of `--resource`.
#[derive(Clone, Debug)]
pub struct ResourcePatterns {
    fields: ResourceFields,
    patterns: PatternSet<Pattern>,
}

impl ResourcePatterns {
    /// Looks for these patterns in these fields.
    pub fn new(fields: ResourceFields, patterns: PatternSet<Pattern>) -> ResourcePatterns {
        ResourcePatterns { fields, patterns }
    }

    /// The patterns.
    pub fn patterns(&self) -> &PatternSet<Pattern> {
        &self.patterns
    }

    /// Whether a pattern matches a whole value in the event, the last part of an ARN,
    /// or an id or ARN in the error message.
    pub fn matches(&self, event: &Event<'_>) -> bool {
        self.patterns.accepts(|pattern| {
            let mut is_present = false;
            for value in self.fields.whole.iter().filter_map(|field| event.get(*field)) {
                value.each_string(|written| is_present = is_present || is_named(pattern, written));
            }
            if !is_present {
                self.fields.in_message(event, |text| is_present = is_present || is_name_of(pattern, text));
            }
            is_present
        })
    }
}

/// Whether the pattern matches a value, or the last part of an ARN.
fn is_named(pattern: &Pattern, written: &[u8]) -> bool {
    if written.len() > json::MAX_TEXT && !is_verbatim(written) {
        return long_value::string_matches(written, pattern, &ShortenedFlag::default());
    }
    is_name_of(pattern, &unescape(written))
}

fn is_name_of(pattern: &Pattern, text: &str) -> bool {
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
        && number.bytes().all(|byte| byte.is_ascii_hexdigit())
        && (1..=20).contains(&kind.len())
        && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    #[test]
    fn a_resource_is_a_whole_value_or_the_end_of_an_arn() {
        let json = r#"{"eventName":"i-0","requestParameters":{"bucketName":"reports","role":"arn:aws:iam::1:role\/x/Admin",
            "key":"name","n":5,"list":[["deep"]],"doc":"{\"a\":\"inner\"}"},"resources":"text","serviceEventDetails":{"snapshotId":"snap-1"},
            "vpcEndpointId":"vpce-1","additionalEventData":{"x":["arn:aws:kms:r:1:key\/k-1"]},
            "errorMessage":"User: arn:aws:iam::1:user/eve may not use (i-0abc12de34f567890), arn:aws:iam::1:role/Other.",
            "userIdentity":{"arn":"arn:aws:iam::1:user/eve"}}"#;
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
            (&["snap-1"], true),
            (&["vpce-1"], true),
            (&["k-1"], true),
            (&["i-0abc12de34f567890"], true),
            (&["arn:aws:iam::1:role/Other"], true),
            (&["other"], true),
            (&["eve"], false),
            (&["arn:aws:iam::1:user/eve"], false),
            (&["may"], false),
            (&["no", "deep"], true),
            (&["!deep"], false),
            (&["!no"], true),
        ] {
            let mut fields = FieldSet::default();
            let resources = ResourceFields::new(&mut fields).unwrap();
            let values: Vec<String> = values.iter().map(|value| (*value).to_string()).collect();
            let patterns = PatternSet::new("--resource", &values, |value| Pattern::new("--resource", value));
            let patterns = ResourcePatterns::new(resources, patterns.unwrap().unwrap());
            assert_eq!(with_event(json, &fields, |event| patterns.matches(event)), expected, "{values:?}");
        }
    }

    fn listed(json: &str) -> String {
        let mut fields = FieldSet::default();
        let resources = ResourceFields::new(&mut fields).unwrap();
        with_event(json, &fields, |event| resources.list(event).join(" "))
    }

    #[test]
    fn ids_and_arns_are_found_once_in_all_fields() {
        let json = r#"{"eventID":"i-0123456789abcdef0","vpcEndpointId":"vpce-0ff89c7a138a5e5fc",
            "errorMessage":"see i-0abc12de34f567890, sg-0abc1234def567890",
            "responseElements":{"instancesSet":{"items":[{"instanceId":"i-0abc12de34f567890"}]}},
            "requestParameters":{"i-0abc12de34f567891":"key","groupSet":["sg-01234567","not-an-id","arn:only"],
              "text":"see i-0abc12de34f567890"},
            "serviceEventDetails":{"snapshotId":"snap-0e83092ae538da583"},
            "additionalEventData":{"SecretId":"arn:aws:secretsmanager:r:1:secret:s"},
            "resources":[{"ARN":"arn:aws:s3:::bucket"},{"ARN":"arn:aws:s3:::bucket"}]}"#;
        let expected = "arn:aws:s3:::bucket sg-01234567 i-0abc12de34f567890 snap-0e83092ae538da583 \
                        arn:aws:secretsmanager:r:1:secret:s vpce-0ff89c7a138a5e5fc sg-0abc1234def567890";
        assert_eq!(listed(json), expected);
    }

    #[test]
    fn the_resource_of_a_call_is_found() {
        for (json, expected) in [
            (
                r#"{"requestParameters":{"userName":"bob"},"responseElements":{"accessKey":{"accessKeyId":"AKIA1","userName":"bob"}}}"#,
                "bob",
            ),
            (
                r#"{"requestParameters":null,"responseElements":{"accessKey":{"accessKeyId":"AKIA1","userName":"bob","status":"Active"}}}"#,
                "AKIA1 bob",
            ),
            (r#"{"requestParameters":{"roleName":"Admin","policyDocument":"{}"}}"#, "Admin"),
            (
                r#"{"requestParameters":{"roleName":"Admin","policyArn":"arn:aws:iam::aws:policy/ReadOnly"}}"#,
                "arn:aws:iam::aws:policy/ReadOnly Admin",
            ),
            (r#"{"requestParameters":{"bucketName":"b","Host":"b.s3.amazonaws.com","x-amz-acl":"private"}}"#, "b"),
            (
                r#"{"requestParameters":{"bucketName":"b","key":"k\/1"},"resources":[{"ARN":"arn:aws:s3:::b\/k\/1"},{"ARN":"arn:aws:s3:::b"}]}"#,
                "arn:aws:s3:::b/k/1 arn:aws:s3:::b",
            ),
            (r#"{"requestParameters":{"name":"my-trail"}}"#, "my-trail"),
            (
                r#"{"requestParameters":{"userName":"u"},"responseElements":{"user":{"arn":"arn:aws:iam::1:user\/u","userId":"AIDA1"}}}"#,
                "arn:aws:iam::1:user/u",
            ),
            (
                r#"{"requestParameters":{"dBSnapshotIdentifier":"s","attributeName":"restore","valuesToAdd":["1"]}}"#,
                "s",
            ),
            (r#"{"requestParameters":{"names":["/a","/b",5,""]}}"#, "/a /b"),
            (
                r#"{"requestParameters":{"CreateLaunchTemplateRequest":{"LaunchTemplateName":"web","ClientToken":"t"}}}"#,
                "web",
            ),
            (r#"{"requestParameters":{"roleSessionName":"s","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}}"#, ""),
            (r#"{"requestParameters":{"maxResults":"5","filterSet":{"items":[{"name":"vpc-id"}]}}}"#, ""),
            (r#"{"responseElements":{"CreateThingResponse":{"thing":{"thingName":"t"},"requestId":"r"}}}"#, "t"),
            (r#"{"responseElements":{"ConsoleLogin":"Success"}}"#, ""),
            (
                r#"{"requestParameters":{"a":"i-0abc12de34f567890"},"errorMessage":"on arn:aws:ec2:r:1:instance/i-0abc12de34f567890 or arn:aws:iam::1:role/R"}"#,
                "i-0abc12de34f567890 arn:aws:iam::1:role/R",
            ),
        ] {
            assert_eq!(listed(json), expected, "{json}");
        }
    }
}
