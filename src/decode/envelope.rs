//! What events come wrapped in, and in which places: the grammar of all that is
//! read, which [`Envelope`] walks.
//!
//! ```text
//!  text    =  { [line time] value }        one behind the other, whatever is between the lines
//!  value   =  event
//!          |  list                         all that it holds
//!          |  message                      the event that it carries
//!          |  string                       all that its text holds
//!          |  anything else                counted as a record that is not an event
//!  list    =  [ value, … ]
//!          |  { "Records": [ value, … ] }  a log file of CloudTrail; also with members around the list,
//!          |  { "Events": … }              the output of `aws cloudtrail lookup-events`,
//!          |  { "events": … }              of `aws logs get-log-events` and `filter-log-events`,
//!          |  { "logEvents": … }           and what a subscription of CloudWatch Logs delivers
//!  message =  { "detail": { value } }      EventBridge
//!          |  { "NAME": string, … }        under any name: `CloudTrailEvent` of `lookup-events`, the names
//!                                          that a `--query` gives it, `message` of CloudWatch Logs
//!  line time  =  2026-10-01T09:00:00.000Z  before the message, in an export of CloudWatch Logs to S3; the
//!                                          name of a stream may follow, as `aws logs tail` prints it
//! ```
//!
//! All of these can hold each other, as `jq -s`, EventBridge rules with a log group
//! as their target, and concatenated files make them. A text inside of a string may
//! hold the same, escaped once more. An object with both a list and what makes an
//! event is what comes first in it. A control message of CloudWatch Logs (its `messageType`
//! stands before its list) is in order and has no events.
//!
//! [`Envelope`] walks a text that arrives in windows and hands out the values that
//! can be events; what an object is, is for `record.rs` to say, and how
//! to go on behind what is broken, for `recovery.rs`.

use super::json::{JsonError, JsonText, ObjectMembers, key_is};

/// How far the walk is in a text. It remembers only what is open, so it can go
/// on in the next window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Envelope {
    open: OpenLists,
    /// Whether a value of the innermost array was passed.
    begun: bool,
    /// Whether an object or a list was the last value outside of all: a comma may
    /// follow it.
    is_separable: bool,
    /// Whether the walk goes on behind something broken: what would have closed
    /// it can follow.
    is_resumed: bool,
    /// Whether there is no text behind the window.
    pub is_last: bool,
    /// Whether the text is that of a string, of which lines mean nothing.
    is_string: bool,
    /// Whether a list was seen under its name, so the file means to be a log.
    pub is_log: bool,
    /// Whether `Records` or `Events` was there without an array.
    pub is_hollow: bool,
}

/// What lies around a place, from the outside to the inside.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct OpenLists {
    /// The innermost in the lowest bit; 1 is an object, 0 an array.
    objects: u64,
    depth: u32,
}

impl OpenLists {
    /// More than any tool nests. What lies deeper is not looked into.
    const DEEPEST: u32 = 64;

    fn has_room(self, levels: u32) -> bool {
        self.depth + levels <= OpenLists::DEEPEST
    }

    fn push(&mut self, is_object: bool) {
        self.objects = self.objects << 1 | u64::from(is_object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }
}

/// What the walk found at a place of the window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EnvelopeItem {
    /// An object begins here.
    Object(usize),
    /// A string.
    String {
        /// Where its first quote is.
        start: usize,
        /// The place behind its last.
        end: usize,
    },
    /// A value of another kind ends here.
    Other {
        /// The place behind it.
        end: usize,
    },
    /// A line with a time before a message that is not JSON ends here.
    Line {
        /// The place behind it.
        end: usize,
    },
}

/// One step of the walk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EnvelopeStep {
    /// The walk goes on at this place.
    On(usize),
    /// There is something to visit.
    Item(EnvelopeItem),
    /// There is no more text, and none is missing.
    End,
}

impl Envelope {
    /// The walk over the text of a string.
    pub fn of_string() -> Envelope {
        Envelope { is_last: true, is_string: true, ..Envelope::default() }
    }

