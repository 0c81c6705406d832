//! The plan and the permissions in `docs/trail.md`.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeSet;

use super::account::Account;
use super::create::PLAN;

const DOCUMENT: &str = include_str!("../../../docs/trail.md");

#[test]
fn the_plan_is_the_one_of_the_document() {
    assert!(DOCUMENT.contains(PLAN));
}

/// The permission for an operation.
fn permission(operation: &str) -> String {
    let name = match operation {
        "HeadBucket" | "ListObjectsV2" => "s3:ListBucket",
        "GetPublicAccessBlock" => "s3:GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" => "s3:PutBucketPublicAccessBlock",
        "GetBucketEncryption" => "s3:GetEncryptionConfiguration",
        "PutBucketEncryption" => "s3:PutEncryptionConfiguration",
        "GetBucketLifecycleConfiguration" => "s3:GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" => "s3:PutLifecycleConfiguration",
        "DescribeOrganization" => "organizations:DescribeOrganization",
        "GetCallerIdentity" => "sts:GetCallerIdentity",
        _ => "",
    };
    let service = match operation {
        _ if !name.is_empty() => return name.into(),
        other if other.contains("Bucket") => "s3",
        other if other.contains("Queue") => "sqs",
        "Subscribe" | "Unsubscribe" | "ListTagsForResource" | "ListSubscriptionsByTopic" => "sns",
        other if other.contains("Topic") => "sns",
        _ => "cloudtrail",
    };
    format!("{service}:{operation}")
}

/// The permissions that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != ':');
    words.filter(|word| word.split_once(':').is_some_and(|(_, name)| !name.is_empty())).map(String::from).collect()
}

#[test]
fn every_permission_is_named() {
    let account = Account::new();
    account.server.join("o-abc", "111122223333");
    let key = "--kms-key=arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let create = ["--queue", "--organization", key, "--keep=9", "--data-events=s3", "--insights", "--prefix=p"];
    account.create(&create).shows(0, "", "");
    account.server.set("/queues/audit-cloudtrail/attributes/VisibilityTimeout", serde_json::json!("1"));
    account.create(&[&create[..6], &["--prefix=q"]].concat()).shows(0, "", "");
    let calls = |account: &Account| -> BTreeSet<String> {
        account.server.calls().iter().map(|operation| permission(operation)).collect()
    };
    let create = calls(&account);
    account.trail(&["show", "-q"]);
    let show = calls(&account);
    account.trail(&["delete", "--yes", "-q"]);
    let delete = calls(&account);
    let (_, permissions) = DOCUMENT.split_once("\n## Permissions\n").unwrap();
    let (of_create, rest) = permissions.split_once("`sts:GetCallerIdentity`").unwrap();
    let (of_show, of_delete) = rest.split_once("`delete` needs ").unwrap();
    let of_delete = of_delete.split_once("\n## ").unwrap().0;
    for (called, text) in [(create, of_create), (show, of_show), (delete, of_delete)] {
        let named = named(text);
        let is_missing = |name: &&String| *name != "sts:GetCallerIdentity" && !named.contains(*name);
        let missing: Vec<&String> = called.iter().filter(is_missing).collect();
        assert!(missing.is_empty() && called.len() > 8, "{missing:?} of {called:?}");
    }
}
