//! Patterns in every form, and letters with more than two case variants.

use proptest::prelude::*;
use serde_json::json;
use testkit::logs::records;
use testkit::plain::filter::{fold_case, glob};
use testkit::plain::row::{is_formula, shown};
use trail2tsv::syntax::glob::Pattern;

use crate::filter_oracle::wanted;

/// A pattern that matches only this text.
fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|character| [Some('\\').filter(|_| !character.is_alphanumeric()), Some(character)])
        .flatten()
        .collect()
}

/// The text with letters in other cases, which the bits of `turns` choose.
fn with_other_cases(text: &str, turns: u32) -> String {
    let turned = |(at, character): (usize, char)| {
        let cases: Vec<char> =
            "kKKsSſüÜßẞµμσςΣıIiabABcC".chars().filter(|other| fold_case(*other) == fold_case(character)).collect();
        cases.get(turns.rotate_right(at as u32 * 2) as usize % 4).copied().unwrap_or(character)
    };
    text.chars().enumerate().map(turned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_pattern_matches_as_documented(
        pattern in r"'?([kKſẞß*?{},\[\]\\!=]|\{[kſ*,]*\}|\\[tnr]|\\u(001[bB]|202e|006b)|\\udb40\\udc41){0,7}",
        texts in prop::collection::vec(r"'?([kKKsSßẞ*?{},\[\]\\!=\t\x1b\u{202e}\u{e0041}]|\\t|\\u202E){0,5}", 8),
    ) {
        if let Ok(compiled) = Pattern::parse(&pattern) {
            for text in &texts {
                prop_assert_eq!(compiled.matches(text), glob(&pattern, text), "{} {}", pattern, text);
            }
        }
    }

    #[test]
    fn patterns_copied_from_a_cell_find_the_event(
        text in r"([k7-]|[\t\n\r\x00\x1b\u{85}\u{200b}\u{202e}\u{e0041}]|\\|=|'|\[){0,4}Name[\t\x1b\u{feff}]?([ak7-]|\\t|\\u001b){0,4}",
        kind in 0..9_usize,
        turns: u32,
    ) {
        let cell = shown(&text);
        let cell = if is_formula(&cell) { format!("'{cell}") } else { cell };
        let raw = json!({"eventName": text, "sourceIPAddress": text, "errorCode": text, "userAgent": text,
            "userIdentity": {"type": "IAMUser", "userName": text, "accessKeyId": text},
            "requestParameters": {"x": [text]}}).to_string();
        // Some of its characters are written as escapes.
        let written: String = raw.chars().enumerate().map(|(at, character)| match character {
            'a'..='z' | '=' | '\u{80}'.. if at > 250 && turns.rotate_left(at as u32 * 3) & 3 == 0 && !raw[..raw.char_indices().nth(at).unwrap().0].ends_with('\\') => {
                character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
            }
            other => other.to_string(),
        }).collect();
        let filled = json!({"eventName": "x".repeat(1 << 16), "eventVersion": "1"}).to_string();
        let log = records([raw.clone(), if serde_json::from_str::<serde_json::Value>(&written).is_ok() { written } else { raw.clone() }, filled]);
        let options = ["--event-name", "--user", "--source-ip", "--error-code", "--access-key", "--resource"];
        let asked = match options.get(kind) {
            Some(option) => [option.to_string(), cell],
            None => ["--where".into(), format!("{} = \"{cell}\"", ["userAgent", "requestParameters.x[]", "userName"][kind - 6])],
        };
        prop_assert_eq!(wanted(&asked, &log), [true, true, false], "{:?} of {:?}", asked, text);
    }

    #[test]
    fn patterns_match_in_any_case(
        text in r"[kKKsSſüÜßẞµμσςΣıIiaBc7-]{1,6}[ \[\]{}*?\\,]?[kKKsSſüÜßẞµμσςΣıIiaBc7-]{1,6}",
        turns: u32,
    ) {
        let other = with_other_cases(&text, turns);
        let (start, end) = text.split_at(text.char_indices().nth(text.chars().count() / 2).unwrap().0);
        let but_one: String = end.chars().skip(1).collect();
        let [start, end, but_one] = [start, end, &but_one].map(escaped);
        // The second event has escapes. The third one makes the text long enough for
        // the prefilter.
        let event = json!({"eventName": other, "userIdentity": {"type": "IAMUser", "userName": other},
            "requestParameters": {"x": [other]}}).to_string();
        let written = event.replace('ſ', "\\u017f").replace('\u{212a}', "\\u212A");
        let filled = json!({"eventName": "x".repeat(1 << 16), "eventVersion": "1"}).to_string();
        let log = records([event, written, filled]);
        for (number, pattern) in [
            format!("{start}{end}"),
            format!("{start}*"),
            format!("*{end}"),
            format!("{start}?{but_one}"),
            format!("{{{start},y}}{end}"),
            format!("{{y,{start}{end}}}"),
            format!("{start}{{y,{end}}}"),
        ].into_iter().enumerate() {
            let asked = match (number + turns as usize) % 5 {
                0 => ["--event-name".into(), pattern],
                1 => ["--user".into(), pattern],
                2 => ["--resource".into(), pattern],
                3 => ["--where".into(), format!("requestParameters.x[] = '{pattern}'")],
                _ => ["--where".into(), format!("userName = '{pattern}'")],
            };
            prop_assert_eq!(wanted(&asked, &log), [true, true, false], "{:?} of {}", asked, other);
        }
    }
}
