//! The fields of an event that a statement needs, each as a column of its inner query.

use std::collections::BTreeSet;

use super::caller;
use super::dialect::Dialect;
use super::schema::{SqlColumnShape, column_name, find, is_json};
use crate::syntax::visible::is_hidden;

/// Names that other parts of a statement use.
const RESERVED: [&str; 4] = ["record", "file", "json", "element"];

/// The columns of the inner query.
pub(super) struct EventFields {
    pub(super) dialect: Dialect,
    /// What each column is called, unquoted, and its expression.
    pub(super) columns: Vec<(String, String)>,
    /// The paths of the columns.
    paths: Vec<(Vec<String>, usize)>,
    /// Whether the names of the caller are needed.
    pub(super) has_caller: bool,
    /// What is not exact.
    pub(super) notes: BTreeSet<String>,
}

impl EventFields {
    pub(super) fn new(dialect: Dialect) -> EventFields {
        let (columns, paths, notes) = (Vec::new(), Vec::new(), BTreeSet::new());
        EventFields { dialect, columns, paths, has_caller: false, notes }
    }

    /// The quoted name of a column with this expression.
    pub(super) fn add(&mut self, wanted: &str, expression: String) -> String {
        if let Some((name, _)) = self.columns.iter().find(|(_, known)| *known == expression) {
            return self.dialect.name(name);
        }
        // Engines ignore the case of names.
        let is_taken = |name: &str| {
            let is_same = |known: &str| known.eq_ignore_ascii_case(name);
            self.columns.iter().any(|(known, _)| is_same(known))
                || RESERVED.into_iter().chain(caller::names()).any(is_same)
        };
        let mut name = wanted.to_string();
        while is_taken(&name) {
            name.push('_');
        }
        let quoted = self.dialect.name(&name);
        self.columns.push((name, expression));
        quoted
    }

    /// The quoted name of the column with the value at a path. Fails with the reason why the
    /// engine has no such value.
    pub(super) fn path(&mut self, path: &[&str]) -> Result<String, String> {
        if let Some((_, at)) = self.paths.iter().find(|(known, _)| known.iter().eq(path)) {
            return Ok(self.dialect.name(&self.columns[*at].0));
        }
        let expression = field(self.dialect, path)?;
        if is_json(path) {
            let name = path.join(".").replace(is_hidden, "?");
            self.notes.insert(format!(
                "{name}: nested JSON and numbers are written by the engine, so they can differ in escapes and digits"
            ));
        }
        let name = self.add(&path.join("."), expression);
        let at = self.columns.iter().position(|(known, _)| self.dialect.name(known) == name);
        self.paths.extend(at.map(|at| (path.iter().map(|name| (*name).to_string()).collect(), at)));
        Ok(name)
    }
}

/// The value at a path as text.
pub(super) fn field(dialect: Dialect, path: &[&str]) -> Result<String, String> {
    if dialect != Dialect::Duckdb {
        return table_field(dialect, path);
    }
    let value = |path: &[&str]| {
        let path = dialect.text(&json_path(dialect, path)?);
        Ok::<_, String>(format!("trail2tsv_text(record, {path})"))
    };
    // Insights and aggregated events have these elsewhere.
    let other: &[&str] = match path {
        ["eventTime"] => &["timeWindow", "windowStart"],
        ["eventName"] => &["insightDetails", "eventName"],
        ["eventSource"] => &["insightDetails", "eventSource"],
        ["recipientAccountId"] => &["accountId"],
        ["eventID"] => &["eventId"],
        _ if is_json(path) => return Ok(format!("(record ->> {})", dialect.text(&json_path(dialect, path)?))),
        _ => return value(path),
    };
    Ok(format!("coalesce({}, {})", value(path)?, value(other)?))
}

/// The value in a column of the table, or in a member of one.
fn table_field(dialect: Dialect, path: &[&str]) -> Result<String, String> {
    let Some((shape, length)) = find(path) else {
        return Err("the engine's table has no such column; DuckDB reads any field".into());
    };
    if matches!(shape, SqlColumnShape::Struct(_)) {
        return Err(
            "a struct in the engine's table, which is not the JSON as delivered; name one of its members".into()
        );
    }
    let names: Vec<String> = path[..length].iter().map(|name| column_name(name, dialect)).collect();
    let column = match dialect {
        Dialect::Spark => format!("record.{}", names.join(".")),
        _ => names.join("."),
    };
    let inner = &path[length..];
    if inner.is_empty() {
        return Ok(column);
    }
    let path = dialect.text(&json_path(dialect, inner)?);
    Ok(match dialect {
        Dialect::Spark => format!("get_json_object({column}, {path})"),
        _ => format!("coalesce(json_extract_scalar({column}, {path}), json_format(json_extract({column}, {path})))"),
    })
}

/// A path in the syntax of the engine's functions on JSON.
fn json_path(dialect: Dialect, path: &[&str]) -> Result<String, String> {
    let is_plain = |name: &&&str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let mut text = String::from("$");
    for name in path {
        if is_plain(&name) {
            text += &format!(".{name}");
            continue;
        }
        if name.is_empty() || name.contains(['"', '\'', '\\', '[', ']', '*']) || name.contains(is_hidden) {
            return Err("a name with quotes, brackets or the like, which paths of the engine cannot have".into());
        }
        text += &match dialect {
            Dialect::Athena => format!("[\"{name}\"]"),
            Dialect::Spark => format!("['{name}']"),
            Dialect::Duckdb => format!(".\"{name}\""),
        };
    }
    Ok(text)
}
