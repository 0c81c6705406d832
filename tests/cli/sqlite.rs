//! SQLite as output, read back with the library and compared with JSON.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod errors;

use rusqlite::types::Value as Cell;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use testkit::logs::{AccountRegion, Generator, edge_cases, records};

use crate::harness::Trial;

/// The sample logs.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");

/// Columns of every kind.
const COLUMNS: &str = "+eventID,file,resources,readOnly,tlsDetails,responseElements,requestParameters.maxResults,\
                       requestParameters.instancesSet.items[].instanceId,additionalEventData.bytesTransferredIn,\
                       userIdentity.sessionContext.attributes.creationDate,eventVersion,userIdentity";

/// Opens a database and checks that it is sound.
#[track_caller]
fn open(trial: &Trial, name: &str) -> Connection {
    let database = Connection::open_with_flags(trial.path(name), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    database
}

/// The names of the columns of a query, and its rows.
#[track_caller]
fn query(database: &Connection, sql: &str) -> (Vec<String>, Vec<Vec<Cell>>) {
    let mut statement = database.prepare(sql).unwrap();
    let names: Vec<String> = statement.column_names().map(String::from).collect();
    let row = |row: &rusqlite::Row<'_>| (0..names.len()).map(|at| row.get(at)).collect::<Result<Vec<Cell>, _>>();
    let rows = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
    (names, rows)
}

/// Whether a cell has the value of JSON.
fn is_same(cell: &Cell, value: &Value) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|parsed| parsed == *value);
    match (cell, value) {
        (Cell::Null, Value::Null) => true,
        (Cell::Text(text), Value::String(value)) => text == value,
        (Cell::Text(text), value) => !value.is_null() && parsed(text),
        (Cell::Integer(number), value) => value.as_i64() == Some(*number),
        (Cell::Real(number), value) => value.is_f64() && value.as_f64() == Some(*number),
        _ => false,
    }
}

/// Compares the rows with the output as JSON of the same arguments, and returns their number.
#[track_caller]
fn check(trial: &Trial, arguments: &[&str]) -> usize {
    trial.run(&[arguments, &["-q", "-o", "out.db"]].concat()).shows(0, "", "");
    let (names, rows) = query(&open(trial, "out.db"), "SELECT * FROM events ORDER BY rowid");
    let ran = trial.run(&[arguments, &["-q", "-f", "json"]].concat());
    let lines = ran.lines(0);
    assert_eq!(rows.len(), lines.len());
    for (row, line) in rows.iter().zip(lines) {
        let expected: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        assert!(names.iter().eq(expected.keys()), "{names:?} {line}");
        for (cell, (name, value)) in row.iter().zip(&expected) {
            assert!(is_same(cell, value), "{name}: {cell:?} {value}");
        }
    }
    rows.len()
}

/// A trial with a log of generated events, and of the edge cases that serde_json can parse.
fn trial(count: i64) -> Trial {
    let (mut generator, place) = (Generator::new(12), AccountRegion::new("111122223333", "eu-west-1"));
    let generated = (0..count).map(|second| {
        let mut event = String::new();
        generator.event(&place, jiff::Timestamp::from_second(1_790_845_200 + second).unwrap(), &mut event);
        event.into_bytes()
    });
    let odd = edge_cases::events().into_iter().map(|event| event.json);
    let odd = odd.filter(|json| serde_json::from_slice::<Value>(json).is_ok());
    Trial::with("log", records(odd.chain(generated)))
}

#[test]
fn every_cell_is_that_of_json() {
    let sample = Trial::new();
    assert!(check(&sample, &[SAMPLE, "-c", COLUMNS]) > 20);
    check(&sample, &[SAMPLE, "-c", "eventTime,userName,actor,actorVia", "--sort", "-eventTime", "--limit", "7"]);
    check(&sample, &[SAMPLE, "-c", "eventTime,eventName", "--time-zone", "Asia/Tokyo", "-e", "Run*"]);
    let generated = trial(3000);
    assert!(check(&generated, &["log", "-c", COLUMNS]) > 3000);
    check(&generated, &["log", "-c", "all", "--threads", "1"]);
}

