//! A lazy view of JSON text: a value is a byte range of the text and is parsed only on
//! access.
//!
//! The view is lenient where that loses nothing: a skipped value need not be valid
//! inside, as long as its quotes and brackets balance.

mod copy;
mod escape;
mod key;
mod value;

pub use self::escape::{CUT, MAX_TEXT, escape, is_verbatim, pieces, unescape, unescape_start};
pub use self::key::{KeyBytes, key_is};
pub use self::value::{JsonValue, ValueKind};
use super::structure::{StructuralBitmaps, Structure, balanced};

/// Why the rest of a text is unreadable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JsonError {
    /// The text ends in the middle of a value.
    EndsEarly,
    /// The byte at this offset is not allowed there.
    Malformed(usize),
}

/// JSON text with the bitmaps of its quotes and brackets.
#[derive(Debug)]
pub struct JsonText<'a> {
    bytes: &'a [u8],
    bitmaps: StructuralBitmaps<'a>,
    is_one_line: bool,
}

impl<'a> JsonText<'a> {
    /// Indexes `bytes` into `structure` and returns a view of both.
    pub fn index(bytes: &'a [u8], structure: &'a mut Structure) -> JsonText<'a> {
        structure.index(bytes);
        JsonText { bytes, bitmaps: structure.bitmaps_of(bytes), is_one_line: structure.traits().is_one_line }
    }

    /// Whether no byte of the text ends a line.
    #[inline(always)]
    pub fn is_one_line(&self) -> bool {
        self.is_one_line
    }

    /// The text itself.
    #[inline(always)]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The byte at `at`; `None` after the end.
    #[inline(always)]
    pub fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// The first offset from `at` on that is not white space.
    pub fn skip_blanks(&self, mut at: usize) -> usize {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte(at) {
            at += 1;
        }
        at
    }

    /// The offset after the value that starts at `at`.
    #[inline(always)]
    pub fn value_end(&self, at: usize) -> Result<usize, JsonError> {
        match self.byte(at).ok_or(JsonError::EndsEarly)? {
            b'"' => self.string_end(at),
            b'{' | b'[' => self.container_end(at),
            _ => self.scalar_end(at),
        }
    }

    /// The start and end of the value at `at`, leading white space skipped.
    #[inline(always)]
    pub fn value_at(&self, at: usize) -> Result<(usize, usize), JsonError> {
        let at = if self.byte(at).is_some_and(|byte| byte <= b' ') { self.skip_blanks(at) } else { at };
        Ok((at, self.value_end(at)?))
    }

    /// The offset after the string whose opening quote is at `at`.
    #[inline(always)]
    fn string_end(&self, at: usize) -> Result<usize, JsonError> {
        self.bitmaps.quotes.next(at + 1).map(|quote| quote + 1).ok_or(JsonError::EndsEarly)
    }

    /// The offset after the object or array whose opening bracket is at `at`.
    #[inline(always)]
    fn container_end(&self, at: usize) -> Result<usize, JsonError> {
        // Callers pass offsets outside strings only, where a bracket is always
        // structural.
        balanced(self.bitmaps.opens, self.bitmaps.closes, at).ok_or(JsonError::EndsEarly)
    }

    /// The offset after the bracket that closes the object or array around `at`.
    pub fn enclosing_end(&self, mut at: usize) -> Result<usize, JsonError> {
        loop {
            let closing = self.bitmaps.closes.next(at).ok_or(JsonError::EndsEarly)?;
            match self.bitmaps.opens.next(at) {
                Some(opening) if opening < closing => at = self.container_end(opening)?,
                _ => return Ok(closing + 1),
            }
        }
    }

    /// The offset after the number or literal at `at`.
    #[inline(always)]
    fn scalar_end(&self, at: usize) -> Result<usize, JsonError> {
        const COMMON: [u32; 2] = [u32::from_le_bytes(*b"null"), u32::from_le_bytes(*b"true")];
        let rest = &self.bytes[at..];
        if let Some([word @ .., b',' | b'}']) = rest.first_chunk::<5>()
            && COMMON.contains(&u32::from_le_bytes(*word))
        {
            return Ok(at + 4);
        }
        self.any_scalar_end(at)
    }

    fn any_scalar_end(&self, at: usize) -> Result<usize, JsonError> {
        let rest = &self.bytes[at..];
        if let [b'f', b'a', b'l', b's', b'e', b',' | b'}', ..] = rest {
            return Ok(at + 5);
        }
        let length =
            rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b':' | b'"' | b'{' | b'[' | 0..=b' '));
        let scalar = &rest[..length.unwrap_or(rest.len())];
        let words: [&[u8]; 3] = [b"true", b"false", b"null"];
        let is_number = matches!(scalar.first(), Some(b'-' | b'0'..=b'9'))
            && scalar.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        match length {
            Some(length) if is_number || words.contains(&scalar) => Ok(at + length),
            None if is_number || words.iter().any(|word| word.starts_with(scalar)) => Err(JsonError::EndsEarly),
            _ => Err(JsonError::Malformed(at)),
        }
    }

    /// The members of the object whose `{` is at `at`.
    pub fn members(&'a self, at: usize) -> ObjectMembers<'a> {
        ObjectMembers { text: self, at: at + 1, begun: false }
    }

    /// The value between two offsets.
    pub fn value(&'a self, start: usize, end: usize) -> JsonValue<'a> {
        JsonValue { text: self, start, end }
    }
}

/// Iterates over the members of an object. The iteration may stop early.
#[derive(Clone, Debug)]
pub struct ObjectMembers<'a> {
    text: &'a JsonText<'a>,
    at: usize,
    begun: bool,
}

