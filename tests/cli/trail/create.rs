//! `trail create` in an account without other resources.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::{Value, json};

use super::account::{Account, TRAIL};

/// The plan of a trail with a queue in an empty account.
pub const PLAN: &str = "\
trail2tsv: account 111122223333, region eu-west-1
  + create   bucket 111122223333-cloudtrail in eu-west-1, tagged created-by=trail2tsv
  + create   bucket 111122223333-cloudtrail: public access blocked
  + create   bucket 111122223333-cloudtrail: ACLs disabled
  + create   bucket 111122223333-cloudtrail: versioning enabled
  + create   bucket 111122223333-cloudtrail: policy with AWSCloudTrailAclCheck20150319, AWSCloudTrailWrite20150319, DenyInsecureTransport
  + create   topic audit-cloudtrail
  + create   dead-letter queue audit-cloudtrail-dead-letter
  + create   queue audit-cloudtrail
  + create   subscription of queue audit-cloudtrail to topic audit-cloudtrail
  + create   trail audit: all regions, validation, to bucket 111122223333-cloudtrail and topic audit-cloudtrail
  + create   trail audit: logging
";

const DONE: &str = "\
trail2tsv: account 111122223333, region eu-west-1
  = as it is bucket 111122223333-cloudtrail
  = as it is bucket 111122223333-cloudtrail: public access blocked
  = as it is bucket 111122223333-cloudtrail: ACLs disabled
  = as it is bucket 111122223333-cloudtrail: versioning enabled
  = as it is bucket 111122223333-cloudtrail: policy
  = as it is topic audit-cloudtrail
  = as it is dead-letter queue audit-cloudtrail-dead-letter
  = as it is queue audit-cloudtrail
  = as it is subscription of queue audit-cloudtrail to topic audit-cloudtrail
  = as it is trail audit
  = as it is trail audit: logging
trail2tsv: nothing to change
";

#[test]
fn a_trail_is_created_once() {
    let account = Account::new();
    let end = "trail2tsv: 11 created\ntrail2tsv: trail audit logs; trail2tsv trail show reports its first delivery\n";
    account.trail(&["create", "--queue", "--yes"]).shows(0, "", &format!("{PLAN}{end}"));
    let changes = account.server.changes();
    let expected = [
        "CreateBucket",
        "PutBucketTagging",
        "PutPublicAccessBlock",
        "PutBucketOwnershipControls",
        "PutBucketVersioning",
        "PutBucketPolicy",
        "CreateTopic",
        "CreateQueue",
        "CreateQueue",
        "Subscribe",
        "CreateTrail",
        "StartLogging",
    ];
    assert_eq!(changes, expected);
    let made = account.server.resources();
    account.trail(&["create", "--queue", "--yes"]).shows(0, "", DONE);
    assert!(account.server.changes().is_empty());
    assert_eq!(account.server.resources(), made);
    // Options that are not given change nothing.
    account.create(&[]).shows(0, "", "");
    assert!(account.server.changes().is_empty());
}

