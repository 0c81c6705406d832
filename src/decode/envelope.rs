//! What events come wrapped in: `{"Records":[…]}`, a bare array, one event a
//! line, the output of `lookup-events`, EventBridge messages.
//!
//! [`Envelope`] walks a text that arrives in windows and hands out the objects
//! that can be events; what an object is, is for [`decode`](super) to say.

use super::json::{Broken, Members, Text, key_is};

/// How far the walk is in a text. It remembers only what is open, so it can go
/// on in the next window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Envelope {
    place: Place,
    /// Whether `Records` or `Events` was seen, so the file means to be a log.
    pub is_log: bool,
    /// Whether `Records` or `Events` was there without an array.
    pub is_hollow: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Place {
    /// Between top-level values.
    #[default]
    Top,
    /// In the object around an array of records, behind a member.
    Wrapper,
    /// In an array, before an element or its end.
    Array { wrapped: bool, begun: bool },
}

/// What the walk found at a place of the window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Item {
    /// An object begins here.
    Object(usize),
    /// A value of another kind ends here.
    Other {
        /// The place behind it.
        end: usize,
    },
}

/// One step of the walk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The walk goes on at this place.
    On(usize),
    /// There is something to visit.
    Item(Item),
    /// There is no more text, and none is missing.
    End,
}

impl Envelope {
    /// Whether all that was opened is closed.
    pub fn is_closed(&self) -> bool {
        self.place == Place::Top
    }

    /// The next step of the walk over `text`, from `at` on. The place behind an
    /// item is the caller's to find; [`Envelope::pass`] says that it was.
    #[inline(always)]
    pub fn step(&mut self, text: &Text<'_>, at: usize) -> Result<Step, Broken> {
        match self.place {
            Place::Top => self.top(text, text.skip_blanks(at)),
            Place::Wrapper => self.wrapper(text, at).map(Step::On),
            Place::Array { wrapped, begun } => self.array(text, text.skip_blanks(at), wrapped, begun),
        }
    }

    /// The item that was the last step was visited to its end.
    #[inline(always)]
    pub fn pass(&mut self) {
        if let Place::Array { begun, .. } = &mut self.place {
            *begun = true;
        }
    }

    fn top(&mut self, text: &Text<'_>, at: usize) -> Result<Step, Broken> {
        match text.byte(at) {
            None => Ok(Step::End),
            Some(b'[') => {
                self.place = Place::Array { wrapped: false, begun: false };
                Ok(Step::On(at + 1))
            }
            Some(b'{') => match records(text, at) {
                Err(Broken::EndsEarly) => Err(Broken::EndsEarly),
                // What is wrong inside one object is for the visitor to find and to pass.
                Err(Broken::Malformed(_)) | Ok(None) => Ok(Step::Item(Item::Object(at))),
                Ok(Some((_, false))) => {
                    self.is_hollow = true;
                    Ok(Step::Item(Item::Object(at)))
                }
                Ok(Some((start, true))) => {
                    self.is_log = true;
                    self.place = Place::Array { wrapped: true, begun: false };
                    Ok(Step::On(start + 1))
                }
            },
            Some(b',') => Err(Broken::Malformed(at)),
            Some(_) => Ok(Step::Item(Item::Other { end: text.value_end(at)? })),
        }
    }

    fn wrapper(&mut self, text: &Text<'_>, at: usize) -> Result<usize, Broken> {
        let mut members = Members::resume(text, at);
        let Some((key, start)) = members.next_key()? else {
            self.place = Place::Top;
            return Ok(members.at());
        };
        if holds_records(key) && text.byte(start) == Some(b'[') {
            self.is_log = true;
            self.place = Place::Array { wrapped: true, begun: false };
            return Ok(start + 1);
        }
        text.value_end(start)
    }

    #[inline(always)]
    fn array(&mut self, text: &Text<'_>, mut at: usize, wrapped: bool, begun: bool) -> Result<Step, Broken> {
        let mut byte = text.byte(at).ok_or(Broken::EndsEarly)?;
        if byte == b']' {
            self.place = if wrapped { Place::Wrapper } else { Place::Top };
            return Ok(Step::On(at + 1));
        }
        if begun {
            if byte != b',' {
                return Err(Broken::Malformed(at));
            }
            at = text.skip_blanks(at + 1);
            byte = text.byte(at).ok_or(Broken::EndsEarly)?;
        }
        let item = if byte == b'{' { Item::Object(at) } else { Item::Other { end: text.value_end(at)? } };
        Ok(Step::Item(item))
    }
}

