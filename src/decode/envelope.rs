//! The containers that events are delivered in: a grammar of all supported inputs,
//! which [`Envelope`] walks.
//!
//! ```text
//!  text    =  { [line time] value }        one after another; other lines and byte order marks in
//!                                          between are skipped
//!  value   =  event
//!          |  list                         all of its values
//!          |  message                      the event that it carries
//!          |  string                       the text inside it
//!          |  anything else                counted as a record that is not an event
//!  list    =  [ value, … ]
//!          |  { "Records": [ value, … ] }  a log file of CloudTrail; other members may surround the list,
//!          |  { "Events": … }              the output of `aws cloudtrail lookup-events`,
//!          |  { "events": … }              of `aws logs get-log-events` and `filter-log-events`,
//!          |  { "logEvents": … }           and what a subscription of CloudWatch Logs delivers
//!  message =  { "detail": { value } }      EventBridge
//!          |  { "NAME": string, … }        any name: `CloudTrailEvent` of `lookup-events`, names chosen
//!                                          with `--query`, `message` of CloudWatch Logs
//!  line time  =  2026-10-01T09:00:00.000Z  before the message, in exports of CloudWatch Logs to S3; the
//!                                          name of a stream may follow, as in `aws logs tail`
//! ```
//!
//! All of these can be nested, as `jq -s`, EventBridge rules that target a log group,
//! and concatenated files produce them. The text of a string may hold the same grammar,
//! escaped once more. If an object has both a list and the fields of an event, the one
//! that comes first decides. A control message of CloudWatch Logs (its `messageType`
//! precedes its list) is valid and has no events.
//!
//! [`Envelope`] walks a text that arrives in windows and hands out the values that can
//! be events. `record.rs` classifies objects; `recovery.rs` resumes after errors.

use super::json::{JsonError, JsonText, ObjectMembers, key_is};
use crate::syntax::digit_form::has_digit_form;

/// What may precede a text in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The position of the walk in a text. It stores only the open lists, so the walk can
/// continue in the next window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Envelope {
    open: OpenLists,
    /// Whether the innermost array has had a value.
    begun: bool,
    /// Whether the last top-level value was an object or a list, so that a comma may
    /// follow it.
    is_separable: bool,
    /// Whether the walk resumed after an error, so that closing brackets of abandoned
    /// lists may follow.
    is_resumed: bool,
    /// Whether the window is the last of the text.
    pub is_last: bool,
    /// Whether the text comes from a string, where line ends have no meaning.
    is_string: bool,
    /// Whether a list was seen under one of its names, which makes the file a log.
    pub is_log: bool,
    /// Whether `Records` or `Events` was present but not an array.
    pub records_not_array: bool,
}

/// The objects and arrays that enclose a position, outermost first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct OpenLists {
    /// One bit per level, the innermost in the lowest bit; 1 is an object, 0 an array.
    objects: u64,
    depth: u32,
}

impl OpenLists {
    /// More levels than any tool produces. Values nested deeper are not searched.
    const MAX_DEPTH: u32 = 64;

    fn has_room(self, levels: u32) -> bool {
        self.depth + levels <= OpenLists::MAX_DEPTH
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

/// A value that the walk found in the window. Offsets count from the start of the
/// window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EnvelopeItem {
    /// An object starts here.
    Object(usize),
    /// A string.
    String {
        /// Offset of the opening quote.
        start: usize,
        /// Offset after the closing quote.
        end: usize,
    },
    /// A value of another kind.
    Other {
        /// Offset after the value.
        end: usize,
    },
    /// A line with a time and a message that is not JSON.
    Line {
        /// Offset after the line.
        end: usize,
    },
}

/// One step of the walk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EnvelopeStep {
    /// Nothing to visit; continue at this offset.
    Advance(usize),
    /// The same, but the text has to be indexed again from there: quotes before it are not
    /// those of strings.
    Reindex(usize),
    /// A value to visit.
    Item(EnvelopeItem),
    /// The end of the text; nothing is missing.
    End,
}

impl Envelope {
    /// Starts a walk over the text of a string.
    pub fn of_string() -> Envelope {
        Envelope { is_last: true, is_string: true, ..Envelope::default() }
    }

    /// Whether no object or list is open.
    pub fn is_closed(&self) -> bool {
        self.open.depth == 0
    }

    /// Abandons all open objects and lists, and resumes at the top level.
    pub fn resume(&mut self) {
        (self.open, self.is_separable, self.is_resumed) = (OpenLists::default(), true, true);
    }

