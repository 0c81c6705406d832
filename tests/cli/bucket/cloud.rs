//! A bucket on its own server, small logs for it, and runs of the program that read it.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use indicatif::HumanBytes;
use testkit::s3::{Bucket, Server};

use crate::harness::{Ran, Trial, gzip};

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

    /// Puts the log of the minute of this number, and gives its key.
    pub fn minute(&self, number: usize) -> String {
        let minute = format!("2026-10-01T{:02}:{:02}", 9 + number / 60, number % 60);
        self.log("AWSLogs/", ACCOUNT, "eu-west-1", &minute, &[&format!("E{number:03}")])
    }

    /// Puts a log that was delivered at `minute`, with events of these names
    /// that happened just before it, and gives its key.
    pub fn log(&self, before: &str, account: &str, region: &str, minute: &str, names: &[&str]) -> String {
        let events: Vec<String> = names.iter().map(|name| event(account, region, minute, name)).collect();
        let key = key(before, account, region, minute);
        self.bucket.put(&key, records(&events));
        key
    }

    /// Runs the program over the bucket, and shows names of events only.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.trial.run(&[&["--bucket", "logs"], NAMES, arguments].concat())
    }

    /// As [`run`](Cloud::run), not waited for.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.trial.command(&[&["--bucket", "logs"], NAMES, arguments].concat()).spawn().unwrap()
    }

    /// All files of the mirror but its own, by their keys.
    pub fn mirrored(&self) -> Vec<String> {
        let root = self.trial.path("mirror");
        let mut keys: Vec<String> =
            files(&root).iter().map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_string()).collect();
        keys.sort();
        keys
    }

    /// Checks that what is in the mirror under the name of an object has its
    /// bytes, and gives how many there are.
    #[track_caller]
    pub fn assert_whole(&self) -> usize {
        let keys: Vec<String> = self.mirrored().into_iter().filter(|key| !key.ends_with(PART)).collect();
        for key in &keys {
            let object = self.bucket.get(key).unwrap_or_else(|| panic!("{key} is not of the bucket"));
            assert_eq!(fs::read(self.trial.path("mirror").join(key)).unwrap(), object.body, "{key}");
        }
        keys.len()
    }

    /// How large these objects are together, as a person reads it.
    pub fn size(&self, keys: &[impl AsRef<str>]) -> HumanBytes {
        HumanBytes(keys.iter().map(|key| self.bucket.get(key.as_ref()).unwrap().body.len() as u64).sum())
    }
}

const NAMES: &[&str] = &["--mirror", "mirror", "-c", "eventName", "--no-header"];

/// What says which bucket a mirror is of.
pub const MARK: &str = ".trail2tsv-bucket";

/// What unfinished downloads end in.
pub const PART: &str = ".trail2tsv-part";

/// An event that happened half a minute before `minute` ended.
pub fn event(account: &str, region: &str, minute: &str, name: &str) -> String {
    format!(
        r#"{{"eventTime":"{minute}:00Z","awsRegion":"{region}","eventName":"{name}","recipientAccountId":"{account}"}}"#
    )
}

/// A log file with these events.
pub fn records(events: &[String]) -> Vec<u8> {
    gzip(format!(r#"{{"Records":[{}]}}"#, events.join(",")))
}

/// The key of a log: `before` ends in the folder that the account's is in, and
/// `minute` is as in `2026-10-01T09:15`.
pub fn key(before: &str, account: &str, region: &str, minute: &str) -> String {
    let (day, stamp) = (minute[..10].replace('-', "/"), minute.replace(['-', ':'], ""));
    format!(
        "{before}{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{stamp}Z_AAAABBBBCCCCDDDD.json.gz"
    )
}

/// One line for each.
pub fn lines(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("{}\n", name.as_ref())).collect()
}

/// The names of the events of [`Cloud::with_logs`], a line for each.
pub fn minutes(count: usize) -> String {
    (0..count).map(|number| format!("E{number:03}\n")).collect()
}

/// All files below a folder, but a mirror's own.
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

/// Waits until something is so. A test that waits for ever has failed.
#[track_caller]
pub fn wait_until(mut is_so: impl FnMut() -> bool) {
    const PATIENCE: Duration = Duration::from_secs(60);
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited for in vain");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Sends a signal by its name, as a terminal or a supervisor does.
pub fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// What a child wrote to a stream.
pub fn text(stream: Option<impl Read>) -> String {
    let mut text = String::new();
    stream.unwrap().read_to_string(&mut text).unwrap();
    text
}
