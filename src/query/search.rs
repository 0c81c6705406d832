//! Where in a log an event can be that is wanted, told by a search over its
//! bytes: several times as fast as decoding it. A search that is in doubt says
//! so, and no event is missed.

use std::ops::Range;

use crate::decode::structure::{Way, Work};
use crate::pattern::{Choice, Pattern};

/// What the text of a log must hold, one of these at least.
#[derive(Clone, Debug)]
pub struct Search {
    needles: Vec<Needle>,
    way: Way,
}

/// Bytes that a field holds in some case of its letters.
#[derive(Clone, Debug)]
struct Needle {
    /// In lower case.
    bytes: Box<[u8]>,
    /// Whether the string ends behind them.
    is_end: bool,
    /// Whether letters that are not ASCII can stand for some of them.
    is_wide: bool,
}

impl Search {
    /// The search for events in which a field fits `choice`; nothing where it
    /// would not help.
    pub fn new(choice: &Choice<Pattern>) -> Option<Search> {
        const MOST: usize = 8;
        let needles: Vec<Needle> = choice.wanted().iter().map(Needle::new).collect::<Option<_>>()?;
        (1..=MOST).contains(&needles.len()).then(|| Search { needles, way: Way::fastest() })
    }

    /// The places in `text`, a whole file, one of which is inside of every such
    /// event, in their order. Nothing where that cannot be told: then any event
    /// may be wanted.
    pub fn places(&self, text: &[u8]) -> Option<Vec<usize>> {
        // What is broken, or no log, is for the decoder to name.
        let is_log = text.starts_with(b"{\"Records\":[") && text.trim_ascii_end().ends_with(b"]}");
        let is_wide = self.needles.iter().any(|needle| needle.is_wide);
        if !is_log || (is_wide && !text.is_ascii()) {
            return None;
        }
        let mut places = Vec::new();
        for needle in &self.needles {
            self.way.run(Find { needle, text, places: &mut places });
        }
        places.sort_unstable();
        // Where there are so many, to look at all events is not slower.
        const OFTEN: usize = 4096;
        (places.len() <= text.len() / OFTEN + 1).then_some(places)
    }
}

impl Needle {
    /// What every text that fits the pattern holds.
    fn new(pattern: &Pattern) -> Option<Needle> {
        const SHORTEST: usize = 3;
        let pieces = pattern.pieces()?;
        let (at, piece) = pieces.iter().enumerate().max_by_key(|(_, piece)| piece.len())?;
        let lower = piece.to_ascii_lowercase();
        // A number or a word stands without quotes, and some bytes are escaped.
        let is_number = lower.bytes().all(|byte| b"+-.e0123456789".contains(&byte));
        let is_bare = is_number || ["true", "false"].iter().any(|word| word.contains(&lower));
        let is_plain = |byte: u8| (b' '..0x7f).contains(&byte) && !b"\"\\/".contains(&byte);
        if lower.len() < SHORTEST || is_bare || !lower.bytes().all(is_plain) {
            return None;
        }
        let quote = if at == 0 { "\"" } else { "" };
        Some(Needle {
            bytes: format!("{quote}{lower}").into_bytes().into(),
            is_end: at == pieces.len() - 1,
            is_wide: pattern.is_glob() && lower.contains(['k', 's']),
        })
    }

    fn is_at_start(&self, text: &[u8]) -> bool {
        let Some((found, rest)) = text.split_at_checked(self.bytes.len()) else { return false };
        // Inside a string of JSON that holds JSON, the quote is escaped.
        found.eq_ignore_ascii_case(&self.bytes) && (!self.is_end || matches!(rest.first(), Some(b'"' | b'\\')))
    }

    /// Adds the places in this part of the text where it begins, or may be
    /// written in another way.
    #[inline(never)]
    fn find(&self, text: &[u8], part: Range<usize>, places: &mut Vec<usize>) {
        places.extend(part.filter(|at| self.is_at_start(&text[*at..]) || self.is_hidden(&text[*at..])));
    }

    /// Whether the text begins with an escape that may stand for one of the bytes.
    fn is_hidden(&self, text: &[u8]) -> bool {
        const KELVIN: u32 = 0x212a;
        const LONG_S: u32 = 0x017f;
        let Some(digits) = text.strip_prefix(b"\\u") else { return false };
        let digits = digits.get(..4).and_then(|digits| str::from_utf8(digits).ok());
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(KELVIN | LONG_S) => self.is_wide,
            Some(unit) => u8::try_from(unit).is_ok_and(|byte| self.bytes.contains(&byte.to_ascii_lowercase())),
            None => true,
        }
    }
}

