//! Edge cases of text: every escape, every dangerous character, and text that a spreadsheet would
//! take for a formula or a number.

use super::{EdgeCase, EventDraft};

/// The reason, the content of a string as it stands in JSON, and whether that is strict JSON.
const TEXTS: &[(&str, &str, bool)] = &[
    ("escaped quotation mark", r#"say \"hello\""#, true),
    ("escaped backslash", r"C:\\temp\\new", true),
    ("escaped slash", r"a\/b", true),
    ("escaped backspace and form feed", r"a\bb\fc", true),
    ("escaped line feed", r"first\nsecond\n", true),
    ("escaped carriage return", r"first\r\nsecond", true),
    ("escaped tab", r"left\tright", true),
    ("escaped ASCII letter", r"\u0041WS", true),
    ("escaped letter beyond ASCII", r"Z\u00fcrich \u00DCber", true),
    ("escaped surrogate pair", r"\ud83d\ude00 \uD83D\uDE00", true),
    ("escaped high surrogate alone", r"a\ud83db", false),
    ("escaped high surrogate at the end", r"a\ud83d", false),
    ("escaped low surrogate alone", r"a\ude00b", false),
    ("escaped surrogates the wrong way round", r"\ude00\ud83d", false),
    ("escaped high surrogate before another escape", r"\ud83d\n", false),
    ("escaped NUL", r"a\u0000b", true),
    ("escaped ESC: a terminal's red", r"\u001b[31mred\u001b[0m", true),
    ("escaped ESC: a terminal's title", r"\u001b]0;owned\u0007", true),
    ("escaped DEL", r"a\u007fb", true),
    ("escaped C1 control", r"\u009b31m", true),
    ("escaped line separator", r"a\u2028b\u2029c", true),
    ("escaped byte order mark", r"\ufeffa", true),
    ("an escape that does not exist", r"a\xb", false),
    ("an escape cut short", r"a\u12", false),
    ("raw tab", "left\tright", false),
    ("raw line feed", "first\nsecond", false),
    ("raw carriage return", "first\rsecond", false),
    ("raw ESC", "\u{1b}[31mred", false),
    ("raw NUL", "a\0b", false),
    ("raw DEL", "a\u{7f}b", true),
    ("narrow no-break space", "10:02:11\u{202f}AM", true),
    ("no-break space", "a\u{a0}b", true),
    ("emoji", "deploy \u{1f680} by \u{1f469}\u{200d}\u{1f4bb}", true),
    ("C1 control", "\u{9b}31m\u{85}", true),
    ("line separator", "a\u{2028}b\u{2029}c", true),
    ("right-to-left override", "\u{202e}gpj.exe", true),
    ("combining marks", "e\u{301}a\u{30a}", true),
    ("byte order mark", "\u{feff}a", true),
    ("replacement character", "a\u{fffd}b", true),
    ("a noncharacter", "a\u{ffff}b", true),
    ("the last code point", "\u{10ffff}", true),
    ("a formula", "=1+1", true),
    ("a formula that fetches", r#"=HYPERLINK(\"http://203.0.113.66/\",\"x\")"#, true),
    ("a command as a formula", "=cmd|' /C calc'!A0", true),
    ("starts with a plus sign", "+SUM(1,2)", true),
    ("starts with a minus sign", "-SUM(1,2)", true),
    ("starts with an at sign", "@SUM(1,2)", true),
    ("starts with an escaped tab", r"\t=1+1", true),
    ("starts with an escaped carriage return", r"\r=1+1", true),
    ("starts with an escaped line feed", r"\n=1+1", true),
    ("starts with a full-width equals sign", "\u{ff1d}1+1", true),
    ("a formula whose sign is escaped", r"\u003d1+1", true),
    ("a lone minus sign", "-", true),
    ("a lone plus sign", "+", true),
    ("a lone equals sign", "=", true),
    ("a lone at sign", "@", true),
    ("a negative number", "-5", true),
    ("a number with exponent and sign", "+1.5e3", true),
    ("almost a number", "-5a", true),
    ("two minus signs", "--5", true),
    ("minus infinity", "-inf", true),
    ("starts with an apostrophe", "'quoted", true),
    ("starts with an apostrophe and a formula", "'=1+1", true),
    ("starts with a space", " =1+1", true),
    ("quotation marks and commas", r#"a,\"b\",c"#, true),
    ("only a quotation mark", r#"\""#, true),
    ("only spaces", "   ", true),
    ("the word null", "null", true),
    ("a long number", "000111122223333", true),
    ("a date for a spreadsheet", "1-2", true),
    ("a truth for a spreadsheet", "TRUE", true),
    ("JSON in a string", r#"{\"a\":[1,2,{\"b\":\"]}\"}]}"#, true),
    ("ends in a backslash", r"a\\", true),
    ("only two backslashes", r"\\\\", true),
    ("backslash and quotation mark at the end", r#"\\\\\\\""#, true),
    ("31 characters and an escape at the end", r#"0123456789012345678901234567890\""#, true),
    ("62 characters and two backslashes", r"01234567890123456789012345678901234567890123456789012345678901\\\\", true),
    ("looks like the start of an event", r#"{\"Records\":[{\"eventVersion\":\"1.11\""#, true),
];

const BROKEN_UTF8: &[(&str, &[u8])] = &[
    ("a byte that is never UTF-8", b"a\xffb"),
    ("half a UTF-8 sequence", b"a\xe2\x82"),
    ("an overlong slash", b"a\xc0\xafb"),
    ("a surrogate in UTF-8", b"a\xed\xa0\x80b"),
    ("Latin-1", b"Z\xfcrich"),
];

pub(super) fn all() -> Vec<EdgeCase> {
    let mut all: Vec<EdgeCase> = Vec::new();
    for &(why, inside, strict) in TEXTS {
        all.push(everywhere(why, inside.as_bytes(), strict));
    }
    for &(why, inside) in BROKEN_UTF8 {
        all.push(everywhere(why, inside, false));
    }
    let long = "x".repeat(100_000);
    all.push(EventDraft::new("a user agent of 100,000 characters").text("userAgent", long).edge_case());
    let escapes = r"\u001b".repeat(20_000);
    all.push(EventDraft::new("a user agent of 20,000 escapes").text("userAgent", escapes).edge_case());
    let wide = "\u{1f680}".repeat(9_000);
    all.push(EventDraft::new("a user agent of 9,000 emoji").text("userAgent", wide).edge_case());
    all
}

/// An event with the text as a cell of its own, inside a cell of JSON, and as a key there.
fn everywhere(why: &str, inside: &[u8], strict: bool) -> EdgeCase {
    let parts: [&[u8]; 5] = [br#"{""#, inside, br#"":[""#, inside, br#""]}"#];
    let draft = EventDraft::new(why)
        .text("userAgent", inside)
        .text("errorMessage", inside)
        .set("requestParameters", parts.concat());
    if strict { draft.edge_case() } else { draft.not_strict().edge_case() }
}
