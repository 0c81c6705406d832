//! Unescapes JSON strings: whole, in pieces, or only their start.

use std::borrow::Cow;
use std::ops::Range;

/// Longest text, in bytes, that is held whole: many times what AWS allows for a name.
pub const MAX_TEXT: usize = 64 << 10;

/// Marks the end of a text of which only the start is held.
pub const CUT: &str = "…[cut at 64 KiB]";

/// Decodes bytes that are UTF-8 except in damaged logs.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    // The check alone is faster than `from_utf8_lossy`.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The text that a JSON string represents. Invalid UTF-8 and unpaired surrogates become
/// U+FFFD; an escape that JSON does not define stays as written.
pub fn unescape(written: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', written).is_none() {
        return text(written);
    }
    let mut plain = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        plain.push_str(&text(&rest[..at]));
        let (character, length) = escape(&rest[at..]);
        plain.push(character.unwrap_or('\\'));
        rest = &rest[at + length..];
    }
    plain.push_str(&text(rest));
    Cow::Owned(plain)
}

/// The text that a JSON string represents; if it is longer than [`MAX_TEXT`], its start
/// and [`CUT`].
pub fn unescape_start(written: &[u8]) -> Cow<'_, str> {
    if written.len() <= MAX_TEXT {
        return unescape(written);
    }
    let mut start = String::with_capacity(2 * MAX_TEXT);
    for piece in pieces(written, MAX_TEXT) {
        start.push_str(&unescape(&written[piece]));
        if start.len() > MAX_TEXT {
            start.truncate(start.floor_char_boundary(MAX_TEXT));
            start.push_str(CUT);
            break;
        }
    }
    Cow::Owned(start)
}

/// Whether a string contains no escapes and is valid UTF-8, so that its text can be
/// borrowed.
pub fn is_verbatim(written: &[u8]) -> bool {
    memchr::memchr(b'\\', written).is_none() && simdutf8::basic::from_utf8(written).is_ok()
}

/// Whether a byte cannot be copied into a cell unchecked: a control character, a
/// backslash, or a byte above 126. Without a branch, so that loops are vectorised.
#[inline(always)]
pub(super) fn needs_escape(byte: u8) -> u8 {
    u8::from(byte < b' ') | u8::from(byte == b'\\') | u8::from(byte >= 0x7f)
}

/// Whether no byte of a text needs to be escaped in a cell.
#[inline(always)]
pub(super) fn is_plain(text: &[u8]) -> bool {
    text.iter().fold(0, |any, byte| any | needs_escape(*byte)) == 0
}

/// Longer than most strings.
pub(super) const SHORT: usize = 64;

/// Whether none of the first `length` bytes needs to be escaped in a cell. As fast for
/// any number of bytes, and false for more than there are.
#[inline(always)]
pub(super) fn is_plain_start(bytes: &[u8; SHORT], length: usize) -> bool {
    let is_plain = |mask: &[u8; SHORT]| (0..SHORT).fold(0, |any, at| any | needs_escape(bytes[at]) & mask[at]) == 0;
    prefix_mask(length).is_some_and(is_plain)
}

/// A mask that selects the first `length` of `N` bytes: 0xff for each, and zeros after them.
/// `N` is at most [`SHORT`]; `None` if `length` is more than `N`.
#[inline(always)]
pub(super) fn prefix_mask<const N: usize>(length: usize) -> Option<&'static [u8; N]> {
    /// Every mask is a window into this.
    static MASKS: [u8; 2 * SHORT] = {
        let mut masks = [0; 2 * SHORT];
        let mut at = 0;
        while at < SHORT {
            masks[at] = 0xff;
            at += 1;
        }
        masks
    };
    if length > N {
        return None;
    }
    SHORT.checked_sub(length).and_then(|from| MASKS.get(from..)?.first_chunk())
}

/// Splits a string as written into parts of about `size` bytes that can be decoded on
/// their own: no escape, surrogate pair or character is split.
pub fn pieces(written: &[u8], size: usize) -> impl Iterator<Item = Range<usize>> {
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

/// The character represented by the escape at the start of `bytes`, and the length of
/// the escape; `(None, 1)` if JSON does not define it.
pub fn escape(bytes: &[u8]) -> (Option<char>, usize) {
    let simple = match bytes.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return code_unit(bytes).map_or((None, 1), |first| surrogates(first, &bytes[6..])),
        _ => return (None, 1),
    };
    (Some(simple), 2)
}

