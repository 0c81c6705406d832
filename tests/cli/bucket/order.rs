//! Rows keep their order whichever object arrives first, and are written without waiting
//! for later objects.

use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use testkit::s3::{Bucket, Fault};

use super::cloud::{ACCOUNT, Cloud, OTHER, lines, minutes, text, wait_until};

#[test]
fn rows_are_in_key_order_whatever_arrives_first() {
    let cloud = Cloud::with_logs(24);
    let keys = cloud.bucket.keys("");
    for late in [0, 11, 23] {
        for jobs in ["1", "2", "64"] {
            let fired = cloud.server.fault(Fault::get(&keys[late]).times(1).delay(Duration::from_millis(150)));
            cloud.run(&["--jobs", jobs, "-q"]).shows(0, &minutes(24), "");
            assert_eq!(fired.fired(), 1);
            std::fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
        }
    }
}

#[test]
fn accounts_and_regions_come_in_the_order_of_keys_whatever_list_is_slow() {
    let cloud = Cloud::with(Bucket::new().page_size(2));
    let mut names = Vec::new();
    for account in [ACCOUNT, OTHER] {
        for region in ["ap-south-1", "eu-west-1", "us-east-1"] {
            for minute in 10..15 {
                let name = format!("{account} {region} {minute}");
                cloud.log("AWSLogs/", account, region, &format!("2026-10-01T09:{minute}"), &[&name]);
                names.push(name);
            }
        }
    }
    let slow = format!("AWSLogs/{ACCOUNT}/CloudTrail/ap-south-1/");
    cloud.server.fault(Fault::list(&slow).delay(Duration::from_millis(150)));
    cloud.run(&["-q"]).shows(0, &lines(&names), "");
}

#[test]
fn jobs_bound_the_downloads_at_once() {
    let cloud = Cloud::with_logs(30);
    cloud.server.latency(Duration::from_millis(20), Duration::ZERO);
    for (jobs, peak) in [("1", 1..=1), ("3", 2..=3), ("64", 4..=64)] {
        cloud.server.reset_counts();
        cloud.run(&["--jobs", jobs, "-q"]).shows(0, &minutes(30), "");
        assert!(peak.contains(&cloud.server.counts().peak), "{jobs}: {:?}", cloud.server.counts());
        std::fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
    }
}

#[test]
fn rows_are_written_while_later_objects_are_downloaded() {
    let cloud = Cloud::with_logs(40);
    let keys = cloud.bucket.keys("");
    let is_open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&is_open);
    let closed = Fault::get(&keys[20]).when(move |_| !gate.load(Relaxed)).status(503, "SlowDown");
    let closed = cloud.server.fault(closed);

    let mut child = cloud.spawn(&["-q"]);
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = |count: usize| -> Vec<String> { rows.by_ref().take(count).map(Result::unwrap).collect() };
    assert_eq!(lines(&next(20)), minutes(20));
    // The late object delays the rows of later ones, but not their downloads.
    wait_until(|| cloud.assert_whole() == 39 && closed.fired() > 0);
    is_open.store(true, Relaxed);
    assert_eq!(lines(&next(99)), minutes(40)[minutes(20).len()..]);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(text(child.stderr), "");
}

#[test]
fn a_limit_does_not_wait_for_later_objects() {
    let cloud = Cloud::with_logs(10);
    let never = cloud.server.fault(Fault::get(&cloud.bucket.keys("")[5]).status(503, "SlowDown"));
    let ran = cloud.run(&["--limit", "5"]);
    assert_eq!(lines(&ran.lines(0)), minutes(5));
    assert!(ran.stderr.ends_with("5 matched (limit reached; the rest was not read)\n"), "{ran:?}");
    cloud.server.clear_faults();
    cloud.run(&["-q"]).shows(0, &minutes(10), "");
    assert!(never.fired() <= 10);
}
