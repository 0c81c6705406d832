//! Visits the values that a walk finds: hands out events, searches strings and messages
//! for more, and counts the rest.

mod strings;

use std::ops::ControlFlow;
use std::vec;

pub(super) use self::strings::MAX_STRING;
use super::Findings;
use super::envelope::{Envelope, EnvelopeItem, EnvelopeStep, ListMember, list_of};
use super::event::{Event, FieldSet, FieldSpans};
use super::json::{JsonError, JsonText};
use super::record::{Record, RecordClassifier};
use super::recovery;
use super::structure::{SimdLevel, Structure};

/// Buffers for a text nested in another.
#[derive(Debug)]
pub(super) struct NestedText {
    pub(super) structure: Structure,
    pub(super) spans: FieldSpans,
}

impl NestedText {
    pub(super) fn new(simd: SimdLevel) -> NestedText {
        NestedText { structure: Structure::with(simd), spans: FieldSpans::default() }
    }
}

/// State shared by all texts of one file, nested ones included.
pub(super) struct EventVisitor<'d> {
    pub(super) fields: &'d FieldSet,
    pub(super) classifier: &'d RecordClassifier,
    pub(super) findings: &'d mut Findings,
    /// See [`Decoder::restrict_to`](super::Decoder::restrict_to). Offsets before the current record
    /// are already removed.
    pub(super) wanted: &'d mut Option<vec::IntoIter<usize>>,
    /// Unused buffers for nested texts.
    pub(super) spare: &'d mut Vec<NestedText>,
    pub(super) simd: SimdLevel,
    /// Byte offset of the window in the file.
    pub(super) start: u64,
    /// For a nested text, the file offset of the record that contains it.
    pub(super) within: Option<u64>,
    /// Offset of the error in a record whose end is unknown.
    pub(super) unbalanced: Option<usize>,
}

/// How a walk ended.
pub(super) struct WalkEnd {
    /// Number of bytes that are done with.
    pub(super) consumed: usize,
    /// The error that stopped the walk.
    pub(super) broken: Option<JsonError>,
    /// Whether the rest has to be indexed again, since the bitmaps are wrong from here
    /// on.
    pub(super) needs_reindex: bool,
    /// Breaks if the caller of the visitor stopped early.
    pub(super) flow: ControlFlow<()>,
}

/// Where the walk continues after an item.
enum WalkAction {
    /// At this offset, after the item.
    After(usize),
    /// At the list that starts at this offset.
    Into(usize),
}

impl EventVisitor<'_> {
    /// Walks a text from its start.
    #[inline(always)]
    pub(super) fn walk<F>(
        &mut self,
        text: &JsonText<'_>,
        envelope: &mut Envelope,
        spans: &mut FieldSpans,
        each: &mut F,
    ) -> WalkEnd
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        let mut at = 0;
        let ended =
            |consumed, broken| WalkEnd { consumed, broken, needs_reindex: false, flow: ControlFlow::Continue(()) };
        let reindex = |consumed| WalkEnd { needs_reindex: true, ..ended(consumed, None) };
        loop {
            let before = *envelope;
            let item = match envelope.step(text, at) {
                // What is stepped over can have swallowed lines, like a record. A list after
                // these is not entered.
                Ok(EnvelopeStep::Advance(next)) if self.swallows_start_of_line(text, at, next, envelope) => {
                    *envelope = before;
                    return ended(at, Some(JsonError::EndsEarly));
                }
                Ok(EnvelopeStep::Advance(next)) => {
                    at = next;
                    continue;
                }
                Ok(EnvelopeStep::Reindex(next)) => return reindex(next),
                Ok(EnvelopeStep::Item(EnvelopeItem::String { end, .. }))
                    if self.swallows_start_of_line(text, at, end, envelope) =>
                {
                    *envelope = before;
                    return ended(at, Some(JsonError::EndsEarly));
                }
                Ok(EnvelopeStep::Item(item)) => item,
                Ok(EnvelopeStep::End) => return ended(at, None),
                Err(broken) => match self.leave_list(text, at, broken, envelope) {
                    Ok(end) => {
                        at = end;
                        continue;
                    }
                    Err(broken) => return ended(at, Some(broken)),
                },
            };
            let visited = match item {
                EnvelopeItem::Object(start) => self.object(text, start, envelope, spans, each),
                other => self.other(text, other, each),
            };
            match visited {
                Ok(ControlFlow::Continue(WalkAction::After(end))) => at = end,
                Ok(ControlFlow::Continue(WalkAction::Into(start))) => {
                    at = envelope.enter(start);
                    continue;
                }
                Ok(ControlFlow::Break(())) => {
                    return WalkEnd { flow: ControlFlow::Break(()), ..ended(at, None) };
                }
                Err(broken) => return ended(at, Some(broken)),
            }
            envelope.pass();
            // Quotes in a plain text line have confused the bitmaps of what follows.
            if matches!(item, EnvelopeItem::Line { .. }) {
                return reindex(at);
            }
        }
    }
}