#[test]
fn every_resource_is_tagged_and_denies_others() {
    let account = Account::new();
    account.create(&["--queue"]).shows(0, "", "");
    let source = json!({"aws:SourceArn": TRAIL});
    let cloudtrail = json!({"Service": "cloudtrail.amazonaws.com"});
    let bucket = "arn:aws:s3:::111122223333-cloudtrail";
    assert_eq!(
        account.at("/buckets/111122223333-cloudtrail/policy"),
        json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "AWSCloudTrailAclCheck20150319", "Effect": "Allow", "Principal": cloudtrail,
             "Action": "s3:GetBucketAcl", "Resource": bucket, "Condition": {"StringEquals": source}},
            {"Sid": "AWSCloudTrailWrite20150319", "Effect": "Allow", "Principal": cloudtrail,
             "Action": "s3:PutObject", "Resource": format!("{bucket}/AWSLogs/111122223333/*"),
             "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}}},
            {"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
             "Resource": [bucket, format!("{bucket}/*")], "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ]})
    );
    let topic = "arn:aws:sns:eu-west-1:111122223333:audit-cloudtrail";
    assert_eq!(
        account.at("/topics/audit-cloudtrail/attributes/Policy")["Statement"],
        json!([{"Sid": "AWSCloudTrailSNSPolicy20131101", "Effect": "Allow", "Principal": cloudtrail,
                "Action": "SNS:Publish", "Resource": topic, "Condition": {"StringEquals": source}}])
    );
    let queue = "arn:aws:sqs:eu-west-1:111122223333:audit-cloudtrail";
    assert_eq!(
        account.at("/queues/audit-cloudtrail/attributes/Policy")["Statement"],
        json!([{"Sid": "AllowTopic", "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage", "Resource": queue,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}])
    );
    let redrive = json!({"deadLetterTargetArn": format!("{queue}-dead-letter"), "maxReceiveCount": 5});
    assert_eq!(account.at("/queues/audit-cloudtrail/attributes/RedrivePolicy"), redrive);
    let attribute = |name: &str| account.at(&format!("/queues/audit-cloudtrail/attributes/{name}"));
    assert_eq!([attribute("VisibilityTimeout"), attribute("ReceiveMessageWaitTimeSeconds")], [json!(300), json!(20)]);
    let tags = json!([{"Key": "created-by", "Value": "trail2tsv"}]);
    assert_eq!(account.at("/trails/audit/tags"), tags);
    for queue in ["audit-cloudtrail", "audit-cloudtrail-dead-letter"] {
        assert_eq!(account.at(&format!("/queues/{queue}/tags")), json!({"created-by": "trail2tsv"}));
    }
    assert_eq!(account.at("/topics/audit-cloudtrail/tags"), json!({"created-by": "trail2tsv"}));
    let settings = account.at("/trails/audit/settings");
    for name in ["IsMultiRegionTrail", "IncludeGlobalServiceEvents", "LogFileValidationEnabled"] {
        assert_eq!(settings[name], true, "{name}");
    }
}

#[test]
fn every_option_is_carried_out_once() {
    let account = Account::new();
    account.server.join("o-abc", "111122223333");
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let arguments = [
        "--name=all.of-it",
        "--bucket=logs",
        "--prefix=a/b/",
        "--topic=t",
        "--queue=q",
        "--organization",
        "--kms-key",
        key,
        "--data-events=s3,AWS::SNS::Topic",
        "--insights",
        "--keep=400",
        "--archive-after=90",
    ];
    account.create(&arguments).shows(0, "", "");
    let settings = account.at("/trails/all.of-it/settings");
    assert_eq!(settings["S3KeyPrefix"], "a/b");
    assert_eq!((&settings["KmsKeyId"], &settings["IsOrganizationTrail"]), (&json!(key), &json!(true)));
    let statements = account.at("/buckets/logs/policy");
    assert_eq!(statements["Statement"][2]["Resource"], "arn:aws:s3:::logs/a/b/AWSLogs/o-abc/*");
    let lifecycle = account.at("/buckets/logs/lifecycle").to_string();
    assert!(lifecycle.contains("<Days>400</Days>") && lifecycle.contains("<Days>90</Days>"), "{lifecycle}");
    let selectors = account.at("/trails/all.of-it/selectors/AdvancedEventSelectors").to_string();
    let own = r#"{"Field":"resources.ARN","NotStartsWith":["arn:aws:s3:::logs/"]}"#;
    assert!(selectors.contains("AWS::SNS::Topic") && selectors.contains(own), "{selectors}");
    assert!(account.server.resources()["queues"].get("q-dead-letter").is_some());
    account.server.changes();
    account.create(&arguments).shows(0, "", "");
    assert_eq!(account.server.changes(), [""; 0]);
}

#[test]
fn lifecycle_settings_without_an_option_are_kept() {
    let account = Account::new();
    account.create(&["--bucket=logs", "--keep=400", "--archive-after=90"]).shows(0, "", "");
    let days = || {
        let lifecycle = account.at("/buckets/logs/lifecycle").to_string();
        let parts = lifecycle.split("<Days>").skip(1).map(|part| part.split('<').next().unwrap().to_string());
        parts.collect::<std::collections::BTreeSet<String>>().into_iter().collect::<Vec<_>>().join(" ")
    };
    let ran = account.trail(&["create", "--keep=500", "--yes"]);
    let line = "  ~ change   bucket logs: objects archived after 90 days, objects deleted after 500 days\n";
    assert!(ran.code == Some(0) && ran.stderr.contains(line), "{ran:?}");
    assert_eq!(days(), "500 90");
    account.create(&["--archive-after=60"]).shows(0, "", "");
    assert_eq!(days(), "500 60");
    account.server.changes();
    account.create(&["--keep=500"]).shows(0, "", "");
    assert!(account.server.changes().is_empty());
    account.create(&["--keep=60"]).shows(
        1,
        "",
        "trail2tsv: bucket logs: objects would be archived after 60 days and deleted after 60; choose a larger --keep or \
         a smaller --archive-after\n",
    );
    assert!(account.server.changes().is_empty());
}

#[test]
fn what_differs_is_corrected_and_named() {
    let account = Account::new();
    account.create(&["--queue"]).shows(0, "", "");
    account.server.set("/trails/audit/settings/IsMultiRegionTrail", json!(false));
    account.server.set("/trails/audit/status/IsLogging", json!(false));
    account.server.set("/queues/audit-cloudtrail/attributes/VisibilityTimeout", json!("30"));
    account.server.set("/buckets/111122223333-cloudtrail/versioning", json!("<VersioningConfiguration/>"));
    account.server.changes();
    let ran = account.trail(&["create", "--queue", "--prefix", "new", "--yes"]);
    let changes: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("~ ")).collect();
    assert_eq!(
        changes,
        [
            "  ~ change   bucket 111122223333-cloudtrail: versioning enabled",
            "  ~ change   bucket 111122223333-cloudtrail: policy with AWSCloudTrailWrite20150319audit",
            "  ~ change   queue audit-cloudtrail: VisibilityTimeout",
            "  ~ change   trail audit: prefix none → new, all regions",
            "  ~ change   trail audit: logging",
        ],
        "{ran:?}"
    );
    assert!(ran.code == Some(0) && ran.stderr.contains("\ntrail2tsv: 5 changed\n"), "{ran:?}");
    let expected = ["PutBucketVersioning", "PutBucketPolicy", "SetQueueAttributes", "UpdateTrail", "StartLogging"];
    assert_eq!(account.server.changes(), expected);
    let again = account.create(&["--queue"]);
    assert!(again.code == Some(0) && account.server.changes().is_empty(), "{again:?}");
}

