//! `trail create` if others have resources of the same names.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::{Value, json};
use testkit::aws_account::Fault;

use super::account::Account;

const OTHERS: &str = r#"{"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/old/*"},{"Effect":"Deny","Principal":"*","Action":["s3:DeleteObject"],"Resource":"arn:aws:s3:::logs/*"}]}"#;

/// An account with a bucket, a topic and a queue of others.
fn account() -> Account {
    let account = Account::new();
    let tags = "<Tagging><TagSet><Tag><Key>team</Key><Value>a</Value></Tag></TagSet></Tagging>";
    account.server.set("/buckets/logs", json!({"policy": OTHERS, "tagging": tags}));
    let topic = json!({"attributes": {"Policy": OTHERS}, "tags": {}, "subscriptions": []});
    account.server.set("/topics/t", topic);
    let queue = json!({"attributes": {"Policy": OTHERS, "VisibilityTimeout": "30"}, "tags": {}});
    account.server.set("/queues/q", queue);
    account
}

#[test]
fn resources_of_others_get_statements_and_nothing_else() {
    let account = account();
    let ran = account.trail(&["create", "--bucket=logs", "--topic=t", "--queue=q", "--keep=9", "--yes"]);
    ran.shows(
        0,
        "",
        "trail2tsv: account 111122223333, region eu-west-1\n  \
         = as it is bucket logs, which is not tagged created-by=trail2tsv: only its policy may be changed\n  \
         = as it is bucket logs: public access not blocked\n  \
         = as it is bucket logs: ACLs not disabled\n  \
         = as it is bucket logs: versioning not enabled\n  \
         = as it is bucket logs: --keep and --archive-after have no effect on it\n  \
         ~ change   bucket logs: policy with AWSCloudTrailAclCheck20150319, AWSCloudTrailWrite20150319audit\n  \
         ~ change   topic t: policy with AWSCloudTrailSNSPolicy20131101\n  \
         ~ change   queue q, which is not tagged created-by=trail2tsv: policy with AllowTopic\n  \
         + create   subscription of queue q to topic t\n  \
         + create   trail audit: all regions, validation, to bucket logs and topic t\n  \
         + create   trail audit: logging\n\
         trail2tsv: 3 created, 3 changed\n\
         trail2tsv: trail audit logs; trail2tsv trail show reports its first delivery\n",
    );
    let kept = OTHERS.strip_suffix("]}").unwrap();
    for pointer in ["/buckets/logs/policy", "/topics/t/attributes/Policy", "/queues/q/attributes/Policy"] {
        let policy = account.server.resources().pointer(pointer).and_then(Value::as_str).unwrap().to_string();
        assert!(policy.starts_with(kept), "{policy}");
    }
    assert_eq!(account.at("/queues/q/attributes/VisibilityTimeout"), 30);
    assert_eq!(account.server.resources()["buckets"]["logs"].as_object().unwrap().len(), 2);
    account.server.changes();
    account.create(&["--queue=q", "--keep=9"]).shows(0, "", "");
    assert!(account.server.changes().is_empty());
}

#[test]
fn two_trails_share_a_bucket_and_a_topic() {
    let account = Account::new();
    account.create(&["--bucket=logs", "--topic=t", "--queue=q"]).shows(0, "", "");
    account.create(&["--bucket=logs", "--topic=t", "--queue=q", "--name=second", "--prefix=p"]).shows(0, "", "");
    assert_eq!(
        account.sids("/buckets/logs/policy"),
        [
            "AWSCloudTrailAclCheck20150319",
            "AWSCloudTrailWrite20150319",
            "DenyInsecureTransport",
            "AWSCloudTrailAclCheck20150319second",
            "AWSCloudTrailWrite20150319second"
        ]
    );
    let topic = ["AWSCloudTrailSNSPolicy20131101", "AWSCloudTrailSNSPolicy20131101second"];
    assert_eq!(account.sids("/topics/t/attributes/Policy"), topic);
    account.server.changes();
    for name in ["audit", "second"] {
        account.create(&["--queue=q", "--name", name]).shows(0, "", "");
    }
    assert!(account.server.changes().is_empty());
    // If a trail is moved, all statements are kept, including its own.
    account.create(&["--name=second", "--prefix=q"]).shows(0, "", "");
    let policy = account.at("/buckets/logs/policy");
    let resources: Vec<&Value> = policy["Statement"].as_array().unwrap().iter().map(|it| &it["Resource"]).collect();
    assert_eq!(resources[1], "arn:aws:s3:::logs/AWSLogs/111122223333/*");
    assert_eq!(resources[4], "arn:aws:s3:::logs/p/AWSLogs/111122223333/*");
    assert_eq!(resources[5], "arn:aws:s3:::logs/q/AWSLogs/111122223333/*");
    account.server.changes();
    account.create(&["--name=second", "--prefix=p"]).shows(0, "", "");
    assert_eq!(account.server.changes(), ["UpdateTrail"]);
}

