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
    runs: Vec<FieldRun>,
}

/// A field, and its group; `None` if its value is another one in every event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct GroupField {
    pub(super) field: FieldId,
    pub(super) group: Option<usize>,
}

/// Fields of a group that follow each other.
#[derive(Clone, Copy, Debug)]
struct FieldRun {
    first: GroupField,
    start: u32,
    end: u32,
}

/// What a value is made of: texts, each with a number that says what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct OriginTexts<'a> {
    texts: [(u8, &'a [u8]); OriginTexts::MAX_TEXTS],
    count: usize,
}

impl FieldRuns {
    pub(super) fn new(fields: Vec<GroupField>) -> FieldRuns {
        FieldRuns { order: fields, runs: Vec::new() }
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
        self.runs.clear();
        let mut last_end = 0;
        for first in &self.order {
            let Some([start, end]) = event.span(first.field) else { continue };
            if start < last_end {
                return false;
            }
            match self.runs.last_mut() {
                Some(run) if run.first.group == first.group && start - last_end <= BETWEEN => run.end = end,
                _ => self.runs.push(FieldRun { first: *first, start, end }),
            }
            last_end = end;
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

    /// Adds the texts of the runs of a group; `None` if they are too many.
    pub(super) fn push_texts<'a>(&self, group: usize, event: &Event<'a>, texts: &mut OriginTexts<'a>) -> Option<()> {
        for run in &self.runs {
            if run.first.group == Some(group) {
                texts.push(run.first.field.number(), event.text(run.start, run.end))?;
            }
        }
        Some(())
    }
}

impl Default for OriginTexts<'_> {
    fn default() -> Self {
        OriginTexts { texts: [(0, &[]); OriginTexts::MAX_TEXTS], count: 0 }
    }
}

impl<'a> OriginTexts<'a> {
    const MAX_TEXTS: usize = 12;

    /// Adds a text; `None` if there are too many.
    pub(super) fn push(&mut self, number: u8, text: &'a [u8]) -> Option<()> {
        *self.texts.get_mut(self.count)? = (number, text);
        self.count += 1;
        Some(())
    }

    /// The texts, with their numbers.
    pub(super) fn texts(&self) -> &[(u8, &'a [u8])] {
        &self.texts[..self.count]
    }
}
