//! Reads the events of a timeline on all threads, and sorts them by time.

use std::fmt::Display;
use std::ops::ControlFlow;

use rayon::ThreadPool;

use super::columns::TimelineColumns;
use super::event::{ActorFields, TimelineReader};
use super::fold::{RunFold, each_row};
use super::request::TimelineRequest;
use crate::cloudtrail::actor::{ActorReader, PortableCallerReader};
use crate::command::event_rows::event_identity::{DuplicateFilter, EventIdentity};
use crate::decode::event::FieldSet;
use crate::engine::consumer::{Consumer, EventWorker, MatchedEvent, Part};
use crate::engine::part_writer::PartWriter;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::sink::table_writer::TableWriter;
use crate::spill::dedupe::IdReader;
use crate::spill::scratch::from_json;
use crate::spill::sort::ExternalSorter;

/// What is kept of some events, each with the key by which it is sorted. Events of a part file
/// have their caller instead of the key, or nothing if no actors are shown.
#[derive(Debug, Default)]
pub(super) struct TimelinePart {
    bytes: Vec<u8>,
    /// The ends of the key and of the row of each event.
    ends: Vec<[usize; 2]>,
    /// The ids of the events, if duplicates are left out.
    ids: Vec<EventIdentity>,
}

/// An event of a part.
pub(super) struct TimelineRow<'a> {
    /// The key, or the caller.
    pub(super) key: &'a [u8],
    pub(super) row: &'a [u8],
    /// Its id, if duplicates are left out.
    pub(super) id: EventIdentity,
}

impl TimelinePart {
    /// Calls `each` for every event.
    pub(super) fn each(&self, mut each: impl FnMut(TimelineRow<'_>) -> Result<(), Error>) -> Result<(), Error> {
        let mut start = 0;
        for (at, [key_end, end]) in self.ends.iter().copied().enumerate() {
            let id = self.ids.get(at).copied().unwrap_or(EventIdentity::WithoutId);
            each(TimelineRow { key: &self.bytes[start..key_end], row: &self.bytes[key_end..end], id })?;
            start = end;
        }
        Ok(())
    }
}

impl Part for TimelinePart {
    type Checkpoint = (usize, usize);

    fn count(&self) -> u64 {
        self.ends.len() as u64
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }

    fn checkpoint(&self) -> (usize, usize) {
        (self.bytes.len(), self.ends.len())
    }

    fn count_at((_, events): &(usize, usize)) -> u64 {
        *events as u64
    }

    fn roll_back_to(&mut self, (bytes, events): &(usize, usize)) {
        self.bytes.truncate(*bytes);
        self.ends.truncate(*events);
        self.ids.truncate(*events);
    }

    fn clear(&mut self) {
        /// Larger than a usual part.
        const MAX_KEPT: usize = 2 << 20;
        self.roll_back_to(&(0, 0));
        self.bytes.shrink_to(MAX_KEPT);
    }
}

/// Reads the events of one thread.
#[derive(Clone)]
pub(super) struct TimelineWorker {
    reader: TimelineReader,
    /// Reads event ids, if duplicates are left out.
    ids: Option<IdReader>,
    is_for_part: bool,
}

impl TimelineWorker {
    /// A worker for a timeline, or for a part of one.
    pub(super) fn new(
        columns: &TimelineColumns,
        request: &TimelineRequest,
        fields: &mut FieldSet,
    ) -> Result<TimelineWorker, Error> {
        let is_for_part = request.partial.is_some();
        let new_ids = if is_for_part { IdReader::for_parts } else { IdReader::new };
        let ids = if request.dedupe { Some(new_ids(fields)?) } else { None };
        let actors = match columns.shows_actors() {
            false => ActorFields::None,
            true if is_for_part => ActorFields::Portable(PortableCallerReader::new(fields)?),
            true => ActorFields::Resolved(ActorReader::new(fields)?),
        };
        let of_address = columns.of_address(&request.reading.filter)?;
        Ok(TimelineWorker { reader: TimelineReader::new(actors, of_address, fields)?, ids, is_for_part })
    }

    /// The reader of actors, if they are shown.
    pub(super) fn actor_reader(&mut self) -> Option<&mut ActorReader> {
        self.reader.actor_reader()
    }
}

impl EventWorker for TimelineWorker {
    type Part = TimelinePart;

    fn event(&mut self, matched: &MatchedEvent<'_>, out: &mut PartWriter<'_, TimelinePart>) -> ControlFlow<()> {
        let event = self.reader.read(matched.event);
        let caller = self.reader.portable_caller(matched.event);
        let part = out.part();
        let mut written = caller.map_or(Ok(()), |caller| serde_json::to_writer(&mut part.bytes, &caller));
        if !self.is_for_part {
            event.sort_key(&mut part.bytes);
        }
        let key_end = part.bytes.len();
        written = written.and_then(|()| serde_json::to_writer(&mut part.bytes, &event));
        // Strings and numbers in memory can always be written as JSON.
        if written.is_err() {
            part.bytes.truncate(part.ends.last().map_or(0, |[_, end]| *end));
            return ControlFlow::Continue(());
        }
        part.ends.push([key_end, part.bytes.len()]);
        part.ids.extend(EventIdentity::of(self.ids.as_ref(), matched.event, true));
        out.added(1)
    }
}

/// Sorts the events of all threads.
pub(super) struct TimelineMerge<'a> {
    sorter: ExternalSorter,
    duplicates: DuplicateFilter,
    table: &'a mut TableWriter,
}

impl<'a> TimelineMerge<'a> {
    pub(super) fn new(table: &'a mut TableWriter, dedupe: bool) -> TimelineMerge<'a> {
        TimelineMerge { sorter: ExternalSorter::new(None), duplicates: DuplicateFilter::new(dedupe), table }
    }

    /// Takes the next event in the order of the inputs.
    pub(super) fn take(&mut self, event: &TimelineRow<'_>, coverage: &mut Coverage) -> Result<(), Error> {
        if self.duplicates.keeps(event.id, coverage)? {
            self.sorter.push(event.key, event.row)?;
            coverage.rows += 1;
        }
        Ok(())
    }

    /// Records a problem with an input.
    pub(super) fn add_problem(&mut self, problem: &str) {
        self.table.problem(&problem);
    }

    /// Writes the first `limit` rows, after all events were merged. Counts the events of
    /// the others in `coverage`.
    pub(super) fn write(
        self,
        columns: &TimelineColumns,
        limit: Option<u64>,
        coverage: &mut Coverage,
        stop: &Cancellation,
    ) -> Result<(), Error> {
        let mut fold = RunFold::new();
        each_row(self.sorter, stop, |row| fold.add(from_json(row)?))?;
        let mut rows = 0;
        fold.finish(stop, |run| {
            rows += 1;
            if limit.is_some_and(|limit| rows > limit) {
                coverage.unwritten += run.events;
                return Ok(());
            }
            columns.write(run, self.table)
        })
    }
}

impl Consumer for TimelineMerge<'_> {
    type Part = TimelinePart;
    type Worker = TimelineWorker;

    fn merge(
        &mut self,
        part: &mut TimelinePart,
        coverage: &mut Coverage,
        _pool: &ThreadPool,
    ) -> Result<ControlFlow<()>, Error> {
        part.each(|event| self.take(&event, coverage))?;
        Ok(ControlFlow::Continue(()))
    }

    fn problem(&mut self, problem: &dyn Display) {
        self.table.problem(problem);
    }
}
