//! The commands in the documents: each is accepted, and fails only because no service can be
//! reached.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::path::Path;

use crate::harness::Trial;

/// An address at which nothing listens.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The commands in a text, without the programs that read their output.
fn commands(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.find("trail2tsv follow -").map(|at| &line[at..]));
    let is_whole = |line: &&str| !line.contains('`');
    lines.filter(is_whole).map(|line| line.split(" | ").next().unwrap().trim_end_matches(" |").to_string()).collect()
}

#[test]
fn every_command_is_accepted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trial = Trial::new();
    trial
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_ENDPOINT_URL", NOWHERE)
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("SPLUNK_HEC_TOKEN", "secret");
    trial.write("token", "secret");
    let help = trial.run(&["follow", "--help"]).stdout;
    let documents = ["README.md", "docs/follow.md", "docs/splunk.md"];
    let texts = documents.map(|path| std::fs::read_to_string(root.join(path)).unwrap());
    let mut count = 0;
    for command in texts.iter().chain([&help]).flat_map(|text| commands(text)) {
        let folder = trial.path("").display().to_string();
        let line = command
            .replace("/var/log/trail2tsv/", "")
            .replace("%d/", "")
            .replace("%S/", &folder)
            .replace(" URL", &format!(" {NOWHERE}/111122223333/trail"));
        let ran = trial.run_in_shell(&line);
        assert_eq!(ran.code, Some(1), "{command}: {ran:?}");
        assert!(ran.stderr.contains("cannot be reached"), "{command}: {ran:?}");
        count += 1;
    }
    assert!(count >= 12, "{count}");
}