    /// Returns the next step of the walk over `text` at offset `at`. The caller finds
    /// the end of an item and then calls [`Envelope::pass`], or `Envelope::enter` to
    /// descend into its list.
    #[inline(always)]
    pub fn step(&mut self, text: &JsonText<'_>, at: usize) -> Result<EnvelopeStep, JsonError> {
        if self.open.depth == 0 {
            self.top(text, text.skip_blanks(at))
        } else if self.open.objects & 1 == 0 {
            self.array(text, text.skip_blanks(at))
        } else {
            self.object(text, at).map(EnvelopeStep::Advance)
        }
    }

    /// Records that the last item was visited to its end.
    #[inline(always)]
    pub fn pass(&mut self) {
        self.begun = true;
    }

    /// Whether a list in an object can be entered at the current depth.
    pub(super) fn can_enter(&self) -> bool {
        self.open.has_room(2)
    }

    /// Enters the list of an object at `start` and returns the offset of its first
    /// value. Requires [`can_enter`](Envelope::can_enter).
    pub(super) fn enter(&mut self, start: usize) -> usize {
        self.is_log = true;
        self.open.push(true);
        self.open.push(false);
        self.begun = false;
        start + 1
    }

    /// Whether the innermost list is within a value of another list.
    pub(super) fn is_nested(&self) -> bool {
        const LOG: u64 = 0b10;
        self.open.depth > 2 || self.open.depth == 2 && self.open.objects != LOG
    }

    /// Leaves the innermost list or object.
    pub(super) fn leave(&mut self) {
        self.open.pop();
        self.begun = true;
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
                // The visitor reports and skips errors inside an object.
                Err(JsonError::Malformed(_)) | Ok(ListMember::None) => Ok(EnvelopeStep::Item(EnvelopeItem::Object(at))),
                Ok(ListMember::NotArray) => {
                    self.records_not_array |= !self.is_string;
                    Ok(EnvelopeStep::Item(EnvelopeItem::Object(at)))
                }
                Ok(ListMember::Control) => {
                    let end = text.value_end(at)?;
                    self.is_log = true;
                    Ok(EnvelopeStep::Advance(end))
                }
                Ok(ListMember::At(start)) => Ok(EnvelopeStep::Advance(self.enter(start))),
            },
            Some(b',') if is_separable => Ok(EnvelopeStep::Advance(at + 1)),
            Some(b']' | b'}') if self.is_resumed => Ok(EnvelopeStep::Advance(at + 1)),
            Some(b',') => Err(JsonError::Malformed(at)),
            Some(0xef) if !self.is_string => self.mark(text, at),
            Some(b'0'..=b'9') if !self.is_string && is_line_time(&text.bytes()[at..]) => self.line(text, at),
            Some(b'"') if !self.is_string => {
                let end = text.value_end(at)?;
                // No tool writes a line end inside a string, so this one is cut off.
                match memchr::memchr(b'\n', &text.bytes()[at..end]) {
                    Some(cut) => Err(JsonError::Malformed(at + cut)),
                    None => Ok(EnvelopeStep::Item(EnvelopeItem::String { start: at, end })),
                }
            }
            Some(_) => self.value(text, at),
        }
    }

    /// Steps over a byte order mark. Files that were joined keep theirs.
    fn mark(&self, text: &JsonText<'_>, at: usize) -> Result<EnvelopeStep, JsonError> {
        let rest = &text.bytes()[at..];
        if rest.starts_with(BYTE_ORDER_MARK) {
            Ok(EnvelopeStep::Advance(at + BYTE_ORDER_MARK.len()))
        } else if BYTE_ORDER_MARK.starts_with(rest) && !self.is_last {
            Err(JsonError::EndsEarly)
        } else {
            Err(JsonError::Malformed(at))
        }
    }

    /// Steps over the time of a line to its message.
    fn line(&mut self, text: &JsonText<'_>, at: usize) -> Result<EnvelopeStep, JsonError> {
        let bytes = &text.bytes()[at..];
        let end = match memchr::memchr(b'\n', bytes) {
            Some(end) => end,
            None if self.is_last => bytes.len(),
            None => return Err(JsonError::EndsEarly),
        };
        match message(&bytes[..end]) {
            Some(start) if bytes[..start].contains(&b'"') => Ok(EnvelopeStep::Reindex(at + start)),
            Some(start) => Ok(EnvelopeStep::Advance(at + start)),
            None => Ok(EnvelopeStep::Item(EnvelopeItem::Line { end: at + end })),
        }
    }

    fn object(&mut self, text: &JsonText<'_>, at: usize) -> Result<usize, JsonError> {
        let mut members = ObjectMembers::resume(text, at);
        let Some((key, start)) = members.next_key()? else {
            self.leave();
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
            self.leave();
            return Ok(EnvelopeStep::Advance(at + 1));
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

    /// Steps over a value that is not an object.
    #[inline(never)]
    fn value(&mut self, text: &JsonText<'_>, at: usize) -> Result<EnvelopeStep, JsonError> {
        match text.byte(at) {
            Some(b'[') if self.open.has_room(1) => {
                self.open.push(false);
                self.begun = false;
                Ok(EnvelopeStep::Advance(at + 1))
            }
            Some(b'"') => Ok(EnvelopeStep::Item(EnvelopeItem::String { start: at, end: text.value_end(at)? })),
            _ => Ok(EnvelopeStep::Item(EnvelopeItem::Other { end: text.value_end(at)? })),
        }
    }
}

/// What an object holds under the name of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ListMember {
    /// An array, which starts at this offset.
    At(usize),
    /// Only values that are not arrays.
    NotArray,
    /// The list of a control message.
    Control,
    /// The object has no such member.
    None,
}

