//! Timelines, whose actors depend on events of other parts.

use std::fs;

use calamine::{Reader, Xlsx};

use super::{Parts, last_line};
use crate::harness::{Trial, gzip};

/// Checks that the merged parts of a timeline are equal to one run over all files.
#[track_caller]
fn check(parts: &Parts, options: &[&str]) {
    let question = [&["timeline"], options].concat();
    let whole = parts.whole(&question);
    assert!(matches!(whole.code, Some(0 | 3)), "{whole:?}");
    let made = parts.make(&question, "3");
    let mut shuffled = made.clone();
    shuffled.rotate_left(3);
    let lists: Vec<&str> = parts.lists.iter().map(String::as_str).collect();
    let to_file = parts.merge(&shuffled, &[&["-o", "out", "--plan"], &lists[..]].concat());
    for (merged, stdout) in [(to_file, Some(parts.trial.read("out"))), (parts.merge(&made, &[]), None)] {
        let stdout = stdout.unwrap_or_else(|| merged.stdout.clone());
        assert!(stdout == whole.stdout, "{question:?}\n{:.3000}", format!("{whole:?}{merged:?}"));
        assert_eq!((last_line(&merged), merged.code), (last_line(&whole), whole.code), "{question:?}");
    }
}

const QUESTIONS: &[&[&str]] = &[
    &[],
    &["--all"],
    &["--all", "--dedupe"],
    &["--dedupe", "-n", "40"],
    &["-n", "0"],
    &["-n", "100000"],
    &["--reads", "-f", "json"],
    &["-f", "csv", "--delimiter", ";", "--no-header", "--all"],
    &["-f", "table", "--dedupe"],
    &["-f", "table", "-c", "time,actor,event"],
    &["-c", "eventTime,actor,eventName,resources,outcome", "--time-zone", "Europe/Berlin", "--excel"],
    &["-c", "user,event,events", "--dedupe"],
    &["--null", "-", "--raw", "--errors"],
    &["--user", "!bob"],
    &["--since", "2026-10-01T09:30:00Z", "--until", "2026-10-01T11:00:00Z"],
    &["--where", "errorCode = {AccessDenied,*.AccessDenied}"],
    &["--jq", ".eventName == \"RunInstances\""],
    &["-e", "NoSuchEvent"],
];

#[test]
fn parts_of_the_sample_are_one_run() {
    let parts = Parts::of_sample();
    QUESTIONS.iter().step_by(3).for_each(|options| check(&parts, options));
}

#[test]
fn parts_of_logs_with_sessions_and_duplicates_are_one_run() {
    let parts = Parts::of_sessions();
    QUESTIONS.iter().for_each(|options| check(&parts, options));
    let whole = parts.whole(&["timeline", "-c", "actor", "--dedupe"]);
    // The logs have the difficult cases: actors from other parts, and sessions without an actor.
    for expected in ["\nalice\n", "\nbob\n", "\n\n", "\nec2.amazonaws.com\n"] {
        assert!(whole.stdout.contains(expected), "{expected:?} {whole:?}");
    }
    assert!(whole.stderr.contains("sessions began outside the logs") && whole.stderr.contains("duplicates left out"));
}

#[test]
fn problems_are_named_again() {
    Parts::of_sessions().check_problems_are_named_again("timeline");
}

#[test]
fn the_bytes_of_a_part_do_not_depend_on_the_threads() {
    let parts = Parts::of_sessions();
    let bytes = |threads| -> Vec<_> {
        let made = parts.make(&["timeline", "--all", "--dedupe"], threads);
        made.iter().map(|part| fs::read(parts.trial.path(part)).unwrap()).collect()
    };
    assert!(bytes("1") == bytes("8"));
}

#[test]
fn tables_of_addresses_are_needed_for_the_parts_only() {
    let parts = Parts::of_sessions();
    parts.trial.write("networks.csv", "198.51.100.1/32,office\n198.51.100.2/32,\"lab; old\"\n");
    let question = ["timeline", "--networks", "networks.csv", "-c", "network,event,sourceIPAddress,network"];
    let whole = parts.whole(&question);
    assert!(whole.stdout.contains("\noffice\t") && whole.stdout.contains("\tlab; old\n"), "{whole:?}");
    let made = parts.make(&question, "2");
    fs::remove_file(parts.trial.path("networks.csv")).unwrap();
    parts.merge(&made, &[]).shows(3, &whole.stdout, &whole.stderr);
}

#[test]
fn a_workbook_has_the_same_cells() {
    let parts = Parts::of_sessions();
    let made = parts.make(&["timeline", "--dedupe"], "2");
    parts.merge(&made, &["-q", "-o", "merged.xlsx"]);
    parts.whole(&["timeline", "--dedupe", "-q", "-o", "whole.xlsx"]);
    let cells = |name: &str| {
        let mut book: Xlsx<_> = calamine::open_workbook(parts.trial.path(name)).unwrap();
        let range = book.worksheet_range("Events").unwrap();
        assert!(range.height() > 100);
        range
    };
    assert!(cells("whole.xlsx") == cells("merged.xlsx"));
}

#[test]
fn the_ending_of_the_merged_file_decides_about_its_format() {
    let parts = Parts::of_sample();
    let made = parts.make(&["timeline"], "2");
    for name in ["out.csv", "out.json", "out.tsv"] {
        parts.merge(&made, &["-q", "-o", name]).shows(0, "", "");
        parts.whole(&["timeline", "-q", "-o", &format!("whole-{name}")]).shows(0, "", "");
        assert_eq!(parts.trial.read(name), parts.trial.read(&format!("whole-{name}")));
    }
    let unknown = parts.merge(&made, &["-o", "out.xls"]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("unknown ending .xls"), "{unknown:?}");
    let named = parts.make(&["timeline", "-f", "json"], "2");
    parts.merge(&named, &["-q", "-o", "named.tsv"]).shows(0, "", "");
    assert_eq!(parts.trial.read("named.tsv"), parts.trial.read("out.json"));
}

