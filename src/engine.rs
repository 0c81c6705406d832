//! Connects the stages: one thread finds files, several decode them, one writes. All
//! threads and channels are here, except those that wait for a silent pipe
//! (`input/patient.rs`), inflate a large file ahead (`input/ahead.rs`), run S3
//! requests, or wait for signals (`main.rs`).
//!
//! ```text
//! feed ──batches──▶ workers ──blocks──▶ writer
//!   └───────────the order of batches──────▶┘
//! ```
//!
//! Each batch of files has its own channel for its blocks of rows, and the writer
//! empties these channels in the order of the batches. So the output is the same for
//! any number of threads. A worker that is ahead blocks when its channel is full, while
//! the worker of the current batch can always continue. This bounds memory and rules
//! out deadlocks.

mod batch_output;
mod block;
mod feed;
mod file_conclusion;
pub mod request;
mod unpacker;
mod worker;
mod writer;
mod writer_position;

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use self::block::OutputBlock;
use self::feed::InputFeed;
use self::request::EventRequest;
use self::writer::Writer;
use crate::cloudtrail::keys::Scope;
use crate::cloudtrail::time::Clock;
use crate::decode::event::{Event, FieldSet};
use crate::engine::worker::{EventGoal, EventTask, JobContext, Worker};
use crate::engine::writer_position::WriterPosition;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue};
use crate::filter::Filter;
use crate::filter::jq::Jq;
use crate::filter::jq::expression::OutputKind;
use crate::report::{Coverage, Report};
use crate::sink::target::Target;
use crate::sink::{Provenance, Sink};
use crate::source;
use crate::source::file::read_ahead::ReadAheadPermits;
use crate::spill::dedupe::IdReader;
use crate::spill::sort::SortOrder;
use crate::syntax::glob::UnmatchedValues;
use crate::table::Table;
use crate::table::layout::{Format, TableLayout};

/// Approximate size of a block of rows in bytes; blocks are smaller if there are many
/// threads.
const BLOCK: usize = 1 << 20;
/// Total size in bytes of all blocks that are being filled or waiting.
const BLOCKS: usize = 16 << 20;
/// Largest number of files that are inflated ahead.
const AHEAD: usize = 8;

/// The longest text, in bytes, that each of this many threads may hold whole. One
/// thread at a time may hold a larger one, in a window of 128 MiB. The texts of the
/// others, with compressed files of a quarter of their size and their bitmaps, have to
/// fit into the memory that remains.
fn whole_text(threads: usize) -> usize {
    const OTHERS: usize = 32 << 20;
    const BITS: usize = 1 << 20;
    const SMALLEST: usize = 768 << 10;
    const LARGEST: usize = 16 << 20;
    let each = OTHERS / threads.saturating_sub(1).max(1);
    (each.saturating_sub(BITS) / 5 * 4).clamp(SMALLEST, LARGEST)
}

const SHAPED: &str = ": the --jq expression shapes its own lines; leave --columns out, or let \
                      --jq decide only: '.eventName == \"RunInstances\"' instead of select(…)";

const UNDECIDED: &str = ": the --jq expression has to decide only, as '.readOnly == true' does; \
                         lines of its own can be tsv, csv or json";

/// A unit of work, numbered in the order of the output.
struct Batch {
    /// Position in the order, from 1.
    number: u64,
    pieces: Vec<BatchItem>,
    blocks: Sender<OutputBlock>,
}

/// One item that the feed finds.
enum BatchItem {
    /// A file to read.
    Read(crate::source::LogFile),
    /// A message to report and count.
    Say(ReportItem),
    /// Counts to add.
    Count(Coverage),
}

/// A message for the report, in its position among the rows.
enum ReportItem {
    Skip(Issue),
    Note(String),
    /// The error of the jq expression on an event; only the first is reported.
    Unanswered(String),
    Detail(u8, String),
}

