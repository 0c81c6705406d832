//! The cells of a database.

use std::borrow::Cow;

use rusqlite::Result;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::decode::json::unescape;

/// A cell of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DatabaseCell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(Cow<'a, [u8]>),
}

impl<'a> DatabaseCell<'a> {
    /// The cell of a value, which is a text or JSON. Numbers of JSON are numbers if that
    /// loses none of their digits.
    pub(super) fn new(value: Option<&'a [u8]>, is_json: bool) -> DatabaseCell<'a> {
        let Some(bytes) = value else { return DatabaseCell::Null };
        match bytes {
            _ if !is_json => DatabaseCell::Text(bytes.into()),
            [b'"', text @ .., b'"'] => DatabaseCell::Text(match unescape(text) {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }),
            [b'-' | b'0'..=b'9', ..] => number(bytes).unwrap_or(DatabaseCell::Text(bytes.into())),
            json => DatabaseCell::Text(json.into()),
        }
    }
}

/// A number as written; `None` if SQLite cannot hold all of its digits.
fn number(written: &[u8]) -> Option<DatabaseCell<'static>> {
    /// A 64-bit float has any number of these many digits.
    const DIGITS: usize = 15;
    let text = str::from_utf8(written).ok()?;
    if let Ok(integer) = text.parse() {
        return Some(DatabaseCell::Integer(integer));
    }
    let mantissa = text.split(['e', 'E']).next()?;
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let real: f64 = text.parse().ok()?;
    let is_too_small = real == 0.0 && mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    (digits <= DIGITS && real.is_finite() && !is_too_small).then_some(DatabaseCell::Real(real))
}

impl ToSql for DatabaseCell<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            DatabaseCell::Null => ValueRef::Null,
            DatabaseCell::Integer(number) => ValueRef::Integer(*number),
            DatabaseCell::Real(number) => ValueRef::Real(*number),
            DatabaseCell::Text(text) => ValueRef::Text(text),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_all_digits() {
        let cell = |json: &'static str| DatabaseCell::new(Some(json.as_bytes()), true);
        let text = |text: &'static str| DatabaseCell::Text(text.as_bytes().into());
        for (json, expected) in [
            ("5", DatabaseCell::Integer(5)),
            ("-9223372036854775808", DatabaseCell::Integer(i64::MIN)),
            ("9223372036854775808", text("9223372036854775808")),
            ("0.1", DatabaseCell::Real(0.1)),
            ("-2.5e3", DatabaseCell::Real(-2500.0)),
            ("1e999", text("1e999")),
            ("1e-999", text("1e-999")),
            ("0e1", DatabaseCell::Real(0.0)),
            ("0.1234567890123456", text("0.1234567890123456")),
            ("-", text("-")),
            ("\"5\"", text("5")),
            (r#""a\"\u00e9""#, text("a\"é")),
            ("true", text("true")),
            ("[1]", text("[1]")),
        ] {
            assert_eq!(cell(json), expected, "{json}");
        }
        assert_eq!(DatabaseCell::new(Some(b"5"), false), text("5"));
        assert_eq!(DatabaseCell::new(None, true), DatabaseCell::Null);
    }
}