#[test]
fn a_dry_run_changes_nothing_and_writes_a_script() {
    let account = Account::new();
    let arguments = ["create", "--dry-run", "--bucket", "logs", "--profile", "ci"];
    account.trial.write(".aws/credentials", "[ci]\naws_access_key_id = a\naws_secret_access_key = b\n");
    let ran = account.trail(&arguments);
    let header = "#!/bin/sh\n# trail2tsv trail create --dry-run --bucket logs --profile ci\n\
                  # account 111122223333, region eu-west-1\nset -e\nexport AWS_PAGER=''\n\n\
                  # Repeats a command that fails, because earlier changes take some seconds to take effect.\n\
                  retry() {\n    for pause in 1 2 4 8; do\n        \"$@\" && return\n        \
                  sleep \"$pause\"\n    done\n    \"$@\"\n}\n\n\
                  # + create   bucket logs in eu-west-1, tagged created-by=trail2tsv\n";
    let options = "--region eu-west-1 --profile ci";
    let script = format!(
        "{header}\
aws s3api create-bucket {options} --bucket logs --create-bucket-configuration '{{\"LocationConstraint\":\"eu-west-1\"}}'
retry aws s3api put-bucket-tagging {options} --bucket logs --tagging '{{\"TagSet\":[{{\"Key\":\"created-by\",\"Value\":\"trail2tsv\"}}]}}'

# + create   bucket logs: public access blocked
retry aws s3api put-public-access-block {options} --bucket logs --public-access-block-configuration '{{\"BlockPublicAcls\":true,\"IgnorePublicAcls\":true,\"BlockPublicPolicy\":true,\"RestrictPublicBuckets\":true}}'

# + create   bucket logs: ACLs disabled
retry aws s3api put-bucket-ownership-controls {options} --bucket logs --ownership-controls '{{\"Rules\":[{{\"ObjectOwnership\":\"BucketOwnerEnforced\"}}]}}'

# + create   bucket logs: versioning enabled
retry aws s3api put-bucket-versioning {options} --bucket logs --versioning-configuration '{{\"Status\":\"Enabled\"}}'

# + create   bucket logs: policy with AWSCloudTrailAclCheck20150319, AWSCloudTrailWrite20150319, DenyInsecureTransport
retry aws s3api put-bucket-policy {options} --bucket logs --policy '{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Sid\":\"AWSCloudTrailAclCheck20150319\",\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"cloudtrail.amazonaws.com\"}},\"Action\":\"s3:GetBucketAcl\",\"Resource\":\"arn:aws:s3:::logs\",\"Condition\":{{\"StringEquals\":{{\"aws:SourceArn\":\"{TRAIL}\"}}}}}},{{\"Sid\":\"AWSCloudTrailWrite20150319\",\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"cloudtrail.amazonaws.com\"}},\"Action\":\"s3:PutObject\",\"Resource\":\"arn:aws:s3:::logs/AWSLogs/111122223333/*\",\"Condition\":{{\"StringEquals\":{{\"s3:x-amz-acl\":\"bucket-owner-full-control\",\"aws:SourceArn\":\"{TRAIL}\"}}}}}},{{\"Sid\":\"DenyInsecureTransport\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":[\"arn:aws:s3:::logs\",\"arn:aws:s3:::logs/*\"],\"Condition\":{{\"Bool\":{{\"aws:SecureTransport\":\"false\"}}}}}}]}}'

# + create   topic audit-cloudtrail
aws sns create-topic {options} --name audit-cloudtrail --attributes '{{\"Policy\":\"{{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{{\\\"Sid\\\":\\\"AWSCloudTrailSNSPolicy20131101\\\",\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{{\\\"Service\\\":\\\"cloudtrail.amazonaws.com\\\"}},\\\"Action\\\":\\\"SNS:Publish\\\",\\\"Resource\\\":\\\"arn:aws:sns:eu-west-1:111122223333:audit-cloudtrail\\\",\\\"Condition\\\":{{\\\"StringEquals\\\":{{\\\"aws:SourceArn\\\":\\\"{TRAIL}\\\"}}}}}}]}}\"}}' --tags '[{{\"Key\":\"created-by\",\"Value\":\"trail2tsv\"}}]'

# + create   trail audit: all regions, validation, to bucket logs and topic audit-cloudtrail
retry aws cloudtrail create-trail {options} --name audit --s3-bucket-name logs --sns-topic-name audit-cloudtrail --include-global-service-events --is-multi-region-trail --enable-log-file-validation --tags-list '[{{\"Key\":\"created-by\",\"Value\":\"trail2tsv\"}}]'

# + create   trail audit: logging
aws cloudtrail start-logging {options} --name audit
"
    );
    ran.shows(0, &script, "trail2tsv: dry run: nothing was changed\n");
    assert!(account.server.changes().is_empty());
}

