//! Parquet with whole events is an input.

use std::io::Write;

use super::{SAMPLE, json, trial};
use crate::harness::Trial;

/// The events of the sample in the order of their times.
fn sorted(trial: &Trial) -> Vec<String> {
    json(trial, &[SAMPLE, "--sort", "eventTime"])
}

fn with_file() -> Trial {
    let trial = Trial::new();
    trial.run(&[SAMPLE, "-q", "-o", "in.parquet", "--with-record"]).shows(0, "", "");
    trial
}

#[test]
fn the_events_are_those_that_were_written() {
    let trial = with_file();
    let expected = sorted(&trial);
    assert_eq!(json(&trial, &["in.parquet"]), expected);
    assert_eq!(json(&trial, &["in.parquet", "--threads", "1"]), expected);
    let ran = trial.run_with_stdin(&["-", "-q", "-f", "json"], std::fs::read(trial.path("in.parquet")).unwrap());
    assert_eq!(ran.lines(0), expected);
    let filter = ["-e", "RunInstances,TerminateInstances", "-c", "eventTime,userName,actor"];
    assert_eq!(
        json(&trial, &[&["in.parquet"][..], &filter].concat()),
        json(&trial, &[&[SAMPLE, "--sort", "eventTime"][..], &filter].concat())
    );
    let last = "383 events in 1 file read, 383 matched";
    assert_eq!(trial.run(&["in.parquet", "-o", "x.tsv"]).stderr, format!("trail2tsv: {last}\n"));
    // Parquet is recognized by its content, not by its name.
    std::fs::rename(trial.path("in.parquet"), trial.path("in")).unwrap();
    trial.run(&["in", "-q", "-o", "again.parquet", "--with-record"]).shows(0, "", "");
    assert_eq!(json(&trial, &["again.parquet"]), expected);
}

#[test]
fn it_may_be_in_a_folder_and_in_an_archive() {
    let trial = with_file();
    let expected = sorted(&trial);
    let bytes = std::fs::read(trial.path("in.parquet")).unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    tar.append_data(&mut header, "x/in.parquet", &bytes[..]).unwrap();
    trial.write("folder/in.tar", tar.into_inner().unwrap());
    assert_eq!(json(&trial, &["folder"]), expected);
    let ran = trial.run(&["folder", "-q", "-c", "file", "-n", "1", "--no-header", "-f", "tsv"]);
    ran.shows(0, "folder/in.tar!x/in.parquet\n", "");
}

#[test]
fn odd_events_come_out_as_they_were() {
    let trial = trial(3000);
    trial.run(&["log", "-q", "-o", "in.parquet", "--with-record"]).shows(0, "", "");
    let (mut found, mut expected) = (json(&trial, &["in.parquet"]), json(&trial, &["log"]));
    found.sort();
    expected.sort();
    assert!(found == expected);
}

#[test]
fn a_file_without_events_is_an_error_that_says_what_to_do() {
    let trial = Trial::new();
    trial.run(&[SAMPLE, "-q", "-o", "in.parquet"]).shows(0, "", "");
    let why = "Parquet without the column record; write it with --with-record to read it again; nothing was read";
    let ran = trial.run(&["in.parquet", "-q", "-f", "tsv", "--no-header"]);
    ran.shows(3, "", &format!("trail2tsv: in.parquet: {why}\n"));
    let ran = trial.run(&[".", "-q", "-f", "tsv", "--no-header"]);
    ran.shows(3, "", &format!("trail2tsv: ./in.parquet: {why}\n"));
}

#[test]
fn an_empty_file_has_no_events() {
    let trial = Trial::new();
    trial.run(&[SAMPLE, "-q", "-n", "0", "-o", "in.parquet", "--with-record"]).shows(0, "", "");
    assert_eq!(trial.run(&["in.parquet", "-f", "json"]).code, Some(0));
    assert!(json(&trial, &["in.parquet"]).is_empty());
}

#[test]
fn damaged_files_are_named_and_never_end_the_run() {
    let trial = with_file();
    let bytes = std::fs::read(trial.path("in.parquet")).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 150) {
        let mut wrong = bytes.clone();
        wrong[at] ^= 0x55;
        trial.write("wrong", &wrong);
        let ran = trial.run(&["wrong", "-q", "-f", "json"]);
        assert!(matches!(ran.code, Some(0 | 3)), "{at}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{at}: {ran:?}");
    }
    let mut cut = std::fs::File::create(trial.path("cut")).unwrap();
    cut.write_all(&bytes[..bytes.len() / 2]).unwrap();
    let ran = trial.run(&["cut", "-q", "-f", "tsv", "--no-header"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.starts_with("trail2tsv: cut: Parquet that cannot be read: "), "{ran:?}");
}
