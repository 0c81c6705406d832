//! Finds wanted events with a search over the bytes of a log, several times as fast as
//! decoding it. If the search is in doubt, the log is decoded, so no event is missed.

mod find;
mod needle;
mod regex_literals;

use memchr::memmem;

pub use self::needle::{Boundary, Needle};
use crate::decode::structure::SimdLevel;
pub use crate::filter::search::regex_literals::needles_of_regex;
use crate::syntax::glob::{Pattern, PatternSet};

/// What a search has found in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Matches {
    /// Offsets, ascending: every wanted event contains at least one of them.
    pub places: Vec<usize>,
    /// Whether the text is valid UTF-8.
    pub is_utf8: bool,
}

/// Literals of which the text of a log must contain at least one.
#[derive(Clone, Debug)]
pub struct ByteSearch {
    needles: Vec<Needle>,
    simd: SimdLevel,
}

impl ByteSearch {
    /// Chooses the best of several searches, each of which finds every wanted event;
    /// `None` if none of them would help.
    pub fn best(searches: impl IntoIterator<Item = Vec<Needle>>) -> Option<ByteSearch> {
        const MAX_NEEDLES: usize = 8;
        let worth = |needles: &Vec<Needle>| needles.iter().map(Needle::worth).min().unwrap_or(0);
        let searches = searches.into_iter().filter(|needles| (1..=MAX_NEEDLES).contains(&needles.len()));
        let needles = searches.filter(|needles| worth(needles) > 0).max_by_key(worth)?;
        Some(ByteSearch { needles, simd: SimdLevel::fastest() })
    }

    /// Searches `text`, which must be a whole file. `None` if the search cannot decide;
    /// then any event may be wanted.
    pub fn matches(&self, text: &[u8]) -> Option<Matches> {
        // The decoder reports damage and files that are not logs.
        const START: usize = 256;
        let is_log = text.starts_with(b"{\"Records\":[")
            && text.trim_ascii_end().ends_with(b"]}")
            && memmem::find(&text[..text.len().min(START)], b"aws:s3").is_none();
        if !is_log {
            return None;
        }
        // With more matches than this, decoding all events is not slower.
        const OFTEN: usize = 4096;
        find::matches(&self.needles, text, self.simd, text.len() / OFTEN + 1)
    }
}

/// Literals of which every event with a matching value contains one; `None` if none can
/// be derived. `boundary` describes how the value appears in the event.
pub fn required_literals(patterns: &PatternSet<Pattern>, boundary: Boundary<'_>) -> Option<Vec<Needle>> {
    patterns.wanted().iter().map(|pattern| Needle::of_pattern(pattern, boundary)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excludes(patterns: &[&str], text: &str) -> Option<bool> {
        let values: Vec<String> = patterns.iter().map(|value| (*value).to_string()).collect();
        let patterns = PatternSet::new("-e", &values, |value| Pattern::new("-e", value)).unwrap().unwrap();
        let search = ByteSearch::best(required_literals(&patterns, Boundary::WHOLE))?;
        Some(search.matches(text.as_bytes()).is_some_and(|found| found.places.is_empty()))
    }

    fn log(names: &[&str]) -> String {
        let records: Vec<String> = names.iter().map(|name| format!("{{\"eventName\":{name}}}")).collect();
        format!("{{\"Records\":[{}]}}", records.join(","))
    }

    #[test]
    fn a_log_is_excluded_only_without_any_of_the_names() {
        let text = log(&["\"RunInstances\"", "\"StopInstances\""]);
        for (patterns, expected) in [
            (&["TerminateInstances"][..], true),
            (&["runinstances"], false),
            (&["RunInstance"], true),
            (&["nInstances"], true),
            (&["TerminateInstances", "STOPINSTANCES"], false),
            (&["Terminate*"], true),
            (&["Run*"], false),
            (&["*Instances"], false),
            (&["*Instance"], true),
            (&["*top*"], false),
            (&["Uns*"], true),
            (&["R?nInst*ces"], false),
            (&["{Run,Stop}Instances"], false),
            (&["{Run,Stop}Instance"], true),
            (&["[RS]*"], true),
            (&[r"Run\Instances"], false),
            (&[r"Run\Instance"], true),
            (&[r"Run\u0049nstances"], false),
            (&[r"\tRunInstances"], false),
            (&[r"\tRunInstance"], true),
        ] {
            assert_eq!(excludes(patterns, &text), Some(expected), "{patterns:?}");
        }
    }

    #[test]
    fn patterns_without_literals_are_not_searched() {
        for patterns in [&["!Run*"][..], &["*"], &["??"], &["{Run,Stop}*"], &["Run*", "*"], &["true"], &["12*"]] {
            assert_eq!(excludes(patterns, "{\"Records\":[]}"), None, "{patterns:?}");
        }
    }

    #[test]
    fn escaped_names_are_not_excluded() {
        for name in [
            r#""R\u0075nInstances""#,
            r#""\u0052unInstances""#,
            r#""RunInstance\u0073""#,
            r#""x","y":"{\"eventName\":\"RunInstances\"}""#,
            r#""x","y":"{\"eventName\":\"\\u0052unInstances\"}""#,
            r#""x","y":"{\"eventName\":\"\u005cu0052unInstances\"}""#,
            r#""x","y":"{\"eventName\":\"\\\u00750052unInstances\"}""#,
            r#""x","y":"{\"eventName\":\"\\u\u003000\u00352unInstances\"}""#,
            r#""x","y":"{\"y\":\"{\\\"eventName\\\":\\\"RunInstances\\\"}\"}""#,
            r#""x","y":"{\"y\":\"{\\\"eventName\\\":\\\"\\\\u0052unInstances\\\"}\"}""#,
        ] {
            assert_eq!(excludes(&["RunInstances"], &log(&[name])), Some(false), "{name}");
        }
        let text = log(&["\"a\\u0026b\\u003c\\u00e9\""]);
        assert_eq!(excludes(&["RunInstances"], &text), Some(true), "other escapes hide nothing");
        for name in ["\"Run\u{17f}tuff\"", "\"Run\\u017ftuff\"", "\"Run\\u017Ftuff\""] {
            for pattern in ["run?*stuff", "runstuff"] {
                assert_eq!(excludes(&[pattern], &log(&[name])), Some(true), "a long s is no s: {name}");
            }
        }
        let text = log(&["\"J\u{fc}rgen\""]);
        assert_eq!(excludes(&["RunStuff"], &text), Some(true), "other letters hide nothing");
        for pattern in ["J\u{dc}RGEN", "*\u{dc}RGEN", "J?RGEN", "{J\u{dc},x}RGEN"] {
            assert_eq!(excludes(&[pattern], &text), Some(false), "{pattern}");
        }
    }

    #[test]
    fn broken_files_are_left_to_the_decoder() {
        for text in ["{\"Records\":[{\"eventName\":\"A", "[{\"eventName\":\"A\"}]", "", "{\"Records\":null}"] {
            assert_eq!(excludes(&["RunInstances"], text), Some(false), "{text}");
        }
    }
}
