//! Incomplete or inconsistent lists are requested again, then reported, and never taken
//! for complete.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use testkit::s3::{Bucket, Fault, Selection};

use super::cloud::{ACCOUNT, Cloud, OTHER, lines, minutes};

const REGION: &str = "AWSLogs/111122223333/CloudTrail/eu-west-1/";

/// The prefixes of lists. If one cannot be listed: the exit code, and the rows of
/// logs outside the prefix.
const LISTS: [(&str, i32, &str); 4] =
    [("", 1, ""), ("AWSLogs/", 1, ""), ("AWSLogs/111122223333/CloudTrail/", 3, "other\n"), (REGION, 3, "other\n")];

/// Four logs in one region, in pages of three, and one in another account.
fn cloud() -> Cloud {
    let cloud = Cloud::with(Bucket::new().page_size(3));
    (0..4).for_each(|number| drop(cloud.minute(number)));
    cloud.log("AWSLogs/", OTHER, "eu-west-1", "2026-10-01T09:15", &["other"]);
    cloud
}

/// The errors of answers, and the texts that report them.
const CUT_OFF: &str = "the response is truncated";
const UNPARSED: &str = "the response cannot be parsed";
const TOO_FEW: &str = "the list response contains fewer keys than its KeyCount";
const NOWHERE: &str = "the list response is truncated, but has no continuation token";
type FaultFactory = fn(Selection) -> Fault;
const LIST_FAULTS: [(FaultFactory, &str); 9] = [
    (|list| list.truncated_body(1), CUT_OFF),
    (|list| list.truncated_body("</ListBucketResult>".len()), CUT_OFF),
    (|list| list.truncated_body("</ListBucketResult>".len() + 8), CUT_OFF),
    (|list| list.truncated_body("</CommonPrefixes></ListBucketResult>".len() + 10), CUT_OFF),
    (|list| list.truncated_body(usize::MAX), UNPARSED),
    (|list| list.long_body(1), CUT_OFF),
    (|list| list.endless_body(), CUT_OFF),
    (|list| list.miscounted_keys(), TOO_FEW),
    (|list| list.missing_token(), NOWHERE),
];

/// Runs a test for each error of an answer, all at once, because they mostly
/// wait.
fn for_each_list_fault(test: impl Fn(FaultFactory, &str) + Sync) {
    std::thread::scope(|scope| {
        let test = &test;
        let tests: Vec<_> = LIST_FAULTS.iter().map(|(spoil, text)| scope.spawn(move || test(*spoil, text))).collect();
        tests.into_iter().for_each(|test| test.join().unwrap());
    });
}

#[test]
fn an_incomplete_list_is_requested_again() {
    let all = format!("{}other\n", minutes(4));
    for_each_list_fault(|spoil, text| {
        let cloud = cloud();
        let fired = cloud.server.fault(spoil(Fault::list("*").times_each_key(2)));
        cloud.run(&["-q"]).shows(0, &all, "");
        assert!(fired.fired() >= 8, "{text}");
        assert_eq!(cloud.server.counts().get, 5);
    });
}

#[test]
fn a_list_that_is_always_incomplete_is_reported() {
    for_each_list_fault(|spoil, text| {
        for (prefix, code, rows) in LISTS {
            let cloud = cloud();
            let fired = cloud.server.fault(spoil(Fault::list(prefix)));
            let expected = match code {
                1 => format!("trail2tsv: s3://logs: {text}\n"),
                _ => {
                    format!(
                        "trail2tsv: s3://logs/{prefix}: not listed completely: {text}; some of its logs may be missing\n"
                    )
                }
            };
            cloud.run(&["-q"]).shows(code, rows, &expected);
            assert_eq!(fired.fired(), 5, "{text} {prefix:?}");
        }
    });
}

#[test]
fn an_incomplete_later_page_loses_only_what_follows() {
    for_each_list_fault(|spoil, text| {
        let cloud = cloud();
        cloud.server.fault(spoil(Fault::list(REGION).when(|list| list.parameter("continuation-token").is_some())));
        let expected =
            format!("trail2tsv: s3://logs/{REGION}: not listed completely: {text}; some of its logs may be missing\n");
        cloud.run(&["-q"]).shows(3, "E000\nE001\nE002\nother\n", &expected);
    });
}

#[test]
fn keys_and_folders_outside_the_prefix_are_refused() {
    for (prefix, code, rows) in LISTS {
        let cloud = cloud();
        let fired = cloud.server.fault(Fault::list(prefix).keys_outside());
        let text = match prefix {
            REGION => "the list response contains a key outside the requested prefix",
            _ => "the list response contains a folder outside the requested prefix",
        };
        let expected = match code {
            1 => format!("trail2tsv: s3://logs: {text}\n"),
            _ => format!(
                "trail2tsv: s3://logs/{prefix}: not listed completely: {text}; some of its logs may be missing\n"
            ),
        };
        // No key is outside an empty prefix.
        if !prefix.is_empty() {
            cloud.run(&["-q"]).shows(code, rows, &expected);
            assert_eq!(fired.fired(), 5);
        }
    }
    let cloud = cloud();
    cloud.server.fault(Fault::list("*/").times_each_key(3).keys_outside());
    cloud.run(&["-q"]).shows(0, &format!("{}other\n", minutes(4)), "");
}

