//! Every form of message that announces an object.

use serde_json::json;
use testkit::sqs::SqsAction;

use super::feed::{Feed, in_topic, of_s3};
use crate::bucket::cloud::{ACCOUNT, key};
use crate::bucket::cloud::{event, records, wait_until};

#[test]
fn every_way_of_announcing_an_object_gives_the_same_rows() {
    // Its name needs the encoding that S3 uses in its messages.
    let odd = key("my logs+ä/AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-01T09:15");
    let encoded = odd.replace("my logs+ä", "my+logs%2B%C3%A4");
    let log = records(&[
        event(ACCOUNT, "eu-west-1", "2026-10-01T09:14", "RunInstances"),
        event(ACCOUNT, "eu-west-1", "2026-10-01T09:14", "TerminateInstances"),
    ]);
    let size = log.len();
    let cloudtrail = json!({"s3Bucket": "logs", "s3ObjectKey": [odd]}).to_string();
    let single = json!({"s3Bucket": "logs", "s3ObjectKey": odd}).to_string();
    let event_bridge = json!({
        "version": "0", "id": "1", "detail-type": "Object Created", "source": "aws.s3", "account": ACCOUNT,
        "detail": {"version": "0", "bucket": {"name": "logs"}, "object": {"key": odd, "size": size, "etag": "e"},
                   "reason": "PutObject"},
    })
    .to_string();
    let s3 = of_s3("logs", &encoded, Some(size));
    let bodies = [
        in_topic(&cloudtrail),
        cloudtrail.clone(),
        in_topic(&single),
        s3.clone(),
        s3.replace('/', "%2F").replace("aws%3As3", "aws:s3"),
        in_topic(&s3),
        in_topic(&in_topic(&s3)),
        event_bridge.clone(),
        in_topic(&event_bridge),
    ];
    for body in bodies {
        let feed = Feed::new();
        feed.cloud.bucket.put(&odd, log.clone());
        feed.queue.send(body);
        let expected = "trail2tsv: 1 message received, 1 deleted; 2 events in 1 file read, 2 matched\n";
        feed.drain(&[]).shows(0, "RunInstances\nTerminateInstances\n", expected);
    }
}

#[test]
fn messages_without_a_new_object_are_counted_and_deleted() {
    let feed = Feed::new();
    feed.queue.send(in_topic("CloudTrail validation message."));
    let test =
        r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"t","Bucket":"logs","RequestId":"r","HostId":"h"}"#;
    feed.queue.send(test);
    feed.queue.send(in_topic(test));
    feed.queue.send(removed(&key("AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-01T09:30")));
    feed.deliver(1);
    feed.drain(&[]).shows(
        0,
        "E001\n",
        "trail2tsv: 5 messages received, 5 deleted; 1 event in 1 file read, 1 matched; \
         1 event of S3 about no new object; 3 test messages\n",
    );
}

/// A message about an object that was deleted.
fn removed(key: &str) -> String {
    of_s3("logs", key, None).replace("ObjectCreated:Put", "ObjectRemoved:Delete")
}

#[test]
fn a_message_about_a_change_of_another_object_stays() {
    let feed = Feed::new();
    let id = feed.queue.send(removed("vpcflowlogs/x.log.gz"));
    let log = feed.deliver(1);
    let follower = feed.follow(&[]);
    wait_until(|| feed.queue.is_deleted(log) && feed.queue.log().contains(&(id, SqsAction::Received)));
    let ran = follower.stop(&feed);
    assert_eq!((ran.code, feed.queue.is_deleted(id)), (Some(0), false), "{ran:?}");
    assert!(ran.stderr.ends_with("; 1 message about other objects left in the queue\n"), "{ran:?}");
}

#[test]
fn a_message_with_many_objects_is_deleted_after_all_of_them() {
    let feed = Feed::new();
    let keys: Vec<String> = (0..25).map(|number| feed.cloud.minute(number)).collect();
    feed.announce(&keys);
    let ran = feed.drain(&[]);
    assert_eq!((ran.code, feed.sorted()), (Some(0), crate::bucket::cloud::minutes(25)), "{ran:?}");
    assert!(ran.stderr.starts_with("trail2tsv: 1 message received, 1 deleted; 25 events in 25 files"), "{ran:?}");
}
