//! Cells have the values of the events.

use serde_json::{Map, Value, json as value};
use testkit::logs::records;

use super::{SAMPLE, column, json, rows, trial};
use crate::harness::Trial;

/// The columns that hold JSON.
const JSON: [&str; 7] = [
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "serviceEventDetails",
    "insightDetails",
    "edgeDeviceDetails",
    "attributes",
];

/// Compares a cell with the value of its field in the event.
#[track_caller]
fn compare(name: &str, cell: &Value, delivered: Option<&Value>) {
    let delivered = delivered.unwrap_or(&Value::Null);
    let place = || format!("{name}: {cell} {delivered}");
    let parsed = || serde_json::from_str::<Value>(cell.as_str().unwrap()).unwrap();
    match (cell, delivered) {
        // `attributes` is an object in sessions, and JSON in web identities.
        (Value::Object(members), Value::Object(_)) => {
            members.iter().for_each(|(member, cell)| compare(member, cell, delivered.get(member)));
        }
        (Value::Array(cells), Value::Array(values)) => {
            assert_eq!(cells.len(), values.len(), "{}", place());
            cells.iter().zip(values).for_each(|(cell, value)| compare(name, cell, Some(value)));
        }
        (Value::String(_), _) if JSON.contains(&name) => assert_eq!(parsed(), *delivered, "{name}"),
        (Value::String(cell), Value::String(text)) => assert_eq!(cell, text, "{name}"),
        (Value::String(_), Value::Null) => panic!("{}", place()),
        (Value::String(_), _) => assert_eq!(parsed(), *delivered, "{name}"),
        (Value::Bool(cell), _) => assert!(delivered == cell || *delivered == cell.to_string().as_str(), "{}", place()),
        (Value::Number(time), _) if name == "eventTime" => {
            // Other forms of times have tests of their own.
            let text = delivered.as_str().unwrap_or_default().trim();
            let usual = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
            assert!(usual.is_none() || usual == time.as_i64(), "{}", place());
        }
        (Value::Null, Value::Null) => {}
        (Value::Null, _) => {
            let is_of_kind = match name {
                "userIdentity" | "sessionContext" | "sessionIssuer" | "tlsDetails" | "addendum" | "onBehalfOf" => {
                    delivered.is_object()
                }
                "webIdFederationData" => delivered.is_object(),
                "resources" => delivered.is_array(),
                "readOnly" | "managementEvent" => delivered.is_boolean(),
                "eventTime" => delivered.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
                _ => true,
            };
            assert!(!is_of_kind, "{}", place());
        }
        _ => panic!("{}", place()),
    }
}

/// The field of a column. Aggregated and Insights events have some of them elsewhere.
fn delivered<'r>(record: &'r Value, name: &str) -> Option<&'r Value> {
    let is_usual = record.get("eventTime").is_some() && record.get("eventName").is_some();
    let elsewhere = match name {
        "eventTime" => "/timeWindow/windowStart",
        "eventName" => "/insightDetails/eventName",
        "eventSource" => "/insightDetails/eventSource",
        "recipientAccountId" => "/accountId",
        "eventID" => "/eventId",
        _ => "",
    };
    record.get(name).or_else(|| if is_usual || elsewhere.is_empty() { None } else { record.pointer(elsewhere) })
}

/// Compares all rows with their records, and the records with the output as JSON.
#[track_caller]
fn check(rows: &[Map<String, Value>], mut events: Vec<String>) {
    let mut records: Vec<String> = Vec::new();
    for row in rows {
        let record: Value = serde_json::from_str(row["record"].as_str().unwrap()).unwrap();
        for (name, cell) in row {
            if !["userName", "resourcesFound", "file", "record", "actor", "actorVia", "mfa"].contains(&name.as_str()) {
                compare(name, cell, delivered(&record, name));
            }
        }
        records.push(record.to_string());
    }
    events.iter_mut().for_each(|event| *event = serde_json::from_str::<Value>(event).unwrap().to_string());
    events.sort();
    records.sort();
    assert_eq!(records, events);
    let times = rows.iter().map(|row| row["eventTime"].as_i64().unwrap_or(i64::MAX));
    assert!(times.is_sorted(), "rows are sorted by time, and those without one come last");
}

#[test]
fn every_cell_is_that_of_the_event() {
    let trial = Trial::new();
    assert_eq!(trial.run(&[SAMPLE, "-q", "-o", "out.parquet", "--with-record"]).code, Some(0));
    let rows = rows(&trial.path("out.parquet"));
    assert_eq!(rows.len(), 383);
    check(&rows, json(&trial, &[SAMPLE]));
}

