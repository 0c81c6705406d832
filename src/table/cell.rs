//! One cell: a value as text without tabs and line ends, which neither a terminal nor a
//! spreadsheet interprets.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cloudtrail::time;
use crate::decode::json::{JsonValue, ValueKind, unescape};
pub(super) use crate::syntax::visible::push_text;
use crate::syntax::visible::{begins_formula, is_hidden};

/// The formatting rules that a user can change.
#[derive(Clone, Debug, Default)]
pub struct CellStyle {
    /// The text for absent and null values.
    pub null: String,
    /// Whether text that a spreadsheet would run as a formula gets a leading `'`.
    pub guard: bool,
    /// The zone that times are converted to; `None` leaves them as delivered.
    pub zone: Option<TimeZone>,
}

impl CellStyle {
    /// A style that writes the text `null`, escaped like any cell, for absent values.
    pub fn new(null: &str, guard: bool, zone: Option<TimeZone>) -> CellStyle {
        let mut line = Vec::new();
        push_text(null, &mut line);
        CellStyle { null: String::from_utf8_lossy(&line).into_owned(), guard, zone }
    }

    /// Appends a value, converted to the selected zone if it is a time.
    pub fn time(&self, value: Option<JsonValue<'_>>, out: &mut Vec<u8>) {
        match self.zoned(value) {
            Some(time) => out.extend_from_slice(time.as_bytes()),
            None => self.value(value, out),
        }
    }

    /// The value converted to the selected zone; `None` if it stays as delivered.
    pub(super) fn zoned(&self, value: Option<JsonValue<'_>>) -> Option<String> {
        in_zone(value?, self.zone.as_ref()?)
    }

    /// Like [`zoned`](Self::zoned), for the time of an event, which can also be a number.
    pub(super) fn zoned_event_time(&self, value: Option<JsonValue<'_>>) -> Option<String> {
        Some(shown_in(time::of_value(value?)?, self.zone.as_ref()?))
    }

    /// Appends the time of an event, converted to the selected zone.
    pub fn event_time(&self, value: Option<JsonValue<'_>>, out: &mut Vec<u8>) {
        match self.zoned_event_time(value) {
            Some(time) => out.extend_from_slice(time.as_bytes()),
            None => self.value(value, out),
        }
    }

    /// A point in time in the selected zone, else in UTC.
    pub(super) fn timestamp(&self, time: Timestamp) -> String {
        self.zone.as_ref().map_or_else(|| time.to_string(), |zone| shown_in(time, zone))
    }

    /// Appends a value: the text of a string, compact JSON of an object or array with its
    /// keys as delivered, a number or literal as it is.
    #[inline(always)]
    pub fn value(&self, value: Option<JsonValue<'_>>, out: &mut Vec<u8>) {
        let Some(value) = value else { return self.absent(out) };
        let start = out.len();
        if value.append_plain(out) {
            if !(self.guard && out.get(start).is_some_and(|first| may_begin_formula(*first))) {
                return;
            }
            out.truncate(start);
        }
        self.any_value(value, out);
    }

    #[inline(never)]
    fn any_value(&self, value: JsonValue<'_>, out: &mut Vec<u8>) {
        match value.kind() {
            ValueKind::Null => self.absent(out),
            // A value that starts like a number need not be one, such as -2+3.
            _ => {
                let start = out.len();
                push_value(value, out);
                self.escape_formula(out, start);
            }
        }
    }

    /// Appends text.
    pub fn text(&self, text: &str, out: &mut Vec<u8>) {
        self.parts(&[text], out);
    }

    /// Appends the concatenated parts as one text.
    pub fn parts(&self, parts: &[&str], out: &mut Vec<u8>) {
        let start = out.len();
        for part in parts {
            push_text(part, out);
        }
        self.escape_formula(out, start);
    }

    /// Appends the text for an absent value.
    #[inline]
    pub fn absent(&self, out: &mut Vec<u8>) {
        if !self.null.is_empty() {
            out.extend_from_slice(self.null.as_bytes());
        }
    }

    /// Inserts a `'` before the text at `start` if a spreadsheet would run it as a
    /// formula.
    pub fn escape_formula(&self, out: &mut Vec<u8>, start: usize) {
        if self.guard && is_formula(&out[start..]) {
            out.insert(start, b'\'');
        }
    }
}

/// A time converted to a zone; `None` if the value is not a string with a time. A number
/// anywhere but in `eventTime` may be anything.
fn in_zone(value: JsonValue<'_>, zone: &TimeZone) -> Option<String> {
    /// The longest text that can be a time.
    const MAX_TIME: usize = 40;
    let text = value.raw_string().filter(|text| text.len() <= MAX_TIME)?;
    time::parse(str::from_utf8(text).ok()?).map(|time| shown_in(time, zone))
}

/// A time as cells show it in a zone.
pub fn shown_in(time: Timestamp, zone: &TimeZone) -> String {
    time.display_with_offset(zone.to_offset_info(time).offset()).to_string()
}

/// Appends a value that is not null, without a guard against formulas.
pub fn push_value(value: JsonValue<'_>, out: &mut Vec<u8>) {
    match value.raw_string() {
        Some(written) if value.is_plain() => out.extend_from_slice(written),
        Some(written) => push_text(&unescape(written), out),
        None if value.is_plain() => out.extend_from_slice(value.raw()),
        None => push_json(value, out),
    }
}

