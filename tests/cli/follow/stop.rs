//! Ending a follower in an orderly way.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::time::Duration;

use testkit::s3::Fault;
use testkit::sqs::SqsAction;

use super::feed::Feed;
use crate::bucket::cloud::{minutes, wait_until};

#[test]
fn started_batches_are_finished() {
    let feed = Feed::new();
    feed.cloud.server.fault(Fault::get("*").delay(Duration::from_millis(700)));
    feed.deliver(0);
    let follower = feed.follow(&[]);
    wait_until(|| feed.cloud.server.counts().get > 0);
    let ran = follower.stop(&feed);
    ran.shows(0, "E000\n", "trail2tsv: 1 message received, 1 deleted; 1 event in 1 file read, 1 matched\n");
}

#[test]
fn messages_not_yet_started_are_released() {
    let feed = Feed::new();
    // More than one batch, the first of which takes a while.
    let keys: Vec<String> = (0..720).map(|number| feed.cloud.minute(number)).collect();
    for keys in keys.chunks(20) {
        feed.announce(keys);
    }
    feed.cloud.server.fault(Fault::get("*").delay(Duration::from_millis(700)));
    let follower = feed.follow(&[]);
    wait_until(|| feed.cloud.server.counts().get > 0);
    let ran = follower.stop(&feed);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let (log, waiting) = (feed.queue.log(), feed.queue.waiting());
    let released = log.iter().filter(|(_, action)| *action == SqsAction::Released).count();
    assert!(waiting > 0 && released == waiting, "{waiting} {released} {ran:?}");
    // They can be received at once, although they would be hidden for 30 seconds.
    feed.cloud.server.clear_faults();
    feed.drain(&[]);
    let mut rows: Vec<String> = feed.sorted().lines().map(|line| format!("{line}\n")).collect();
    rows.dedup();
    assert_eq!(rows.concat(), minutes(720));
}

#[test]
fn a_closed_output_deletes_nothing() {
    let feed = Feed::new();
    let id = feed.deliver(1);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let url = feed.queue.url();
    let arguments = ["follow", "--queue", &url, "--mirror", "mirror", "--journal", "journal"];
    let output = feed.cloud.trial.command(&arguments).stdout(writer).output().unwrap();
    feed.cloud.trial.ran(&arguments, output).shows(
        1,
        "",
        "trail2tsv: the reader of standard output has closed it; what it did not take is written at the next start\n",
    );
    assert!(!feed.queue.is_deleted(id));
}