#[test]
fn odd_events_have_the_same_cells() {
    let trial = trial(2000);
    assert_eq!(trial.run(&["log", "-q", "-o", "out.parquet", "--with-record"]).code, Some(0));
    check(&rows(&trial.path("out.parquet")), json(&trial, &["log"]));
}

#[test]
fn recurring_events_have_their_own_cells() {
    let trial = trial(300);
    for copy in ["copy1", "copy2", "copy3"] {
        std::fs::copy(trial.path("log"), trial.path(copy)).unwrap();
    }
    // The second event contains the text of the first one, but its `accountId` is not a cell.
    let aggregated = r#"{"awsRegion":"r","accountId":"111122223333","eventType":"t","eventVersion":"1.0"}"#;
    let usual = aggregated.replace('}', r#","eventTime":"2026-10-01T09:00:00Z","eventName":"n"}"#);
    for (name, events) in [("a", [aggregated, &usual]), ("b", [&usual, aggregated])] {
        let events = events.into_iter().cycle().take(8).map(|event| event.as_bytes().to_vec());
        trial.write(name, records(events));
    }
    let logs = ["log", "copy1", "copy2", "copy3", "a", "b"];
    let arguments = [&logs[..], &["-q", "-o", "out.parquet", "--with-record", "--threads", "1"]].concat();
    assert_eq!(trial.run(&arguments).code, Some(0));
    check(&rows(&trial.path("out.parquet")), json(&trial, &logs));
}

#[test]
fn computed_columns_are_those_of_json() {
    let trial = Trial::new();
    let arguments = [SAMPLE, "-q", "-o", "out.parquet", "-c", "+actor,actorVia,mfa,requestParameters.items[].id"];
    let columns = ["-c", "eventID,userName,resources,file,actor,actorVia,mfa,requestParameters.items[].id"];
    assert_eq!(trial.run(&arguments).code, Some(0));
    let mut expected: Vec<Value> = json(&trial, &[&[SAMPLE][..], &columns].concat())
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let rows = rows(&trial.path("out.parquet"));
    let shown = |row: &Map<String, Value>| {
        let items = serde_json::from_str::<Value>(row["requestParameters.items[].id"].as_str().unwrap()).unwrap();
        value!({"eventID": row["eventID"], "userName": row["userName"], "resources": row["resourcesFound"],
            "file": row["file"], "actor": row["actor"], "actorVia": row["actorVia"], "mfa": row["mfa"],
            "requestParameters.items[].id": items})
    };
    let mut found: Vec<Value> = rows.iter().map(shown).collect();
    let by_text = |one: &Value, other: &Value| one.to_string().cmp(&other.to_string());
    expected.sort_by(by_text);
    found.sort_by(by_text);
    assert_eq!(found, expected);
}

#[test]
fn columns_can_be_chosen() {
    let trial = Trial::with(
        "log",
        r#"{"Records":[{"eventVersion":"1","eventTime":"2026-10-01T09:14:02.5Z",
        "eventName":"A","userIdentity":{"type":"Root"},"readOnly":true,
        "requestParameters":{"n":1.50,"t":"=\u0001x","o":{"a": [1]},"z":null}}]}"#,
    );
    let names = "ReadOnly,time,requestParameters.n,requestParameters.t,requestParameters.o,requestParameters.z,time,\
                 userIdentity";
    assert_eq!(trial.run(&["log", "-q", "-f", "parquet", "-o", "out", "-c", names]).code, Some(0));
    let row = rows(&trial.path("out")).remove(0);
    let identity = row["userIdentity"].clone();
    assert_eq!(identity["type"], "Root");
    let expected = value!({"readOnly": true, "eventTime": 1_790_846_042_500_i64, "requestParameters.n": "1.50",
        "requestParameters.t": "=\u{1}x", "requestParameters.o": "{\"a\":[1]}", "requestParameters.z": null,
        "userIdentity": identity});
    assert_eq!(Value::from(row), expected);
    assert_eq!(trial.run(&["log", "-q", "-o", "out.parquet", "-c", "-resourcesFound,-Resources,-file"]).code, Some(0));
    let row = rows(&trial.path("out.parquet")).remove(0);
    assert!(row.contains_key("eventTime") && !row.keys().any(|name| name.starts_with("resources") || name == "file"));
    let text = "trail2tsv: --columns \"-actor\": not in the list, so it cannot be left out; the list is eventTime,";
    assert!(trial.run(&["log", "-o", "out.parquet", "-c", "-actor"]).stderr.starts_with(text));
}

