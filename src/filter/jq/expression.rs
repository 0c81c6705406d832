//! What can be told of an expression without asking it: which fields it looks
//! at, and whether it decides or shapes. Where that cannot be told for sure,
//! the answer is the one that can do no harm.

use std::collections::BTreeSet;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{self, BinaryOp, Pattern};
use jaq_core::path::{Part, Path};

pub(super) type Term<'a> = parse::Term<&'a str>;

/// What is known of an expression.
#[derive(Clone, Debug)]
pub struct Expression {
    needs: Needs,
    yields: Yields,
    mistake: Option<&'static str>,
}

/// The top-level fields that an expression looks at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Needs {
    /// All there are.
    All,
    /// No others than these.
    Only(BTreeSet<String>),
}

/// What an expression yields.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Yields {
    /// True, false and null.
    Truth,
    /// Values that are neither.
    Values,
    /// That is seen when it is asked.
    Either,
}

impl Expression {
    /// Looks at an expression that can be compiled.
    pub fn parse(text: &str) -> Expression {
        let Some(term) = parse_term(text) else {
            return Expression { needs: Needs::All, yields: Yields::Either, mistake: None };
        };
        let look = look(&term);
        let needs = if look.is_whole { Needs::All } else { look.needs };
        let is_of_log = matches!(&needs, Needs::Only(names) if names.contains("Records"));
        let mistake = match &term {
            parse::Term::BinOp(_, BinaryOp::Assign, _) => Some("= assigns; write == to compare"),
            _ if is_of_log => {
                Some("there is no .Records: the expression gets one event at a time; leave .Records[] out")
            }
            _ => None,
        };
        Expression { needs, yields: yields(&term), mistake }
    }

    /// The fields that it looks at.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// What it yields.
    pub fn yields(&self) -> Yields {
        self.yields
    }

    /// What is probably not meant.
    pub fn mistake(&self) -> Option<&'static str> {
        self.mistake
    }
}

/// An expression as a tree, unless it is none or is nested too deeply for the parser.
pub(super) fn parse_term(text: &str) -> Option<Term<'_>> {
    if is_nested_too_deeply(text) {
        return None;
    }
    jaq_core::load::parse(text, |parser| parser.term())
}

/// Deeper than anyone writes. The parser calls itself for each level.
pub(super) const DEEPEST: usize = 256;

/// Whether brackets stand in each other too deeply. Those in texts count too: no
/// expression needs so many.
pub(super) fn is_nested_too_deeply(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

/// What a term that is given an event looks at.
struct Look {
    needs: Needs,
    /// Whether the event itself can be among what it yields.
    is_whole: bool,
}

impl Look {
    const NOTHING: Look = Look { needs: Needs::Only(BTreeSet::new()), is_whole: false };
    const ALL: Look = Look { needs: Needs::All, is_whole: true };

    fn field(name: String) -> Look {
        Look { needs: Needs::Only([name].into()), is_whole: false }
    }

    fn and(self, other: Look) -> Look {
        let needs = match (self.needs, other.needs) {
            (Needs::Only(mut some), Needs::Only(others)) => {
                some.extend(others);
                Needs::Only(some)
            }
            _ => Needs::All,
        };
        Look { needs, is_whole: self.is_whole || other.is_whole }
    }

    /// The same where the event itself, if it is yielded, is looked at.
    fn looked_at(self) -> Look {
        if self.is_whole { Look::ALL } else { self }
    }
}

fn look(term: &Term<'_>) -> Look {
    match term {
        parse::Term::Id => Look { is_whole: true, ..Look::NOTHING },
        parse::Term::Num(_) | parse::Term::Var(_) => Look::NOTHING,
        parse::Term::Str(None, parts) => all(parts.iter().filter_map(|part| match part {
            StrPart::Term(term) => Some(term),
            _ => None,
        })),
        parse::Term::Arr(None) => Look::NOTHING,
        parse::Term::Arr(Some(term)) | parse::Term::Neg(term) => look(term).looked_at(),
        parse::Term::Obj(members) => members.iter().map(member).fold(Look::NOTHING, Look::and),
        parse::Term::BinOp(left, operator, right) => binary(left, operator, right),
        parse::Term::TryCatch(term, None) => look(term),
        parse::Term::IfThenElse(branches, other) => {
            let branches = branches.iter().map(|(when, then)| look(when).looked_at().and(look(then)));
            let other = other.as_ref().map_or(Look { is_whole: true, ..Look::NOTHING }, |other| look(other));
            branches.fold(other, Look::and)
        }
        parse::Term::Call(name, arguments) => call(name, arguments),
        parse::Term::Path(of, path) => along(of, path),
        _ => Look::ALL,
    }
}

/// What several terms look at whose values are looked at in turn.
fn all<'t, 's: 't>(terms: impl Iterator<Item = &'t Term<'s>>) -> Look {
    terms.map(|term| look(term).looked_at()).fold(Look::NOTHING, Look::and)
}

