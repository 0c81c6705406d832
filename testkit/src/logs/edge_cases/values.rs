//! Values that the documentation of the format does not promise.

use super::{EdgeCase, EventDraft};

const VALUES: &[(&str, &str, &str)] = &[
    ("address: a list", "sourceIPAddress", r#""81.2.69.142, 192.168.10.10""#),
    ("address: IPv6", "sourceIPAddress", r#""2001:db8::1""#),
    ("address: IPv6 at full length", "sourceIPAddress", r#""2001:0DB8:0000:0000:0000:0000:0000:0001""#),
    ("address: IPv4 in IPv6", "sourceIPAddress", r#""::ffff:198.51.100.7""#),
    ("address: AWS Internal", "sourceIPAddress", r#""AWS Internal""#),
    ("address: a service", "sourceIPAddress", r#""ec2.amazonaws.com""#),
    ("address: a range", "sourceIPAddress", r#""198.51.100.0/24""#),
    ("address: four numbers too large", "sourceIPAddress", r#""999.999.999.999""#),
    ("error: code 200", "errorCode", r#""200""#),
    ("error: an empty code", "errorCode", r#""""#),
    ("time: with a fraction", "eventTime", r#""2026-10-01T12:00:00.123Z""#),
    ("time: with an offset", "eventTime", r#""2026-10-01T14:00:00+02:00""#),
    ("time: without a zone", "eventTime", r#""2026-10-01T12:00:00""#),
    ("time: with a space", "eventTime", r#""2026-10-01 12:00:00Z""#),
    ("time: small letters", "eventTime", r#""2026-10-01t12:00:00z""#),
    ("time: with an escape", "eventTime", r#""2026\u002d10-01T12:00:00Z""#),
    ("time: a leap second", "eventTime", r#""2016-12-31T23:59:60Z""#),
    ("time: 24 o'clock", "eventTime", r#""2026-10-01T24:00:00Z""#),
    ("time: 30 February", "eventTime", r#""2026-02-30T12:00:00Z""#),
    ("time: the year 1", "eventTime", r#""0001-01-01T00:00:00Z""#),
    ("time: the year 9999", "eventTime", r#""9999-12-31T23:59:59Z""#),
    ("time: not a time", "eventTime", r#""yesterday""#),
    ("time: seconds since 1970", "eventTime", "1790856000"),
    ("time: seconds since 1970, as a fraction", "eventTime", "1.790856E9"),
    ("read-only: a string", "readOnly", r#""true""#),
    ("read-only: null", "readOnly", "null"),
    ("resources: a string", "resources", r#""arn:aws:s3:::example-reports""#),
    ("resources: an object", "resources", r#"{"ARN":"arn:aws:s3:::example-reports"}"#),
    ("resources: with nulls", "resources", r#"[null,{"ARN":null},{"accountId":"111122223333"},"text",7]"#),
    ("response: a string", "responseElements", r#""done""#),
    ("source: no amazonaws.com", "eventSource", r#""aws:s3""#),
    ("source: capital letters", "eventSource", r#""EC2.AMAZONAWS.COM""#),
    ("name: with an escape", "eventName", r#""Terminate\u0049nstances""#),
    ("name: other capital letters", "eventName", r#""terminateinstances""#),
    ("name: another name contains it", "eventName", r#""BatchTerminateInstances2""#),
    ("account: a number", "recipientAccountId", "111122223333"),
    ("account: with a leading zero", "recipientAccountId", r#""012345678901""#),
    ("region: of another partition", "awsRegion", r#""us-gov-west-1""#),
    ("credentials from the console: a bool", "sessionCredentialFromConsole", "true"),
    ("a key that is not invented yet", "quantumDetails", r#"{"qubits":[0,1]}"#),
    ("an empty key", "", r#""empty""#),
    ("a key of dots", "userIdentity.userName", r#""not the user""#),
];

pub(super) fn all() -> Vec<EdgeCase> {
    let mut all: Vec<EdgeCase> =
        VALUES.iter().map(|(why, key, json)| EventDraft::new(*why).set(key, *json).edge_case()).collect();
    all.push(
        EventDraft::new("error: a message without a code")
            .set("errorMessage", r#""Failed authentication""#)
            .set("responseElements", r#"{"ConsoleLogin":"Failure"}"#)
            .edge_case(),
    );
    all.push(
        EventDraft::new("error: code and message null")
            .set("errorCode", "null")
            .set("errorMessage", "null")
            .edge_case(),
    );
    all.push(EventDraft::new("delivered late").set("addendum", r#"{"reason":"DELIVERY_DELAY"}"#).edge_case());
    all.push(old_version());
    all.push(insight());
    all.push(EdgeCase { why: "an event without anything".into(), json: b"{}".to_vec(), strict: true });
    all
}

/// The first version of the format had neither `eventID` nor `readOnly`.
fn old_version() -> EdgeCase {
    ["eventID", "requestID", "readOnly", "eventType", "managementEvent", "recipientAccountId", "eventCategory"]
        .into_iter()
        .fold(EventDraft::new("an event of version 1.0"), EventDraft::without)
        .set("eventVersion", r#""1.0""#)
        .edge_case()
}

/// Insight events have no caller.
fn insight() -> EdgeCase {
    let json = r#"{"eventVersion":"1.09","eventTime":"2026-10-01T12:00:00Z","awsRegion":"eu-west-1","eventID":"1a510000-0000-4000-8000-000000000001","eventType":"AwsCloudTrailInsight","recipientAccountId":"111122223333","sharedEventID":"1a510000-0000-4000-8000-000000000002","insightDetails":{"state":"Start","eventSource":"ec2.amazonaws.com","eventName":"TerminateInstances","insightType":"ApiCallRateInsight","insightContext":{"statistics":{"baseline":{"average":0.0005},"insight":{"average":12},"insightDuration":3,"baselineDuration":11459},"attributions":[{"attribute":"userIdentityArn","insight":[{"value":"arn:aws:sts::111122223333:assumed-role/Admin/alice@example.com","average":12.0}],"baseline":[]}]}},"eventCategory":"Insight"}"#;
    EdgeCase { why: "an Insight event".into(), json: json.into(), strict: true }
}