/// The elements of an XML document that contain no others: their names and values, sorted.
fn values_of_xml(text: &str) -> Vec<(String, String)> {
    let parts: Vec<(&str, &str)> = text.split('<').filter_map(|part| part.split_once('>')).collect();
    let mut values = Vec::new();
    for pair in parts.windows(2) {
        let ((name, value), (next, _)) = (pair[0], pair[1]);
        if next.strip_prefix('/') == Some(name) {
            values.push((name.to_string(), value.to_string()));
        } else if let Some(name) = name.strip_suffix('/') {
            values.push((name.to_string(), String::new()));
        }
    }
    values.sort();
    values
}

/// The same of a JSON document.
fn values_of_json(value: &Value) -> Vec<(String, String)> {
    fn collect(name: &str, value: &Value, values: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| collect(name, value, values)),
            Value::Array(members) => members.iter().for_each(|value| collect(name, value, values)),
            Value::String(text) => values.push((name.into(), text.clone())),
            value => values.push((name.into(), value.to_string())),
        }
    }
    let mut values = Vec::new();
    collect("", value, &mut values);
    values.sort();
    values
}

#[test]
fn settings_of_a_bucket_are_the_same_in_requests_and_in_a_script() {
    let account = Account::new();
    let key = "--kms-key=arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let options = ["--bucket=logs", "--keep=400", "--archive-after=90", key];
    let script = account.trail(&[&["create", "--dry-run", "-q"][..], &options].concat());
    account.create(&options).shows(0, "", "");
    for (operation, setting) in [
        ("put-bucket-tagging", "tagging"),
        ("put-public-access-block", "publicAccessBlock"),
        ("put-bucket-ownership-controls", "ownershipControls"),
        ("put-bucket-versioning", "versioning"),
        ("put-bucket-encryption", "encryption"),
        ("put-bucket-lifecycle-configuration", "lifecycle"),
    ] {
        let line = script.stdout.lines().find(|line| line.contains(operation)).unwrap();
        let json = &line[line.find("'{").unwrap() + 1..line.len() - 1];
        let sent = account.at(&format!("/buckets/logs/{setting}"));
        let of_json = values_of_json(&serde_json::from_str(json).unwrap());
        assert_eq!(values_of_xml(sent.as_str().unwrap()), of_json, "{setting}");
    }
}

