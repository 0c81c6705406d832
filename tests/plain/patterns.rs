//! Patterns in every form, and letters of which some have more than two cases.

use proptest::prelude::*;
use serde_json::json;
use testkit::logs::records;
use testkit::plain::asks::{glob, one_case};
use trail2tsv::pattern::Pattern;

use crate::asked::wanted;

/// A pattern that means just this text.
fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|character| [Some('\\').filter(|_| !character.is_alphanumeric()), Some(character)])
        .flatten()
        .collect()
}

/// The text in other cases, where `turns` says so.
fn turned(text: &str, turns: u32) -> String {
    let turned = |(at, character): (usize, char)| {
        let cases: Vec<char> =
            "kKKsSſüÜßẞµμσςΣıIiabABcC".chars().filter(|other| one_case(*other) == one_case(character)).collect();
        cases.get(turns.rotate_right(at as u32 * 2) as usize % 4).copied().unwrap_or(character)
    };
    text.chars().enumerate().map(turned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mean_what_they_are_said_to_mean(
        pattern in r"([kKſẞß*?{},\[\]\\!]|\{[kſ*,]*\}){0,7}",
        texts in prop::collection::vec(r"[kKKsSßẞ*?{},\[\]\\!]{0,5}", 8),
    ) {
        if let Ok(compiled) = Pattern::parse(&pattern) {
            for text in &texts {
                prop_assert_eq!(compiled.matches(text), glob(&pattern, text), "{} {}", pattern, text);
            }
        }
    }

    #[test]
    fn fit_in_every_form_whatever_the_case(
        text in r"[kKKsSſüÜßẞµμσςΣıIiaBc7-]{1,6}[ \[\]{}*?\\,]?[kKKsSſüÜßẞµμσςΣıIiaBc7-]{1,6}",
        turns: u32,
    ) {
        let other = turned(&text, turns);
        let (start, end) = text.split_at(text.char_indices().nth(text.chars().count() / 2).unwrap().0);
        let but_one: String = end.chars().skip(1).collect();
        let [start, end, but_one] = [start, end, &but_one].map(escaped);
        // The texts of the second event are written by escapes; what fills the
        // third makes a search worth its while.
        let event = json!({"eventName": other, "userIdentity": {"type": "IAMUser", "userName": other},
            "requestParameters": {"x": [other]}}).to_string();
        let written = event.replace('ſ', "\\u017f").replace('\u{212a}', "\\u212A");
        let filled = json!({"eventName": "x".repeat(1 << 16)}).to_string();
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
