//! The first of two passes over the inputs of a run that asks for actors: it collects who
//! began which session. A byte search for the names of a few events rules out most files.
//! The second pass reads what the first one has downloaded. Only the objects of a list of keys
//! without a mirror are downloaded again: to keep them would take as much disk space as all of
//! them together.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::ToSpan;
use rayon::ThreadPool;

use crate::cloudtrail::actor::{
    ActorIndex, ActorIndexBuilder, ActorReader, GRANT_EVENTS, GrantFact, GrantReader, HashTexts, MAX_SESSION_HOURS,
    PortableGrant,
};
use crate::decode::event::FieldSet;
use crate::engine::PreparedRun;
use crate::engine::consumer::{Consumer, EventWorker, MatchedEvent, Part};
use crate::engine::events::EventSelector;
use crate::engine::part_writer::PartWriter;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::filter::spec::FilterSpec;
use crate::report::{Coverage, Report, count};
use crate::source::event_history::selection::LookupSelection;
use crate::source::spec::Input;
use crate::source::spooled_stream::SpooledStream;
use crate::syntax::window::Window;

/// Calls a function for each reader of actors in a run.
pub(super) type EachActorReader<'a> = dyn FnMut(&mut dyn FnMut(&mut ActorReader)) + 'a;

/// Takes facts one by one.
type EachFact<'a, H> = dyn FnMut(&GrantFact<H>) -> Result<(), Error> + 'a;

/// The result of the first pass.
pub(super) struct ActorPass {
    /// The request for the second pass.
    pub(super) reading: ReadRequest,
    /// Who began which session; `None` if the run does not ask for actors.
    pub(super) index: Option<Arc<ActorIndex>>,
    /// What the first pass has read.
    pub(super) coverage: Coverage,
}

impl ActorPass {
    /// Reads the events that hand out credentials, and gives them to the readers of
    /// actors. Without such readers, it reads nothing.
    pub(super) fn run(
        reading: &ReadRequest,
        readers: &mut EachActorReader<'_>,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<ActorPass, Error> {
        let mut has_readers = false;
        readers(&mut |_| has_readers = true);
        if !has_readers {
            return Ok(ActorPass { reading: reading.clone(), index: None, coverage: Coverage::default() });
        }
        let mut pass = ActorPass::spooled(reading, stop)?;
        let (mut builder, mut fields) = (ActorIndexBuilder::default(), FieldSet::default());
        let reader = GrantReader::new(&builder, &mut fields).map_err(Error::usage)?;
        let mut add = |fact: &GrantFact| builder.add(fact).map_err(|full| Error::Failed(full.to_string()));
        pass.read(reader, fields, &mut add, report, stop)?;
        let index = Arc::new(builder.finish());
        readers(&mut |reader| reader.set_index(&index));
        pass.index = Some(index);
        Ok(pass)
    }