#[test]
fn a_bucket_in_us_east_1_has_no_constraint() {
    let account = Account::new();
    let script = account.trail(&["create", "--dry-run", "-q", "--region", "us-east-1"]);
    let line = "aws s3api create-bucket --region us-east-1 --bucket 111122223333-cloudtrail\n";
    assert!(script.code == Some(0) && script.stdout.contains(line), "{script:?}");
    account.create(&["--region", "us-east-1"]).shows(0, "", "");
    // The same name in another region is the same trail.
    account.create(&[]).shows(
        1,
        "",
        "trail2tsv: trail audit is managed in us-east-1; add --region us-east-1, or choose another name with --name\n",
    );
}

#[test]
fn a_second_trail_is_announced_as_one_that_costs_money() {
    let account = Account::new();
    account.create(&[]).shows(0, "", "");
    let ran = account.trail(&["create", "--name=second", "--yes"]);
    let line = "\n  = as it is trail audit, which exists too: AWS charges for further copies of events\n";
    assert!(ran.code == Some(0) && ran.stderr.contains(line), "{ran:?}");
    let again = account.trail(&["create", "--name=second", "--yes"]);
    assert!(again.code == Some(0) && !again.stderr.contains("exists too"), "{again:?}");
}

#[test]
fn the_bucket_that_is_read_is_not_taken_from_settings() {
    let mut account = Account::new();
    account.trial.env("TRAIL2TSV_BUCKET", "other").env("TRAIL2TSV_PREFIX", "p");
    account.create(&[]).shows(0, "", "");
    assert_eq!(account.at("/trails/audit/settings/S3BucketName"), "111122223333-cloudtrail");
    assert!(account.at("/trails/audit/settings/S3KeyPrefix").is_null());
}

#[test]
fn a_policy_that_takes_time_is_waited_for() {
    use testkit::aws_account::Fault;

    let account = Account::new();
    let (operation, status, code) = ("CreateTrail", 400, "InsufficientS3BucketPolicyException");
    account.server.fault(Fault::Refuse { operation, status, code, times: 1 });
    account.create(&[]).shows(0, "", "");
    assert_eq!(account.at("/trails/audit/status/IsLogging"), true);
}
