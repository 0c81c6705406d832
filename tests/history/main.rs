//! Compares the answers of `history` with those of the plain reconstruction, on random
//! histories, with random orders of files, numbers of threads and filters.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod by_hand;

use std::fs;
use std::path::Path;
use std::process::Command;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use testkit::logs::history::{HistoryLogs, history};
use testkit::plain::history::{History, Question};

/// Two folders with the same logs, whose names sort in opposite orders.
struct Logs {
    folders: [TempDir; 2],
    events: Vec<Value>,
}

impl Logs {
    fn new(logs: HistoryLogs) -> Logs {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        for (number, (key, content)) in logs.files.iter().enumerate() {
            let other = format!("AWSLogs/{:05}.json.gz", logs.files.len() - number);
            for (folder, key) in folders.iter().zip([key, &other]) {
                let path = folder.path().join(key);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
        }
        Logs { folders, events: logs.events }
    }
}

/// The options of a run besides the question.
#[derive(Debug, Default)]
struct RunOptions {
    /// The number of the folder.
    folder: usize,
    threads: u8,
    at: Option<Timestamp>,
    region: Option<String>,
    account: Option<String>,
}

impl RunOptions {
    fn random(logs: &Logs, random: &mut Rng) -> RunOptions {
        let folder = random.usize(..2);
        let mut of_event = |field: &str, share: u8| {
            let event = &logs.events[random.usize(..logs.events.len())];
            event[field].as_str().filter(|_| random.u8(..share) == 0).map(String::from)
        };
        RunOptions {
            folder,
            at: of_event("eventTime", 3).map(|time| time.parse().unwrap()),
            region: of_event("awsRegion", 5),
            // `--account` needs keys with the account, which only the first folder has.
            account: of_event("recipientAccountId", 5).filter(|_| folder == 0),
            threads: [1, 2, 8][random.usize(..3)],
        }
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![format!("--threads={}", self.threads)];
        arguments.extend(self.at.iter().map(|time| format!("--at={time}")));
        arguments.extend(self.region.iter().map(|region| format!("--region={region}")));
        arguments.extend(self.account.iter().map(|account| format!("--account={account}")));
        arguments
    }

    /// The events that are read.
    fn events(&self, logs: &Logs) -> Vec<Value> {
        let is = |value: &Value, wanted: &Option<String>| wanted.as_ref().is_none_or(|wanted| value == wanted.as_str());
        let is_read = |event: &&Value| {
            is(&event["awsRegion"], &self.region) && is(&event["userIdentity"]["accountId"], &self.account)
        };
        logs.events.iter().filter(is_read).cloned().collect()
    }
}

/// The answer of the program.
fn run(folder: &Path, arguments: &[String]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trail2tsv"));
    command.arg("history").args(arguments).arg("AWSLogs").args(["-f", "tsv"]);
    let output = command.current_dir(folder).env_clear().env("HOME", folder).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn arguments(question: &Question) -> Vec<String> {
    match question {
        Question::Ip(address) => vec!["ip".into(), address.to_string()],
        Question::Exposed(address) => vec!["exposed".into(), address.to_string()],
        Question::Resource(id) => vec!["resource".into(), id.clone()],
        Question::Rules(group, from, port, is_open) => {
            let mut arguments = vec!["rules".to_string()];
            arguments.extend(group.iter().map(|group| format!("--group={group}")));
            arguments.extend(from.iter().map(|from| format!("--from={from}")));
            arguments.extend(port.iter().map(|port| format!("--port={port}")));
            arguments.extend(is_open.then(|| "--open".into()));
            arguments
        }
    }
}

/// The questions that these events suggest.
fn questions(events: &[Value]) -> Vec<Question> {
    let all = events.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let words = all.split(|c: char| !(c.is_ascii_alphanumeric() || "-:./".contains(c)));
    let mut words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.sort();
    words.dedup();
    let addresses = words.iter().filter_map(|word| word.parse().ok());
    let mut questions: Vec<Question> =
        addresses.flat_map(|address| [Question::Ip(address), Question::Exposed(address)]).collect();
    let is_id =
        |word: &&&str| word.starts_with("arn:aws:el") || word.split_once('-').is_some_and(|(_, id)| id.len() == 17);
    questions.extend(words.iter().filter(is_id).map(|id| Question::Resource((*id).into())));
    questions.push(Question::Resource("web".into()));
    questions.push(Question::Rules(None, None, None, false));
    questions.push(Question::Rules(None, None, None, true));
    questions.push(Question::Rules(Some("web".into()), None, None, false));
    questions.push(Question::Rules(None, None, Some(22), false));
    questions.push(Question::Rules(None, Some("198.51.100.0/25".into()), Some(443), false));
    questions
}

/// The difference between the answers; empty if there is none.
fn difference(answer: &str, expected: &[String]) -> String {
    let mut lines: Vec<String> = answer.lines().skip(1).map(String::from).collect();
    lines.sort();
    if lines == expected {
        return String::new();
    }
    let only = |these: &[String], those: &[String]| {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("{line}\n")).collect::<String>()
    };
    format!(
        "only in the program's answer:\n{}only in the plain one:\n{}",
        only(&lines, expected),
        only(expected, &lines)
    )
}

/// Compares the answers to one of `share` questions about a history, and to all about rules.
fn compare(seed: u64, share: usize) -> String {
    let logs = Logs::new(history(seed));
    let mut random = Rng::with_seed(seed);
    let plain = History::new(&logs.events);
    let mut differences = String::new();
    for question in questions(&logs.events) {
        let is_rules = matches!(question, Question::Rules(..));
        if random.usize(..share) > 0 && !is_rules {
            continue;
        }
        let manner = RunOptions::random(&logs, &mut random);
        let arguments = [arguments(&question), manner.arguments()].concat();
        let answer = run(logs.folders[manner.folder].path(), &arguments);
        let expected = match (&manner.region, &manner.account) {
            (None, None) => plain.answer(&question, manner.at),
            _ => History::new(&manner.events(&logs)).answer(&question, manner.at),
        };
        let difference = difference(&answer, &expected);
        if !difference.is_empty() {
            differences += &format!("\nseed {seed}, {question:?}, {manner:?}\n{difference}");
        }
    }
    differences
}

#[test]
fn random_histories() {
    let differences: String = (0..30).map(|seed| compare(seed, 8)).collect();
    assert!(differences.is_empty(), "{differences}");
}

#[test]
#[ignore = "takes minutes"]
fn many_random_histories() {
    let differences: String = (100..180).map(|seed| compare(seed, 4)).collect();
    assert!(differences.is_empty(), "{differences}");
}

/// The order of the lines does not depend on that of the files.
#[test]
fn the_order_of_files_and_the_number_of_threads_change_nothing() {
    for seed in 30..34 {
        let logs = Logs::new(history(seed));
        let answers = [0, 1].map(|folder| {
            [1, 2, 8].map(|threads| run(logs.folders[folder].path(), &["rules".into(), format!("--threads={threads}")]))
        });
        assert!(answers.iter().flatten().all(|answer| *answer == answers[0][0]), "{answers:#?}");
    }
}