/// Looks through the object at `at` for an array of records: where its value
/// begins, and whether it is an array at all. A member that is cut off before
/// `Records` was seen leaves that open.
fn records(text: &Text<'_>, at: usize) -> Result<Option<(usize, bool)>, Broken> {
    let mut members = text.members(at);
    let mut hollow = None;
    loop {
        match members.next_key() {
            Ok(None) => return Ok(hollow.map(|start| (start, false))),
            Ok(Some((key, start))) => {
                let byte = text.byte(start).ok_or(Broken::EndsEarly)?;
                if holds_records(key) {
                    if byte == b'[' {
                        return Ok(Some((start, true)));
                    }
                    hollow = Some(start);
                }
                members.pass(text.value_end(start)?);
            }
            Err(broken) => return Err(broken),
        }
    }
}

fn holds_records(key: &[u8]) -> bool {
    key_is(key, b"Records") || key_is(key, b"Events")
}

#[cfg(test)]
mod tests {
    use super::super::structure::Structure;
    use super::*;

    /// The objects of a text that arrives in windows of at least `step` bytes.
    fn objects(json: &str, step: usize) -> (Vec<String>, Envelope, Option<Broken>) {
        let (bytes, mut found, mut envelope) = (json.as_bytes(), Vec::new(), Envelope::default());
        let (mut start, mut end) = (0, step.min(json.len()));
        loop {
            let mut structure = Structure::default();
            let text = Text::index(&bytes[start..end], &mut structure);
            let mut at = 0;
            let broken = loop {
                let item = match envelope.step(&text, at) {
                    Ok(Step::On(next)) => {
                        at = next;
                        continue;
                    }
                    Ok(Step::Item(item)) => item,
                    Ok(Step::End) => break None,
                    Err(broken) => break Some(broken),
                };
                match item {
                    Item::Object(from) => match text.value_end(from) {
                        Ok(to) => {
                            found.push(String::from_utf8_lossy(&text.bytes()[from..to]).into_owned());
                            at = to;
                        }
                        Err(broken) => break Some(broken),
                    },
                    Item::Other { end } => {
                        found.push("other".into());
                        at = end;
                    }
                }
                envelope.pass();
            };
            start += at;
            if end == bytes.len() || matches!(broken, Some(Broken::Malformed(_))) {
                return (found, envelope, broken);
            }
            end = (end + step).min(bytes.len());
        }
    }

    #[test]
    fn every_wrapping_gives_its_objects() {
        for (json, expected) in [
            (r#"{"Records":[{"a":1},{"a":2}]}"#, vec![r#"{"a":1}"#, r#"{"a":2}"#]),
            (r#"{"Records":[]}"#, vec![]),
            (r#" [ {"a":1} , {"a":2} ] "#, vec![r#"{"a":1}"#, r#"{"a":2}"#]),
            ("{\"a\":1}\n{\"a\":2}\r\n", vec![r#"{"a":1}"#, r#"{"a":2}"#]),
            (r#"{"NextToken":"x","Events":[{"a":1}],"y":[{}]}"#, vec![r#"{"a":1}"#]),
            (r#"{"Records":[{"a":1}]}{"Records":[{"a":2}]}"#, vec![r#"{"a":1}"#, r#"{"a":2}"#]),
            (r#"{"Records":[{"a":1}],"Records":[{"a":2}]}"#, vec![r#"{"a":1}"#, r#"{"a":2}"#]),
            ("[1,\"x\",{\"a\":[]}] null\n", vec!["other", "other", r#"{"a":[]}"#, "other"]),
        ] {
            for step in 1..=json.len() {
                let (found, envelope, broken) = objects(json, step);
                assert_eq!((broken, envelope.is_closed()), (None, true), "{json} by {step}");
                assert_eq!(found, expected, "{json} by {step}");
            }
        }
    }

    #[test]
    fn hollow_records_are_noticed() {
        for json in [r#"{"Records":null}"#, r#"{"Records":{}}"#, r#"{"a":1,"Records":"x","b":2}"#] {
            let (found, envelope, broken) = objects(json, json.len());
            assert_eq!((found, broken), (vec![json.to_string()], None));
            assert!(envelope.is_hollow && !envelope.is_log && envelope.is_closed(), "{json}");
        }
    }

    #[test]
    fn a_cut_keeps_what_came_before() {
        let json = r#"{"Records":[{"a":1},{"a":2}]}"#;
        let (found, envelope, broken) = objects(&json[..json.len() - 4], json.len());
        assert_eq!((found.len(), broken), (1, Some(Broken::EndsEarly)));
        assert!(!envelope.is_closed());
    }
}
