//! Finds where to resume in a text after an error, so that a broken line costs only
//! that line.
//!
//! A broken value may look unfinished instead of wrong: a truncated line opens brackets
//! or a string that swallow the next lines. A later line proves the error if it is a
//! complete object and nothing after it continues the open value. Inside an open list
//! or object, a comma or bracket would have to follow. Inside an open string, the first
//! quote of the line would end the string, and no letter can follow there.

use std::iter;
use std::ops::ControlFlow;

use super::Decoder;
use super::envelope::{is_line_time, message};
use super::findings::ErrorPosition;
use super::json::{JsonError, JsonText};
use super::structure::Structure;
use super::visitor::NestedText;

/// If this many bytes hold nothing like a log, the rest of the text is not read.
const NO_LOG: u64 = 1 << 20;

/// Which text to skip after an error.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum RecoveryMode {
    /// Nothing.
    #[default]
    Nothing,
    /// The rest of the line.
    Line,
    /// Everything up to a line that is complete by itself.
    Lines {
        /// Whether the next byte is in the middle of a line.
        in_line: bool,
    },
}

/// The result of decoding one piece.
pub(super) struct DecodedPiece {
    /// Number of bytes that are done with.
    pub(super) consumed: usize,
    /// Whether the remaining bytes can be decoded further without more text.
    pub(super) has_more: bool,
    /// Breaks if the visitor stopped early.
    pub(super) flow: ControlFlow<()>,
}

impl DecodedPiece {
    /// Everything possible is done; the remaining bytes need more text.
    pub(super) fn of(consumed: usize) -> DecodedPiece {
        DecodedPiece { consumed, has_more: false, flow: ControlFlow::Continue(()) }
    }

    /// The remaining bytes can be decoded further.
    pub(super) fn with_more(consumed: usize) -> DecodedPiece {
        DecodedPiece { has_more: true, ..DecodedPiece::of(consumed) }
    }
}

impl Decoder {
    /// Resumes at a complete line that the item after `consumed` has swallowed: a string that is
    /// cut off ends at the first quote of the next line. The byte at `at` is not allowed there.
    /// Returns `None` if no such line begins before it.
    #[cold]
    pub(super) fn swallowed_line(
        &mut self,
        consumed: usize,
        at: usize,
        bytes: &[u8],
        start: u64,
        is_last: bool,
    ) -> Option<DecodedPiece> {
        if self.envelope.is_closed() {
            return None;
        }
        let first = next_line(&bytes[..at], start_of_item(bytes, consumed).min(at))?;
        match complete_line(bytes, first, at, is_last, true, &mut self.structure)? {
            CompleteLine::At(line) => {
                self.cut_off(start + first as u64 - 1);
                Some(DecodedPiece::with_more(line))
            }
            CompleteLine::Undecided(_) => Some(DecodedPiece::of(consumed)),
        }
    }

    /// Abandons what is open, since the byte at `at` is not allowed there.
    #[cold]
    pub(super) fn abandon_at(&mut self, at: usize, bytes: &[u8], start: u64) -> DecodedPiece {
        let place = start + at as u64;
        if place > NO_LOG && !self.findings.is_like_log() {
            let why = JsonError::Malformed(place as usize);
            self.findings.broken = Some(ErrorPosition { why, is_json: false });
        }
        let in_line = bytes[..at].last().map_or(self.is_in_line, |before| *before != b'\n');
        // At the top level, the next line starts a new value. Inside a list, only a
        // complete line is known to be one of its own.
        self.recovery = if self.envelope.is_closed() { RecoveryMode::Line } else { RecoveryMode::Lines { in_line } };
        self.cut_off(place);
        DecodedPiece::with_more(at)
    }

    /// Abandons the unfinished item after `at` if a later line proves that it never
    /// ends.
    #[cold]
    pub(super) fn end_early(
        &mut self,
        at: usize,
        unbalanced: Option<usize>,
        bytes: &[u8],
        start: u64,
        is_last: bool,
    ) -> DecodedPiece {
        let item = start_of_item(bytes, at);
        if let Some(line) = next_line(bytes, item) {
            let mut level = self.spare.pop().unwrap_or_else(|| NestedText::new(self.simd));
            let is_malformed = unbalanced.is_some();
            let next = line_to_resume(bytes, line, is_last, is_malformed, &mut level.structure);
            self.spare.push(level);
            if let Some(next) = next {
                let place = unbalanced.map_or(line - 1, |place| place.min(line - 1));
                self.cut_off(start + place as u64);
                return DecodedPiece::with_more(next);
            }
        }
        if is_last {
            let rest = &bytes[item..];
            let is_json = !self.envelope.is_closed() || rest.starts_with(b"{") || rest.starts_with(b"\"{");
            self.findings.broken = Some(ErrorPosition { why: JsonError::EndsEarly, is_json });
        }
        DecodedPiece::of(at)
    }

