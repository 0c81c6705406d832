//! A bucket on its own server, small logs for it, and runs of the program that read it.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use indicatif::HumanBytes;
use testkit::s3::{Bucket, Server};

use crate::harness::{RunResult, Trial, gzip};

pub const ACCOUNT: &str = "111122223333";
pub const OTHER: &str = "444455556666";
pub const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";

/// A server, a bucket `logs` on it, and a folder to run in.
pub struct Cloud {
    pub server: Server,
    pub bucket: Bucket,
    pub trial: Trial,
}

impl Cloud {
    /// An empty bucket.
    pub fn new() -> Cloud {
        Cloud::with(Bucket::new())
    }

    /// This bucket, with credentials in the environment.
    pub fn with(bucket: Bucket) -> Cloud {
        let server = Server::start();
        let bucket = server.add_bucket("logs", bucket);
        let mut trial = Trial::new();
        trial
            .env("AWS_ENDPOINT_URL", &server.endpoint())
            .env("AWS_ACCESS_KEY_ID", KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            .env("AWS_REGION", "us-east-1");
        Cloud { server, bucket, trial }
    }

    /// A bucket with `count` logs of one event each, one a minute from 2026-10-01T09:00:
    /// `E000`, `E001`, …
    pub fn with_logs(count: usize) -> Cloud {
        let cloud = Cloud::new();
        (0..count).for_each(|number| drop(cloud.minute(number)));
        cloud
    }

    /// Puts the log of the minute with this number, and returns its key.
    pub fn minute(&self, number: usize) -> String {
        let minute = format!("2026-10-01T{:02}:{:02}", 9 + number / 60, number % 60);
        self.log("AWSLogs/", ACCOUNT, "eu-west-1", &minute, &[&format!("E{number:03}")])
    }

    /// Puts a log that was delivered at `minute`, with events of these names at
    /// the same time, and returns its key.
    pub fn log(&self, before: &str, account: &str, region: &str, minute: &str, names: &[&str]) -> String {
        let events: Vec<String> = names.iter().map(|name| event(account, region, minute, name)).collect();
        let key = key(before, account, region, minute);
        self.bucket.put(&key, records(&events));
        key
    }

    /// Runs the program over the bucket, and shows names of events only.
    pub fn run(&self, arguments: &[&str]) -> RunResult {
        self.trial.run(&[&["--bucket", "logs"], NAMES, arguments].concat())
    }

    /// Starts the program as [`run`](Cloud::run) does, without waiting for it.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.trial.command(&[&["--bucket", "logs"], NAMES, arguments].concat()).spawn().unwrap()
    }

    /// The keys of all files in the mirror, without its marker.
    pub fn mirrored(&self) -> Vec<String> {
        let root = self.trial.path("mirror");
        let mut keys: Vec<String> =
            files(&root).iter().map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_string()).collect();
        keys.sort();
        keys
    }

    /// Checks that each complete file of the mirror has the bytes of its object,
    /// and returns the number of these files.
    #[track_caller]
    pub fn assert_whole(&self) -> usize {
        let keys: Vec<String> = self.mirrored().into_iter().filter(|key| !key.ends_with(PART)).collect();
        for key in &keys {
            let object = self.bucket.get(key).unwrap_or_else(|| panic!("{key} is not in the bucket"));
            assert_eq!(fs::read(self.trial.path("mirror").join(key)).unwrap(), object.body, "{key}");
        }
        keys.len()
    }

    /// The total size of these objects, in readable units.
    pub fn size(&self, keys: &[impl AsRef<str>]) -> HumanBytes {
        HumanBytes(keys.iter().map(|key| self.bucket.get(key.as_ref()).unwrap().body.len() as u64).sum())
    }
}

const NAMES: &[&str] = &["--mirror", "mirror", "-c", "eventName", "--no-header"];

/// The marker of a mirror: a file with the name of its bucket.
pub const MARK: &str = ".trail2tsv-bucket";

/// The suffix of unfinished downloads.
pub const PART: &str = ".trail2tsv-part";

/// An event at the start of `minute`.
pub fn event(account: &str, region: &str, minute: &str, name: &str) -> String {
    format!(
        r#"{{"eventTime":"{minute}:00Z","awsRegion":"{region}","eventName":"{name}","recipientAccountId":"{account}"}}"#
    )
}

/// A log file with these events.
pub fn records(events: &[String]) -> Vec<u8> {
    gzip(format!(r#"{{"Records":[{}]}}"#, events.join(",")))
}

/// The key of a log. `before` is the path to the folder of the account, and
/// `minute` is like `2026-10-01T09:15`.
pub fn key(before: &str, account: &str, region: &str, minute: &str) -> String {
    let (day, stamp) = (minute[..10].replace('-', "/"), minute.replace(['-', ':'], ""));
    format!(
        "{before}{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{stamp}Z_AAAABBBBCCCCDDDD.json.gz"
    )
}

/// A line for each name.
pub fn lines(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("{}\n", name.as_ref())).collect()
}

/// The names of the events of [`Cloud::with_logs`], a line for each.
pub fn minutes(count: usize) -> String {
    (0..count).map(|number| format!("E{number:03}\n")).collect()
}

/// All files below a folder, without the marker of a mirror.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.filter(|entry| entry.as_ref().unwrap().file_name() != MARK);
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .collect()
}

/// Waits until a condition is true, and fails after a minute.
#[track_caller]
pub fn wait_until(mut is_true: impl FnMut() -> bool) {
    const PATIENCE: Duration = Duration::from_secs(60);
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < PATIENCE, "the condition did not become true");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Sends a signal by its name, as a terminal or a supervisor does.
pub fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// The text that a child wrote to a stream.
pub fn text(stream: Option<impl Read>) -> String {
    let mut text = String::new();
    stream.unwrap().read_to_string(&mut text).unwrap();
    text
}
