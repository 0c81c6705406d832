//! The summary: what is counted, and how it is shown.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod changes;
mod comparison;
mod counts;
mod data;
mod derived;
mod output;
mod page;
mod parts;
mod signals;
mod steps;
mod sums;
mod text;

use super::harness::Trial;

/// A small log: two persons, one of whom is denied something.
const LOG: &str = r#"{"Records":[
    {"eventTime":"2026-10-01T09:00:00Z","eventName":"RunInstances","eventSource":"ec2.amazonaws.com","awsRegion":"eu-west-1",
     "recipientAccountId":"111122223333","sourceIPAddress":"203.0.113.7","readOnly":false,
     "userIdentity":{"type":"IAMUser","userName":"alice"}},
    {"eventTime":"2026-10-01T10:30:00Z","eventName":"GetObject","eventSource":"s3.amazonaws.com","awsRegion":"us-east-1",
     "recipientAccountId":"111122223333","sourceIPAddress":"203.0.113.7","readOnly":true,
     "userIdentity":{"type":"IAMUser","userName":"alice"}},
    {"eventTime":"2026-10-03T11:00:00Z","eventName":"GetObject","eventSource":"s3.amazonaws.com","awsRegion":"us-east-1",
     "recipientAccountId":"444455556666","sourceIPAddress":"2001:db8::7","readOnly":true,"errorCode":"AccessDenied",
     "userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::444455556666:assumed-role/Reader/bob",
        "sessionContext":{"sessionIssuer":{"userName":"Reader"}}}},
    {"eventName":"Tick","eventType":"AwsServiceEvent"}]}"#;

/// The text of a summary without its last lines, which are its provenance.
#[track_caller]
fn body(text: &str) -> &str {
    let (body, footer) = text.split_once("\nCommand    ").unwrap();
    assert!(footer.contains("\nMade at    "), "{footer}");
    body
}

fn small() -> Trial {
    Trial::with("log/a.json", LOG)
}