fn member((key, value): &(Term<'_>, Option<Term<'_>>)) -> Look {
    match (key, value) {
        (parse::Term::Var(_), None) => Look::NOTHING,
        (key, None) => literal(key).map_or(Look::ALL, Look::field),
        (key, Some(value)) => look(key).looked_at().and(look(value).looked_at()),
    }
}

fn binary(left: &Term<'_>, operator: &BinaryOp<&str>, right: &Term<'_>) -> Look {
    match operator {
        BinaryOp::Pipe(None) => {
            let before = look(left);
            match before.is_whole {
                true => Look { is_whole: false, ..before }.and(look(right)),
                false => before,
            }
        }
        BinaryOp::Pipe(Some(Pattern::Var(_))) => look(left).looked_at().and(look(right)),
        BinaryOp::Comma | BinaryOp::Alt => look(left).and(look(right)),
        BinaryOp::Or | BinaryOp::And | BinaryOp::Math(_) | BinaryOp::Cmp(_) => {
            look(left).looked_at().and(look(right).looked_at())
        }
        _ => Look::ALL,
    }
}

fn call(name: &str, arguments: &[Term<'_>]) -> Look {
    match (name, arguments) {
        ("select", [when]) => Look { is_whole: true, ..look(when).looked_at() },
        ("empty" | "true" | "false" | "null" | "now", []) => Look::NOTHING,
        ("any" | "all", [each, _]) => look(each).looked_at(),
        ("first" | "last", [each]) => look(each),
        ("has", [key]) => literal(key).map_or(Look::ALL, Look::field),
        _ => Look::ALL,
    }
}

fn along(of: &Term<'_>, Path(parts): &Path<Term<'_>>) -> Look {
    let before = look(of);
    let (first, rest) = match (before.is_whole, parts.split_first()) {
        (true, Some(((Part::Index(name), _), rest))) => match literal(name) {
            Some(name) => (Look { is_whole: false, ..before }.and(Look::field(name)), rest),
            None => return Look::ALL,
        },
        (true, _) => return Look::ALL,
        (false, _) => (before, &parts[..]),
    };
    // What stands in brackets is asked of the event.
    let inside = rest.iter().flat_map(|(part, _)| match part {
        Part::Index(index) => [Some(index), None],
        Part::Range(from, to) => [from.as_ref(), to.as_ref()],
    });
    first.and(all(inside.flatten()))
}

/// The text of a term that is nothing but a text.
pub(super) fn literal(term: &Term<'_>) -> Option<String> {
    let parse::Term::Str(None, parts) = term else { return None };
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Str(part) => text.push_str(part),
            StrPart::Char(character) => text.push(*character),
            StrPart::Term(_) => return None,
        }
    }
    Some(text)
}

