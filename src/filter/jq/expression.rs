//! Static analysis of an expression: which fields it reads, and whether it decides or
//! produces output. If the analysis is unsure, it gives the answer that is always safe.

use std::collections::BTreeSet;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{self, BinaryOp, Pattern};
use jaq_core::path::{Part, Path};

pub(super) type JqTerm<'a> = parse::Term<&'a str>;

/// The result of the analysis of an expression.
#[derive(Clone, Debug)]
pub struct Expression {
    required_fields: RequiredFields,
    output_kind: OutputKind,
    mistake: Option<&'static str>,
}

/// The top-level fields that an expression reads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RequiredFields {
    /// Possibly all fields.
    All,
    /// Only these fields.
    Only(BTreeSet<String>),
}

/// The kind of values that an expression outputs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OutputKind {
    /// Only true, false and null.
    Boolean,
    /// Only other values.
    Value,
    /// Unknown until it runs.
    Unknown,
}

impl Expression {
    /// Analyses an expression, which must compile.
    pub fn parse(text: &str) -> Expression {
        let Some(term) = parse_term(text) else {
            return Expression {
                required_fields: RequiredFields::All,
                output_kind: OutputKind::Unknown,
                mistake: None,
            };
        };
        let input = term_input(&term);
        let required_fields = if input.is_whole { RequiredFields::All } else { input.required_fields };
        let is_of_log = matches!(&required_fields, RequiredFields::Only(names) if names.contains("Records"));
        let mistake = match &term {
            parse::Term::BinOp(_, BinaryOp::Assign, _) => Some("= assigns; write == to compare"),
            _ if is_of_log => {
                Some("an event has no .Records: the expression gets one event at a time; leave out .Records[]")
            }
            _ => None,
        };
        Expression { required_fields, output_kind: output_kind(&term), mistake }
    }

    /// The fields that the expression reads.
    pub fn required_fields(&self) -> &RequiredFields {
        &self.required_fields
    }

    /// The kind of values that it outputs.
    pub fn output_kind(&self) -> OutputKind {
        self.output_kind
    }

    /// A probable mistake in the expression, if there is one.
    pub fn mistake(&self) -> Option<&'static str> {
        self.mistake
    }
}

/// Parses an expression; `None` if it is invalid or nested too deeply for the parser.
pub(super) fn parse_term(text: &str) -> Option<JqTerm<'_>> {
    if is_nested_too_deeply(text) {
        return None;
    }
    jaq_core::load::parse(text, |parser| parser.term())
}

/// Deepest nesting that is accepted, since the parser recurses once per level.
pub(super) const MAX_DEPTH: usize = 256;

/// Whether brackets are nested deeper than [`MAX_DEPTH`]. Brackets in strings count too,
/// for simplicity.
pub(super) fn is_nested_too_deeply(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_DEPTH
    })
}

/// The parts of its input that a term reads.
struct TermInput {
    required_fields: RequiredFields,
    /// Whether the term can output its input itself.
    is_whole: bool,
}

impl TermInput {
    const NOTHING: TermInput = TermInput { required_fields: RequiredFields::Only(BTreeSet::new()), is_whole: false };
    const ALL: TermInput = TermInput { required_fields: RequiredFields::All, is_whole: true };

    fn field(name: String) -> TermInput {
        TermInput { required_fields: RequiredFields::Only([name].into()), is_whole: false }
    }

    fn and(self, other: TermInput) -> TermInput {
        let required_fields = match (self.required_fields, other.required_fields) {
            (RequiredFields::Only(mut some), RequiredFields::Only(others)) => {
                some.extend(others);
                RequiredFields::Only(some)
            }
            _ => RequiredFields::All,
        };
        TermInput { required_fields, is_whole: self.is_whole || other.is_whole }
    }

    /// The input of a term whose outputs are read in turn.
    fn looked_at(self) -> TermInput {
        if self.is_whole { TermInput::ALL } else { self }
    }
}

fn term_input(term: &JqTerm<'_>) -> TermInput {
    match term {
        parse::Term::Id => TermInput { is_whole: true, ..TermInput::NOTHING },
        parse::Term::Num(_) | parse::Term::Var(_) => TermInput::NOTHING,
        parse::Term::Str(None, parts) => all(parts.iter().filter_map(|part| match part {
            StrPart::Term(term) => Some(term),
            _ => None,
        })),
        parse::Term::Arr(None) => TermInput::NOTHING,
        parse::Term::Arr(Some(term)) | parse::Term::Neg(term) => term_input(term).looked_at(),
        parse::Term::Obj(members) => members.iter().map(member).fold(TermInput::NOTHING, TermInput::and),
        parse::Term::BinOp(left, operator, right) => binary(left, operator, right),
        parse::Term::TryCatch(term, None) => term_input(term),
        parse::Term::IfThenElse(branches, other) => {
            let branches = branches.iter().map(|(when, then)| term_input(when).looked_at().and(term_input(then)));
            let other =
                other.as_ref().map_or(TermInput { is_whole: true, ..TermInput::NOTHING }, |other| term_input(other));
            branches.fold(other, TermInput::and)
        }
        parse::Term::Call(name, arguments) => call(name, arguments),
        parse::Term::Path(of, path) => along(of, path),
        _ => TermInput::ALL,
    }
}

/// Combines terms whose outputs are read in turn.
fn all<'t, 's: 't>(terms: impl Iterator<Item = &'t JqTerm<'s>>) -> TermInput {
    terms.map(|term| term_input(term).looked_at()).fold(TermInput::NOTHING, TermInput::and)
}

