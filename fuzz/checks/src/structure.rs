//! Compares the bitmaps of a text with the structure that is found byte by byte.

use trail2tsv::decode::json::{JsonText, ValueKind};
use trail2tsv::decode::structure::{Bitmap, SimdLevel, StructuralBitmaps, Structure, TextTraits, balanced};

use crate::reference::ReferenceStructure;

/// Checks the structure of a text, and then of shorter parts of it, in which nothing of the longer
/// text may remain.
pub fn check_structure(text: &[u8]) {
    for simd in SimdLevel::all() {
        let mut structure = Structure::with(simd);
        for text in [text, &text[text.len() / 2..], &text[..text.len() / 3]] {
            structure.index(text);
            check(&structure, text, simd);
            check_values(&mut structure, text, simd);
        }
    }
}

fn check(structure: &Structure, text: &[u8], simd: SimdLevel) {
    let reference = ReferenceStructure::of(text);
    let traits = TextTraits { is_ascii: text.is_ascii(), is_one_line: text.iter().all(|byte| *byte > b'\n') };
    assert_eq!(structure.traits(), traits, "{simd:?}");
    let StructuralBitmaps { quotes, opens, closes } = structure.bitmaps();
    check_bits("quotes", quotes, &reference.quotes, simd);
    check_bits("opens", opens, &reference.opens, simd);
    check_bits("closes", closes, &reference.closes, simd);
    for (at, end) in reference.balanced().into_iter().enumerate() {
        assert_eq!(balanced(opens, closes, at), end, "{simd:?}: the bracket at {at}");
    }
}

fn check_bits(name: &str, bits: Bitmap<'_>, plain: &[bool], simd: SimdLevel) {
    let length = plain.len();
    let mut next = None;
    for at in (0..length + 130).rev() {
        let is_set = plain.get(at).is_some_and(|bit| *bit);
        next = if is_set { Some(at) } else { next };
        assert_eq!((bits.is_set(at), bits.next(at)), (is_set, next), "{simd:?}: {name} at {at}");
    }
}

/// Checks which values can be copied as they are.
fn check_values(structure: &mut Structure, text: &[u8], simd: SimdLevel) {
    /// The work grows with the square of the length.
    const MAX_LENGTH: usize = 2000;
    let text = &text[..text.len().min(MAX_LENGTH)];
    let reference = ReferenceStructure::of(text);
    let view = JsonText::index(text, structure);
    // No value begins inside a string, nor with a quote after a backslash.
    let is_start =
        |at: &usize| reference.quotes[*at] == reference.in_string[*at] && reference.quotes[*at] == (text[*at] == b'"');
    for at in (0..text.len()).filter(is_start) {
        let Ok(end) = view.value_end(at) else { continue };
        let value = view.value(at, end);
        let is_dense = (at..end).all(|at| text[at] != b' ' || reference.in_string[at]);
        assert_eq!(value.is_dense(), is_dense, "{simd:?}: the value at {at}");
        let inside = if value.kind() == ValueKind::String { at + 1..end - 1 } else { at..end };
        let is_plain = is_dense && !reference.needs_escape[inside].contains(&true);
        assert_eq!(value.is_plain(), is_plain, "{simd:?}: the value at {at}");
        if let Some((bytes, length)) = value.short() {
            assert!(is_plain && bytes[..length] == text[at + 1..end - 1], "{simd:?}: the string at {at}");
        }
    }
}
