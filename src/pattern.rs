//! Patterns over names: case-insensitive globs, several of them, some negated.

use regex::bytes::{Regex, RegexBuilder};

use crate::error::Fatal;

const RIGHT: &str = "not a pattern; * stands for any text, ? for one character, {a,b} for either";

/// A case-insensitive glob.
#[derive(Clone, Debug)]
pub struct Pattern(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// No character is special: compared, not searched.
    Literal(Box<str>),
    Glob {
        regex: Regex,
        /// The text between `*` and `?`, where nothing else is special.
        pieces: Option<Vec<String>>,
    },
}

impl Pattern {
    /// Compiles one value of the option `option`.
    pub fn new(option: &str, text: &str) -> Result<Pattern, Fatal> {
        Pattern::parse(text).map_err(|wrong| Fatal::option(option, text, wrong))
    }

    /// Compiles a text, or says what it is instead of a pattern.
    pub fn parse(text: &str) -> Result<Pattern, &'static str> {
        if !text.contains(['*', '?', '[', '{', '\\']) {
            return Ok(Pattern(Kind::Literal(text.into())));
        }
        let is_simple = !text.contains(['[', '{', '\\']);
        let regex = if is_simple { translated(text) } else { compiled(text).ok_or(RIGHT)? };
        let regex = RegexBuilder::new(&regex).dot_matches_new_line(true).case_insensitive(true).build();
        let regex = regex.map_err(|_| RIGHT)?;
        let pieces = is_simple.then(|| text.split(['*', '?']).map(String::from).collect());
        Ok(Pattern(Kind::Glob { regex, pieces }))
    }

    /// The parts that every text that matches holds in this order, in some case:
    /// the first at its start, the last at its end. Nothing where they are not
    /// easily told.
    pub fn pieces(&self) -> Option<Vec<&str>> {
        match &self.0 {
            Kind::Literal(literal) => Some(vec![literal]),
            Kind::Glob { pieces, .. } => Some(pieces.as_ref()?.iter().map(String::as_str).collect()),
        }
    }

    /// Whether some of its characters are special. Those of a glob match in the
    /// cases of all scripts, those of a literal in ASCII's.
    pub fn is_glob(&self) -> bool {
        matches!(self.0, Kind::Glob { .. })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Kind::Literal(literal) => literal.eq_ignore_ascii_case(text),
            Kind::Glob { regex, .. } => regex.is_match(text.as_bytes()),
        }
    }
}