/// Searches the object at `at` for a list that precedes the fields of an event. Fails
/// with [`JsonError::EndsEarly`] if the text ends before either was found.
pub(super) fn list_of(text: &JsonText<'_>, at: usize) -> Result<ListMember, JsonError> {
    let mut members = text.members(at);
    let mut found = ListMember::None;
    while let Some((key, start)) = members.next_key()? {
        let byte = text.byte(start).ok_or(JsonError::EndsEarly)?;
        if EVENT_FIELDS.iter().any(|mark| key_is(key, mark.as_bytes())) {
            break;
        }
        if is_list_name(key) {
            match byte {
                b'[' if found == ListMember::Control => return Ok(found),
                b'[' => return Ok(ListMember::At(start)),
                _ if found == ListMember::None && is_usual_name(key) => found = ListMember::NotArray,
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

/// Members that only events have.
pub(super) const EVENT_FIELDS: [&str; 4] = ["eventVersion", "eventTime", "eventName", "eventID"];
/// Names under which lists of events occur.
pub(super) const LIST_NAMES: [&str; 4] = ["Records", "Events", "events", "logEvents"];

fn is_list_name(key: &[u8]) -> bool {
    LIST_NAMES.iter().any(|name| key_is(key, name.as_bytes()))
}

/// Whether the name is specific enough to identify a log.
fn is_usual_name(key: &[u8]) -> bool {
    key_is(key, b"Records") || key_is(key, b"Events")
}

/// Whether a line starts with a time such as `2026-10-01T09:00:00.000Z`.
pub(super) fn is_line_time(line: &[u8]) -> bool {
    const FORM: &[u8; 11] = b"0000-00-00T";
    line.first_chunk::<11>().is_some_and(|start| has_digit_form(start, FORM))
}

/// Offset of the message's object in a line that starts with a time. The name of a log
/// stream may precede the object.
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

    /// Returns the objects of a text that arrives in windows growing by at least `step`
    /// bytes.
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
                    // No text here has quotes that are not those of strings.
                    Ok(EnvelopeStep::Advance(next) | EnvelopeStep::Reindex(next)) => {
                        at = next;
                        continue;
                    }
                    Ok(EnvelopeStep::Item(item)) => item,
                    Ok(EnvelopeStep::End) => break None,
                    Err(broken) => break Some(broken),
                };
                match item {
                    EnvelopeItem::Object(from) => match text.value_end(from) {
                        // A truncated list is entered like a complete one.
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
    fn objects_are_found_in_every_container() {
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
    fn records_without_an_array_are_reported() {
        for json in [r#"{"Records":null}"#, r#"{"Records":{}}"#, r#"{"a":1,"Records":"x","b":2}"#] {
            let (found, envelope, broken) = objects(json, json.len());
            assert_eq!((found, broken), (vec![json.to_string()], None));
            assert!(envelope.records_not_array && !envelope.is_log && envelope.is_closed(), "{json}");
        }
    }

    #[test]
    fn truncation_keeps_the_objects_before_it() {
        let json = r#"{"Records":[{"a":1},{"a":2}]}"#;
        let (found, envelope, broken) = objects(&json[..json.len() - 4], json.len());
        assert_eq!((found.len(), broken), (1, Some(JsonError::EndsEarly)));
        assert!(!envelope.is_closed());
    }
}
