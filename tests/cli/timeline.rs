//! The command `timeline`: its rows in every format, and what it refuses.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failure here is a failed test")]

use std::collections::HashMap;

use calamine::{Data, Reader, Xlsx};
use serde_json::Value;

use crate::harness::Trial;

const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");

/// An event at a time of a day, with the text of its further members.
fn event(time: &str, user: &str, name: &str, members: &str) -> String {
    format!(
        r#"{{"eventTime":"2026-10-01T{time}Z","eventSource":"ec2.amazonaws.com","eventName":"{name}","readOnly":false,
        "awsRegion":"eu-west-1","recipientAccountId":"111122223333","eventID":"{user}{time}{name}",
        "sourceIPAddress":"203.0.113.7","userIdentity":{{"type":"IAMUser","userName":"{user}"}}{members}}}"#
    )
}

fn trial(events: &[String]) -> Trial {
    Trial::with("log.json", format!(r#"{{"Records":[{}]}}"#, events.join(",")))
}

fn of_instance(id: u8) -> String {
    format!(r#","requestParameters":{{"instanceId":"i-0abc12de34f5678{id:02}"}}"#)
}

/// Calls of two persons. Alice stops two instances, before and after a call of bob, and is
/// denied a third. The last event has no time.
fn story() -> Vec<String> {
    let denied = format!(r#","errorCode":"Client.UnauthorizedOperation"{}"#, of_instance(3));
    let reads = event("09:02:30", "alice", "DescribeInstances", "").replace("false", "true");
    vec![
        event("09:05:00", "alice", "StopInstances", &denied),
        event("09:01:00", "alice", "StopInstances", &of_instance(1)),
        event("09:02:00", "bob", "CreateKeyPair", r#","requestParameters":{"keyName":"=k\u001b"}"#),
        reads,
        event("09:03:00", "alice", "StopInstances", &of_instance(2)),
        event("09:04:00", "alice", "StopInstances", &of_instance(2)),
        event("09:06:00", "alice", "RunInstances", r#","errorMessage":"no room""#),
        event("09:07:00", "bob", "CreateKeyPair", "").replace("2026-10-01T09:07:00Z", "soon"),
    ]
}

const LAST: &str = "trail2tsv: 8 events in 1 file read, 7 matched; 1 event kept without a readable eventTime\n";

#[test]
fn runs_of_calls_are_lines() {
    let columns = "eventTime,lastTime,userName,eventName,events,resources,sourceIPAddress,outcome,errorCode,theme";
    let ran = trial(&story()).run(&["timeline", "log.json", "-c", columns]);
    let [first, second] = ["i-0abc12de34f567801", "i-0abc12de34f567802"];
    let expected = format!(
        "\
eventTime\tlastTime\tuserName\teventName\tevents\tresources\tsourceIPAddress\toutcome\terrorCode\ttheme
2026-10-01T09:01:00Z\t2026-10-01T09:04:00Z\talice\tStopInstances\t3\t{first};{second}\t203.0.113.7\tdone\t\tinstances
2026-10-01T09:02:00Z\t\tbob\tCreateKeyPair\t1\t'=k\\u001b\t203.0.113.7\tdone\t\tkey pairs
2026-10-01T09:05:00Z\t\talice\tStopInstances\t1\ti-0abc12de34f567803\t203.0.113.7\tdenied\tClient.UnauthorizedOperation\tinstances
2026-10-01T09:06:00Z\t\talice\tRunInstances\t1\t\t203.0.113.7\tfailed\t\tinstances
\t\tbob\tCreateKeyPair\t1\t\t203.0.113.7\tdone\t\tkey pairs
"
    );
    ran.shows(0, &expected, LAST);
    // The order of the events in the file does not matter.
    let mut mixed = story();
    mixed.reverse();
    trial(&mixed).run(&["timeline", "log.json", "-c", columns]).shows(0, &expected, LAST);
}

#[test]
fn a_run_ends_with_another_call_or_a_pause() {
    let events = [
        event("09:00:00", "alice", "StopInstances", ""),
        event("10:00:00", "alice", "StopInstances", ""),
        event("11:00:01", "alice", "StopInstances", ""),
        event("11:00:02", "alice", "StartInstances", ""),
        event("11:00:03", "alice", "StopInstances", ""),
        event("11:00:04", "alice", "StopInstances", "").replace("203.0.113.7", "203.0.113.8"),
        event("11:00:05", "alice", "StopInstances", "").replace("eu-west-1", "us-east-1"),
        event("11:00:06", "alice", "StopInstances", "").replace("eu-west-1", "us-east-1"),
    ];
    let ran = trial(&events).run(&["timeline", "log.json", "-q", "--no-header", "-c", "eventTime,eventName,events"]);
    let rows: Vec<String> = ran.lines(0).iter().map(|line| line["2026-10-01T".len()..].replace('\t', " ")).collect();
    assert_eq!(
        rows,
        [
            "09:00:00Z StopInstances 2",
            "11:00:01Z StopInstances 1",
            "11:00:02Z StartInstances 1",
            "11:00:03Z StopInstances 1",
            "11:00:04Z StopInstances 1",
            "11:00:05Z StopInstances 2",
        ]
    );
}

#[test]
fn reads_are_shown_on_request() {
    let trial = trial(&story());
    let names = |options: &[&str]| {
        let ran = trial.run(&[&["timeline", "log.json", "-q", "--no-header", "-c", "event,events"], options].concat());
        ran.lines(0).join(" ").replace('\t', "=")
    };
    let writes = "StopInstances=3 CreateKeyPair=1 StopInstances=1 RunInstances=1 CreateKeyPair=1";
    assert_eq!(names(&[]), writes);
    assert_eq!(names(&["--writes", "--all"]), writes);
    assert_eq!(names(&["--reads"]), "DescribeInstances=1");
    // A read of alice ends her run of calls.
    let all = "StopInstances=1 CreateKeyPair=1 DescribeInstances=1 StopInstances=2 StopInstances=1 RunInstances=1 \
               CreateKeyPair=1";
    assert_eq!(names(&["--all"]), all);
    assert_eq!(names(&["-u", "bob", "--until", "2026-10-01T09:02:01"]), "CreateKeyPair=1 CreateKeyPair=1");
    assert_eq!(names(&["--errors"]), "StopInstances=1 RunInstances=1");
}

#[test]
fn every_format_has_the_rows() {
    let mut trial = trial(&story());
    let csv = trial.run(&["timeline", "log.json", "-q", "-f", "csv", "-c", "time,event,outcome", "-u", "bob"]);
    csv.shows(0, "eventTime,eventName,outcome\n2026-10-01T09:02:00Z,CreateKeyPair,done\n,CreateKeyPair,done\n", "");
    let json = trial.run(&["timeline", "log.json", "-q", "-f", "json", "--time-zone", "+02:00", "-u", "alice"]);
    let first: Value = serde_json::from_str(json.lines(0)[0]).unwrap();
    let expected = serde_json::json!({
        "eventTime": "2026-10-01T11:01:00+02:00", "lastTime": "2026-10-01T11:04:00+02:00", "userName": "alice",
        "actor": "alice", "eventName": "StopInstances", "events": 3, "resources": "i-0abc12de34f567801;i-0abc12de34f567802",
        "sourceIPAddress": "203.0.113.7", "outcome": "done", "errorCode": null, "theme": "instances",
        "eventSource": "ec2.amazonaws.com", "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
    });
    assert_eq!(first, expected);
    trial.run(&["timeline", "log.json", "-q", "-o", "out.xlsx"]).shows(0, "", "");
    let mut book: Xlsx<_> = calamine::open_workbook(trial.path("out.xlsx")).unwrap();
    let range = book.worksheet_range("Events").unwrap();
    assert_eq!((range.height(), range.get((1, 5))), (6, Some(&Data::Float(3.0))));
    assert!(matches!(range.get((1, 0)), Some(Data::DateTime(_))));
    // An aligned table has the count in the name, and leaves out columns that do not fit.
    trial.env("COLUMNS", "100");
    let table = trial.run(&["timeline", "log.json", "-q", "-f", "table"]);
    let lines = table.lines(0);
    assert!(lines[1].contains("StopInstances ×3") && lines[2].contains(" CreateKeyPair "), "{table:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 100) && !lines[0].contains("events"), "{table:?}");
}

#[test]
fn duplicates_count_once_on_request() {
    let events = [story(), story()].concat();
    let trial = trial(&events);
    let counts = |options: &[&str]| {
        let ran = trial.run(&[&["timeline", "log.json", "--no-header", "-c", "events"], options].concat());
        (ran.lines(0).join(" "), ran.stderr.clone())
    };
    assert_eq!(counts(&[]).0, "6 2 2 2 1 1");
    let (once, said) = counts(&["--dedupe"]);
    assert_eq!(once, "3 1 1 1 1");
    assert!(said.contains("7 duplicates"), "{said}");
}

#[test]
fn rows_are_the_same_on_all_threads() {
    let trial = Trial::new();
    let run = |threads: &str| trial.run(&["timeline", LOGS, "--all", "--threads", threads, "-f", "json"]);
    let one = run("1");
    assert!(one.lines(0).len() > 100);
    run("8").shows(0, &one.stdout, &one.stderr);
}

/// Compares the rows with a plain fold of the rows of the main command.
#[test]
fn rows_are_those_of_a_plain_fold() {
    let trial = Trial::new();
    let columns = "eventTime,userName,sourceIPAddress,eventName,eventSource,errorCode,awsRegion,recipientAccountId,\
                   resources,errorMessage,responseElements";
    let rows = trial.run(&[LOGS, "-q", "-f", "json", "-c", columns]);
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_string();
    let seconds = |time: &str| time.parse::<jiff::Timestamp>().unwrap().as_second();
    let mut events: Vec<(Vec<String>, Vec<String>)> = rows
        .lines(0)
        .iter()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let name = text(&row, "eventName");
            let (code, message) = (text(&row, "errorCode"), text(&row, "errorMessage"));
            let outcome = row["responseElements"][&name].as_str() == Some("Failure");
            let outcome = match code.contains("Unauthorized") || code.contains("AccessDenied") {
                true => "denied",
                false if !code.is_empty() || !message.is_empty() || outcome => "failed",
                false => "done",
            };
            let names =
                ["eventTime", "userName", "sourceIPAddress", "eventName", "eventSource", "errorCode", "awsRegion"];
            let mut key: Vec<String> = names.iter().map(|name| text(&row, name)).collect();
            key.push(text(&row, "recipientAccountId"));
            let resources = row["resources"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_string());
            let resources: Vec<String> = resources.collect();
            key.extend(resources.iter().cloned());
            key.push(outcome.into());
            (key, resources)
        })
        .collect();
    events.sort();
    let mut runs: Vec<(Vec<String>, String, u64, Vec<String>)> = Vec::new();
    let mut open = HashMap::<Vec<String>, usize>::new();
    for (key, resources) in events {
        let caller = key[1..3].to_vec();
        let call = |key: &[String]| [&key[3..8], &key[key.len() - 1..]].concat();
        let known = open.get(&caller).copied().filter(|at| {
            let (first, last, ..) = &runs[*at];
            call(first) == call(&key) && seconds(&key[0]) - seconds(last) <= 3600
        });
        let Some(at) = known else {
            open.insert(caller, runs.len());
            runs.push((key.clone(), key[0].clone(), 1, resources));
            continue;
        };
        let run = &mut runs[at];
        (run.1, run.2) = (key[0].clone(), run.2 + 1);
        for resource in resources {
            if !run.3.contains(&resource) {
                run.3.push(resource);
            }
        }
    }
    let expected: Vec<Value> = runs
        .into_iter()
        .map(|(key, last, count, resources)| {
            let shown = if resources.len() > 20 { resources[..20].join(";") + ";…" } else { resources.join(";") };
            serde_json::json!([
                key[0],
                if count > 1 { last } else { String::new() },
                key[1],
                key[2],
                key[3],
                count,
                shown,
                key[key.len() - 1]
            ])
        })
        .collect();
    let ran = trial.run(&["timeline", LOGS, "--all", "-q", "-f", "json"]);
    let found: Vec<Value> = ran
        .lines(0)
        .iter()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            serde_json::json!([
                text(&row, "eventTime"),
                text(&row, "lastTime"),
                text(&row, "userName"),
                text(&row, "sourceIPAddress"),
                text(&row, "eventName"),
                row["events"],
                text(&row, "resources"),
                text(&row, "outcome")
            ])
        })
        .collect();
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn wrong_use_is_refused() {
    let trial = trial(&story());
    let nothing = "trail2tsv: timeline: nothing to read; name a folder, a file, -, --bucket BUCKET or --event-history\n\
                   trail2tsv: try --help\n";
    trial.run(&["timeline"]).shows(2, "", nothing);
    let column = "trail2tsv: --columns \"outcom\": not a column of a timeline; did you mean outcome?\n\
                  trail2tsv: try --help\n";
    trial.run(&["timeline", "log.json", "-c", "outcom"]).shows(2, "", column);
    let missing = "trail2tsv: none.json: cannot be read: No such file or directory\n";
    trial.run(&["timeline", "none.json"]).shows(1, "", missing);
    let damaged = trial.run(&["timeline", "log.json", "none.json", "-q", "--no-header"]);
    assert_eq!((damaged.code, damaged.stdout.lines().count()), (Some(1), 0), "{damaged:?}");
    let none = trial.run(&["timeline", "log.json", "-u", "alcie"]);
    assert!(none.stderr.contains("did you mean") && none.code == Some(0), "{none:?}");
}

#[test]
fn long_and_hostile_events_are_one_line() {
    let ids: Vec<String> = (0..3000).map(|at| format!("\"i-{at:017x}\"")).collect();
    let name = "N\\n\\u001b[31m".repeat(3000);
    let long = event("09:00:00", "eve", &name, &format!(r#","requestParameters":{{"ids":[{}]}}"#, ids.join(",")));
    let odd = r#"{"eventTime":{},"eventName":["x"],"eventSource":5,"userIdentity":"u","readOnly":"false","eventVersion":"1"}"#;
    let ran = trial(&[long, odd.into()]).run(&["timeline", "log.json", "-q", "--no-header"]);
    let lines = ran.lines(0);
    assert_eq!(lines.len(), 2, "{ran:?}");
    assert!(lines[0].contains("\\n\\u001b[31m") && lines[0].contains("i-00000000000000013;…\t"), "{ran:?}");
    assert!(lines[0].len() < 30_000, "{}", lines[0].len());
}

/// Two persons begin sessions of one name, one after the other, and stop an instance each. A
/// third session began before the logs.
fn shared_session() -> Vec<String> {
    let role = "arn:aws:iam::111122223333:role/Admin";
    let assume = |time: &str, user: &str| {
        let members = format!(
            r#","requestParameters":{{"roleArn":"{role}","roleSessionName":"s"}},
            "responseElements":{{"credentials":{{"accessKeyId":"ASIA{user}"}}}}"#
        );
        event(time, user, "AssumeRole", &members).replace("ec2.amazonaws", "sts.amazonaws").replace("false", "true")
    };
    let session = |time: &str, created: &str, user: &str| {
        let identity = format!(
            r#""type":"AssumedRole","principalId":"AROA:s","accessKeyId":"ASIA{user}",
            "arn":"arn:aws:sts::111122223333:assumed-role/Admin/s","sessionContext":{{"sessionIssuer":
            {{"type":"Role","arn":"{role}","userName":"Admin"}},"attributes":{{"creationDate":"2026-10-01T{created}Z"}}}}"#
        );
        event(time, "x", "StopInstances", "").replace(r#""type":"IAMUser","userName":"x""#, &identity)
    };
    vec![
        assume("09:00:00", "alice"),
        assume("09:01:00", "bob"),
        session("09:02:00", "09:00:00", "alice"),
        session("09:03:00", "09:01:00", "bob"),
        session("09:04:00", "08:00:00", "eve"),
    ]
}

#[test]
fn actors_distinguish_callers_with_one_session_name() {
    let trial = trial(&shared_session());
    let rows = |columns: &[&str]| {
        let ran = trial.run(&[&["timeline", "log.json", "--no-header"], columns].concat());
        (ran.stdout.replace("2026-10-01T", ""), ran.stderr.clone())
    };
    let read = "trail2tsv: 5 events in 1 file read, 3 matched";
    let unknown = "; 1 session began outside the logs that were read, so its actor is unknown";
    let with_actors = rows(&["-c", "time,user,actor,events"]);
    let expected = "09:02:00Z\tAdmin/s\talice\t1\n09:03:00Z\tAdmin/s\tbob\t1\n09:04:00Z\tAdmin/s\t\t1\n";
    assert_eq!(with_actors, (expected.into(), format!("{read}{unknown}\n")));
    assert_eq!(rows(&["-c", "time,user,events"]), ("09:02:00Z\tAdmin/s\t3\n".into(), format!("{read}\n")));
    let table = rows(&["-f", "table"]).0;
    assert!(table.contains("  alice as Admin/s  ") && table.contains("Z    Admin/s    "), "{table}");
    let (all, said) = rows(&[]);
    assert!(all.starts_with("09:02:00Z\t\tAdmin/s\talice\tStopInstances\t1\t") && said.contains(unknown), "{all}");
    // Standard input is copied for the second pass.
    let ran = trial.run_with_stdin(&["timeline", "-", "-q", "--no-header", "-c", "actor"], trial.read("log.json"));
    ran.shows(0, "alice\nbob\n\n", "");
}

#[test]
fn a_limit_keeps_the_first_rows() {
    let trial = trial(&story());
    let read = "trail2tsv: 8 events in 1 file read, 7 matched";
    let late = "; 1 event kept without a readable eventTime\n";
    let header = "eventName\tevents\n";
    let two = format!("{header}StopInstances\t3\nCreateKeyPair\t1\n");
    let run = |limit: &str| trial.run(&["timeline", "log.json", "-c", "event,events", "-n", limit]);
    run("2").shows(0, &two, &format!("{read}, the first 4 written{late}"));
    run("0").shows(0, header, &format!("{read}, the first 0 written{late}"));
    assert_eq!(run("9").stderr, format!("{read}{late}"));
    assert_eq!(run("x").code, Some(2));
}
