//! Objects of the right length with wrong bytes are fetched once more before they are
//! reported.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;

use testkit::s3::{Bucket, Fault};

use super::cloud::{Cloud, minutes};

/// Flips a bit of a file of the mirror.
fn flip(cloud: &Cloud, key: &str, at: usize) {
    let path = cloud.trial.path("mirror").join(key);
    let mut bytes = fs::read(&path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_file_in_the_mirror_is_downloaded_again() {
    let cloud = Cloud::with_logs(4);
    cloud.run(&["-q"]).shows(0, &minutes(4), "");
    let keys = cloud.bucket.keys("");
    let size = cloud.bucket.get(&keys[2]).unwrap().body.len();
    for at in [0, 1, 2, 10, size / 2, size - 8, size - 1] {
        cloud.server.reset_counts();
        flip(&cloud, &keys[2], at);
        cloud.run(&["-q"]).shows(0, &minutes(4), "");
        assert_eq!((cloud.server.counts().get, cloud.assert_whole()), (1, 4), "byte {at}");
    }
    // Offline, a damaged object cannot be fetched again.
    cloud.server.reset_counts();
    flip(&cloud, &keys[2], size / 2);
    let ran = cloud.run(&["-q", "--offline"]);
    assert_eq!((ran.code, cloud.server.counts().get, cloud.server.counts().list), (Some(3), 0, 0));
}

#[test]
fn a_flipped_bit_is_found_without_a_checksum() {
    for bit in [3, 200, 800] {
        let cloud = Cloud::with_logs(4);
        let key = &cloud.bucket.keys("")[1];
        cloud.server.fault(Fault::get(key).times(1).flip_bit(bit));
        cloud.run(&["-q"]).shows(0, &minutes(4), "");
        assert_eq!((cloud.server.counts().get, cloud.assert_whole()), (5, 4));

        fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
        cloud.server.clear_faults();
        cloud.server.fault(Fault::get(key).times(1).flip_bit(bit));
        cloud.server.reset_counts();
        let ran = cloud.trial.run(&["sync", "s3://logs", "--mirror", "mirror", "-q"]);
        ran.shows(0, "", "");
        assert_eq!((cloud.server.counts().get, cloud.assert_whole()), (5, 4));
    }
}

#[test]
fn objects_damaged_in_the_bucket_are_mirrored_and_named() {
    let cloud = Cloud::with_logs(3);
    let key = &cloud.bucket.keys("")[1];
    let body = cloud.bucket.get(key).unwrap().body;
    cloud.bucket.put(key.as_str(), body[..body.len() - 4].to_vec());
    let ran = cloud.trial.run(&["sync", "s3://logs", "--mirror", "mirror", "-q"]);
    let said = format!(
        "trail2tsv: s3://logs/{key}: gzip stream is damaged; the object in the bucket is damaged too, and was mirrored unchanged\n"
    );
    ran.shows(3, "", &said);
    assert_eq!((cloud.server.counts().get, cloud.assert_whole()), (4, 3));
    cloud.server.reset_counts();
    let ran = cloud.run(&["-q"]);
    let said = format!("trail2tsv: s3://logs/{key}: gzip stream ends early; 1 event before it was kept\n");
    ran.shows(3, &minutes(3), &said);
    assert_eq!(cloud.server.counts().get, 1, "requested once more, and no more often");
}

#[test]
fn objects_with_a_checksum_are_not_checked_again() {
    let cloud = Cloud::with(Bucket::new().checksums());
    let key = cloud.minute(0);
    cloud.bucket.put(key.as_str(), "no gzip at all");
    cloud.trial.run(&["sync", "s3://logs", "--mirror", "mirror", "-q"]).shows(0, "", "");
    assert_eq!(cloud.server.counts().get, 1);
}

#[test]
fn rows_of_a_damaged_file_are_written_once() {
    let cloud = Cloud::new();
    // More rows than a block holds, in files of every size.
    let names = |file: usize| -> Vec<String> {
        (0..1 + 700 * file % 4000).map(|event| format!("E{file:03}-{event:04}-{}", "x".repeat(60))).collect()
    };
    let mut rows = String::new();
    for file in 0..24 {
        let names = names(file);
        rows.extend(names.iter().map(|name| format!("{name}\n")));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        cloud.log("AWSLogs/", super::cloud::ACCOUNT, "eu-west-1", &format!("2026-10-01T09:{file:02}"), &names);
    }
    let arguments = ["-q", "--threads", "1"];
    cloud.run(&arguments).shows(0, &rows, "");
    for key in cloud.bucket.keys("") {
        let size = cloud.bucket.get(&key).unwrap().body.len();
        flip(&cloud, &key, size - 6);
    }
    cloud.server.reset_counts();
    cloud.run(&arguments).shows(0, &rows, "");
    assert_eq!((cloud.server.counts().get, cloud.assert_whole()), (24, 24));
}

#[test]
fn a_summary_counts_the_events_of_a_damaged_file_once() {
    let cloud = Cloud::with_logs(8);
    let summary = ["summary", "--bucket", "logs", "--mirror", "mirror", "--by", "eventName", "-f", "tsv", "-q"];
    let whole = cloud.trial.run(&summary);
    assert_eq!((whole.code, whole.stdout.lines().count()), (Some(0), 9));
    for threads in ["1", "2"] {
        for key in cloud.bucket.keys("") {
            let size = cloud.bucket.get(&key).unwrap().body.len();
            flip(&cloud, &key, size - 6);
        }
        let ran = cloud.trial.run(&[&summary[..], &["--threads", threads]].concat());
        ran.shows(0, &whole.stdout, "");
        assert_eq!(cloud.assert_whole(), 8);
    }
}
