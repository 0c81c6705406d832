//! Reads the body of a message that announces objects, in every wrapping:
//!
//! - from CloudTrail: `{"s3Bucket": …, "s3ObjectKey": […]}`
//! - from S3: `{"Records": [{"eventName": "ObjectCreated:Put", "s3": {…}}]}`
//! - from EventBridge: `{"detail-type": "Object Created", "detail": {…}}`
//!
//! and each of them directly or in the `Message` of an SNS notification.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

/// What a message announces.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ObjectNotice {
    /// Objects that were created.
    pub objects: Vec<NotifiedObject>,
    /// Objects of events that announce no new object, such as a deletion.
    pub others: Vec<NotifiedObject>,
    /// True if a service sent the message only to test or set up the delivery.
    pub is_test: bool,
    /// Why the message, or a part of it, cannot be read; `None` if all of it was.
    pub problem: Option<&'static str>,
}

/// An object that a message is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotifiedObject {
    /// Name of the bucket.
    pub bucket: String,
    /// Key, decoded.
    pub key: String,
    /// Size in bytes; `None` if the message does not have it.
    pub size: Option<u64>,
}

/// The parts of an event of S3 or EventBridge that name an object.
#[derive(Deserialize)]
struct S3Entity {
    bucket: S3Bucket,
    object: S3Object,
}

#[derive(Deserialize)]
struct S3Bucket {
    name: String,
}

#[derive(Deserialize)]
struct S3Object {
    key: String,
    #[serde(default)]
    size: Value,
}

/// A message can be wrapped by several topics.
const MAX_WRAPPINGS: usize = 4;

const NOT_A_NOTICE: &str = "not a message about objects";

impl ObjectNotice {
    /// Reads the body of a message.
    pub fn read(body: &str) -> ObjectNotice {
        let mut text = body.to_string();
        for _ in 0..MAX_WRAPPINGS {
            let Ok(value) = serde_json::from_str::<Value>(&text) else {
                // CloudTrail sends a plain text when a trail is set up.
                let is_test = text.trim().trim_matches(['"', '.']) == "CloudTrail validation message";
                return if is_test { ObjectNotice::test() } else { ObjectNotice::unreadable("not JSON") };
            };
            if let Value::String(inner) = &value {
                text.clone_from(inner);
                continue;
            }
            match value.get("Message") {
                Some(Value::String(_)) if is_confirmation(&value) => {
                    return ObjectNotice::unreadable("the topic asks to confirm its subscription");
                }
                Some(Value::String(inner)) => text = inner.clone(),
                _ => return ObjectNotice::of(&value),
            }
        }
        ObjectNotice::unreadable("wrapped too often")
    }

    fn of(value: &Value) -> ObjectNotice {
        if value.get("s3ObjectKey").is_some() {
            return cloudtrail(value);
        }
        if let Some(Value::Array(records)) = value.get("Records") {
            if records.is_empty() {
                return ObjectNotice::unreadable("without any object");
            }
            return records.iter().fold(ObjectNotice::default(), |notice, record| notice.and(s3(record)));
        }
        if value.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
            return ObjectNotice::test();
        }
        if value.get("detail-type").is_some() {
            return event_bridge(value);
        }
        ObjectNotice::unreadable(NOT_A_NOTICE)
    }

    fn test() -> ObjectNotice {
        ObjectNotice { is_test: true, ..ObjectNotice::default() }
    }

    fn unreadable(problem: &'static str) -> ObjectNotice {
        ObjectNotice { problem: Some(problem), ..ObjectNotice::default() }
    }

    /// Reads the object of an event, which `is_created` or has changed in another way.
    fn object(entity: &Value, is_created: bool, decode: impl Fn(&str) -> Option<String>) -> ObjectNotice {
        let entity = S3Entity::deserialize(entity).ok();
        let object = entity.and_then(|S3Entity { bucket, object }| {
            Some(NotifiedObject { bucket: bucket.name, key: decode(&object.key)?, size: object.size.as_u64() })
        });
        match object {
            Some(object) if is_created => ObjectNotice { objects: vec![object], ..ObjectNotice::default() },
            Some(object) => ObjectNotice { others: vec![object], ..ObjectNotice::default() },
            None => ObjectNotice::unreadable("an event of S3 without a bucket or a key"),
        }
    }

    fn and(mut self, other: ObjectNotice) -> ObjectNotice {
        self.objects.extend(other.objects);
        self.others.extend(other.others);
        self.problem = self.problem.or(other.problem);
        self
    }
}

/// True for the messages with which SNS asks to confirm a subscription.
fn is_confirmation(value: &Value) -> bool {
    let kind = value.get("Type").and_then(Value::as_str);
    matches!(kind, Some("SubscriptionConfirmation" | "UnsubscribeConfirmation"))
}

/// A message of CloudTrail, with one key or several.
fn cloudtrail(value: &Value) -> ObjectNotice {
    let bucket = value.get("s3Bucket").and_then(Value::as_str);
    let keys = match value.get("s3ObjectKey") {
        Some(Value::Array(keys)) => keys.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
        Some(Value::String(key)) => Some(vec![key.as_str()]),
        _ => None,
    };
    let Some((bucket, keys)) = bucket.zip(keys) else {
        return ObjectNotice::unreadable("a message of CloudTrail without a bucket or a key");
    };
    if keys.is_empty() {
        return ObjectNotice::unreadable("without any object");
    }
    let object = |key: &str| NotifiedObject { bucket: bucket.into(), key: key.into(), size: None };
    ObjectNotice { objects: keys.into_iter().map(object).collect(), ..ObjectNotice::default() }
}

