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
    let helps =
        [&["--help"][..], &["summary", "--help"], &["timeline", "--help"]].map(|arguments| trial.run(arguments).stdout);
    let examples: Vec<String> = helps.iter().flat_map(|help| examples(help)).collect();
    let on_folders: Vec<&String> = examples.iter().filter(|line| line.contains(" AWSLogs")).collect();
    assert!(on_folders.len() >= 7, "{examples:#?}");
    for line in on_folders {
        let ran = trial.run_in_shell(&line.replace("AWSLogs", logs));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        // One example has the key of the AWS documentation, which no log contains.
        let finds = !ran.stderr.contains(" 0 matched");
        assert!(finds || line.contains("--access-key"), "{ran:?}");
    }
}

#[test]
fn every_command_has_a_help_and_a_manual_page() {
    let trial = Trial::new();
    let whole = trial.run(&["--help"]);
    trial.run(&["help"]).shows(0, &whole.stdout, "");
    for command in
        ["summary", "timeline", "snapshot", "sync", "verify", "keys", "merge", "sql", "trail", "completions", "man"]
    {
        let help = trial.run(&[command, "--help"]);
        assert_eq!(help.code, Some(0), "{help:?}");
        trial.run(&["help", command]).shows(0, &help.stdout, "");
        let page = trial.run(&["man", command]).lines(0).join("\n");
        assert!(page.contains(&format!("trail2tsv\\-{command}")), "{page}");
    }
    let page = trial.run(&["man"]).stdout;
    assert!(page.contains(".nf\n  trail2tsv \\-\\-event\\-history \\-\\-resource i\\-064bd95a9b9b0a4e6\n"), "{page}");
    trial.run(&["man", "sumary"]).shows(
        2,
        "",
        "trail2tsv: man \"sumary\": not a command; did you mean summary?\ntrail2tsv: try --help\n",
    );
}

#[test]
fn the_short_help_fits_a_screen() {
    let trial = Trial::new();
    let help = trial.run(&["-h"]);
    let lines = help.lines(0);
    // Wrapped at 80 columns, one line more: a terminal of 50 lines has it and a prompt.
    assert!(lines.len() <= 48, "{} lines", lines.len());
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{help:?}");
    let options = lines.iter().filter(|line| line.trim_start().starts_with('-')).count();
    assert!((15..=20).contains(&options), "{options} options: {help:?}");
}