/// Appends a value as one line of JSON: as delivered, but without white space between its
/// parts and with control characters escaped.
pub(super) fn push_json(value: JsonValue<'_>, out: &mut Vec<u8>) {
    if matches!(value.kind(), ValueKind::Object | ValueKind::Array) && value.append_plain(out) {
        return;
    }
    if value.is_dense() && is_verbatim_safe(value.raw()) {
        return out.extend_from_slice(value.raw());
    }
    let compact = value.compact();
    match is_verbatim_safe(&compact) {
        true => out.extend_from_slice(&compact),
        false => push_text(&String::from_utf8_lossy(&compact), out),
    }
}

/// Whether text can be copied unescaped. May return false for text that could be.
fn is_verbatim_safe(text: &[u8]) -> bool {
    // Without a branch per byte, the loop is vectorised.
    let is_wild = |byte: u8| byte < b' ' || byte == 0x7f;
    let (wild, all) = text.iter().fold((false, 0), |(wild, all), byte| (wild | is_wild(*byte), all | byte));
    !wild && (all.is_ascii() || simdutf8::basic::from_utf8(text).is_ok_and(|text| !text.contains(is_hidden)))
}

/// Whether a spreadsheet would run the cell as a formula.
fn is_formula(cell: &[u8]) -> bool {
    // Characters that a spreadsheet skips begin with one of these bytes.
    let may_be = |first: u8| may_begin_formula(first) || matches!(first, b'"' | b'\\' | 0xc2..);
    cell.first().is_some_and(|first| may_be(*first)) && begins_formula(&String::from_utf8_lossy(cell))
}

/// Whether printable ASCII may be a formula, judged by its first byte.
#[inline]
fn may_begin_formula(first: u8) -> bool {
    matches!(first, b'=' | b'@' | b'+' | b'-' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::event::FieldSet;
    use crate::decode::testing::with_event;

    fn cell(json: &str) -> String {
        let mut fields = FieldSet::default();
        let field = fields.add("x").unwrap();
        let style = CellStyle::new("NULL", true, None);
        with_event(&format!("{{\"x\":{json}}}"), &fields, |event| {
            let mut out = Vec::new();
            style.value(event.get(field), &mut out);
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
            ("\"\u{202f}\u{2028}\"", "\u{202f}\\u2028"),
            (r#""gpj.\u202eexe \u200b \udb40\udc41""#, r"gpj.\u202eexe \u200b \udb40\udc41"),
            ("{\"\u{202e}\":[\"é\u{feff}\u{e0041}\", \"\\u202e\"]}", r#"{"\u202e":["é\ufeff\udb40\udc41","\u202e"]}"#),
            ("null", "NULL"),
            ("true", "true"),
            ("-1.50e3", "-1.50e3"),
            ("-2+3", "'-2+3"),
            (r#"{"b":1,"a":[null,"x y"]}"#, r#"{"b":1,"a":[null,"x y"]}"#),
            ("{ \"b\" :\n[ 1 , \"x  y\" ] }", r#"{"b":[1,"x  y"]}"#),
            ("{ \"é \" : \"ü  \\n\" }", "{\"é \":\"ü  \\n\"}"),
            ("{\"raw\ttab\":\"\\t\u{9b}\"}", r#"{"raw\ttab":"\t\u009b"}"#),
        ] {
            assert_eq!(cell(json), expected, "{json}");
        }
    }

    #[test]
    fn times_are_shown_in_a_zone() {
        let mut fields = FieldSet::default();
        let field = fields.add("x").unwrap();
        for (zone, json, expected) in [
            ("Europe/Berlin", r#""2026-10-25T00:59:59Z""#, "2026-10-25T02:59:59+02:00"),
            ("Europe/Berlin", r#""2026-10-25T01:00:00Z""#, "2026-10-25T02:00:00+01:00"),
            ("America/New_York", r#""2026-01-01T00:00:00.250Z""#, "2025-12-31T19:00:00.25-05:00"),
            ("-03:30", r#""2026-01-01T02:00:00+02:00""#, "2025-12-31T20:30:00-03:30"),
            ("Europe/London", r#""2026-01-01T00:00:00Z""#, "2026-01-01T00:00:00+00:00"),
            ("Europe/Berlin", r#""2026-10-25 00:59:59.000""#, "2026-10-25T02:59:59+02:00"),
            ("Europe/London", r#""2026-01-01""#, "2026-01-01"),
            ("Europe/London", r#""12:00 TUESDAY""#, "12:00 TUESDAY"),
            ("Europe/London", "null", "~"),
            ("Europe/London", "17", "17"),
        ] {
            let style = CellStyle::new("~", true, crate::syntax::window::zone(zone).ok());
            with_event(&format!("{{\"x\":{json}}}"), &fields, |event| {
                let mut out = Vec::new();
                style.time(event.get(field), &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), expected, "{zone} {json}");
            });
        }
    }

    #[test]
    fn formulas_are_escaped_and_numbers_are_not() {
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
            (" =1", "' =1"),
            ("\u{a0} \u{200b}\u{feff}=1", "'\u{a0} \\u200b\\ufeff=1"),
            ("\\t=1", "'\\t=1"),
            ("\\\"=1\\\"", "'\"=1\""),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            (" -5", " -5"),
            ("é=1", "é=1"),
        ] {
            assert_eq!(cell(&format!("\"{text}\"")), expected, "{text}");
        }
        let raw = CellStyle::default();
        let mut out = Vec::new();
        raw.text("=1+1", &mut out);
        assert_eq!(out, b"=1+1");
    }
}