/// An event of S3, whose key is encoded like a form.
fn s3(record: &Value) -> ObjectNotice {
    let name = record.get("eventName").and_then(Value::as_str).unwrap_or_default();
    let is_created = name.trim_start_matches("s3:").starts_with("ObjectCreated");
    match record.get("s3") {
        Some(entity) if !name.is_empty() => ObjectNotice::object(entity, is_created, form_decoded),
        _ => ObjectNotice::unreadable(NOT_A_NOTICE),
    }
}

/// An event of EventBridge, whose key is as it is.
fn event_bridge(value: &Value) -> ObjectNotice {
    let text = |name| value.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("source"), text("detail-type"), value.get("detail")) {
        ("aws.s3", kind, Some(detail)) => {
            ObjectNotice::object(detail, kind == "Object Created", |key| Some(key.into()))
        }
        _ => ObjectNotice::unreadable(NOT_A_NOTICE),
    }
}

/// Decodes a key of an event of S3; `None` if it is not UTF-8.
fn form_decoded(key: &str) -> Option<String> {
    let key = key.replace('+', " ");
    percent_decode_str(&key).decode_utf8().ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrapped(message: &str) -> String {
        json!({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:t",
               "Message": message, "Timestamp": "2026-10-01T09:00:00.000Z", "SignatureVersion": "1"})
        .to_string()
    }

    #[test]
    fn all_wrappings_name_the_same_object() {
        let key = "AWSLogs/odd name+ä.json.gz";
        let encoded = "AWSLogs/odd+name%2B%C3%A4.json.gz";
        let cloudtrail = json!({"s3Bucket": "b", "s3ObjectKey": [key]}).to_string();
        let single = json!({"s3Bucket": "b", "s3ObjectKey": key}).to_string();
        let s3 = json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "b"}, "object": {"key": encoded, "size": 7, "eTag": "e"}}}]})
        .to_string();
        let slashes = s3.replace("AWSLogs/", "AWSLogs%2F");
        let event_bridge = json!({"version": "0", "detail-type": "Object Created", "source": "aws.s3",
            "detail": {"bucket": {"name": "b"}, "object": {"key": key, "size": 7}, "reason": "PutObject"}})
        .to_string();
        for (body, size) in
            [(&cloudtrail, None), (&single, None), (&s3, Some(7)), (&slashes, Some(7)), (&event_bridge, Some(7))]
        {
            let expected = ObjectNotice {
                objects: vec![NotifiedObject { bucket: "b".into(), key: key.into(), size }],
                ..ObjectNotice::default()
            };
            for body in [body.clone(), wrapped(body), wrapped(&wrapped(body)), json!(body).to_string()] {
                assert_eq!(ObjectNotice::read(&body), expected, "{body}");
            }
        }
    }

    #[test]
    fn several_objects_of_a_message_are_read() {
        let notice = ObjectNotice::read(r#"{"s3Bucket":"b","s3ObjectKey":["x","y"]}"#);
        assert_eq!(notice.objects.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["x", "y"]);
        let record =
            |name: &str, key: &str| json!({"eventName": name, "s3": {"bucket": {"name": "b"}, "object": {"key": key}}});
        let records = json!({"Records": [record("ObjectCreated:CompleteMultipartUpload", "x"),
            record("ObjectRemoved:Delete", "y"), record("ObjectCreated:Copy", "z")]});
        let notice = ObjectNotice::read(&records.to_string());
        assert_eq!((notice.objects.len(), notice.others.len(), notice.problem), (2, 1, None));
    }

    #[test]
    fn test_messages_are_recognised() {
        let s3 = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"t","Bucket":"b","RequestId":"r"}"#;
        for body in ["CloudTrail validation message.", s3] {
            for body in [body.to_string(), wrapped(body)] {
                assert_eq!(ObjectNotice::read(&body), ObjectNotice::test(), "{body}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_has_a_reason() {
        let confirmation = json!({"Type": "SubscriptionConfirmation", "Message": "You have chosen", "Token": "t"});
        let deep = (0..9).fold("{}".to_string(), |body, _| wrapped(&body));
        let not_utf8 =
            r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%FF"}}}]}"#;
        for body in [
            "",
            "hello",
            "{}",
            "[1]",
            "null",
            r#"{"Message":{}}"#,
            r#"{"s3ObjectKey":["x"]}"#,
            r#"{"s3Bucket":"b","s3ObjectKey":[1]}"#,
            r#"{"Records":[{}]}"#,
            r#"{"Records":[]}"#,
            r#"{"s3Bucket":"b","s3ObjectKey":[]}"#,
            r#"{"Records":[{"eventSource":"aws:dynamodb","eventName":"INSERT","s3":{}}]}"#,
            "CloudTrail validation messages are sent daily",
            r#"{"detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","detail":{}}"#,
            r#"{"detail-type":"Object Created","source":"aws.s3","detail":{}}"#,
            not_utf8,
            &confirmation.to_string(),
            &deep,
        ] {
            let notice = ObjectNotice::read(body);
            assert!(notice.problem.is_some() && notice.objects.is_empty() && !notice.is_test, "{body}: {notice:?}");
        }
    }
}
