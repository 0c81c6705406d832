//! The bits of a text against those that are found byte by byte.

use trail2tsv::decode::structure::{Bitmap, SimdLevel, StructuralBitmaps, Structure, balanced};

use crate::reference::ReferenceStructure;

/// Checks the structure of a text, and then of half of it: nothing is left of
/// the longer one.
pub fn structure(text: &[u8]) {
    for way in SimdLevel::all() {
        let mut structure = Structure::with(way);
        for text in [text, &text[text.len() / 2..], &text[..text.len() / 3]] {
            structure.index(text);
            check(&structure, text, way);
        }
    }
}

fn check(structure: &Structure, text: &[u8], way: SimdLevel) {
    let reference = ReferenceStructure::of(text);
    assert_eq!((structure.is_ascii(), structure.is_dense()), (text.is_ascii(), reference.is_dense), "{way:?}");
    let StructuralBitmaps { quotes, opens, closes, needs_escape } = structure.marks();
    check_bits("quotes", quotes, &reference.quotes, way);
    check_bits("opens", opens, &reference.opens, way);
    check_bits("closes", closes, &reference.closes, way);
    check_bits("needs_escape", needs_escape, &reference.needs_escape, way);
    for (at, end) in reference.balanced().into_iter().enumerate() {
        assert_eq!(balanced(opens, closes, at), end, "{way:?}: the bracket at {at}");
    }
}

fn check_bits(name: &str, bits: Bitmap<'_>, plain: &[bool], way: SimdLevel) {
    let length = plain.len();
    let mut next = None;
    for at in (0..length + 130).rev() {
        let is_set = plain.get(at).is_some_and(|bit| *bit);
        next = if is_set { Some(at) } else { next };
        assert_eq!((bits.is_set(at), bits.next(at)), (is_set, next), "{way:?}: {name} at {at}");
        if at >= length {
            continue;
        }
        for end in [0, 1, 8, 56, 57, 58, 65, 128, length].map(|length| at + length) {
            let any = next.is_some_and(|next| next < end);
            assert_eq!(bits.any(at, end.min(length)), any, "{way:?}: {name} from {at} to {end}");
        }
        assert!(!bits.any(at, at / 2), "{way:?}: {name} from {at} back");
    }
}
