//! The small bucket of `testdata/`: two accounts, one of them an
//! organisation's, four days, a few hundred ordinary events and the story
//! among them.

#![allow(clippy::unwrap_used, reason = "the times are constants: a wrong one is a failed test")]

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use fastrand::Rng;
use jiff::Timestamp;

use super::account_region::AccountRegion;
use super::actors::IdentityKind;
use super::bucket::{WriteTotals, put, write as write_files};
use super::digest::Digest;
use super::file::{LogFile, gzip};
use super::generator::Generator;
use super::seeded::hash;
use super::story::{StoryEvent, story};

/// Only the story contains these calls.
const ONLY_IN_THE_STORY: &[&str] =
    &["ConsoleLogin", "CreateAccessKey", "CreateUser", "DeleteBucket", "RunInstances", "TerminateInstances"];

/// Deliveries without a part in the story.
const ORDINARY: &[(&str, &str, &[&str])] = &[
    ("111122223333", "us-east-1", &["09-30T08:20", "10-01T12:05", "10-02T07:45", "10-02T15:30", "10-03T04:10"]),
    ("111122223333", "eu-west-1", &["09-30T07:35", "10-01T14:50", "10-02T09:55", "10-03T11:25"]),
    ("444455556666", "eu-west-1", &["09-30T13:15", "10-01T00:00", "10-02T10:40", "10-03T16:05"]),
    ("444455556666", "ap-southeast-2", &["09-30T05:30", "10-01T03:25", "10-02T00:00"]),
];

/// One ordinary file is delivered by two trails.
const TWICE: &str = "2026-10-02T09:55:00Z";

/// The generator of the sample's ordinary events.
pub fn generator() -> Generator {
    Generator::without(ONLY_IN_THE_STORY, 0)
}

/// The sample's log files.
pub fn files() -> Vec<LogFile> {
    let mut deliveries = Deliveries::default();
    let mut kinds = IdentityKind::ALL.into_iter();
    for (account, region, times) in ORDINARY {
        for time in *times {
            let file = deliveries.at(account, region, time_of(&format!("2026-{time}:00Z")));
            // The drawn call may be one of a global service, whose events arrive only in the home
            // region.
            if file.place.home {
                file.by.extend(kinds.by_ref().take(2));
            }
        }
    }
    for StoryEvent { account, region, delivered, event } in story() {
        deliveries.at(account, region, delivered).given.push(event);
    }
    let mut files: Vec<LogFile> = deliveries.0.into_values().collect();
    let twice = files.iter().find(|file| file.delivered == time_of(TWICE)).cloned();
    files.extend(twice.map(|file| LogFile { again: true, ..file }));
    files
}

/// Files by account and region, and time of delivery.
#[derive(Default)]
struct Deliveries(BTreeMap<(String, Timestamp), LogFile>);

impl Deliveries {
    /// The file of this delivery, with some ordinary events if it is new.
    fn at(&mut self, account: &str, region: &str, delivered: Timestamp) -> &mut LogFile {
        let name = format!("{account} {region}");
        let seed = hash(&format!("{name} {delivered}"));
        let events = Rng::with_seed(seed).u32(5..18);
        self.0
            .entry((name, delivered))
            .or_insert_with(|| LogFile::new(Arc::new(place(account, region)), delivered, seed, events))
    }
}

/// The sample's one digest: of the hour in which most of the story happens.
pub fn digest() -> Digest {
    Digest {
        place: place("111122223333", "eu-west-1"),
        home_region: "us-east-1".into(),
        end: time_of("2026-09-30T22:45:00Z"),
    }
}

/// All objects of the sample: their keys, and their contents before
/// compression.
pub fn objects() -> Vec<(String, String)> {
    let mut generator = generator();
    let files = files();
    let mut objects: Vec<(String, String)> = files.iter().map(|file| (file.key(), file.json(&mut generator))).collect();
    let digest = digest();
    objects.push((digest.key(), digest.json(&files, &mut generator)));
    objects
}

/// Writes the sample below `root`.
pub fn write(root: &Path) -> io::Result<WriteTotals> {
    let files = files();
    let digest = digest();
    let content = digest.json(&files, &mut generator());
    put(root, &digest.key(), &gzip(content.as_bytes()))?;
    write_files(root, &files, generator)
}

fn place(account: &str, region: &str) -> AccountRegion {
    let place = AccountRegion::new(account, region);
    match (account, region) {
        ("111122223333", "us-east-1") => place,
        ("111122223333", _) => place.away_from_home(),
        // There is no folder us-east-1: events of global services arrive in the home region.
        (_, "eu-west-1") => place.in_organisation("o-exampleorg"),
        _ => place.in_organisation("o-exampleorg").away_from_home(),
    }
}

/// A time from a table of the sample or the story.
pub(super) fn time_of(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};

    use serde_json::Value;

    use super::*;
    use crate::logs::gunzip;

    fn checked_in() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
    }

    /// Keys and contents of all `.json.gz` files below a folder.
    fn read(root: &Path, below: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(below).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(root, &path, found);
            } else {
                let key = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                let content = gunzip(&fs::read(&path).unwrap()).unwrap();
                found.insert(key, String::from_utf8(content).unwrap());
            }
        }
    }

    #[test]
    fn testdata_is_what_would_be_written_today() {
        let mut there = BTreeMap::new();
        read(&checked_in(), &checked_in().join("AWSLogs"), &mut there);
        let today: BTreeMap<String, String> = objects().into_iter().collect();
        let again = "cargo run --example generate -- --preset sample testdata";
        assert!(there.keys().eq(today.keys()), "testdata has other files: remove testdata/AWSLogs, and run {again}");
        for (key, content) in &today {
            assert!(there[key] == *content, "{key} has changed: run {again}");
        }
    }

    #[test]
    fn every_kind_of_identity_occurs() {
        let mut kinds: Vec<Value> = Vec::new();
        for (_, content) in objects() {
            let file: Value = serde_json::from_str(&content).unwrap();
            let records = file["Records"].as_array().into_iter().flatten();
            kinds.extend(records.map(|event| event["userIdentity"]["type"].clone()));
        }
        for kind in [
            "IAMUser",
            "SAMLUser",
            "WebIdentityUser",
            "Root",
            "AssumedRole",
            "FederatedUser",
            "AWSService",
            "AWSAccount",
            "IdentityCenterUser",
            "Directory",
            "Unknown",
            "Role",
        ] {
            assert!(kinds.contains(&kind.into()), "no {kind}");
        }
        assert!(kinds.contains(&Value::Null), "no identity without a type");
    }

    #[test]
    fn the_readme_counts_right() {
        let files = files();
        let events: usize = files.iter().map(LogFile::len).sum();
        let again: usize = files.iter().filter(|file| file.again).map(LogFile::len).sum();
        let readme = fs::read_to_string(checked_in().join("README.md")).unwrap();
        let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
        for claim in [
            format!("{} CloudTrail log files with {events} events", files.len()),
            format!("{again} events come twice, {} are distinct", events - again),
        ] {
            assert!(readme.contains(&claim), "not in testdata/README.md: {claim}");
        }
    }

    #[test]
    fn only_the_story_terminates_instances() {
        let all: String = objects().into_iter().map(|(_, content)| content).collect();
        assert_eq!(all.matches(r#""eventName":"TerminateInstances""#).count(), 2);
        assert_eq!(all.matches(r#""attributeValue":"TerminateInstances""#).count(), 1);
    }
}
