//! Bad input: damaged files, files of other kinds, hostile content, unreadable folders,
//! unwritable outputs, and mistyped options. Each is named, and the rest is still
//! processed.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod cells;
mod content;
mod files;
mod gzip;
mod nesting;
mod options;
mod target;
mod utf16;

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

/// A log with three events, and the arguments that show their names.
const LOG: &str = r#"{"Records":[{"eventName":"A","eventVersion":"1"},{"eventName":"B","eventVersion":"1"},{"eventName":"C","eventVersion":"1"}]}"#;
const NAMES: [&str; 4] = ["-c", "eventName", "--no-header", "log"];

/// Waits until a run has opened its output. By then it has checked its inputs,
/// and handles signals.
fn wait_for_output(child: &mut Child, folder: &Path) {
    let is_open = || {
        let mut names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.any(|name| name.as_encoded_bytes().starts_with(b".trail2tsv-"))
    };
    while !is_open() {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it opened its output");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Runs a command of the system that a test needs.
#[cfg(unix)]
fn system(command: &str, arguments: &[&str]) {
    assert!(Command::new(command).args(arguments).status().unwrap().success(), "{command} {arguments:?}");
}
