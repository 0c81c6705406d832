//! Validates UTF-8 in texts that are not decoded. Most of a log is ASCII, so only
//! pieces with other bytes are validated.

/// Whether all characters that start or end in a piece of a text are valid. The text is, if
/// all of its pieces with bytes above 127 are.
#[inline(never)]
pub fn is_valid_piece(text: &[u8], start: usize, length: usize) -> bool {
    /// A character has at most this many bytes after its first.
    const MORE: usize = 3;
    let is_first = |at: &usize| text.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let end = start + length;
    // Extend the range to whole characters.
    let start = (start.saturating_sub(MORE)..=start).rev().find(is_first).unwrap_or(start);
    let end = (end..=end + MORE).find(is_first).unwrap_or(end);
    simdutf8::basic::from_utf8(&text[start..end]).is_ok()
}

/// The offset of the first byte that is not UTF-8.
pub(super) fn first_invalid(text: &[u8]) -> Option<usize> {
    simdutf8::compat::from_utf8(text).err().map(|error| error.valid_up_to())
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
        fn a_text_is_valid_if_its_pieces_are(
            parts in prop::collection::vec((0..20_usize, part()), 0..9),
            piece in 1..30_usize,
        ) {
            let text: Vec<u8> = parts.iter().flat_map(|(ascii, part)| [&vec![b'x'; *ascii][..], part].concat()).collect();
            let mut pieces = text.chunks(piece).enumerate().filter(|(_, piece)| !piece.is_ascii());
            let is_valid = pieces.all(|(nth, part)| is_valid_piece(&text, nth * piece, part.len()));
            prop_assert_eq!(is_valid, str::from_utf8(&text).is_ok());
        }
    }
}
