//! Tests on values that may be too large for a copy: an automaton matches those piece
//! by piece.

use std::borrow::Cow;
use std::cell::Cell;

use crate::decode::json::{CUT, JsonValue, MAX_TEXT, ValueKind, is_verbatim, pieces, unescape, unescape_start};
use crate::syntax::glob::{Pattern, PieceMatcher};

/// A test on a text.
pub trait LongValueTest {
    /// Whether a text passes the test.
    fn matches(&self, text: &str) -> bool;

    /// The test for a text in pieces; `None` if it needs the whole text.
    fn in_pieces(&self) -> Option<PieceMatcher>;
}

impl LongValueTest for Pattern {
    fn matches(&self, text: &str) -> bool {
        self.matches(text)
    }

    fn in_pieces(&self) -> Option<PieceMatcher> {
        Pattern::in_pieces(self)
    }
}

/// Set once a test was decided by the start of a long text.
#[derive(Clone, Debug, Default)]
pub struct ShortenedFlag(Cell<bool>);

impl ShortenedFlag {
    /// Sets it if `text`, a name or a joined text, was cut.
    pub fn note(&self, text: &str) {
        if text.ends_with(CUT) || (text.len() > MAX_TEXT && text.contains(CUT)) {
            self.0.set(true);
        }
    }

    /// Clears the flag; returns whether it was set.
    pub fn take(&self) -> bool {
        self.0.take()
    }
}

/// Whether a string, number or literal passes the test.
pub fn scalar_matches(value: JsonValue<'_>, test: &impl LongValueTest, shortened: &ShortenedFlag) -> bool {
    match value.whole_scalar() {
        Some(text) => test.matches(&text),
        None => value.raw_string().is_some_and(|written| string_matches(written, test, shortened)),
    }
}

/// Whether a value passes the test, as its cell shows it.
pub fn matches(value: JsonValue<'_>, test: &impl LongValueTest, shortened: &ShortenedFlag) -> bool {
    match value.kind() {
        ValueKind::Object | ValueKind::Array => {}
        _ => return scalar_matches(value, test, shortened),
    }
    if value.is_plain() {
        // A value without white space needs no copy, however long it is.
        return test.matches(&String::from_utf8_lossy(value.raw()));
    }
    if value.raw().len() <= MAX_TEXT {
        return test.matches(&String::from_utf8_lossy(&value.compact()));
    }
    let whole = test.in_pieces().and_then(|mut matcher| {
        let _ = value.compact_pieces(MAX_TEXT, &mut |piece| {
            matcher.push(String::from_utf8_lossy(piece).as_bytes());
            matcher.control_flow()
        });
        matcher.finish()
    });
    whole.unwrap_or_else(|| {
        shortened.0.set(true);
        test.matches(&unescape_start(value.raw()))
    })
}

/// Whether the text of a string passes the test. `written` is the string as written,
/// without quotes.
pub fn string_matches(written: &[u8], test: &impl LongValueTest, shortened: &ShortenedFlag) -> bool {
    if written.len() <= MAX_TEXT || is_verbatim(written) {
        return test.matches(&unescape(written));
    }
    let start = unescape_start(written);
    if !start.ends_with(CUT) {
        return test.matches(&start);
    }
    let whole = test.in_pieces().and_then(|mut matcher| {
        for piece in pieces(written, MAX_TEXT) {
            matcher.push(unescape(&written[piece]).as_bytes());
            if matcher.control_flow().is_break() {
                break;
            }
        }
        matcher.finish()
    });
    whole.unwrap_or_else(|| {
        shortened.0.set(true);
        test.matches(&start)
    })
}

/// The text of a scalar. Of a long one it returns the start, and records that.
pub fn start<'a>(value: JsonValue<'a>, shortened: &ShortenedFlag) -> Option<Cow<'a, str>> {
    let text = value.whole_scalar().or_else(|| value.scalar())?;
    shortened.note(&text);
    Some(text)
}
