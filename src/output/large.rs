//! Rows of events that are larger than a block of rows: written piece by piece,
//! so that a row needs no more memory than any other.

use std::ops::Range;

use super::cell::{CellStyle, push_text};
use crate::decode::json::{Kind, Value, escape, unescape};
use crate::visible::{LONGEST_NUMBER, begins_formula, without_unseen};

/// Cells of larger values are written in pieces of about this size.
pub(super) const PIECE: usize = 64 << 10;

/// Takes the bytes of a row, piece by piece.
pub type Emit<'a> = dyn FnMut(&[u8]) + 'a;

/// Writes the cell of a value that is too large to be written at once.
pub(super) fn cell(value: Value<'_>, style: &CellStyle, emit: &mut Emit<'_>) {
    let Some(written) = value.raw_string() else { return json(value, emit) };
    if style.guard && is_formula(written) {
        emit(b"'");
    }
    let mut text = Vec::with_capacity(PIECE);
    for piece in pieces(written, PIECE) {
        text.clear();
        push_text(&unescape(&written[piece]), &mut text);
        emit(&text);
    }
}

/// Whether a spreadsheet would take the cell of a string for a formula.
fn is_formula(written: &[u8]) -> bool {
    let mut start = String::new();
    for piece in pieces(written, LONGEST_NUMBER) {
        let mut text = Vec::new();
        push_text(&unescape(&written[piece]), &mut text);
        start.push_str(&String::from_utf8_lossy(&text));
        start = without_unseen(&start).to_string();
        if start.len() > LONGEST_NUMBER + 1 {
            break;
        }
    }
    begins_formula(&start)
}

/// Writes a value that is too large to be written at once as JSON of one line.
pub(super) fn json(value: Value<'_>, emit: &mut Emit<'_>) {
    let mut text = Vec::with_capacity(PIECE);
    value.compact_pieces(PIECE, &mut |piece| {
        text.clear();
        push_text(&String::from_utf8_lossy(piece), &mut text);
        emit(&text);
    });
}

/// Whether a value's cell is to be written in pieces.
pub(super) fn is_large(value: &Value<'_>) -> bool {
    value.raw().len() > PIECE && value.kind() != Kind::Null
}

/// Parts of a string as written, of about `size` bytes, that can be read alone:
/// no escape, no pair of surrogates and no character is cut.
fn pieces(written: &[u8], size: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let from = start;
        let end = written.len().min(from + size);
        while start < end {
            start = match memchr::memchr(b'\\', &written[start..end]) {
                Some(0) => start + escape(&written[start..]).1,
                Some(length) => start + length,
                None => end,
            };
        }
        start = start.min(written.len());
        while start < written.len() && written[start] & 0xc0 == 0x80 {
            start += 1;
        }
        (from < start).then_some(from..start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::event::Fields;
    use crate::query::testing::with_event;

    #[test]
    fn no_escape_is_cut() {
        let odd = r#"é\ud83d\ud83d\ude00\u1\u0041\"\t\\ =\u0007😀\ude00\q"#.repeat(3);
        for size in 1..odd.len() {
            let parts: String = pieces(odd.as_bytes(), size).map(|piece| unescape(&odd.as_bytes()[piece])).collect();
            assert_eq!(parts, unescape(odd.as_bytes()), "{size}");
        }
    }

    #[test]
    fn a_formula_is_seen_behind_any_number_of_blanks() {
        for (start, end, expected) in
            [("", "=1", true), ("", "-5", false), ("", "x", false), ("\\\"\u{200b}", "＋", true)]
        {
            let written = format!("{start}{}{end}", " \\t\\u00a0\u{3000}".repeat(LONGEST_NUMBER));
            assert_eq!(is_formula(written.as_bytes()), expected, "{end}");
        }
        let digits = |count: usize| format!(" -{}", "5".repeat(count));
        assert!(!is_formula(digits(LONGEST_NUMBER).as_bytes()) && is_formula(digits(LONGEST_NUMBER + 1).as_bytes()));
    }

    #[test]
    fn pieces_make_up_the_cell() {
        let odd = r#"é\ud83d\ude00\"\t\\ =\u0007😀"#;
        for shift in 0..24 {
            let start = ["-", "=", " \u{a0}\\t\\\"＝", "a="][shift % 4];
            let text = format!("{start}{}{}", "x".repeat(PIECE - shift), odd.repeat(PIECE / odd.len() + 3));
            for json in [format!("\"{text}\""), format!("{{ \"a\" : [\"{text}\", 1 , {{}}] }}")] {
                let mut fields = Fields::default();
                let slot = fields.slot("x").unwrap();
                let style = CellStyle::new("", true, None);
                with_event(&format!("{{\"x\":{json}}}"), &fields, |event| {
                    let (mut whole, mut parts, mut largest) = (Vec::new(), Vec::new(), 0);
                    style.value(event.get(slot), &mut whole);
                    cell(event.get(slot).unwrap(), &style, &mut |piece| {
                        largest = largest.max(piece.len());
                        parts.extend_from_slice(piece);
                    });
                    assert!(whole == parts && largest < 4 * PIECE, "{shift} {largest}");
                });
            }
        }
    }
}