/// The character that starts with the code unit `first`, together with the escape at
/// the start of `next` if the two form a surrogate pair.
fn surrogates(first: u16, next: &[u8]) -> (Option<char>, usize) {
    let second = code_unit(next).filter(|_| (0xd800..0xdc00).contains(&first));
    match char::decode_utf16([Some(first), second].into_iter().flatten()).next() {
        Some(Ok(character)) => (Some(character), 6 * character.len_utf16()),
        _ => (Some(char::REPLACEMENT_CHARACTER), 6),
    }
}

/// The number in `\uXXXX`.
fn code_unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)? as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_plain_or_escaped_wherever_it_is() {
        for byte in 0..=u8::MAX {
            let expected = (b' '..0x7f).contains(&byte) && byte != b'\\';
            for length in 1..=SHORT {
                for at in [0, length / 2, length - 1] {
                    let mut text = [b'x'; SHORT];
                    text[at] = byte;
                    assert_eq!(is_plain(&text[..length]), expected, "{byte:#x} at {at} of {length}");
                    assert_eq!(is_plain_start(&text, length), expected, "{byte:#x} at {at} of {length}");
                    assert!(is_plain_start(&text, at), "{byte:#x} behind {at}");
                }
            }
        }
        assert!(is_plain(b"") && !is_plain_start(&[b'x'; SHORT], SHORT + 1));
    }

    #[test]
    fn a_mask_selects_the_first_bytes() {
        assert_eq!(prefix_mask(0), Some(&[0; 3]));
        assert_eq!(prefix_mask(2), Some(&[0xff, 0xff, 0]));
        assert_eq!(prefix_mask(3), Some(&[0xff; 3]));
        assert_eq!(prefix_mask::<3>(4), None);
        assert_eq!(prefix_mask(SHORT), Some(&[0xff; SHORT]));
        assert_eq!(prefix_mask::<SHORT>(SHORT + 1), None);
    }

    #[test]
    fn pieces_never_split_an_escape() {
        let odd = r#"é\ud83d\ud83d\ude00\u1\u0041\"\t\\ =\u0007😀\ude00\q"#.repeat(3);
        for size in 1..odd.len() {
            let parts: String = pieces(odd.as_bytes(), size).map(|piece| unescape(&odd.as_bytes()[piece])).collect();
            assert_eq!(parts, unescape(odd.as_bytes()), "{size}");
        }
    }

    #[test]
    fn the_limit_counts_bytes_after_unescaping() {
        for character in ["x", "é", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\u{1}"] {
            let length = unescape(character.as_bytes()).len();
            for count in [MAX_TEXT / length - 1, MAX_TEXT / length, MAX_TEXT / length + 1] {
                let written = character.repeat(count);
                let (start, whole) = (unescape_start(written.as_bytes()), unescape(written.as_bytes()));
                if whole.len() <= MAX_TEXT {
                    assert_eq!(start, whole);
                } else {
                    let kept = start.strip_suffix(CUT).unwrap();
                    assert!(whole.starts_with(kept) && kept.len() > MAX_TEXT - 4 && kept.len() <= MAX_TEXT);
                }
            }
        }
    }

    #[test]
    fn invalid_utf8_is_replaced_everywhere() {
        for written in [&b"\xc3\\n\xa9"[..], b"a\xf0\x9f\\t\x98\x80", b"\\\xff", b"\xe2\x80\\u0041"] {
            let replaced = String::from_utf8_lossy(written).into_owned();
            assert_eq!(unescape(written), unescape(replaced.as_bytes()), "{written:?}");
        }
    }

    #[test]
    fn surrogates_pair_or_are_replaced() {
        for (written, text) in [
            (r"\ud83d\ude00", "😀"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00x", "\u{fffd}x"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\u00e9\/\b\f\n\r\t\\\u0000", "é/\u{8}\u{c}\n\r\t\\\0"),
            (r"\q\u12g4\u12", r"\q\u12g4\u12"),
            ("\\", "\\"),
        ] {
            assert_eq!(unescape(written.as_bytes()), text, "{written}");
        }
        assert_eq!(unescape(b"\xff\\n"), "\u{fffd}\n");
    }
}
