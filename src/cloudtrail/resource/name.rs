//! Decides which members of a request or a response name a resource.
//!
//! Parameter names follow the conventions of AWS services: `userName`,
//! `dBInstanceIdentifier`, `keyId`, `instanceIds`. Some keys with these endings mean
//! something else, and some services use keys of one word.

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

/// Keys with such an ending whose value does not name the resource of the call.
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

/// CloudTrail writes this in place of hidden values.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
/// Longest name in bytes: the limit for keys of S3 objects. Other names are shorter.
const MAX_NAME: usize = 1024;

/// Whether a text under such a key can be a name.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME && text != HIDDEN
}

/// Calls `each` for the strings in a request that name resources. Newer EC2 calls nest
/// the request in a member such as `CreateFlowLogsRequest`.
pub(super) fn names_in_request<'a>(request: JsonValue<'a>, mut each: impl FnMut(JsonValue<'a>)) {
    request.each_member(|key, value| match value.kind() {
        ValueKind::Object if key.ends_with(b"Request") => value.each_member(|key, value| member(key, value, &mut each)),
        _ => member(key, value, &mut each),
    });
}

/// Like `names_in_request`, for the response, which is mostly one object that describes the
/// resource.
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

/// Whether the value of a key names a resource. Some services capitalise their
/// parameters.
fn is_key(key: &str) -> bool {
    let is = |known: &&str| match (key.as_bytes(), known.as_bytes()) {
        ([first, rest @ ..], [known, known_rest @ ..]) => {
            rest == known_rest && (first == known || *first == known.to_ascii_uppercase())
        }
        _ => false,
    };
    (ENDINGS.iter().any(|ending| key.ends_with(ending)) && !OTHER_KEYS.iter().any(is)) || KEYS.iter().any(is)
}
