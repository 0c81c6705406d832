//! One cell: a value as text that fits between two tabs, and that neither a
//! terminal nor a spreadsheet takes for anything but text.

use crate::decode::json::{Kind, Value, unescape};

/// The rules that a user can change.
#[derive(Clone, Debug, Default)]
pub struct CellStyle {
    /// What stands for absent and null.
    pub null: String,
    /// Whether text that a spreadsheet would run gets a leading `'`.
    pub guard: bool,
}

impl CellStyle {
    /// A style that writes `null` for what is absent, as one line like any cell.
    pub fn new(null: &str, guard: bool) -> CellStyle {
        let mut line = Vec::new();
        push_text(null, &mut line);
        CellStyle { null: String::from_utf8_lossy(&line).into_owned(), guard }
    }

    /// Appends a value: the text of a string, an object or array as compact
    /// JSON with its keys as delivered, a number or word as it is.
    #[inline(always)]
    pub fn value(&self, value: Option<Value<'_>>, out: &mut Vec<u8>) {
        let Some(value) = value else { return self.absent(out) };
        match value.short() {
            Some((text, length)) if !(self.guard && may_begin_formula(text[0])) => {
                // A fixed number of bytes is copied faster than just as many as there are.
                let end = out.len() + length;
                out.extend_from_slice(text);
                out.truncate(end);
            }
            _ => self.any_value(value, out),
        }
    }

    #[inline(never)]
    fn any_value(&self, value: Value<'_>, out: &mut Vec<u8>) {
        match value.kind() {
            Kind::Null => self.absent(out),
            Kind::String => {
                let start = out.len();
                push_value(value, out);
                self.disarm(out, start);
            }
            _ => push_value(value, out),
        }
    }

    /// Appends text.
    pub fn text(&self, text: &str, out: &mut Vec<u8>) {
        self.parts(&[text], out);
    }

    /// Appends the text that the parts make up.
    pub fn parts(&self, parts: &[&str], out: &mut Vec<u8>) {
        let start = out.len();
        for part in parts {
            push_text(part, out);
        }
        self.disarm(out, start);
    }

    /// Appends what is absent.
    #[inline]
    pub fn absent(&self, out: &mut Vec<u8>) {
        if !self.null.is_empty() {
            out.extend_from_slice(self.null.as_bytes());
        }
    }

    /// Puts a `'` before the text that begins at `start` if a spreadsheet
    /// would run it as a formula.
    pub fn disarm(&self, out: &mut Vec<u8>, start: usize) {
        if self.guard && is_formula(&out[start..]) {
            out.insert(start, b'\'');
        }
    }
}

/// Appends a value that is not null, without regard to spreadsheets.
pub fn push_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value.raw_string() {
        Some(written) if value.is_plain() => out.extend_from_slice(written),
        Some(written) => push_text(&unescape(written), out),
        None if value.is_plain() => out.extend_from_slice(value.raw()),
        None => push_json(value, out),
    }
}

/// Appends a value as JSON of one line: as delivered, but without the white
/// space between its parts, and with control characters escaped.
pub(super) fn push_json(value: Value<'_>, out: &mut Vec<u8>) {
    if value.is_dense() && is_tame(value.raw()) {
        return out.extend_from_slice(value.raw());
    }
    let compact = value.compact();
    match is_tame(&compact) {
        true => out.extend_from_slice(&compact),
        false => push_text(&String::from_utf8_lossy(&compact), out),
    }
}

/// Whether text can be written as it is. Says no of some that could, too.
fn is_tame(text: &[u8]) -> bool {
    /// What control characters of Latin-1 begin with, and others.
    const LATIN: u8 = 0xc2;
    // Without a branch for each byte, many are looked at at once.
    let is_wild = |byte: u8| byte < b' ' || byte == 0x7f || byte == LATIN;
    let (wild, all) = text.iter().fold((false, 0), |(wild, all), byte| (wild | is_wild(*byte), all | byte));
    !wild && (all.is_ascii() || simdutf8::basic::from_utf8(text).is_ok())
}

