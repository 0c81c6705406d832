//! Compares the answers of `history` with those of the plain reconstruction, on random
//! histories: whatever the order of the files, the number of threads and the filters are.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::logs::history::{HistoryLogs, history};
use testkit::plain::history::{History, Question};

/// A folder with logs.
struct Logs {
    folder: TempDir,
    events: Vec<Value>,
}

impl Logs {
    fn new(logs: HistoryLogs) -> Logs {
        let folder = tempfile::tempdir().unwrap();
        for (key, content) in logs.files {
            let path = folder.path().join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Logs { folder, events: logs.events }
    }

    /// The lines of an answer, without the header.
    fn lines(&self, arguments: &[&str]) -> Vec<String> {
        let output = run(self.folder.path(), arguments);
        output.lines().skip(1).map(String::from).collect()
    }
}

fn run(folder: &Path, arguments: &[&str]) -> String {
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

/// What can be asked of these events.
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

/// How the answers differ; empty if they do not.
fn difference(seed: u64, question: &Question, lines: &[String], expected: &[String]) -> String {
    let mut sorted = lines.to_vec();
    sorted.sort();
    if sorted == expected {
        return String::new();
    }
    let only = |these: &[String], those: &[String]| {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("{line}\n")).collect::<String>()
    };
    format!(
        "\nseed {seed}, {question:?}\nonly in the program's answer:\n{}only in the plain one:\n{}",
        only(&sorted, expected),
        only(expected, &sorted),
    )
}

/// Compares the answers to all questions about one history.
fn compare(seed: u64) -> String {
    let logs = Logs::new(history(seed));
    let plain = History::new(&logs.events);
    let mut differences = String::new();
    for question in questions(&logs.events) {
        let arguments = arguments(&question);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        differences += &difference(seed, &question, &logs.lines(&arguments), &plain.answer(&question, None));
    }
    differences
}

#[test]
fn random_histories() {
    let differences: String = (0..20).map(compare).collect();
    assert!(differences.is_empty(), "{differences}");
}
