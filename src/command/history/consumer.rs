//! Finds the events that changed resources, and sorts what they changed by account, region and
//! time.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::ControlFlow;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use rayon::ThreadPool;

use super::activity::{Activity, ActivityReader, CoveredTime};
use super::change_log::ChangeLog;
use crate::cloudtrail::field::Field;
use crate::cloudtrail::history::change::{ChangeEvent, ResourceScope};
use crate::cloudtrail::history::reader;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::engine::consumer::{Consumer, EventWorker, MatchedEvent, Part};
use crate::engine::part_writer::PartWriter;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::spill::sort::ExternalSorter;

/// Events are at most a quarter of this; the values of a longer one would take much more
/// memory than its text.
const MAX_EVENT: usize = 1 << 20;

/// The changes of some events, with the keys by which they are sorted.
#[derive(Debug, Default)]
pub(super) struct ChangePart {
    bytes: Vec<u8>,
    /// The ends of the key and of the change of each event.
    ends: Vec<[usize; 2]>,
    /// The file of each event that was too long to be read.
    too_long: Vec<String>,
}

impl ChangePart {
    /// Calls `each` with the key and the changes of every event.
    pub(super) fn each(&self, mut each: impl FnMut(&[u8], &[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let mut start = 0;
        for [key_end, end] in &self.ends {
            each(&self.bytes[start..*key_end], &self.bytes[*key_end..*end])?;
            start = *end;
        }
        Ok(())
    }

    /// Counts the events that were too long to be read, by file.
    pub(super) fn count_too_long(&mut self, counts: &mut BTreeMap<String, u64>) {
        self.too_long.drain(..).for_each(|file| *counts.entry(file).or_default() += 1);
    }
}

impl Part for ChangePart {
    type Checkpoint = (usize, usize, usize);

    fn count(&self) -> u64 {
        self.ends.len() as u64
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }

    fn checkpoint(&self) -> Self::Checkpoint {
        (self.bytes.len(), self.ends.len(), self.too_long.len())
    }

    fn count_at((_, events, _): &Self::Checkpoint) -> u64 {
        *events as u64
    }

    fn roll_back_to(&mut self, (bytes, events, too_long): &Self::Checkpoint) {
        self.bytes.truncate(*bytes);
        self.ends.truncate(*events);
        self.too_long.truncate(*too_long);
    }

    fn clear(&mut self) {
        self.roll_back_to(&(0, 0, 0));
        self.bytes.shrink_to(1 << 20);
    }
}

/// Reads the changes of the events of one thread.
#[derive(Clone)]
pub(super) struct ChangeWorker {
    /// The names of the events that can have changed a resource. Whatever their source: the
    /// reader decides.
    names: HashSet<&'static [u8], FixedState>,
    activity: ActivityReader,
    user: Field,
    time: FieldId,
    name: FieldId,
    id: FieldId,
}

impl ChangeWorker {
    pub(super) fn new(fields: &mut FieldSet) -> Result<ChangeWorker, Error> {
        let names = reader::EVENT_NAMES.iter().flat_map(|(_, names)| names.iter().map(|name| name.as_bytes()));
        Ok(ChangeWorker {
            names: names.collect(),
            activity: ActivityReader::new(fields)?,
            user: Field::parse("userName", fields).map_err(Error::usage)?,
            time: fields.add("eventTime")?,
            name: fields.add("eventName")?,
            id: fields.add("eventID")?,
        })
    }

    /// What all its events cover.
    pub(super) fn into_activity(self) -> Activity {
        self.activity.finish()
    }

    /// Whether the event can have changed a resource, by its name.
    fn is_candidate(&self, event: &Event<'_>) -> bool {
        let Some(name) = event.get(self.name).and_then(|name| name.raw_string()) else { return false };
        // A name with an escape is too rare to be looked up.
        self.names.contains(name) || name.contains(&b'\\')
    }

    /// What the event changed; `None` if it changed nothing.
    fn changes(&mut self, event: &Event<'_>) -> Option<ChangeEvent> {
        let value = serde_json::from_slice(event.value().raw()).ok()?;
        let changes = reader::changes(&value);
        if changes.is_empty() {
            return None;
        }
        let text = |field| event.get(field).and_then(|value| value.string()).map_or(String::new(), |text| text.into());
        let mut actor = String::new();
        self.user.each(event, |name| actor = name.to_string());
        Some(ChangeEvent {
            time: time::of_value(event.get(self.time)?)?,
            id: text(self.id),
            name: text(self.name),
            scope: self.activity.scope(event),
            actor,
            changes,
            is_snapshot: false,
        })
    }
}

impl EventWorker for ChangeWorker {
    type Part = ChangePart;

    fn event(&mut self, matched: &MatchedEvent<'_>, out: &mut PartWriter<'_, ChangePart>) -> ControlFlow<()> {
        let event = matched.event;
        self.activity.note(event);
        if !self.is_candidate(event) {
            return ControlFlow::Continue(());
        }
        if event.value().raw().len() > MAX_EVENT {
            out.part().too_long.push(matched.file.to_string());
            return ControlFlow::Continue(());
        }
        let Some(change) = self.changes(event) else { return ControlFlow::Continue(()) };
        let part = out.part();
        sort_key(&change, &mut part.bytes);
        let key_end = part.bytes.len();
        if serde_json::to_writer(&mut part.bytes, &change).is_err() {
            part.bytes.truncate(part.ends.last().map_or(0, |[_, end]| *end));
            return ControlFlow::Continue(());
        }
        part.ends.push([key_end, part.bytes.len()]);
        out.added(1)
    }
}

/// Appends the key by which events are sorted: the account and region, whose resources have
/// nothing to do with others, then the time, then causes before effects, then the id, which means
/// nothing but is the same in every run.
fn sort_key(event: &ChangeEvent, key: &mut Vec<u8>) {
    for text in [&event.scope.account, &event.scope.region] {
        // With the length in front, no text is the start of another.
        key.extend_from_slice(&(text.len() as u32).to_be_bytes());
        key.extend_from_slice(text.as_bytes());
    }
    key.extend_from_slice(&time::order_bytes(event.time));
    // A snapshot of the same second shows the effects of all events.
    key.push(if event.is_snapshot { u8::MAX } else { reader::rank(&event.name) });
    key.extend_from_slice(event.id.as_bytes());
}

/// Sorts the changes of all threads.
pub(super) struct ChangeMerge {
    sorter: ExternalSorter,
    activity: Activity,
    /// The number of events that were too long to be read, by file.
    too_long: BTreeMap<String, u64>,
}

impl ChangeMerge {
    pub(super) fn new() -> ChangeMerge {
        ChangeMerge { sorter: ExternalSorter::new(None), activity: Activity::default(), too_long: BTreeMap::new() }
    }

    /// Adds the changes of an event as JSON, with the key by which they are sorted.
    pub(super) fn push(&mut self, key: &[u8], change: &[u8]) -> Result<(), Error> {
        self.sorter.push(key, change)
    }

    /// Adds what the events of another run cover in an account and region.
    pub(super) fn add_activity(&mut self, scope: ResourceScope, time: CoveredTime) {
        self.activity.add_time(scope, time);
    }

    /// Adds the number of events of a file that were too long to be read.
    pub(super) fn add_too_long(&mut self, file: String, events: u64) {
        *self.too_long.entry(file).or_default() += events;
    }

    /// Adds what a snapshot says.
    pub(super) fn add(&mut self, change: &ChangeEvent) -> Result<(), Error> {
        let mut key = Vec::new();
        sort_key(change, &mut key);
        let row = serde_json::to_vec(change).map_err(|error| Error::Failed(error.to_string()))?;
        self.sorter.push(&key, &row)
    }

    /// The files with events that were too long to be read, and the number of these events.
    pub(super) fn too_long(&self) -> impl Iterator<Item = (&str, u64)> {
        self.too_long.iter().map(|(file, count)| (file.as_str(), *count))
    }

    /// The changes in the order of their keys, without duplicates, and what the events cover.
    pub(super) fn finish(self, stop: &Cancellation) -> Result<(ChangeLog, Activity), Error> {
        let mut log = ChangeLog::new(stop)?;
        let mut last: Option<Vec<u8>> = None;
        self.sorter.each_row(|row| {
            if stop.is_interrupted() {
                return Err(Error::Interrupted);
            }
            // The copies of an event are next to each other.
            if last.as_deref() != Some(row) {
                log.append(row)?;
                last = Some(row.to_vec());
            }
            Ok(())
        })?;
        log.seal()?;
        Ok((log, self.activity))
    }
}

impl Consumer for ChangeMerge {
    type Part = ChangePart;
    type Worker = ChangeWorker;

    fn merge(
        &mut self,
        part: &mut ChangePart,
        coverage: &mut Coverage,
        _pool: &ThreadPool,
    ) -> Result<ControlFlow<()>, Error> {
        part.each(|key, change| self.push(key, change))?;
        part.count_too_long(&mut self.too_long);
        coverage.rows += part.count();
        Ok(ControlFlow::Continue(()))
    }

    fn end_worker(&mut self, worker: ChangeWorker) {
        self.activity.merge(worker.into_activity());
    }

    fn problem(&mut self, _problem: &dyn Display) {}
}
