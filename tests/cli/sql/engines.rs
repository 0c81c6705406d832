//! Engines run and parse the texts, if they are installed for `python3`.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testkit::logs::{AccountRegion, Generator, edge_cases, records};

use crate::harness::{Trial, gzip};

/// The sample logs.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");

/// The questions. `-c` is added where a question has no columns.
const QUESTIONS: [&[&str]; 46] = [
    &["-e", "TerminateInstances"],
    &["-e", "delete*,put*"],
    &["-e", "!Describe*,!List*,!Get*"],
    &["-e", "{Run,Terminate}Instances,ConsoleLogin", "-c", "eventID,mfa,userType,accessKeyId,invokedBy"],
    &["-u", "root"],
    &["-u", "*alice*"],
    &["-u", "!*:assumed-role/*"],
    &["-u", "arn:aws:iam::*"],
    &["-u", "Admin/*", "-u", "!*bob*"],
    &["-u", "*é*"],
    &["-u", "it's; DROP TABLE x"],
    &["-u", "*\\\\*"],
    &["-i", "203.0.113.0/24,10.0.0.0/12,198.51.100.23"],
    &["-i", "*.amazonaws.com"],
    &["-i", "!*.amazonaws.com,!10.0.0.0/8"],
    &["-i", "192.*"],
    &["-r", "eu-*"],
    &["-s", "ec2,s3,iam"],
    &["-s", "*.amazonaws.com", "-s", "!e?2"],
    &["--account", "111122223333"],
    &["--account", "!1*"],
    &["--access-key", "A*"],
    &["--error-code", "*Denied*,*Unauthorized*"],
    &["--errors", "-c", "eventID,errorCode,errorMessage"],
    &["--no-errors"],
    &["--writes", "-c", "eventID,eventName,readOnly"],
    &["--reads"],
    &["--since", "2026-10-01T08:00", "--until", "2026-10-01T20:00:00.5"],
    &["--since", "2026-10-02"],
    &["--where", "userName = */*"],
    &["--where", "!invokedBy", "--where", "userIdentity.type != AWSService"],
    &["--where", "errorMessage"],
    &["--where", "mfa = false"],
    &["--where", "eventTime >= 2026-10-01T09:00:00Z"],
    &["--where", "eventVersion > 1.07", "-c", "eventID,eventVersion"],
    &["--where", "userAgent = '*a*'", "--reads"],
    &["--where", "requestParameters.bucketName = *", "-c", "eventID,requestParameters.bucketName"],
    &["-c", "eventID,tlsDetails.tlsVersion,sharedEventID,requestID,sourceIdentity"],
    &["-c", "file,eventID,eventType,eventCategory,managementEvent,apiVersion"],
    &["-c", "eventTime,awsRegion,eventSource,eventName,userName,userAgent,recipientAccountId"],
    &["--sort", "-eventTime,eventID", "-n", "20", "-c", "eventTime,eventID", "--where", "eventTime > 2026-01-01"],
    &["--sort", "userName,eventID", "-n", "50"],
    &["--count"],
    &["--count", "--dedupe"],
    &["--count", "-e", "Get*", "--writes"],
    &["--count", "-n", "7"],
];

/// Edge cases that docs/sql.md excludes, by a part of their description: duplicate keys,
/// numbers, objects and lists in place of text, and times in other forms.
const EXCEPTED: [&str; 15] = [
    " twice",
    " and plain",
    "30 February",
    "the year 9999",
    "minus zero",
    "with zeros",
    "exponent",
    "of 30 digits",
    "beyond all doubles",
    "object",
    "array",
    "since 1970",
    "24 o'clock",
    "a leap second",
    "small letters",
];

/// Whether a library is installed for `python3`.
fn is_installed(library: &str) -> bool {
    let import = Command::new("python3").args(["-c", &format!("import {library}")]).stderr(Stdio::null()).status();
    let is_installed = import.is_ok_and(|status| status.success());
    if !is_installed {
        eprintln!("{library} is not installed for python3: it has not seen the SQL");
    }
    is_installed
}

