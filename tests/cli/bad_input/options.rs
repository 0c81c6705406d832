//! Mistyped options: the error names the option, its value and the remedy.

use super::LOG;
use crate::harness::Trial;

const TIME: &str = "not a time; write 30d, 12h, 1h30m or '2 days ago' for a time that long ago, now, today, \
                    yesterday, 2026-10, 2026-10-01, 2026-10-01T12:00 (UTC), 2026-10-01T12:00:00+02:00, \
                    or 1790000000 for seconds since 1970";
const MONTH: &str = "not a month; write year and month, as in 2026-10";
const UNIT: &str = "not a time; add a unit, as in 7d, or in quotes '7 days'";
const DAY: &str = "not a day; write year, month and day, as in 2026-10-01";
const PATTERN: &str = "not a pattern; * matches any text, ? one character, {a,b} either of two; \\ makes the \
                       next character literal";
const ADDRESS: &str = "not an address; write 203.0.113.7, 203.0.113.0/24, 2001:db8::/32, \
                       a name such as ec2.amazonaws.com, or a pattern such as 203.0.*";
const ACCOUNT: &str = "not an account; write its 12 digits, such as 111122223333";
const EMPTY: &str = "empty, so it would match nothing; leave it out or write *";

/// Checks that the arguments are refused before anything is written.
#[track_caller]
fn check_refused(arguments: &[&str], stderr: &str) {
    let trial = Trial::with("log", LOG);
    trial.run(&[&["log", "-o", "out.tsv"], arguments].concat()).shows(2, "", stderr);
    assert!(!trial.path("out.tsv").exists());
}

#[test]
fn invalid_values_are_refused() {
    for (option, value, right) in [
        ("--since", "tomorrow", TIME),
        ("--since", "3 months", TIME),
        ("--since", "7", UNIT),
        ("--until", "2026-13", MONTH),
        ("--since", "", TIME),
        ("--until", "2026-13-01", DAY),
        ("--since", "2026-02-29", DAY),
        ("--source-ip", "10.0.0.0/33", ADDRESS),
        ("--source-ip", "10.0.0", ADDRESS),
        ("--source-ip", "", EMPTY),
        ("--event-name", "{", PATTERN),
        ("--event-name", "", EMPTY),
        ("--event-name", "!", EMPTY),
        ("--user", "{a", PATTERN),
        ("--user", "", EMPTY),
        ("--region", "eu-{", PATTERN),
        ("--event-source", "{", PATTERN),
        ("--account", "12", ACCOUNT),
        ("--account", "1234567890ab", ACCOUNT),
        ("--account", "", ACCOUNT),
        ("--format", "yaml", "not one of table, tsv, csv, json, xlsx, parquet, sqlite"),
        ("--columns", "eventnam", "not a column; did you mean eventName?"),
        ("--columns", "a..b", "a path that has an empty name"),
        ("--columns", "a[x]", "a path that has [x]; write [] or [0]"),
        ("--columns", "", "an empty name; --columns help lists the names"),
        ("--columns", "bogus", "not a column; use --columns help for the names, or .bogus for the field of that name"),
    ] {
        check_refused(&[option, value], &format!("trail2tsv: {option} {value:?}: {right}\ntrail2tsv: try --help\n"));
    }
}

#[test]
fn a_value_is_shown_as_text() {
    check_refused(
        &["--since", "\u{1b}[31m\n"],
        &format!("trail2tsv: --since \"\\u{{1b}}[31m\\n\": {TIME}\ntrail2tsv: try --help\n"),
    );
}

#[test]
fn since_comes_before_until() {
    for (since, until) in [("1d", "2d"), ("2026-10-02", "2026-10-01"), ("2026-10-01", "2026-10-01")] {
        check_refused(
            &["--since", since, "--until", until],
            &format!(
                "trail2tsv: --since {since:?}: not before --until {until:?}; the window is empty\n\
                 trail2tsv: try --help\n"
            ),
        );
    }
}

