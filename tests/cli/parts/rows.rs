//! Rows, in all orders and forms, and their number.

use std::fs;

use calamine::{Reader, Xlsx};

use super::{Parts, last_line};
use crate::harness::Trial;

/// Checks that the merged parts of a question are equal to one run over all files.
#[track_caller]
fn check(parts: &Parts, question: &[&str], is_limited: bool) {
    let whole = parts.whole(question);
    assert!(matches!(whole.code, Some(0 | 3)), "{whole:?}");
    let made = parts.make(question, "3");
    let mut shuffled = made.clone();
    shuffled.rotate_left(3);
    let lists: Vec<&str> = parts.lists.iter().map(String::as_str).collect();
    let to_file = parts.merge(&shuffled, &[&["-o", "out", "--plan"], &lists[..]].concat());
    for (merged, stdout) in [(to_file, Some(parts.trial.read("out"))), (parts.merge(&made, &[]), None)] {
        let stdout = stdout.unwrap_or_else(|| merged.stdout.clone());
        assert!(stdout == whole.stdout, "{question:?}\n{:.3000}", format!("{whole:?}{merged:?}"));
        if !is_limited {
            assert_eq!((last_line(&merged), merged.code), (last_line(&whole), whole.code), "{question:?}");
        }
    }
}

/// Questions whose last lines are equal too.
const QUESTIONS: &[&[&str]] = &[
    &[],
    &["--errors"],
    &["-e", "NoSuchEvent"],
    &["--user", "alice", "-c", "+file,-userAgent"],
    &["--since", "2026-10-01T06:00", "--until", "2026-10-01T20:00", "--time-zone", "Europe/Berlin"],
    &["--sort", "eventTime"],
    &["--sort", "-userName,eventTime,-requestParameters.n", "--no-header"],
    &["--sort", "file", "-f", "csv", "--delimiter", ";"],
    &["--sort", "eventTime", "-n", "17"],
    &["--sort", "-eventName", "-n", "1", "-f", "json"],
    &["--dedupe"],
    &["--dedupe", "--sort", "-eventTime"],
    &["--dedupe", "--sort", "file,eventTime", "-n", "23"],
    &["--dedupe", "--sort", "-file", "-c", "eventID,file"],
    &["--count"],
    &["--count", "--dedupe"],
    &["-f", "json"],
    &["-f", "table", "-c", "eventTime,eventName,userName"],
    &["--excel", "-c", "+requestParameters"],
    &["--excel", "-c", "+requestParameters", "--sort", "-eventTime", "-n", "40"],
    &["-c", "requestParameters", "--dedupe", "--sort", "eventTime"],
    &["-c", "requestParameters", "--sort", "eventTime", "--null", "-"],
    &["--jq", ".userIdentity.userName == \"bob\""],
    &["--jq", "[.eventID, .eventName]", "--sort", "-eventName"],
    &["--jq", ".eventName, .eventID", "--dedupe"],
    &["--jq", ".eventName, .eventID", "--dedupe", "--sort", "eventTime"],
];

/// Questions whose run ends early, so that it covers less than the parts.
const LIMITED: &[&[&str]] = &[
    &["-n", "0"],
    &["-n", "1"],
    &["-n", "30"],
    &["-n", "100000"],
    &["--dedupe", "-n", "1"],
    &["--dedupe", "-n", "60"],
    &["--dedupe", "-n", "250", "-c", "eventID"],
    &["--count", "-n", "50"],
    &["--count", "-n", "0"],
    &["--count", "--dedupe", "-n", "50"],
    &["--jq", ".eventName, .eventID", "--dedupe", "-n", "99"],
    &["--sort", "eventTime", "-n", "0"],
];

#[test]
fn parts_of_the_sample_are_one_run() {
    let parts = Parts::of_sample();
    QUESTIONS.iter().step_by(3).for_each(|question| check(&parts, question, false));
    LIMITED.iter().step_by(3).for_each(|question| check(&parts, question, true));
}

#[test]
fn the_bytes_of_a_part_do_not_depend_on_the_threads() {
    let parts = Parts::of_generated();
    for question in [&["--sort", "eventTime", "-n", "90"], &["--dedupe", "-c", "requestParameters", "-q"]] {
        let bytes = |threads| -> Vec<_> {
            parts.make(question, threads).iter().map(|part| fs::read(parts.trial.path(part)).unwrap()).collect()
        };
        assert!(bytes("1") == bytes("8"), "{question:?}");
    }
}

#[test]
fn parts_of_logs_with_duplicates_are_one_run() {
    let parts = Parts::of_generated();
    QUESTIONS.iter().for_each(|question| check(&parts, question, false));
    LIMITED.iter().for_each(|question| check(&parts, question, true));
}

#[test]
fn problems_are_named_again() {
    let parts = Parts::of_generated();
    parts.check_problems_are_named_again("--count");
    let quiet = parts.merge(&["0.part".into(), "6.part".into()], &["-q"]);
    assert!(quiet.stderr.lines().all(|line| line.contains("logs/")), "{quiet:?}");
}

#[test]
fn a_workbook_has_the_same_cells() {
    let parts = Parts::of_sample();
    let question = ["--sort", "eventTime", "--time-zone", "+02:00"];
    parts.whole(&[&question[..], &["-o", "whole.xlsx"]].concat()).shows(0, "", &parts.whole(&question).stderr);
    let made = parts.make(&[&question[..], &["-f", "xlsx"]].concat(), "2");
    assert_eq!(parts.merge(&made, &["-o", "merged.xlsx"]).code, Some(0));
    let cells = |name: &str| {
        let mut book: Xlsx<_> = calamine::open_workbook(parts.trial.path(name)).unwrap();
        book.worksheet_range("Events").unwrap()
    };
    assert!(cells("whole.xlsx") == cells("merged.xlsx"));
}

#[test]
fn the_ending_of_the_output_must_fit_the_parts() {
    let parts = Parts::of_sample();
    let made = parts.make(&[], "2");
    parts.merge(&made, &["-o", "out.csv"]).shows(
        2,
        "",
        "trail2tsv: --output \"out.csv\": the parts have rows as tsv; make them with --format csv\n\
         trail2tsv: try --help\n",
    );
    assert_eq!(parts.merge(&parts.make(&["-f", "tsv"], "2"), &["-o", "out.csv"]).code, Some(0));
}

#[cfg(unix)]
#[test]
fn a_part_goes_through_a_pipe() {
    let parts = Parts::of_sample();
    let line =
        "for n in 0 1 2 3 4 5 6; do trail2tsv -q --keys-from $n.txt --sort eventTime --partial - | cat > $n.part; done
                trail2tsv merge -q [0-6].part --plan keys.txt";
    let whole = parts.whole(&["--sort", "eventTime"]);
    parts.trial.run_in_shell(line).shows(0, &whole.stdout, "");
}

#[test]
fn folders_and_files_have_parts_too() {
    let trial = Trial::new();
    super::write_logs(&trial);
    let whole = trial.run(&["logs", "logs/03.json", "--dedupe", "--sort", "-eventTime"]);
    for (input, part) in [("logs", "1.part"), ("logs/03.json", "2.part")] {
        trial.run(&[input, "--dedupe", "--sort", "-eventTime", "--partial", part]);
    }
    // The file is in both.
    let name = "logs/03.json";
    trial.run(&["merge", "1.part", "2.part"]).shows(
        1,
        "",
        &format!("trail2tsv: 2.part: has {name}, which 1.part has too; merge each file once\n"),
    );
    let one = trial.run(&["merge", "1.part"]);
    assert!(whole.code == one.code && !one.stdout.is_empty(), "{one:?}");
}
