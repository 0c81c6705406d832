//! Paths into an event, such as `requestParameters.instancesSet.items[].instanceId`.

use crate::decode::event::{Event, Fields, Slot};
use crate::decode::json::{Kind, Value};

/// A way from an event down to values in it.
#[derive(Clone, Debug)]
pub struct Path {
    root: Slot,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    /// The member of this name.
    Member(Box<str>),
    /// Every element.
    Each,
    /// The element at this place.
    Element(usize),
}

impl Path {
    /// Reads a path: names joined by dots, `[]` for every element of an array,
    /// `[0]` for one, names with dots in them in double quotes. A leading dot
    /// is allowed. Gives what is wrong with it.
    pub fn parse(text: &str, fields: &mut Fields) -> Result<Path, String> {
        let mut steps = steps(text.strip_prefix('.').unwrap_or(text))?.into_iter();
        match steps.next() {
            Some(Step::Member(name)) => {
                let root = fields.slot(&name).ok_or("one field too many")?;
                Ok(Path { root, steps: steps.collect() })
            }
            _ => Err("does not begin with the name of a field".into()),
        }
    }

    /// Whether it can lead to several values.
    pub fn is_many(&self) -> bool {
        self.steps.contains(&Step::Each)
    }

    /// Calls `each` for the values that the path leads to, in their order.
    pub fn each<'a>(&self, event: &Event<'a>, each: &mut dyn FnMut(Value<'a>)) {
        if let Some(value) = event.get(self.root) {
            follow(value, &self.steps, each);
        }
    }

    /// The value of a path that leads to one at most.
    pub fn value<'a>(&self, event: &Event<'a>) -> Option<Value<'a>> {
        let mut found = None;
        self.each(event, &mut |value| found = Some(value));
        found
    }
}

fn follow<'a>(value: Value<'a>, steps: &[Step], each: &mut dyn FnMut(Value<'a>)) {
    let Some((step, rest)) = steps.split_first() else { return each(value) };
    match step {
        Step::Member(name) => {
            if let Some(member) = value.member(name) {
                follow(member, rest, each);
            }
        }
        Step::Each => value.each_element(|element| follow(element, rest, each)),
        Step::Element(wanted) => {
            let mut at = 0;
            value.each_element(|element| {
                if at == *wanted {
                    follow(element, rest, each);
                }
                at += 1;
            });
        }
    }
}

fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let (name, after) = name(rest)?;
        steps.push(Step::Member(name.into()));
        rest = after;
        while let Some(inside) = rest.strip_prefix('[') {
            let (index, after) = inside.split_once(']').ok_or("has a [ without its ]")?;
            steps.push(match index {
                "" => Step::Each,
                digits => Step::Element(digits.parse().map_err(|_| format!("has [{digits}]; write [] or [0]"))?),
            });
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(steps),
            None => return Err(format!("goes wrong at {rest:?}")),
        }
    }
}

/// The name that `text` begins with, and what follows it.
fn name(text: &str) -> Result<(&str, &str), String> {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.split_once('"').ok_or_else(|| "has a quote without its second".into());
    }
    match text.find(['.', '[', '"']).unwrap_or(text.len()) {
        0 => Err("has an empty name".into()),
        end => Ok(text.split_at(end)),
    }
}

/// The text of a field; nothing where it is absent, null or no text.
pub fn text<'a>(event: &Event<'a>, slot: Slot) -> Option<std::borrow::Cow<'a, str>> {
    event.get(slot).filter(|value| value.kind() != Kind::Null)?.scalar()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::with_event;

    fn values(path: &str, json: &str) -> Vec<String> {
        let mut fields = Fields::default();
        let path = Path::parse(path, &mut fields).unwrap();
        with_event(json, &fields, |event| {
            let mut found = Vec::new();
            path.each(event, &mut |value| found.push(String::from_utf8_lossy(value.raw()).into_owned()));
            found
        })
    }

    #[test]
    fn paths_lead_to_values() {
        let json = r#"{"a":{"b":[{"c":1},{"c":2,"d.e":[[3,4],[5]]},{}],"b2":null}}"#;
        for (path, expected) in [
            ("a.b[].c", vec!["1", "2"]),
            (".a.b[1].c", vec!["2"]),
            ("a.b[1].\"d.e\"[][]", vec!["3", "4", "5"]),
            ("a.b2", vec!["null"]),
            ("a.b[9]", vec![]),
            ("a.b.c", vec![]),
            ("x.y", vec![]),
        ] {
            assert_eq!(values(path, json), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", ".", "a..b", "a.", "[0]", "a[", "a[x]", "a[-1]", "a]b[", "a[0]b", "a.\"b", "a\"b\""] {
            let refused = Path::parse(path, &mut Fields::default());
            assert!(refused.is_err() || path == "a]b[", "{path} {refused:?}");
        }
    }
}
