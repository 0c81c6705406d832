//! Expressions that would exhaust a process end with an error.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use crate::harness::Trial;

const LOG: &str = r#"{"Records":[{"eventName":"A","eventVersion":"1","a":[1,"x"]}]}"#;

/// The expressions exhaust the memory or the stack. The rest of the output would be missing.
#[cfg(target_os = "linux")]
#[test]
fn an_expression_that_crashes_the_child_process_is_an_error() {
    let trial = Trial::with("log.json", LOG);
    for expression in [
        r#"reduce range(60) as $i ("xxxxxxxx"; . + .)"#,
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f(g): f(g | g) + 1; f(.)",
    ] {
        for arguments in [&["log.json", "--jq", expression][..], &["log.json", "-o", "out.tsv", "--jq", expression]] {
            let ran = trial.run(arguments);
            let last = ran.stderr.lines().last().unwrap();
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
            assert!(
                last.starts_with("trail2tsv: --jq: the expression used more than 200 MiB of memory, or "),
                "{ran:?}"
            );
            assert_eq!(std::fs::read_dir(trial.path("")).unwrap().count(), 1, "{ran:?}");
        }
    }
}

#[test]
fn an_event_that_an_expression_cannot_be_computed_for_is_left_out() {
    let trial = Trial::with("log.json", LOG);
    for size in ["1e10", "1e18", "1e30"] {
        let ran = trial.run(&["log.json", "--jq", &format!("\"x\" * {size}")]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran:?}");
        assert!(ran.stderr.contains("--jq failed on an event: cannot calculate"), "{ran:?}");
    }
}

#[test]
fn an_expression_that_is_too_deep_or_reads_files_is_refused() {
    let trial = Trial::with("log.json", LOG);
    let brackets = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    for (expression, reason) in [
        (brackets.as_str(), "nested more than 256 levels deep"),
        (&"(".repeat(300), "nested more than 256 levels deep"),
        (r#"include "x"; .a"#, "include and import are not supported"),
        (r#"import "x" as x; .a"#, "include and import are not supported"),
        (r#"import "x" as $x; $x"#, "include and import are not supported"),
        (r#"import "x" as $x; .a"#, "include and import are not supported"),
    ] {
        let ran = trial.run(&["log.json", "--jq", expression]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(reason), "{ran:?}");
    }
}

/// The child process for expressions has the input and the output of the command.
#[test]
fn input_and_output_are_those_of_the_command() {
    let trial = Trial::with("log.json", LOG);
    let ran = trial.run_with_stdin(&["-", "--jq", ".a[]"], LOG);
    assert_eq!(ran.stdout, "1\nx\n", "{ran:?}");
    trial.run(&["log.json", "--jq", ".eventName", "-o", "out.tsv"]).shows(
        0,
        "",
        "trail2tsv: 1 event in 1 file read, 1 matched\n",
    );
    assert_eq!(std::fs::read_to_string(trial.path("out.tsv")).unwrap(), "A\n");
    let ran = trial.run(&["summary", "log.json", "--jq", r#".eventName == "A""#, "-f", "csv"]);
    assert!(ran.stdout.contains("total,events,,1,"), "{ran:?}");
}
