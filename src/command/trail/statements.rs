//! The statements that let CloudTrail write to a bucket and a topic, and a topic to a queue.

use serde_json::{Map, Value, json};

use super::policy::WantedStatement;

const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// Who writes where: what the statements of a bucket are made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct BucketWriter<'a> {
    /// ARN of the bucket.
    pub(super) bucket: &'a str,
    /// What precedes `AWSLogs/` in the keys; empty, or it ends with a slash.
    pub(super) prefix: &'a str,
    /// ARN of the trail.
    pub(super) trail: &'a str,
    /// The account that owns the trail.
    pub(super) account: &'a str,
    /// Id of the organisation, if the trail is one of all its accounts.
    pub(super) organization: Option<&'a str>,
}

/// The statements that a bucket needs so that a trail can be created.
pub(super) fn of_bucket(writer: &BucketWriter<'_>) -> Vec<WantedStatement> {
    let BucketWriter { bucket, prefix, trail, account, organization } = *writer;
    let write = |sid: &'static str, folder: &str| {
        let condition = json!({"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": trail});
        let resource = format!("{bucket}/{prefix}AWSLogs/{folder}/*");
        allow(sid, CLOUDTRAIL, "s3:PutObject", &resource, json!({"StringEquals": condition}))
    };
    let source = json!({"StringEquals": {"aws:SourceArn": trail}});
    let mut statements = vec![
        allow("AWSCloudTrailAclCheck20150319", CLOUDTRAIL, "s3:GetBucketAcl", bucket, source),
        write("AWSCloudTrailWrite20150319", account),
    ];
    statements.extend(organization.map(|id| write("AWSCloudTrailOrganizationWrite20150319", id)));
    statements
}

/// The statement that refuses requests to a bucket without TLS.
pub(super) fn secure_transport(bucket: &str) -> WantedStatement {
    let body = json!({
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, format!("{bucket}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    });
    WantedStatement { sid: "DenyInsecureTransport", body: object(body) }
}

/// The statement that lets a trail publish to a topic.
pub(super) fn of_topic(topic: &str, trail: &str) -> WantedStatement {
    let condition = json!({"StringEquals": {"aws:SourceArn": trail}});
    allow("AWSCloudTrailSNSPolicy20131101", CLOUDTRAIL, "SNS:Publish", topic, condition)
}

/// The statement that lets a topic send to a queue.
pub(super) fn of_queue(queue: &str, topic: &str) -> WantedStatement {
    let condition = json!({"ArnEquals": {"aws:SourceArn": topic}});
    allow("AllowTopic", "sns.amazonaws.com", "sqs:SendMessage", queue, condition)
}

fn allow(sid: &'static str, service: &str, action: &str, resource: &str, condition: Value) -> WantedStatement {
    let body = json!({
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    });
    WantedStatement { sid, body: object(body) }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
