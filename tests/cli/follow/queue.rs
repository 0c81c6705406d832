//! When a message is deleted, and when it is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use testkit::s3::Fault;
use testkit::sqs::SqsAction;

use super::feed::{Feed, in_topic, of_s3};
use crate::bucket::cloud::{minutes, wait_until};

#[test]
fn a_message_is_deleted_only_after_its_rows_are_written() {
    let feed = Feed::new();
    let out = feed.cloud.trial.path("out.tsv");
    let (missing, checked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (lost, seen) = (missing.clone(), checked.clone());
    feed.queue.before_delete(move |body| {
        let written = std::fs::read_to_string(&out).unwrap();
        // The minute of the key gives the name of the event.
        let stamp = body.split_once("20261001T").unwrap().1;
        let (hour, minute): (usize, usize) = (stamp[..2].parse().unwrap(), stamp[2..4].parse().unwrap());
        let name = format!("E{:03}\n", (hour - 9) * 60 + minute);
        lost.fetch_add(usize::from(!written.contains(&name)), SeqCst);
        seen.fetch_add(1, SeqCst);
    });
    for number in 0..150 {
        feed.deliver(number);
    }
    let ran = feed.drain(&[]);
    assert_eq!((ran.code, feed.sorted()), (Some(0), minutes(150)), "{ran:?}");
    assert_eq!((missing.load(SeqCst), checked.load(SeqCst)), (0, 150));
}

#[test]
fn an_object_that_is_announced_again_is_written_once() {
    let feed = Feed::new();
    let key = feed.cloud.minute(1);
    feed.announce(&[&key]);
    feed.queue.send(of_s3("logs", &key, None));
    feed.drain(&[]).shows(
        0,
        "E001\n",
        "trail2tsv: 2 messages received, 2 deleted; 1 event in 1 file read, 1 matched; \
         1 object announced again after being written\n",
    );
    // Another process, and another kind of message.
    feed.queue.send(in_topic(&of_s3("logs", &key, None)));
    feed.deliver(2);
    feed.drain(&[]).shows(
        0,
        "E001\nE002\n",
        "trail2tsv: 2 messages received, 2 deleted; 1 event in 1 file read, 1 matched; \
         1 object announced again after being written\n",
    );
}

#[test]
fn filters_and_columns_are_those_of_the_main_job() {
    let feed = Feed::new();
    for number in 0..5 {
        feed.deliver(number);
    }
    let ran = feed.drain(&["-e", "E00[13],E004", "-e", "E001", "-f", "json", "-c", "awsRegion"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let row = |name: &str| format!("{{\"eventName\":\"{name}\",\"awsRegion\":\"eu-west-1\"}}\n");
    assert_eq!(feed.sorted(), row("E001") + &row("E004"), "{ran:?}");
    assert!(ran.stderr.contains("5 messages received, 5 deleted; 2 events decoded in 5 files"), "{ran:?}");
}

#[test]
fn objects_outside_of_the_scope_are_counted() {
    let feed = Feed::new();
    feed.deliver(1);
    let other = feed.cloud.log("AWSLogs/", "444455556666", "eu-west-1", "2026-10-01T09:02", &["Other"]);
    let digest = other.replace("CloudTrail/", "CloudTrail-Digest/").replace("_CloudTrail_", "_CloudTrail-Digest_");
    let insight = other.replace("CloudTrail/", "CloudTrail-Insight/").replace("_CloudTrail_", "_CloudTrail-Insight_");
    feed.announce(&[&other]);
    feed.announce(&[&digest, &insight]);
    feed.drain(&["--account", "111122223333"]).shows(
        0,
        "E001\n",
        "trail2tsv: 3 messages received, 3 deleted; 1 event in 1 file read, 1 matched; \
         3 objects left out: outside the requested kinds, accounts, regions or times\n",
    );
}

#[test]
fn messages_about_other_objects_stay_in_the_queue() {
    let feed = Feed::new();
    let kept = [
        feed.queue.send(of_s3("logs", "vpcflowlogs/a.log.gz", None)),
        feed.queue.send(of_s3("logs", "vpcflowlogs/b.log.gz", None)),
        feed.announce(&["other/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/01/x.json.gz"]),
        feed.queue.send("hello"),
    ];
    let read =
        feed.announce(&[feed.cloud.log("mine/AWSLogs/", "111122223333", "eu-west-1", "2026-10-01T09:02", &["Mine"])]);
    let follower = feed.follow(&["--bucket", "logs", "--prefix", "mine"]);
    wait_until(|| feed.queue.is_deleted(read));
    wait_until(|| kept.iter().all(|id| feed.queue.log().contains(&(*id, SqsAction::Received))));
    let ran = follower.stop(&feed);
    let expected = "trail2tsv: s3://logs/vpcflowlogs/a.log.gz: not a log of CloudTrail that was asked for; messages \
                    about s3://logs/vpcflowlogs stay in the queue\n\
                    trail2tsv: s3://logs/other/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/01/x.json.gz: not a \
                    log of CloudTrail that was asked for; messages about s3://logs/other stay in the queue\n\
                    trail2tsv: message message-4: not JSON; it stays in the queue\n\
                    trail2tsv: 5 messages received, 1 deleted; 1 event in 1 file read, 1 matched; \
                    3 messages about other objects left in the queue; 1 message that cannot be read left in the queue\n";
    ran.shows(3, "Mine\n", expected);
    assert!(kept.iter().all(|id| !feed.queue.is_deleted(*id)));
}

#[test]
fn messages_stay_hidden_while_their_objects_are_read() {
    let feed = Feed::hiding(Duration::from_secs(3));
    feed.cloud.server.fault(Fault::get("*").delay(Duration::from_secs(7)));
    let id = feed.deliver(1);
    feed.drain(&[]).shows(0, "E001\n", "trail2tsv: 1 message received, 1 deleted; 1 event in 1 file read, 1 matched\n");
    let log = feed.queue.log();
    assert!(log.contains(&(id, SqsAction::Extended)), "{log:?}");
    assert_eq!(log.iter().filter(|entry| **entry == (id, SqsAction::Received)).count(), 1, "{log:?}");
}

#[test]
fn duplicate_events_are_dropped_on_request() {
    let feed = Feed::new();
    let event = |id: &str, name: &str| {
        format!(r#"{{"eventTime":"2026-10-01T09:00:00Z","eventID":"{id}","eventName":"{name}"}}"#)
    };
    for (minute, events) in [(1, vec![event("a", "A"), event("b", "B")]), (2, vec![event("b", "B"), event("c", "C")])] {
        let key = feed.cloud.minute(minute);
        feed.cloud.bucket.put(&key, crate::bucket::cloud::records(&events));
        feed.announce(&[key]);
    }
    let ran = feed.drain(&["--dedupe"]);
    assert_eq!((ran.code, feed.sorted().as_str()), (Some(0), "A\nB\nC\n"), "{ran:?}");
    assert!(ran.stderr.contains("3 matched; 1 duplicate left out: eventID seen before"), "{ran:?}");
}

#[test]
fn columns_of_addresses_are_written() {
    let feed = Feed::new();
    let record = serde_json::json!({"country": {"iso_code": "DE"}});
    feed.cloud.trial.write("db.mmdb", testkit::mmdb::database("Test", &[("192.0.2.0/24", record)]));
    feed.cloud.trial.write("own.csv", "192.0.2.0/24,office\n");
    let key = feed.cloud.minute(1);
    let event = r#"{"eventTime":"2026-10-01T09:00:00Z","eventName":"A","sourceIPAddress":"192.0.2.7"}"#;
    feed.cloud.bucket.put(&key, crate::bucket::cloud::records(&[event.into()]));
    feed.announce(&[key]);
    let columns = ["follow", "--mirror", "mirror", "--journal", "journal", "-c", "eventName,network,country"];
    let ran = feed.drain_with(&[&columns[..], &["--networks", "own.csv", "--geoip", "db.mmdb"]].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "eventName\tnetwork\tcountry\nA\toffice\tDE\n"), "{ran:?}");
}
