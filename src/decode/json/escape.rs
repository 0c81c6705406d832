//! The text that a JSON string stands for.

use std::borrow::Cow;

/// Text of bytes that are UTF-8 in all but damaged logs.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    // Faster than to ask for what is to be replaced at once.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The text that a JSON string stands for. What is no UTF-8 and no character
/// (half of a surrogate pair) becomes U+FFFD; an escape that JSON does not
/// know stays as it is written.
pub fn unescape(written: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', written).is_none() {
        return text(written);
    }
    let written = text(written);
    let mut plain = String::with_capacity(written.len());
    let mut rest = &*written;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let (character, length) = escape(&rest.as_bytes()[at..]);
        plain.push(character.unwrap_or('\\'));
        rest = &rest[at + length..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The character that the escape at the start of `bytes` stands for, and how
/// many bytes it takes; no character and 1 where it is none that JSON knows.
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

/// The character that begins with the code unit `first` and may need the one
/// that `next` begins with.
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