fn yields(term: &Term<'_>) -> Yields {
    let both = |left: Yields, right: Yields| if left == right { left } else { Yields::Either };
    match term {
        parse::Term::BinOp(_, BinaryOp::Cmp(_) | BinaryOp::And | BinaryOp::Or, _) => Yields::Truth,
        parse::Term::BinOp(_, BinaryOp::Pipe(_), right) => match &**right {
            // What passes on its input yields what that is.
            parse::Term::Id => Yields::Either,
            parse::Term::Call(name, _) if *name == "select" => Yields::Either,
            right => yields(right),
        },
        parse::Term::BinOp(left, BinaryOp::Comma | BinaryOp::Alt, right) => both(yields(left), yields(right)),
        parse::Term::BinOp(..) | parse::Term::Path(..) | parse::Term::Var(_) => Yields::Either,
        parse::Term::Id | parse::Term::Num(_) | parse::Term::Str(..) | parse::Term::Arr(_) | parse::Term::Obj(_) => {
            Yields::Values
        }
        parse::Term::TryCatch(term, None) => yields(term),
        parse::Term::IfThenElse(branches, Some(other)) => {
            branches.iter().map(|(_, then)| yields(then)).fold(yields(other), both)
        }
        parse::Term::Call(name, arguments) => match (*name, arguments.len()) {
            ("not" | "any" | "all" | "true" | "false" | "null", 0) => Yields::Truth,
            (
                "any" | "all" | "test" | "startswith" | "endswith" | "contains" | "inside" | "has" | "in" | "IN",
                1..=2,
            ) => Yields::Truth,
            ("select", 1) => Yields::Values,
            (format, 0) if format.starts_with('@') => Yields::Values,
            _ => Yields::Either,
        },
        _ => Yields::Either,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_that_are_looked_at_are_known() {
        for (expression, expected) in [
            (".eventName == \"X\"", "eventName"),
            (".a.b[0].c? and (.d | test(\"x\"))", "a d"),
            (".\"a\", .[\"b\"]", "a b"),
            ("[.a, .b] | @tsv", "a b"),
            ("\"\\(.a) \\(.b.c)\"", "a b"),
            ("{a, b: .c, \"d\": 1}", "a c"),
            ("select(.a) | .b", "a b"),
            ("select(.a) | select(.b == 1) | {c}", "a b c"),
            (". as $x | .a", "*"),
            (".a as $x | .b == $x", "a b"),
            (".a | keys", "a"),
            (".a // .b", "a b"),
            (".a[.b]", "a b"),
            ("if .a then .b else .c end", "a b c"),
            ("any(.a[]?; .b == 1)", "a"),
            ("has(\"a\")", "a"),
            (".a | .b | .c", "a"),
            ("select(.a)", "*"),
            (".", "*"),
            ("keys", "*"),
            ("[.[]]", "*"),
            (".. == 1", "*"),
            ("if .a then .b end", "*"),
            ("[.]", "*"),
            (". == 1", "*"),
            ("(.a, .) | .b", "a b"),
            ("to_entries[] | .key", "*"),
            ("del(.a)", "*"),
            (".a |= 1", "*"),
            ("def f: .x; f", "*"),
            ("reduce .a[] as $x (.; .b)", "*"),
        ] {
            let expected = match expected {
                "*" => Needs::All,
                names => Needs::Only(names.split(' ').map(String::from).collect()),
            };
            assert_eq!(Expression::parse(expression).needs, expected, "{expression}");
        }
    }

    #[test]
    fn what_decides_is_told_from_what_shapes() {
        for (expression, expected) in [
            (".a == 1", Yields::Truth),
            (".a and .b", Yields::Truth),
            (".a | test(\"x\")", Yields::Truth),
            (".a | not", Yields::Truth),
            ("any(.a[]; . == 1)", Yields::Truth),
            (".a // false", Yields::Either),
            (".a", Yields::Either),
            ("{a}", Yields::Values),
            ("[.a] | @tsv", Yields::Values),
            ("select(.a == 1)", Yields::Values),
            (".a | select(. == true)", Yields::Either),
            (".", Yields::Values),
        ] {
            assert_eq!(Expression::parse(expression).yields, expected, "{expression}");
        }
    }
}
