//! `--report`: what a run has read, file by file, and how it ended.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;

use serde_json::{Value, json};
use testkit::s3::Fault;

use crate::bucket::cloud::{ACCOUNT, Cloud, event, key, minutes, records, signal, wait_until};
use crate::harness::{Trial, gzip};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");

/// The lines of a report.
fn lines(trial: &Trial, path: &str) -> Vec<Value> {
    trial.read(path).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines of a report about files.
fn files(trial: &Trial, path: &str) -> Vec<Value> {
    lines(trial, path).into_iter().filter(|line| line["type"] != "run" && line["type"] != "end").collect()
}

/// The last line of a report.
fn end(trial: &Trial, path: &str) -> Value {
    let last = lines(trial, path).pop().unwrap();
    assert_eq!(last["type"], "end");
    last
}

/// A log of events with these names.
fn log(names: &[&str]) -> Vec<u8> {
    records(&names.iter().map(|name| event(ACCOUNT, "eu-west-1", "2026-10-01T09:00", name)).collect::<Vec<_>>())
}

#[test]
fn every_file_has_a_line() {
    let trial = Trial::new();
    let whole = log(&["A", "B", "A"]);
    trial.write("logs/1.json.gz", &whole);
    trial.write("logs/2.json.gz", &whole[..whole.len() - 9]);
    trial.write("logs/3.txt", "text");
    trial.write("logs/4.json.gz", log(&[]));
    let name = key("", ACCOUNT, "eu-west-1", "2026-10-01T09:00");
    trial.write(&format!("logs/{name}"), "text");
    let sizes = [whole.len(), whole.len() - 9, 4, log(&[]).len(), 4];
    let problem = "logs/2.json.gz: gzip stream ends early; 3 events before it were kept";
    let unlogged = format!("logs/{name}: named like a CloudTrail log, but is not one (not JSON); nothing was read");
    let expected = [
        json!({"type": "file", "name": "logs/1.json.gz", "outcome": "read", "events": 3, "rows": 2, "bytes": sizes[0]}),
        json!({"type": "file", "name": format!("logs/{name}"), "outcome": "failed", "events": 0, "rows": 0,
            "bytes": sizes[4], "problems": [unlogged]}),
        json!({"type": "file", "name": "logs/2.json.gz", "outcome": "damaged", "events": 3, "rows": 2, "bytes": sizes[1],
            "problems": [problem]}),
        json!({"type": "file", "name": "logs/3.txt", "outcome": "skipped", "events": 0, "rows": 0, "bytes": 4,
            "reason": "not JSON"}),
        json!({"type": "file", "name": "logs/4.json.gz", "outcome": "read", "events": 0, "rows": 0, "bytes": sizes[3]}),
    ];
    for threads in ["1", "8"] {
        let arguments = ["logs", "-e", "A", "--since", "2026-10-01", "--threads", threads, "--report", "report.jsonl"];
        let ran = trial.run(&arguments);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        let lines = lines(&trial, "report.jsonl");
        let (head, last) = (&lines[0], &lines[lines.len() - 1]);
        assert!(head["started"].as_str().unwrap().ends_with('Z'));
        assert_eq!(
            head.as_object().unwrap().iter().filter(|(name, _)| *name != "started").collect::<Vec<_>>(),
            json!({"type": "run", "format": "trail2tsv report", "version": 1, "program": env!("CARGO_PKG_VERSION"),
                "arguments": arguments, "since": "2026-10-01T00:00:00Z", "until": null})
            .as_object()
            .unwrap()
            .iter()
            .collect::<Vec<_>>()
        );
        let mut shown = files(&trial, "report.jsonl");
        shown.sort_by_key(|line| line["name"].to_string());
        let mut sorted = expected.to_vec();
        sorted.sort_by_key(|line| line["name"].to_string());
        for (shown, expected) in shown.iter().zip(&sorted) {
            assert_eq!(shown, expected);
        }
        assert_eq!(shown.len(), sorted.len());
        assert_eq!((&last["state"], &last["exit"], &last["error"]), (&json!("finished"), &json!(3), &Value::Null));
        assert_eq!(last["files"], json!({"read": 2, "damaged": 1, "cut": 0, "skipped": 1, "failed": 1, "gap": 0}));
        assert_eq!(
            (&last["events"], &last["rows"], &last["bytes"]),
            (&json!(6), &json!(4), &json!(sizes.iter().sum::<usize>()))
        );
        let coverage = &last["coverage"];
        assert_eq!((&coverage["matched"], &coverage["problems"]), (&json!(4), &json!(2)));
        assert_eq!(coverage["skipped"], json!({"not JSON": 1}));
        assert_eq!(format!("trail2tsv: {}", last["text"].as_str().unwrap()), ran.stderr.lines().last().unwrap());
    }
}

#[test]
fn every_key_of_a_list_has_one_line() {
    let cloud = Cloud::with_logs(5);
    let keys = cloud.bucket.keys("");
    cloud.server.fault(Fault::get(&keys[2]).status(403, "AccessDenied"));
    let mut list: String = keys.iter().map(|key| format!("s3://logs/{key}\n")).collect();
    list.push_str(&format!("s3://logs/nothing\ns3://logs/{}\nx.json\nx.json.trail2tsv-part\ns3://\n", keys[3]));
    cloud.trial.write("x.json.trail2tsv-part", "");
    cloud.trial.write("keys.txt", list);
    for threads in ["1", "8"] {
        let ran = cloud.trial.run(&[
            "--keys-from",
            "keys.txt",
            "--since",
            "2026-10-01T09:01",
            "--threads",
            threads,
            "--report",
            "r",
        ]);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        let outcomes: Vec<String> = files(&cloud.trial, "r")
            .iter()
            .map(|line| {
                let name = line["name"].as_str().unwrap();
                let name = name.strip_prefix("s3://logs/").unwrap_or(name);
                let name = keys.iter().position(|key| key == name).map_or(name.to_string(), |at| at.to_string());
                let reason = line.get("reason").map_or(String::new(), |reason| format!(": {reason}"));
                format!("{name} {} {}{reason}", line["type"].as_str().unwrap(), line["outcome"])
            })
            .collect();
        assert_eq!(
            outcomes,
            [
                "0 file \"skipped\": \"delivered before the window\"",
                "1 file \"read\"",
                "2 file \"failed\"",
                "3 file \"read\"",
                "4 file \"read\"",
                "nothing file \"failed\"",
                "x.json file \"failed\"",
                "x.json.trail2tsv-part file \"skipped\": \"unfinished download\"",
                "keys.txt: line 10 gap null",
            ]
        );
        let end = end(&cloud.trial, "r");
        assert_eq!((&end["coverage"]["repeatedLines"], &end["coverage"]["notOpened"]), (&json!(1), &json!(1)));
        assert_eq!(end["coverage"]["downloads"]["objects"], json!(3));
    }
}

#[test]
fn every_command_that_reads_events_writes_a_report() {
    let trial = Trial::new();
    let list = trial.run(&["keys", "-q", &format!("{SAMPLE}/AWSLogs")]).stdout;
    trial.write("keys.txt", &list);
    let names: Vec<&str> = list.lines().map(|line| line.split('\t').next().unwrap()).collect();
    let sizes: Vec<u64> = list.lines().map(|line| line.split('\t').nth(1).unwrap().parse().unwrap()).collect();
    for (command, is_counted) in [
        (&["-o", "out.tsv"][..], true),
        (&["--count"], true),
        (&["--sort", "eventTime", "-u", "alice"], true),
        (&["-c", "actor", "--jq", ".eventName == \"RunInstances\""], true),
        (&["summary", "--html", "page.html"], true),
        (&["timeline"], true),
        (&["history", "rules"], false),
        (&["history", "--git"], false),
    ] {
        let mut texts = Vec::new();
        for threads in ["1", "8"] {
            let common = ["-q", "--keys-from", "keys.txt", "--threads", threads, "--report", "r"];
            let ran = trial.run(&[command, &common].concat());
            assert_eq!(ran.code, Some(0), "{ran:?}");
            let files = files(&trial, "r");
            let shown: Vec<&str> = files.iter().map(|line| line["name"].as_str().unwrap()).collect();
            assert_eq!(shown, names, "{command:?}");
            assert!(files.iter().zip(&sizes).all(|(line, size)| line["bytes"] == *size));
            assert!(files.iter().all(|line| line["outcome"] == "read" || line["reason"] == "digest"), "{files:?}");
            let end = end(&trial, "r");
            let sum = |field: &str| files.iter().map(|line| line[field].as_u64().unwrap()).sum::<u64>();
            assert_eq!((&end["events"], &end["coverage"]["events"]), (&json!(sum("events")), &json!(sum("events"))));
            assert_eq!(
                (&end["rows"], &end["state"], &end["exit"]),
                (&json!(sum("rows")), &json!("finished"), &json!(0))
            );
            assert!(!is_counted || end["coverage"]["matched"] == sum("rows"), "{command:?} {end}");
            texts.push(trial.read("r").lines().skip(1).map(String::from).collect::<Vec<_>>());
        }
        assert_eq!(texts[0], texts[1], "{command:?}");
    }
}

#[test]
fn archives_streams_and_buckets_have_lines_too() {
    let trial = Trial::new();
    trial.write("a.json", r#"{"Records":[{"eventName":"A","eventVersion":"1"}]}"#);
    trial.write("b.json", trial.read("a.json"));
    let tar = std::process::Command::new("tar")
        .args(["cf", "x.tar", "a.json", "b.json"])
        .current_dir(trial.path(""))
        .status();
    assert!(tar.unwrap().success());
    let ran = trial.run_with_stdin(&["x.tar", "-", "--report", "r", "-q"], trial.read("a.json"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let size = fs::metadata(trial.path("x.tar")).unwrap().len();
    assert_eq!(
        files(&trial, "r"),
        [
            json!({"type": "file", "name": "x.tar", "outcome": "read", "events": 2, "rows": 2, "bytes": size}),
            json!({"type": "file", "name": "-", "outcome": "read", "events": 1, "rows": 1, "bytes": null}),
        ]
    );
    let cloud = Cloud::with_logs(2);
    let other = cloud.log("AWSLogs/", ACCOUNT, "us-east-1", "2026-10-01T09:00", &["X"]);
    cloud.server.fault(Fault::list("*/us-east-1/*").status(403, "AccessDenied"));
    let ran = cloud.run(&["-q", "--report", "r"]);
    assert_eq!((ran.code, ran.stdout), (Some(3), minutes(2)));
    let files = files(&cloud.trial, "r");
    assert_eq!(files.iter().filter(|line| line["outcome"] == "read").count(), 2, "{files:?}");
    assert!(files.iter().any(|line| line["type"] == "gap" && other.starts_with(&line["name"].as_str().unwrap()[10..])));
}

#[test]
fn a_run_that_ends_early_says_so() {
    let trial = Trial::new();
    let names: Vec<String> = (0..2000).map(|number| format!("E{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    trial.write("logs/1.json.gz", log(&names));
    trial.write("logs/2.json.gz", log(&names));
    let run = |arguments: &[&str]| trial.run(&[&["-q", "logs", "--report", "r"], arguments].concat());
    assert_eq!(run(&["-n", "5"]).code, Some(0));
    let last = end(&trial, "r");
    assert_eq!((&last["state"], &last["coverage"]["isCut"]), (&json!("finished"), &json!(true)));
    assert!(last["files"]["cut"].as_u64().unwrap() >= 1, "{last}");
    let ran = run(&["--where", "x =~ ("]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let ran = run(&["-o", "no/where.tsv"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let last = end(&trial, "r");
    assert_eq!((&last["state"], &last["exit"], &last["coverage"]), (&json!("failed"), &json!(1), &Value::Null));
    assert_eq!(format!("trail2tsv: {}\n", last["error"].as_str().unwrap()), ran.stderr);
    let cloud = Cloud::new();
    cloud.trial.write("keys.txt", "s3://missing-bucket/x\n");
    assert_eq!(cloud.trial.run(&["--keys-from", "keys.txt", "--report", "r"]).code, Some(1));
    assert_eq!(end(&cloud.trial, "r")["error"], "s3://missing-bucket: the bucket does not exist");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_has_a_report_and_a_killed_one_has_none() {
    use std::time::Duration;

    for (name, code) in [("-INT", Some(130)), ("-KILL", None)] {
        let cloud = Cloud::with_logs(3);
        let keys = cloud.bucket.keys("");
        let list = cloud.trial.run(&["keys", "-q", "s3://logs"]).stdout;
        cloud.trial.write("keys.txt", list);
        cloud.trial.write("r", "");
        let arguments =
            ["--keys-from", "keys.txt", "-c", "eventName", "--report", "r", "-o", "out.tsv", "--threads", "1"];
        assert_eq!(cloud.trial.run(&arguments).code, Some(0));
        assert_eq!(end(&cloud.trial, "r")["files"]["read"], 3);
        cloud.server.reset_counts();
        cloud.server.fault(Fault::get(&keys[2]).stall(Duration::from_secs(3600)));
        let mut child = cloud.trial.command(&arguments).spawn().unwrap();
        wait_until(|| cloud.server.counts().get == 3);
        assert!(!cloud.trial.path("r").exists(), "the report of the run before remains");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), code);
        assert_eq!(cloud.trial.path("r").exists(), code.is_some());
        if code.is_some() {
            let last = end(&cloud.trial, "r");
            assert_eq!((&last["state"], &last["exit"]), (&json!("interrupted"), &json!(130)));
            assert!(last["files"]["read"].as_u64().unwrap() <= 2, "{last}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_of_jq_is_in_the_report() {
    let trial = Trial::with("x.json", r#"{"Records":[{"eventName":"A","eventVersion":"1"}]}"#);
    let ran = trial.run(&["x.json", "--jq", "[range(1e9)]", "--report", "r"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let last = end(&trial, "r");
    assert!(last["state"] == "failed" && last["error"].as_str().unwrap().contains("more than 200 MiB"), "{last}");
    assert_eq!(fs::read_dir(trial.path("")).unwrap().count(), 2, "an unfinished file remains");
}

#[cfg(target_os = "linux")]
#[test]
fn hidden_characters_are_escaped_in_reports() {
    let name = "x\u{9b}31m\u{202e}nosj.\u{200b}json";
    let trial = Trial::with(name, r#"{"Records":[{"eventName":"A","eventVersion":"1"}]}"#);
    assert_eq!(trial.run(&[name, "--report", "r"]).code, Some(0));
    let text = trial.read("r");
    assert!(text.chars().all(|character| matches!(character, '\n' | ' '..='~')), "{text:?}");
    assert_eq!(files(&trial, "r")[0]["name"], name, "the value is the same");
    let head: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(head["arguments"][0], name, "{head}");
}

#[test]
fn only_reports_are_replaced() {
    let trial = Trial::with("x.json", r#"{"Records":[{"eventName":"A","eventVersion":"1"}]}"#);
    trial.write("mine", "notes");
    let refused = "trail2tsv: mine: is not a report, and would be replaced by one; choose another file with --report\n";
    trial.run(&["x.json", "--report", "mine"]).shows(1, "", refused);
    let refused =
        "trail2tsv: x.json: is not a report, and would be replaced by one; choose another file with --report\n";
    trial.run(&["x.json", "--report", "x.json"]).shows(1, "", refused);
    assert_eq!(trial.read("mine"), "notes");
    let usage = |reason: &str| format!("trail2tsv: --report {reason}\ntrail2tsv: try --help\n");
    let stdout = |name: &str| usage(&format!("\"{name}\": must be a file; standard output has the rows"));
    trial.run(&["x.json", "--report", "-"]).shows(2, "", &stdout("-"));
    trial.run(&["x.json", "--report", "/dev/stdout"]).shows(2, "", &stdout("/dev/stdout"));
    #[cfg(unix)]
    std::os::unix::fs::symlink("deep", trial.path("link")).unwrap();
    trial.write("deep/er/x", "");
    let mut same = vec![("out", "out"), ("out", "./out"), ("deep/out", "deep/er/../out")];
    if cfg!(unix) {
        same.push(("link/out", "deep/out"));
    }
    for (output, named) in same {
        for command in
            [&["x.json"][..], &["timeline", "x.json"], &["summary", "x.json"], &["history", "x.json", "--git"]]
        {
            let expected = usage(&format!("{named:?}: also the file of another output"));
            trial.run(&[command, &["-o", output, "--report", named]].concat()).shows(2, "", &expected);
        }
    }
    trial.run(&["follow", "--report", "r"]).shows(2, "", &usage("cannot be used with follow, which has no end"));
    let ran = trial.run(&["x.json", "--report", "no/where"]);
    ran.shows(1, "", "trail2tsv: no/where: cannot be written: No such file or directory\n");
    if cfg!(target_os = "linux") {
        let ran = trial.run(&["x.json", "--report", "/dev/full", "--count"]);
        let last = "trail2tsv: 1 event in 1 file read, 1 matched\n";
        ran.shows(1, "1\n", &format!("{last}trail2tsv: /dev/full: cannot be written: No space left on device\n"));
    }
    // A report in a folder that is read is not read.
    trial.write("logs/x.json", trial.read("x.json"));
    for _ in 0..2 {
        trial.run(&["logs", "--report", "logs/r", "--count"]).shows(
            0,
            "1\n",
            "trail2tsv: 1 event in 1 file read, 1 matched\n",
        );
        assert_eq!(files(&trial, "logs/r").len(), 1);
    }
}

#[test]
fn settings_are_among_the_arguments() {
    let mut trial = Trial::with("x.json.gz", gzip(r#"{"Records":[{"eventName":"A","eventVersion":"1"}]}"#));
    trial.env("TRAIL2TSV_THREADS", "1");
    trial.run(&["x.json.gz", "--report", "r", "-q", "--count"]).shows(0, "1\n", "");
    let head = &lines(&trial, "r")[0];
    assert_eq!(head["arguments"], json!(["--threads=1", "x.json.gz", "--report", "r", "-q", "--count"]));
}
