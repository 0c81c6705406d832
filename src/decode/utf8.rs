//! Where a text is no UTF-8, for texts that nobody walks over: most of a log is
//! ASCII, and only the pieces that are not are looked at twice.

use super::structure::{Dispatch, SimdLevel};

/// How many bytes are looked at together.
const PIECE: usize = 512;

/// The first byte that is not UTF-8.
pub(super) fn first_wrong(text: &[u8], way: SimdLevel) -> Option<usize> {
    if way.run(Utf8Check(text)) {
        return None;
    }
    simdutf8::compat::from_utf8(text).err().map(|error| error.valid_up_to())
}

/// Whether a text is UTF-8.
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

/// Whether the characters that begin or end among these bytes are UTF-8.
#[inline(never)]
fn is_utf8(text: &[u8], start: usize, length: usize) -> bool {
    /// A character has no more bytes than this behind its first.
    const MORE: usize = 3;
    let is_first = |at: &usize| text.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let end = start + length;
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
        fn it_is_the_first_byte_that_is_no_text(parts in prop::collection::vec((0..PIECE, part()), 0..9)) {
            let text: Vec<u8> = parts.iter().flat_map(|(ascii, part)| [&vec![b'x'; *ascii][..], part].concat()).collect();
            let plain = str::from_utf8(&text).err().map(|error| error.valid_up_to());
            for way in SimdLevel::all() {
                prop_assert_eq!(first_wrong(&text, way), plain, "{:?}", way);
            }
        }
    }
}