#[test]
fn a_list_without_progress_ends() {
    const TEXT: &str = "the listing makes no progress and does not end";
    for (prefix, code, rows) in [LISTS[1], LISTS[3]] {
        let cloud = cloud();
        cloud.server.fault(Fault::list(prefix).idle_list());
        let expected = match code {
            1 => format!("trail2tsv: s3://logs: {TEXT}\n"),
            _ => format!(
                "trail2tsv: s3://logs/{prefix}: not listed completely: {TEXT}; some of its logs may be missing\n"
            ),
        };
        cloud.run(&["-q"]).shows(code, rows, &expected);
        assert!(cloud.server.counts().list < 1100);
    }
}

#[test]
fn an_unusual_key_does_not_hide_others() {
    // XML cannot contain most of these characters as they are.
    let names = ["a\u{1}.json", "b\u{fffe}.json", "c\u{ffff}.json", "d\u{1f}.json", "e\u{b}.json", "f%01+ g.json"];
    let day = format!("{REGION}2026/10/01/");
    let rows = |ran: &crate::harness::RunResult| ran.stdout.lines().filter(|row| row.starts_with('E')).count();
    for name in names {
        let cloud = Cloud::with_logs(3);
        cloud.bucket.put(format!("{day}{name}"), r#"{"eventName":"odd","eventVersion":"1"}"#);
        cloud.bucket.put(
            format!("AWSLogs/{ACCOUNT}/CloudTrail/{name}/2026/10/01/x.json"),
            r#"{"eventName":"odd","eventVersion":"1"}"#,
        );
        cloud.bucket.put(format!("{name}/x.json"), r#"{"eventName":"odd","eventVersion":"1"}"#);
        let ran = cloud.run(&["-q"]);
        assert_eq!(rows(&ran), 3, "{ran:?}");
        // File names in a mirror cannot contain control characters. The others are allowed.
        let is_file = !name.contains(char::is_control);
        assert_eq!(
            (ran.code, ran.stdout.matches("odd").count()),
            if is_file { (Some(0), 2) } else { (Some(3), 0) },
            "{ran:?}"
        );
        assert_eq!(ran.stderr.matches("its key contains characters").count(), if is_file { 0 } else { 2 }, "{ran:?}");
    }
}

#[test]
fn a_list_with_an_invalid_key_is_an_error() {
    let cloud = Cloud::with(Bucket::new().plain_keys());
    (0..3).for_each(|number| drop(cloud.minute(number)));
    cloud.run(&["-q"]).shows(0, &minutes(3), "");
    cloud.bucket.put(format!("{REGION}2026/10/01/0\u{fffe}.json"), "{}");
    let named = |prefix: &str| {
        format!("trail2tsv: s3://logs/{prefix}: not listed completely: {UNPARSED}; some of its logs may be missing\n")
    };
    cloud.run(&["-q"]).shows(3, "", &named(REGION));
    cloud.bucket.put(format!("AWSLogs/{ACCOUNT}/CloudTrail/0\u{fffe}/x.json"), "{}");
    cloud.run(&["-q"]).shows(1, "", &format!("trail2tsv: s3://logs: {UNPARSED}\n"));
}

#[test]
fn keys_are_decoded_from_a_list() {
    for bucket in [Bucket::new(), Bucket::new().plain_keys()] {
        let cloud = Cloud::with(bucket);
        let names = ["100%25 +a.json", "a%2Fb.json", "a+b c.json", "%", "é&=;,\u{1f980}.json"];
        for name in names {
            cloud
                .bucket
                .put(format!("{REGION}2026/10/01/{name}"), format!(r#"{{"eventName":"{name}","eventVersion":"1"}}"#));
        }
        let mut rows = names;
        rows.sort_unstable();
        cloud.run(&["-q", "--raw"]).shows(0, &lines(&rows), "");
        cloud.run(&["-q", "--raw", "--prefix", "AWSLogs/111122223333"]).shows(0, &lines(&rows), "");
    }
}

#[test]
fn an_endless_body_is_abandoned() {
    let cloud = Cloud::with_logs(3);
    let key = &cloud.bucket.keys("")[1];
    let size = cloud.bucket.get(key).unwrap().body.len();
    let fired = cloud.server.fault(Fault::get(key).endless_body());
    let text = format!("received more bytes, expected {size}");
    let expected = format!("trail2tsv: s3://logs/{key}: not downloaded: {text}; nothing was read\n");
    cloud.run(&["-q"]).shows(3, "E000\nE002\n", &expected);
    assert_eq!((fired.fired(), cloud.assert_whole(), cloud.mirrored().len()), (5, 2, 2));
    // A refused object is reported too.
    cloud.server.clear_faults();
    cloud.server.fault(Fault::get(key).status(403, "AccessDenied"));
    assert_eq!(cloud.run(&["-q"]).code, Some(3));
}