/// A glob of `*` and `?` as a regular expression: `?` is a character, however
/// many bytes it takes.
fn translated(glob: &str) -> String {
    let mut regex = String::from("^");
    for character in glob.chars() {
        match character {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex + "$"
}

/// Any other glob. In what comes of it a `?` would be a byte: a character that
/// is in no text holds its place.
fn compiled(glob: &str) -> Option<String> {
    const PLACE: char = '\u{10ffff}';
    let (mut is_escaped, mut in_class) = (false, false);
    let mut held = String::new();
    for character in glob.chars() {
        let is_special = !std::mem::take(&mut is_escaped);
        match character {
            '\\' if is_special => is_escaped = true,
            '[' if is_special => in_class = true,
            ']' if is_special => in_class = false,
            _ => {}
        }
        held.push(if character == '?' && is_special && !in_class { PLACE } else { character });
    }
    let glob = globset::GlobBuilder::new(&held)
        .case_insensitive(true)
        .literal_separator(false)
        .backslash_escape(true)
        .build()
        .ok()?;
    Some(glob.regex().replace(r"\xf4\x8f\xbf\xbf", "(?u:.)"))
}

/// The values of one option: any of the plain ones must match, and none of
/// those with a leading `!`.
#[derive(Clone, Debug)]
pub struct Choice<T> {
    wanted: Vec<T>,
    unwanted: Vec<T>,
}

impl<T> Choice<T> {
    /// Compiles the values of an option, each by `compile`; nothing where
    /// there are none.
    pub fn new(
        option: &str,
        values: &[String],
        mut compile: impl FnMut(&str) -> Result<T, Fatal>,
    ) -> Result<Option<Choice<T>>, Fatal> {
        let mut choice = Choice { wanted: Vec::new(), unwanted: Vec::new() };
        for value in values {
            let (list, pattern) = match value.strip_prefix('!') {
                Some(pattern) => (&mut choice.unwanted, pattern),
                None => (&mut choice.wanted, value.as_str()),
            };
            if pattern.is_empty() {
                return Err(Fatal::option(option, value, "empty, so it would match nothing; leave it out or write *"));
            }
            list.push(compile(pattern)?);
        }
        Ok((!values.is_empty()).then_some(choice))
    }

    /// The patterns of which one must match, if there are any.
    pub fn wanted(&self) -> &[T] {
        &self.wanted
    }

    /// Decides by asking `matches` of each pattern.
    pub fn admits(&self, mut matches: impl FnMut(&T) -> bool) -> bool {
        (self.wanted.is_empty() || self.wanted.iter().any(&mut matches)) && !self.unwanted.iter().any(matches)
    }
}

/// Splits `a,b` at its commas, but not at those inside `{a,b}`.
pub fn split_list(values: &[String]) -> Vec<String> {
    let mut parts = Vec::new();
    for value in values {
        let (mut depth, mut part) = (0_usize, String::new());
        for character in value.chars() {
            match character {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(std::mem::take(&mut part).trim().to_string());
                    continue;
                }
                _ => {}
            }
            part.push(character);
        }
        parts.push(part.trim().to_string());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new("--event-name", pattern).unwrap().matches(text)
    }

    #[test]
    fn globs_match_whole_texts_in_any_case() {
        for (pattern, text) in [
            ("TerminateInstances", "terminateinstances"),
            ("*Instances", "TerminateInstances"),
            ("terminate*", "TerminateInstances"),
            ("?erminate*", "TerminateInstances"),
            ("{Run,Terminate}Instances", "TerminateInstances"),
            ("Admin/*", "admin/alice@example.com"),
            ("*", "role/with/slashes\nand lines"),
            ("*", ""),
            ("a.c", "A.C"),
            ("?", "é"),
            ("z?rich é", "Zürich É"),
            ("*Ü?", "mü😀"),
            ("{a,b}?", "b😀"),
            ("[a-c]?", "C\u{10fffe}"),
            (r"\??[?]", "?é?"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("Terminate", "TerminateInstances"),
            ("?", ""),
            ("?", "éé"),
            (r"\?", "a"),
            ("a.c", "abc"),
            ("*.com", "example.org"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_bad_glob_names_the_option() {
        let error = Pattern::new("--event-name", "[a").unwrap_err();
        assert!(error.to_string().starts_with("--event-name \"[a\": not a pattern"), "{error}");
    }

    #[test]
    fn wanted_are_or_and_unwanted_are_and_not() {
        let admits = |values: &[&str], text: &str| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_string()).collect();
            let choice = Choice::new("-e", &values, |value| Pattern::new("-e", value)).unwrap().unwrap();
            choice.admits(|pattern| pattern.matches(text))
        };
        assert!(admits(&["a", "b"], "B"));
        assert!(!admits(&["a", "b"], "c"));
        assert!(admits(&["!a", "!b"], "c"));
        assert!(!admits(&["!a", "!b"], "b"));
        assert!(admits(&["a*", "!ab"], "ac"));
        assert!(!admits(&["a*", "!ab"], "ab"));
    }

    #[test]
    fn lists_split_at_commas_outside_braces() {
        let values = ["a, b".to_string(), "{c,d}e,f".to_string()];
        assert_eq!(split_list(&values), ["a", "b", "{c,d}e", "f"]);
    }
}
