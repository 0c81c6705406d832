//! Which members of a request or an answer name a resource.
//!
//! The names of parameters follow the habits of AWS's services: `userName`,
//! `dBInstanceIdentifier`, `keyId`, `instanceIds`. Some keys with these endings say
//! something else, and some services have keys of one word.

use crate::decode::json::{JsonValue, ValueKind, unescape};

/// Endings of keys whose value names a resource.
const ENDINGS: [&str; 10] = ["Name", "Names", "Id", "Ids", "Identifier", "Identifiers", "Arn", "Arns", "ARN", "ARNs"];

/// Whole keys whose value names a resource.
const KEYS: [&str; 26] = [
    "name",
    "names",
    "id",
    "ids",
    "arn",
    "key",
    "target",
    "resource",
    "bucket",
    "cluster",
    "service",
    "family",
    "alias",
    "role",
    "user",
    "group",
    "function",
    "table",
    "topic",
    "queue",
    "queueUrl",
    "stream",
    "repository",
    "stack",
    "project",
    "layer",
];

/// Keys with such an ending whose value does not name what a call is about.
const OTHER_KEYS: [&str; 26] = [
    "roleSessionName",
    "sessionName",
    "requestId",
    "clientRequestId",
    "correlationId",
    "invocationId",
    "traceId",
    "versionId",
    "statementId",
    "ownerId",
    "availabilityZoneId",
    "availabilityZoneName",
    "zoneName",
    "attributeName",
    "agentName",
    "platformName",
    "computerName",
    "deviceName",
    "rootDeviceName",
    "metricName",
    "fieldName",
    "columnName",
    "propertyName",
    "typeName",
    "commandId",
    "exclusiveStartId",
];

/// What CloudTrail writes for a value that it hides.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
/// More characters than the name of any resource has but keys of S3 objects, which
/// have 1,024 bytes.
const LONGEST: usize = 1024;

/// Whether a text under such a key can be a name.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST && text != HIDDEN
}

/// Calls `each` for the strings in a request that name resources. Newer calls of EC2
/// have the request in a member of its own, such as `CreateFlowLogsRequest`.
pub(super) fn names_in_request<'a>(request: JsonValue<'a>, mut each: impl FnMut(JsonValue<'a>)) {
    request.each_member(|key, value| match value.kind() {
        ValueKind::Object if key.ends_with(b"Request") => value.each_member(|key, value| member(key, value, &mut each)),
        _ => member(key, value, &mut each),
    });
}

/// The same for what a call answered: mostly one object that describes the resource.
pub(super) fn names_in_answer<'a>(answer: JsonValue<'a>, mut each: impl FnMut(JsonValue<'a>)) {
    answer.each_member(|key, value| match value.kind() {
        ValueKind::Object if key.ends_with(b"Response") => {
            names_in_answer(value, &mut each as &mut dyn FnMut(JsonValue<'a>))
        }
        ValueKind::Object => value.each_member(|key, value| member(key, value, &mut each)),
        _ => member(key, value, &mut each),
    });
}

fn member<'a>(key: &[u8], value: JsonValue<'a>, each: &mut impl FnMut(JsonValue<'a>)) {
    if !matches!(value.kind(), ValueKind::String | ValueKind::Array) || !is_key(&unescape(key)) {
        return;
    }
    match value.kind() {
        ValueKind::Array => value.each_element(each),
        _ => each(value),
    }
}

/// Whether the value of a key names a resource. Some services write the first letter
/// of their parameters large.
fn is_key(key: &str) -> bool {
    let is = |known: &&str| {
        let (first, rest) = known.split_at(1);
        key.strip_prefix(first).or(key.strip_prefix(&*first.to_ascii_uppercase())) == Some(rest)
    };
    (ENDINGS.iter().any(|ending| key.ends_with(ending)) && !OTHER_KEYS.iter().any(&is)) || KEYS.iter().any(is)
}
