//! Case-insensitive globs over names, in sets with negated ones.

mod exact_set;
mod pattern_set;
mod pieces;

use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use self::exact_set::ExactSet;
pub use self::pattern_set::{PatternSet, UnmatchedValues};
pub use self::pieces::PieceMatcher;
use crate::error::Error;
use crate::syntax::value_list::{ListError, ListValue};
use crate::syntax::visible::{begins_formula, read_escape};

const SYNTAX: &str = "not a pattern; * matches any text, ? one character, {a,b} either of two; \\ makes the \
                     next character literal";

/// The characters that a `\` makes literal.
const SPECIAL: &str = "*?{},!";

/// A case-insensitive glob.
#[derive(Clone, Debug)]
pub struct Pattern(PatternKind);

#[derive(Clone, Debug)]
enum PatternKind {
    /// Without a special character: compared, not searched.
    Literal(Box<str>),
    Glob {
        regex: Regex,
        /// The text between the special characters.
        pieces: Vec<String>,
    },
    /// Any of many literals.
    OneOf(Arc<ExactSet>),
}

impl Pattern {
    /// Compiles a value of the option `option`.
    pub fn new(option: &str, text: &str) -> Result<Pattern, Error> {
        Pattern::parse(text).map_err(|wrong| Error::option(option, text, wrong))
    }

    /// Compiles a text. The error says why it is not a pattern.
    pub fn parse(text: &str) -> Result<Pattern, &'static str> {
        if is_literal(text) {
            return Ok(Pattern(PatternKind::Literal(text.into())));
        }
        let (regex, mut pieces) = translated(text).ok_or(SYNTAX)?;
        if let [literal] = &mut pieces[..] {
            return Ok(Pattern(PatternKind::Literal(std::mem::take(literal).into())));
        }
        let regex = RegexBuilder::new(&regex).dot_matches_new_line(true).build();
        Ok(Pattern(PatternKind::Glob { regex: regex.map_err(|_| SYNTAX)?, pieces }))
    }

    /// The parts that every matching text contains in this order, ignoring case: the
    /// first at its start, the last at its end.
    pub fn pieces(&self) -> Vec<&str> {
        match &self.0 {
            PatternKind::Literal(literal) => vec![literal],
            PatternKind::Glob { pieces, .. } => pieces.iter().map(String::as_str).collect(),
            PatternKind::OneOf(_) => vec!["", ""],
        }
    }

    /// A regular expression that matches the whole text, without anchors, whose `.` must match
    /// line ends too; `None` for many texts in one pattern.
    pub fn to_regex(&self) -> Option<String> {
        match &self.0 {
            PatternKind::Literal(literal) => Some(literal.chars().map(any_case).collect()),
            PatternKind::Glob { regex, .. } => Some(regex.as_str().strip_prefix('^')?.strip_suffix('$')?.to_string()),
            PatternKind::OneOf(_) => None,
        }
    }

    /// Whether the pattern matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            PatternKind::Literal(literal) if literal.is_ascii() => literal.eq_ignore_ascii_case(text),
            PatternKind::Literal(literal) => literal.chars().map(folded).eq(text.chars().map(folded)),
            PatternKind::Glob { regex, .. } => regex.is_match(text.as_bytes()),
            PatternKind::OneOf(texts) => texts.contains(text),
        }
    }
}

/// The most values with special characters in one list. Values without them are not
/// limited.
const MAX_GLOBS: usize = 10_000;
/// The values that are compiled to one regular expression.
const JOINED: usize = 50;

