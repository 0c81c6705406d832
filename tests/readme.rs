//! Runs the commands in the README and in `docs/`, and compares their output with the
//! text.
//!
//! `UPDATE_README=1 cargo test --test readme` writes today's output into them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::digests::{DigestChain, SignedBucket, SigningKey, public_key_list};
use testkit::event_history::{EventHistoryServer, HistoryEvent};

const FENCE: &str = "```";

/// The instance whose events are in the event history of the documents.
const INSTANCE: &str = "i-064bd95a9b9b0a4e6";

/// The account whose event history the documents show: a server, and a folder with a program
/// `aws` that prints the same events.
static ACCOUNT: LazyLock<(EventHistoryServer, TempDir)> = LazyLock::new(|| {
    use std::os::unix::fs::PermissionsExt;
    let instance = json!({"instancesSet": {"items": [{"instanceId": INSTANCE}]}});
    let (developer, automation) =
        (("Developer", "alice@example.com", "198.51.100.23"), ("Automation", "night-stop", "203.0.113.8"));
    let events = [
        history_event("2026-10-02T17:05:33Z", "StopInstances", automation, &json!({"responseElements": instance})),
        history_event(
            "2026-09-14T08:44:02Z",
            "CreateTags",
            developer,
            &json!({"requestParameters": {"resourcesSet": {"items": [{"resourceId": INSTANCE}]}}}),
        ),
        history_event("2026-09-14T08:41:27Z", "RunInstances", developer, &json!({"responseElements": instance})),
    ];
    let folder = tempfile::tempdir().unwrap();
    let entries: Vec<Value> = events.iter().map(HistoryEvent::entry).collect();
    std::fs::write(folder.path().join("events"), json!({"Events": entries}).to_string()).unwrap();
    let program = folder.path().join("aws");
    std::fs::write(&program, format!("#!/bin/sh\ncat '{}/events'\n", folder.path().display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = EventHistoryServer::start();
    server.add("eu-west-1", events);
    (server, folder)
});

/// An event about the instance: its time, its name, the role, session and address of its caller,
/// and further fields.
fn history_event(time: &str, name: &str, (role, session, address): (&str, &str, &str), more: &Value) -> HistoryEvent {
    let mut event = json!({
        "eventVersion": "1.11", "eventID": format!("{name}-{time}"), "eventTime": time, "eventName": name,
        "eventSource": "ec2.amazonaws.com", "awsRegion": "eu-west-1", "readOnly": false, "sourceIPAddress": address,
        "recipientAccountId": "111122223333",
        "userIdentity": {"type": "AssumedRole", "principalId": format!("AROACKCEVSQ6C2EXAMPLE:{session}"),
            "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/{session}"), "accountId": "111122223333"},
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    HistoryEvent::new(&event).about(INSTANCE)
}

/// The folder of the repository.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The output of a shell in a folder: stdout, then stderr.
fn run(command: &str, folder_of_run: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_trail2tsv"));
    let (server, folder) = &*ACCOUNT;
    let path = [program.parent().unwrap(), folder.path()].map(|folder| folder.display().to_string()).join(":");
    let path = format!("{path}:{}", std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder_of_run)
        .env("PATH", path)
        .env("LC_ALL", "C")
        .env("TRAIL2TSV_CONFIG", "/dev/null")
        .env("AWS_ENDPOINT_URL", server.url())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        .output()
        .unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
}

/// A document with the output of its commands as it is today.
fn refreshed(document: &str, folder: &Path) -> String {
    let mut fresh = String::new();
    let (mut in_console, mut in_output) = (false, false);
    for line in document.lines() {
        if line.starts_with(FENCE) {
            in_console = line == "```console";
            in_output = false;
        }
        if in_console && let Some(command) = line.strip_prefix("$ ") {
            fresh.push_str(&format!("{line}\n{}", run(command, folder)));
            in_output = true;
        } else if !in_output {
            fresh.push_str(&format!("{line}\n"));
        }
    }
    fresh
}

/// Checks a document with more than `least` commands, or updates its output.
fn check(document: &str, least: usize) {
    check_in(Path::new(ROOT), document, least);
}

/// The same with the commands in another folder than the repository.
fn check_in(folder: &Path, document: &str, least: usize) {
    let path = Path::new(ROOT).join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let fresh = refreshed(&text, folder);
    assert!(fresh.matches("\n$ trail2tsv").count() > least, "{document} has too few commands");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    for (shown, printed) in text.lines().zip(fresh.lines()) {
        assert_eq!(shown, printed);
    }
    assert_eq!(text, fresh);
}

#[test]
fn the_database_of_the_documents_is_the_sample() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/geoip.mmdb");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, testkit::mmdb::sample()).unwrap();
    }
    assert!(std::fs::read(&path).unwrap() == testkit::mmdb::sample(), "docs/geoip.mmdb is not the sample");
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    check("README.md", 6);
}

#[test]
fn the_reference_shows_what_the_program_prints() {
    check("docs/reference.md", 4);
}

#[test]
fn the_page_about_summaries_shows_what_the_program_prints() {
    check("docs/summary.md", 0);
}

#[test]
fn the_page_about_timelines_shows_what_the_program_prints() {
    check("docs/timeline.md", 3);
}

#[test]
fn the_page_about_history_shows_what_the_program_prints() {
    check("docs/history.md", 3);
}

#[test]
fn the_page_about_event_history_shows_what_the_program_prints() {
    check("docs/event-history.md", 0);
}

#[test]
#[cfg(feature = "parquet")]
fn the_page_about_parquet_shows_what_the_program_prints() {
    check("docs/parquet.md", 1);
}

#[test]
#[cfg(feature = "sqlite")]
fn the_page_about_sqlite_shows_what_the_program_prints() {
    check("docs/sqlite.md", 0);
}

#[test]
fn the_page_about_sql_shows_what_the_program_prints() {
    check("docs/sql.md", 0);
}

#[test]
fn the_page_about_actors_shows_what_the_program_prints() {
    check("docs/actors.md", 0);
}

#[test]
fn the_page_about_several_machines_shows_what_the_program_prints() {
    // Its commands write files.
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(Path::new(ROOT).join("testdata/AWSLogs"), folder.path().join("AWSLogs")).unwrap();
    check_in(folder.path(), "docs/scale.md", 2);
}

#[test]
fn the_page_about_verification_shows_what_the_program_prints() {
    let folder = tempfile::tempdir().unwrap();
    let chain = DigestChain::new("111122223333", "eu-west-1", &[2, 0, 1, 3, 0, 2]);
    let mut bucket = SignedBucket::default();
    bucket.add(&chain, |_| 0);
    let write = |bucket: &SignedBucket, name: &str| {
        bucket.write(&folder.path().join(name));
        std::fs::write(folder.path().join(name).join(".trail2tsv-bucket"), "example-trail-logs\n").unwrap();
    };
    write(&bucket, "mirror");
    let log = testkit::logs::gzip(br#"{"Records":[]}"#);
    bucket.put(&chain.log_keys(0)[1], log.clone(), BTreeMap::default());
    bucket.objects.remove(&chain.log_keys(2)[0]);
    bucket.put(&chain.log_key(3, 40, "PLANTEDPLANTED00"), log, BTreeMap::default());
    write(&bucket, "tampered");
    std::fs::write(folder.path().join("keys.json"), public_key_list(&[&SigningKey::of_tests(0)])).unwrap();
    check_in(folder.path(), "docs/verify.md", 1);
}

#[test]
fn the_cookbook_shows_what_the_program_prints() {
    check("docs/cookbook.md", 30);
}

#[test]
fn every_recipe_finds_something() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cookbook.md");
    let text = std::fs::read_to_string(&path).unwrap();
    for recipe in text.split("\n$ ").skip(1) {
        let shown: Vec<&str> = recipe.lines().take_while(|line| *line != FENCE).collect();
        let is_row = |line: &&&str| !line.starts_with("trail2tsv: ");
        let rows = shown[1..].iter().filter(is_row).count();
        let has_header = !["--no-header", "--jq", "--count"].iter().any(|option| shown[0].contains(option));
        assert!(rows > usize::from(has_header), "{}", shown[0]);
    }
}
