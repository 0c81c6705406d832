//! Patterns as conditions in SQL.

use super::dialect::Dialect;
use crate::syntax::glob::Pattern;
use crate::syntax::visible::is_hidden;

/// A test: whether a value matches one of the patterns. They must be valid.
pub(super) fn matches(dialect: Dialect, value: &str, patterns: &[&str]) -> String {
    let (mut literals, mut tests) = (Vec::new(), Vec::new());
    for pattern in patterns {
        match like(pattern) {
            Some((literal, false)) => literals.push(dialect.text(&literal)),
            Some((like, true)) => {
                tests.push(format!("{} LIKE {} ESCAPE '!'", dialect.lower(value), dialect.text(&like)));
            }
            None => tests.extend(regex(pattern).map(|regex| dialect.finds(value, &format!(r"(?s)\A{regex}\z")))),
        }
    }
    let lower = dialect.lower(value);
    match &literals[..] {
        [] => {}
        [literal] => tests.insert(0, format!("{lower} = {literal}")),
        _ => tests.insert(0, format!("{lower} IN ({})", literals.join(", "))),
    }
    any(&tests)
}

/// Like [`matches`], but a part between commas may match as well, without the spaces around it.
pub(super) fn matches_part(dialect: Dialect, value: &str, patterns: &[&str]) -> String {
    let parts = patterns.iter().filter_map(|pattern| Some(without_commas(&regex(pattern)?)));
    let part = format!(r"(?:\A|,)\s*(?:{})\s*(?:,|\z)", parts.collect::<Vec<_>>().join("|"));
    any(&[matches(dialect, value, patterns), dialect.finds(value, &part)])
}

/// Tests of which one must hold.
pub(super) fn any(tests: &[String]) -> String {
    match tests {
        [only] => only.clone(),
        _ => format!("({})", tests.join(" OR ")),
    }
}

/// A pattern of ASCII for a value in lower case: the literal, or what follows LIKE. `None` if
/// it needs a regular expression.
fn like(pattern: &str) -> Option<(String, bool)> {
    if !pattern.is_ascii() || pattern.contains(['{', '\\', '\'']) || pattern.contains(is_hidden) {
        return None;
    }
    let lower = pattern.to_ascii_lowercase();
    if !pattern.contains(['*', '?']) {
        return Some((lower, false));
    }
    let mut like = String::new();
    for character in lower.chars() {
        match character {
            '*' => like.push('%'),
            '?' => like.push('_'),
            '%' | '_' | '!' => like.extend(['!', character]),
            plain => like.push(plain),
        }
    }
    Some((like, true))
}

/// The regular expression that the program uses for a pattern.
fn regex(pattern: &str) -> Option<String> {
    Pattern::parse(pattern).ok()?.to_regex().map(|regex| format!("(?:{regex})"))
}

/// The expression with `.` limited to a part between commas.
fn without_commas(regex: &str) -> String {
    let (mut text, mut is_escaped) = (String::new(), false);
    for character in regex.chars() {
        match character {
            '.' if !is_escaped => text.push_str("[^,]"),
            other => text.push(other),
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_equality_like_or_regular_expressions() {
        let show = |patterns: &[&str]| {
            matches(Dialect::Duckdb, "x", patterns).replace(&Dialect::Duckdb.lower("x"), "lower(x)")
        };
        assert_eq!(show(&["Get"]), "lower(x) = 'get'");
        assert_eq!(show(&["A", "b"]), "lower(x) IN ('a', 'b')");
        assert_eq!(show(&["50%_!*?"]), "lower(x) LIKE '50!%!_!!%_' ESCAPE '!'");
        assert_eq!(show(&["x", "a*"]), "(lower(x) = 'x' OR lower(x) LIKE 'a%' ESCAPE '!')");
        assert_eq!(show(&["{a,b}"]), r"regexp_matches(x, '(?s)\A(?:(?:[Aa]|[Bb]))\z')");
        assert_eq!(show(&["a'"]), r"regexp_matches(x, '(?s)\A(?:[Aa]'')\z')");
        assert_eq!(without_commas(r"a.\.b\\.c"), r"a[^,]\.b\\[^,]c");
    }
}
