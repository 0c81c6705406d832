//! Values that are much larger than any that AWS writes, under a limit that a second
//! copy of them would break.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use crate::harness::{Trial, gzip};

const SIZE: usize = 16 << 20;
/// The window of the event, half as much while it grows, and what the program needs
/// without any, in KiB.
const LIMIT: usize = 96 << 10;

/// A log of one event that holds `unit` again and again between `start` and `end`.
fn log(start: &str, unit: &str, end: &str) -> Vec<u8> {
    let event = r#""eventVersion":"1","eventTime":"2026-10-01T09:14:02Z","eventName":"A""#;
    gzip(format!("{{\"Records\":[{{{event},{start}{}{end}}}]}}", unit.repeat(SIZE / unit.len())))
}

#[track_caller]
fn fits(log: &[u8], arguments: &str, last: &str) {
    let trial = Trial::with("log", log);
    let program = env!("CARGO_BIN_EXE_trail2tsv");
    let ran = trial.run_in_shell(&format!("ulimit -d {LIMIT}; '{program}' {arguments} log --threads 2 | wc -l"));
    assert_eq!(ran.stderr, format!("trail2tsv: {last}\n"), "{arguments}");
}

#[test]
fn one_large_name_is_held_once() {
    let name = log(r#""userIdentity":{"type":"IAMUser","userName":""#, "\\u0080", "\"}");
    let cut = "1 event in 1 file read, 1 matched; 1 long value cut";
    for arguments in ["-c userName,eventName", "summary", "--sort userName -c eventName", "-f json -c userName"] {
        fits(&name, arguments, cut);
    }
}

#[test]
fn large_values_are_held_once() {
    let matched = "1 event in 1 file read, 1 matched";
    let list = log(r#""requestParameters":{"a":[""#, "\u{80}", "\"]}");
    fits(&list, "-c requestParameters.a[]", matched);
    fits(&list, "-f json", matched);
    let code = log(r#""errorCode":""#, "\u{80}", "\"");
    fits(&code, "--error-code x* --count", "1 event in 1 file read, 0 matched");
    fits(&code, "-c errorCode -f csv", matched);
}