#[test]
fn numbers_are_numbers() {
    let log = records([
        r#"{"eventName":"A","requestParameters":{"n":12,"text":"12","id":"007"},"apiVersion":3}"#,
        r#"{"eventName":"B","requestParameters":{"n":-0.5,"text":"a\u0000b\"é","id":12345678901234567890}}"#,
        r#"{"eventName":"C","requestParameters":{"n":true,"text":{"a": [1]}}}"#,
        r#"{"eventName":"D","requestParameters":null}"#,
    ]);
    let trial = Trial::with("log", log);
    let columns = "eventName,requestParameters.n,requestParameters.text,requestParameters.id,apiVersion";
    trial.run(&["log", "-q", "-c", columns, "-o", "out.sqlite"]).shows(0, "", "");
    let (_, rows) = query(&open(&trial, "out.sqlite"), "SELECT * FROM events");
    let text = |text: &str| Cell::Text(text.into());
    let expected = [
        [text("A"), Cell::Integer(12), text("12"), text("007"), text("3")],
        [text("B"), Cell::Real(-0.5), text("a\0b\"é"), text("12345678901234567890"), Cell::Null],
        [text("C"), text("true"), text(r#"{"a":[1]}"#), Cell::Null, Cell::Null],
        [text("D"), Cell::Null, Cell::Null, Cell::Null, Cell::Null],
    ];
    assert_eq!(rows, expected);
}

#[test]
fn whole_events_are_queried_as_json() {
    let trial = Trial::new();
    trial.run(&[SAMPLE, "-q", "-c", "eventName", "--with-record", "-o", "out.sqlite3"]).shows(0, "", "");
    let database = open(&trial, "out.sqlite3");
    let (names, rows) = query(&database, "SELECT * FROM events");
    assert_eq!(names, ["eventName", "record"]);
    let ran = trial.run(&[SAMPLE, "-q", "-f", "json"]);
    for (row, line) in rows.iter().zip(ran.lines(0)) {
        let Cell::Text(record) = &row[1] else { panic!("{row:?}") };
        let parsed = |json: &str| serde_json::from_str::<Value>(json).unwrap();
        assert_eq!(parsed(record), parsed(line));
    }
    let sql = "SELECT count(*) FROM events WHERE record ->> '$.eventName' IS NOT eventName";
    assert_eq!(query(&database, sql).1, [[Cell::Integer(0)]]);
}

#[test]
fn a_database_of_no_events_has_a_table() {
    let trial = Trial::new();
    trial
        .run(&[SAMPLE, "-q", "-e", "NoSuchEvent", "-c", "eventTime,userName", "-f", "sqlite", "-o", "x"])
        .shows(0, "", "");
    let (names, rows) = query(&open(&trial, "x"), "SELECT * FROM events");
    assert_eq!((names, rows), (vec!["eventTime".to_string(), "userName".into()], vec![]));
}

#[test]
fn large_events_are_cut_and_counted() {
    let event = format!(r#"{{"eventName":"A","requestParameters":{{"a":"{}"}}}}"#, "x".repeat(17 << 20));
    let trial = Trial::with("log", records([event.as_str(), r#"{"eventName":"B","requestParameters":null}"#]));
    let ran = trial.run(&["log", "-c", "eventName,requestParameters", "--with-record", "-o", "out.db"]);
    assert!(ran.code == Some(0) && ran.stderr.contains("2 long values cut"), "{ran:?}");
    let (_, rows) = query(&open(&trial, "out.db"), "SELECT eventName, requestParameters FROM events");
    let text = |text: &str| Cell::Text(text.into());
    assert_eq!(rows, [[text("A"), text("…[cut at 64 KiB]")], [text("B"), Cell::Null]]);
    // A long value of a smaller event is kept whole, and its row comes in pieces.
    let long = "y".repeat(3 << 20);
    trial.write("log", records([format!(r#"{{"eventName":"A","requestParameters":{{"a":"{long}"}}}}"#)]));
    trial.run(&["log", "-q", "-c", "requestParameters.a", "-o", "out.db"]).shows(0, "", "");
    assert_eq!(query(&open(&trial, "out.db"), "SELECT * FROM events").1, [[Cell::Text(long)]]);
}
