//! Derives literals from regular expressions.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::needle::{Boundary, Needle};

/// Needles of which every text with a match of the expression contains one; `None` if
/// none can be derived.
pub fn needles_of_regex(expression: &str, boundary: Boundary<'_>) -> Option<Vec<Needle>> {
    let hir = ParserBuilder::new().utf8(false).build().parse(expression).ok()?;
    required(&hir, boundary)
}

fn required(hir: &Hir, boundary: Boundary<'_>) -> Option<Vec<Needle>> {
    match hir.kind() {
        HirKind::Capture(capture) => required(&capture.sub, boundary),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub, boundary),
        HirKind::Alternation(branches) => {
            let all: Option<Vec<_>> = branches.iter().map(|branch| required(branch, boundary)).collect();
            Some(all?.concat())
        }
        HirKind::Concat(parts) => together(parts, boundary),
        _ => Needle::of_text(&text(hir)?, boundary).map(|needle| vec![needle]),
    }
}

/// The best needles of a concatenation.
fn together(parts: &[Hir], boundary: Boundary<'_>) -> Option<Vec<Needle>> {
    let mut found: Vec<Vec<Needle>> = Vec::new();
    let mut run = String::new();
    for part in parts {
        if let Some(text) = text(part) {
            run.push_str(&text);
            continue;
        }
        found.extend(Needle::of_text(&std::mem::take(&mut run), boundary).map(|needle| vec![needle]));
        if matches!(part.kind(), HirKind::Capture(_) | HirKind::Repetition(_) | HirKind::Alternation(_)) {
            found.extend(required(part, boundary));
        }
    }
    found.extend(Needle::of_text(&run, boundary).map(|needle| vec![needle]));
    found.into_iter().max_by_key(|needles| needles.iter().map(Needle::worth).min())
}

/// The text that a part matches, ignoring case; `None` if it can match several texts.
fn text(part: &Hir) -> Option<String> {
    match part.kind() {
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
        HirKind::Class(class) => letter(class).map(String::from),
        _ => None,
    }
}

/// The letter whose two cases are the only members of a class.
fn letter(class: &Class) -> Option<char> {
    let members: Vec<char> = match class {
        Class::Unicode(class) => class.ranges().iter().flat_map(|range| [range.start(), range.end()]).collect(),
        Class::Bytes(class) => {
            class.ranges().iter().flat_map(|range| [range.start(), range.end()].map(char::from)).collect()
        }
    };
    let [one, first, other, second] = members[..] else { return None };
    let is_pair = one == first && other == second && one.is_ascii_uppercase() && other == one.to_ascii_lowercase();
    is_pair.then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contexts(expression: &str) -> Option<String> {
        let needles = needles_of_regex(expression, Boundary::NONE)?;
        let text = |needle: &Needle| String::from_utf8_lossy(needle.context()).into_owned();
        Some(needles.iter().map(text).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn required_literals_are_found() {
        for (expression, expected) in [
            ("production/payments", Some("production/payments")),
            ("^x*Terminate.*", Some("terminate")),
            ("(?i)Terminate", Some("terminate")),
            ("(?i)DeleteSnapshot", Some("delete")),
            ("a(?:bcde|fghi)[xy]*klm", Some("bcde fghi")),
            ("foobar|bazqux", Some("foobar bazqux")),
            ("(foobar)+", Some("foobar")),
            ("(foobar)*", None),
            ("foobar|.", None),
            ("[a-z]+", None),
            ("ab", None),
            ("", None),
        ] {
            assert_eq!(contexts(expression).as_deref(), expected, "{expression}");
        }
    }
}
