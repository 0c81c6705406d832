//! Following by listing the bucket.

use jiff::{Timestamp, ToSpan};
use testkit::s3::Fault;

use super::feed::Feed;
use crate::bucket::cloud::{ACCOUNT, event, key, records, wait_until};

const POLL: &[&str] = &["--bucket", "logs", "--poll", "1s"];

/// The time some minutes before now, like `2026-10-01T09:15`.
fn ago(minutes: i64) -> String {
    (Timestamp::now() - minutes.minutes()).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn put(feed: &Feed, minutes: i64, name: &str) -> String {
    feed.cloud.log("AWSLogs/", ACCOUNT, "eu-west-1", &ago(minutes), &[name])
}

#[test]
fn only_new_objects_are_written_even_those_with_earlier_keys() {
    let feed = Feed::new();
    put(&feed, 5, "Before");
    let follower = feed.start(POLL);
    wait_until(|| feed.cloud.trial.path("journal/listed").exists());
    put(&feed, 0, "New");
    wait_until(|| feed.written() == "New\n");
    // It is in a folder that was listed before, and its key precedes all others.
    put(&feed, 9, "Late");
    wait_until(|| feed.written() == "New\nLate\n");
    let ran = follower.stop(&feed);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let first = "trail2tsv: s3://logs/: 1 object delivered before now skipped; --since 1d writes those of a day\n";
    assert!(ran.stderr.starts_with(first), "{ran:?}");
    assert!(
        ran.stderr.ends_with("2 events in 2 files read, 2 matched; 1 object skipped: delivered before\n"),
        "{ran:?}"
    );
    // Objects that were delivered while no follower ran are written by the next one.
    put(&feed, 3, "Meanwhile");
    let follower = feed.start(POLL);
    wait_until(|| feed.written() == "New\nLate\nMeanwhile\n");
    let ran = follower.stop(&feed);
    assert!(ran.stderr.starts_with("trail2tsv: s3://logs/: continuing after 20"), "{ran:?}");
}

#[test]
fn earlier_objects_are_written_on_request() {
    let feed = Feed::new();
    put(&feed, 5 * 24 * 60, "Old");
    put(&feed, 150, "Earlier");
    put(&feed, 50, "Recent");
    put(&feed, 5, "Just");
    let follower = feed.start(&[POLL, &["--since", "2h"]].concat());
    wait_until(|| feed.written() == "Recent\nJust\n");
    let ran = follower.stop(&feed);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // The same with a queue.
    let feed = Feed::new();
    put(&feed, 150, "Earlier");
    let both = put(&feed, 50, "Both");
    feed.announce(&[&both]);
    feed.announce(&[put(&feed, 0, "Queued")]);
    let follower = feed.follow(&["--bucket", "logs", "--since", "2h"]);
    wait_until(|| feed.queue.waiting() == 0);
    let ran = follower.stop(&feed);
    assert_eq!((ran.code, feed.sorted().as_str()), (Some(0), "Both\nQueued\n"), "{ran:?}");
}

#[test]
fn events_of_any_time_are_written_after_the_start() {
    let feed = Feed::new();
    let follower = feed.start(&[POLL, &["--since", "2h"]].concat());
    wait_until(|| feed.cloud.trial.path("journal/listed").exists());
    // It was delivered now, and its event is older than --since.
    let late = event(ACCOUNT, "eu-west-1", &ago(300), "Late");
    feed.cloud.bucket.put(key("AWSLogs/", ACCOUNT, "eu-west-1", &ago(0)), records(&[late]));
    wait_until(|| feed.written() == "Late\n");
    let ran = follower.stop(&feed);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "Late\n"), "{ran:?}");
}

#[test]
fn skipped_objects_are_written_on_request() {
    let feed = Feed::new();
    put(&feed, 30, "Skipped");
    let follower = feed.start(POLL);
    wait_until(|| feed.cloud.trial.path("journal/listed").exists());
    follower.stop(&feed);
    let follower = feed.start(&[POLL, &["--since", "1d"]].concat());
    wait_until(|| feed.written() == "Skipped\n");
    let ran = follower.stop(&feed);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // And only once.
    let follower = feed.start(&[POLL, &["--since", "1d"]].concat());
    put(&feed, 0, "New");
    wait_until(|| feed.written() == "Skipped\nNew\n");
    follower.stop(&feed);
}

#[test]
fn an_object_that_was_missing_is_tried_after_a_restart() {
    let feed = Feed::new();
    let follower = feed.start(POLL);
    wait_until(|| feed.cloud.trial.path("journal/listed").exists());
    feed.cloud.server.fault(Fault::get("*").status(403, "AccessDenied"));
    put(&feed, 0, "New");
    wait_until(|| feed.cloud.trial.path("journal/missing").exists());
    let ran = follower.stop(&feed);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    feed.cloud.server.clear_faults();
    // The object is now older than the time that a listing reaches back.
    feed.cloud.trial.write("journal/listed", format!("{}\n", Timestamp::now() + 240.hours()));
    let follower = feed.start(POLL);
    wait_until(|| feed.written() == "New\n");
    assert_eq!(follower.stop(&feed).code, Some(0));
}

#[test]
fn an_object_that_cannot_be_fetched_is_tried_at_each_listing() {
    let feed = Feed::new();
    let follower = feed.start(POLL);
    wait_until(|| feed.cloud.trial.path("journal/listed").exists());
    let fault = feed.cloud.server.fault(Fault::get("*").status(403, "AccessDenied"));
    put(&feed, 0, "New");
    wait_until(|| fault.fired() > 1);
    feed.cloud.server.clear_faults();
    wait_until(|| feed.written() == "New\n");
    let ran = follower.stop(&feed);
    assert_eq!((ran.code, ran.stderr.matches("s3:GetObject is needed").count()), (Some(0), 1), "{ran:?}");
}

#[test]
fn a_listing_that_fails_is_repeated() {
    let feed = Feed::new();
    let follower = feed.start(POLL);
    wait_until(|| feed.cloud.trial.path("journal/listed").exists());
    let fault = feed.cloud.server.fault(Fault::list("*").status(403, "AccessDenied"));
    wait_until(|| fault.fired() > 1);
    put(&feed, 0, "New");
    feed.cloud.server.clear_faults();
    wait_until(|| feed.written() == "New\n");
    let ran = follower.stop(&feed);
    let denied = "trail2tsv: s3://logs: access denied: s3:ListBucket is needed on arn:aws:s3:::logs; trying again\n";
    assert_eq!((ran.code, ran.stderr.matches(denied).count()), (Some(0), 1), "{ran:?}");
    // If the first listing fails, the run ends.
    feed.cloud.server.fault(Fault::list("*").status(403, "AccessDenied"));
    let ran = feed.cloud.trial.run(&[&["follow", "--mirror", "mirror", "--journal", "other"], POLL].concat());
    ran.shows(1, "", "trail2tsv: s3://logs: access denied: s3:ListBucket is needed on arn:aws:s3:::logs\n");
}

#[test]
fn a_clock_that_was_ahead_hides_no_object() {
    let feed = Feed::new();
    feed.cloud.trial.write("journal/listed", "2099-01-01T00:00:00Z\n");
    put(&feed, 0, "New");
    let follower = feed.start(POLL);
    wait_until(|| feed.written() == "New\n");
    let ran = follower.stop(&feed);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
