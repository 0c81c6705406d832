//! What a run does with the events that match: a consumer has a worker on each thread,
//! which turns events into parts, and merges the parts in the order of the inputs.

use std::fmt::Display;
use std::ops::ControlFlow;

use rayon::ThreadPool;

use crate::decode::event::Event;
use crate::engine::part_writer::PartWriter;
use crate::error::{Error, Issue};
use crate::filter::jq::JqOutput;
use crate::report::Coverage;

/// Merges what the workers make of the events: rows into an output, facts into counts.
pub trait Consumer {
    /// What workers send, a bounded number of events at a time.
    type Part: Part;
    /// Turns the events of one thread into parts.
    type Worker: EventWorker<Part = Self::Part>;

    /// Starts the output. Returns a break if no event is wanted at all.
    fn begin(&mut self) -> Result<ControlFlow<()>, Error> {
        Ok(ControlFlow::Continue(()))
    }

    /// Merges the next part in the order of the inputs and counts what it adds in
    /// `coverage`. Returns a break if no further event is wanted.
    ///
    /// A step that may run later and in any order can be spawned on `pool`, whose
    /// threads the workers use too. It must not wait for the pool: workers may be
    /// waiting for this merge.
    fn merge(
        &mut self,
        part: &mut Self::Part,
        coverage: &mut Coverage,
        pool: &ThreadPool,
    ) -> Result<ControlFlow<()>, Error>;

    /// Whether it shows how many of the files are proven. That reads each file twice.
    fn wants_verdicts(&self) -> bool {
        false
    }

    /// Receives each worker after its last file.
    fn end_worker(&mut self, _worker: Self::Worker) {}

    /// Receives each file or record that could not be read, in the order of the inputs.
    fn issue(&mut self, _issue: &Issue) {}

    /// Receives each problem with an input, in the order of the inputs.
    fn problem(&mut self, _problem: &dyn Display) {}
}

/// Turns the events of one thread into parts. It is used for one file after another.
pub trait EventWorker: Send {
    /// What it sends to be merged.
    type Part: Part;

    /// Starts a file. `can_roll_back` says that the file may be read again from the
    /// start, after the part was cut back to what it held before the file. Everything
    /// that the worker keeps of such a file has to be in the part until
    /// [`end_file`](EventWorker::end_file).
    fn begin_file(&mut self, _can_roll_back: bool) {}

    /// Adds an event that matches, and reports to `out` how many rows it has added.
    fn event(&mut self, matched: &MatchedEvent<'_>, out: &mut PartWriter<'_, Self::Part>) -> ControlFlow<()>;

    /// Adds a value that a jq expression made of an event. The default asks to add the
    /// event instead, once for all its values.
    fn jq_output(
        &mut self,
        _matched: &MatchedEvent<'_>,
        _output: &JqOutput<'_>,
        _out: &mut PartWriter<'_, Self::Part>,
    ) -> JqDecision {
        JqDecision::WantsEvent
    }

    /// Called for each log that was read, in archives too, with its name.
    fn log(&mut self, _name: &str) {}

    /// Ends a file: it will not be read again.
    fn end_file(&mut self, _out: &mut PartWriter<'_, Self::Part>) {}
}

/// An event that matches.
pub struct MatchedEvent<'a> {
    /// The event.
    pub event: &'a Event<'a>,
    /// The name of its file.
    pub file: &'a str,
    /// Whether nothing was added of this event before.
    pub is_first: bool,
}

/// What to do about a value of a jq expression.
pub enum JqDecision {
    /// The value was added; a break ends the batch.
    Added(ControlFlow<()>),
    /// The event itself is to be added.
    WantsEvent,
}

/// What the events of some files add up to, on its way to be merged.
pub trait Part: Default + Send {
    /// How much a part held at some point.
    type Checkpoint: Copy;

    /// Number of rows in it.
    fn count(&self) -> u64;

    /// Memory that its content takes, in bytes.
    fn size(&self) -> usize;

    /// How much it holds now.
    fn checkpoint(&self) -> Self::Checkpoint;

    /// Number of rows at that point.
    fn count_at(mark: &Self::Checkpoint) -> u64;

    /// Removes what was added after `mark`.
    fn roll_back_to(&mut self, mark: &Self::Checkpoint);

    /// Whether it can only be sent as it is, without a further row.
    fn is_closed(&self) -> bool {
        false
    }

    /// Removes all content, and frees unusually large buffers, so that the part can be
    /// filled again.
    fn clear(&mut self);
}
