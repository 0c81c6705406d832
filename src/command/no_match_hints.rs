//! Hints for options that matched no event. If a run wrote no row, or a value of a list
//! matched no event, a sample of the files is read again to find similar values.
//!
//! A run without such an option reads nothing again. The number of sampled files, bytes
//! and names is bounded.

mod candidate;
mod lone_condition;
mod written_path;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use rayon::ThreadPool;

use self::candidate::HintCandidate;
use self::lone_condition::{LoneCondition, single_conditions, single_values};
use crate::cloudtrail::actor::ActorIndex;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::engine::PreparedRun;
use crate::engine::consumer::{Consumer, EventWorker, MatchedEvent, Part};
use crate::engine::events::EventSelector;
use crate::engine::part_writer::PartWriter;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::filter::spec::FilterSpec;
use crate::report::{Coverage, Report, count};
use crate::source::sample::local_sample;
use crate::syntax::glob::UnmatchedValues;
use crate::syntax::window::Window;

/// The most files to sample.
const FILES: usize = 64;
/// The most bytes of events to look at; the last event may exceed it.
const BYTES: u64 = 8 << 20;

/// The hints for a finished run: empty if it wrote rows and each value of a list
/// matched an event.
pub fn hints(
    request: &ReadRequest,
    coverage: &Coverage,
    unmatched: &[UnmatchedValues],
    actors: Option<&Arc<ActorIndex>>,
    stop: &Cancellation,
) -> Vec<String> {
    if coverage.rows == 0 {
        let sample = sample(request, single_conditions(&request.filter), actors, stop);
        return sample.map_or(Vec::new(), |sample| sample.hints(&request.filter));
    }
    let conditions: Vec<LoneCondition> =
        unmatched.iter().flat_map(|unmatched| single_values(unmatched, &request.filter)).collect();
    match conditions.is_empty() {
        true => Vec::new(),
        false => sample(request, conditions, actors, stop).map_or(Vec::new(), HintSample::names),
    }
}

/// Reads a sample of the files of a run; `None` if there is nothing to explain.
fn sample(
    request: &ReadRequest,
    conditions: Vec<LoneCondition>,
    actors: Option<&Arc<ActorIndex>>,
    stop: &Cancellation,
) -> Option<HintSample> {
    let mut fields = request.filter.field_set();
    let mut sample = HintSample::new(conditions, request.filter.window, stop, &mut fields)?;
    if let Some(index) = actors {
        sample.candidates.iter_mut().for_each(|candidate| candidate.set_actors(index));
    }
    // Every event of the sample is looked at. The problems of its files were reported by the
    // run itself.
    let everything = ReadRequest {
        inputs: Vec::new(),
        filter: FilterSpec { now: request.filter.now, ..FilterSpec::default() },
        outputs: Vec::new(),
        threads: 1,
        ..request.clone()
    };
    let selector = EventSelector::new(&everything.filter, &mut fields).ok()?;
    let (report, files) = (Report::silent(), local_sample(&request.inputs, FILES));
    let mut consumer = HintConsumer::default();
    // The run itself has ended, but the user can still interrupt.
    let own_end = Cancellation::default();
    let prepared = PreparedRun::of_files(&everything, &report, &own_end, files);
    prepared.consume(&selector, vec![sample], &fields, None, &mut consumer).ok()?;
    consumer.0
}

/// Takes the sample from its only worker.
#[derive(Default)]
struct HintConsumer(Option<HintSample>);

impl Consumer for HintConsumer {
    type Part = EventCount;
    type Worker = HintSample;

    fn merge(&mut self, _: &mut EventCount, _: &mut Coverage, _: &ThreadPool) -> Result<ControlFlow<()>, Error> {
        Ok(ControlFlow::Continue(()))
    }

    fn end_worker(&mut self, worker: HintSample) {
        self.0 = Some(worker);
    }
}

/// The number of events; the rest stays in the worker.
#[derive(Default)]
struct EventCount(u64);

impl Part for EventCount {
    type Checkpoint = u64;

    fn count(&self) -> u64 {
        self.0
    }

    fn size(&self) -> usize {
        0
    }

