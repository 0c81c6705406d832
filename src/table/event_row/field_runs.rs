//! Finds the parts of an event's text that the values of column groups are made of.
//!
//! The fields of a group often follow each other. Such a run is looked up as one text, from
//! the start of the first value to the end of the last one, with the keys between them. The
//! runs of a group determine its fields, and so its value:
//!
//! - If a field occurs several times, the last occurrence counts. It is in a run of its
//!   group. So among the occurrences in the runs, the last one counts too.
//! - A field that does not occur in the runs of its group is absent.
//! - The field of the first value of a run is part of what is looked up.
//!
//! This does not hold for events that have fields from elsewhere, which are left out.

use crate::decode::event::{Event, FieldId};

/// The runs of an event.
#[derive(Clone, Debug)]
pub(super) struct FieldRuns {
    /// All fields, in the order in which the event before had them.
    order: Vec<GroupField>,
    /// For each group its runs.
    groups: Vec<OriginSpans>,
}

/// A field, and its group; `None` if its value is another one in every event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct GroupField {
    pub(super) field: FieldId,
    pub(super) group: Option<usize>,
}

/// Where a text is that a value is made of, and a number that says what it is.
#[derive(Clone, Copy, Debug, Default)]
struct OriginSpan {
    number: u8,
    start: u32,
    end: u32,
}

/// Where all texts are that a value is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct OriginSpans {
    spans: [OriginSpan; OriginSpans::MAX_TEXTS],
    /// Greater than the most if there are too many texts.
    count: usize,
}

/// What a value is made of: texts, each with a number that says what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    window: &'a [u8],
    spans: &'a [OriginSpan],
}

impl FieldRuns {
    /// `groups` is the number of groups.
    pub(super) fn new(fields: Vec<GroupField>, groups: usize) -> FieldRuns {
        FieldRuns { order: fields, groups: vec![OriginSpans::default(); groups] }
    }

    /// Finds the runs of an event. Returns whether they determine its fields.
    pub(super) fn find(&mut self, event: &Event<'_>) -> bool {
        if event.has_substitutes() {
            return false;
        }
        if !self.are_found(event) {
            self.sort(event);
            return self.are_found(event);
        }
        true
    }

    /// Finds the runs if the fields are in the order of the event before.
    fn are_found(&mut self, event: &Event<'_>) -> bool {
        /// More than a key and the spaces around it. What is between two fields of a run need
        /// not be a key of theirs, but should not be long.
        const BETWEEN: u32 = 48;
        self.groups.iter_mut().for_each(|spans| spans.count = 0);
        let (mut last_end, mut last_group) = (0, None);
        for GroupField { field, group } in &self.order {
            let Some([start, end]) = event.span(*field) else { continue };
            if start < last_end {
                return false;
            }
            if let Some(number) = *group {
                let spans = &mut self.groups[number];
                match *group == last_group && start - last_end <= BETWEEN {
                    true => spans.extend_last(end),
                    false => spans.push(field.number(), [start, end]),
                }
            }
            (last_end, last_group) = (end, *group);
        }
        true
    }

    /// Puts the fields of an event in its order. Absent ones stay where they are, so that
    /// events with other fields are in order too.
    #[cold]
    fn sort(&mut self, event: &Event<'_>) {
        for at in 1..self.order.len() {
            let Some([start, _]) = event.span(self.order[at].field) else { continue };
            let is_later = |other: &GroupField| event.span(other.field).is_some_and(|[other, _]| other > start);
            if let Some(to) = self.order[..at].iter().position(is_later) {
                self.order[to..=at].rotate_right(1);
            }
        }
    }

    /// Adds a field to what the value of a group is made of, if the event has it.
    pub(super) fn add(&mut self, group: usize, field: FieldId, event: &Event<'_>) {
        if let Some(span) = event.span(field) {
            self.groups[group].push(field.number(), span);
        }
    }

    /// What the value of a group is made of; `None` if these are too many texts.
    #[inline]
    pub(super) fn origin<'a>(&'a self, group: usize, event: &Event<'a>) -> Option<Origin<'a>> {
        let OriginSpans { spans, count } = self.groups.get(group)?;
        Some(Origin { window: event.window(), spans: spans.get(..*count)? })
    }
}

impl Default for OriginSpans {
    fn default() -> Self {
        OriginSpans { spans: [OriginSpan::default(); OriginSpans::MAX_TEXTS], count: 0 }
    }
}

impl OriginSpans {
    const MAX_TEXTS: usize = 12;

    /// A whole text.
    pub(super) fn whole(text: &[u8]) -> OriginSpans {
        let mut spans = OriginSpans::default();
        // Longer texts are never looked up.
        spans.push(0, [0, u32::try_from(text.len()).unwrap_or(u32::MAX)]);
        spans
    }

    #[inline]
    pub(super) fn push(&mut self, number: u8, [start, end]: [u32; 2]) {
        if let Some(span) = self.spans.get_mut(self.count) {
            *span = OriginSpan { number, start, end };
        }
        self.count += 1;
    }

    /// Moves the end of the last text.
    #[inline]
    fn extend_last(&mut self, end: u32) {
        if let Some(span) = self.count.checked_sub(1).and_then(|last| self.spans.get_mut(last)) {
            span.end = end;
        }
    }

    /// The origin that has these texts of a window.
    pub(super) fn of<'a>(&'a self, window: &'a [u8]) -> Origin<'a> {
        Origin { window, spans: &self.spans[..self.count.min(OriginSpans::MAX_TEXTS)] }
    }
}

impl<'a> Origin<'a> {
    /// The texts, with their numbers.
    #[inline]
    pub(super) fn texts(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let text = |span: &OriginSpan| self.window.get(span.start as usize..span.end as usize).unwrap_or(&[]);
        self.spans.iter().map(move |span| (span.number, text(span)))
    }
}