#[test]
fn a_trail_that_cannot_be_moved_can_still_deliver() {
    let account = Account::new();
    account.create(&["--bucket=logs"]).shows(0, "", "");
    // Permissions that were added by hand to the statement of the trail.
    let mut policy = account.at("/buckets/logs/policy");
    let more = ["arn:aws:s3:::logs/AWSLogs/111122223333/*", "arn:aws:s3:::logs/AWSLogs/444455556666/*"];
    policy["Statement"][1]["Resource"] = json!(more);
    policy["Statement"][1]["Condition"]["StringEquals"]["aws:SourceAccount"] = json!("111122223333");
    account.server.set("/buckets/logs/policy", json!(policy.to_string()));
    let (operation, status, code) = ("UpdateTrail", 403, "AccessDenied");
    account.server.fault(Fault::Refuse { operation, status, code, times: 9 });
    assert_eq!(account.create(&["--prefix=new"]).code, Some(1));
    let moved = account.at("/buckets/logs/policy");
    assert_eq!(moved["Statement"][1], policy["Statement"][1]);
    assert_eq!(moved["Statement"][3]["Resource"], "arn:aws:s3:::logs/new/AWSLogs/111122223333/*");
}

#[test]
fn statements_that_others_add_while_the_plan_is_shown_stay() {
    let account = account();
    let mut policy: Value = serde_json::from_str(OTHERS).unwrap();
    policy["Statement"].as_array_mut().unwrap().push(json!({"Sid": "Later", "Effect": "Deny"}));
    let set = |operation, pointer| Fault::SetBefore { operation, pointer, value: json!(policy.to_string()) };
    // After the bucket was read, and before anything was written.
    account.server.fault(set("GetTopicAttributes", "/buckets/logs/policy"));
    account.server.fault(set("PutBucketPolicy", "/topics/t/attributes/Policy"));
    account.server.fault(set("PutBucketPolicy", "/queues/q/attributes/Policy"));
    account.create(&["--bucket=logs", "--topic=t", "--queue=q"]).shows(0, "", "");
    for (pointer, own) in [
        ("/buckets/logs/policy", &["AWSCloudTrailAclCheck20150319", "AWSCloudTrailWrite20150319audit"][..]),
        ("/topics/t/attributes/Policy", &["AWSCloudTrailSNSPolicy20131101"]),
        ("/queues/q/attributes/Policy", &["AllowTopic"]),
    ] {
        assert_eq!(account.sids(pointer), [&["AWSCloudTrailWrite20150319", "", "Later"], own].concat(), "{pointer}");
    }
    // Statements that others have added meanwhile are not added again.
    let done = account.server.resources();
    account.server.set("/buckets/logs/policy", json!(OTHERS));
    account.server.set("/queues/q/attributes/Policy", json!(OTHERS));
    let policy = |pointer: &str| done.pointer(pointer).unwrap().clone();
    let (operation, pointer) = ("GetTopicAttributes", "/buckets/logs/policy");
    account.server.fault(Fault::SetBefore { operation, pointer, value: policy(pointer) });
    let (operation, pointer) = ("GetTrailStatus", "/queues/q/attributes/Policy");
    account.server.fault(Fault::SetBefore { operation, pointer, value: policy(pointer) });
    account.create(&["--bucket=logs", "--topic=t", "--queue=q"]).shows(0, "", "");
    assert!(account.server.changes().is_empty());
    assert_eq!(account.server.resources(), done);
}