    /// Passes the facts of the events that hand out credentials to `each`, in the order of the
    /// inputs, for a run that has those of all parts.
    pub(super) fn run_for_part(
        reading: &ReadRequest,
        each: &mut dyn FnMut(&PortableGrant) -> Result<(), Error>,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<ActorPass, Error> {
        let mut pass = ActorPass::spooled(reading, stop)?;
        let mut fields = FieldSet::default();
        let reader = GrantReader::for_parts(&mut fields).map_err(Error::usage)?;
        pass.read(reader, fields, each, report, stop)?;
        Ok(pass)
    }

    /// A pass that has read nothing, with inputs that can be read twice.
    fn spooled(reading: &ReadRequest, stop: &Cancellation) -> Result<ActorPass, Error> {
        let mut reading = reading.clone();
        for input in &mut reading.inputs {
            if let Input::KeyList(list) = input {
                list.spool(stop)?;
            }
            if let Some(stream) = SpooledStream::of_input(input, stop)? {
                *input = Input::Spooled(stream);
            }
        }
        Ok(ActorPass { reading, index: None, coverage: Coverage::default() })
    }

    fn read<T: HashTexts + Send>(
        &mut self,
        reader: GrantReader<T>,
        mut fields: FieldSet,
        each: &mut EachFact<'_, T::Hash>,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<(), Error> {
        report.progress("finding who began each session");
        let request = first_request(&self.reading);
        let selector = EventSelector::new(&request.filter, &mut fields)?;
        let workers = vec![GrantWorker(reader); request.threads];
        // The second pass reports on the files. It must run after this one has ended.
        let (silent, own_end) = (Report::silent(), stop.child());
        let prepared = PreparedRun::new(&request, &silent, &own_end)?;
        self.coverage = prepared.consume(&selector, workers, &fields, None, &mut GrantMerge::<T>(each))?;
        Ok(())
    }

    /// Adds to the coverage of the second pass what only the first one has done and found.
    pub(super) fn conclude(&self, coverage: &mut Coverage, report: &Report) {
        if let Some(index) = &self.index {
            coverage.sessions_without_start = index.unknown_sessions();
            add_first_pass(&self.coverage, coverage, report);
        }
    }
}

/// Adds what the first pass has covered to the coverage of the second one.
pub(super) fn add_first_pass(first: &Coverage, coverage: &mut Coverage, report: &Report) {
    if let (Some(fetched), Some(first)) = (&mut coverage.fetched, &first.fetched) {
        fetched.add_earlier(first);
    }
    if let (Some(lookups), Some(first)) = (&mut coverage.lookups, &first.lookups) {
        lookups.requests = lookups.requests.zip(first.requests).map(|(one, other)| one + other);
    }
    let missed = first.problems.saturating_sub(coverage.problems);
    if missed > 0 {
        coverage.problems += missed;
        report.note(&format!(
            "{} in the logs of the {MAX_SESSION_HOURS} hours before the window, so actors may be missing; \
             choose an earlier --since for details",
            count(missed, "problem")
        ));
    }
}

/// The request for the events that hand out credentials, of the window and of the time
/// before it that the longest session takes.
fn first_request(reading: &ReadRequest) -> ReadRequest {
    let window = earlier(reading.filter.window);
    let mut inputs = reading.inputs.clone();
    for input in &mut inputs {
        match input {
            Input::Bucket(bucket) => {
                bucket.window = earlier(bucket.window);
                // The global endpoint of STS is in this region.
                bucket.also_region = Some("us-east-1");
            }
            Input::KeyList(list) => list.window = earlier(list.window),
            Input::EventHistory(history) => {
                history.window = earlier(history.window);
                history.regions.clear();
                history.selection = Some(LookupSelection::of_event_names(&LOOKUP_EVENTS));
            }
            Input::Stdin | Input::Path(_) | Input::Spooled(_) => {}
        }
    }
    let filter = FilterSpec { window, now: reading.filter.now, ..FilterSpec::default() };
    ReadRequest { inputs, filter: filter.with("--event-name", GRANT_EVENTS), ..reading.clone() }
}

/// The names that these patterns match: event history knows no patterns.
const LOOKUP_EVENTS: [&str; 8] = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "GetFederationToken",
    "SwitchRole",
    "CreateAccessKey",
    "RunInstances",
];

fn earlier(window: Window) -> Window {
    let before = |time: jiff::Timestamp| time.checked_sub(MAX_SESSION_HOURS.hours()).unwrap_or(jiff::Timestamp::MIN);
    Window { since: window.since.map(before), until: window.until }
}

/// Facts of some events.
struct GrantPart<H> {
    facts: Vec<GrantFact<H>>,
    size: usize,
}

impl<H> Default for GrantPart<H> {
    fn default() -> GrantPart<H> {
        GrantPart { facts: Vec::new(), size: 0 }
    }
}

impl<H: Send> Part for GrantPart<H> {
    /// Number of facts, and their size.
    type Checkpoint = (usize, usize);

    fn count(&self) -> u64 {
        self.facts.len() as u64
    }

    fn size(&self) -> usize {
        self.size
    }

    fn checkpoint(&self) -> (usize, usize) {
        (self.facts.len(), self.size)
    }

    fn count_at(mark: &(usize, usize)) -> u64 {
        mark.0 as u64
    }

    fn roll_back_to(&mut self, mark: &(usize, usize)) {
        self.facts.truncate(mark.0);
        self.size = mark.1;
    }

    fn clear(&mut self) {
        self.facts.clear();
        self.size = 0;
    }
}

/// Reads the facts of one thread's events.
#[derive(Clone)]
struct GrantWorker<T>(GrantReader<T>);

impl<T: HashTexts + Send> EventWorker for GrantWorker<T> {
    type Part = GrantPart<T::Hash>;

    fn event(&mut self, matched: &MatchedEvent<'_>, out: &mut PartWriter<'_, GrantPart<T::Hash>>) -> ControlFlow<()> {
        let part = out.part();
        let before = part.facts.len();
        self.0.read(matched.event, |fact| {
            part.size += fact.size();
            part.facts.push(fact);
        });
        let added = (part.facts.len() - before) as u64;
        out.added(added)
    }
}

/// Passes on the facts in the order of the inputs.
struct GrantMerge<'a, T: HashTexts>(&'a mut EachFact<'a, T::Hash>);

impl<T: HashTexts + Send> Consumer for GrantMerge<'_, T> {
    type Part = GrantPart<T::Hash>;
    type Worker = GrantWorker<T>;

    fn merge(
        &mut self,
        part: &mut GrantPart<T::Hash>,
        coverage: &mut Coverage,
        _: &ThreadPool,
    ) -> Result<ControlFlow<()>, Error> {
        coverage.rows += part.facts.len() as u64;
        part.facts.iter().try_for_each(&mut *self.0)?;
        Ok(ControlFlow::Continue(()))
    }
}