/// The output of a script.
#[track_caller]
fn script_output(script: &str, input: String) -> String {
    use std::io::Write;
    let mut child =
        Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// A question with its SQL and the rows of the program, for the script.
fn question(trial: &Trial, input: &str, arguments: &[&str]) -> String {
    let has_columns = arguments.contains(&"-c");
    let columns: &[&str] = if has_columns { &[] } else { &["-c", "eventID,eventName,userName,sourceIPAddress"] };
    let is_count = arguments.contains(&"--count");
    let columns = if is_count { &[] } else { columns };
    let arguments = [arguments, columns].concat();
    let sql = trial.run(&[&["sql", "duckdb", input], &arguments[..]].concat());
    assert_eq!((sql.code, sql.stderr.as_str()), (Some(0), ""), "{sql:?}");
    let ran = trial.run(&[&[input, "-q", "-f", if is_count { "tsv" } else { "json" }], &arguments[..]].concat());
    let row = |line: &str| -> Value {
        let row: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        row.into_iter().map(|(_, value)| value).collect()
    };
    let rows: Vec<Value> = if is_count { Vec::new() } else { ran.stdout.lines().map(row).collect() };
    let count = is_count.then(|| ran.stdout.trim().to_string());
    let is_sorted = arguments.contains(&"--sort");
    json!({ "name": arguments, "sql": sql.stdout, "rows": rows, "count": count, "sorted": is_sorted }).to_string()
        + "\n"
}

#[test]
fn duckdb_gives_the_rows_of_the_program() {
    if !is_installed("duckdb") {
        return;
    }
    let (mut generator, place) = (Generator::new(18), AccountRegion::new("111122223333", "eu-west-1"));
    let generated = (0..600).map(|second| {
        let mut event = String::new();
        generator.event(&place, jiff::Timestamp::from_second(1_790_845_200 + second * 60).unwrap(), &mut event);
        event.into_bytes()
    });
    let odd = edge_cases::events().into_iter().filter(|event| !EXCEPTED.iter().any(|part| event.why.contains(part)));
    let odd = odd.map(|event| event.json).filter(|json| serde_json::from_slice::<Value>(json).is_ok());
    let trial = Trial::with("logs/a/generated.json.gz", gzip(records(generated)));
    trial.write("logs/odd.json", records(odd));
    // Whole events, one a line.
    trial.write("logs/lines.json", trial.run(&[SAMPLE, "-q", "-f", "json"]).stdout);
    let questions: String = QUESTIONS.iter().map(|arguments| question(&trial, "logs", arguments)).collect();
    let script = format!("import os\nos.chdir({:?})\n{}", trial.path(""), include_str!("rows.py"));
    assert_eq!(script_output(&script, questions), "");
}

#[test]
fn athena_and_spark_texts_are_parsed() {
    if !is_installed("sqlglot") {
        return;
    }
    let trial = Trial::new();
    let athena = ["sql", "athena", "--bucket", "my-trail", "--account", "111122223333", "-r", "eu-west-1"];
    let spark = ["sql", "spark", "s3://my-trail/"];
    let hostile = "x' OR 1=1; --\\'${y}";
    let condition = format!("userAgent = \"*{hostile}\"");
    let mut questions = String::new();
    for (dialect, start) in [("athena", &athena[..]), ("spark", &spark[..])] {
        let is_new = |arguments: &&&[&str]| {
            dialect == "spark" || !arguments.iter().any(|argument| ["-r", "--account"].contains(argument))
        };
        for arguments in QUESTIONS.iter().filter(is_new) {
            let ran = trial.run(&[start, arguments].concat());
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
            questions += &(json!({ "dialect": dialect, "sql": ran.stdout }).to_string() + "\n");
        }
        let ran = trial.run(&[start, &["-c", "eventID", "--where", &condition]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        questions += &(json!({ "dialect": dialect, "sql": ran.stdout }).to_string() + "\n");
    }
    assert_eq!(script_output(include_str!("parse.py"), questions), "");
}
