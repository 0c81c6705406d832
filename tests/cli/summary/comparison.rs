//! A period that is compared with an earlier one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::harness::Trial;
use super::body;

fn event(time: &str, name: &str, user: &str) -> String {
    format!(
        r#"{{"eventTime":"2026-{time}Z","eventName":"{name}","readOnly":true,"userIdentity":{{"type":"IAMUser","userName":"{user}"}}}}"#
    )
}

/// Ten days of Get by alice and one Put by bob; then a day with twenty Gets, and eve instead of
/// bob.
fn story() -> Trial {
    let mut events: Vec<String> = (1..=10).map(|day| event(&format!("10-{day:02}T12:00:00"), "Get", "alice")).collect();
    events.push(event("10-05T13:00:00", "Put", "bob"));
    events.extend((0..20).map(|minute| event(&format!("10-11T09:{minute:02}:00"), "Get", "alice")));
    events.push(event("10-11T10:00:00", "Delete", "eve"));
    events.push(event("10-11T11:00:00", "Get", "eve"));
    Trial::with("log/a.json", format!("{{\"Records\":[{}]}}", events.join(",")))
}

const LATER: [&str; 4] = ["--since", "2026-10-11", "--until", "2026-10-12"];

fn compared(options: &[&str]) -> String {
    let ran = story().run(&[&["summary", "log", "-q"][..], &LATER, options].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    ran.stdout
}

#[test]
fn the_text_shows_what_is_new_gone_and_more_frequent() {
    let text = compared(&["--against", "10d"]);
    let (_, tables) = text.split_once("\nCompared with the earlier period\n").unwrap();
    let (table, _) = tables.split_once("\n\n").unwrap();
    assert_eq!(
        table,
        "\u{20} value   first user  events  earlier  first        last
users: new
  eve     -                2        -  10-11 10:00  10-11 11:00
users: gone
  bob     -                -        1
users: more often
  alice   -               20       10  10-11 09:00  10-11 09:19
event names: new
  Delete  eve              1        -  10-11 10:00  10-11 10:00
event names: gone
  Put     -                -        1
event names: more often
  Get     alice           21       10  10-11 09:00  10-11 11:00"
    );
    assert!(text.contains("(from 2026-10-11T00:00:00Z, before 2026-10-12T00:00:00Z) against (from 2026-10-01T00:00:00Z, before 2026-10-11T00:00:00Z)"), "{text}");
}

#[test]
fn only_the_comparison_counts_the_earlier_period() {
    let with = compared(&["--against", "10d"]);
    let without = compared(&[]);
    let (before, after) = body(&with).split_once("\nCompared with").unwrap();
    let after = after.split_once("\n\n").unwrap().1;
    assert_eq!(format!("{before}\n{after}"), body(&without));
}

#[test]
fn data_have_all_changes_of_the_comparison() {
    let lines = compared(&["--against", "10d", "-f", "csv"]);
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines[0].ends_with("sourceIPAddress,firstUser,detail,column,change,earlier"), "{}", lines[0]);
    for line in [
        "against,eve,,2,2026-10-11T10:00:00Z,2026-10-11T11:00:00Z,,,,,,,userName,new,0",
        "against,Put,,0,,,,,,,,,eventName,gone,1",
        "against,Get,,21,2026-10-11T09:00:00Z,2026-10-11T11:00:00Z,,,,,alice,,eventName,more often,10",
        "distinct,against,,6,,,,,,,,,,,",
        "eventName,Delete,,1,2026-10-11T10:00:00Z,2026-10-11T10:00:00Z,,,,,eve,,,,",
    ] {
        assert!(lines.contains(&line), "{line}\n{lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.starts_with("userName,bob") || line.starts_with("eventName,Put")));
    let object: Value = serde_json::from_str(&compared(&["--against", "10d", "-f", "json"])).unwrap();
    assert_eq!(object["events"], 22);
    assert_eq!(
        object["against"]["rows"][0],
        json!({"column": "userName", "change": "new", "value": "eve", "firstUser": "", "events": 2, "earlier": 0,
            "first": "2026-10-11T10:00:00Z", "last": "2026-10-11T11:00:00Z"})
    );
}

#[test]
fn the_earlier_period_can_be_typed_as_times() {
    let by_span = compared(&["--against", "10d", "-f", "csv"]);
    for options in [
        &["--against", "2026-10-01"][..],
        &["--against-since", "2026-10-01"],
        &["--against-since", "2026-10-01", "--against-until", "2026-10-11"],
    ] {
        assert_eq!(compared(&[options, &["-f", "csv"]].concat()), by_span, "{options:?}");
    }
    // A gap between the periods belongs to neither.
    let gap = compared(&["--against-since", "2026-10-01", "--against-until", "2026-10-05", "-f", "csv"]);
    assert!(!gap.contains(",bob,") && !gap.contains(",Put,") && gap.contains("\ntotal,events,,22,"), "{gap}");
    // Without --since, the later period begins where the earlier one ends.
    let ran = story().run(&[
        "summary",
        "log",
        "-q",
        "-f",
        "csv",
        "--against-since",
        "2026-10-01",
        "--against-until",
        "2026-10-11",
    ]);
    assert_eq!(ran.stdout, by_span);
}

#[test]
fn periods_that_make_no_sense_are_usage_errors() {
    for (options, expected) in [
        (&["--against", "10d"][..], "compares with the time before --since; add --since TIME"),
        (&["--since", "2026-10-11", "--against", "2026-10-12"], "not an earlier time"),
        (
            &["--since", "2026-10-11", "--against-since", "2026-10-01", "--against-until", "2026-10-12"],
            "not an earlier time",
        ),
        (&["--since", "2026-10-11", "--against", "soon"], "--against \"soon\": not a time"),
        (&["--since", "2026-10-11", "--against-until", "2026-10-01"], "needs --against-since TIME"),
        (&["--since", "2026-10-11", "--against", "1d", "--by", "userName"], "--by"),
    ] {
        let ran = story().run(&[&["summary", "log"][..], options].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(expected), "{expected}\n{ran:?}");
    }
}

/// Compares every count and every first user of the comparison with those of rows.
#[test]
fn counts_equal_those_of_rows() {
    let logs = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");
    let columns = ["userName", "sourceIPAddress", "eventName", "awsRegion", "userAgent"];
    let trial = Trial::new();
    let rows = trial.run(&["--dedupe", "-q", logs, "-f", "csv", "-c", &format!("eventTime,{}", columns.join(","))]);
    let mut reader = csv::Reader::from_reader(rows.stdout.as_bytes());
    // Later and earlier events, and the first time with its user.
    let mut plain = BTreeMap::<(String, String), (u64, u64, Option<(String, String)>)>::new();
    for row in reader.records().map(Result::unwrap) {
        for (at, column) in columns.iter().enumerate().filter(|(at, _)| !row[at + 1].is_empty()) {
            let entry = plain.entry((column.to_string(), row[at + 1].to_string())).or_default();
            if &row[0] >= "2026-10-02" {
                entry.0 += 1;
                let first = (row[0].to_string(), row[1].to_string());
                entry.2 = Some(entry.2.take().map_or(first.clone(), |known| known.min(first)));
            } else {
                entry.1 += 1;
            }
        }
    }
    for threads in ["1", "8"] {
        let options =
            ["--dedupe", "--since", "2026-10-02", "--against", "30d", "-f", "json", "-q", "--threads", threads];
        let ran = trial.run(&[&["summary", logs][..], &options].concat());
        let object: Value = serde_json::from_str(&ran.stdout).unwrap();
        let (mut rows, mut changes) = (0, 0);
        for column in columns {
            for row in object[column]["rows"].as_array().unwrap() {
                let key = (column.to_string(), row[column].as_str().unwrap().to_string());
                let (later, _, first) = &plain[&key];
                assert_eq!(row["events"], *later, "{key:?}");
                let user = row.get("firstUser").map(|user| user.as_str().unwrap().to_string());
                if let (Some(user), Some(first)) = (user, first) {
                    assert_eq!(
                        (row["first"].as_str(), user.as_str()),
                        (Some(first.0.as_str()), first.1.as_str()),
                        "{key:?}"
                    );
                    rows += 1;
                }
            }
        }
        for row in object["against"]["rows"].as_array().unwrap() {
            let key = [&row["column"], &row["value"]].map(|part| part.as_str().unwrap().to_string());
            let Some((later, earlier, _)) = plain.get(&key.clone().into()) else { continue };
            assert_eq!((&row["events"], &row["earlier"]), (&json!(later), &json!(earlier)), "{key:?}");
            let is_right = match row["change"].as_str().unwrap() {
                "new" => *earlier == 0,
                "gone" => *later == 0,
                _ => *later > 0 && *earlier > 0,
            };
            assert!(is_right, "{row}");
            changes += 1;
        }
        let expected = plain.values().filter(|(later, earlier, _)| *later == 0 || *earlier == 0).count();
        assert!(rows > 50 && changes >= expected, "{rows} {changes} {expected}");
    }
}
