//! A JSON value as a byte range of its text, parsed only on access.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::escape::{MAX_TEXT, SHORT, is_plain, is_plain_start, is_verbatim, text, unescape, unescape_start};
use super::{JsonText, copy, key_is};

/// The kind of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ValueKind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// `-1.5e3`, `true`
    Scalar,
    /// `null`
    Null,
}

/// A JSON value inside its text.
#[derive(Clone, Copy, Debug)]
pub struct JsonValue<'a> {
    pub(super) text: &'a JsonText<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'a> JsonValue<'a> {
    /// The kind of the value.
    #[inline]
    pub fn kind(&self) -> ValueKind {
        match self.text.byte(self.start) {
            Some(b'{') => ValueKind::Object,
            Some(b'[') => ValueKind::Array,
            Some(b'"') => ValueKind::String,
            Some(b'n') => ValueKind::Null,
            _ => ValueKind::Scalar,
        }
    }

    /// The text that contains the value.
    pub fn text(&self) -> &'a JsonText<'a> {
        self.text
    }

    /// The offset of the value in its text.
    pub fn start(&self) -> usize {
        self.start
    }

    /// The value as written.
    #[inline]
    pub fn raw(&self) -> &'a [u8] {
        &self.text.bytes[self.start..self.end]
    }

    /// The contents of a string as written, without its quotes; `None` for other kinds.
    #[inline]
    pub fn raw_string(&self) -> Option<&'a [u8]> {
        match self.kind() {
            ValueKind::String => Some(&self.text.bytes[self.start + 1..self.end - 1]),
            _ => None,
        }
    }

    /// The text of a string, cut after [`MAX_TEXT`] bytes; `None` for other kinds.
    pub fn string(&self) -> Option<Cow<'a, str>> {
        self.raw_string().map(unescape_start)
    }

    /// The text of a string, a number, `true` or `false`, cut after [`MAX_TEXT`] bytes;
    /// `None` for other kinds.
    pub fn scalar(&self) -> Option<Cow<'a, str>> {
        match self.kind() {
            ValueKind::String => self.string(),
            ValueKind::Scalar => Some(unescape_start(self.raw())),
            _ => None,
        }
    }

    /// Like [`scalar`](Self::scalar); `None` if the text can't be borrowed and is longer than
    /// [`MAX_TEXT`] bytes.
    pub fn whole_scalar(&self) -> Option<Cow<'a, str>> {
        match (self.kind(), self.raw_string()) {
            (_, Some(written)) if written.len() <= MAX_TEXT || is_verbatim(written) => Some(unescape(written)),
            (ValueKind::Scalar, _) => Some(text(self.raw())),
            _ => None,
        }
    }

    /// Whether the value, or the contents of a string, can be copied into a cell as it
    /// is: only printable ASCII, no escapes, no white space between its parts.
    #[inline]
    pub fn is_plain(&self) -> bool {
        match self.kind() {
            ValueKind::String => is_plain(&self.text.bytes[self.start + 1..self.end - 1]),
            _ => is_plain(self.raw()) && self.is_dense(),
        }
    }

    /// Appends the cell of a string, object or array that can be copied as it is. Appends
    /// nothing and returns false for other values, and for some near the end of the text.
    #[inline(always)]
    pub fn append_plain(&self, out: &mut Vec<u8>) -> bool {
        match self.text.byte(self.start) {
            Some(b'"') => copy::string(self.text.bytes, self.start + 1, self.end - 1, out),
            Some(b'{' | b'[') => {
                let start = out.len();
                match copy::container(self.text.bytes, self.start, self.end, out) {
                    None => false,
                    Some(has_space) if !has_space || self.is_dense() => true,
                    Some(_) => {
                        out.truncate(start);
                        false
                    }
                }
            }
            _ => false,
        }
    }

    /// Whether the value has no spaces between its parts.
    pub fn is_dense(&self) -> bool {
        let mut at = self.start;
        // Most values have no space at all, and the others have them in strings.
        while let Some(space) = memchr::memchr(b' ', &self.text.bytes[at..self.end]).map(|found| at + found) {
            while at < space {
                let Some(quote) = self.text.bitmaps.quotes.next(at).filter(|quote| *quote < space) else {
                    return false;
                };
                at = self.text.string_end(quote).map_or(self.end, |end| end.min(self.end));
            }
            if at == space {
                return false;
            }
        }
        true
    }

    /// The text of a short string that is [plain](JsonValue::is_plain), in a window
    /// that extends past its end, and its length. `None` for other values and near the
    /// end of the text.
    #[inline(always)]
    pub fn short(&self) -> Option<(&'a [u8; JsonValue::SHORT], usize)> {
        let [b'"', rest @ ..] = self.text.bytes.get(self.start..)? else { return None };
        let chunk = rest.first_chunk()?;
        let length = self.end - self.start - 2;
        (length < SHORT && is_plain_start(chunk, length)).then_some((chunk, length))
    }

    /// Longer than most strings.
    pub const SHORT: usize = SHORT;

    /// The value as written, without the white space between its parts.
    pub fn compact(&self) -> Vec<u8> {
        let mut compact = Vec::with_capacity(self.end - self.start);
        let _ = self.compact_pieces(usize::MAX, &mut |piece| {
            compact.extend_from_slice(piece);
            ControlFlow::Continue(())
        });
        compact
    }

    /// Like [`compact`](Self::compact), in pieces of about `size` bytes that split no character,
    /// until `each` breaks.
    pub fn compact_pieces(&self, size: usize, each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        if self.is_plain() && self.kind() != ValueKind::String {
            return self.raw().chunks(size).try_for_each(each);
        }
        let mut piece = Vec::with_capacity(size.min(self.end - self.start));
        let mut at = self.start;
        while at < self.end {
            let quote = self.text.bitmaps.quotes.next(at).map_or(self.end, |quote| quote.min(self.end));
            let end = self.text.string_end(quote).map_or(self.end, |end| end.min(self.end));
            for (mut part, is_string) in [(&self.text.bytes[at..quote], false), (&self.text.bytes[quote..end], true)] {
                while !part.is_empty() {
                    if piece.len() >= size {
                        each(&piece)?;
                        piece.clear();
                    }
                    let (now, later) = part.split_at(character_end(part, size - piece.len()));
                    match is_string {
                        true => piece.extend_from_slice(now),
                        false => piece.extend(now.iter().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))),
                    }
                    part = later;
                }
            }
            at = end;
        }
        each(&piece)
    }

    /// Calls `each` for the members of an object, up to the first syntax error. The
    /// brackets balance, so the error affects nothing after the object.
    pub fn each_member(&self, mut each: impl FnMut(&'a [u8], JsonValue<'a>)) {
        if self.kind() != ValueKind::Object {
            return;
        }
        let mut members = self.text.members(self.start);
        while let Ok(Some((key, value))) = members.next_member() {
            each(key, value);
        }
    }

    /// Calls `each` for the elements of an array.
    pub fn each_element(&self, mut each: impl FnMut(JsonValue<'a>)) {
        if self.kind() != ValueKind::Array {
            return;
        }
        let mut at = self.text.skip_blanks(self.start + 1);
        while at < self.end - 1 {
            let Ok(end) = self.text.value_end(at) else { return };
            each(self.text.value(at, end));
            at = self.text.skip_blanks(end);
            if self.text.byte(at) == Some(b',') {
                at = self.text.skip_blanks(at + 1);
            }
        }
    }

    /// Calls `each` with every string at any depth, as written, except keys. Uses
    /// constant memory, however deep the value is.
    pub fn each_string(&self, mut each: impl FnMut(&'a [u8])) {
        let mut at = self.start;
        while let Some(from) = memchr::memchr(b'"', &self.text.bytes[at..self.end]).map(|found| at + found) {
            let Ok(end) = self.text.string_end(from) else { return };
            let next = self.text.skip_blanks(end);
            if next >= self.end || self.text.byte(next) != Some(b':') {
                each(&self.text.bytes[from + 1..end - 1]);
            }
            at = end.min(self.end);
        }
    }

    /// The member of an object with this name; if there are several, the last one.
    pub fn member(&self, name: &str) -> Option<JsonValue<'a>> {
        let mut found = None;
        self.each_member(|key, value| {
            if key_is(key, name.as_bytes()) {
                found = Some(value);
            }
        });
        found
    }
}

/// The offset after the character that the byte before `at` belongs to, or the end of
/// the text.
fn character_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    let length = rest.iter().position(|byte| byte & 0xc0 != 0x80).unwrap_or(rest.len());
    text.len().min(at.saturating_add(length))
}
