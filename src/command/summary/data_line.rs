//! The lines of a summary as TSV or CSV: one for each row of each table, with the columns of
//! all of them.

use super::all_rows::CountedRow;
use super::amount;
use super::result::{SummaryTable, TableTopic};
use super::time;
use crate::table::column::ColumnType;
use crate::table::computed::CellValue;

/// A column of lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LineColumn {
    Table,
    /// The value of a row, or the first of several.
    Value,
    Events,
    Sum,
    First,
    Last,
    Failed,
    FirstUser,
    Earlier,
    /// Another value of rows that have several, by its name.
    Other(&'static str),
}

/// What a cell shows, in memory of its own where it is computed.
pub(super) enum LineCell<'a> {
    Value(CellValue<'a>),
    Sum(String),
}

impl LineColumn {
    /// All columns, with those of sums and of comparisons where they are needed.
    pub(super) fn all(has_sum: bool, is_compared: bool) -> Vec<LineColumn> {
        let other = LineColumn::Other;
        let sum = has_sum.then_some(LineColumn::Sum);
        let compared = [other("column"), other("change"), LineColumn::Earlier];
        [LineColumn::Table, LineColumn::Value, other("eventName"), LineColumn::Events]
            .into_iter()
            .chain(sum)
            .chain([LineColumn::First, LineColumn::Last, LineColumn::Failed])
            .chain(["resources", "userName", "sourceIPAddress"].map(other))
            .chain([LineColumn::FirstUser, other("detail")])
            .chain(compared.into_iter().filter(|_| is_compared))
            .collect()
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            LineColumn::Table => "table",
            LineColumn::Value => "value",
            LineColumn::Events => "events",
            LineColumn::Sum => "sum",
            LineColumn::First => "first",
            LineColumn::Last => "last",
            LineColumn::Failed => "failed",
            LineColumn::FirstUser => "firstUser",
            LineColumn::Earlier => "earlier",
            LineColumn::Other(name) => name,
        }
    }

    pub(super) fn column_type(self) -> ColumnType {
        match self {
            LineColumn::Events | LineColumn::Sum | LineColumn::Failed | LineColumn::Earlier => ColumnType::Value,
            LineColumn::First | LineColumn::Last => ColumnType::Time,
            _ => ColumnType::Text,
        }
    }

    /// The cell of a row `of` a table with this name, or of a total.
    pub(super) fn cell<'a>(self, name: &'a str, of: Option<&SummaryTable>, row: &'a CountedRow<'_>) -> LineCell<'a> {
        let topic = of.map(|table| table.topic);
        let value = |at: usize| CellValue::Text(row.values.get(at).map_or("", String::as_str));
        let time =
            |at: usize| row.period.map_or(CellValue::Empty, |period| CellValue::Time(time::timestamp(period[at])));
        let number = |count, is_counted| if is_counted { CellValue::Number(count) } else { CellValue::Empty };
        LineCell::Value(match self {
            LineColumn::Table => CellValue::Text(name),
            LineColumn::Value => value(value_place(topic)),
            LineColumn::Events => CellValue::Number(row.count),
            // Only rows and the number of all events have a sum.
            LineColumn::Sum if topic.is_some() || row.values.iter().eq(["events"]) => {
                return LineCell::Sum(amount::decimal(row.sum));
            }
            LineColumn::Sum => CellValue::Text(""),
            LineColumn::First => time(0),
            LineColumn::Last => time(1),
            LineColumn::Failed => number(row.failures, topic == Some(TableTopic::Changes)),
            LineColumn::Earlier => number(row.earlier, topic == Some(TableTopic::Against)),
            LineColumn::FirstUser if topic == Some(TableTopic::Against) => value(3),
            LineColumn::FirstUser if topic.is_some_and(TableTopic::has_first_user) => CellValue::Text(row.first_user),
            LineColumn::FirstUser => CellValue::Text(""),
            LineColumn::Other(name) => {
                let place = of.and_then(|table| table.columns.iter().position(|column| column == name));
                place.filter(|place| *place != value_place(topic)).map_or(CellValue::Text(""), value)
            }
        })
    }
}

impl LineCell<'_> {
    pub(super) fn value(&self) -> CellValue<'_> {
        match self {
            LineCell::Value(value) => *value,
            LineCell::Sum(text) => CellValue::Text(text),
        }
    }
}

/// Which value of a row is its main one.
fn value_place(topic: Option<TableTopic>) -> usize {
    if topic == Some(TableTopic::Against) { 2 } else { 0 }
}