/// Looks for a needle.
struct Find<'a> {
    needle: &'a Needle,
    text: &'a [u8],
    places: &'a mut Vec<usize>,
}

impl Work for Find<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        const WIDTH: usize = 64;
        let Find { needle, text, places } = self;
        let mut at = 0;
        if let [first, second, .., last] = *needle.bytes
            && let Some(starts) = (text.len() + 1).checked_sub(needle.bytes.len())
        {
            let blocks = text[..starts].as_chunks::<WIDTH>().0;
            let (seconds, lasts) = (text[1..].as_chunks().0, text[needle.bytes.len() - 1..].as_chunks().0);
            for ((firsts, seconds), lasts) in blocks.iter().zip(seconds).zip(lasts) {
                if may_hold([firsts, seconds, lasts], [first, second, last]) {
                    needle.find(text, at..at + WIDTH, places);
                }
                at += WIDTH;
            }
        }
        needle.find(text, at..text.len(), places);
    }
}

/// Whether at some place all three bytes are the wanted ones, in any case, or
/// whether an escape begins there. A loop without a branch, for the compiler to
/// do many places at once.
#[inline(always)]
fn may_hold<const N: usize>(bytes: [&[u8; N]; 3], wanted: [u8; 3]) -> bool {
    let lower = |byte: u8| byte | 0x20;
    let [first, second, last] = wanted.map(lower);
    let mut any = 0;
    for at in 0..N {
        let [one, two, three] = bytes.map(|bytes| bytes[at]);
        let is_held = (lower(one) == first) & (lower(two) == second) & (lower(three) == last);
        let is_escape = (one == b'\\') & (two == b'u');
        any |= u8::from(is_held | is_escape);
    }
    any != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn excludes(patterns: &[&str], text: &str) -> Option<bool> {
        let values: Vec<String> = patterns.iter().map(|value| (*value).to_string()).collect();
        let choice = Choice::new("-e", &values, |value| Pattern::new("-e", value)).unwrap().unwrap();
        Some(Search::new(&choice)?.places(text.as_bytes()).is_some_and(|places| places.is_empty()))
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
        ] {
            assert_eq!(excludes(patterns, &text), Some(expected), "{patterns:?}");
        }
    }

    #[test]
    fn what_a_search_cannot_tell_is_not_searched() {
        for patterns in
            [&["!Run*"][..], &["*"], &["??"], &["{Run,Stop}*"], &["[RS]*"], &["Run*", "*"], &["true"], &["12*"]]
        {
            assert_eq!(excludes(patterns, "{\"Records\":[]}"), None, "{patterns:?}");
        }
    }

    #[test]
    fn names_in_disguise_are_not_excluded() {
        for name in [
            r#""R\u0075nInstances""#,
            r#""\u0052unInstances""#,
            r#""RunInstance\u0073""#,
            r#""x","y":"{\"eventName\":\"RunInstances\"}""#,
            r#""x","y":"{\"eventName\":\"\\u0052unInstances\"}""#,
        ] {
            assert_eq!(excludes(&["RunInstances"], &log(&[name])), Some(false), "{name}");
        }
        let text = log(&["\"a\\u0026b\\u003c\\u00e9\""]);
        assert_eq!(excludes(&["RunInstances"], &text), Some(true), "other escapes hide nothing");
        for name in ["\"Run\u{17f}tuff\"", "\"Run\\u017ftuff\"", "\"Run\\u017Ftuff\""] {
            assert_eq!(excludes(&["run?*stuff"], &log(&[name])), Some(false), "{name}");
        }
    }

    #[test]
    fn what_is_broken_or_no_log_is_left_to_the_decoder() {
        for text in ["{\"Records\":[{\"eventName\":\"A", "[{\"eventName\":\"A\"}]", "", "{\"Records\":null}"] {
            assert_eq!(excludes(&["RunInstances"], text), Some(false), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_way_finds_what_a_plain_search_finds(
            text in "([RrUu\"nx]|\\\\u00(72|75|41|e9)){0,100}", needle in "\"?[runRUN]{3,6}", is_end: bool,
        ) {
            let needle = Needle { bytes: needle.to_ascii_lowercase().into_bytes().into(), is_end, is_wide: false };
            let mut plain = Vec::new();
            needle.find(text.as_bytes(), 0..text.len(), &mut plain);
            for way in Way::all() {
                let mut places = Vec::new();
                way.run(Find { needle: &needle, text: text.as_bytes(), places: &mut places });
                prop_assert_eq!(&places, &plain, "{:?}", way);
            }
        }
    }
}