fn member((key, value): &(JqTerm<'_>, Option<JqTerm<'_>>)) -> TermInput {
    match (key, value) {
        (parse::Term::Var(_), None) => TermInput::NOTHING,
        (key, None) => literal(key).map_or(TermInput::ALL, TermInput::field),
        (key, Some(value)) => term_input(key).looked_at().and(term_input(value).looked_at()),
    }
}

fn binary(left: &JqTerm<'_>, operator: &BinaryOp<&str>, right: &JqTerm<'_>) -> TermInput {
    match operator {
        BinaryOp::Pipe(None) => {
            let before = term_input(left);
            match before.is_whole {
                true => TermInput { is_whole: false, ..before }.and(term_input(right)),
                false => before,
            }
        }
        BinaryOp::Pipe(Some(Pattern::Var(_))) => term_input(left).looked_at().and(term_input(right)),
        BinaryOp::Comma | BinaryOp::Alt => term_input(left).and(term_input(right)),
        BinaryOp::Or | BinaryOp::And | BinaryOp::Math(_) | BinaryOp::Cmp(_) => {
            term_input(left).looked_at().and(term_input(right).looked_at())
        }
        _ => TermInput::ALL,
    }
}

fn call(name: &str, arguments: &[JqTerm<'_>]) -> TermInput {
    match (name, arguments) {
        ("select", [when]) => TermInput { is_whole: true, ..term_input(when).looked_at() },
        ("empty" | "true" | "false" | "null" | "now", []) => TermInput::NOTHING,
        ("any" | "all", [each, _]) => term_input(each).looked_at(),
        ("first" | "last", [each]) => term_input(each),
        ("has", [key]) => literal(key).map_or(TermInput::ALL, TermInput::field),
        _ => TermInput::ALL,
    }
}

fn along(of: &JqTerm<'_>, Path(parts): &Path<JqTerm<'_>>) -> TermInput {
    let before = term_input(of);
    let (first, rest) = match (before.is_whole, parts.split_first()) {
        (true, Some(((Part::Index(name), _), rest))) => match literal(name) {
            Some(name) => (TermInput { is_whole: false, ..before }.and(TermInput::field(name)), rest),
            None => return TermInput::ALL,
        },
        (true, _) => return TermInput::ALL,
        (false, _) => (before, &parts[..]),
    };
    // Terms in brackets read the event, not the value before the brackets.
    let inside = rest.iter().flat_map(|(part, _)| match part {
        Part::Index(index) => [Some(index), None],
        Part::Range(from, to) => [from.as_ref(), to.as_ref()],
    });
    first.and(all(inside.flatten()))
}

/// The value of a term that is a string without interpolation.
pub(super) fn literal(term: &JqTerm<'_>) -> Option<String> {
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

fn output_kind(term: &JqTerm<'_>) -> OutputKind {
    let both = |left: OutputKind, right: OutputKind| if left == right { left } else { OutputKind::Unknown };
    match term {
        parse::Term::BinOp(_, BinaryOp::Cmp(_) | BinaryOp::And | BinaryOp::Or, _) => OutputKind::Boolean,
        parse::Term::BinOp(_, BinaryOp::Pipe(_), right) => match &**right {
            // A stage that passes on its input outputs whatever came before it.
            parse::Term::Id => OutputKind::Unknown,
            parse::Term::Call(name, _) if *name == "select" => OutputKind::Unknown,
            right => output_kind(right),
        },
        parse::Term::BinOp(left, BinaryOp::Comma | BinaryOp::Alt, right) => both(output_kind(left), output_kind(right)),
        parse::Term::BinOp(..) | parse::Term::Path(..) | parse::Term::Var(_) => OutputKind::Unknown,
        parse::Term::Id | parse::Term::Num(_) | parse::Term::Str(..) | parse::Term::Arr(_) | parse::Term::Obj(_) => {
            OutputKind::Value
        }
        parse::Term::TryCatch(term, None) => output_kind(term),
        parse::Term::IfThenElse(branches, Some(other)) => {
            branches.iter().map(|(_, then)| output_kind(then)).fold(output_kind(other), both)
        }
        parse::Term::Call(name, arguments) => match (*name, arguments.len()) {
            ("not" | "any" | "all" | "true" | "false" | "null", 0) => OutputKind::Boolean,
            (
                "any" | "all" | "test" | "startswith" | "endswith" | "contains" | "inside" | "has" | "in" | "IN",
                1..=2,
            ) => OutputKind::Boolean,
            ("select", 1) => OutputKind::Value,
            (format, 0) if format.starts_with('@') => OutputKind::Value,
            _ => OutputKind::Unknown,
        },
        _ => OutputKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_an_expression_reads_are_found() {
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
                "*" => RequiredFields::All,
                names => RequiredFields::Only(names.split(' ').map(String::from).collect()),
            };
            assert_eq!(Expression::parse(expression).required_fields, expected, "{expression}");
        }
    }

    #[test]
    fn deciding_and_producing_expressions_are_distinguished() {
        for (expression, expected) in [
            (".a == 1", OutputKind::Boolean),
            (".a and .b", OutputKind::Boolean),
            (".a | test(\"x\")", OutputKind::Boolean),
            (".a | not", OutputKind::Boolean),
            ("any(.a[]; . == 1)", OutputKind::Boolean),
            (".a // false", OutputKind::Unknown),
            (".a", OutputKind::Unknown),
            ("{a}", OutputKind::Value),
            ("[.a] | @tsv", OutputKind::Value),
            ("select(.a == 1)", OutputKind::Value),
            (".a | select(. == true)", OutputKind::Unknown),
            (".", OutputKind::Value),
        ] {
            assert_eq!(Expression::parse(expression).output_kind, expected, "{expression}");
        }
    }
}
