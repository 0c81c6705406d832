//! Where to go on in a text behind something broken: a broken line costs the line,
//! and not the lines behind it.
//!
//! What is broken may look as if it were not over: a line that is cut off opens
//! brackets or a string that swallow the next. A line behind it proves that, if it
//! is a whole object by itself and no more of the open value follows it: inside of an
//! open list or object, a comma or a bracket would have to follow, and inside of an
//! open string its first quote would be the end, which no letter can follow.

use super::envelope::{is_line_time, message};
use super::json::Text;
use super::structure::Structure;

/// What a line that begins at some place is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Line {
    /// An object is whole in it, and nothing behind it belongs to something around.
    Whole,
    /// A value may begin with it.
    Start,
    /// Neither.
    Other,
    /// What follows in the text has to be seen first.
    Undecided,
}

/// The first line from `at` on where a value may begin, if one that is whole is not
/// before it: that proves that what is open before is broken. Where that `is_known`,
/// a comma may follow the whole line. `is_last` says that there is no text behind.
pub(super) fn line_to_resume(
    text: &[u8],
    mut at: usize,
    is_last: bool,
    is_known: bool,
    structure: &mut Structure,
) -> Option<usize> {
    let mut first = None;
    loop {
        match line(&text[at..], is_last, is_known, structure) {
            Line::Whole => return first.or(Some(at)),
            Line::Start => first = first.or(Some(at)),
            Line::Other | Line::Undecided => {}
        }
        at = next_line(text, at)?;
    }
}

/// Where the next line begins.
pub(super) fn next_line(text: &[u8], at: usize) -> Option<usize> {
    memchr::memchr(b'\n', &text[at..]).map(|end| at + end + 1)
}

/// What the line at the start of `text` is.
pub(super) fn line(text: &[u8], is_last: bool, is_known: bool, structure: &mut Structure) -> Line {
    const LINE_TIME: usize = 11;
    let is_timed = is_line_time(text);
    let may_be_timed = text.len() < LINE_TIME && text.iter().all(|byte| b"0123456789-".contains(byte));
    if may_be_timed && !is_last {
        return Line::Undecided;
    }
    // What is not at the start of its line is inside of something that was printed
    // over several.
    if !is_timed && !matches!(text.first(), Some(b'{' | b'[' | b'"')) {
        return Line::Other;
    }
    let end = match memchr::memchr(b'\n', text) {
        Some(end) => end,
        None if is_last => text.len(),
        None => return Line::Undecided,
    };
    let Some(start) = (if is_timed { message(&text[..end]) } else { Some(0) }) else { return Line::Start };
    let object = &text[start..end];
    if !matches!(object, [b'{', b'"', letter, ..] if letter.is_ascii_alphanumeric()) {
        return Line::Start;
    }
    let Ok(length) = Text::index(object, structure).value_end(0) else { return Line::Start };
    match text[start + length..].trim_ascii_start().first() {
        None if is_last => Line::Whole,
        None => Line::Undecided,
        Some(b',') if is_known => Line::Whole,
        Some(b',' | b'}' | b']') => Line::Start,
        Some(_) => Line::Whole,
    }
}

/// How many bytes of a text there are before a character that it cuts at its end.
pub(super) fn whole_characters(text: &[u8]) -> usize {
    const LONGEST: usize = 4;
    for back in 1..LONGEST.min(text.len() + 1) {
        let at = text.len() - back;
        match text[at] {
            0xc0..=0xdf if back < 2 => return at,
            0xe0..=0xef if back < 3 => return at,
            0xf0..=0xf7 if back < 4 => return at,
            0x80..=0xbf => {}
            _ => break,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_that_is_whole_shows_where_to_go_on() {
        let line = |text: &str, is_last, is_known| line(text.as_bytes(), is_last, is_known, &mut Structure::default());
        for (text, expected) in [
            ("{\"a\":1}\n{", Line::Whole),
            ("{\"a\":1}\nx", Line::Whole),
            ("{\"a\":1} {\"b\":2}\n", Line::Whole),
            ("2026-10-01T09:00:00Z {\"a\":1}\n2026-10-01T09:00:01Z", Line::Whole),
            ("{\"a\":1}\n }", Line::Start),
            ("{\"a\":1}\n]", Line::Start),
            ("{\"a\":1},\n{", Line::Start),
            ("{\"a\":[1}}\n{", Line::Whole),
            ("{\"a\":[1}\n{", Line::Start),
            ("{\"a\":[1\n{", Line::Start),
            ("{\"a\":\"x}\n{", Line::Start),
            ("{\n\"a\":1}\n{", Line::Start),
            ("{\" a\":1}\n{", Line::Start),
            ("[{\"a\":1}]\n{", Line::Start),
            ("2026-10-01T09:00:00Z x\n{", Line::Start),
            (" {\"a\":1}\n{", Line::Other),
            ("x\n{", Line::Other),
        ] {
            assert_eq!(line(text, true, false), expected, "{text}");
        }
        assert_eq!(line("{\"a\":1},\n{", false, true), Line::Whole);
        for text in ["{\"a\":1}", "{\"a\":1}\n", "{\"a\":1} \n \n"] {
            assert_eq!((line(text, true, false), line(text, false, true)), (Line::Whole, Line::Undecided), "{text}");
        }
    }

    #[test]
    fn no_character_is_cut() {
        let text = "aé€😀";
        for end in 0..=text.len() {
            let whole = whole_characters(&text.as_bytes()[..end]);
            assert_eq!(whole, (0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap(), "{end}");
        }
        assert_eq!(whole_characters(b"\x80\x80\x80\x80\x80"), 5);
    }
}