impl Pattern {
    /// Compiles the values of a list to few patterns, one of which matches whenever one of
    /// the values does.
    pub fn of_list<'a>(values: impl IntoIterator<Item = ListValue<'a>>) -> Result<Vec<Pattern>, ListError> {
        let (mut texts, mut globs, mut count) = (ExactSet::default(), Vec::new(), 0);
        let mut patterns = Vec::new();
        for value in values {
            if is_literal(value.text) {
                texts.insert(value.text);
                continue;
            }
            count += 1;
            if count > MAX_GLOBS {
                let reason = format!("more than {MAX_GLOBS} values with * ? {{ or \\; only others are not limited");
                return Err(ListError::new(value, reason));
            }
            globs.push(translated(value.text).ok_or_else(|| ListError::new(value, SYNTAX))?.0);
            if globs.len() == JOINED {
                patterns.push(Pattern::any_of(&std::mem::take(&mut globs)).map_err(|why| ListError::new(value, why))?);
            }
        }
        if !globs.is_empty() {
            patterns.push(Pattern::any_of(&globs).map_err(|reason| ListError { reason })?);
        }
        if !texts.is_empty() {
            patterns.insert(0, Pattern(PatternKind::OneOf(Arc::new(texts))));
        }
        Ok(patterns)
    }

    /// Matches what one of the regular expressions matches.
    fn any_of(regexes: &[String]) -> Result<Pattern, String> {
        let regex = RegexBuilder::new(&regexes.join("|")).dot_matches_new_line(true).build();
        let regex = regex.map_err(|_| "too large with the values before it; write fewer or shorter patterns")?;
        Ok(Pattern(PatternKind::Glob { regex, pieces: vec![String::new(); 2] }))
    }
}

/// Whether a text has special characters, which other texts match.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '{'])
}

/// Whether a text has no special characters, so that it matches only itself.
fn is_literal(text: &str) -> bool {
    !text.contains(['*', '?', '{', '\\', '\''])
}

impl Pattern {
    /// A matcher that takes a text in pieces.
    pub fn in_pieces(&self) -> Option<PieceMatcher> {
        match &self.0 {
            PatternKind::Literal(literal) => {
                PieceMatcher::new(&format!("^{}$", literal.chars().map(any_case).collect::<String>()), true)
            }
            PatternKind::Glob { regex, .. } => PieceMatcher::new(regex.as_str(), true),
            // Texts that are taken in pieces are longer than all values of a list.
            PatternKind::OneOf(_) => PieceMatcher::new("[a&&b]", true),
        }
    }
}

/// All cases of a character. ASCII letters have ASCII cases only (not the kelvin sign for
/// k), so that a byte search finds every match.
fn cases(character: char) -> Vec<char> {
    if character.is_ascii() {
        return vec![character.to_ascii_uppercase(), character.to_ascii_lowercase()];
    }
    let mut cases = ClassUnicode::new([ClassUnicodeRange::new(character, character)]);
    // Without Unicode tables, which are built in, a character would only match itself.
    let _ = cases.try_case_fold_simple();
    let all = cases.ranges().iter().flat_map(|range| range.start()..=range.end());
    all.filter(|case| !case.is_ascii()).collect()
}

/// The case that represents all cases of a character.
fn folded(character: char) -> char {
    cases(character).first().copied().unwrap_or(character)
}

/// A glob as a regular expression, and the text between its special characters. `None` if
/// a brace is not closed or nothing follows a `\`. A `?` is one character, of any number
/// of bytes.
fn translated(glob: &str) -> Option<(String, Vec<String>)> {
    let (mut regex, mut depth) = (String::from("^"), 0_usize);
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    let mut rest = glob;
    if let Some(guarded) = glob.strip_prefix('\'').filter(|text| begins_formula(text)) {
        // A cell shows a ' before a formula that the event need not contain.
        regex.push_str("'?");
        pieces.push(String::new());
        rest = guarded;
    }
    while let Some(character) = rest.chars().next() {
        if let Some((either, length)) = copied(rest) {
            regex.push_str(&either);
            pieces.push(std::mem::take(&mut piece));
            rest = &rest[length..];
            continue;
        }
        rest = &rest[character.len_utf8()..];
        regex.push_str(match character {
            '*' => ".*",
            '?' => ".",
            '{' => {
                depth += 1;
                "(?:"
            }
            ',' if depth > 0 => "|",
            '}' if depth > 0 => {
                depth -= 1;
                ")"
            }
            mut plain => {
                if plain == '\\' {
                    let next = rest.chars().next()?;
                    if SPECIAL.contains(next) {
                        (plain, rest) = (next, &rest[next.len_utf8()..]);
                    }
                }
                regex.push_str(&any_case(plain));
                if depth == 0 {
                    piece.push(plain);
                }
                continue;
            }
        });
        pieces.push(std::mem::take(&mut piece));
    }
    pieces.push(piece);
    (depth == 0).then(|| (regex + "$", pieces))
}

