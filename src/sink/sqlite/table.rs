//! The table of a database, and the statements that write it.

use std::fmt::Write;

use rusqlite::{Connection, Result, Statement};

use super::cell::SqliteCell;
use crate::table::column::ColumnType;
use crate::table::event_row::{NestedValues, RowValue, RowValues};
use crate::table::layout::OutputColumn;

/// A table of events.
pub(super) struct SqliteTable {
    columns: Vec<TableColumn>,
    insert: String,
}

struct TableColumn {
    /// Its name, in quotes.
    name: String,
    /// Whether its cells are JSON, which may be numbers.
    is_json: bool,
}

impl SqliteTable {
    /// A table of these columns. SQLite does not distinguish names by case, so a second one
    /// gets a number.
    pub(super) fn new(columns: &[OutputColumn]) -> SqliteTable {
        let mut names: Vec<String> = Vec::new();
        let columns: Vec<TableColumn> = columns
            .iter()
            .map(|column| TableColumn {
                name: quoted(&unused(&column.name, &mut names)),
                is_json: column.column_type == ColumnType::Value,
            })
            .collect();
        let insert = format!("INSERT INTO events VALUES ({})", vec!["?"; columns.len()].join(","));
        SqliteTable { columns, insert }
    }

    /// The statement that creates it. A column whose cells may be numbers has no type, so
    /// that SQLite converts nothing.
    pub(super) fn definition(&self) -> String {
        let mut definition = String::from("CREATE TABLE events (");
        for (at, column) in self.columns.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let kind = if column.is_json { "" } else { " TEXT" };
            // Writing to a string cannot fail.
            let _ = write!(definition, "{comma}{}{kind}", column.name);
        }
        definition.push(')');
        definition
    }

    /// The statement that inserts a row.
    pub(super) fn inserting<'c>(&self, connection: &'c Connection) -> Result<Statement<'c>> {
        connection.prepare(&self.insert)
    }

    /// Inserts a row.
    pub(super) fn insert(&self, statement: &mut Statement<'_>, mut values: RowValues<'_>) -> Result<()> {
        for (at, column) in self.columns.iter().enumerate() {
            let bytes = match values.next_value() {
                RowValue::Own(value) => {
                    let mut value = NestedValues::new(value);
                    value.length().map(|length| value.take(length))
                }
                // Only columnar files share values.
                RowValue::Null | RowValue::Shared { .. } => None,
            };
            let cell = SqliteCell::new(bytes, column.is_json);
            statement.raw_bind_parameter(at + 1, cell)?;
        }
        statement.raw_execute().map(|_| ())
    }
}

/// The name, or with a number the first that is not among `names` yet. Adds it to these.
fn unused(name: &str, names: &mut Vec<String>) -> String {
    let is_used = |new: &str, names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(new));
    let mut new = name.to_string();
    let mut number = 2;
    while is_used(&new, names) {
        new = format!("{name}_{number}");
        number += 1;
    }
    names.push(new.clone());
    new
}

/// A name in quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_distinct_in_any_case() {
        let column = |name: &str, column_type| OutputColumn { name: name.into(), column_type, leave_out: None };
        let columns = [
            column("eventName", ColumnType::Text),
            column("requestParameters.id", ColumnType::Value),
            column("requestParameters.ID", ColumnType::Value),
            column("a\"); DROP TABLE events; --", ColumnType::Text),
        ];
        assert_eq!(
            SqliteTable::new(&columns).definition(),
            "CREATE TABLE events (\"eventName\" TEXT, \"requestParameters.id\", \"requestParameters.ID_2\", \
             \"a\"\"); DROP TABLE events; --\" TEXT)"
        );
    }
}
