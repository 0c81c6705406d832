//! Validates UTF-8 in texts that are not decoded. Most of a log is ASCII, so only
//! pieces with other bytes are checked in full.

use super::structure::{Dispatch, SimdLevel};

/// Number of bytes in a piece.
const PIECE: usize = 512;

/// The offset of the first byte that is not UTF-8.
pub(super) fn first_wrong(text: &[u8], simd: SimdLevel) -> Option<usize> {
    if simd.run(Utf8Check(text)) {
        return None;
    }
    simdutf8::compat::from_utf8(text).err().map(|error| error.valid_up_to())
}

/// Checks whether a text is UTF-8.
struct Utf8Check<'a>(&'a [u8]);

impl Dispatch for Utf8Check<'_> {
    type Outcome = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let (pieces, rest) = self.0.as_chunks::<PIECE>();
        for (nth, piece) in pieces.iter().enumerate() {
            let mut any = 0;
            for byte in piece {
                any |= byte;
            }
            if !any.is_ascii() && !is_utf8(self.0, nth * PIECE, PIECE) {
                return false;
            }
        }
        rest.is_ascii() || is_utf8(self.0, pieces.len() * PIECE, rest.len())
    }
}

/// Whether all characters that start or end in this range are valid.
#[inline(never)]
fn is_utf8(text: &[u8], start: usize, length: usize) -> bool {
    /// A character has at most this many bytes after its first.
    const MORE: usize = 3;
    let is_first = |at: &usize| text.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let end = start + length;
    // Extend the range to whole characters.
    let start = (start.saturating_sub(MORE)..=start).rev().find(is_first).unwrap_or(start);
    let end = (end..=end + MORE).find(is_first).unwrap_or(end);
    simdutf8::basic::from_utf8(&text[start..end]).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn part() -> impl Strategy<Value = &'static [u8]> {
        prop_oneof![
            12 => select(vec!["é".as_bytes(), "€".as_bytes(), "😀".as_bytes(), b""]),
            1 => select(vec![&b"\x80"[..], b"\xff", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\x80\x80\x80\x80"]),
        ]
    }

    proptest! {
        #[test]
        fn the_first_invalid_byte_is_found(parts in prop::collection::vec((0..PIECE, part()), 0..9)) {
            let text: Vec<u8> = parts.iter().flat_map(|(ascii, part)| [&vec![b'x'; *ascii][..], part].concat()).collect();
            let plain = str::from_utf8(&text).err().map(|error| error.valid_up_to());
            for simd in SimdLevel::all() {
                prop_assert_eq!(first_wrong(&text, simd), plain, "{:?}", simd);
            }
        }
    }
}
