//! Folders of partitions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{SAMPLE, json, rows, trial};
use crate::harness::Trial;

/// The files below a folder, by their paths in it.
fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_string();
            files.insert(path, entry.into_path());
        }
    }
    files
}

#[test]
fn partitions_hold_the_events_of_their_account_region_and_day() {
    let trial = Trial::new();
    let partition = ["--partition", "account,REGION,day"];
    trial.run(&[&[SAMPLE, "-q", "-o", "lake/", "--with-record"][..], &partition].concat()).shows(0, "", "");
    let (mut found, mut expected) = (Vec::new(), json(&trial, &[SAMPLE]));
    for (path, file) in files(&trial.path("lake")) {
        let rows = rows(&file);
        assert!(!rows.is_empty());
        for row in rows {
            let event: Value = serde_json::from_str(row["record"].as_str().unwrap()).unwrap();
            let text = |name: &str| event[name].as_str().unwrap();
            let (account, region, day) = (text("recipientAccountId"), text("awsRegion"), &text("eventTime")[..10]);
            assert_eq!(path, format!("account={account}/region={region}/day={day}/part-00000.parquet"));
            found.push(event.to_string());
        }
    }
    expected.iter_mut().for_each(|event| *event = serde_json::from_str::<Value>(event).unwrap().to_string());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    // The folder can be an input.
    let mut again = json(&trial, &["lake"]);
    again.iter_mut().for_each(|event| *event = serde_json::from_str::<Value>(event).unwrap().to_string());
    again.sort();
    assert_eq!(again, expected);
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let trial = trial(3000);
    for threads in ["1", "8"] {
        let output = format!("{threads}.parquet");
        trial.run(&["log", SAMPLE, "-q", "-o", &output, "--with-record", "--threads", threads]).shows(0, "", "");
        let arguments = ["log", SAMPLE, "-q", "-o", threads, "--partition", "month,region", "--threads", threads];
        trial.run(&arguments).shows(0, "", "");
    }
    let bytes = |path: &str| std::fs::read(trial.path(path)).unwrap();
    assert!(bytes("1.parquet") == bytes("8.parquet"));
    let contents = |folder: &str| -> BTreeMap<String, Vec<u8>> {
        files(&trial.path(folder)).into_iter().map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
    };
    assert!(contents("1") == contents("8"));
}

#[test]
fn values_that_could_lead_elsewhere_are_escaped() {
    let events: Vec<String> = ["../../../x", "a/b=c", "\\u0000\\u001b[31m", "", &"9".repeat(5000), "日本 x"]
        .iter()
        .map(|region| {
            format!(r#"{{"eventVersion":"1","eventTime":"soon","recipientAccountId":17,"awsRegion":"{region}"}}"#)
        })
        .collect();
    let trial = Trial::with("log", format!("{{\"Records\":[{}]}}", events.join(",")));
    trial.run(&["log", "-q", "-o", "a/lake", "--partition", "account,region,day"]).shows(
        1,
        "",
        "trail2tsv: a/lake: cannot be written: No such file or directory\n",
    );
    std::fs::create_dir(trial.path("a")).unwrap();
    assert_eq!(trial.run(&["log", "-q", "-o", "a/lake", "--partition", "account,region,day"]).code, Some(0));
    let found: Vec<String> = files(&trial.path("a")).into_keys().collect();
    let region =
        |name: &str| format!("lake/account=17/region={name}/day=__HIVE_DEFAULT_PARTITION__/part-00000.parquet");
    let mut expected =
        ["%2E%2E%2F%2E%2E%2F%2E%2E%2Fx", "a%2Fb%3Dc", "%00%1B%5B31m", "__HIVE_DEFAULT_PARTITION__", "日本%20x"]
            .map(region);
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_folder_with_anything_in_it_is_refused() {
    let trial = Trial::new();
    trial.write("lake/notes", "mine");
    let arguments = [SAMPLE, "-o", "lake", "--partition", "day"];
    trial.run(&arguments).shows(1, "", "trail2tsv: lake: is not empty; name a new folder\n");
    assert_eq!(trial.read("lake/notes"), "mine");
    std::fs::remove_file(trial.path("lake/notes")).unwrap();
    // A partial folder of another process is not input.
    trial.write("log/.trail2tsv-1-x.trail2tsv-part/a.json", "[]");
    trial.write("log/a.json", r#"{"Records":[]}"#);
    let ran = trial.run(&["log", "-f", "tsv", "--no-header"]);
    assert!(ran.code == Some(0) && ran.stderr.contains("1 file skipped: 1 unfinished download"), "{ran:?}");
    std::fs::remove_dir_all(trial.path("log")).unwrap();
    assert_eq!(trial.run(&arguments).code, Some(0));
    let names: Vec<_> = std::fs::read_dir(trial.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["lake"], "other files remain");
    assert_eq!(trial.run(&arguments).code, Some(1), "a second run would add the events again");
}

#[test]
fn leftovers_of_killed_runs_are_removed() {
    let trial = Trial::new();
    trial.write(".trail2tsv-1-abc.trail2tsv-part/.lock", "");
    trial.write(".trail2tsv-1-abc.trail2tsv-part/day=2026-10-01/part-00000.parquet", "PAR1");
    trial.write(".trail2tsv-1-mine.trail2tsv-part/file", "not locked, so not of a run");
    assert_eq!(trial.run(&[SAMPLE, "-q", "-o", "lake", "--partition", "month"]).code, Some(0));
    assert!(!trial.path(".trail2tsv-1-abc.trail2tsv-part").exists());
    assert!(trial.path(".trail2tsv-1-mine.trail2tsv-part/file").exists());
    let months: Vec<String> = files(&trial.path("lake")).into_keys().collect();
    assert_eq!(months, ["month=2026-09/part-00000.parquet", "month=2026-10/part-00000.parquet"]);
}
