//! Joins the parts of a timeline into what one run over all their files would have written.

use serde::de::DeserializeOwned;

use super::columns::TimelineColumns;
use super::consumer::{TimelineMerge, TimelineRow};
use super::event::TimelineEvent;
use super::partial::{EVENTS, FIRST_PASS, GRANTS, StoredEvent, TimelineForm};
use crate::cloudtrail::actor::{ActorIndex, ActorIndexBuilder, PortableCaller};
use crate::command::actor_pass::add_first_pass;
use crate::command::merge::{CheckedPart, MergeRun, PartSet};
use crate::error::Error;
use crate::report::Coverage;
use crate::sink::Provenance;
use crate::sink::part_file::PartFileReader;
use crate::sink::table_writer::TableWriter;

/// Joins parts of a timeline.
pub(in crate::command) fn join_parts(run: &MergeRun<'_>) -> Result<Coverage, Error> {
    let form = TimelineForm::from_json(&run.parts.header.details)?;
    let layout = form.layout(run)?;
    let columns = TimelineColumns::new(&layout)?;
    let command = run.context.command_line();
    let provenance = Provenance { now: run.context.now, command: &command, window: run.window() };
    // Before the work, so that an output that cannot be written is reported at once.
    let mut table = TableWriter::open(run.output, &layout, columns.output(), &provenance)?;
    let index = if columns.shows_actors() { Some(index(run)?) } else { None };
    let rows = TimelineMerge::new(&mut table, form.dedupe);
    let mut join = TimelineJoin { run, index, rows, coverage: Coverage::default(), first: Coverage::default() };
    let parts = &run.parts.parts;
    for (number, part) in parts.iter().enumerate() {
        run.report.progress(&format!("joining part {} of {}", number + 1, parts.len()));
        join.part(part)?;
    }
    run.report.clear();
    let TimelineJoin { index, rows, mut coverage, first, .. } = join;
    rows.write(&columns, form.limit, &mut coverage, run.stop)?;
    table.finish(&mut coverage, run.stop)?;
    if let Some(index) = index {
        coverage.sessions_without_start = index.unknown_sessions();
        add_first_pass(&first, &mut coverage, run.report);
    }
    Ok(coverage)
}

/// Who began which session, of all parts.
fn index(run: &MergeRun<'_>) -> Result<ActorIndex, Error> {
    run.report.progress("finding who began each session");
    let mut builder = ActorIndexBuilder::for_parts();
    for checked in &run.parts.parts {
        let mut part = PartFileReader::open(&checked.path)?;
        part.seek_section(GRANTS)?;
        while let Some(fact) = part.next_json()? {
            if run.stop.is_interrupted() {
                return Err(Error::Interrupted);
            }
            builder.add_portable(fact).map_err(|full| Error::Failed(full.to_string()))?;
        }
    }
    Ok(builder.finish())
}

/// Events that are being joined.
struct TimelineJoin<'a> {
    run: &'a MergeRun<'a>,
    /// Who began which session, if actors are shown.
    index: Option<ActorIndex>,
    rows: TimelineMerge<'a>,
    coverage: Coverage,
    /// What the first passes of the parts have read.
    first: Coverage,
}

impl TimelineJoin<'_> {
    /// Takes the events of a part, and what its run has read.
    fn part(&mut self, checked: &CheckedPart) -> Result<(), Error> {
        let mut part = PartFileReader::open(&checked.path)?;
        // The rows are counted when they are taken.
        self.coverage.add_run(Coverage { rows: 0, ..checked.coverage.clone() });
        part.seek_section(EVENTS)?;
        while let Some(record) = part.next_record()? {
            if self.run.stop.is_interrupted() {
                return Err(Error::Interrupted);
            }
            let taken = StoredEvent::parse(record).map(|event| self.take(&event));
            taken.ok_or_else(|| part.failed("has an event that is not valid; make this part again".into()))??;
        }
        part.seek_section(FIRST_PASS)?;
        if let Some(first) = part.next_json()? {
            self.first.add_run(first);
        }
        let rows = &mut self.rows;
        PartSet::report_files(&mut part, self.run.report, |problem| rows.add_problem(problem))
    }

    /// Resolves the actor of an event, and takes the event unless it is left out.
    fn take(&mut self, stored: &StoredEvent<'_>) -> Result<(), Error> {
        let mut event = stored.event.map(parsed::<TimelineEvent>).transpose()?;
        if let Some(index) = self.index.as_ref().filter(|_| !stored.caller.is_empty()) {
            let caller: PortableCaller = parsed(stored.caller)?;
            match &mut event {
                Some(event) => event.resolve(caller, index),
                None => drop(index.actor_of(caller)),
            }
        }
        let Some(event) = event else { return Ok(()) };
        let mut key = Vec::new();
        event.sort_key(&mut key);
        let row = serde_json::to_vec(&event).map_err(|error| Error::Failed(format!("internal error: {error}")))?;
        self.rows.take(&TimelineRow { key: &key, row: &row, id: stored.id }, &mut self.coverage)
    }
}

fn parsed<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|error| Error::Failed(format!("an event of a part is not valid: {error}")))
}