impl EventVisitor<'_> {
    /// Visits the object at `at`.
    #[inline(always)]
    fn object<F>(
        &mut self,
        text: &JsonText<'_>,
        at: usize,
        envelope: &Envelope,
        spans: &mut FieldSpans,
        each: &mut F,
    ) -> Result<ControlFlow<(), WalkAction>, JsonError>
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        if let Some(end) = self.unwanted(text, at) {
            self.findings.records += 1;
            self.findings.ruled_out += 1;
            return Ok(ControlFlow::Continue(WalkAction::After(end)));
        }
        let end = match spans.read(text, at, self.fields) {
            Ok(end) => end,
            Err(broken) => return self.unread(text, at, broken, envelope).map(ControlFlow::Continue),
        };
        self.classifier.complete(spans, text, at, end);
        let object = Event::new(text, spans, at, end);
        let list = self.classifier.list(&object, text, at);
        if let ListMember::At(start) = list
            && envelope.can_enter()
        {
            return self.enter(text, at, start).map(ControlFlow::Continue);
        }
        // A truncated line can swallow the lines after it and be closed by a bracket in
        // one of them.
        if self.swallows_a_line(text, at, end) {
            return Err(JsonError::EndsEarly);
        }
        if list == ListMember::Control {
            self.findings.is_log = true;
            return Ok(ControlFlow::Continue(WalkAction::After(end)));
        }
        self.findings.records += 1;
        let flow = match self.classifier.classify(&object) {
            Record::Event => {
                self.findings.events += 1;
                each(&object)
            }
            Record::Notification => {
                self.findings.notifications += 1;
                self.findings.non_events += 1;
                ControlFlow::Continue(())
            }
            Record::Detail(detail) => self.strings(&[(detail.raw(), true)], at, each),
            Record::Other => self.message(&object, at, each),
        };
        Ok(flow.map_continue(|()| WalkAction::After(end)))
    }

    /// Enters the list at `start` of the object at `at`, unless what precedes it has swallowed
    /// lines.
    #[inline(never)]
    fn enter(&mut self, text: &JsonText<'_>, at: usize, start: usize) -> Result<WalkAction, JsonError> {
        if self.swallows_a_line(text, at, start) { Err(JsonError::EndsEarly) } else { Ok(WalkAction::Into(start)) }
    }

    /// Decides where to resume at an object that cannot be read: in its list if one
    /// starts before the error, or after the object if its end is known.
    #[cold]
    #[inline(never)]
    fn unread(
        &mut self,
        text: &JsonText<'_>,
        at: usize,
        broken: JsonError,
        envelope: &Envelope,
    ) -> Result<WalkAction, JsonError> {
        // Events before the error are kept. In a smaller window, which ends before the error,
        // they are read as well.
        if let (Ok(ListMember::At(start)), true) = (list_of(text, at), envelope.can_enter()) {
            return self.enter(text, at, start);
        }
        let JsonError::Malformed(place) = broken else { return Err(JsonError::EndsEarly) };
        let end = text.value_end(at).ok();
        let span = end.map(|end| &text.bytes()[at..end]);
        match (end, span) {
            (Some(end), Some(span)) if self.within.is_some() || !self.has_whole_line(span, true) => {
                self.findings.records += 1;
                let is_keyless = !text.bytes()[at..place].contains(&b'"');
                let place = self.place(place);
                self.findings.note_malformed(place, is_keyless);
                Ok(WalkAction::After(end))
            }
            _ => {
                // Of a nested text, the offset says nothing about the text around it.
                if self.within.is_none() {
                    self.unbalanced = Some(place);
                }
                Err(JsonError::EndsEarly)
            }
        }
    }

    /// Leaves a list that cannot be read further and is part of a record. Returns the offset
    /// after it, if that is known. The records after it are those that a search finds too.
    #[cold]
    #[inline(never)]
    fn leave_list(
        &mut self,
        text: &JsonText<'_>,
        at: usize,
        broken: JsonError,
        envelope: &mut Envelope,
    ) -> Result<usize, JsonError> {
        let JsonError::Malformed(place) = broken else { return Err(broken) };
        if self.within.is_some() || !envelope.is_nested() {
            return Err(broken);
        }
        let end = text.enclosing_end(at);
        let has_whole_line = self.has_whole_line(&text.bytes()[at..end.unwrap_or(text.bytes().len())], true);
        match end {
            Ok(end) if !has_whole_line => {
                self.findings.note_cut_list(self.start + place as u64);
                envelope.leave();
                Ok(end)
            }
            Err(ends_early) if !has_whole_line && !envelope.is_last => Err(ends_early),
            _ => Err(broken),
        }
    }

    /// Whether the text of a file between two offsets contains a line that is not part of it.
    #[inline(always)]
    fn swallows_a_line(&mut self, text: &JsonText<'_>, start: usize, end: usize) -> bool {
        !text.is_one_line() && self.within.is_none() && self.has_whole_line(&text.bytes()[start..end], false)
    }

    /// Whether the text of a file between two offsets contains the start of a line that is not
    /// part of it: a string ends at the first quote of such a line. Where the line may go on,
    /// more text has to be seen.
    #[inline(always)]
    fn swallows_start_of_line(&mut self, text: &JsonText<'_>, at: usize, end: usize, envelope: &Envelope) -> bool {
        !text.is_one_line() && self.within.is_none() && self.has_start_of_line(text, at, end, envelope.is_last)
    }

    #[inline(never)]
    fn has_start_of_line(&mut self, text: &JsonText<'_>, at: usize, end: usize, is_last: bool) -> bool {
        let bytes = text.bytes();
        let Some(first) = recovery::next_line(&bytes[..end], recovery::start_of_item(bytes, at).min(end)) else {
            return false;
        };
        let mut level = self.spare.pop().unwrap_or_else(|| NestedText::new(self.simd));
        let found = recovery::complete_line(bytes, first, end, is_last, false, &mut level.structure);
        self.spare.push(level);
        found.is_some()
    }

    /// Whether an object contains a line that is not part of it. `is_malformed` means that
    /// the object is known to be malformed.
    #[inline(always)]
    fn has_whole_line(&mut self, object: &[u8], is_malformed: bool) -> bool {
        match recovery::next_line(object, 0) {
            Some(second) => self.has_whole_line_from(second, object, is_malformed),
            None => false,
        }
    }

    #[cold]
    #[inline(never)]
    fn has_whole_line_from(&mut self, second: usize, object: &[u8], is_malformed: bool) -> bool {
        let mut level = self.spare.pop().unwrap_or_else(|| NestedText::new(self.simd));
        let found = recovery::line_to_resume(object, second, false, is_malformed, &mut level.structure);
        self.spare.push(level);
        found.is_some()
    }

    /// Visits an item that is not an object.
    #[inline(never)]
    fn other<F>(
        &mut self,
        text: &JsonText<'_>,
        item: EnvelopeItem,
        each: &mut F,
    ) -> Result<ControlFlow<(), WalkAction>, JsonError>
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        self.findings.records += 1;
        let (end, flow) = match item {
            // Objects are visited by `object`.
            EnvelopeItem::Object(start) => (start, ControlFlow::Continue(())),
            EnvelopeItem::String { start, end } => {
                (end, self.strings(&[(&text.bytes()[start..end], false)], start, each))
            }
            EnvelopeItem::Line { end } => {
                self.findings.non_events += 1;
                self.findings.text_lines += 1;
                (end, ControlFlow::Continue(()))
            }
            EnvelopeItem::Other { end } => {
                self.findings.non_events += 1;
                (end, ControlFlow::Continue(()))
            }
        };
        Ok(flow.map_continue(|()| WalkAction::After(end)))
    }

    /// The file offset of the record at `at`; for a nested text, that of the record
    /// that contains it.
    pub(super) fn place(&self, at: usize) -> u64 {
        self.within.unwrap_or(self.start + at as u64)
    }

    /// Returns the offset after the record at `at` if it need not be decoded. Records without an
    /// end and records of several lines are always decoded: they may have swallowed lines, and a
    /// run with a search must resume where a run without one does.
    #[inline(always)]
    fn unwanted(&mut self, text: &JsonText<'_>, at: usize) -> Option<usize> {
        let wanted = self.wanted.as_mut()?;
        let end = text.value_end(at).ok()?;
        if !text.is_one_line() && recovery::next_line(&text.bytes()[at..end], 0).is_some() {
            return None;
        }
        let (first, last) = (self.start as usize + at, self.start as usize + end);
        while wanted.as_slice().first().is_some_and(|place| *place < first) {
            wanted.next();
        }
        let is_wanted = wanted.as_slice().first().is_some_and(|place| *place < last);
        (!is_wanted).then_some(end)
    }
}
