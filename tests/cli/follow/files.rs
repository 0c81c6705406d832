//! Rows in files for forwarders.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::io::ErrorKind::NotFound;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::feed::Feed;
use crate::bucket::cloud::{minutes, wait_until};

const FILES: &[&str] = &["follow", "--mirror", "mirror", "--journal", "journal", "-o", "out/events.ndjson"];

fn arguments(more: &[&str]) -> Vec<String> {
    FILES.iter().chain(more).map(ToString::to_string).collect()
}

/// The names and the texts of all files in a folder.
///
/// A follower that runs renames a file when it closes it, so a file can be gone between the listing
/// and the reading: the folder is then read again.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let read = || -> std::io::Result<Vec<_>> {
        std::fs::read_dir(folder)?
            .map(|entry| {
                let entry = entry?;
                Ok((entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path())?))
            })
            .collect()
    };
    loop {
        match read() {
            Ok(texts) => return texts,
            Err(error) => assert_eq!(error.kind(), NotFound, "{error}"),
        }
    }
}

/// The names of the files with this ending, and their lines.
fn files(feed: &Feed, ending: &str) -> Vec<(String, Vec<String>)> {
    let mut files: Vec<_> = texts(&feed.cloud.trial.path("out"))
        .into_iter()
        .filter(|(name, _)| name.ends_with(ending))
        .map(|(name, text)| (name, text.lines().map(String::from).collect()))
        .collect();
    files.sort();
    files
}

fn names(files: &[(String, Vec<String>)]) -> String {
    let name = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["eventName"].clone();
    let mut names: Vec<String> =
        files.iter().flat_map(|(_, lines)| lines).map(|line| format!("{}\n", name(line).as_str().unwrap())).collect();
    names.sort_unstable();
    names.concat()
}

#[test]
fn files_are_closed_at_their_size_and_at_the_end() {
    let feed = Feed::new();
    std::fs::create_dir(feed.cloud.trial.path("out")).unwrap();
    for number in 0..90 {
        feed.deliver(number);
        if number % 30 == 29 {
            let ran = feed.drain_with(&arguments(&["--rotate", "4K"]));
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
        }
    }
    let closed = files(&feed, ".ndjson");
    assert!(closed.len() >= 3 && files(&feed, ".part").is_empty(), "{closed:?}");
    assert!(closed.iter().all(|(name, _)| name.starts_with("events.20")), "{closed:?}");
    assert_eq!(names(&closed), minutes(90));
}

#[test]
fn a_message_is_deleted_only_after_its_rows_are_in_a_file() {
    let feed = Feed::new();
    let folder = feed.cloud.trial.path("out");
    std::fs::create_dir(&folder).unwrap();
    let missing = Arc::new(AtomicUsize::new(0));
    let lost = missing.clone();
    feed.queue.before_delete(move |body| {
        let written: String = texts(&folder).into_iter().map(|(_, text)| text).collect();
        let stamp = body.split_once("20261001T").unwrap().1;
        let minute = format!("2026-10-01T{}:{}", &stamp[..2], &stamp[2..4]);
        lost.fetch_add(usize::from(!written.contains(&minute)), SeqCst);
    });
    for number in 0..40 {
        feed.deliver(number);
    }
    let ran = feed.drain_with(&arguments(&[]));
    assert_eq!((ran.code, missing.load(SeqCst)), (Some(0), 0), "{ran:?}");
    assert_eq!(names(&files(&feed, ".ndjson")), minutes(40));
}

#[test]
fn a_file_is_closed_at_its_age_although_nothing_matches() {
    let feed = Feed::new();
    std::fs::create_dir(feed.cloud.trial.path("out")).unwrap();
    feed.deliver(1);
    let follower = feed.start_with(&arguments(&["--rotate", "1s", "-e", "E001"]));
    wait_until(|| !files(&feed, ".part").is_empty());
    // The follower receives further messages, whose events do not match.
    let mut number = 2;
    wait_until(|| {
        number += 1;
        feed.deliver(number % 900);
        !files(&feed, ".ndjson").is_empty()
    });
    follower.stop(&feed);
    assert_eq!(names(&files(&feed, ".ndjson")), "E001\n");
}

#[test]
fn the_file_of_a_killed_follower_is_completed() {
    let feed = Feed::new();
    std::fs::create_dir(feed.cloud.trial.path("out")).unwrap();
    feed.deliver(1);
    let follower = feed.start_with(&arguments(&[]));
    wait_until(|| feed.queue.waiting() == 0);
    follower.kill();
    let [(part, _)] = &files(&feed, ".part")[..] else { panic!("one file") };
    // A crash of the machine can leave half a row.
    let path = feed.cloud.trial.path("out").join(part);
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}{{\"eventVersion\":")).unwrap();
    feed.deliver(2);
    let ran = feed.drain_with(&arguments(&[]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let closed = files(&feed, ".ndjson");
    assert_eq!((closed.len(), names(&closed)), (2, "E001\nE002\n".to_string()), "{closed:?}");
}

#[test]
fn a_folder_that_does_not_exist_is_an_error() {
    let feed = Feed::new();
    let ran = feed.start_with(&arguments(&[])).wait(&feed);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(1), 1), "{ran:?}");
    let ran = feed.cloud.trial.run(&["follow", "--queue", "q", "-o", "x.ndjson", "--rotate", "often"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.starts_with("trail2tsv: --rotate \"often\": "), "{ran:?}");
}

#[test]
fn no_message_is_deleted_for_rows_in_a_file_that_was_removed() {
    let feed = Feed::new();
    std::fs::create_dir(feed.cloud.trial.path("out")).unwrap();
    feed.deliver(1);
    let follower = feed.start_with(&arguments(&[]));
    wait_until(|| feed.queue.waiting() == 0);
    std::fs::remove_dir_all(feed.cloud.trial.path("out")).unwrap();
    let id = feed.deliver(2);
    let ran = follower.wait(&feed);
    assert_eq!((ran.code, feed.queue.is_deleted(id)), (Some(1), false), "{ran:?}");
    assert!(ran.stderr.contains("was removed or replaced by another process"), "{ran:?}");
}
