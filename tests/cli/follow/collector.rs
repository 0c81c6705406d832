//! Rows for Splunk's HTTP Event Collector.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use testkit::hec::{Acknowledging, HecReply, HecServer};

use super::feed::Feed;
use crate::bucket::cloud::{event, minutes, wait_until};

/// Follows with this collector instead of columns.
fn arguments(url: &str) -> Vec<String> {
    ["follow", "--mirror", "mirror", "--journal", "journal", "--hec", url].map(String::from).to_vec()
}

/// A feed whose followers know the token.
fn feed() -> Feed {
    let mut feed = Feed::new();
    feed.cloud.trial.env("SPLUNK_HEC_TOKEN", "secret");
    feed
}

fn names(hec: &HecServer) -> String {
    let events = hec.events();
    let mut names: Vec<String> =
        events.iter().map(|taken| format!("{}\n", taken.event()["eventName"].as_str().unwrap())).collect();
    names.sort_unstable();
    names.concat()
}

#[test]
fn whole_events_arrive_with_their_time_and_source() {
    let (feed, hec) = (feed(), HecServer::start("secret"));
    let key = feed.cloud.minute(1);
    feed.announce(&[&key]);
    let ran = feed.drain_with(&[&arguments(&hec.url())[..], &["--hec-index".into(), "aws".into()]].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.stderr.ends_with("1 message received, 1 deleted; 1 event in 1 file read, 1 matched\n"), "{ran:?}");
    let events = hec.events();
    let [taken] = &events[..] else { panic!("{events:?}") };
    assert!(taken.text.contains(&event("111122223333", "eu-west-1", "2026-10-01T09:01", "E001")), "{taken:?}");
    assert_eq!(taken.member("source"), format!("s3://logs/{key}"));
    assert_eq!((taken.member("sourcetype"), taken.member("index")), ("aws:cloudtrail", "aws"));
    assert_eq!(taken.object["time"].to_string().trim_end_matches(".0").parse::<f64>().unwrap(), 1_790_845_260.0);
}

#[test]
fn a_message_is_deleted_only_after_the_collector_has_acknowledged() {
    let (feed, hec) = (feed(), Arc::new(HecServer::start("secret")));
    hec.set_acknowledging(Acknowledging::After(3));
    hec.script([HecReply::Busy, HecReply::HangUp, HecReply::Normal, HecReply::HangUpAfterTaking, HecReply::Busy]);
    let deleted = Arc::new(Mutex::new(Vec::new()));
    let (collector, log) = (hec.clone(), deleted.clone());
    feed.queue
        .before_delete(move |body| log.lock().unwrap().push((body.to_string(), collector.count(), collector.polls())));
    for number in 0..60 {
        feed.deliver(number);
    }
    let ran = feed.drain_with(&arguments(&hec.url()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let events = hec.events();
    let mut first = BTreeMap::new();
    for (at, taken) in events.iter().enumerate() {
        first.entry(taken.member("source").to_string()).or_insert(at);
    }
    let deleted = deleted.lock().unwrap();
    assert_eq!(deleted.len(), 60);
    for (body, count, polls) in deleted.iter() {
        let source = first.iter().find(|(source, _)| body.contains(source.trim_start_matches("s3://logs/")));
        assert!(source.is_some_and(|(_, at)| at < count) && *polls >= 3, "{body}");
    }
    let mut lines: Vec<String> = names(&hec).lines().map(|line| format!("{line}\n")).collect();
    lines.dedup();
    assert_eq!(lines.concat(), minutes(60));
}

#[test]
fn a_refused_event_is_named_and_the_others_arrive() {
    let (feed, hec) = (feed(), HecServer::start("secret"));
    hec.refuse("E003");
    for number in 0..6 {
        feed.deliver(number);
    }
    let ran = feed.drain_with(&arguments(&hec.url()));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stderr.contains("20261001T0903Z"), "{ran:?}");
    assert!(ran.stderr.ends_with("; 1 event refused by the destination, named above\n"), "{ran:?}");
    assert_eq!(names(&hec), minutes(6).replace("E003\n", ""));
}

#[test]
fn a_wrong_token_ends_the_follower_and_deletes_nothing() {
    let (feed, hec) = (feed(), HecServer::start("another"));
    let id = feed.deliver(1);
    let ran = feed.drain_with(&arguments(&hec.url()));
    assert_eq!((ran.code, feed.queue.is_deleted(id)), (Some(1), false), "{ran:?}");
    assert!(ran.stderr.contains("token") && !ran.stderr.contains("secret"), "{ran:?}");
    let mut command = feed.cloud.trial.command(&["follow", "--queue", "q", "--hec", &hec.url()]);
    let output = command.env_remove("SPLUNK_HEC_TOKEN").output().unwrap();
    let ran = feed.cloud.trial.ran(&["follow"], output);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("SPLUNK_HEC_TOKEN") && ran.stderr.contains("--hec-token-file"), "{ran:?}");
}

#[test]
fn a_follower_that_waits_for_the_collector_can_be_stopped() {
    let (feed, hec) = (feed(), HecServer::start("secret"));
    hec.script(std::iter::repeat_n(HecReply::Busy, 10_000));
    let id = feed.deliver(1);
    let follower = feed.start_with(&arguments(&hec.url()));
    wait_until(|| !hec.requests().is_empty());
    let ran = follower.stop(&feed);
    assert_eq!((ran.code, feed.queue.is_deleted(id)), (Some(130), false), "{ran:?}");
    assert!(ran.stderr.ends_with("trail2tsv: interrupted\n"), "{ran:?}");
}
