//! Recognises rows of events that were written before.

use crate::decode::event::Event;
use crate::error::Error;
use crate::report::Coverage;
use crate::spill::dedupe::{IdHash, IdReader, SeenIds};

/// Identifies the event of a row, to recognise duplicates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::command) enum EventIdentity {
    /// The hash of its id.
    Id(IdHash),
    /// The event has no id.
    WithoutId,
    /// The same event as the row before.
    SameEvent,
}

impl EventIdentity {
    /// The identity of an event's first row, or of a later one; `None` if duplicates
    /// are not removed.
    pub(in crate::command) fn of(ids: Option<&IdReader>, event: &Event<'_>, is_first: bool) -> Option<EventIdentity> {
        let id = |ids: &IdReader| ids.id(event).map_or(EventIdentity::WithoutId, EventIdentity::Id);
        ids.map(|ids| if is_first { id(ids) } else { EventIdentity::SameEvent })
    }
}

/// Omits the rows of events that were written before.
#[derive(Debug, Default)]
pub(in crate::command) struct DuplicateFilter {
    /// `None` keeps all rows.
    seen: Option<SeenIds>,
    /// Whether the last event is a duplicate, so that all its rows are omitted.
    is_omitted: bool,
}

impl DuplicateFilter {
    /// Creates a filter that keeps all rows unless `is_wanted`.
    pub(in crate::command) fn new(is_wanted: bool) -> DuplicateFilter {
        DuplicateFilter { seen: is_wanted.then(SeenIds::default), is_omitted: false }
    }

    /// Whether it can omit rows.
    pub(in crate::command) fn is_active(&self) -> bool {
        self.seen.is_some()
    }

    /// Sets for each of these rows whether it is kept. That is faster than one by one.
    pub(in crate::command) fn keep_all(
        &mut self,
        ids: &[EventIdentity],
        kept: &mut Vec<bool>,
        coverage: &mut Coverage,
    ) -> Result<(), Error> {
        /// The slots of this number of ids, and the pages that they are on, stay in the fastest
        /// caches until the ids are inserted.
        const GROUP: usize = 32;
        let hash = |id: &EventIdentity| match id {
            EventIdentity::Id(id) => Some(*id),
            EventIdentity::WithoutId | EventIdentity::SameEvent => None,
        };
        kept.clear();
        for group in ids.chunks(GROUP) {
            if let Some(seen) = &self.seen {
                seen.prefetch(group.iter().filter_map(hash));
            }
            for id in group {
                kept.push(self.keeps(*id, coverage)?);
            }
        }
        Ok(())
    }

    /// Whether a row is kept. Events without an id are never duplicates.
    pub(in crate::command) fn keeps(&mut self, id: EventIdentity, coverage: &mut Coverage) -> Result<bool, Error> {
        if id != EventIdentity::SameEvent {
            self.is_omitted = match (&mut self.seen, id) {
                (Some(seen), EventIdentity::Id(id)) => !seen.insert(id)?,
                _ => false,
            };
            coverage.duplicates += u64::from(self.is_omitted);
        }
        Ok(!self.is_omitted)
    }
}
