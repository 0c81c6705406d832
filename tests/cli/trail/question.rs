//! The question on a terminal, which `script` provides if it is installed.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

use std::io::Write;
use std::process::Stdio;

use super::account::Account;

/// Runs a command on a terminal, types an answer, and returns what is shown. `None` if `script`
/// is not installed.
fn on_terminal(account: &Account, command: &str, answer: &str) -> Option<String> {
    let line = format!("{} {command}", env!("CARGO_BIN_EXE_trail2tsv"));
    let is_there = std::process::Command::new("script")
        .arg("--version")
        .output()
        .is_ok_and(|ran| String::from_utf8_lossy(&ran.stdout).contains("util-linux"));
    if !is_there {
        eprintln!("script of util-linux is not installed: no question was answered");
        return None;
    }
    let quoted = format!("script -qec '{line}' /dev/null");
    let path = "/usr/local/bin:/usr/bin:/bin";
    let mut child = account.trial.shell(&quoted).env("PATH", path).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{shown}");
    Some(shown)
}

#[test]
fn only_yes_makes_the_changes() {
    let account = Account::new();
    for answer in ["n\n", "\n", "yesterday\n"] {
        let Some(shown) = on_terminal(&account, "trail create", answer) else { return };
        assert!(shown.contains("+ create   trail audit") && shown.contains("[y/N] "), "{shown}");
        assert!(shown.contains("trail2tsv: nothing was changed"), "{shown}");
        assert!(account.server.changes().is_empty());
    }
    // -q does not hide the plan.
    let Some(shown) = on_terminal(&account, "trail create -q", "Y\n") else { return };
    assert!(shown.contains("+ create   trail audit"), "{shown}");
    assert_eq!(account.at("/trails/audit/status/IsLogging"), true);
    // If there is nothing to change, there is no question.
    let Some(shown) = on_terminal(&account, "trail create", "") else { return };
    assert!(shown.contains("nothing to change") && !shown.contains("[y/N]"), "{shown}");
}