/// Receives the wanted events of one thread, in the order of its files.
pub trait EventVisitor: Send {
    /// Visits an event of the file `file`. Returns false if the event is a duplicate.
    fn event(&mut self, event: &Event<'_>, file: &str) -> bool;
    /// Called for each log that was read, with or without wanted events.
    fn log(&mut self, file: &str);
}

/// The conditions and orders of a request, compiled.
struct CompiledRequest {
    filter: Filter,
    jq: Option<Jq>,
    order: Option<SortOrder>,
    ids: Option<IdReader>,
    clock: Option<Clock>,
}

impl CompiledRequest {
    fn new(request: &EventRequest, fields: &mut FieldSet) -> Result<CompiledRequest, Error> {
        let is_sorted = !request.sort.is_empty() && !request.count;
        let needs_time = request.table.zone.is_some() || request.sort.iter().any(|by| by.column == "eventTime");
        Ok(CompiledRequest {
            filter: Filter::new(&request.filter, fields)?,
            jq: request.filter.jq.as_deref().map(|text| Jq::new(text, fields)).transpose()?,
            order: if is_sorted { Some(SortOrder::new(&request.sort, fields)?) } else { None },
            ids: if request.dedupe { Some(IdReader::new(fields)?) } else { None },
            clock: if needs_time && !request.count { Some(Clock::new(fields)?) } else { None },
        })
    }

