//! Summaries of lists of keys. Those of folders are tested with the command.

use std::fs;

use super::Parts;

/// Checks that the parts of a summary, merged by a plan, are equal to one run over all files,
/// and so is the page, except for the command and the time.
#[track_caller]
fn check(parts: &Parts, options: &[&str]) {
    let question = [&["summary", "--html", "page.html"], options].concat();
    let made = parts.make(&question, "2");
    let whole = parts.whole(&question);
    assert!(matches!(whole.code, Some(0 | 3)), "{whole:?}");
    let shown = |text: &str, command: &[&str]| {
        let mut text = text.replace(&format!("trail2tsv {}", command.join(" ")), "COMMAND");
        if let Some(end) = text.find(" UTC by trail2tsv") {
            text.replace_range(end - "2026-10-01 00:00:00".len()..end, "NOW");
        }
        text
    };
    let command = [&question[..], &["--keys-from", "keys.txt"]].concat();
    let read = |command: &[&str]| {
        let page = parts.trial.read("page.html");
        fs::remove_file(parts.trial.path("page.html")).unwrap();
        shown(&page, command)
    };
    let expected = [read(&command), shown(&whole.stdout, &command)];
    assert!(expected[0].contains("trail2tsv --keys-from keys.txt"), "{}", expected[0]);
    let merged = parts.merge(&made, &["--plan", "keys.txt"]);
    assert_eq!((merged.code, &merged.stderr), (whole.code, &whole.stderr), "{question:?}");
    let made: Vec<&str> = made.iter().map(String::as_str).collect();
    let command = [&["merge"], &made[..], &["--plan", "keys.txt"]].concat();
    let found = [read(&command), shown(&merged.stdout, &command)];
    assert!(expected == found, "{question:?}\n{:.3000}", format!("{whole:?}{merged:?}"));
}

#[test]
fn parts_of_the_sample_are_one_run() {
    let parts = Parts::of_sample();
    check(&parts, &["-f", "text"]);
    check(&parts, &["-f", "csv", "--dedupe"]);
}

#[test]
fn parts_of_logs_with_duplicates_are_one_run() {
    for parts in [Parts::of_generated(), Parts::of_sessions()] {
        for options in [&["-f", "text", "--dedupe"][..], &["-f", "json"], &["-f", "tsv", "--top", "5"]] {
            check(&parts, options);
        }
    }
}
