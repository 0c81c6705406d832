//! Parquet as output and as input, read back with the library and compared with JSON.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

mod cells;
mod errors;
mod folders;
mod input;
mod readers;

use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::{Map, Value};
use testkit::logs::{AccountRegion, Generator, edge_cases, records};

use crate::harness::Trial;

/// The sample logs.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");

/// The rows of a file as JSON objects.
#[track_caller]
fn rows(path: &Path) -> Vec<Map<String, Value>> {
    let file = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    file.get_row_iter(None).unwrap().map(|row| object(&row.unwrap())).collect()
}

fn object(row: &Row) -> Map<String, Value> {
    row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => (*value).into(),
        Field::Str(text) => text.clone().into(),
        Field::TimestampMillis(time) => (*time).into(),
        Field::Group(row) => object(row).into(),
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        other => panic!("{other:?}"),
    }
}

/// The cells of a column of text or JSON.
fn column<'r>(rows: &'r [Map<String, Value>], name: &str) -> Vec<&'r str> {
    rows.iter().map(|row| row[name].as_str().unwrap_or("null")).collect()
}

/// The events as JSON lines.
fn json(trial: &Trial, arguments: &[&str]) -> Vec<String> {
    let ran = trial.run(&[arguments, &["-q", "-f", "json"]].concat());
    ran.lines(0).into_iter().map(String::from).collect()
}

/// A trial with a log of generated events, and of the edge cases that serde_json can parse.
fn trial(count: i64) -> Trial {
    let (mut generator, place) = (Generator::new(12), AccountRegion::new("111122223333", "eu-west-1"));
    let generated = (0..count).map(|second| {
        let mut event = String::new();
        // The times are not in order.
        let time = 1_790_845_200 + second * 7919 % count * 60;
        generator.event(&place, jiff::Timestamp::from_second(time).unwrap(), &mut event);
        event.into_bytes()
    });
    let odd = edge_cases::events().into_iter().map(|event| event.json);
    let odd = odd.filter(|json| serde_json::from_slice::<Value>(json).is_ok());
    Trial::with("log", records(odd.chain(generated)))
}
