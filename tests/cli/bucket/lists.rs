//! The number of lists for a window, and the memory that they take.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use jiff::civil::date;
use testkit::s3::{Bucket, Fault, Operation, Synthetic};

use super::cloud::Cloud;
use crate::harness::RunResult;

/// A bucket with `files` files a day for `days` days, from 2026-01-01 on.
fn cloud(accounts: usize, regions: usize, days: usize, files: usize) -> Cloud {
    let first_day = date(2026, 1, 1);
    Cloud::with(Bucket::synthetic(Synthetic { accounts, regions, first_day, days, files, ..Synthetic::default() }))
}

/// The number of objects in a window, and the number of list requests that found them.
#[track_caller]
fn listed(cloud: &Cloud, arguments: &[&str]) -> (u64, u64) {
    cloud.server.reset_counts();
    let ran = cloud.trial.run(&[&["sync", "s3://logs", "--mirror", "mirror", "--dry-run"], arguments].concat());
    let objects = ran.lines(0).iter().skip(1).map(|row| row.split('\t').nth(3).unwrap().parse::<u64>().unwrap()).sum();
    let counts = cloud.server.counts();
    assert_eq!((counts.get, counts.head), (0, 0));
    let asked = format!("; {} list requests", indicatif::HumanCount(counts.list));
    assert!(ran.stderr.contains(&asked), "{ran:?}");
    assert!(!cloud.trial.path("mirror").exists(), "a dry run makes no mirror");
    (objects, counts.list)
}

const FIRST_DAY: &[&str] = &["--since", "2026-01-01", "--until", "2026-01-02", "--late-days", "0"];
const SOME_DAY: &[&str] = &["--since", "2026-02-20", "--until", "2026-02-21", "--late-days", "0"];
const SOME_DAY_AND_THE_NEXT: &[&str] = &["--since", "2026-02-20", "--until", "2026-02-20T23:59"];
const LAST_DAY: &[&str] = &["--since", "2026-04-10"];

#[test]
fn a_day_of_a_million_objects_takes_few_lists() {
    const REGIONS: u64 = 20;
    // Lists of the bucket and of AWSLogs/, and for each account, of its kinds and its regions.
    const SEARCH: u64 = 2 + 2 * 5;
    let cloud = cloud(5, 4, 100, 500);
    for window in [FIRST_DAY, SOME_DAY, LAST_DAY] {
        let (objects, lists) = listed(&cloud, window);
        assert_eq!(objects, 10_000);
        assert_eq!(lists, REGIONS + SEARCH, "{window:?}");
    }
    // A page that ends with the last key of a day does not show that the day is complete.
    let (objects, lists) = listed(&cloud, SOME_DAY_AND_THE_NEXT);
    assert_eq!(objects, 20_000);
    assert!(lists <= REGIONS + SEARCH + objects / 1000, "{lists}");
}

#[test]
fn small_regions_take_about_one_list_each() {
    let cloud = cloud(6, 34, 92, 16);
    for (window, days) in [(SOME_DAY, 1), (SOME_DAY_AND_THE_NEXT, 2), (&["--since", "2026-03-20"], 14)] {
        let (objects, lists) = listed(&cloud, window);
        assert_eq!(objects, 204 * 16 * days);
        assert!(lists * 10 <= 204 * 11, "{window:?}: {lists}");
    }
}

#[test]
fn a_full_region_is_listed_in_parts_side_by_side() {
    // The logs of one account and region of 20 days.
    for (arguments, days) in [
        (&[][..], 20),
        (&["--since", "2026-01-05", "--until", "2026-01-14T23:00"], 11),
        (&["--since", "2026-01-05", "--until", "2026-01-06", "--late-days", "0"], 1),
    ] {
        let cloud = cloud(1, 1, 20, 2_000);
        let at_once = if days > 1 { 4 } else { 1 };
        // The first page shows how full the region is.
        cloud.server.fault(Fault::list("AWSLogs/*/CloudTrail/*/").skip(1).gather(at_once));
        let (objects, lists) = listed(&cloud, arguments);
        assert_eq!(objects, 2_000 * days);
        // The search, a list, a page for each thousand, and extra lists for parts.
        assert!(lists <= 4 + 1 + objects / 1000 + 32, "{arguments:?}: {lists}");
        assert!(cloud.server.counts().peak >= at_once as u64, "{:?}", cloud.server.counts());
    }
}