    /// Whether all that was opened is closed.
    pub fn is_closed(&self) -> bool {
        self.open.depth == 0
    }

    /// Goes on outside of all that was open.
    pub fn resume(&mut self) {
        (self.open, self.is_separable, self.is_resumed) = (OpenLists::default(), true, true);
    }

    /// The next step of the walk over `text`, from `at` on. The place behind an
    /// item is the caller's to find; [`Envelope::pass`] says that it was, or
    /// `Envelope::enter` that there is a list in it.
    #[inline(always)]
    pub fn step(&mut self, text: &JsonText<'_>, at: usize) -> Result<EnvelopeStep, JsonError> {
        if self.open.depth == 0 {
            self.top(text, text.skip_blanks(at))
        } else if self.open.objects & 1 == 0 {
            self.array(text, text.skip_blanks(at))
        } else {
            self.object(text, at).map(EnvelopeStep::On)
        }
    }

    /// The item that was the last step was visited to its end.
    #[inline(always)]
    pub fn pass(&mut self) {
        self.begun = true;
    }

    /// Whether a list in an object can be entered here, and does not lie too deep.
    pub(super) fn can_enter(&self) -> bool {
        self.open.has_room(2)
    }

    /// Enters the list at `start` of an object, which [can be
    /// entered](Envelope::can_enter), and gives the place of its first value.
    pub(super) fn enter(&mut self, start: usize) -> usize {
        self.is_log = true;
        self.open.push(true);
        self.open.push(false);
        self.begun = false;
        start + 1
    }

    #[inline(never)]
    fn top(&mut self, text: &JsonText<'_>, at: usize) -> Result<EnvelopeStep, JsonError> {
        let byte = text.byte(at);
        let is_separable =
            std::mem::replace(&mut self.is_separable, matches!(byte, None | Some(b'{' | b'[' | b'}' | b']')));
        match byte {
            None => {
                self.is_separable = is_separable;
                Ok(EnvelopeStep::End)
            }
            Some(b'{') => match list_of(text, at) {
                Err(JsonError::EndsEarly) => Err(JsonError::EndsEarly),
                // What is wrong inside one object is for the visitor to find and to pass.
                Err(JsonError::Malformed(_)) | Ok(ListMember::None) => Ok(EnvelopeStep::Item(EnvelopeItem::Object(at))),
                Ok(ListMember::Hollow) => {
                    self.is_hollow |= !self.is_string;
                    Ok(EnvelopeStep::Item(EnvelopeItem::Object(at)))
                }
                Ok(ListMember::Control) => {
                    let end = text.value_end(at)?;
                    self.is_log = true;
                    Ok(EnvelopeStep::On(end))
                }
                Ok(ListMember::At(start)) => Ok(EnvelopeStep::On(self.enter(start))),
            },
            Some(b',') if is_separable => Ok(EnvelopeStep::On(at + 1)),
            Some(b']' | b'}') if self.is_resumed => Ok(EnvelopeStep::On(at + 1)),
            Some(b',') => Err(JsonError::Malformed(at)),
            Some(b'0'..=b'9') if !self.is_string && is_line_time(&text.bytes()[at..]) => self.line(text, at),
            Some(b'"') if !self.is_string => {
                let end = text.value_end(at)?;
                // No tool writes a line end in a string: this one is cut off.
                match memchr::memchr(b'\n', &text.bytes()[at..end]) {
                    Some(cut) => Err(JsonError::Malformed(at + cut)),
                    None => Ok(EnvelopeStep::Item(EnvelopeItem::String { start: at, end })),
                }
            }
            Some(_) => self.value(text, at),
        }
    }

    /// What stands behind the time of a line.
    fn line(&mut self, text: &JsonText<'_>, at: usize) -> Result<EnvelopeStep, JsonError> {
        let bytes = &text.bytes()[at..];
        let end = match memchr::memchr(b'\n', bytes) {
            Some(end) => end,
            None if self.is_last => bytes.len(),
            None => return Err(JsonError::EndsEarly),
        };
        match message(&bytes[..end]) {
            Some(start) => Ok(EnvelopeStep::On(at + start)),
            None => Ok(EnvelopeStep::Item(EnvelopeItem::Line { end: at + end })),
        }
    }