#[test]
fn settings_that_others_make_while_the_plan_is_shown_are_not_replaced() {
    let text = ": others have changed it since the plan was made, so it was left as it is; ";
    let rule = "<LifecycleConfiguration><Rule><ID>mine</ID><Status>Enabled</Status></Rule></LifecycleConfiguration>";
    let selectors = json!({"AdvancedEventSelectors": [{"Name": "mine"}]});
    for (option, pointer, value) in [
        ("--keep=400", "/buckets/logs/lifecycle", json!(rule)),
        ("--data-events=s3", "/trails/audit/selectors", selectors),
    ] {
        let account = Account::new();
        account.create(&["--bucket=logs"]).shows(0, "", "");
        account.server.fault(Fault::SetBefore { operation: "GetTrailStatus", pointer, value: value.clone() });
        let ran = account.create(&[option]);
        assert!(ran.code == Some(1) && ran.stderr.contains(text), "{ran:?}");
        assert_eq!(account.server.resources().pointer(pointer), Some(&value));
    }
    let account = Account::new();
    account.server.set("/buckets/logs", json!({}));
    let tags = json!("<Tagging><TagSet><Tag><Key>team</Key><Value>a</Value></Tag></TagSet></Tagging>");
    let (operation, pointer) = ("GetTopicAttributes", "/buckets/logs/tagging");
    account.server.fault(Fault::SetBefore { operation, pointer, value: tags.clone() });
    let ran = account.create(&["--bucket=logs"]);
    assert!(ran.code == Some(1) && ran.stderr.contains(text), "{ran:?}");
    assert_eq!(account.server.resources().pointer(pointer), Some(&tags));
}

#[test]
fn policies_are_limited_as_their_services_limit_them() {
    let filler = |bytes: usize| json!({"Sid": "x".repeat(bytes), "Effect": "Deny"});
    for (pointer, bytes, limit) in [
        ("/buckets/logs/policy", 20_300, "20480"),
        ("/topics/t/attributes/Policy", 30_600, "30720"),
        ("/queues/q/attributes/Policy", 8_100, "8192"),
    ] {
        let account = account();
        account.server.set(pointer, json!(json!({"Statement": [filler(bytes)]}).to_string()));
        let ran = account.create(&["--bucket=logs", "--topic=t", "--queue=q"]);
        let text = format!(" bytes, and {limit} are allowed; ");
        assert!(ran.code == Some(1) && ran.stderr.contains(&text), "{ran:?}");
        assert!(account.server.changes().is_empty());
    }
    for (pointer, statements) in [("/topics/t/attributes/Policy", 100), ("/queues/q/attributes/Policy", 20)] {
        let account = account();
        let full = json!({"Statement": vec![filler(1); statements]}).to_string();
        account.server.set(pointer, json!(full));
        let ran = account.create(&["--bucket=logs", "--topic=t", "--queue=q"]);
        let text = format!(" statements, and {statements} are allowed; ");
        assert!(ran.code == Some(1) && ran.stderr.contains(&text), "{ran:?}");
        assert!(account.server.changes().is_empty());
    }
    // A topic may have more than a bucket.
    let account = account();
    account.server.set("/topics/t/attributes/Policy", json!(json!({"Statement": [filler(25_000)]}).to_string()));
    account.create(&["--bucket=logs", "--topic=t"]).shows(0, "", "");
}

#[test]
fn a_policy_that_cannot_be_kept_is_not_overwritten() {
    let account = account();
    account.server.set("/buckets/logs/policy", json!("{"));
    let ran = account.create(&["--bucket=logs"]);
    let text = "trail2tsv: arn:aws:s3:::logs: the present policy cannot be read: ";
    assert!(ran.code == Some(1) && ran.stderr.starts_with(text), "{ran:?}");
    let large = json!({"Statement": [{"Sid": "x".repeat(20_000)}]}).to_string();
    account.server.set("/buckets/logs/policy", json!(large));
    let ran = account.create(&["--bucket=logs"]);
    assert!(ran.code == Some(1) && ran.stderr.contains(" bytes, and 20480 are allowed; "), "{ran:?}");
    assert!(account.server.changes().is_empty());
}

