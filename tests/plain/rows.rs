//! Rows by the library, and their comparison with values.

use std::ops::ControlFlow;

use serde_json::Value;
use testkit::plain::{at, shown, user_name};
use trail2tsv::decode::Decoder;
use trail2tsv::decode::event::Fields;
use trail2tsv::output::Table;
use trail2tsv::output::column::DEFAULT;
use trail2tsv::plan::{Format, TableLayout};

/// The default columns, and the raw user name.
fn columns() -> impl Iterator<Item = &'static str> {
    DEFAULT.into_iter().chain(["userIdentity.userName"])
}

/// The rows of a text that arrives in windows that are `step` bytes longer
/// each time.
pub(crate) fn fast(text: &[u8], step: usize) -> Vec<String> {
    let layout = TableLayout {
        columns: columns().map(String::from).collect(),
        format: Format::Tsv,
        header: false,
        null: "null".into(),
        guard: false,
    };
    let mut fields = Fields::default();
    let mut table = Table::new(&layout, &mut fields).unwrap();
    let mut decoder = Decoder::new(&fields).unwrap();
    decoder.start();
    let (mut rows, mut start, mut end) = (Vec::new(), 0, step.min(text.len()));
    loop {
        let is_last = end == text.len();
        start += decoder.window(&text[start..end], is_last, |event| {
            let mut row = Vec::new();
            table.row(event, "", &mut row);
            rows.push(String::from_utf8(row).unwrap());
            ControlFlow::Continue(())
        });
        if is_last || decoder.findings().broken.is_some() {
            return rows;
        }
        end = (end + step).min(text.len());
    }
}

/// Compares a row with the event that it shows, and says where they differ.
pub(crate) fn compare(row: &str, event: &Value) -> Result<(), String> {
    let line = row.strip_suffix('\n').filter(|line| !line.contains('\n')).ok_or("not one line")?;
    let cells: Vec<&str> = line.split('\t').collect();
    if cells.len() != columns().count() {
        return Err(format!("{} cells", cells.len()));
    }
    for (column, cell) in columns().zip(cells) {
        let is_same = match column {
            "userName" => {
                let name = user_name(event).map_or("null".into(), |name| shown(&name));
                // Where a number names someone, serde_json has its own way to write the exponent.
                let simple = |text: &str| text.to_lowercase().replace("e+", "e");
                cell == name || simple(cell) == simple(&name)
            }
            path => is_value(cell, at(event, path)),
        };
        if !is_same {
            return Err(format!("{column} is {cell}"));
        }
    }
    Ok(())
}

fn is_value(cell: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => cell == shown(text),
        Value::Object(_) | Value::Array(_) => parse(cell).is_some_and(|parsed| parsed == *value),
        other => parse(cell).is_some_and(|parsed| parsed == *other),
    }
}

/// The value of a cell. Inside JSON, escapes stay as they were delivered.
fn parse(cell: &str) -> Option<Value> {
    let event = format!("{{\"eventName\":{cell}}}");
    let [event] = &testkit::plain::events(event.as_bytes())[..] else { return None };
    Some(event["eventName"].clone())
}
