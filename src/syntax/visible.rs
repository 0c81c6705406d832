//! Visible text: which characters are hidden or reorder text, how they are escaped, and
//! which text a spreadsheet would run as a formula.

/// Whether a character is invisible or changes how others are displayed: control and
/// format characters, line separators, and those that Unicode calls default ignorable,
/// such as zero-width and bidirectional ones.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || (character >= '\u{ad}'
            && matches!(
                character,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
                    | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
                    | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                    | '\u{e0000}'..='\u{e0fff}'
            ))
}

/// Appends a character as a JSON escape, which keeps the meaning inside JSON strings. A
/// character above U+FFFF becomes a surrogate pair.
pub fn push_escape(character: char, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    match character {
        '\t' => out.extend_from_slice(b"\\t"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        other => {
            for unit in other.encode_utf16(&mut [0; 2]) {
                let digits = [12, 8, 4, 0].map(|shift| DIGITS[usize::from(*unit >> shift) & 15]);
                out.extend_from_slice(b"\\u");
                out.extend_from_slice(&digits);
            }
        }
    }
}

/// Appends text with its hidden characters as JSON escapes, which keep the meaning inside
/// JSON strings.
pub fn push_text(text: &str, out: &mut Vec<u8>) {
    // Without a branch per byte, the loop is vectorised.
    if text.bytes().fold(true, |plain, byte| plain & (b' '..0x7f).contains(&byte)) {
        return out.extend_from_slice(text.as_bytes());
    }
    let mut shown = 0;
    for (at, character) in text.char_indices() {
        if is_hidden(character) {
            out.extend_from_slice(&text.as_bytes()[shown..at]);
            push_escape(character, out);
            shown = at + character.len_utf8();
        }
    }
    out.extend_from_slice(&text.as_bytes()[shown..]);
}

/// The length of an escape at the start of a text, and the character that it stands for.
pub fn read_escape(text: &str) -> Option<(usize, char)> {
    let escaped = text.strip_prefix('\\')?;
    let named = [('t', '\t'), ('n', '\n'), ('r', '\r')];
    if let Some((_, control)) = named.into_iter().find(|(name, _)| escaped.starts_with(*name)) {
        return Some((2, control));
    }
    let first = code_unit(text)?;
    let second = text.get(6..).and_then(code_unit).filter(|_| (0xd800..0xdc00).contains(&first));
    let character = char::decode_utf16([Some(first), second].into_iter().flatten()).next()?.ok()?;
    Some((6 * character.len_utf16(), character))
}

/// The number in `\uXXXX` at the start of a text.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

/// The most bytes of a number. Longer digits count as text.
const MAX_NUMBER: usize = 4096;

/// The number of leading bytes in which a formula can begin, if all before it are
/// skipped: twice as many characters as a spreadsheet's cell holds.
pub const FORMULA_WITHIN: usize = 64 << 10;

/// Whether a spreadsheet would run a cell as a formula. Numbers and a lone `-` are not
/// formulas. East Asian versions of Excel also accept full-width signs.
pub fn begins_formula(cell: &str) -> bool {
    let text = without_unseen(&cell[..cell.floor_char_boundary(FORMULA_WITHIN)]);
    let mut characters = text.chars();
    match characters.next() {
        Some('=' | '@' | '＝' | '＠' | '＋' | '－') => true,
        Some('-') if text.len() == 1 => false,
        Some('+' | '-') => !is_number(characters.as_str()),
        _ => false,
    }
}

/// The text without the leading characters that a spreadsheet may skip: white space, a
/// quote (dropped when TSV is opened), and hidden characters, escaped or not.
fn without_unseen(text: &str) -> &str {
    let is_unseen = |character: char| character.is_whitespace() || character == '"' || is_hidden(character);
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(is_unseen);
        match read_escape(rest) {
            Some((length, character)) if is_unseen(character) => rest = &rest[length..],
            _ => return rest,
        }
    }
}

/// Whether text is an unsigned number.
fn is_number(text: &str) -> bool {
    let is_numeric = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    text.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && text.len() <= MAX_NUMBER
        && text.bytes().all(is_numeric)
        && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_stands_for_its_character() {
        for character in ('\0'..=' ').chain(['\u{7f}', '\u{9b}', '\u{202e}', '\u{feff}', '\u{e0041}', '😀']) {
            let mut written = Vec::new();
            push_escape(character, &mut written);
            let written = String::from_utf8(written).unwrap();
            assert_eq!(read_escape(&format!("{written}0\\u")), Some((written.len(), character)), "{written}");
            assert_eq!(serde_json::from_str::<String>(&format!("\"{written}\"")).unwrap(), character.to_string());
        }
        for text in ["", "t", "\\", "\\x", "\\u", "\\u12", "\\u12g4", "\\u+123", "\\ud83d", "\\ude00", "\\ud83d\\u0041"]
        {
            assert_eq!(read_escape(text), None, "{text}");
        }
    }

    #[test]
    fn invisible_characters_are_hidden() {
        for hidden in "\0\u{7f}\u{85}\u{ad}\u{34f}\u{61c}\u{180e}\u{200b}\u{200d}\u{200e}\u{2028}\u{2029}\u{202e}\
                       \u{2060}\u{2066}\u{2069}\u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{e0001}\u{e0100}"
            .chars()
        {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
        for shown in " ~\u{a0}é\u{301}\u{202f}\u{3000}漢\u{fffd}\u{ffff}😀\u{10ffff}".chars() {
            assert!(!is_hidden(shown), "{shown:?}");
        }
    }

    #[test]
    fn a_formula_is_found_after_invisible_characters() {
        let unseen =
            ["", " ", "  \u{a0}", "\u{3000}", "\"", "\"\" ", "\u{200b}\u{feff}", "\\t", "\\u200b \\ufeff", "\\r\\n"];
        for before in unseen {
            for formula in
                ["=", "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "--", "+", "-inf", "＝1", "＋1", "－1", "＠a"]
            {
                assert!(begins_formula(&format!("{before}{formula}")), "{before}{formula}");
            }
            for text in ["", "-", "-5", "+1.5e3", "-.5", "a=1", "'=1", "\\=1", "\\u0041=1", "5-3", ";=1"] {
                assert!(!begins_formula(&format!("{before}{text}")), "{before}{text}");
            }
        }
        let blanks = " ".repeat(FORMULA_WITHIN);
        assert!(begins_formula(&format!("{}=1", &blanks[1..])) && !begins_formula(&format!("{blanks}=1")));
        let long = format!("-{}", "1".repeat(MAX_NUMBER));
        assert!(!begins_formula(&long) && begins_formula(&(long + "1")));
    }
}