#[test]
fn parts_give_what_the_whole_list_gives() {
    let cloud = cloud(1, 1, 3, 4_000);
    let rows = |ran: RunResult| ran.lines(0)[1..].join("\n");
    cloud.server.record();
    let run = ["sync", "s3://logs", "--dry-run", "-q"];
    let whole = rows(cloud.trial.run(&run));
    let starts: Vec<String> =
        cloud.server.requests().iter().filter_map(|request| request.parameter("start-after")).collect();
    assert!(starts.len() > 1, "not listed in parts: {starts:?}");
    assert_eq!(whole.matches("\t4000\t").count(), 3, "{whole}");
    let keys: Vec<String> = cloud.bucket.keys("");
    // No key is at the start of a part, so none is listed twice or left out.
    for start in &starts {
        assert!(!keys.contains(start), "{start}");
    }
}

#[test]
fn verbose_says_what_was_asked() {
    let cloud = cloud(2, 3, 2, 1);
    let ran = cloud.trial.run(&["s3://logs", "--count", "-v", "--mirror", "mirror"]);
    assert_eq!(ran.lines(0), ["36"]);
    assert!(ran.stderr.contains("trail2tsv: s3://logs/: 6 account regions, found with 6 list requests\n"), "{ran:?}");
    assert!(ran.stderr.contains(": 12 objects listed; 12 list requests, 12 object requests "), "{ran:?}");
}

/// The memory of a child in bytes, without its program, which is large in a debug build.
#[cfg(target_os = "linux")]
fn memory(child: &std::process::Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes: u64 = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default();
    kibibytes << 10
}

#[cfg(target_os = "linux")]
#[test]
fn half_a_million_objects_are_listed_in_little_memory() {
    use std::io::Read;

    const MAX_BYTES: u64 = 40 << 20;
    let cloud = cloud(5, 2, 100, 500);
    let mut child = cloud.trial.command(&["sync", "s3://logs", "--mirror", "mirror", "--dry-run"]).spawn().unwrap();
    let (mut stdout, mut stderr, mut peak) = (child.stdout.take().unwrap(), child.stderr.take().unwrap(), 0);
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text
    });
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(memory(&child));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let (mut said, rows) = (String::new(), reader.join().unwrap());
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(rows.lines().count(), 1 + 1_000, "{said}");
    assert!(said.starts_with("trail2tsv: 500,000 objects to download ("), "{said}");
    // The search, a list for each region, a page for each thousand, and extra lists for parts.
    let lists = cloud.server.counts().list;
    assert!(lists <= 12 + 10 + 500 + 32, "{lists}");
    assert!(lists > 500 && peak > 4 << 20 && peak < MAX_BYTES, "{peak} bytes, {lists} lists");
}

#[test]
fn lists_request_only_what_is_needed() {
    let cloud = cloud(2, 2, 10, 2);
    cloud.server.record();
    listed(&cloud, &["--since", "2026-01-03", "--until", "2026-01-05"]);
    let requests = cloud.server.requests();
    assert!(requests.iter().all(|request| request.operation == Operation::List));
    let (folders, lists): (Vec<_>, Vec<_>) = requests.iter().partition(|request| request.query.contains("delimiter"));
    assert_eq!((folders.len(), lists.len()), (6, 4));
    let starts = lists.iter().filter(|list| list.parameter("start-after").unwrap().ends_with("2026/01/03"));
    assert_eq!(starts.count(), 4);
}