#[test]
fn an_empty_bucket_is_taken_over_and_one_in_use_is_not() {
    let account = Account::new();
    account.server.set("/buckets/logs", json!({}));
    let ran = account.trail(&["create", "--bucket=logs", "--dry-run"]);
    let line = "# ~ change   bucket logs, which is empty and has no tags and no policy: tagged created-by=trail2tsv\n";
    assert!(ran.code == Some(0) && ran.stdout.contains(line), "{ran:?}");
    account.server.set("/buckets/logs", json!({"objects": 1}));
    let ran = account.trail(&["create", "--bucket=logs", "--dry-run"]);
    let line = "# = as it is bucket logs, which is not tagged created-by=trail2tsv: only its policy may be changed\n";
    assert!(ran.code == Some(0) && ran.stdout.contains(line), "{ran:?}");
}

#[test]
fn a_bucket_can_be_in_another_region() {
    let account = Account::new();
    account.server.set("/buckets/logs", json!({"region": "us-west-2"}));
    account.create(&["--bucket=logs"]).shows(0, "", "");
    assert_eq!(account.sids("/buckets/logs/policy").len(), 3);
    assert_eq!(account.at("/trails/audit/settings/HomeRegion"), "eu-west-1");
}

#[test]
fn selectors_and_rules_of_others_are_not_replaced() {
    let account = Account::new();
    account.create(&["--bucket=logs"]).shows(0, "", "");
    let own = json!({"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": true}]});
    account.server.set("/trails/audit/selectors", own);
    let ran = account.create(&["--data-events=s3"]);
    let text = "trail2tsv: trail audit: it has basic event selectors that were changed, ";
    assert!(ran.code == Some(1) && ran.stderr.starts_with(text), "{ran:?}");
    let rule = "<LifecycleConfiguration><Rule><ID>mine</ID><Status>Enabled</Status></Rule></LifecycleConfiguration>";
    account.server.set("/buckets/logs/lifecycle", json!(rule));
    let ran = account.create(&["--keep=400"]);
    let text = "trail2tsv: bucket logs: it has lifecycle rules of others, ";
    assert!(ran.code == Some(1) && ran.stderr.starts_with(text), "{ran:?}");
}

#[test]
fn a_queue_can_be_added_to_a_trail_whose_bucket_belongs_to_another_account() {
    let account = Account::new();
    account.create(&["--bucket=logs"]).shows(0, "", "");
    account.server.set("/buckets/logs/owner", json!("444455556666"));
    let ran = account.trail(&["create", "--queue", "--yes"]);
    let line = "\n  = as it is bucket logs, which the trail uses already: access denied: the bucket belongs to ";
    assert!(ran.code == Some(0) && ran.stderr.contains(line), "{ran:?}");
    let ran = account.create(&["--prefix=new"]);
    assert!(ran.code == Some(1) && ran.stderr.starts_with("trail2tsv: bucket logs: access denied: "), "{ran:?}");
}

#[test]
fn hostile_texts_reach_the_terminal_escaped() {
    let account = account();
    let hostile = json!({"Statement": [{"Sid": "\u{9b}31m\u{202e}'\n$(touch x)", "Effect": "Deny"}]}).to_string();
    account.server.set("/buckets/logs/policy", json!(hostile));
    let ran = account.trail(&["create", "--bucket=logs", "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!ran.stdout.contains(['\u{9b}', '\u{202e}', '\u{1b}']), "{ran:?}");
    let sid = r#"{"Statement":[{"Sid":"\u009b31m\u202e'\''\n$(touch x)","Effect":"Deny"}"#;
    assert!(ran.stdout.contains(sid), "{ran:?}");
}
