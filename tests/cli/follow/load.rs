//! The time and memory of a follower over an hour of traffic.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a failure here is a failed test")]

use std::time::{Duration, Instant};

use super::feed::Feed;
use crate::bucket::cloud::{event, key, records};

/// Accounts and regions that deliver every five minutes.
const ACCOUNTS: usize = 20;
const REGIONS: usize = 34;
const DELIVERIES: usize = 12;

/// Puts a log of many events for each account and region, and announces it.
fn burst(feed: &Feed, number: usize) -> usize {
    for account in 0..ACCOUNTS {
        for region in 0..REGIONS {
            let (account, region) = (format!("{account:012}"), format!("eu-west-{region}"));
            let minute = format!("2026-10-01T10:{:02}", number * 5);
            let events: Vec<String> =
                (0..200).map(|at| event(&account, &region, &minute, &format!("DescribeThings{at}"))).collect();
            let key = key("AWSLogs/", &account, &region, &minute);
            feed.cloud.bucket.put(&key, records(&events));
            feed.announce(&[key]);
        }
    }
    ACCOUNTS * REGIONS
}

/// Peak memory of a process in KiB.
#[cfg(target_os = "linux")]
fn peak(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "prints figures"]
#[cfg(target_os = "linux")]
#[allow(clippy::print_stdout, reason = "prints figures")]
fn memory_is_flat_over_an_hour_of_traffic() {
    let feed = Feed::new();
    let follower = feed.follow(&["--dedupe"]);
    let mut peaks = Vec::new();
    for number in 0..DELIVERIES {
        let objects = burst(&feed, number);
        let start = Instant::now();
        while feed.queue.waiting() > 0 {
            std::thread::sleep(Duration::from_millis(1));
            assert!(start.elapsed() < Duration::from_secs(120));
        }
        peaks.push(peak(follower.id()));
        println!("burst of {objects} objects: written after {:?}, peak {} KiB", start.elapsed(), peaks[number]);
    }
    let ran = follower.stop(&feed);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // The first third fills the buffers.
    assert!(peaks[DELIVERIES - 1] < peaks[DELIVERIES / 3] * 5 / 4, "{peaks:?}");
    assert!(peaks[DELIVERIES - 1] < 256 << 10, "{peaks:?}");
}