    /// Records that the rest of a line is lost, and abandons what was open.
    fn cut_off(&mut self, place: u64) {
        self.findings.note_cut(place);
        self.envelope.resume();
        // How much of the lost text was looked at depends on the window.
        (self.envelope.records_not_array, self.findings.records_not_array) = (false, false);
    }

    /// Skips the text that is lost after an error.
    #[cold]
    pub(super) fn pass_over(&mut self, mode: RecoveryMode, bytes: &[u8], is_last: bool) -> DecodedPiece {
        let line = match mode {
            RecoveryMode::Lines { in_line } => {
                let first = if in_line { next_line(bytes, 0) } else { Some(0) };
                first.and_then(|first| complete_line(bytes, first, bytes.len(), is_last, true, &mut self.structure))
            }
            RecoveryMode::Line | RecoveryMode::Nothing => next_line(bytes, 0).map(CompleteLine::At),
        };
        match line {
            Some(CompleteLine::At(at)) => {
                self.recovery = RecoveryMode::Nothing;
                DecodedPiece::with_more(at)
            }
            Some(CompleteLine::Undecided(at)) => {
                self.recovery = RecoveryMode::Lines { in_line: false };
                DecodedPiece::of(at)
            }
            None => {
                if mode != RecoveryMode::Line {
                    self.recovery = RecoveryMode::Lines { in_line: true };
                }
                DecodedPiece::of(if is_last { bytes.len() } else { whole_characters(bytes) })
            }
        }
    }
}

/// What the text at the start of a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LineStart {
    /// A complete object that is not part of an enclosing value.
    Whole,
    /// Possibly the start of a value.
    Start,
    /// Neither.
    Other,
    /// More text is needed to decide.
    Undecided,
}

/// A line that is complete by itself, or of which more text has to be seen.
pub(super) enum CompleteLine {
    /// The line at this offset is complete.
    At(usize),
    /// The line at this offset may be complete.
    Undecided(usize),
}

/// The first line that is complete, or may be, of those that start from `first` to `end`, both
/// included. `is_malformed` and `is_last` as in [`line`].
pub(super) fn complete_line(
    text: &[u8],
    first: usize,
    end: usize,
    is_last: bool,
    is_malformed: bool,
    structure: &mut Structure,
) -> Option<CompleteLine> {
    line_starts(text, first, end).find_map(|at| match line(&text[at..], is_last, is_malformed, structure) {
        LineStart::Whole => Some(CompleteLine::At(at)),
        LineStart::Undecided => Some(CompleteLine::Undecided(at)),
        LineStart::Start | LineStart::Other => None,
    })
}

/// The first line from `first` on where a value may start, provided that a complete line
/// follows or is that line: it proves that the open value is broken. `is_malformed` and
/// `is_last` as in [`line`].
pub(super) fn line_to_resume(
    text: &[u8],
    first: usize,
    is_last: bool,
    is_malformed: bool,
    structure: &mut Structure,
) -> Option<usize> {
    let mut start = None;
    line_starts(text, first, text.len()).find_map(|at| match line(&text[at..], is_last, is_malformed, structure) {
        LineStart::Whole => start.or(Some(at)),
        LineStart::Start => {
            start = start.or(Some(at));
            None
        }
        LineStart::Other | LineStart::Undecided => None,
    })
}

/// The offsets from `first` to `end`, both included, at which a line starts.
fn line_starts(text: &[u8], first: usize, end: usize) -> impl Iterator<Item = usize> {
    iter::successors(Some(first), move |at| next_line(&text[..end], *at))
}

/// The offset of the item after what was consumed.
pub(super) fn start_of_item(bytes: &[u8], consumed: usize) -> usize {
    let is_between = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b',');
    consumed + bytes[consumed..].iter().take_while(is_between).count()
}

/// The offset of the next line.
pub(super) fn next_line(text: &[u8], at: usize) -> Option<usize> {
    memchr::memchr(b'\n', &text[at..]).map(|end| at + end + 1)
}

