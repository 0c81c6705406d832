//! The examples of `--help` do what they say.

use crate::harness::Trial;

/// The commands under `Examples:` of a help.
fn examples(help: &str) -> Vec<String> {
    let commands = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    commands.take_while(|line| line.starts_with("  trail2tsv ")).map(|line| line.trim().to_string()).collect()
}

#[cfg(unix)]
#[test]
fn examples_on_a_folder_find_something() {
    let trial = Trial::new();
    let logs = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");
    let helps = [&["--help"][..], &["summary", "--help"]].map(|arguments| trial.run(arguments).stdout);
    let examples: Vec<String> = helps.iter().flat_map(|help| examples(help)).collect();
    let on_folders: Vec<&String> = examples.iter().filter(|line| line.contains(" AWSLogs")).collect();
    assert!(on_folders.len() >= 7, "{examples:#?}");
    for line in on_folders {
        let ran = trial.run_in_shell(&line.replace("AWSLogs", logs));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        // One asks for a key that the documentation uses, and nobody has.
        let finds = !ran.stderr.contains(" 0 matched");
        assert!(finds || line.contains("--access-key"), "{ran:?}");
    }
}
