//! The commands of the README, run: what it shows is what the program prints.
//!
//! `UPDATE_README=1 cargo test --test readme` writes today's output into it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::path::Path;
use std::process::Command;

const FENCE: &str = "```";

/// What a shell in the repository prints: stdout, then stderr.
fn run(command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_trail2tsv"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", path)
        .env("LC_ALL", "C")
        .env("TRAIL2TSV_CONFIG", "/dev/null")
        .output()
        .unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
}

/// The README with the output of its commands as it is today.
fn refreshed(readme: &str) -> String {
    let mut fresh = String::new();
    let (mut in_console, mut in_output) = (false, false);
    for line in readme.lines() {
        if line.starts_with(FENCE) {
            in_console = line == "```console";
            in_output = false;
        }
        if in_console && let Some(command) = line.strip_prefix("$ ") {
            fresh.push_str(&format!("{line}\n{}", run(command)));
            in_output = true;
        } else if !in_output {
            fresh.push_str(&format!("{line}\n"));
        }
    }
    fresh
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let fresh = refreshed(&readme);
    assert!(fresh.matches("\n$ trail2tsv").count() > 10, "the commands are found");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    for (shown, printed) in readme.lines().zip(fresh.lines()) {
        assert_eq!(shown, printed);
    }
    assert_eq!(readme, fresh);
}