/// Matches a character in any case.
fn any_case(character: char) -> String {
    let mut cases = cases(character);
    cases.dedup();
    match &cases[..] {
        [upper, lower] if character.is_ascii() => format!("[{upper}{lower}]"),
        [only] => regex::escape(only.encode_utf8(&mut [0; 4])),
        _ => {
            let cases = cases.into_iter().map(|case| regex::escape(case.encode_utf8(&mut [0; 4])));
            format!("(?:{})", cases.collect::<Vec<_>>().join("|"))
        }
    }
}

/// The meaning and length of a `\` sequence that can be copied from a cell: the escaped
/// character, or these characters literally. Before another `\` and before other
/// punctuation, the `\` is optional.
fn copied(text: &str) -> Option<(String, usize)> {
    let behind = text.strip_prefix('\\')?;
    let next = behind.chars().next()?;
    let written = |text: &str| text.chars().map(any_case).collect::<String>();
    if next == '\\' {
        let (length, escaped) = match read_escape(behind) {
            Some((length, character)) => (1 + length, format!("|\\\\{}", any_case(character))),
            None => (2, String::new()),
        };
        return Some((format!("(?:\\\\\\\\?{}{escaped})", written(&text[2..length])), length));
    }
    let (length, character) = match read_escape(text) {
        Some(escape) => escape,
        None if next.is_ascii_punctuation() && !SPECIAL.contains(next) || next == ' ' => (2, next),
        None => return None,
    };
    Some((format!("(?:{}|{})", any_case(character), written(&text[..length])), length))
}