    /// The kind of values that the jq expression can output.
    fn yields(&self) -> OutputKind {
        self.jq.as_ref().map_or(OutputKind::Truth, |jq| jq.expression().yields())
    }
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// What the run has read and written.
    pub coverage: Coverage,
    /// The values of pattern lists that matched nothing.
    pub unmatched: Vec<UnmatchedValues>,
}

/// Runs a request and returns what it covered. Setting `stop` ends the run early.
pub fn run(request: &EventRequest, report: &Report, stop: &Cancellation) -> Result<RunOutcome, Error> {
    let mut fields = FieldSet::default();
    let question = CompiledRequest::new(request, &mut fields)?;
    let yields = question.yields();
    let request = &EventRequest { table: layout(request, yields, report)?, ..request.clone() };
    let table = Table::new(&request.table, &mut fields)?;
    let goal = || if request.count { EventGoal::Count } else { EventGoal::Rows(Box::new(table.clone())) };
    let goals = (0..request.threads).map(|_| goal()).collect();
    let header = if request.count { Vec::new() } else { table.header() };
    let filter = question.filter.clone();
    let provenance = Provenance { now: request.now, command: &request.command, window: request.filter.window };
    let open = || Ok((Sink::open(request.output.as_deref(), &request.table, &table, &provenance)?, header));
    let coverage = stages(request, (question, &fields), goals, open, report, stop)?;
    Ok(RunOutcome { coverage, unmatched: filter.unmatched() })
}

/// Adapts the table layout to what the jq expression can output. Fails if the two
/// contradict each other.
fn layout(request: &EventRequest, yields: OutputKind, report: &Report) -> Result<TableLayout, Error> {
    let mut layout = request.table.clone();
    // Lines that the expression writes have no columns to name.
    layout.header &= yields == OutputKind::Truth;
    let gives_way = |option: &str| {
        let is_set = layout.set.iter().any(|set| option == format!("--{set}"));
        if is_set {
            report.detail(1, || format!("{option} is left out: the --jq expression shapes its own lines"));
        }
        is_set
    };
    if yields == OutputKind::Values && !layout.columns.is_empty() {
        if !gives_way("--columns") {
            return Err(Error::about("--columns", SHAPED));
        }
        layout.columns.clear();
    }
    if yields != OutputKind::Truth && layout.excel && !request.count {
        if !gives_way("--excel") {
            return Err(Error::about("--excel", UNDECIDED));
        }
        layout.excel = false;
    }
    if layout.format == Format::Table && (yields != OutputKind::Truth || request.count) {
        // Lines that the expression writes have no columns to align.
        layout.format = Format::Tsv;
    }
    if yields != OutputKind::Truth && layout.format == Format::Xlsx && !request.count {
        return Err(Error::about("--format xlsx", UNDECIDED));
    }
    Ok(layout)
}

/// Passes the wanted events to visitors, each in a thread of its own. The visitors read
/// `fields`.
pub fn visit<V: EventVisitor>(
    request: &EventRequest,
    mut fields: FieldSet,
    visitors: &mut [V],
    report: &Report,
    stop: &Cancellation,
) -> Result<Coverage, Error> {
    let question = CompiledRequest::new(request, &mut fields)?;
    let goals = visitors.iter_mut().map(|visitor| EventGoal::Visit(visitor)).collect();
    let nowhere = || Ok((Sink::Lines(Target::open(None)?), Vec::new()));
    stages(request, (question, &fields), goals, nowhere, report, stop)
}

/// Runs all stages, with one worker per goal. `open` returns the sink for the rows, and
/// their header.
fn stages(
    request: &EventRequest,
    (question, fields): (CompiledRequest, &FieldSet),
    goals: Vec<EventGoal<'_>>,
    open: impl FnOnce() -> Result<(Sink, Vec<u8>), Error>,
    report: &Report,
    stop: &Cancellation,
) -> Result<Coverage, Error> {
    let outputs = request.output.iter().chain(&request.second_output);
    let old = outputs.filter_map(|output| feed::replaced(output, &request.inputs).transpose());
    let old = old.collect::<Result<Vec<_>, _>>()?;
    let sources = source::open(&request.inputs, request.filter.window, report, stop)?;
    let (mut sink, header) = open()?;

    let depth = request.threads * 4;
    let (batch_sender, batch_receiver) = bounded::<Batch>(depth);
    let (order_sender, order_receiver) = bounded::<Receiver<OutputBlock>>(depth);
    let (used_sender, used_receiver) = bounded::<Vec<u8>>(request.threads + 1);
    let blocks_ahead = (BLOCKS / depth / BLOCK).clamp(1, 8);
    let feed = InputFeed::new(batch_sender, order_sender, blocks_ahead, old, stop.clone());
    let ahead = Arc::new(ReadAheadPermits::new(if request.threads > 1 { request.threads.min(AHEAD) } else { 0 }));
    let (pace, turn, scope) = (feed.pace(), WriterPosition::default(), Scope::since(request.filter.window));
    let job = JobContext {
        // With an order or deduplication, only the writer knows which rows count.
        limit: request.limit.filter(|_| question.order.is_none() && !request.dedupe),
        block: (BLOCKS / (depth + request.threads)).min(BLOCK),
        verbose: request.verbosity.verbose,
        ahead: &ahead,
        threads: request.threads,
        scope: &scope,
        stop,
        pace: &pace,
        turn: &turn,
    };
    // Create the workers before any thread, so that errors surface before work starts.
    let workers: Vec<Worker<'_, '_>> = goals
        .into_iter()
        .map(|goal| {
            let CompiledRequest { filter, jq, order, ids, clock } = &question;
            let (search, jq, order, ids) = (filter.search(), jq.clone(), order.clone(), ids.clone());
            let choice = EventTask { search, filter: filter.clone(), jq, order, ids, clock: clock.clone(), goal };
            Worker::new(job, choice, fields, whole_text(request.threads), used_receiver.clone())
        })
        .collect::<Result<_, _>>()?;

    std::thread::scope(|scope| {
        let feeding = scope.spawn(|| feed.run(sources, report));
        for worker in workers {
            let batches = batch_receiver.clone();
            scope.spawn(move || worker.run(&batches));
        }
        drop(batch_receiver);
        let mut writer = Writer::new(request, report, stop, &turn, &mut sink);
        let written = writer.run(header, order_receiver, &used_sender);
        // Stop the workers if the writer ended early.
        stop.set_enough();
        let mut coverage = writer.into_coverage();
        let fed =
            feeding.join().unwrap_or_else(|_| Err(Error::Failed("internal error: the input task panicked".into())));
        written?;
        coverage.add(&fed?);
        Ok(coverage)
    })
    .and_then(|coverage| {
        if request.count {
            report.clear();
            sink.write(format!("{}\n", coverage.rows).as_bytes())?;
        }
        sink.finish(&coverage, stop)?;
        Ok(coverage)
    })
}
