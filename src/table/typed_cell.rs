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
    /// Text in UTF-8, whatever it looks like. It is not checked again.
    Text(&'a [u8]),
    /// A number, in decimal.
    Number(&'a str),
    /// A time, as [`time::parse`] or [`time::parse_epoch`] reads it.
    Time(&'a str),
}

impl<'a> TypedCell<'a> {
    /// The text of the cell.
    pub fn text(self) -> &'a [u8] {
        match self {
            TypedCell::Empty => b"",
            TypedCell::Text(text) => text,
            TypedCell::Number(text) | TypedCell::Time(text) => text.as_bytes(),
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
    pub(super) fn of_text(text: &[u8], column_type: ColumnType) -> CellKind {
        let is_epoch = || str::from_utf8(text).is_ok_and(|text| time::parse_epoch(text).is_some());
        match column_type {
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

/// Cuts a stream of typed cells, which arrives in blocks that can end anywhere, into blocks of
/// whole cells.
#[derive(Debug, Default)]
pub struct CellSplitter {
    bytes: Vec<u8>,
    /// Size of the cells that were passed.
    passed: usize,
}

impl CellSplitter {
    /// Appends the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether the end of a row comes next; `None` if what comes next is not complete.
    pub fn next_is_row_end(&self) -> Option<bool> {
        let rest = &self.bytes[self.passed..];
        (rest.len() >= length(rest)).then(|| rest.first() == Some(&ROW_END))
    }

    /// Passes a cell, or the end of a row, which must be complete.
    pub fn pass(&mut self) {
        self.passed += length(&self.bytes[self.passed..]);
    }

    /// Size in bytes of the cells that were passed.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// Moves the cells that were passed to `block`, whose content is lost.
    pub fn take(&mut self, block: &mut Vec<u8>) {
        block.clear();
        block.extend_from_slice(&self.bytes[self.passed..]);
        std::mem::swap(block, &mut self.bytes);
        block.truncate(self.passed);
        self.passed = 0;
    }
}

/// Calls `each` for the cells and row ends in `bytes`.
pub fn each_token(mut bytes: &[u8], mut each: impl FnMut(RowToken<'_>)) {
    while !bytes.is_empty() {
        let (first, rest) = bytes.split_at(length(bytes).min(bytes.len()));
        token(first, &mut each);
        bytes = rest;
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
fn token(bytes: &[u8], each: &mut impl FnMut(RowToken<'_>)) {
    let text = bytes.get(HEAD..).unwrap_or_default();
    let checked = |cell: fn(_) -> _| str::from_utf8(text).map_or(TypedCell::Text(text), cell);
    each(match bytes.first() {
        Some(&ROW_END) => RowToken::End,
        Some(&TEXT) => RowToken::Cell(TypedCell::Text(text)),
        Some(&NUMBER) => RowToken::Cell(checked(TypedCell::Number)),
        Some(&TIME) => RowToken::Cell(checked(TypedCell::Time)),
        _ => RowToken::Cell(TypedCell::Empty),
    });
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
        let mut tokens = Vec::new();
        each_token(bytes, |token| {
            tokens.push(match token {
                RowToken::Cell(TypedCell::Number(text)) => format!("#{text}"),
                RowToken::Cell(TypedCell::Time(text)) => format!("@{text}"),
                RowToken::Cell(cell) => String::from_utf8(cell.text().to_vec()).unwrap(),
                RowToken::End => "end".into(),
            });
        });
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{decoded, encoded};
    use super::*;

    #[test]
    fn cells_are_cut_where_they_end_whatever_the_size_of_blocks() {
        let long = "é\t\n\0\u{1}".repeat(100);
        let bytes = encoded(&[&["a", "", "#17", "@2026-10-01T00:00:00Z"], &[&long], &["", ""], &[]]);
        let expected = ["a", "", "#17", "@2026-10-01T00:00:00Z", "end", &long, "end", "", "", "end", "end"];
        assert_eq!(decoded(&bytes), expected);
        for size in 1..bytes.len() + 1 {
            let (mut splitter, mut block, mut tokens, mut ends) = (CellSplitter::default(), Vec::new(), Vec::new(), 0);
            for piece in bytes.chunks(size) {
                splitter.push(piece);
                while let Some(is_end) = splitter.next_is_row_end() {
                    ends += usize::from(is_end);
                    splitter.pass();
                    if splitter.passed() > 20 {
                        splitter.take(&mut block);
                        tokens.extend(decoded(&block));
                    }
                }
            }
            splitter.take(&mut block);
            tokens.extend(decoded(&block));
            assert_eq!((tokens, ends), (expected.map(String::from).to_vec(), 4), "{size}");
            assert!(splitter.bytes.is_empty());
        }
    }

    #[test]
    fn a_time_is_known_by_its_form() {
        let kinds = |text: &str| {
            [ColumnType::Time, ColumnType::Value, ColumnType::Text]
                .map(|column_type| CellKind::of_text(text.as_bytes(), column_type))
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
