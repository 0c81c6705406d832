//! `--jq`: runs a jq expression on each event, with jaq. An output of `true`, `false`
//! or `null` decides whether the event is wanted; any other output is written in place
//! of a row.

pub mod expression;
mod required;
mod value;

use std::ops::ControlFlow;
use std::sync::Arc;

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader, lex, parse};
use jaq_core::{Compiler, Ctx, Vars, compile, load};
use jaq_json::Val;

use self::expression::{Expression, MAX_DEPTH, RequiredFields, is_nested_too_deeply};
pub use self::required::required;
use crate::decode::event::{Event, FieldId, FieldSet, TooManyFields};
use crate::error::Error;
use crate::error::panics;
use crate::error::panics::keep_quiet;

const OPTION: &str = "--jq";
const OTHER_FILES: &str = "include and import are not supported; write the whole expression here";

/// A compiled expression.
#[derive(Clone)]
pub struct Jq {
    filter: Arc<jaq_core::Filter<JustLut<Val>>>,
    /// The fields that the expression reads; `None` if it reads whole events.
    fields: Option<Vec<(String, FieldId)>>,
    expression: Arc<Expression>,
}

/// One output of an expression.
#[derive(Debug, Eq, PartialEq)]
pub enum JqOutput<'a> {
    /// The event is wanted.
    True,
    /// A string, written as a line of text.
    Text(&'a str),
    /// Any other value, as JSON.
    Json(&'a str),
}

impl Jq {
    /// Compiles an expression, and adds the fields it reads to `fields`. Fails if the
    /// expression is invalid or nested too deeply.
    pub fn new(text: &str, fields: &mut FieldSet) -> Result<Jq, Error> {
        let wrong = |why: String| Error::option(OPTION, text, why);
        if is_nested_too_deeply(text) {
            return Err(wrong(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        keep_quiet();
        let rows = load::parse(include_str!("jq/defs.jq"), |parser| parser.defs()).unwrap_or_default();
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(rows);
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(defs).load(&arena, File { code: text, path: () }).map_err(|errors| {
            wrong(errors.into_iter().map(|(_, error)| unloadable(error)).next().unwrap_or_default())
        })?;
        // The compiler requires that imports have been resolved.
        load::import(&modules, |_| Err(String::new())).map_err(|_| wrong(OTHER_FILES.into()))?;
        let filter = Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
            let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
            wrong(first.map(undefined).unwrap_or_default())
        })?;
        let expression = Expression::parse(text);
        if let Some(mistake) = expression.mistake() {
            return Err(wrong(mistake.into()));
        }
        let fields = match expression.required_fields() {
            RequiredFields::All => None,
            RequiredFields::Only(names) => {
                let slots: Result<_, TooManyFields> =
                    names.iter().map(|name| Ok((name.clone(), fields.add(name)?))).collect();
                Some(slots?)
            }
        };
        Ok(Jq { filter: Arc::new(filter), fields, expression: Arc::new(expression) })
    }

    /// What the analysis found out about the expression.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Runs the expression on an event and hands out its outputs, except `false` and
    /// `null`. Fails with the message of the expression's error.
    pub fn evaluate(
        &self,
        event: &Event<'_>,
        mut each: impl FnMut(JqOutput<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, String> {
        let input = match &self.fields {
            None => value::of(event.value())?,
            Some(fields) => value::of_fields(event, fields)?,
        };
        let context = Ctx::<JustLut<Val>>::new(&self.filter.lut, Vars::new([]));
        let mut outputs = caught(|| self.filter.id.run((context, input)))?;
        while let Some(output) = caught(|| outputs.next())? {
            let flow = match output {
                Ok(Val::Null | Val::Bool(false)) => ControlFlow::Continue(()),
                Ok(Val::Bool(true)) => each(JqOutput::True),
                Ok(Val::TStr(text)) => each(JqOutput::Text(&String::from_utf8_lossy(&text))),
                Ok(other) => each(JqOutput::Json(&caught(|| other.to_string())?)),
                Err(exception) => match exception.get_err() {
                    Ok(error) => return Err(shortened(error.to_string())),
                    Err(_) => return Err("the expression called `halt`".into()),
                },
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Runs code of the library, which panics for some values.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panics::caught(work).map_err(|reason| format!("it cannot be computed: {reason}"))
}

impl std::fmt::Debug for Jq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jq").field("expression", &self.expression).finish_non_exhaustive()
    }
}

/// Explains why a text cannot be parsed as an expression.
fn unloadable(error: load::Error<&str>) -> String {
    let (expected, found) = match error {
        load::Error::Io(_) => return OTHER_FILES.into(),
        load::Error::Lex(errors) => match errors.into_iter().next() {
            Some((lex::Expect::Delim(open), _)) => return format!("not a jq expression: {open} is never closed"),
            Some((expected, found)) => (expected.as_str(), found),
            None => return String::new(),
        },
        load::Error::Parse(errors) => match errors.into_iter().next() {
            Some((parse::Expect::Nothing, found)) => ("an operator such as == or |", found),
            Some((expected, found)) => (expected.as_str(), found),
            None => return String::new(),
        },
    };
    let place = match found {
        "" => "at the end".into(),
        found => format!("at {:?}", shortened(found.into())),
    };
    let quote = if found.starts_with('\'') { "; write strings in double quotes" } else { "" };
    format!("not a jq expression: expected {expected} {place}{quote}")
}

/// Explains why an expression cannot be compiled.
fn undefined((name, what): (&str, compile::Undefined)) -> String {
    match what {
        compile::Undefined::Filter(0) => {
            let hint = format!("; write a field with a dot, .{name}, and a string in double quotes");
            format!("{name} is not defined{}", if name.contains(['@', '$']) { "" } else { &hint })
        }
        _ => format!("{} {name:?} is not defined", what.as_str()),
    }
}

/// The start of a text, which can be as long as an event.
fn shortened(text: String) -> String {
    const MAX_TEXT: usize = 120;
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    fn evaluate(expression: &str, json: &str) -> Result<Vec<String>, String> {
        let mut fields = FieldSet::default();
        let jq = Jq::new(expression, &mut fields).unwrap();
        with_event(json, &fields, |event| {
            let mut outputs = Vec::new();
            let _ = jq.evaluate(event, |output| {
                outputs.push(match output {
                    JqOutput::True => "true".to_string(),
                    JqOutput::Text(text) => format!("text {text}"),
                    JqOutput::Json(json) => json.to_string(),
                });
                ControlFlow::Continue(())
            })?;
            Ok(outputs)
        })
    }

    #[test]
    fn expressions_decide_or_produce_output() {
        let json = r#"{"eventName":"Run\u0041","errorCode":null,"readOnly":false,"n":[1,2.50,{"a":"x\ty"}],"s":"a\ud83d\ude00"}"#;
        for (expression, expected) in [
            (".eventName == \"RunA\"", vec!["true"]),
            (".eventName == \"Run\"", vec![]),
            (".errorCode", vec![]),
            (".readOnly, .errorCode", vec![]),
            (".eventName", vec!["text RunA"]),
            (".n[]", vec!["1", "2.50", r#"{"a":"x\ty"}"#]),
            (".n[0] + 1", vec!["2"]),
            ("[.eventName, .s] | @tsv", vec!["text RunA\ta😀"]),
            ("select(.readOnly == false) | .s", vec!["text a😀"]),
            ("{eventName, c: .n[2].a}", vec![r#"{"eventName":"RunA","c":"x\ty"}"#]),
            ("keys[0]", vec!["text errorCode"]),
            (".n | any(. == 1)", vec!["true"]),
            ("empty", vec![]),
        ] {
            assert_eq!(
                evaluate(expression, json),
                Ok(expected.into_iter().map(String::from).collect()),
                "{expression}"
            );
        }
        assert!(evaluate(".eventName.x", json).is_err());
    }

    #[test]
    fn deeply_nested_events_are_refused() {
        let json = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(evaluate(".a", &json).unwrap_err().contains("deep"));
        assert_eq!(evaluate(".b == null", &json), Ok(vec!["true".into()]), "unread values do not matter");
    }

    #[test]
    fn mistakes_are_explained() {
        for (expression, part) in [
            (".eventName == 'X'", "write strings in double quotes"),
            (".eventName ==", "at the end"),
            (".a[", "[ is never closed"),
            ("eventName == \"X\"", ".eventName"),
            (".eventName = \"X\"", "write =="),
            (".Records[] | .eventName", "one event at a time"),
            ("", "at the end"),
            ("include \"x\"; .a", "include and import are not supported"),
            ("import \"x\" as x; .a", "include and import are not supported"),
            ("import \"x\" as $x; $x", "include and import are not supported"),
            ("import \"x\" as $x; .a", "include and import are not supported"),
            (&"[".repeat(100_000), "levels deep"),
            (&format!("{}1{}", "(".repeat(300), ")".repeat(300)), "levels deep"),
            (".a | @foo", "@foo is not defined"),
        ] {
            let refused = Jq::new(expression, &mut FieldSet::default()).unwrap_err().to_string();
            assert!(refused.contains(part), "{expression}: {refused}");
            assert!(!refused.contains(".@"), "{refused}");
        }
    }
}