    fn checkpoint(&self) -> u64 {
        self.0
    }

    fn count_at(mark: &u64) -> u64 {
        *mark
    }

    fn roll_back_to(&mut self, mark: &u64) {
        self.0 = *mark;
    }

    fn clear(&mut self) {
        self.0 = 0;
    }
}

impl EventWorker for HintSample {
    type Part = EventCount;

    fn event(&mut self, matched: &MatchedEvent<'_>, out: &mut PartWriter<'_, EventCount>) -> ControlFlow<()> {
        if self.bytes > BYTES || self.stop.is_interrupted() {
            return ControlFlow::Break(());
        }
        let event = matched.event;
        self.bytes += event.value().raw().len() as u64;
        self.events += 1;
        note_time(&mut self.times, event, self.time);
        self.candidates.iter_mut().for_each(|candidate| candidate.note(event));
        out.part().0 += 1;
        out.added(1)
    }
}

/// What the events of a sample say about each condition.
struct HintSample {
    bytes: u64,
    stop: Cancellation,
    candidates: Vec<HintCandidate>,
    time: FieldId,
    times: Option<[Timestamp; 2]>,
    events: u64,
}

impl HintSample {
    /// `None` if there is nothing to explain, or a condition cannot be parsed.
    fn new(
        conditions: Vec<LoneCondition>,
        window: Window,
        stop: &Cancellation,
        fields: &mut FieldSet,
    ) -> Option<HintSample> {
        let mut candidates = Vec::new();
        for condition in conditions {
            candidates.push(HintCandidate::new(condition, fields)?);
        }
        // If a single condition without a field matches nothing, the user knows which.
        let is_plain = candidates.len() < 2 && !candidates.iter().any(HintCandidate::has_names);
        if is_plain && window.is_open() {
            return None;
        }
        let time = fields.add("eventTime").ok()?;
        Some(HintSample { bytes: 0, stop: stop.clone(), candidates, time, times: None, events: 0 })
    }

    /// The hints for a run in which some values matched no event: the probably intended
    /// value, or else only that the value matched nothing, as it may just not have occurred.
    fn names(self) -> Vec<String> {
        let looked_at = count(self.events, "event");
        let (mut hints, mut others) = (Vec::new(), BTreeMap::<&str, Vec<String>>::new());
        for candidate in self.candidates.iter().filter(|candidate| !candidate.has_match) {
            match candidate.meant() {
                Some(meant) => hints.push(format!("nothing matched {meant} ({looked_at} looked at)")),
                None => {
                    others
                        .entry(candidate.option.flag)
                        .or_default()
                        .extend(candidate.values.iter().map(|value| format!("{value:?}")));
                }
            }
        }
        hints.extend(others.iter().map(|(option, values)| format!("nothing matched {option} {}", values.join(", "))));
        hints
    }

    /// The hints for a run in which no event matched, including those on the time window
    /// and on the combination of options.
    fn hints(self, conditions: &FilterSpec) -> Vec<String> {
        let mut hints: Vec<String> =
            self.candidates.iter().filter(|candidate| !candidate.has_match).filter_map(HintCandidate::hint).collect();
        if let Some([first, last]) = self.times {
            let window = conditions.window;
            let is_outside =
                window.until.is_some_and(|until| until <= first) || window.since.is_some_and(|since| since > last);
            if is_outside {
                hints.push(format!("the time window; the events are from {first} to {last}"));
            }
        }
        let looked_at = count(self.events, "event");
        for hint in &mut hints {
            *hint = format!("nothing matched {hint} ({looked_at} looked at)");
        }
        if hints.is_empty() && self.events > 0 && self.candidates.len() > 1 && conditions.jq.is_none() {
            hints.push(format!(
                "each option alone matches events, but no event matches all of them ({looked_at} looked at)"
            ));
        }
        hints
    }
}

fn note_time(times: &mut Option<[Timestamp; 2]>, event: &Event<'_>, field: FieldId) {
    let Some(time) = event.get(field).and_then(time::of_value) else { return };
    let [first, last] = times.unwrap_or([time; 2]);
    *times = Some([first.min(time), last.max(time)]);
}