/// Splits a list at its commas, except inside `{a,b}` or `"a,b"` and after a `\`.
pub fn split_list(values: &[String]) -> Vec<String> {
    let mut parts = Vec::new();
    for value in values {
        let (mut depth, mut in_quotes, mut part) = (0_usize, false, String::new());
        let mut characters = value.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => {
                    part.push(character);
                    part.extend(characters.next());
                    continue;
                }
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                '"' => in_quotes = !in_quotes,
                ',' if depth == 0 && !in_quotes => {
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
            (r"\??\?", "?é?"),
            ("[Boto3/1.26.165 Python/3.10.6]", "[boto3/1.26.165 Python/3.10.6]"),
            ("[Boto3/* Python/*]", "[Boto3/1.26.165 Python/3.10.6]"),
            ("*{[a],]b}[", "x]B["),
            (r"\{a\,b\}\\\!", r"{A,b}\!"),
            ("a,b}", "A,B}"),
            ("{a,{b,c}d}", "CD"),
            ("{a,}b", "B"),
            ("JÜRGEN", "jürgen"),
            ("{JÜRGEN,x}", "jürgen"),
            ("JÜRG?N", "jürgen"),
            ("\u{17f}*", "\u{17f}s"),
            ("ΣΑΣ", "σας"),
            ("ẞ", "ß"),
            (r"tab\there", "tab\there"),
            (r"tab\there", r"Tab\There"),
            (r"\r\n*{\t,x}", "\r\nabc\t"),
            (r"a\u001b[31m", "a\u{1b}[31m"),
            (r"gpj.\u202EEXE", "gpj.\u{202e}exe"),
            (r"\udb40\udc41*", "\u{e0041}x"),
            (r"\udb40\udc41*", r"\udb40\udc41x"),
            (r"\u12", r"\u12"),
            (r"CORP\alice", r"corp\Alice"),
            (r"a\.b\-\ c", "a.b- c"),
            (r"a\.b", r"a\.b"),
            (r"\\a", r"\a"),
            (r"\\server\share", r"\\server\share"),
            (r"\\\\a", r"\\\a"),
            (r"C:\\temp", "C:\\\temp"),
            (r"C:\\temp", r"C:\temp"),
            ("'=1+*", "=1+1"),
            ("'=1+*", "'=1+1"),
            ("' @x", " @X"),
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
            ("[ab]", "a"),
            ("{a,b}", "a,b"),
            ("ß", "ss"),
            ("i", "ı"),
            ("*s", "\u{17f}"),
            ("s", "\u{17f}"),
            ("\u{212a}", "k"),
            (r"tab\there", "tabthere"),
            (r"tab\\there", "tab\there"),
            (r"CORP\alice", "CORPalice"),
            (r"\é", "é"),
            ("'a", "a"),
            ("'-5", "-5"),
            ("'=a", "''=a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_bad_glob_names_the_option() {
        for (glob, shown) in [("{a", "{a"), ("a\\", r"a\\")] {
            let error = Pattern::new("--event-name", glob).unwrap_err();
            assert!(error.to_string().starts_with(&format!("--event-name \"{shown}\": not a pattern")), "{error}");
        }
    }

    #[test]
    fn what_every_match_holds_is_known() {
        for (glob, pieces) in [
            ("a[b]", vec!["a[b]"]),
            (r"\*a\\b", vec!["*a", "b"]),
            ("a*b?c", vec!["a", "b", "c"]),
            ("a{b,c}d", vec!["a", "", "", "d"]),
            ("{b*,c}", vec!["", "", "", "", ""]),
            (r"tab\there", vec!["tab", "here"]),
            (r"a\b\.c", vec![r"a\b", "c"]),
            ("'=a", vec!["", "=a"]),
        ] {
            assert_eq!(Pattern::parse(glob).unwrap().pieces(), pieces, "{glob}");
        }
    }

    #[test]
    fn any_wanted_and_no_unwanted_pattern_must_match() {
        let accepts = |values: &[&str], text: &str| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_string()).collect();
            let patterns = PatternSet::new("-e", &values, |value| Pattern::new("-e", value)).unwrap().unwrap();
            patterns.accepts(|pattern| pattern.matches(text))
        };
        assert!(accepts(&["a", "b"], "B"));
        assert!(!accepts(&["a", "b"], "c"));
        assert!(accepts(&["!a", "!b"], "c"));
        assert!(!accepts(&["!a", "!b"], "b"));
        assert!(!accepts(&[r"!\!a"], "!A"));
        let twice = PatternSet::new("-e", &["!!a".to_string()], |value| Pattern::new("-e", value)).unwrap_err();
        assert!(twice.to_string().contains("negated twice"), "{twice}");
        assert!(accepts(&["a*", "!ab"], "ac"));
        assert!(!accepts(&["a*", "!ab"], "ab"));
    }

    #[test]
    fn a_value_of_a_list_that_matches_nothing_is_known() {
        let values = ["a*", "ab", "c", "!d"].map(String::from);
        let patterns = PatternSet::new("-e", &values, |value| Pattern::new("-e", value)).unwrap().unwrap();
        let unmatched = |patterns: &PatternSet<Pattern>| patterns.unmatched().map(|unmatched| unmatched.values);
        assert_eq!(unmatched(&patterns), Some(values[..3].to_vec()));
        let clone = patterns.clone();
        assert!(clone.accepts(|pattern| pattern.matches("ab")), "two match at once");
        assert!(!clone.accepts(|pattern| pattern.matches("d")));
        assert_eq!(unmatched(&patterns), Some(vec!["c".into()]));
        assert!(patterns.accepts(|pattern| pattern.matches("c")));
        assert_eq!(patterns.unmatched(), None);
        let alone = PatternSet::new("-e", &values[..1], |value| Pattern::new("-e", value)).unwrap().unwrap();
        assert_eq!(alone.unmatched(), None, "a single value is the business of the whole run");
    }

    #[test]
    fn lists_split_at_commas_outside_braces() {
        let values = ["a, b", "{c,d}e,f", r"g\,h,\{i,j", "k.\"l,m\",n"].map(String::from);
        let parts = ["a", "b", "{c,d}e", "f", r"g\,h", r"\{i", "j", "k.\"l,m\"", "n"];
        assert_eq!(split_list(&values), parts);
    }
}
