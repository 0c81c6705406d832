//! Objects that cannot be read.

use std::time::Duration;

use testkit::s3::Fault;

use super::feed::Feed;
use crate::bucket::cloud::{ACCOUNT, event, key, records, wait_until};

#[test]
fn a_damaged_object_is_named_once_and_its_message_goes_to_the_dead_letters() {
    let feed = Feed::hiding(Duration::from_millis(100));
    feed.queue.set_dead_letters(3);
    let damaged = key("AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-01T09:30");
    let mut log = records(&[event(ACCOUNT, "eu-west-1", "2026-10-01T09:29", "Damaged")]);
    let at = log.len() - 12;
    log[at] ^= 0x55;
    feed.cloud.bucket.put(&damaged, log);
    let id = feed.announce(&[&damaged]);
    feed.deliver(1);
    let ran = feed.drain(&[]);
    assert_eq!(feed.queue.dead_letters(), [id]);
    assert!(!feed.queue.is_deleted(id));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let name = format!("s3://logs/{damaged}: ");
    // It has two problems, and each is reported once.
    assert_eq!(ran.stderr.matches(&name).count(), 2, "{ran:?}");
    assert!(ran.stderr.ends_with("; 1 object not read completely, named above\n"), "{ran:?}");
    assert!(feed.written().contains("E001\n"), "{ran:?}");
}

#[test]
fn an_object_that_appears_later_is_read_then() {
    let feed = Feed::hiding(Duration::from_millis(100));
    let late = key("AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-01T09:30");
    feed.announce(&[&late]);
    let follower = feed.follow(&[]);
    wait_until(|| feed.queue.log().len() > 2);
    feed.cloud.log("AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-01T09:30", &["Late"]);
    wait_until(|| feed.queue.waiting() == 0);
    let ran = follower.stop(&feed);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "Late\n"), "{ran:?}");
    let named = format!(
        "trail2tsv: s3://logs/{late}: not downloaded: the object no longer exists (NoSuchKey); nothing was read\n"
    );
    assert!(ran.stderr.starts_with(&named), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 2, "{ran:?}");
}

#[test]
fn an_outage_of_s3_sends_no_message_to_the_dead_letters() {
    let mut feed = Feed::hiding(Duration::from_secs(2));
    feed.cloud.trial.env("AWS_MAX_ATTEMPTS", "1");
    feed.queue.set_dead_letters(2);
    let fault = feed.cloud.server.fault(Fault::get("*").status(503, "ServiceUnavailable"));
    let id = feed.deliver(1);
    let follower = feed.follow(&[]);
    wait_until(|| fault.fired() > 2);
    feed.cloud.server.clear_faults();
    wait_until(|| feed.queue.waiting() == 0);
    let ran = follower.stop(&feed);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "E001\n"), "{ran:?}");
    assert!(feed.queue.is_deleted(id) && feed.queue.dead_letters().is_empty());
    for text in ["trail2tsv: S3 does not return objects; retrying\n", "trail2tsv: S3 returns objects again\n"] {
        assert_eq!(ran.stderr.matches(text).count(), 1, "{ran:?}");
    }
}

#[test]
fn without_dead_letters_an_endless_message_is_named_once() {
    let feed = Feed::hiding(Duration::from_millis(50));
    let gone = key("AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-01T09:30");
    let id = feed.announce(&[&gone]);
    let follower = feed.follow(&[]);
    wait_until(|| feed.queue.log().len() > 12);
    let ran = follower.stop(&feed);
    assert_eq!((ran.code, ran.stdout.as_str(), feed.queue.is_deleted(id)), (Some(3), "", false), "{ran:?}");
    let again = "its message was received 5 times and will come again: the queue has no dead-letter queue\n";
    assert_eq!(ran.stderr.matches(again).count(), 1, "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 3, "{ran:?}");
}

#[test]
fn a_denied_object_names_the_permission() {
    let feed = Feed::new();
    feed.cloud.server.fault(Fault::get("*").status(403, "AccessDenied"));
    let id = feed.deliver(1);
    let follower = feed.follow(&[]);
    wait_until(|| feed.cloud.server.counts().get > 0);
    let ran = follower.stop(&feed);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let denied = "not downloaded: access denied: s3:GetObject is needed on arn:aws:s3:::logs/*; nothing was read";
    assert!(ran.stderr.contains(denied), "{ran:?}");
    assert!(!feed.queue.is_deleted(id));
}

#[test]
fn a_hostile_key_writes_no_file_outside_of_the_mirror() {
    let feed = Feed::hiding(Duration::from_millis(50));
    feed.queue.set_dead_letters(2);
    let name = "111122223333_CloudTrail_eu-west-1_20261001T0930Z_AAAABBBBCCCCDDDD.json.gz";
    let keys = [format!("../../{name}"), format!("/etc/{name}"), format!("a//{name}"), format!("\u{1b}[31m/{name}")];
    for key in &keys {
        feed.announce(&[key]);
    }
    let ran = feed.drain(&[]);
    assert_eq!((ran.code, ran.stdout.as_str(), feed.queue.dead_letters().len()), (Some(3), "", 4), "{ran:?}");
    assert!(!ran.stderr.contains('\u{1b}'), "{ran:?}");
    assert!(ran.stderr.contains("4 objects not read completely, named above"), "{ran:?}");
    assert!(feed.cloud.mirrored().is_empty());
}
