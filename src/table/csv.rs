//! RFC 4180 quoting for cells with the delimiter or a quote. Line ends need no quoting:
//! they are already escaped.

use std::ops::ControlFlow;

use crate::table::streamed_cell::{ByteSink, PIECE};

/// Quotes the cell from `start` to the end of `out`, if necessary.
pub(super) fn quote(out: &mut Vec<u8>, start: usize, delimiter: u8) {
    let cell = &out[start..];
    if memchr::memchr2(delimiter, b'"', cell).is_none() {
        return;
    }
    let cell = cell.to_vec();
    out.truncate(start);
    out.push(b'"');
    for part in cell.split_inclusive(|byte| *byte == b'"') {
        out.extend_from_slice(part);
        if part.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
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
    for part in text.split_inclusive(|byte| *byte == b'"') {
        emit(part)?;
        if part.ends_with(b"\"") {
            emit(b"\"")?;
        }
    }
    ControlFlow::Continue(())
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
