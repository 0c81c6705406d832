//! Writes the events of a timeline as a part, to be joined with those of other files.
//!
//! ```text
//!  section "grants"      who began which session, of each fact a record
//!  section "events"      of each event a record
//!  section "first pass"  what was read for the grants, one record
//! ```
//!
//! Who began a session can be in another part. So a part has its events without their actors but
//! with what is known of their callers, and the facts that resolve callers of any part. A record
//! of an event is
//!
//! ```text
//! flags 1 │ id 12, if there is one │ length of the caller 4 │ caller │ event
//! ```
//!
//! Callers, events and facts are JSON. Without actors, there are neither facts nor callers. All
//! records are in the order of the files, which decides which one of several equal events counts.

use std::ops::ControlFlow;

use rayon::ThreadPool;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TimelineReaders;
use super::args::TimelineRowArgs;
use super::consumer::{TimelinePart, TimelineRow, TimelineWorker};
use super::request::{TimelineRequest, layout};
use crate::cli::partial::zone_name;
use crate::cli::table::FormatArgs;
use crate::command::Context;
use crate::command::actor_pass::{ActorPass, add_first_pass};
use crate::command::event_rows::event_identity::{DuplicateFilter, EventIdentity};
use crate::command::merge::MergeRun;
use crate::engine::PreparedRun;
use crate::engine::consumer::Consumer;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{Coverage, Report};
use crate::sink::part_file::{PartFileWriter, PartHeader, ReadFiles};
use crate::spill::dedupe::IdHash;
use crate::syntax::glob::split_list;
use crate::table::layout::TableLayout;

/// Section of the facts about who began which session.
pub(super) const GRANTS: &str = "grants";
/// Section of the events.
pub(super) const EVENTS: &str = "events";
/// Section of what was read for the facts.
pub(super) const FIRST_PASS: &str = "first pass";

/// The event has an id.
const HAS_ID: u8 = 1;
/// The event is left out, because an earlier one has its id. Only its caller is there: whether
/// the start of its session is known is counted all the same.
const IS_DUPLICATE: u8 = 2;

/// How the rows of parts are written, for the merge.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct TimelineForm {
    columns: Vec<String>,
    format: FormatArgs,
    pub(super) dedupe: bool,
    pub(super) limit: Option<u64>,
}

impl TimelineForm {
    /// The form of the rows that were asked for. Returns an error for a time zone without a name.
    pub(super) fn new(rows: &TimelineRowArgs) -> Result<TimelineForm, Error> {
        let time_zone = Some(zone_name(&rows.format.zone()?)?);
        let format = FormatArgs { output: None, time_zone, ..rows.format.clone() };
        Ok(TimelineForm { columns: split_list(&rows.columns), format, dedupe: rows.dedupe, limit: rows.limit })
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    pub(super) fn from_json(details: &Value) -> Result<TimelineForm, Error> {
        TimelineForm::deserialize(details).map_err(|error| Error::Failed(format!("the parts are not valid: {error}")))
    }

    /// The layout of the rows of a merge.
    pub(super) fn layout(&self, run: &MergeRun<'_>) -> Result<TableLayout, Error> {
        let format = FormatArgs { output: run.output.map(Into::into), ..self.format.clone() };
        let context = Context { settings: Default::default(), ..run.context.clone() };
        layout(&format, self.columns.clone(), format.zone()?, &context)
    }
}

/// Reads the events and writes a part.
pub(super) fn write_part(
    request: &TimelineRequest,
    form: &TimelineForm,
    (header, files): (&PartHeader, &ReadFiles),
    report: &Report,
    stop: &Cancellation,
) -> Result<Coverage, Error> {
    const CONDITIONS: &str =
        " cannot be combined with conditions on actors: who began a session can be in another part";
    let TimelineReaders { fields, mut selector, columns, worker } = TimelineReaders::new(request)?;
    let mut has_conditions = false;
    selector.each_actor_reader(&mut |_| has_conditions = true);
    if has_conditions {
        return Err(Error::about("--partial", CONDITIONS));
    }
    let path = request.partial.as_deref().unwrap_or("-".as_ref());
    let mut writer = PartFileWriter::create(path, &PartHeader { details: form.to_json(), ..header.clone() })?;
    writer.section(GRANTS)?;
    let (reading, first) = match columns.shows_actors() {
        false => (request.reading.clone(), None),
        true => {
            let mut add = |fact: &_| writer.json(fact);
            let pass = ActorPass::run_for_part(&request.reading, &mut add, report, stop)?;
            (pass.reading, Some(pass.coverage))
        }
    };
    let prepared = PreparedRun::new(&reading, report, stop)?;
    writer.section(EVENTS)?;
    let mut merge = TimelinePartMerge { writer: &mut writer, duplicates: DuplicateFilter::new(request.dedupe) };
    let mut coverage = prepared.consume(&selector, vec![worker; reading.threads], &fields, None, &mut merge)?;
    report.clear();
    writer.section(FIRST_PASS)?;
    first.iter().try_for_each(|first| writer.json(first))?;
    writer.conclude(files, &coverage)?;
    if let Some(first) = first {
        add_first_pass(&first, &mut coverage, report);
    }
    Ok(coverage)
}

/// Writes the events of all workers as records.
struct TimelinePartMerge<'a> {
    writer: &'a mut PartFileWriter,
    duplicates: DuplicateFilter,
}

impl TimelinePartMerge<'_> {
    fn take(&mut self, event: &TimelineRow<'_>, coverage: &mut Coverage) -> Result<(), Error> {
        let is_kept = self.duplicates.keeps(event.id, coverage)?;
        coverage.rows += u64::from(is_kept);
        let (flags, id, row) = match &event.id {
            _ if !is_kept && event.key.is_empty() => return Ok(()),
            _ if !is_kept => (IS_DUPLICATE, &[][..], &[][..]),
            EventIdentity::Id(id) => (HAS_ID, &id[..], event.row),
            _ => (0, &[][..], event.row),
        };
        self.writer.record_of(&[&[flags], id, &(event.key.len() as u32).to_le_bytes(), event.key, row])
    }
}

impl Consumer for TimelinePartMerge<'_> {
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
}

/// An event of a part.
pub(super) struct StoredEvent<'a> {
    pub(super) id: EventIdentity,
    /// The caller as JSON; empty if no actors are shown.
    pub(super) caller: &'a [u8],
    /// The event as JSON; `None` if it is left out.
    pub(super) event: Option<&'a [u8]>,
}

impl<'a> StoredEvent<'a> {
    /// Parses a record; `None` if it is not valid.
    pub(super) fn parse(record: &'a [u8]) -> Option<StoredEvent<'a>> {
        let (flags, mut rest) = record.split_first()?;
        let mut id = EventIdentity::WithoutId;
        if flags & HAS_ID != 0 {
            let (hash, after) = rest.split_at_checked(size_of::<IdHash>())?;
            (id, rest) = (EventIdentity::Id(hash.try_into().ok()?), after);
        }
        let (length, rest) = rest.split_first_chunk()?;
        let (caller, event) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        Some(StoredEvent { id, caller, event: (flags & IS_DUPLICATE == 0).then_some(event) })
    }
}