    fn object(&mut self, text: &JsonText<'_>, at: usize) -> Result<usize, JsonError> {
        let mut members = ObjectMembers::resume(text, at);
        let Some((key, start)) = members.next_key()? else {
            self.open.pop();
            self.begun = true;
            return Ok(members.at());
        };
        if is_list_name(key) && text.byte(start) == Some(b'[') {
            self.open.push(false);
            self.begun = false;
            return Ok(start + 1);
        }
        text.value_end(start)
    }

    #[inline(always)]
    fn array(&mut self, text: &JsonText<'_>, mut at: usize) -> Result<EnvelopeStep, JsonError> {
        let mut byte = text.byte(at).ok_or(JsonError::EndsEarly)?;
        if byte == b']' {
            self.open.pop();
            self.begun = true;
            return Ok(EnvelopeStep::On(at + 1));
        }
        if self.begun {
            if byte != b',' {
                return Err(JsonError::Malformed(at));
            }
            at = text.skip_blanks(at + 1);
            byte = text.byte(at).ok_or(JsonError::EndsEarly)?;
        }
        if byte == b'{' { Ok(EnvelopeStep::Item(EnvelopeItem::Object(at))) } else { self.value(text, at) }
    }

    /// A value that is not an object.
    #[inline(never)]
    fn value(&mut self, text: &JsonText<'_>, at: usize) -> Result<EnvelopeStep, JsonError> {
        match text.byte(at) {
            Some(b'[') if self.open.has_room(1) => {
                self.open.push(false);
                self.begun = false;
                Ok(EnvelopeStep::On(at + 1))
            }
            Some(b'"') => Ok(EnvelopeStep::Item(EnvelopeItem::String { start: at, end: text.value_end(at)? })),
            _ => Ok(EnvelopeStep::Item(EnvelopeItem::Other { end: text.value_end(at)? })),
        }
    }
}

/// What an object holds under the name of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ListMember {
    /// An array, which begins here.
    At(usize),
    /// Only something that is not an array.
    Hollow,
    /// What a control message holds.
    Control,
    /// It has no such member.
    None,
}

/// Looks through the object at `at` for a list that comes before what makes an event.
/// A member that is cut off before either was seen leaves that open.
pub(super) fn list_of(text: &JsonText<'_>, at: usize) -> Result<ListMember, JsonError> {
    let mut members = text.members(at);
    let mut found = ListMember::None;
    while let Some((key, start)) = members.next_key()? {
        let byte = text.byte(start).ok_or(JsonError::EndsEarly)?;
        if EVENT_MARKS.iter().any(|mark| key_is(key, mark.as_bytes())) {
            break;
        }
        if is_list_name(key) {
            match byte {
                b'[' if found == ListMember::Control => return Ok(found),
                b'[' => return Ok(ListMember::At(start)),
                _ if found == ListMember::None && is_usual_name(key) => found = ListMember::Hollow,
                _ => {}
            }
        }
        let end = text.value_end(start)?;
        if key_is(key, b"messageType") && text.bytes()[start..end] == *b"\"CONTROL_MESSAGE\"" {
            found = ListMember::Control;
        }
        members.pass(end);
    }
    Ok(if found == ListMember::Control { ListMember::None } else { found })
}

/// The members that only events have.
pub(super) const EVENT_MARKS: [&str; 4] = ["eventVersion", "eventTime", "eventName", "eventID"];
/// The names of lists.
pub(super) const LIST_NAMES: [&str; 4] = ["Records", "Events", "events", "logEvents"];

fn is_list_name(key: &[u8]) -> bool {
    LIST_NAMES.iter().any(|name| key_is(key, name.as_bytes()))
}

/// Whether the name is one that hardly anything else uses.
fn is_usual_name(key: &[u8]) -> bool {
    key_is(key, b"Records") || key_is(key, b"Events")
}

