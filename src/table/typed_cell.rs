//! Typed cells as bytes: the form of a workbook's rows between the workers and the sink.
//!
//! A cell is one byte for its kind, the length of its text in four bytes, and the text. An
//! empty cell is one byte. Another byte ends the row. Rows in this form can be split at any
//! byte, sorted and spilled like lines of text.

use super::column::ColumnType;
use crate::cloudtrail::time;

/// A cell whose text has a type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TypedCell<'a> {
    /// An absent value, or an empty text.
    Empty,
    /// Text, whatever it looks like.
    Text(&'a str),
    /// A number, in decimal.
    Number(&'a str),
    /// A time, as [`time::parse`] or [`time::parse_epoch`] reads it.
    Time(&'a str),
}

impl<'a> TypedCell<'a> {
    /// The text of the cell.
    pub fn text(self) -> &'a str {
        match self {
            TypedCell::Empty => "",
            TypedCell::Text(text) | TypedCell::Number(text) | TypedCell::Time(text) => text,
        }
    }
}

/// What a reader finds next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RowToken<'a> {
    /// The next cell of the row.
    Cell(TypedCell<'a>),
    /// The end of the row.
    End,
}

/// The type of a text in a cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CellKind {
    Text,
    Number,
    Time,
}

impl CellKind {
    /// The type of a text, which is not a JSON number, in a column of type `shows`.
    pub(super) fn of_text(text: &[u8], shows: ColumnType) -> CellKind {
        let is_epoch = || str::from_utf8(text).is_ok_and(|text| time::parse_epoch(text).is_some());
        match shows {
            ColumnType::Time if is_date_and_time(text) || is_epoch() => CellKind::Time,
            ColumnType::Value if is_date_and_time(text) => CellKind::Time,
            _ => CellKind::Text,
        }
    }
}

/// Whether text looks like `2026-10-01T09:…` or `2026-10-01 09:…`.
fn is_date_and_time(text: &[u8]) -> bool {
    matches!(text, [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b' ', _, _, b':', ..])
}

const ROW_END: u8 = 0;
const EMPTY: u8 = 1;
const TEXT: u8 = 2;
const NUMBER: u8 = 3;
const TIME: u8 = 4;

/// Bytes of a cell before its text.
const HEAD: usize = 1 + size_of::<u32>();

/// Begins a cell. Returns the offset at which its text has to be appended.
pub(super) fn begin(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[EMPTY; HEAD]);
    out.len()
}

/// Completes the cell whose text begins at `start`.
pub(super) fn end(out: &mut Vec<u8>, start: usize, kind: CellKind) {
    let length = out.len() - start;
    if length == 0 {
        // The kind of the cell is already that of an empty one.
        return out.truncate(start - HEAD + 1);
    }
    out[start - HEAD] = match kind {
        CellKind::Text => TEXT,
        CellKind::Number => NUMBER,
        CellKind::Time => TIME,
    };
    // A cell respects the limits of Excel, so its length fits.
    out[start - HEAD + 1..start].copy_from_slice(&(length as u32).to_le_bytes());
}

/// Completes the row.
pub(super) fn end_row(out: &mut Vec<u8>) {
    out.push(ROW_END);
}

/// Reads typed cells from blocks of bytes, which can end anywhere.
#[derive(Debug, Default)]
pub struct CellReader {
    /// Start of a cell whose end has not arrived yet.
    rest: Vec<u8>,
}

