//! Part files (`--partial`), and `merge`, which joins them into the result of one run.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod damage;
mod history;
mod plan;
mod refused;
mod rows;
mod sessions;
mod summaries;
mod timeline;

use crate::harness::{RunResult, Trial};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");

/// Numbers of files of the first parts; the last part has the rest.
const SIZES: [usize; 6] = [1, 0, 5, 2, 9, 3];

/// A trial with `keys.txt`, the list of all files, and lists of seven uneven parts of it, which
/// are named in the order of the plan.
pub struct Parts {
    pub trial: Trial,
    pub lists: Vec<String>,
}

impl Parts {
    /// Parts of the files in a folder of `trial`.
    pub fn of(trial: Trial, folder: &str) -> Parts {
        let list = trial.run(&["keys", "-q", folder]).stdout;
        trial.write("keys.txt", &list);
        let mut rest: Vec<&str> = list.lines().collect();
        let mut lists = Vec::new();
        for number in 0..=SIZES.len() {
            let size = SIZES.get(number).map_or(rest.len(), |size| rest.len().min(*size));
            let lines: String = rest.drain(..size).map(|line| format!("{line}\n")).collect();
            lists.push(format!("{number}.txt"));
            trial.write(&lists[number], lines);
        }
        assert!(!trial.read("6.txt").is_empty());
        Parts { trial, lists }
    }

    /// Parts of the sample.
    pub fn of_sample() -> Parts {
        Parts::of(Trial::new(), SAMPLE)
    }

    /// Parts of generated logs.
    pub fn of_generated() -> Parts {
        let trial = Trial::new();
        write_logs(&trial);
        Parts::of(trial, "logs")
    }

    /// Parts of generated logs of sessions.
    pub fn of_sessions() -> Parts {
        let trial = Trial::new();
        sessions::write_logs(&trial);
        Parts::of(trial, "logs")
    }

    /// The run over all files.
    pub fn whole(&self, question: &[&str]) -> RunResult {
        self.trial.run(&[question, &["--keys-from", "keys.txt"]].concat())
    }

    /// Checks that `merge` names the problems of the logs as one run does, and in the report too.
    pub fn check_problems_are_named_again(&self, question: &str) {
        let whole = self.whole(&[question]);
        assert_eq!(whole.code, Some(3), "{whole:?}");
        let merged = self.merge(&self.make(&[question], "2"), &["--report", "merged.jsonl"]);
        merged.shows(3, &whole.stdout, &whole.stderr);
        self.whole(&[question, "--report", "whole.jsonl"]);
        let files = |name: &str| -> Vec<String> {
            let report = self.trial.read(name);
            report.lines().filter(|line| line.starts_with(r#"{"type":"file""#)).map(String::from).collect()
        };
        assert_eq!(files("merged.jsonl"), files("whole.jsonl"));
    }

    /// Makes all parts, `0.part` and so on, and returns their names.
    pub fn make(&self, question: &[&str], threads: &str) -> Vec<String> {
        let make = |(number, list): (usize, &String)| {
            let part = format!("{number}.part");
            let options = ["--keys-from", list, "--partial", &part, "--threads", threads];
            let ran = self.trial.run(&[question, &options].concat());
            assert!(matches!(ran.code, Some(0 | 3)) && ran.stdout.is_empty(), "{ran:?}");
            part
        };
        self.lists.iter().enumerate().map(make).collect()
    }

    /// Merges these parts.
    pub fn merge(&self, parts: &[String], options: &[&str]) -> RunResult {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.trial.run(&[&["merge"], &parts[..], options].concat())
    }
}

/// The last line on stderr.
pub fn last_line(ran: &RunResult) -> &str {
    ran.stderr.lines().last().unwrap_or_default()
}

/// Writes logs with events that are delivered twice, in the same log and in others, events without
/// an id, large events, a damaged log, a digest, and a file that is not a log.
pub fn write_logs(trial: &Trial) {
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for file in 0..40 {
        let mut events = Vec::new();
        for _ in 0..random(20) {
            let id = random(250);
            let (hour, minute) = (id % 24, random(60));
            let name = ["RunInstances", "GetObject", "CreateUser", "ConsoleLogin"][(id % 4) as usize];
            let user = ["alice", "bob", "carol"][(id % 3) as usize];
            let id = if random(15) == 0 { String::new() } else { format!(r#""eventID":"{id:036}","#) };
            let large = if random(250) == 0 { "ä".repeat(400_000) } else { "x".repeat(random(50) as usize) };
            events.push(format!(
                r#"{{{id}"eventName":"{name}","eventTime":"2026-10-01T{hour:02}:{minute:02}:00Z","awsRegion":"eu-west-1",
                   "eventSource":"ec2.amazonaws.com","sourceIPAddress":"198.51.100.{}","userAgent":"a\tb",
                   "userIdentity":{{"type":"IAMUser","userName":"{user}","accountId":"111122223333"}},
                   "requestParameters":{{"text":"{large}","n":{}}}}}"#,
                random(9),
                random(99)
            ));
        }
        trial.write(&format!("logs/{file:02}.json"), format!(r#"{{"Records":[{}]}}"#, events.join(",")));
    }
    trial.write("logs/12b.json", r#"{"Records":[{"eventName":"Half","eventID":"half"},{"eventName":"#);
    trial.write("logs/20b.json", "no log");
    trial.write("logs/20c.json", "");
    trial.write("logs/20d.json", r#"{"awsAccountId":"1","digestStartTime":"x","logFiles":[]}"#);
}