/// Classifies the line at the start of `text`. A comma may follow a complete line if
/// `is_malformed`, that is, if the value that it may belong to is known to be broken. `is_last`
/// means that no text follows.
fn line(text: &[u8], is_last: bool, is_malformed: bool, structure: &mut Structure) -> LineStart {
    const LINE_TIME: usize = 11;
    let is_timed = is_line_time(text);
    let may_be_timed = text.len() < LINE_TIME && text.iter().all(|byte| b"0123456789-".contains(byte));
    if may_be_timed && !is_last {
        return LineStart::Undecided;
    }
    // A value that does not start its line belongs to a value printed over several
    // lines.
    if !is_timed && !matches!(text.first(), Some(b'{' | b'[' | b'"')) {
        return LineStart::Other;
    }
    let end = memchr::memchr(b'\n', text);
    let has_end = is_last || end.is_some();
    if is_timed && !has_end {
        return LineStart::Undecided;
    }
    let end = end.unwrap_or(text.len());
    let Some(start) = (if is_timed { message(&text[..end]) } else { Some(0) }) else { return LineStart::Start };
    let object = &text[start..end];
    let may_be_whole = match object {
        [b'{', b'"', letter, ..] => letter.is_ascii_alphanumeric(),
        [b'{'] | [b'{', b'"'] => !has_end,
        _ => false,
    };
    if !may_be_whole {
        return LineStart::Start;
    }
    let Ok(length) = JsonText::index(object, structure).value_end(0) else {
        return if has_end { LineStart::Start } else { LineStart::Undecided };
    };
    // What follows the object may decide before the end of the line is there.
    match text[start + length..].trim_ascii_start().first() {
        None if is_last => LineStart::Whole,
        None => LineStart::Undecided,
        Some(byte) if !has_end && !matches!(byte, b',' | b'}' | b']') => LineStart::Undecided,
        Some(b',') if is_malformed && !has_end => LineStart::Undecided,
        Some(b',') if is_malformed => LineStart::Whole,
        Some(b',' | b'}' | b']') => LineStart::Start,
        Some(_) => LineStart::Whole,
    }
}

/// The length of the text without the character that its end cuts off, if any.
pub(super) fn whole_characters(text: &[u8]) -> usize {
    const MAX_CHARACTER: usize = 4;
    for back in 1..MAX_CHARACTER.min(text.len() + 1) {
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
    fn decoding_resumes_only_at_complete_lines() {
        let line =
            |text: &str, is_last, is_malformed| line(text.as_bytes(), is_last, is_malformed, &mut Structure::default());
        for (text, expected) in [
            ("{\"a\":1}\n{", LineStart::Whole),
            ("{\"a\":1}\nx", LineStart::Whole),
            ("{\"a\":1} {\"b\":2}\n", LineStart::Whole),
            ("2026-10-01T09:00:00Z {\"a\":1}\n2026-10-01T09:00:01Z", LineStart::Whole),
            ("{\"a\":1}\n }", LineStart::Start),
            ("{\"a\":1}\n]", LineStart::Start),
            ("{\"a\":1},\n{", LineStart::Start),
            ("{\"a\":[1}}\n{", LineStart::Whole),
            ("{\"a\":[1}\n{", LineStart::Start),
            ("{\"a\":[1\n{", LineStart::Start),
            ("{\"a\":\"x}\n{", LineStart::Start),
            ("{\n\"a\":1}\n{", LineStart::Start),
            ("{\" a\":1}\n{", LineStart::Start),
            ("[{\"a\":1}]\n{", LineStart::Start),
            ("2026-10-01T09:00:00Z x\n{", LineStart::Start),
            (" {\"a\":1}\n{", LineStart::Other),
            ("x\n{", LineStart::Other),
        ] {
            assert_eq!(line(text, true, false), expected, "{text}");
        }
        assert_eq!(line("{\"a\":1},\n{", false, true), LineStart::Whole);
        for text in ["{\"a\":1}", "{\"a\":1}\n", "{\"a\":1} \n \n"] {
            assert_eq!(
                (line(text, true, false), line(text, false, true)),
                (LineStart::Whole, LineStart::Undecided),
                "{text}"
            );
        }
    }

    #[test]
    fn pieces_never_split_a_character() {
        let text = "aé€😀";
        for end in 0..=text.len() {
            let whole = whole_characters(&text.as_bytes()[..end]);
            assert_eq!(whole, (0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap(), "{end}");
        }
        assert_eq!(whole_characters(b"\x80\x80\x80\x80\x80"), 5);
    }
}
