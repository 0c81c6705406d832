//! The numbers equal those of a plain count, on any number of threads.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::logs::{AccountRegion, Generator, edge_cases, records};
use testkit::plain::{self, row};

use super::super::harness::{Trial, gzip};

/// The cell of a value.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => row::shown(text),
        other => other.to_string(),
    }
}

/// A cell, regardless of how a number is written and what an object contains.
fn simple(cell: &str) -> String {
    match serde_json::from_str::<Value>(cell) {
        _ if cell.starts_with(['{', '[']) => "object".into(),
        Ok(number @ Value::Number(_)) => number.to_string(),
        _ => cell.to_string(),
    }
}

/// For each table, the number of events with each value.
fn plain_counts(events: &[Value]) -> BTreeMap<&'static str, BTreeMap<String, u64>> {
    let mut tables = BTreeMap::<_, BTreeMap<_, _>>::new();
    for event in events {
        for field in
            ["recipientAccountId", "awsRegion", "userName", "eventName", "eventSource", "sourceIPAddress", "errorCode"]
        {
            let value = match field {
                "userName" => row::shown(&row::user_name(event).unwrap_or_default()),
                field => cell(&event[field]),
            };
            let is_success = field == "errorCode" && value.len() == 3 && value.starts_with('2');
            if !(value.is_empty() || is_success && value.parse::<u16>().is_ok()) {
                *tables.entry(field).or_default().entry(simple(&value)).or_default() += 1;
            }
        }
    }
    tables
}

fn counted(summary: &Value, table: &str) -> BTreeMap<String, u64> {
    let rows = summary[table]["rows"].as_array().unwrap().iter();
    assert_eq!(summary[table]["distinct"], rows.len(), "{table}");
    let mut counts = BTreeMap::new();
    for row in rows {
        let value = row.as_object().unwrap().values().next().unwrap();
        *counts.entry(simple(value.as_str().unwrap())).or_default() += row["events"].as_u64().unwrap();
    }
    counts
}

/// Compares the summary of a folder with a plain count.
fn check(trial: &Trial, events: &[Value]) {
    let expected = plain_counts(events);
    for threads in ["1", "3"] {
        let ran = trial.run(&["summary", "log", "-f", "json", "-q", "--threads", threads]);
        // Some unusual logs have invalid UTF-8, which is reported.
        assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
        let summary: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(summary["events"], events.len());
        let kinds = ["reads", "writes", "errors", "other"].map(|kind| summary[kind].as_u64().unwrap());
        assert_eq!(kinds.iter().sum::<u64>() as usize, events.len());
        for (table, values) in &expected {
            assert_eq!(&counted(&summary, table), values, "{table}");
            let with: u64 = values.values().sum();
            assert_eq!(summary[table]["events"], with);
            assert_eq!(summary[table]["without"], events.len() as u64 - with);
        }
    }
}

#[test]
fn generated_logs() {
    let (trial, mut generator) = (Trial::new(), Generator::new(11));
    let place = AccountRegion::new("111122223333", "eu-west-1");
    let start: jiff::Timestamp = "2026-09-29T22:00:00Z".parse().unwrap();
    let mut events = Vec::new();
    for file in 0..40 {
        let mut texts = Vec::new();
        for event in 0..50 {
            let mut text = String::new();
            let time = start + jiff::SignedDuration::from_mins(file * 90 + event);
            generator.event(&place, time, &mut text);
            texts.push(text);
        }
        let text = records(&texts);
        events.extend(plain::events(&text));
        trial.write(&format!("log/{file:03}.json.gz"), gzip(text));
    }
    check(&trial, &events);
    let times = events.iter().map(|event| event["eventTime"].as_str().unwrap());
    let ran = trial.run(&["summary", "log", "-f", "json", "-q"]);
    let summary: Value = serde_json::from_str(ran.lines(0)[0]).unwrap();
    assert_eq!(summary["first"].as_str(), times.clone().min());
    assert_eq!(summary["last"].as_str(), times.max());
}

#[test]
fn unusual_logs() {
    let trial = Trial::new();
    let mut events = Vec::new();
    for (number, event) in edge_cases::events().into_iter().enumerate() {
        let text = records([&event.json]);
        events.extend(plain::events(&text));
        trial.write(&format!("log/{number:03}.json"), text);
    }
    assert!(events.len() > 100);
    check(&trial, &events);
}

#[test]
fn random_unusual_logs() {
    let (trial, mut random) = (Trial::new(), fastrand::Rng::with_seed(5));
    let texts: Vec<String> = (0..2000).map(|_| edge_cases::random_event(&mut random)).collect();
    let text = records(&texts);
    trial.write("log/a.json", &text);
    check(&trial, &plain::events(&text));
}

