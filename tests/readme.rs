//! Runs the commands in the README and in `docs/`, and compares their output with the
//! text.
//!
//! `UPDATE_README=1 cargo test --test readme` writes today's output into them.

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

/// A document with the output of its commands as it is today.
fn refreshed(document: &str) -> String {
    let mut fresh = String::new();
    let (mut in_console, mut in_output) = (false, false);
    for line in document.lines() {
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

/// Checks a document with more than `least` commands, or updates its output.
fn check(document: &str, least: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let fresh = refreshed(&text);
    assert!(fresh.matches("\n$ trail2tsv").count() > least, "the commands are found");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    for (shown, printed) in text.lines().zip(fresh.lines()) {
        assert_eq!(shown, printed);
    }
    assert_eq!(text, fresh);
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    check("README.md", 6);
}

#[test]
fn the_reference_shows_what_the_program_prints() {
    check("docs/reference.md", 4);
}

#[test]
fn the_page_about_summaries_shows_what_the_program_prints() {
    check("docs/summary.md", 0);
}

#[test]
fn the_page_about_history_shows_what_the_program_prints() {
    check("docs/history.md", 3);
}

#[test]
fn the_cookbook_shows_what_the_program_prints() {
    check("docs/cookbook.md", 30);
}

#[test]
fn every_recipe_finds_something() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cookbook.md");
    let text = std::fs::read_to_string(&path).unwrap();
    for recipe in text.split("\n$ ").skip(1) {
        let shown: Vec<&str> = recipe.lines().take_while(|line| *line != FENCE).collect();
        let is_said = |line: &&&str| !line.starts_with("trail2tsv: ");
        let rows = shown[1..].iter().filter(is_said).count();
        let has_header = !["--no-header", "--jq", "--count"].iter().any(|option| shown[0].contains(option));
        assert!(rows > usize::from(has_header), "{}", shown[0]);
    }
}
