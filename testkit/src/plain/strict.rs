//! Converts JSON that the program accepts into JSON that serde_json accepts.

/// The same JSON in a form that serde_json accepts. Raw control characters in strings become
/// escapes, unknown escapes become their literal text, and each lone surrogate becomes U+FFFD.
pub(super) fn strict(json: &str) -> String {
    convert(json, usize::MAX).0
}

/// The length of the JSON from which the first `strict_length` bytes of strict JSON come.
pub(super) fn written_length(json: &str, strict_length: usize) -> usize {
    convert(json, strict_length).1
}

/// Converts JSON until there are `end` bytes. Also returns the length of the JSON that it
/// converted.
fn convert(json: &str, end: usize) -> (String, usize) {
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        // `from_str_radix` accepts a sign, which is not a digit.
        u16::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
    };
    let (mut text, mut at, mut in_string) = (String::with_capacity(json.len()), 0, false);
    while let Some(character) = json[at..].chars().next() {
        if text.len() >= end {
            break;
        }
        let mut length = character.len_utf8();
        match character {
            '\\' => match (unit(at), unit(at + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => length = 12,
                (Some(0xd800..=0xdfff), _) => {
                    text.push_str("\\ufffd");
                    at += 6;
                    continue;
                }
                (Some(_), _) => length = 6,
                (None, _) if json[at + 1..].starts_with(['"', '\\', '/', 'b', 'f', 'n', 'r', 't']) => length = 2,
                (None, _) => match json[at + 1..].chars().next() {
                    // Left for serde_json to refuse, because its meaning is unclear.
                    Some(control) if control.is_control() => length += control.len_utf8(),
                    _ => text.push('\\'),
                },
            },
            '"' => in_string = !in_string,
            control if in_string && control < ' ' => {
                text.push_str(&format!("\\u{:04x}", u32::from(control)));
                at += length;
                continue;
            }
            _ => {}
        }
        text.push_str(&json[at..at + length]);
        at += length;
    }
    (text, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_json_refuses_is_made_strict() {
        let json = "{\"a\":\t\"\\ud83d\\ude00 \\ud83d \\ude00 \\\\ud83d \\u0041 raw\ttab \\\" \\q\",\n\"b\":1}";
        let expected =
            "{\"a\":\t\"\\ud83d\\ude00 \\ufffd \\ufffd \\\\ud83d \\u0041 raw\\u0009tab \\\" \\\\q\",\n\"b\":1}";
        assert_eq!(strict(json), expected);
        let (start, raw) = (expected.find("\\u0009").unwrap(), json.find("\ttab").unwrap());
        assert_eq!((written_length(json, start), written_length(json, 0)), (raw, 0));
    }
}