/// Appends text with its control characters, those of Latin-1 included, as
/// JSON would escape them: also inside JSON the meaning stays the same.
pub(super) fn push_text(text: &str, out: &mut Vec<u8>) {
    // Without a branch for each byte, many are looked at at once.
    if text.bytes().fold(true, |plain, byte| plain & (b' '..0x7f).contains(&byte)) {
        return out.extend_from_slice(text.as_bytes());
    }
    let mut buffer = [0; 4];
    for character in text.chars() {
        match character {
            '\t' => out.extend_from_slice(b"\\t"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            control if control.is_control() => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes());
            }
            other => out.extend_from_slice(other.encode_utf8(&mut buffer).as_bytes()),
        }
    }
}

/// Whether a spreadsheet would take a cell for a formula. Numbers and a lone
/// `-` are what they look like. A tab or line end at the start, which would
/// count too, is no longer there by now.
fn is_formula(cell: &[u8]) -> bool {
    match cell {
        [first, ..] if !may_begin_formula(*first) => false,
        [b'=' | b'@', ..] => true,
        [b'-'] => false,
        [b'+' | b'-', number @ ..] => !is_number(number),
        _ => false,
    }
}

#[inline]
pub(super) fn may_begin_formula(first: u8) -> bool {
    matches!(first, b'=' | b'@' | b'+' | b'-')
}

/// Whether text is a number without a sign.
fn is_number(text: &[u8]) -> bool {
    let is_numeric = text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let begins = matches!(text.first(), Some(b'0'..=b'9' | b'.'));
    begins && is_numeric && std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::event::Fields;
    use crate::query::testing::with_event;

    fn cell(json: &str) -> String {
        let mut fields = Fields::default();
        let slot = fields.slot("x").unwrap();
        let style = CellStyle { null: "NULL".into(), guard: true };
        with_event(&format!("{{\"x\":{json}}}"), &fields, |event| {
            let mut out = Vec::new();
            style.value(event.get(slot), &mut out);
            String::from_utf8(out).unwrap()
        })
    }

    #[test]
    fn every_kind_of_value_is_one_line() {
        for (json, expected) in [
            (r#""plain""#, "plain"),
            (r#""""#, ""),
            (r#""a\tb\nc\rd\u001b[31m\u0000\u007f\u009b""#, r"a\tb\nc\rd\u001b[31m\u0000\u007f\u009b"),
            ("\"raw\ttab\"", r"raw\ttab"),
            (r#""q\"\\b\/é\ud83d\ude00\ud83d""#, "q\"\\b/é😀\u{fffd}"),
            ("\"\u{202f}\u{2028}\"", "\u{202f}\u{2028}"),
            ("null", "NULL"),
            ("true", "true"),
            ("-1.50e3", "-1.50e3"),
            (r#"{"b":1,"a":[null,"x y"]}"#, r#"{"b":1,"a":[null,"x y"]}"#),
            ("{ \"b\" :\n[ 1 , \"x  y\" ] }", r#"{"b":[1,"x  y"]}"#),
            ("{ \"é \" : \"ü  \\n\" }", "{\"é \":\"ü  \\n\"}"),
            ("{\"raw\ttab\":\"\\t\u{9b}\"}", r#"{"raw\ttab":"\t\u009b"}"#),
        ] {
            assert_eq!(cell(json), expected, "{json}");
        }
    }

    #[test]
    fn formulas_are_disarmed_and_numbers_left_alone() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-", "-"),
            ("--", "'--"),
            ("+", "'+"),
            ("-5", "-5"),
            ("+1.5e3", "+1.5e3"),
            ("-1-1", "'-1-1"),
            ("-inf", "'-inf"),
            ("-.5", "-.5"),
            ("a=1", "a=1"),
            ("\\u002d1-1", "'-1-1"),
        ] {
            assert_eq!(cell(&format!("\"{text}\"")), expected, "{text}");
        }
        let raw = CellStyle { null: String::new(), guard: false };
        let mut out = Vec::new();
        raw.text("=1+1", &mut out);
        assert_eq!(out, b"=1+1");
    }
}