#[test]
fn numbers_have_bounds() {
    for (option, value, right) in [
        ("--limit", "x", "not a number; write one such as 100"),
        ("--limit", "-1", "not a number; write one such as 100"),
        ("--threads", "0", "not a number from 1 to 32"),
        ("--threads", "two", "not a number from 1 to 32"),
        ("--late-days", "31", "not a number from 0 to 30"),
        ("--jobs", "0", "not a number from 1 to 1000"),
    ] {
        let text = format!("trail2tsv: {option} {value:?}: {right}\ntrail2tsv: try --help\n");
        check_refused(&[&format!("{option}={value}")], &text);
    }
}

#[test]
fn an_unknown_ending_is_refused() {
    let trial = Trial::with("log", LOG);
    for ending in ["xls", "ods", "gz", "avro", "mdb", "md", "html", "v2"] {
        let output = format!("out.{ending}");
        let text = format!(
            "trail2tsv: --output {output:?}: unknown ending .{ending}; \
             use .tsv, .txt, .csv, .json, .ndjson, .xlsx, .parquet, .db or .sqlite, \
             or choose a format with --format\ntrail2tsv: try --help\n"
        );
        trial.run(&["log", "-o", &output]).shows(2, "", &text);
        assert!(!trial.path(&output).exists());
        assert_eq!(trial.run(&["log", "-q", "-f", "tsv", "-o", &output]).code, Some(0));
    }
    for output in ["out", "out.txt", "out.TSV", "out.2026-10", "out.log"] {
        assert_eq!(trial.run(&["log", "-q", "-o", output]).code, Some(0), "{output}");
        assert!(trial.read(output).starts_with("eventTime\t"), "{output}");
    }
}

#[test]
fn an_unknown_option_is_refused_with_what_was_probably_meant() {
    for (option, meant) in [
        ("--event-nam", "--event-name"),
        ("--service", "--event-source"),
        ("--head", "--limit"),
        ("--ip", "--source-ip"),
        ("--last", "--since, as in --since 7d"),
        ("--denied", "--error-code '*{AccessDenied,Unauthorized,NotAuthorized,AuthorizationError,Forbidden}*'"),
        ("--tz", "--time-zone"),
        ("--role", "--user ROLE, which matches all its sessions"),
    ] {
        let text = format!("{option}: unknown option\ntrail2tsv: did you mean {meant}?");
        check_refused(&[option, "A"], &format!("trail2tsv: {text}\ntrail2tsv: try --help\n"));
    }
    check_refused(&["--frobnicate"], "trail2tsv: --frobnicate: unknown option\ntrail2tsv: try --help\n");
}

#[test]
fn options_that_exclude_each_other_are_refused() {
    let text = "trail2tsv: --errors cannot be used with --no-errors\ntrail2tsv: try --help\n";
    check_refused(&["--errors", "--no-errors"], text);
    check_refused(&["--format"], "trail2tsv: --format needs a value\ntrail2tsv: try --help\n");
}

#[test]
fn standard_input_is_read_once() {
    check_refused(&["-", "-"], "trail2tsv: standard input (-) can be read only once\ntrail2tsv: try --help\n");
}

#[test]
fn without_input_there_is_help() {
    let trial = Trial::new();
    let help = trial.run(&["-h"]);
    assert!(help.stdout.contains("Usage: trail2tsv [OPTIONS]"), "{help:?}");
    help.shows(0, &help.stdout, "");
    trial.run(&[]).shows(2, "", &help.stdout);
    trial.run(&["--since", "30d"]).shows(2, "", &help.stdout);
}

#[test]
fn an_option_of_another_command_is_not_a_file() {
    let ran = Trial::with("log", LOG).run(&["summary", "log", "--excel"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.starts_with("trail2tsv: --excel: unknown option\n"), "{ran:?}");
    assert!(!ran.stderr.contains("did you mean"), "{ran:?}");
    let text = "trail2tsv: s3://b/x: \"b\" is not the name of a bucket\ntrail2tsv: try --help\n";
    Trial::new().run(&["s3://b/x"]).shows(2, "", text);
}
