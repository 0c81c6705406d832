//! The script that everybody has, with each of the JSON tools that are here.

use std::process::Command;

use super::corpus;
use super::inflate::How;
use super::run::{Run, in_turn};
use super::table::{Table, row};

const SCRIPT: &str = r#"find "$1" -name '*.json.gz' -print0 | xargs -0 gunzip -c | "$2" -r "$3""#;
const COLUMNS: [&str; 8] = [
    "eventTime",
    "awsRegion",
    "eventSource",
    "eventName",
    "userIdentity.userName",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
];
/// They take long.
const MOST_ROUNDS: usize = 3;

/// A row for each tool, and how it compares with the program on the same columns.
pub(crate) fn rows(table: &Table) {
    for tool in ["jq", "jaq"] {
        let work = format!("gunzip and {tool}");
        if table.has("busy", &work) {
            match version(tool) {
                Some(version) => compare(table, tool, &work, &version),
                None => println!("{:<10}{work}: left out, as {tool} is not on the PATH", "busy"),
            }
        }
    }
}

fn version(tool: &str) -> Option<String> {
    let output = Command::new(tool).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().into())
}

fn compare(table: &Table, tool: &str, work: &str, version: &str) {
    let folder = corpus::folder("busy");
    let cells = COLUMNS.map(|column| format!(r"\(.{column})")).join(r"\t");
    let filter = format!(r#".Records[] | "{cells}""#);
    let limit = Run::limit(&folder, How::Whole, table.threads);
    let ours = Run::program(&folder, table.threads, &["-c", &COLUMNS.join(",")], false);
    let script = Run::new("sh".into(), &["-c", SCRIPT, "sh", folder.to_str().unwrap(), tool, &filter]);
    let rounds = table.pairs.min(MOST_ROUNDS);
    let [limit, ours, script] = in_turn([&limit, &ours, &script], rounds);
    row("busy", work, &limit, &script, None);
    println!("{:<10}{version}, {rounds} rounds: {} times as long as ours", "", script.over(&ours));
}
