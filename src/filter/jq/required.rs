//! Derives literals that an event must contain for an expression to output anything but
//! `false` and `null`: strings that a value of the event is compared with. Only what
//! the expression proves is used.

use jaq_core::load::parse::{self, BinaryOp};
use jaq_core::ops::Cmp;
use jaq_core::path::{Part, Path};

use super::expression::{JqTerm, literal, parse_term};
use crate::filter::search::{Boundary, Needle, needles_of_regex};

/// Returns alternative searches. Each of them finds every event for which the
/// expression outputs anything but `false` and `null`.
pub fn required(text: &str) -> Vec<Vec<Needle>> {
    let Some(term) = parse_term(text) else { return Vec::new() };
    truth(&term)
}

/// What the input must contain for the term to output anything but false and null.
fn truth(term: &JqTerm<'_>) -> Vec<Vec<Needle>> {
    match term {
        parse::Term::BinOp(left, BinaryOp::Cmp(Cmp::Eq), right) => match (literal(left), literal(right)) {
            (None, Some(text)) if is_path(left) => value(&text),
            (Some(text), None) if is_path(right) => value(&text),
            _ => Vec::new(),
        },
        parse::Term::BinOp(left, BinaryOp::And, right) => [truth(left), truth(right)].concat(),
        parse::Term::BinOp(left, BinaryOp::Or, right) => either(truth(left), truth(right)),
        parse::Term::BinOp(left, BinaryOp::Pipe(None), right) => {
            let after = if is_path(left) || is_select(left) { truth(right) } else { Vec::new() };
            [output(left), after].concat()
        }
        parse::Term::Call(name, arguments) => match (*name, &arguments[..]) {
            ("any", [each, when]) if is_path(each) => truth(when),
            ("any", [when]) => truth(when),
            ("startswith" | "endswith" | "contains", [text]) => {
                literal(text).map_or(Vec::new(), |text| one(Needle::of_text(&text, Boundary::NONE)))
            }
            // jaq may interpret other regular expressions differently.
            ("test", [text]) => match literal(text) {
                Some(text) if !text.contains('\\') && !text.contains("(?") => {
                    needles_of_regex(&text, Boundary::NONE).into_iter().collect()
                }
                _ => Vec::new(),
            },
            _ => output(term),
        },
        _ => output(term),
    }
}

/// What the input must contain for the term to output anything.
fn output(term: &JqTerm<'_>) -> Vec<Vec<Needle>> {
    match term {
        parse::Term::Call(name, arguments) if *name == "select" && arguments.len() == 1 => truth(&arguments[0]),
        parse::Term::BinOp(left, BinaryOp::Pipe(None), right) => {
            let after = if is_path(left) || is_select(left) { output(right) } else { Vec::new() };
            [output(left), after].concat()
        }
        _ => Vec::new(),
    }
}

fn is_select(term: &JqTerm<'_>) -> bool {
    match term {
        parse::Term::Call(name, arguments) => *name == "select" && arguments.len() == 1,
        parse::Term::BinOp(left, BinaryOp::Pipe(None), right) => {
            (is_select(left) || is_path(left)) && (is_select(right) || is_path(right))
        }
        _ => false,
    }
}

/// Whether every output of the term is a part of its input, or null.
fn is_path(term: &JqTerm<'_>) -> bool {
    match term {
        parse::Term::Id => true,
        parse::Term::Path(of, Path(parts)) => {
            let is_plain = |part: &Part<JqTerm<'_>>| match part {
                Part::Index(index) => literal(index).is_some() || matches!(index, parse::Term::Num(_)),
                Part::Range(None, None) => true,
                Part::Range(..) => false,
            };
            is_path(of) && parts.iter().all(|(part, _)| is_plain(part))
        }
        parse::Term::BinOp(left, BinaryOp::Pipe(None), right) => is_path(left) && is_path(right),
        // These pass on or drop their input, but never change it.
        parse::Term::Call(name, arguments) => {
            ["strings", "objects", "arrays", "values"].contains(name) && arguments.is_empty()
        }
        _ => false,
    }
}

/// A search for a string that equals `text`.
fn value(text: &str) -> Vec<Vec<Needle>> {
    one(Needle::of_text(text, Boundary::WHOLE))
}

fn one(needle: Option<Needle>) -> Vec<Vec<Needle>> {
    needle.map_or(Vec::new(), |needle| vec![vec![needle]])
}

/// Combines the requirements of two alternatives: the best search of each.
fn either(one: Vec<Vec<Needle>>, other: Vec<Vec<Needle>>) -> Vec<Vec<Needle>> {
    let best =
        |searches: Vec<Vec<Needle>>| searches.into_iter().max_by_key(|needles| needles.iter().map(Needle::worth).min());
    match (best(one), best(other)) {
        (Some(one), Some(other)) => vec![[one, other].concat()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proven_literals_are_required() {
        for (expression, expected) in [
            (".eventName == \"RunInstances\"", 1),
            ("\"RunInstances\" == .eventName", 1),
            (".a.b[0].c? == \"RunInstances\"", 1),
            (".a | .b | . == \"RunInstances\"", 1),
            (".a == \"RunInstances\" and .b == \"StopInstances\"", 2),
            (".a == \"RunInstances\" or .b == \"StopInstances\"", 1),
            (".a == \"RunInstances\" or .b", 0),
            ("select(.a == \"RunInstances\")", 1),
            ("select(.a == \"RunInstances\") | {a}", 1),
            (".a[]? | select(.b == \"RunInstances\") | .c", 1),
            ("select(.a == \"RunInstances\") | select(.b == \"StopInstances\") | .c", 2),
            ("any(.a[]; . == \"RunInstances\")", 1),
            (".a | startswith(\"Terminate\")", 1),
            (".a | test(\"Terminate\")", 1),
            (".a | test(\"^Term.*s$\")", 1),
            (".a | test(\"\\\\bTerm\")", 0),
            (".a | test(\"(?i)Term\")", 0),
            (".a | test(\"Term|.\")", 0),
            (".a | test(\"Terminate\"; \"i\")", 0),
            (".a != \"RunInstances\"", 0),
            (".a == \"RunInstances\" | not", 0),
            ("(.a | ascii_downcase) == \"runinstances\"", 0),
            (".a + \"x\" == \"RunInstances\"", 0),
            ("all(.a[]; . == \"RunInstances\")", 0),
            (".a // \"RunInstances\" == \"RunInstances\"", 0),
            ("(.a // \"RunInstances\") == \"RunInstances\"", 0),
            ("[.a == \"RunInstances\"]", 0),
            ("{a: select(.a == \"RunInstances\")}", 0),
            ("if .a == \"RunInstances\" then 1 else 2 end", 0),
            (".a == \"RunInstances\", .b", 0),
            ("def f: .a; f == \"RunInstances\"", 0),
            (".a == \"\\(.b)Instances\"", 0),
            ("try error(.a) catch . == \"RunInstances\"", 0),
            (".[\"a\"] == \"RunInstances\"", 1),
            (".a as $x | .b == \"RunInstances\"", 0),
        ] {
            assert_eq!(required(expression).len(), expected, "{expression}");
        }
    }
}
