//! `trail delete`.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::json;

use super::account::Account;

#[test]
fn all_but_the_bucket_is_deleted() {
    let account = Account::new();
    account.create(&["--queue", "--prefix=p"]).shows(0, "", "");
    account.server.set("/queues/audit-cloudtrail/messages", json!("1234"));
    account.server.changes();
    let plan = "\
trail2tsv: account 111122223333, region eu-west-1
  - delete   dead-letter queue audit-cloudtrail-dead-letter with about 0 messages
  - delete   queue audit-cloudtrail with about 1,234 messages
  - delete   subscription of queue audit-cloudtrail to topic audit-cloudtrail
  - delete   topic audit-cloudtrail
  - delete   trail audit
  = as it is bucket 111122223333-cloudtrail with its log files; \
aws s3 ls --recursive --summarize s3://111122223333-cloudtrail/p/AWSLogs/ counts them
trail2tsv: 5 deleted
";
    let script = account.trail(&["delete", "--dry-run", "-q"]);
    let lines: Vec<&str> = script.lines(0).into_iter().filter(|line| line.starts_with("aws ")).collect();
    let queue = format!("--queue-url {}/111122223333/audit-cloudtrail", account.server.url());
    let topic = "arn:aws:sns:eu-west-1:111122223333:audit-cloudtrail";
    assert_eq!(
        lines,
        [
            format!("aws sqs delete-queue --region eu-west-1 {queue}-dead-letter"),
            format!("aws sqs delete-queue --region eu-west-1 {queue}"),
            format!(
                "aws sns unsubscribe --region eu-west-1 --subscription-arn \
                 {topic}:arn:aws:sqs:eu-west-1:111122223333:audit-cloudtrail"
            ),
            format!("aws sns delete-topic --region eu-west-1 --topic-arn {topic}"),
            "aws cloudtrail delete-trail --region eu-west-1 --name audit".into()
        ]
    );
    assert!(account.server.changes().is_empty());
    account.trail(&["delete", "--yes"]).shows(0, "", plan);
    let left = account.server.resources();
    assert_eq!((&left["topics"], &left["queues"], &left["trails"]), (&json!({}), &json!({}), &json!({})));
    assert_eq!(left["buckets"].as_object().unwrap().len(), 1);
    account.trail(&["delete", "--yes"]).shows(
        0,
        "",
        "trail2tsv: account 111122223333, region eu-west-1\n  \
         = as it is topic audit-cloudtrail: it does not exist\n  \
         = as it is trail audit: it does not exist\n\
         trail2tsv: nothing to change\n",
    );
}

#[test]
fn what_is_not_tagged_stays() {
    let account = Account::new();
    account.create(&["--queue"]).shows(0, "", "");
    account.server.set("/queues/audit-cloudtrail/tags", json!({}));
    account.server.set("/topics/audit-cloudtrail/tags", json!({"created-by": "me"}));
    let ran = account.trail(&["delete", "--yes"]);
    let kept: Vec<&str> = ran.stderr.lines().skip(1).take(3).collect();
    assert_eq!(
        kept,
        [
            "  = as it is queue audit-cloudtrail, which is not tagged created-by=trail2tsv",
            "  = as it is topic audit-cloudtrail, which is not tagged created-by=trail2tsv",
            "  - delete   trail audit"
        ],
        "{ran:?}"
    );
    let account = Account::new();
    account.create(&[]).shows(0, "", "");
    account.server.set("/trails/audit/tags", json!([]));
    account.server.changes();
    account.trail(&["delete", "--yes"]).shows(
        1,
        "",
        "trail2tsv: trail audit is not tagged created-by=trail2tsv, so it is not deleted; if it is yours, delete it \
         with aws cloudtrail delete-trail\n",
    );
    assert!(account.server.changes().is_empty());
}

#[test]
fn a_topic_that_also_sends_to_others_stays() {
    let account = Account::new();
    account.create(&["--queue"]).shows(0, "", "");
    let topic = "arn:aws:sns:eu-west-1:111122223333:audit-cloudtrail";
    let of = |name: &str| format!("{topic}:{name}");
    let foreign = [("email", "security@example.com"), ("lambda", "arn:aws:lambda:eu-west-1:111122223333:function:f")];
    let pointer = "/topics/audit-cloudtrail/subscriptions";
    let mut subscriptions = account.at(pointer);
    for (protocol, endpoint) in foreign {
        let subscription = json!({"arn": of(protocol), "protocol": protocol, "endpoint": endpoint});
        subscriptions.as_array_mut().unwrap().push(subscription);
    }
    account.server.set(pointer, subscriptions);
    let ran = account.trail(&["delete", "--yes"]);
    let line = "\n  = as it is topic audit-cloudtrail, which also sends to security@example.com, \
                arn:aws:lambda:eu-west-1:111122223333:function:f\n";
    assert!(ran.code == Some(0) && ran.stderr.contains(line), "{ran:?}");
    let left = account.server.resources();
    assert_eq!((&left["queues"], &left["trails"]), (&json!({}), &json!({})));
    assert_eq!(left["topics"]["audit-cloudtrail"]["subscriptions"].as_array().unwrap().len(), 2);
    // A queue that is kept is another subscriber.
    let account = Account::new();
    account.create(&["--queue"]).shows(0, "", "");
    account.server.set("/queues/audit-cloudtrail/tags", json!({}));
    let ran = account.trail(&["delete", "--yes"]);
    let line = "\n  = as it is topic audit-cloudtrail, which also sends to \
                arn:aws:sqs:eu-west-1:111122223333:audit-cloudtrail\n";
    assert!(ran.code == Some(0) && ran.stderr.contains(line), "{ran:?}");
}

