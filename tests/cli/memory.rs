//! Values much larger than any that AWS writes, under a memory limit that a second copy
//! would exceed.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use crate::harness::{Trial, gzip};

const SIZE: usize = 8 << 20;
/// KiB for the text window of the event, half as much while it grows, and the program
/// without events. Cells have three times the size of the event.
const LIMIT: usize = 48 << 10;

/// A log of one event with a long value of U+0080, which is `\u0080` in a cell.
fn log(start: &str, end: &str) -> Vec<u8> {
    let event = r#""eventVersion":"1","eventTime":"2026-10-01T09:14:02Z","eventName":"A""#;
    gzip(format!("{{\"Records\":[{{{event},{start}{}{end}}}]}}", "\u{80}".repeat(SIZE / 2)))
}

#[track_caller]
fn check_memory(log: &[u8], arguments: &str, last: &str) {
    let trial = Trial::with("log", log);
    let program = env!("CARGO_BIN_EXE_trail2tsv");
    let (command, options) = match arguments {
        "summary" => ("summary", ""),
        options => ("", options),
    };
    let ran =
        trial.run_in_shell(&format!("ulimit -d {LIMIT}; '{program}' {command} log {options} --threads 2 > /dev/null"));
    assert_eq!(ran.stderr, format!("trail2tsv: {last}\n"), "{arguments}");
}

#[test]
fn one_large_name_is_not_held_as_its_cell() {
    let name = log(r#""userIdentity":{"type":"IAMUser","userName":""#, "\"}");
    let cut = "1 event in 1 file read, 1 matched; 1 long value cut";
    check_memory(&name, "-c userName,eventName", cut);
    check_memory(&name, "summary", cut);
}

#[test]
fn large_values_are_not_held_as_their_cells() {
    let matched = "1 event in 1 file read, 1 matched";
    let list = log(r#""requestParameters":{"a":[""#, "\"]}");
    check_memory(&list, "-c requestParameters.a[]", matched);
    check_memory(&list, "-c eventName,requestParameters -f csv", matched);
    let cut = "1 event in 1 file read, 1 matched; 1 cell cut to Excel's limit of 32,767 characters";
    check_memory(&list, "-c eventName,requestParameters -f xlsx", cut);
}