#[test]
fn duplicates_count_once() {
    let event = |id: &str, name: &str| {
        format!(
            r#"{{"eventTime":"2026-10-01T09:00:00Z","eventID":{id},"eventName":{name:?},"errorCode":"AccessDenied"}}"#
        )
    };
    let trial = Trial::with("log/a.json", [event("\"1\"", "A"), event("\"2\"", "B"), event("null", "C")].join("\n"));
    trial.write("log/b.json", [event("\"2\"", "B"), event("null", "C"), event("\"1\"", "A")].join("\n"));
    let rows = |counts: [u64; 3]| {
        let row = |(name, count)| format!("{name}\t{count}\t2026-10-01T09:00:00Z\t2026-10-01T09:00:00Z\n");
        let mut rows: Vec<_> = ["A", "B", "C"].into_iter().zip(counts).collect();
        rows.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        "eventName\tevents\tfirst\tlast\n".to_string() + &rows.into_iter().map(row).collect::<String>()
    };
    let summary = ["summary", "log", "-f", "tsv", "--by", "eventName"];
    trial.run(&summary).shows(0, &rows([2, 2, 2]), "trail2tsv: 6 events in 2 files read, 6 matched\n");
    trial.run(&[&summary[..], &["--dedupe"]].concat()).shows(
        0,
        &rows([1, 1, 2]),
        "trail2tsv: 6 events in 2 files read, 4 matched; 2 duplicates left out: eventID seen before\n",
    );
}

/// Of different events with one id, the first in the order of the inputs counts.
#[test]
fn duplicates_are_left_out_alike_on_any_number_of_threads() {
    let trial = Trial::new();
    let mut expected = BTreeMap::<String, u64>::new();
    let mut seen = std::collections::HashSet::new();
    let mut random = fastrand::Rng::with_seed(7);
    for file in 0..40 {
        let mut events = Vec::new();
        for number in 0..300 {
            let (id, name) = (random.u32(0..8000), format!("F{file:02}N{}", number % 7));
            if seen.insert(id) {
                *expected.entry(name.clone()).or_default() += 1;
            }
            // Denied calls and calls without a time are counted by other code.
            let more = match number % 3 {
                0 => r#","errorCode":"AccessDenied","userIdentity":{"type":"Root"}"#,
                1 => r#","eventTime":"2026-10-01T09:00:00Z""#,
                _ => "",
            };
            events.push(format!(r#"{{"eventID":"{id}","eventName":"{name}"{more}}}"#));
        }
        trial.write(&format!("log/{file:02}.json"), events.join("\n"));
    }
    let plain = trial.run(&["log", "--dedupe", "-c", "eventName,errorCode", "-q"]);
    assert_eq!(plain.stdout.lines().count() - 1, seen.len());
    let run = |threads: &str, more: &[&str]| {
        let ran = trial.run(&[&["summary", "log", "--dedupe", "-q", "--threads", threads][..], more].concat());
        ran.lines(0);
        ran.stdout
    };
    let counted = run("2", &["--by", "eventName", "-f", "tsv"]);
    let counts = counted.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        (cells[0].to_string(), cells[1].parse().unwrap())
    });
    assert_eq!(counts.collect::<BTreeMap<String, u64>>(), expected);
    let whole = run("1", &["-f", "json"]);
    for threads in ["2", "3", "8"] {
        assert_eq!(run(threads, &["-f", "json"]), whole, "{threads} threads");
    }
}

/// Events that may be duplicates are counted in another way than all others. Both ways
/// count the same.
#[test]
fn dedupe_changes_nothing_without_duplicates() {
    let trial = Trial::new();
    let mut random = fastrand::Rng::with_seed(9);
    let has_no_id = |text: &String| plain::events(&records([text])).iter().all(|event| event["eventID"].is_null());
    let odd = (0..2000).map(|_| edge_cases::random_event(&mut random).replace("eventID", "otherID"));
    // Escaped keys were not replaced.
    let odd: Vec<String> = odd.filter(has_no_id).collect();
    assert!(odd.len() > 1000);
    trial.write("odd/a.json", records(&odd));
    let (mut generator, place) = (Generator::new(12), AccountRegion::new("111122223333", "eu-west-1"));
    let usual = (0..500).map(|_| {
        let mut text = String::new();
        generator.event(&place, "2026-09-29T22:00:00Z".parse().unwrap(), &mut text);
        text
    });
    trial.write("usual/a.json", records(usual.collect::<Vec<_>>()));
    for folder in ["odd", "usual"] {
        for by in [&[][..], &["--by", "userName,errorCode"]] {
            let summary = [&["summary", folder, "-q", "-f", "tsv"][..], by].concat();
            let expected = trial.run(&summary);
            assert!(expected.lines(0).len() > 5, "{expected:?}");
            let found = trial.run(&[&summary[..], &["--dedupe"]].concat());
            let lines = found.lines(0).into_iter().filter(|line| !line.starts_with("total\tduplicates\t\t0\t"));
            assert_eq!(lines.collect::<Vec<_>>(), expected.lines(0));
        }
    }
}
