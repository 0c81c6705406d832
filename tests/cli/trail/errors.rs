//! The errors of `trail` and their messages.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::json;
use testkit::aws_account::Fault;

use super::account::Account;

#[test]
fn changes_need_a_terminal_or_yes() {
    let account = Account::new();
    let text = "trail2tsv: no terminal to ask on; add --yes to change without a question, or --dry-run\n\
                trail2tsv: try --help\n";
    account.trail(&["create"]).shows(2, "", text);
    account.trail(&["delete"]).shows(2, "", text);
    let text = "trail2tsv: trail: no action; write trail create, trail show or trail delete\ntrail2tsv: try --help\n";
    account.trail(&[]).shows(2, "", text);
    let text = "trail2tsv: unrecognized subcommand 'creat'\ntrail2tsv: did you mean create?\ntrail2tsv: try --help\n";
    account.trail(&["creat"]).shows(2, "", text);
    assert!(account.server.calls().is_empty());
}

#[test]
fn names_that_aws_refuses_are_usage_errors() {
    let account = Account::new();
    for arguments in [
        ["--name", "ab"],
        ["--name", "-x;rm -rf ~"],
        ["--name", "a\u{1b}[31mb"],
        ["--bucket", "Logs"],
        ["--bucket", "s3://logs"],
        ["--prefix", "/a"],
        ["--topic", "a b"],
        ["--queue=a.fifo", "--yes"],
        ["--kms-key", "alias/x"],
        ["--data-events", "ec2"],
        ["--region", "EU"],
        ["--keep", "0"],
    ] {
        let ran = account.create(&arguments);
        assert!(ran.code == Some(2) && !ran.stderr.contains('\u{1b}'), "{ran:?}");
    }
    account.create(&["--keep=30", "--archive-after=30"]).shows(
        2,
        "",
        "trail2tsv: --archive-after must be less than --keep, which is 30\ntrail2tsv: try --help\n",
    );
    let long = "x".repeat(80);
    let ran = account.create(&["--queue", "--name", &long]);
    assert!(ran.code == Some(2) && ran.stderr.contains("--queue=NAME"), "{ran:?}");
    assert!(account.server.changes().is_empty());
}

#[test]
fn a_denied_request_names_the_permission_and_the_resource() {
    let advice = "earlier steps are done; run the same command again to go on";
    let bucket = "arn:aws:s3:::111122223333-cloudtrail";
    let trail = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit";
    let queue = "arn:aws:sqs:eu-west-1:111122223333:audit-cloudtrail";
    let topic = "arn:aws:sns:eu-west-1:111122223333:audit-cloudtrail";
    for (operation, start, permission) in [
        (
            "PutPublicAccessBlock",
            "bucket 111122223333-cloudtrail: public access blocked",
            format!("s3:PutBucketPublicAccessBlock is needed on {bucket}"),
        ),
        ("CreateTopic", "topic audit-cloudtrail", format!("sns:CreateTopic is needed on {topic}")),
        ("Subscribe", "subscription of queue", format!("sns:Subscribe is needed on {topic}")),
        ("StartLogging", "trail audit: logging", format!("cloudtrail:StartLogging is needed on {trail}")),
    ] {
        let account = Account::new();
        account.server.fault(Fault::Refuse { operation, status: 403, code: "AccessDenied", times: 9 });
        let ran = account.create(&["--queue"]);
        let end = format!(": access denied (AccessDenied): as the test wants; {permission}; {advice}\n");
        let is_named = ran.stderr.starts_with(&format!("trail2tsv: {start}")) && ran.stderr.ends_with(&end);
        assert!(ran.code == Some(1) && is_named, "{ran:?}");
    }
    for (operation, start, permission) in [
        ("GetTopicAttributes", "topic audit-cloudtrail: ", format!("sns:GetTopicAttributes is needed on {topic}")),
        ("GetQueueUrl", "queue audit-cloudtrail: ", format!("sqs:GetQueueUrl is needed on {queue}")),
        ("DescribeTrails", "trail audit: ", "cloudtrail:DescribeTrails is needed on *".into()),
    ] {
        let account = Account::new();
        account.server.fault(Fault::Refuse { operation, status: 403, code: "AccessDenied", times: 9 });
        let text = format!("trail2tsv: {start}access denied (AccessDenied): as the test wants; {permission}\n");
        account.create(&["--queue"]).shows(1, "", &text);
        assert!(account.server.changes().is_empty());
    }
}