#[test]
fn what_another_trail_uses_stays() {
    let account = Account::new();
    account.create(&["--topic=t"]).shows(0, "", "");
    account.create(&["--topic=t", "--name=second"]).shows(0, "", "");
    let ran = account.trail(&["delete", "--yes"]);
    let line = "\n  = as it is topic t, which trail second uses too\n";
    assert!(ran.code == Some(0) && ran.stderr.contains(line), "{ran:?}");
    // A queue that is subscribed to the topic of both trails.
    let account = Account::new();
    account.create(&["--topic=t", "--queue=q"]).shows(0, "", "");
    account.create(&["--topic=t", "--queue=q", "--name=second"]).shows(0, "", "");
    let ran = account.trail(&["delete", "--yes"]);
    let line = "\n  = as it is queue q, which receives from topic t, which trail second uses too\n";
    assert!(ran.code == Some(0) && ran.stderr.contains(line), "{ran:?}");
    account.trail(&["delete", "--yes", "-q", "--name=second"]).shows(0, "", "");
    let left = account.server.resources();
    assert_eq!((&left["topics"], &left["queues"]), (&json!({}), &json!({})));
    // A queue that is subscribed to two topics.
    let account = Account::new();
    account.create(&["--queue=q"]).shows(0, "", "");
    account.create(&["--queue=q", "--name=second"]).shows(0, "", "");
    let ran = account.trail(&["delete", "--yes"]);
    let other = "arn:aws:sns:eu-west-1:111122223333:second-cloudtrail";
    let line = format!("\n  = as it is queue q, which also receives from {other}\n");
    assert!(ran.code == Some(0) && ran.stderr.contains(&line), "{ran:?}");
    assert!(account.server.resources()["queues"].get("q").is_some());
}

#[test]
fn a_trail_of_the_management_account_is_deleted_with_what_is_here() {
    let account = Account::new();
    account.server.join("o-abc", "999988887777");
    account.create(&["--organization", "--queue"]).shows(0, "", "");
    let arn = "arn:aws:cloudtrail:eu-west-1:999988887777:trail/audit";
    let script = account.trail(&["delete", "--dry-run", "-q"]);
    assert!(
        script.stdout.ends_with(&format!(
            "delete-trail --region eu-west-1 --name {arn}\n\n# = as it is bucket \
        111122223333-cloudtrail with its log files; aws s3 ls --recursive --summarize \
        s3://111122223333-cloudtrail/AWSLogs/ counts them\n"
        )),
        "{script:?}"
    );
    account.trail(&["delete", "--yes", "-q"]).shows(0, "", "");
    let left = account.server.resources();
    assert_eq!((&left["topics"], &left["queues"], &left["trails"]), (&json!({}), &json!({}), &json!({})));
    // The topic belongs to the management account too, so nothing can be deleted here.
    account.create(&["--organization", "--queue"]).shows(0, "", "");
    let topic = "arn:aws:sns:eu-west-1:999988887777:audit-cloudtrail";
    account.server.set("/trails/audit/settings/SnsTopicARN", json!(topic));
    account.server.changes();
    let text = format!("trail2tsv: trail audit and its topic belong to another account: {arn}; delete it there\n");
    account.trail(&["delete", "--yes"]).shows(1, "", &text);
    assert!(account.server.changes().is_empty());
}

#[test]
fn a_queue_that_was_just_deleted_does_not_exist() {
    use testkit::aws_account::Fault;

    let account = Account::new();
    account.create(&["--queue"]).shows(0, "", "");
    let (operation, status, code) = ("GetQueueAttributes", 400, "QueueDoesNotExist");
    account.server.fault(Fault::Refuse { operation, status, code, times: 2 });
    let ran = account.trail(&["delete", "--yes"]);
    assert!(ran.code == Some(0) && ran.stderr.ends_with("trail2tsv: 3 deleted\n"), "{ran:?}");
}

#[test]
fn topic_and_queue_are_found_without_the_trail() {
    let account = Account::new();
    account.create(&["--queue=q", "--topic=t"]).shows(0, "", "");
    account.server.set("/trails", json!({}));
    account.trail(&["delete", "--yes", "-q", "--topic=t"]).shows(0, "", "");
    let left = account.server.resources();
    assert_eq!((&left["topics"], &left["queues"]), (&json!({}), &json!({})));
    // Only the queue is left.
    account.create(&["--queue=q", "--topic=t"]).shows(0, "", "");
    account.server.set("/trails", json!({}));
    account.server.set("/topics", json!({}));
    account.trail(&["delete", "--yes", "-q", "--queue=q"]).shows(0, "", "");
    assert_eq!(account.server.resources()["queues"], json!({}));
}
