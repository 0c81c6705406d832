//! The summary as data: a line for each value, or one JSON object.

use serde_json::{Map, Value, json};

use super::result::{Summary, SummaryTable, TableRow, TableTopic};
use super::tally::{ERROR, OTHER, READ, WRITE};
use super::time;
use crate::report::Coverage;
use crate::syntax::visible::push_text;
use crate::table::layout::Format;
use crate::table::line;

/// What a table is called where programs read it.
pub(super) fn name(about: TableTopic) -> &'static str {
    match about {
        TableTopic::Accounts => "accounts",
        TableTopic::Regions => "regions",
        TableTopic::Users => "users",
        TableTopic::Events => "names",
        TableTopic::Sources => "sources",
        TableTopic::Addresses => "addresses",
        TableTopic::Errors => "errors",
        TableTopic::Denied => "denied",
        TableTopic::Asked => "counts",
    }
}

/// Rows of the values that were asked for or, where nothing was, of all tables
/// one behind the other.
pub(super) fn rows(summary: &Summary, coverage: &Coverage, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(table) = summary.table(TableTopic::Asked) {
        let columns = table.columns.iter().map(String::as_str);
        line(columns.chain(["events", "first", "last"]), format, &mut out);
        for row in &table.rows {
            let numbers = numbers(row.trend.count, row.trend.period());
            line(row.values.iter().chain(&numbers).map(String::as_str), format, &mut out);
        }
        return out;
    }
    line(["table", "value", "eventName", "events", "first", "last"], format, &mut out);
    let mut row = |table: &str, values: &[String], count: u64, period| {
        let second = values.get(1).map_or("", String::as_str);
        let first = values.first().map_or("", String::as_str);
        let numbers = numbers(count, period);
        line([table, first, second].into_iter().chain(numbers.iter().map(String::as_str)), format, &mut out);
    };
    row("total", &["events".into()], summary.counts.all.count, summary.counts.all.period());
    for (name, count) in totals(summary, coverage) {
        row("total", &[name.into()], count, None);
    }
    for table in &summary.tables {
        row("distinct", &[name(table.about).into()], table.distinct, None);
    }
    for table in &summary.tables {
        for TableRow { values, trend } in &table.rows {
            row(name(table.about), values, trend.count, trend.period());
        }
    }
    out
}

/// One object with all that is counted.
pub(super) fn json(summary: &Summary, coverage: &Coverage) -> Vec<u8> {
    let [first, last] = times(summary.counts.all.period());
    let mut object = Map::new();
    object.insert("events".into(), summary.counts.all.count.into());
    object.insert("first".into(), first);
    object.insert("last".into(), last);
    object.extend(totals(summary, coverage).map(|(name, count)| (name.into(), count.into())));
    for table in &summary.tables {
        object.insert(name(table.about).into(), table_object(table));
    }
    let mut line = Vec::new();
    // Hidden characters stand in strings only, where escapes mean the same.
    push_text(&Value::Object(object).to_string(), &mut line);
    line.push(b'\n');
    line
}

fn table_object(table: &SummaryTable) -> Value {
    let row = |row: &TableRow| {
        let values = table.columns.iter().cloned().zip(row.values.iter().map(|value| json!(value)));
        let [first, last] = times(row.trend.period());
        let numbers = [("events", json!(row.trend.count)), ("first", first), ("last", last)];
        values.chain(numbers.map(|(name, value)| (name.into(), value))).collect::<Map<_, _>>()
    };
    json!({
        "distinct": table.distinct,
        "events": table.events,
        "without": table.empty,
        "top": table.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn totals(summary: &Summary, coverage: &Coverage) -> impl Iterator<Item = (&'static str, u64)> {
    let counts = &summary.counts;
    [
        ("files", coverage.files),
        ("reads", counts.kinds[READ]),
        ("writes", counts.kinds[WRITE]),
        ("failed", counts.kinds[ERROR]),
        ("other", counts.kinds[OTHER]),
        ("refused", counts.denied),
        ("untimed", summary.untimed()),
    ]
    .into_iter()
}

fn numbers(count: u64, period: Option<[i64; 2]>) -> [String; 3] {
    let [first, last] = period.map_or([String::new(), String::new()], |period| period.map(time::written));
    [count.to_string(), first, last]
}

fn times(period: Option<[i64; 2]>) -> [Value; 2] {
    period.map_or([Value::Null, Value::Null], |period| period.map(|second| time::written(second).into()))
}