#[test]
fn json_is_kept_as_delivered() {
    let request = "{ \"b\" : 1.0e2,\t\"a\":\"\\u0041\\/\" }";
    let event = format!("{{\"eventVersion\":\"1\", \"eventName\":\"\\u0041\",\n \"requestParameters\":{request}}}");
    let trial = Trial::with("log", format!("{{\"Records\":[{event}]}}"));
    assert_eq!(trial.run(&["log", "-q", "-o", "out.parquet", "--with-record"]).code, Some(0));
    let rows = rows(&trial.path("out.parquet"));
    assert_eq!([column(&rows, "requestParameters"), column(&rows, "record")], [[request], [&event]]);
    assert_eq!(rows[0]["eventName"], "A");
}

#[test]
fn large_values_are_whole_and_very_large_ones_are_cut() {
    let event = |size: usize, name: &str| {
        let value = "x\\\"é".repeat(size / 5);
        format!(
            r#"{{"eventVersion":"1","eventName":"{name}","errorMessage":"{value}","requestParameters":{{"a":"{value}"}}}}"#
        )
    };
    let trial = Trial::with("log", records([event(2 << 20, "A"), event(9 << 20, "B")].map(String::into_bytes)));
    let arguments = ["log", "-o", "out.parquet", "--with-record", "--sort", "eventName", "-c", "+requestParameters.a"];
    trial.run(&arguments).shows(
        0,
        "",
        "trail2tsv: 2 events in 1 file read, 2 matched; 5 long values cut; \
         2 events kept without a readable eventTime\n",
    );
    let rows = rows(&trial.path("out.parquet"));
    let whole = "x\"é".repeat((2 << 20) / 5);
    assert!(rows[0]["errorMessage"] == whole && rows[0]["requestParameters.a"] == whole);
    let record: Value = serde_json::from_str(rows[0]["record"].as_str().unwrap()).unwrap();
    assert!(record["requestParameters"]["a"] == whole);
    let request: Value = serde_json::from_str(rows[0]["requestParameters"].as_str().unwrap()).unwrap();
    assert!(request["a"] == whole);
    let cut = "…[cut at 64 KiB]";
    assert!(rows[1]["errorMessage"].as_str().unwrap().ends_with(cut));
    assert_eq!(rows[1]["requestParameters"], format!("\"{cut}\""));
    assert_eq!(rows[1]["requestParameters.a"], cut);
    let record =
        format!(r#"{{"eventVersion":"1","eventName":"B","errorMessage":"{cut}","requestParameters":"{cut}"}}"#);
    assert_eq!(rows[1]["record"], record);
}

#[test]
fn nothing_found_is_a_file_with_a_schema() {
    let trial = Trial::new();
    trial.run(&[SAMPLE, "-q", "-e", "NoSuchEvent", "-o", "out.parquet"]).shows(0, "", "");
    assert!(rows(&trial.path("out.parquet")).is_empty());
    trial.run(&[SAMPLE, "-q", "-n", "0", "-o", "lake", "--partition", "day"]).shows(0, "", "");
    assert!(rows(&trial.path("lake/part-00000.parquet")).is_empty());
    assert_eq!(std::fs::read_dir(trial.path("lake")).unwrap().count(), 1);
}

#[test]
fn rows_are_selected_as_for_other_formats() {
    let trial = trial(300);
    for options in [&["-n", "7"][..], &["--sort", "-eventName,eventID", "-n", "9"], &["--dedupe", "-e", "*Instances*"]]
    {
        let arguments = [&["log", "-c", "eventID,eventName"][..], options].concat();
        // A column of text shows other values as JSON.
        let texts = |line: String| -> Vec<String> {
            let event: Map<String, Value> = serde_json::from_str(&line).unwrap();
            event.values().map(|value| value.as_str().map_or(value.to_string(), String::from)).collect()
        };
        let mut expected: Vec<Vec<String>> = json(&trial, &arguments).into_iter().map(texts).collect();
        let written = trial.run(&[&arguments[..], &["-q", "-o", "out.parquet"]].concat());
        assert_eq!(written.code, Some(0), "{written:?}");
        let rows = rows(&trial.path("out.parquet"));
        let mut found: Vec<_> = rows.into_iter().map(|row| texts(Value::from(row).to_string())).collect();
        if options[0] != "--sort" {
            expected.sort();
            found.sort();
        }
        assert!(!found.is_empty());
        assert_eq!(found, expected, "{options:?}");
    }
}
