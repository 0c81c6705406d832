//! Text of a cell in XML, as Excel escapes it.

use std::io::Write;

/// Appends text, which is UTF-8. Readers take `_xHHHH_` for the character U+HHHH, so a text that looks like
/// this is escaped, and so are characters that XML cannot contain.
pub(super) fn push(bytes: &[u8], out: &mut Vec<u8>) {
    // Both loops visit all bytes, so that they run on many at once.
    let has_special = bytes.iter().fold(false, |any, byte| any | is_special(*byte));
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    let has_escape = pairs.fold(false, |any, (one, next)| any | (*one == b'_') & (*next == b'x'));
    if has_special | has_escape { push_escaped(bytes, out) } else { out.extend_from_slice(bytes) }
}

/// Whether a byte other than `_` can begin what has to be escaped.
fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == LAST[0])
}

/// First byte of [`NOT_CHARACTERS`].
const LAST: &[u8] = b"\xef";
/// The code points of three bytes that XML cannot contain.
const NOT_CHARACTERS: [&[u8]; 2] = ["\u{fffe}".as_bytes(), "\u{ffff}".as_bytes()];

fn push_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let mut copied = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let rest = &bytes[at..];
        let (code, length) = match byte {
            b'&' | b'<' | b'>' => (None, 1),
            b'_' if is_escape(rest) => (Some(u32::from(b'_')), 1),
            b'\t' | b'\n' => continue,
            0..b' ' => (Some(u32::from(byte)), 1),
            0xef if rest.starts_with(NOT_CHARACTERS[0]) => (Some(0xfffe), 3),
            0xef if rest.starts_with(NOT_CHARACTERS[1]) => (Some(0xffff), 3),
            _ => continue,
        };
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + length;
        match (code, byte) {
            // Writing to memory does not fail.
            (Some(code), _) => drop(write!(out, "_x{code:04X}_")),
            (None, b'&') => out.extend_from_slice(b"&amp;"),
            (None, b'<') => out.extend_from_slice(b"&lt;"),
            (None, _) => out.extend_from_slice(b"&gt;"),
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Whether a text begins with `_xHHHH_`.
fn is_escape(text: &[u8]) -> bool {
    let code = text.strip_prefix(b"_x").filter(|code| code.get(4) == Some(&b'_'));
    code.is_some_and(|code| code[..4].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_to_be_is_escaped() {
        for (text, expected) in [
            ("", ""),
            (
                "plain_text \"quoted\" 'é€😀' \u{7f}\u{80}\u{fffd}\u{f000}",
                "plain_text \"quoted\" 'é€😀' \u{7f}\u{80}\u{fffd}\u{f000}",
            ),
            ("a<b>&c", "a&lt;b&gt;&amp;c"),
            ("a\tb\nc\rd\0e\u{1b}", "a\tb\nc_x000D_d_x0000_e_x001B_"),
            ("_x0041_ _xZZZZ_ _x004 _x00e9_", "_x005F_x0041_ _xZZZZ_ _x004 _x005F_x00e9_"),
            ("_x0041_x0042_", "_x005F_x0041_x005F_x0042_"),
            ("x\u{fffe}y\u{ffff}", "x_xFFFE_y_xFFFF_"),
            ("_x00é_ _x", "_x00é_ _x"),
        ] {
            let mut out = b">".to_vec();
            push(text.as_bytes(), &mut out);
            assert_eq!(str::from_utf8(&out).unwrap(), format!(">{expected}"));
        }
    }
}