#[test]
fn errors_of_cloudtrail_say_what_to_do() {
    for (code, remedy) in [
        ("InsufficientEncryptionPolicyException", "the policy of the key must allow cloudtrail.amazonaws.com kms:"),
        ("CloudTrailAccessNotEnabledException", "in the management account, run aws organizations enable-aws-"),
    ] {
        let account = Account::new();
        account.server.fault(Fault::Refuse { operation: "CreateTrail", status: 400, code, times: 9 });
        let ran = account.create(&[]);
        let text = format!("{code}: as the test wants; {remedy}");
        assert!(ran.code == Some(1) && ran.stderr.contains(&text), "{ran:?}");
    }
}

#[test]
fn a_bucket_of_another_account_is_refused() {
    let account = Account::new();
    account.server.set("/buckets/logs", json!({"owner": "444455556666"}));
    account.create(&["--bucket=logs"]).shows(
        1,
        "",
        "trail2tsv: bucket logs: access denied: the bucket belongs to another account, or s3:ListBucket is needed on \
         arn:aws:s3:::logs\n",
    );
}

#[test]
fn credentials_that_are_missing_or_expired_are_named() {
    let account = Account::new();
    account.server.fault(Fault::Refuse { operation: "GetCallerIdentity", status: 403, code: "ExpiredToken", times: 9 });
    for arguments in [&["create", "--yes"][..], &["delete", "--yes"], &["show"]] {
        let ran = account.trail(arguments);
        let text = "trail2tsv: the credentials have expired (ExpiredToken); sign in again, for example with `aws sso \
                    login`, or choose another profile with --profile\n";
        assert!(ran.code == Some(1) && ran.stderr == text, "{ran:?}");
    }
    let mut trial = crate::harness::Trial::new();
    trial.env("AWS_ENDPOINT_URL", &account.server.url());
    let ran = trial.run(&["trail", "show"]);
    assert!(ran.code == Some(1) && ran.stderr.starts_with("trail2tsv: no credentials found; sign in"), "{ran:?}");
    let ran = trial.run(&["trail", "create", "--yes", "--profile", "none"]);
    let text = "trail2tsv: --profile \"none\": profile not found; ~/.aws contains no profiles\n";
    ran.shows(1, "", text);
}

#[test]
fn a_region_that_cannot_be_reached_is_named() {
    let account = Account::new();
    let ran = account.trail(&["show", "--region=xx-nowhere-1", "--endpoint-url=http://127.0.0.1:1"]);
    let end = "; is xx-nowhere-1 the right region?\n";
    let is_named = ran.stderr.starts_with("trail2tsv: STS cannot be reached: ") && ran.stderr.ends_with(end);
    assert!(ran.code == Some(1) && is_named, "{ran:?}");
}

#[test]
fn an_organization_must_exist() {
    let account = Account::new();
    account.create(&["--organization"]).shows(
        1,
        "",
        "trail2tsv: --organization: AWSOrganizationsNotInUseException: not a member of an organization\n",
    );
    // A delegated administrator makes a trail of the management account.
    account.server.join("o-abc", "999988887777");
    account.create(&["--organization"]).shows(0, "", "");
    let settings = account.at("/trails/audit/settings");
    let arn = "arn:aws:cloudtrail:eu-west-1:999988887777:trail/audit";
    assert_eq!(settings["TrailARN"], arn);
    let policy = account.at("/buckets/111122223333-cloudtrail/policy").to_string();
    assert!(policy.contains(arn) && policy.contains("/AWSLogs/999988887777/*"), "{policy}");
    account.server.changes();
    account.create(&["--organization"]).shows(0, "", "");
    assert!(account.server.changes().is_empty());
}

#[test]
fn a_trail_that_others_change_meanwhile_is_reported() {
    let account = Account::new();
    let (operation, status, code) = ("CreateTrail", 400, "TrailAlreadyExistsException");
    account.server.fault(Fault::Refuse { operation, status, code, times: 1 });
    let ran = account.create(&[]);
    // The trail of the others is gone again before it is started.
    let text = "trail2tsv: trail audit: logging: TrailNotFoundException: it does not exist; ";
    assert!(ran.code == Some(1) && ran.stderr.starts_with(text), "{ran:?}");
}