/// Whether a line begins with a time, as `2026-10-01T09:00:00.000Z`.
pub(super) fn is_line_time(line: &[u8]) -> bool {
    const FORM: &[u8; 11] = b"0000-00-00T";
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    line.first_chunk::<11>().is_some_and(|start| start.iter().zip(FORM).all(fits))
}

/// Where in a line with a time the object of its message begins; the name of a
/// stream may stand before it.
pub(super) fn message(line: &[u8]) -> Option<usize> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut at = 0;
    for _ in 0..2 {
        at += line[at..].iter().position(is_blank)?;
        at += line[at..].iter().position(|byte| !is_blank(byte))?;
        if line[at] == b'{' {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::structure::Structure;
    use super::*;

    /// The objects of a text that arrives in windows of at least `step` bytes.
    fn objects(json: &str, step: usize) -> (Vec<String>, Envelope, Option<JsonError>) {
        let (bytes, mut found, mut envelope) = (json.as_bytes(), Vec::new(), Envelope::default());
        let (mut start, mut end) = (0, step.min(json.len()));
        loop {
            let mut structure = Structure::default();
            let text = JsonText::index(&bytes[start..end], &mut structure);
            envelope.is_last = end == bytes.len();
            let mut at = 0;
            let broken = loop {
                let item = match envelope.step(&text, at) {
                    Ok(EnvelopeStep::On(next)) => {
                        at = next;
                        continue;
                    }
                    Ok(EnvelopeStep::Item(item)) => item,
                    Ok(EnvelopeStep::End) => break None,
                    Err(broken) => break Some(broken),
                };
                match item {
                    EnvelopeItem::Object(from) => match text.value_end(from) {
                        // A list that is cut off is entered, as one that is whole.
                        _ if let Ok(ListMember::At(start)) = list_of(&text, from)
                            && envelope.can_enter() =>
                        {
                            at = envelope.enter(start);
                            continue;
                        }
                        Ok(to) => {
                            found.push(String::from_utf8_lossy(&text.bytes()[from..to]).into_owned());
                            at = to;
                        }
                        Err(broken) => break Some(broken),
                    },
                    EnvelopeItem::String { start, end } => {
                        found.push(String::from_utf8_lossy(&text.bytes()[start..end]).into_owned());
                        at = end;
                    }
                    EnvelopeItem::Other { end } | EnvelopeItem::Line { end } => {
                        found.push("other".into());
                        at = end;
                    }
                }
                envelope.pass();
            };
            start += at;
            if end == bytes.len() || matches!(broken, Some(JsonError::Malformed(_))) {
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
            ("[1,\"x\",{\"a\":[]}] null\n", vec!["other", "\"x\"", r#"{"a":[]}"#, "other"]),
            (
                r#"[{"Records":[{"a":1}]},{"a":2},[{"a":3}],{"Records":[],"Records":[{"a":4}]}]"#,
                vec![r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#, r#"{"a":4}"#],
            ),
            (r#"{"events":[{"message":"x"}]}{"logEvents":[{"a":1}]}"#, vec![r#"{"message":"x"}"#, r#"{"a":1}"#]),
            (r#"{"Records":[{"Records":[{"Events":[{"a":1},[[]]]}]},"x"]}"#, vec![r#"{"a":1}"#, "\"x\""]),
            (
                "2026-10-01T09:00:00.000Z {\"a\":1}\n2026-10-01T09:00:00.000Z my-stream {\"a\":2}\n2026-10-01T09:00:00Z x",
                vec![r#"{"a":1}"#, r#"{"a":2}"#, "other"],
            ),
            (r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"a":1}]}{"a":2}"#, vec![r#"{"a":2}"#]),
            ("{\"a\":1},\n{\"a\":2},\n", vec![r#"{"a":1}"#, r#"{"a":2}"#]),
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
        assert_eq!((found.len(), broken), (1, Some(JsonError::EndsEarly)));
        assert!(!envelope.is_closed());
    }
}