impl CellReader {
    /// Calls `each` for what is complete in `bytes`, which continue the previous ones.
    pub fn read<E>(&mut self, mut bytes: &[u8], mut each: impl FnMut(RowToken<'_>) -> Result<(), E>) -> Result<(), E> {
        while !bytes.is_empty() || !self.rest.is_empty() {
            // Most blocks end between two rows, and their cells are not copied.
            let from = if self.rest.is_empty() { bytes } else { &self.rest };
            let needed = length(from);
            if from.len() >= needed {
                token(&from[..needed], &mut each)?;
                match self.rest.is_empty() {
                    true => bytes = &bytes[needed..],
                    false => self.rest.clear(),
                }
                continue;
            }
            let (more, later) = bytes.split_at(bytes.len().min(needed - self.rest.len()));
            if more.is_empty() {
                break;
            }
            self.rest.extend_from_slice(more);
            bytes = later;
        }
        Ok(())
    }
}

/// The length of the first cell, or as much of it as its first bytes say.
fn length(bytes: &[u8]) -> usize {
    match bytes {
        [ROW_END | EMPTY, ..] | [] => 1,
        [_, length @ ..] => length.first_chunk().map_or(HEAD, |length| HEAD + u32::from_le_bytes(*length) as usize),
    }
}

/// Calls `each` for the cell or row end that `bytes` hold.
fn token<E>(bytes: &[u8], each: &mut impl FnMut(RowToken<'_>) -> Result<(), E>) -> Result<(), E> {
    let text = String::from_utf8_lossy(bytes.get(HEAD..).unwrap_or_default());
    each(match bytes.first() {
        Some(&ROW_END) => RowToken::End,
        Some(&TEXT) => RowToken::Cell(TypedCell::Text(&text)),
        Some(&NUMBER) => RowToken::Cell(TypedCell::Number(&text)),
        Some(&TIME) => RowToken::Cell(TypedCell::Time(&text)),
        _ => RowToken::Cell(TypedCell::Empty),
    })
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Rows of cells as bytes. A cell is a text, or a number behind `#`, or a time behind `@`.
    pub(crate) fn encoded(rows: &[&[&str]]) -> Vec<u8> {
        let mut out = Vec::new();
        for row in rows {
            for cell in *row {
                let (kind, text) = match cell.as_bytes().first() {
                    Some(b'#') => (CellKind::Number, &cell[1..]),
                    Some(b'@') => (CellKind::Time, &cell[1..]),
                    _ => (CellKind::Text, *cell),
                };
                let start = begin(&mut out);
                out.extend_from_slice(text.as_bytes());
                end(&mut out, start, kind);
            }
            end_row(&mut out);
        }
        out
    }

    /// The cells in `bytes`, in the same notation, and `end` for the end of a row.
    pub(crate) fn decoded(bytes: &[u8]) -> Vec<String> {
        decoded_in(bytes, bytes.len().max(1))
    }

    /// The same for bytes that arrive in blocks of `size`.
    pub(super) fn decoded_in(bytes: &[u8], size: usize) -> Vec<String> {
        let (mut reader, mut tokens) = (CellReader::default(), Vec::new());
        for block in bytes.chunks(size) {
            let each = |token: RowToken<'_>| {
                tokens.push(match token {
                    RowToken::Cell(TypedCell::Number(text)) => format!("#{text}"),
                    RowToken::Cell(TypedCell::Time(text)) => format!("@{text}"),
                    RowToken::Cell(cell) => cell.text().into(),
                    RowToken::End => "end".into(),
                });
                Ok::<_, ()>(())
            };
            reader.read(block, each).unwrap();
        }
        assert!(reader.rest.is_empty());
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{decoded_in, encoded};
    use super::*;

    #[test]
    fn cells_are_read_from_blocks_of_any_size() {
        let long = "é\t\n\0\u{1}".repeat(100);
        let bytes = encoded(&[&["a", "", "#17", "@2026-10-01T00:00:00Z"], &[&long], &["", ""], &[]]);
        let expected = ["a", "", "#17", "@2026-10-01T00:00:00Z", "end", &long, "end", "", "", "end", "end"];
        for size in 1..bytes.len() + 1 {
            assert_eq!(decoded_in(&bytes, size), expected, "{size}");
        }
    }

    #[test]
    fn an_error_ends_the_reading() {
        let mut count = 0;
        let each = |_: RowToken<'_>| {
            count += 1;
            if count == 2 { Err("enough") } else { Ok(()) }
        };
        assert_eq!(CellReader::default().read(&encoded(&[&["a", "b", "c"]]), each), Err("enough"));
        assert_eq!(count, 2);
    }

    #[test]
    fn a_time_is_known_by_its_form() {
        let kinds = |text: &str| {
            [ColumnType::Time, ColumnType::Value, ColumnType::Text]
                .map(|shows| CellKind::of_text(text.as_bytes(), shows))
        };
        let [text, time] = [CellKind::Text, CellKind::Time];
        assert_eq!(kinds("2026-10-01T12:00:00Z"), [time, time, text]);
        assert_eq!(kinds("2026-10-01 12:00:00.000 UTC"), [time, time, text]);
        assert_eq!(kinds("1790856000000"), [time, text, text]);
        for other in ["", "n/a", "2026-10-01", "17"] {
            assert_eq!(kinds(other), [text; 3], "{other}");
        }
    }
}