impl<'a> ObjectMembers<'a> {
    /// Continues in an object at an offset after one of its members.
    pub fn resume(text: &'a JsonText<'a>, at: usize) -> ObjectMembers<'a> {
        ObjectMembers { text, at, begun: true }
    }

    /// Returns the next key, as written and without its quotes, and the offset of its
    /// value; `None` at the end of the object. The caller must report the end of the
    /// value with [`ObjectMembers::pass`] before the next call.
    pub fn next_key(&mut self) -> Result<Option<(&'a [u8], usize)>, JsonError> {
        let text = self.text;
        let mut at = text.skip_blanks(self.at);
        let mut byte = text.byte(at).ok_or(JsonError::EndsEarly)?;
        if byte == b'}' {
            self.at = at + 1;
            return Ok(None);
        }
        if self.begun {
            if byte != b',' {
                return Err(JsonError::Malformed(at));
            }
            at = text.skip_blanks(at + 1);
            byte = text.byte(at).ok_or(JsonError::EndsEarly)?;
        }
        if byte != b'"' {
            return Err(JsonError::Malformed(at));
        }
        let end = text.string_end(at)?;
        let key = &text.bytes[at + 1..end - 1];
        let colon = text.skip_blanks(end);
        if text.byte(colon).ok_or(JsonError::EndsEarly)? != b':' {
            return Err(JsonError::Malformed(colon));
        }
        self.begun = true;
        Ok(Some((key, text.skip_blanks(colon + 1))))
    }

    /// Reports that the value of the last key ends at `at`.
    pub fn pass(&mut self, at: usize) {
        self.at = at;
    }

    /// The offset after the last key or value read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Returns the next key with its value.
    pub fn next_member(&mut self) -> Result<Option<(&'a [u8], JsonValue<'a>)>, JsonError> {
        let Some((key, start)) = self.next_key()? else { return Ok(None) };
        let end = self.text.value_end(start)?;
        self.pass(end);
        Ok(Some((key, self.text.value(start, end))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with<R>(json: &str, look: impl FnOnce(JsonValue<'_>) -> R) -> R {
        let mut structure = Structure::default();
        let text = JsonText::index(json.as_bytes(), &mut structure);
        look(text.value(0, text.value_end(0).unwrap()))
    }

    #[test]
    fn members_are_found_in_any_white_space() {
        let json = "{ \"a\" :\t1 ,\r\n\"b\\u0063\":[ {\"x\":\"}\"} , 2 ],\"a\":\"last\" }";
        with(json, |object| {
            assert_eq!(object.member("a").unwrap().raw(), b"\"last\"");
            assert_eq!(object.member("bc").unwrap().raw(), b"[ {\"x\":\"}\"} , 2 ]");
            assert!(object.member("x").is_none());
            let mut elements = Vec::new();
            object.member("bc").unwrap().each_element(|element| elements.push(element.raw()));
            assert_eq!(elements, [&b"{\"x\":\"}\"}"[..], b"2"]);
        });
    }

    #[test]
    fn a_truncated_text_ends_early() {
        let json = br#"{"a":"\\\"","b":[true,{"c":-1.5}],"d":null}"#;
        for end in 1..json.len() {
            let mut structure = Structure::default();
            let text = JsonText::index(&json[..end], &mut structure);
            assert_eq!(text.value_end(0), Err(JsonError::EndsEarly), "{end}");
            let mut members = text.members(0);
            let result = loop {
                match members.next_member() {
                    Ok(Some(_)) => {}
                    other => break other.map(|_| ()),
                }
            };
            assert_eq!(result, Err(JsonError::EndsEarly), "{end}");
        }
    }

    #[test]
    fn invalid_json_is_malformed() {
        for (json, at) in [("{a}", 1), ("{\"a\" 1}", 5), ("{\"a\":1 \"b\":2}", 7), ("{\"a\":1,}", 7), ("{,}", 1)] {
            let mut structure = Structure::default();
            let text = JsonText::index(json.as_bytes(), &mut structure);
            let mut members = text.members(0);
            let result = loop {
                match members.next_member() {
                    Ok(Some(_)) => {}
                    other => break other.map(|_| ()),
                }
            };
            assert_eq!(result, Err(JsonError::Malformed(at)), "{json}");
        }
        for json in ["tru,", "nul ", "hello", "+1,", "{\"a\":x}"] {
            let mut structure = Structure::default();
            let text = JsonText::index(json.as_bytes(), &mut structure);
            let at = json.find('x').unwrap_or(0);
            assert_eq!(text.value_end(at), Err(JsonError::Malformed(at)), "{json}");
        }
    }

    proptest! {
        #[test]
        fn strings_read_like_serde_json(text in ".{0,40}", pad in 0..70usize) {
            let json = format!("{}{}", " ".repeat(pad), serde_json::to_string(&text).unwrap());
            let mut structure = Structure::default();
            let view = JsonText::index(json.as_bytes(), &mut structure);
            let value = view.value(pad, view.value_end(pad).unwrap());
            prop_assert_eq!(value.string().unwrap(), text);
        }

        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(
            prop_oneof![8 => proptest::sample::select(br#"\\"""{}[]:, 1tn"#.to_vec()), 1 => any::<u8>()], 1..200,
        )) {
            let mut structure = Structure::default();
            let text = JsonText::index(&bytes, &mut structure);
            for at in 0..bytes.len() {
                if let Ok(end) = text.value_end(at) {
                    let value = text.value(at, end);
                    value.each_member(|_, _| {});
                    value.each_element(|_| {});
                    value.scalar();
                    value.is_plain();
                    value.compact();
                }
            }
        }
    }
}
