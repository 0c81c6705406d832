//! The cells of a database.

use std::borrow::Cow;

use rusqlite::Result;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::decode::json::unescape;

/// A cell of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SqliteCell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(Cow<'a, [u8]>),
}

impl<'a> SqliteCell<'a> {
    /// The cell of a value, which is a text or JSON. Numbers of JSON are numbers if that
    /// loses none of their digits.
    pub(super) fn new(value: Option<&'a [u8]>, is_json: bool) -> SqliteCell<'a> {
        let Some(bytes) = value else { return SqliteCell::Null };
        match bytes {
            _ if !is_json => SqliteCell::Text(bytes.into()),
            [b'"', text @ .., b'"'] => SqliteCell::Text(match unescape(text) {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }),
            [b'-' | b'0'..=b'9', ..] => number(bytes).unwrap_or(SqliteCell::Text(bytes.into())),
            json => SqliteCell::Text(json.into()),
        }
    }
}

/// A number as written; `None` if SQLite cannot hold all of its digits.
fn number(written: &[u8]) -> Option<SqliteCell<'static>> {
    /// A 64-bit float has any number of these many digits.
    const DIGITS: usize = 15;
    let text = str::from_utf8(written).ok()?;
    if let Ok(integer) = text.parse() {
        return Some(SqliteCell::Integer(integer));
    }
    let mantissa = text.split(['e', 'E']).next()?;
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let real: f64 = text.parse().ok()?;
    let is_too_small = real == 0.0 && mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    (digits <= DIGITS && real.is_finite() && !is_too_small).then_some(SqliteCell::Real(real))
}

impl ToSql for SqliteCell<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            SqliteCell::Null => ValueRef::Null,
            SqliteCell::Integer(number) => ValueRef::Integer(*number),
            SqliteCell::Real(number) => ValueRef::Real(*number),
            SqliteCell::Text(text) => ValueRef::Text(text),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_all_digits() {
        let cell = |json: &'static str| SqliteCell::new(Some(json.as_bytes()), true);
        let text = |text: &'static str| SqliteCell::Text(text.as_bytes().into());
        for (json, expected) in [
            ("5", SqliteCell::Integer(5)),
            ("-9223372036854775808", SqliteCell::Integer(i64::MIN)),
            ("9223372036854775808", text("9223372036854775808")),
            ("0.1", SqliteCell::Real(0.1)),
            ("-2.5e3", SqliteCell::Real(-2500.0)),
            ("1e999", text("1e999")),
            ("1e-999", text("1e-999")),
            ("0e1", SqliteCell::Real(0.0)),
            ("0.1234567890123456", text("0.1234567890123456")),
            ("-", text("-")),
            ("\"5\"", text("5")),
            (r#""a\"\u00e9""#, text("a\"é")),
            ("true", text("true")),
            ("[1]", text("[1]")),
        ] {
            assert_eq!(cell(json), expected, "{json}");
        }
        assert_eq!(SqliteCell::new(Some(b"5"), false), text("5"));
        assert_eq!(SqliteCell::new(None, true), SqliteCell::Null);
    }
}
