//! Writes the rows of large events in pieces, so that a row needs bounded memory.

use std::ops::ControlFlow;

use super::cell::{CellStyle, push_text, push_value};
use crate::cloudtrail::field::FieldPath;
use crate::decode::event::Event;
use crate::decode::json::{JsonValue, ValueKind, pieces, unescape};
use crate::syntax::visible::{FORMULA_WITHIN, begins_formula};

/// The approximate size in bytes of a piece.
pub(super) const PIECE: usize = 64 << 10;

/// Takes the bytes of a row in pieces, and can break off.
pub type ByteSink<'a> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'a;

/// Writes the cell of a value that is too large to be written at once.
pub(super) fn cell(value: JsonValue<'_>, style: &CellStyle, emit: &mut ByteSink<'_>) -> ControlFlow<()> {
    if style.guard && is_formula(value, false) {
        emit(b"'")?;
    }
    text(value, emit)
}

/// Writes a value of any size that is not null, without a guard against formulas.
fn text(value: JsonValue<'_>, emit: &mut ByteSink<'_>) -> ControlFlow<()> {
    let mut text = Vec::new();
    if !is_large(&value) {
        push_value(value, &mut text);
        return emit(&text);
    }
    let Some(written) = value.raw_string() else { return json(value, emit) };
    for piece in pieces(written, PIECE) {
        text.clear();
        push_text(&unescape(&written[piece]), &mut text);
        emit(&text)?;
    }
    ControlFlow::Continue(())
}

/// Whether a spreadsheet would run a cell as a formula that begins with this value and
/// may go on.
fn is_formula(value: JsonValue<'_>, has_more: bool) -> bool {
    let mut start = Vec::new();
    match value.raw_string() {
        Some(written) => {
            let mut pieces = pieces(written, FORMULA_WITHIN);
            while start.len() <= FORMULA_WITHIN
                && let Some(piece) = pieces.next()
            {
                push_text(&unescape(&written[piece]), &mut start);
            }
        }
        None => start.extend_from_slice(&value.raw()[..value.raw().len().min(FORMULA_WITHIN)]),
    }
    start.extend(has_more.then_some(b';'));
    begins_formula(&String::from_utf8_lossy(&start))
}

/// Writes the cell of all values of a path, joined by `;`.
pub(super) fn joined(
    path: &FieldPath,
    event: &Event<'_>,
    style: &CellStyle,
    emit: &mut ByteSink<'_>,
) -> ControlFlow<()> {
    let (mut first, mut count) = (None, 0_u64);
    path.each(event, &mut |value| {
        if value.kind() != ValueKind::Null {
            first = first.or(Some(value));
            count += 1;
        }
    });
    let Some(first) = first else { return emit(style.null.as_bytes()) };
    if style.guard && is_formula(first, count > 1) {
        emit(b"'")?;
    }
    let (mut flow, mut is_first) = (ControlFlow::Continue(()), true);
    path.each(event, &mut |value| {
        if flow.is_continue() && value.kind() != ValueKind::Null {
            if !std::mem::take(&mut is_first) {
                flow = emit(b";");
            }
            if flow.is_continue() {
                flow = text(value, emit);
            }
        }
    });
    flow
}

/// Writes a value as one line of JSON.
pub(super) fn json(value: JsonValue<'_>, emit: &mut ByteSink<'_>) -> ControlFlow<()> {
    let mut text = Vec::new();
    let is_plain = value.is_plain();
    value.compact_pieces(PIECE, &mut |piece| {
        if is_plain {
            return emit(piece);
        }
        text.clear();
        push_text(&String::from_utf8_lossy(piece), &mut text);
        emit(&text)
    })
}

/// Whether a value's cell must be written in pieces.
pub(super) fn is_large(value: &JsonValue<'_>) -> bool {
    value.raw().len() > PIECE && value.kind() != ValueKind::Null
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::event::FieldSet;
    use crate::decode::testing::with_event;

    /// The cell of a field in one piece, and of all values in an array there, and
    /// both in pieces.
    fn cells(json: &str) -> [Vec<u8>; 4] {
        let mut fields = FieldSet::default();
        let field = fields.add("x").unwrap();
        let path = FieldPath::parse("list[]", &mut fields).unwrap();
        let style = CellStyle::new("~", true, None);
        with_event(&format!("{{\"x\":{json},\"list\":[null,{json},{json}]}}"), &fields, |event| {
            let [mut whole, mut parts, mut list, mut list_parts] = [const { Vec::new() }; 4];
            style.value(event.get(field), &mut whole);
            let value = event.get(field).unwrap();
            let _ = cell(value, &style, &mut |piece| {
                assert!(piece.len() < 8 * PIECE);
                parts.extend_from_slice(piece);
                ControlFlow::Continue(())
            });
            push_value(value, &mut list);
            list.push(b';');
            push_value(value, &mut list);
            style.escape_formula(&mut list, 0);
            let _ = joined(&path, event, &style, &mut |piece| {
                list_parts.extend_from_slice(piece);
                ControlFlow::Continue(())
            });
            [whole, parts, list, list_parts]
        })
    }

    #[test]
    fn pieces_make_up_the_cell() {
        let odd = r#"é\ud83d\ude00\"\t\\ =\u0007😀\u202e"#;
        for shift in 0..24 {
            let start = ["-", "=", " \u{a0}\\t\\\"＝", "a="][shift % 4];
            let text = format!("{start}{}{}", "x".repeat(PIECE - shift), odd.repeat(PIECE / odd.len() + 3));
            for json in [format!("\"{text}\""), format!("{{ \"a\" : [\"{text}\", 1 , {{}}] }}")] {
                let [whole, parts, list, list_parts] = cells(&json);
                assert!(whole == parts && list == list_parts, "{shift}");
            }
        }
    }

    #[test]
    fn a_formula_is_found_after_any_number_of_blanks() {
        let blanks = " \\t\\u00a0\u{3000}".repeat(FORMULA_WITHIN / 16);
        let longest = " ".repeat(FORMULA_WITHIN);
        let long = "x".repeat(PIECE);
        let digits = |count: usize| format!(" -{}", "5".repeat(count));
        for (text, expected) in [
            (format!("{blanks}=1"), true),
            (format!("{blanks}-5"), false),
            (format!("{blanks}x"), false),
            (format!("{}=1", &longest[1..]), true),
            (format!("{longest}=1"), false),
            (format!("{}={long}", &longest[1..]), true),
            (format!("{longest}={long}"), false),
            (format!("\\\"\u{200b}{blanks}＋"), true),
            (blanks.clone(), false),
            (digits(4096), false),
            (digits(4097), true),
            (digits(2 * PIECE), true),
        ] {
            let [whole, parts, list, list_parts] = cells(&format!("\"{text}\""));
            assert!(whole == parts && list == list_parts, "{}", &text[text.len() - 20..]);
            assert_eq!(parts.starts_with(b"'"), expected, "{}", &text[text.len() - 20..]);
        }
        for number in ["-5".to_string(), "-1-1".to_string(), format!("-{}", "5".repeat(2 * PIECE))] {
            let [whole, parts, list, list_parts] = cells(&number);
            assert!(whole == parts && list == list_parts, "{}", number.len());
        }
    }
}
