//! RFC 4180 quoting for cells with the delimiter or a quote. Line ends need no quoting:
//! they are already escaped.
//!
//! Cells of events are written where they stand in the row and quoted there, because a
//! `csv::Writer` would copy each of them once more.

use std::ops::ControlFlow;

use csv::{Terminator, WriterBuilder};

use crate::table::streamed_cell::{ByteSink, PIECE};

/// Appends a line of cells, with the line end of Excel or a line feed.
pub(super) fn line<'c>(cells: impl IntoIterator<Item = &'c [u8]>, delimiter: u8, for_excel: bool, out: &mut Vec<u8>) {
    /// The usual size of a line.
    const BUFFER: usize = 1 << 10;
    let terminator = if for_excel { Terminator::CRLF } else { Terminator::Any(b'\n') };
    let mut builder = WriterBuilder::new();
    let builder = builder.delimiter(delimiter).terminator(terminator).buffer_capacity(BUFFER);
    let mut writer = builder.from_writer(out);
    // Writing to memory cannot fail. The writer is flushed when it is dropped.
    let _ = writer.write_record(cells);
}

/// Quotes the cell from `start` to the end of `out`, if necessary.
#[inline]
pub(super) fn quote(out: &mut Vec<u8>, start: usize, delimiter: u8) {
    if memchr::memchr2(delimiter, b'"', &out[start..]).is_some() {
        add_quotes(out, start);
    }
}

#[inline(never)]
fn add_quotes(out: &mut Vec<u8>, start: usize) {
    let cell = out.split_off(start);
    out.push(b'"');
    push_doubled(&cell, out);
    out.push(b'"');
}

/// Appends text with each quote doubled.
fn push_doubled(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + 2 * text.len(), 0);
    let (_, _, length) = csv_core::quote(text, &mut out[start..], b'"', b'"', true);
    out.truncate(start + length);
}

/// A cell written in pieces. Held back until it is complete or too large, because only
/// then it is known whether it needs quotes.
#[derive(Debug)]
pub(super) struct CsvPieces {
    delimiter: u8,
    start: Vec<u8>,
    is_open: bool,
}

impl CsvPieces {
    pub(super) fn new(delimiter: u8) -> CsvPieces {
        CsvPieces { delimiter, start: Vec::new(), is_open: false }
    }

    pub(super) fn push(&mut self, piece: &[u8], emit: &mut ByteSink<'_>) -> ControlFlow<()> {
        if !self.is_open {
            self.start.extend_from_slice(piece);
            if self.start.len() <= PIECE {
                return ControlFlow::Continue(());
            }
            self.is_open = true;
            emit(b"\"")?;
            return doubled(&std::mem::take(&mut self.start), emit);
        }
        doubled(piece, emit)
    }

    pub(super) fn finish(mut self, emit: &mut ByteSink<'_>) -> ControlFlow<()> {
        if self.is_open {
            return emit(b"\"");
        }
        quote(&mut self.start, 0, self.delimiter);
        emit(&self.start)
    }
}

/// Emits text with each quote doubled.
fn doubled(text: &[u8], emit: &mut ByteSink<'_>) -> ControlFlow<()> {
    let mut out = Vec::new();
    push_doubled(text, &mut out);
    emit(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cells_that_need_it_are_quoted() {
        for (cell, expected) in [
            ("plain text", "plain text"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("\"", "\"\"\"\""),
        ] {
            let mut out = format!("x,{cell}").into_bytes();
            quote(&mut out, 2, b',');
            assert_eq!(String::from_utf8(out).unwrap(), format!("x,{expected}"));
            for (for_excel, end) in [(false, "\n"), (true, "\r\n")] {
                let mut out = Vec::new();
                line([b"x", cell.as_bytes()], b',', for_excel, &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), format!("x,{expected}{end}"));
            }
        }
    }

    #[test]
    fn pieces_are_quoted_like_the_whole_or_are_large() {
        for text in ["plain", "", "a,b", "say \"hi\"", &"x".repeat(PIECE), &"\",".repeat(PIECE)] {
            for size in [1, 7, 2 * PIECE] {
                let (mut pieces, mut out, mut whole) = (CsvPieces::new(b','), Vec::new(), text.as_bytes().to_vec());
                let mut emit = |piece: &[u8]| {
                    out.extend_from_slice(piece);
                    ControlFlow::Continue(())
                };
                text.as_bytes().chunks(size).for_each(|piece| assert!(pieces.push(piece, &mut emit).is_continue()));
                let _ = pieces.finish(&mut emit);
                quote(&mut whole, 0, b',');
                assert!(out == whole, "{} in {size}", text.len());
            }
        }
    }
}
