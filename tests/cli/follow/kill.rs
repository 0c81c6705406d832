//! Followers that are killed at any moment, while everything else fails too.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use testkit::hec::{HecReply, HecServer};

use super::feed::{Feed, in_topic, of_s3};
use crate::bucket::cloud::{ACCOUNT, event, key, records};

/// Time without any progress after which a test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A feed with many objects, some of which are damaged, and a collector.
struct CrashTest {
    feed: Feed,
    hec: Arc<HecServer>,
    count: usize,
    /// Number of messages about damaged objects, which stay in the queue.
    damaged: usize,
}

impl CrashTest {
    /// Puts objects and announces them in any order, some of them twice.
    fn new(count: usize) -> CrashTest {
        let mut feed = Feed::hiding(Duration::from_secs(1));
        feed.cloud.trial.env("SPLUNK_HEC_TOKEN", "secret");
        let mut random = fastrand::Rng::with_seed(7);
        let mut order: Vec<usize> = (0..count).chain((0..count).filter(|number| number % 5 == 0)).collect();
        random.shuffle(&mut order);
        let damaged = order.iter().filter(|number| is_damaged(**number)).count();
        let test = CrashTest { feed, hec: Arc::new(HecServer::start("secret")), count, damaged };
        for number in 0..count {
            let name = format!("E{number:05}");
            let mut log = records(&[event(ACCOUNT, "eu-west-1", &minute(number), &name)]);
            if is_damaged(number) {
                let at = log.len() - 10;
                log[at] ^= 0xff;
            }
            test.feed.cloud.bucket.put(test.key(number), log);
        }
        for number in order {
            let key = test.key(number);
            match number % 3 {
                0 => test.feed.queue.send(of_s3("logs", &key, None)),
                _ => test.feed.announce(&[key]),
            };
            if random.u8(..) == 0 {
                test.feed.queue.send(in_topic("CloudTrail validation message."));
            }
        }
        test
    }

    fn key(&self, number: usize) -> String {
        key("AWSLogs/", ACCOUNT, "eu-west-1", &minute(number))
    }

    /// Kills follower after follower, lets the last one finish, and checks what has arrived.
    fn run_with_kills(self, kills: usize) {
        let deleted = Arc::new(Mutex::new(Vec::new()));
        let (collector, log) = (self.hec.clone(), deleted.clone());
        self.feed.queue.before_delete(move |body| log.lock().unwrap().push((body.to_string(), collector.count())));
        let arguments =
            ["follow", "--mirror", "mirror", "--journal", "journal", "--hec", &self.hec.url()].map(String::from);
        // The collector answers every batch that contains it with status 400.
        self.hec.refuse(&format!("E{REFUSED:05}"));
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..kills {
            self.hec.script([HecReply::Busy, HecReply::HangUp, HecReply::Normal, HecReply::HangUpAfterTaking]);
            let follower = self.feed.start_with(&arguments);
            std::thread::sleep(Duration::from_millis(random.u64(50..900)));
            follower.kill();
        }
        let mut follower = self.feed.start_with(&arguments);
        // The last messages of a killed follower are hidden for a while.
        let mut before = usize::MAX;
        while before > self.damaged {
            let (start, waiting) = (Instant::now(), || self.feed.queue.waiting());
            while waiting() >= before && waiting() != self.damaged && !follower.has_ended() {
                std::thread::sleep(Duration::from_millis(5));
                if start.elapsed() > PATIENCE {
                    panic!("{} of {} messages left: {}", waiting(), self.damaged, follower.kill());
                }
            }
            assert!(!follower.has_ended(), "{:?}", follower.wait(&self.feed));
            before = self.feed.queue.waiting();
        }
        let ran = follower.stop(&self.feed);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        self.check(&deleted.lock().unwrap());
    }

    fn check(&self, deleted: &[(String, usize)]) {
        let events = self.hec.events();
        let mut first = BTreeMap::new();
        for (at, taken) in events.iter().enumerate() {
            let name = taken.event()["eventName"].as_str().unwrap();
            first.entry(name.to_string()).or_insert(at);
        }
        // Every event at least once.
        let arrived: BTreeSet<&str> = first.keys().map(String::as_str).collect();
        let expected: Vec<String> = (0..self.count)
            .filter(|number| !is_damaged(*number) && *number != REFUSED)
            .map(|number| format!("E{number:05}"))
            .collect();
        let lost: Vec<&String> = expected.iter().filter(|name| !arrived.contains(name.as_str())).collect();
        assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), self.count);
        // No message is deleted before its event has arrived.
        let numbers: BTreeMap<String, usize> = (0..self.count).map(|number| (minute(number), number)).collect();
        for (body, count) in deleted {
            let Some((_, stamp)) = body.split_once("_eu-west-1_") else { continue };
            let at = |range| stamp.get::<std::ops::Range<usize>>(range).unwrap();
            let minute = format!("{}-{}-{}T{}:{}", at(0..4), at(4..6), at(6..8), at(9..11), at(11..13));
            let number = numbers[&minute];
            assert!(!is_damaged(number), "the message of a damaged object was deleted: {body}");
            if number == REFUSED {
                continue;
            }
            let arrival = first.get(&format!("E{number:05}"));
            assert!(arrival.is_some_and(|at| at < count), "{body}");
        }
    }
}

/// The number of the event that the collector refuses.
const REFUSED: usize = 42;

/// Whether an object is damaged: one in twenty is.
fn is_damaged(number: usize) -> bool {
    number % 20 == 11
}

fn minute(number: usize) -> String {
    format!("2026-10-{:02}T{:02}:{:02}", 1 + number / 1440, number / 60 % 24, number % 60)
}

#[test]
fn no_event_is_lost_by_a_crash() {
    CrashTest::new(300).run_with_kills(6);
}

#[test]
#[ignore = "takes minutes"]
fn no_event_of_ten_thousand_is_lost_by_fifty_crashes() {
    CrashTest::new(10_000).run_with_kills(50);
}
