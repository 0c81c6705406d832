//! Searches the strings of messages, and messages around an event, for events. The same
//! walk reads these nested texts.

use std::ops::ControlFlow;

use super::super::Findings;
use super::super::envelope::Envelope;
use super::super::event::Event;
use super::super::json::{JsonText, ValueKind, key_is, unescape};
use super::super::structure::Dispatch;
use super::{EventVisitor, NestedText, WalkEnd};

/// Largest nested text in bytes. AWS allows an event 1 MiB.
pub(in super::super) const MAX_STRING: usize = 16 << 20;

/// What a nested text turned out to be.
#[derive(Clone, Copy)]
enum StringContent {
    /// Nothing that resembles a value with events.
    Nothing,
    /// A valid text without events, such as an empty list.
    Empty,
    /// Records, which are counted.
    Records,
    /// Something like an event that cannot be read, possibly after records.
    Broken,
    /// A text too large to be decoded.
    TooLarge,
}

impl EventVisitor<'_> {
    /// Searches the strings of an object that is not an event itself.
    #[inline(never)]
    pub(super) fn message<F>(&mut self, object: &Event<'_>, at: usize, each: &mut F) -> ControlFlow<()>
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        let (mut strings, mut is_control, mut is_digest) = (Vec::new(), false, false);
        object.value().each_member(|key, value| {
            is_digest |= key_is(key, b"digestEndTime");
            if value.kind() == ValueKind::String {
                let is_sure = key_is(key, b"CloudTrailEvent");
                is_control |= key_is(key, b"message") && value.raw().starts_with(b"\"CWL CONTROL MESSAGE");
                strings.push((value.raw(), is_sure));
            }
        });
        self.findings.is_digest |= is_digest;
        if is_control {
            self.findings.records -= 1;
            self.findings.is_log = true;
            return ControlFlow::Continue(());
        }
        self.strings(&strings, at, each)
    }

    /// Searches string and object values for events. The flag of a value marks a
    /// certain event, which is malformed if it is not even JSON. All values together
    /// are one record, already counted, unless they hold several.
    #[inline(never)]
    pub(super) fn strings<F>(&mut self, written: &[(&[u8], bool)], at: usize, each: &mut F) -> ControlFlow<()>
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        let place = self.place(at);
        let before = self.findings.records - 1;
        let (mut is_empty, mut flow) = (false, ControlFlow::Continue(()));
        self.findings.records = before;
        for (written, is_sure) in written {
            let held = match written.strip_prefix(b"\"").and_then(|written| written.strip_suffix(b"\"")) {
                Some(written) if written.len() > MAX_STRING && may_hold_events(written) => StringContent::TooLarge,
                Some(written) => self.text(unescape(written).as_bytes(), *is_sure, place, each, &mut flow),
                None => self.text(written, *is_sure, place, each, &mut flow),
            };
            self.findings.records += u64::from(matches!(held, StringContent::Broken | StringContent::TooLarge));
            match held {
                StringContent::Broken => self.findings.note_malformed(place, false),
                StringContent::TooLarge => self.findings.note_too_large(),
                StringContent::Empty => is_empty = true,
                StringContent::Nothing | StringContent::Records => {}
            }
            if flow.is_break() {
                break;
            }
        }
        if self.findings.records == before && !is_empty {
            self.findings.records += 1;
            self.findings.non_events += 1;
        }
        flow
    }

    /// Walks a nested text. Counts its records only if one of them is an event.
    fn text<F>(
        &mut self,
        json: &[u8],
        is_sure: bool,
        place: u64,
        each: &mut F,
        flow: &mut ControlFlow<()>,
    ) -> StringContent
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        if !may_hold_events(json) {
            return if is_sure { StringContent::Broken } else { StringContent::Nothing };
        }
        let before = self.findings.clone();
        // The offsets refer to the outer text, so they select nothing in here.
        let (wanted, within) = (self.wanted.take(), self.within.replace(place));
        let mut level = self.spare.pop().unwrap_or_else(|| NestedText::new(self.simd));
        let (walked, envelope) = self.simd.run(InnerWalk { visitor: self, json, level: &mut level, each });
        self.spare.push(level);
        (*self.wanted, self.within, *flow) = (wanted, within, walked.flow);
        if self.findings.events > before.events {
            self.findings.is_log |= envelope.is_log;
            return if walked.broken.is_some() { StringContent::Broken } else { StringContent::Records };
        }
        let is_broken = walked.broken.is_some() || self.findings.malformed != before.malformed;
        let is_empty = (envelope.is_log || self.findings.is_log) && self.findings.records == before.records;
        let is_log = before.is_log || (is_empty && !is_broken);
        // Without an event in it, the text is only a part of its record.
        *self.findings = Findings { is_log, ..before };
        match json.trim_ascii_start() {
            _ if !is_broken => {
                if is_empty {
                    StringContent::Empty
                } else {
                    StringContent::Nothing
                }
            }
            [b'{', rest @ ..] if rest.trim_ascii_start().starts_with(b"\"") => StringContent::Broken,
            _ if is_sure => StringContent::Broken,
            _ => StringContent::Nothing,
        }
    }
}

/// A walk over a nested text.
struct InnerWalk<'v, 'd, F> {
    visitor: &'v mut EventVisitor<'d>,
    json: &'v [u8],
    level: &'v mut NestedText,
    each: &'v mut F,
}

impl<F> Dispatch for InnerWalk<'_, '_, F>
where
    F: FnMut(&Event<'_>) -> ControlFlow<()>,
{
    type Outcome = (WalkEnd, Envelope);

    #[inline(always)]
    fn run(self) -> (WalkEnd, Envelope) {
        let mut envelope = Envelope::of_string();
        let text = JsonText::index(self.json, &mut self.level.structure);
        let walked = self.visitor.walk(&text, &mut envelope, &mut self.level.spans, self.each);
        (walked, envelope)
    }
}

/// Whether a text starts like an object, a string that may hold one, or a list of
/// these. Most strings do not and are skipped.
fn may_hold_events(text: &[u8]) -> bool {
    match text.trim_ascii_start() {
        [b'{' | b'"', ..] => true,
        [b'[', rest @ ..] => matches!(rest.trim_ascii_start(), [b'{' | b'[' | b'"', ..]),
        _ => false,
    }
}