/// The first pass reads logs of the hours before the window, which the second one skips.
#[test]
fn a_session_can_begin_before_the_window_in_another_part() {
    let trial = Trial::new();
    let name = |time: &str| {
        let file = format!("111122223333_CloudTrail_eu-west-1_{time}_aaaaaaaaaaaaaaaa.json.gz");
        format!("AWSLogs/111122223333/CloudTrail/eu-west-1/{}/{}/{}/{file}", &time[..4], &time[4..6], &time[6..8])
    };
    let event = |time: &str, members: &str| {
        format!(
            r#"{{"eventTime":"{time}","awsRegion":"eu-west-1","recipientAccountId":"111122223333","eventVersion":"1.08",
            {members}}}"#
        )
    };
    let role = "arn:aws:iam::111122223333:role/R";
    let start = event(
        "2026-09-30T23:00:00Z",
        &format!(
            r#""eventSource":"sts.amazonaws.com","eventName":"AssumeRole","userIdentity":{{"type":"IAMUser",
            "userName":"alice"}},"requestParameters":{{"roleArn":"{role}","roleSessionName":"s"}},
            "responseElements":{{"credentials":{{"accessKeyId":"ASIA1"}}}}"#
        ),
    );
    let call = event(
        "2026-10-01T01:00:00Z",
        &format!(
            r#""eventSource":"s3.amazonaws.com","eventName":"DeleteBucket","userIdentity":{{"type":"AssumedRole",
            "accessKeyId":"ASIA1","arn":"arn:aws:sts::111122223333:assumed-role/R/s","sessionContext":{{"sessionIssuer":
            {{"arn":"{role}","userName":"R"}},"attributes":{{"creationDate":"2026-09-30T23:00:00Z"}}}}}}"#
        ),
    );
    let files = [name("20260930T2305Z"), name("20260930T2310Z"), name("20261001T0105Z")];
    trial.write(&files[0], gzip(format!(r#"{{"Records":[{start}]}}"#)));
    let damaged = gzip(format!(r#"{{"Records":[{start}]}}"#));
    trial.write(&files[1], &damaged[..damaged.len() / 2]);
    trial.write(&files[2], gzip(format!(r#"{{"Records":[{call}]}}"#)));
    trial.write("keys.txt", files.join("\n"));
    let question = ["timeline", "--since", "2026-10-01", "--no-header", "-c", "actor,event"];
    let whole = trial.run(&[&question[..], &["--keys-from", "keys.txt"]].concat());
    assert_eq!((whole.code, whole.stdout.as_str()), (Some(3), "alice\tDeleteBucket\n"), "{whole:?}");
    assert!(whole.stderr.contains("1 problem in the logs of the 12 hours before the window"), "{whole:?}");
    for (number, file) in files.iter().enumerate() {
        trial.write("part.txt", file);
        let part = format!("{number}.part");
        let ran = trial.run(&[&question[..], &["--keys-from", "part.txt", "--partial", &part]].concat());
        assert_eq!(ran.code, Some(if number == 1 { 3 } else { 0 }), "{ran:?}");
    }
    let merged = trial.run(&["merge", "0.part", "1.part", "2.part", "--plan", "keys.txt"]);
    merged.shows(3, &whole.stdout, &whole.stderr);
}

#[test]
fn what_parts_cannot_answer_is_refused() {
    let trial = Trial::with("a.json", r#"{"Records":[]}"#);
    let actors = "--partial cannot be combined with conditions on actors: who began a session can be in another part";
    for (options, expected) in [
        (&["--actor", "alice"][..], actors),
        (&["--where", "actor = alice"], actors),
        (&["-o", "x.tsv"], "--partial takes the place of --output; name the result in trail2tsv merge"),
    ] {
        let ran = trial.run(&[&["timeline", "a.json", "--partial", "a.part"], options].concat());
        ran.shows(2, "", &format!("trail2tsv: {expected}\ntrail2tsv: try --help\n"));
        assert!(!trial.path("a.part").exists());
    }
    for command in ["timeline", "summary"] {
        let ran = trial.run(&[command, "--event-history", "--partial", "a.part"]);
        assert!(ran.code == Some(2) && ran.stderr.contains("the event history has no parts"), "{ran:?}");
    }
}

#[test]
fn parts_of_another_timeline_are_named() {
    let parts = Parts::of_sample();
    let made = parts.make(&["timeline", "--since", "2026-09-30T00:00:00Z"], "2");
    let whole = parts.whole(&["timeline", "--since", "2026-09-30T00:00:00Z"]);
    let same = ["--", "timeline", "--since", "2026-09-30"];
    parts.merge(&made, &same).shows(0, &whole.stdout, &whole.stderr);
    let ran = parts.merge(&made, &[&same[..], &["--all"]].concat());
    ran.shows(1, "", "trail2tsv: 0.part: is a part of another question: no --all instead of --all\n");
    let other = ["--keys-from", "3.txt", "--partial", "3.part"];
    parts.trial.run(&other).code.unwrap();
    let expected = "trail2tsv: 3.part: is a part of another question than 0.part: rows instead of trail2tsv timeline\n";
    parts.merge(&made, &[]).shows(1, "", expected);
}
