//! The help and the manual pages of all commands, and the examples in them.

use crate::harness::Trial;

const COMMANDS: [&str; 21] = [
    "summary",
    "timeline",
    "history",
    "history ip",
    "history rules",
    "history exposed",
    "history resource",
    "snapshot",
    "sync",
    "verify",
    "keys",
    "merge",
    "sql",
    "trail",
    "trail create",
    "trail show",
    "trail delete",
    "follow",
    "completions",
    "man",
    "help",
];

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
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').collect();
        let help = trial.run(&[&words[..], &["--help"]].concat());
        assert_eq!(help.code, Some(0), "{help:?}");
        trial.run(&[&["help"], &words[..]].concat()).shows(0, &help.stdout, "");
        let page = trial.run(&[&["man"], &words[..]].concat()).lines(0).join("\n");
        assert!(page.contains(&format!("trail2tsv\\-{}", words.join("\\-"))), "{page}");
        let footer = format!("\"trail2tsv {}\"", env!("CARGO_PKG_VERSION"));
        assert!(page.lines().any(|line| line.starts_with(".TH ") && line.contains(&footer)), "{page}");
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
    // At 80 columns, one line is wrapped. A terminal of 50 lines then shows it and a prompt.
    assert!(lines.len() <= 48, "{} lines", lines.len());
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{help:?}");
    let options = lines.iter().filter(|line| line.trim_start().starts_with('-')).count();
    assert!((15..=20).contains(&options), "{options} options: {help:?}");
}

#[test]
fn lines_that_end_by_hand_are_not_wrapped_again() {
    let help = |columns: &str, words: &[&str]| {
        let mut trial = Trial::new();
        trial.env("COLUMNS", columns);
        let shown = trial.run(&[words, &["--help"]].concat()).stdout;
        // The text after the examples, which are commands and must stay on one line.
        let behind = shown.lines().skip_while(|line| *line != "Examples:").skip_while(|line| !line.is_empty());
        behind.map(String::from).collect::<Vec<_>>()
    };
    for command in COMMANDS.iter().chain(&[""]) {
        let words: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(help("80", &words), help("100", &words), "{command}");
    }
}

#[test]
fn an_unknown_command_has_no_help() {
    let trial = Trial::new();
    for (words, why) in [
        (&["sumary"][..], "help \"sumary\": not a command; did you mean summary?"),
        (&["history", "rule"], "help \"rule\": not a command; did you mean rules?"),
        (&["summary", "history"], "help \"history\": not a command; summary has no commands"),
    ] {
        let text = format!("trail2tsv: {why}\ntrail2tsv: try --help\n");
        trial.run(&[&["help"], words].concat()).shows(2, "", &text);
    }
    // Settings that are wrong cannot hide the help.
    trial.write(".config/trail2tsv/config.toml", "x");
    assert_eq!(trial.run(&["help", "history", "ip"]).code, Some(0));
}

/// The help of an option or argument, in one line.
fn help_of(words: &[&str], name: &str) -> String {
    let help = Trial::new().run(&[words, &["--help"]].concat()).stdout;
    let lines = help.lines().skip_while(|line| !line.contains(name)).skip(1);
    lines.take_while(|line| line.starts_with("        ")).map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn help_says_what_an_option_does_in_this_command() {
    for (words, option, expected) in [
        (&["sync"][..], "--kind <", "Kinds of logs to mirror [default: cloudtrail]"),
        (&["sync"], "--late-days <", "Days after --until to search for late deliveries, at most 30 [default: 1]"),
        (&["keys"], "--kind <", "Kinds of logs to list [default: cloudtrail]"),
        (&["summary"], "--jq <", "Only events for which this jq expression yields a value other than false and null"),
        (&["timeline"], "--jq <", "Only events for which this jq expression yields a value other than false and null"),
        (&["follow"], "--format <", "Format [default: by the ending of --output, else tsv]"),
        (
            &["follow"],
            "--output <",
            "Write to files of this name, each with the time of its start in the name; see --rotate",
        ),
    ] {
        let help = help_of(words, option);
        assert!(help.starts_with(expected), "{words:?} {option}: {help}");
    }
    let sync = Trial::new().run(&["sync", "--help"]).stdout;
    assert!(!sync.contains("--offline"), "{sync}");
    let merge = Trial::new().run(&["merge", "--help"]).stdout;
    let arguments = merge.split("\n\n").skip_while(|part| !part.starts_with("Arguments:"));
    assert!(arguments.take(2).any(|part| part.contains("[OPTIONS OF THE PARTS]...")), "{merge}");
}
