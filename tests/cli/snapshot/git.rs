//! A snapshot in a Git repository, if Git is installed.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

use std::path::Path;
use std::process::{Command, Stdio};

use super::account::{Account, rule};

const REGION: &str = "eu-west-1";

/// The output of Git; `None` if it is not installed.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(["-c", "user.name=test", "-c", "user.email=test@example.com"])
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The lines that git shows as added or removed.
fn changed(diff: &str) -> Vec<&str> {
    let is_change = |line: &&str| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---");
    diff.lines().filter(is_change).collect()
}

#[test]
fn a_difference_shows_what_changed_and_nothing_else() {
    let account = Account::new(&[REGION]);
    let folder = account.trial.path("out");
    std::fs::create_dir(&folder).unwrap();
    if git(&folder, &["init", "-q"]).is_none() {
        eprintln!("git is not installed: no difference was looked at");
        return;
    }
    account.instances(REGION, &[("i-1", "a"), ("i-2", "b")]);
    account.rules(REGION, &[rule(22, "203.0.113.0/24"), rule(22, "198.51.100.7/32"), rule(443, "0.0.0.0/0")]);
    account.snapshot(&["-q"]).shows(0, "", "");
    git(&folder, &["add", "-A"]).unwrap();
    git(&folder, &["commit", "-qm", "first"]).unwrap();
    account.rules(REGION, &[rule(443, "0.0.0.0/0"), rule(22, "198.51.100.7/32")]);
    account.snapshot(&["-q"]).shows(0, "", "");
    assert_eq!(changed(&git(&folder, &["diff"]).unwrap()), ["-  - \"in tcp 22 203.0.113.0/24\""]);
    git(&folder, &["commit", "-qam", "second"]).unwrap();
    account.instances(REGION, &[("i-2", "b"), ("i-1", "A")]);
    account.snapshot(&["-q"]).shows(0, "", "");
    assert_eq!(changed(&git(&folder, &["diff"]).unwrap()), ["-  Name: \"a\"", "+  Name: \"A\""]);
    let commits = git(&folder, &["log", "--format=%s", "-S203.0.113.0/24"]).unwrap();
    assert_eq!(commits, "second\nfirst\n");
}
