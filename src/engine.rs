//! The stages wired together: one thread finds files, many decode them, one
//! writes. The only place with threads and channels, but for those that wait
//! for a silent pipe (`input/patient.rs`), that inflate a large file ahead
//! (`input/ahead.rs`), of the S3 runtime, and that waits for signals (`main.rs`).
//!
//! ```text
//! feed ──batches──▶ workers ──blocks──▶ writer
//!   └───────────the order of batches──────▶┘
//! ```
//!
//! Each batch of files has a channel of its own for the blocks of rows made of
//! it, and the writer empties these channels in the order of the batches. So
//! the output is the same whatever the number of threads, a worker that is
//! ahead waits once its channel is full, and the one that is behind can always
//! go on: memory stays bounded, and nothing can lock.

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
use crate::source::file::read_ahead::ReadAheadPermits;
use crate::spill::dedupe::IdReader;
use crate::spill::sort::SortOrder;
use crate::syntax::glob::UnmatchedValues;
use crate::table::Table;
use crate::table::layout::{Format, TableLayout};

/// Rows are handed on in blocks of about this size, or smaller ones where there
/// are many threads.
const BLOCK: usize = 1 << 20;
/// What all blocks that wait or are being filled may take together.
const BLOCKS: usize = 16 << 20;
/// So many large files are inflated ahead.
const AHEAD: usize = 8;

/// How long a text may be that one of so many threads holds whole. One thread at
/// a time may hold a larger one, a window of 128 MiB: what the others hold then,
/// with a file of a quarter of that size each and the bits of their texts, has to
/// fit into the memory that is left.
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

/// A piece of work, in the order of the output.
struct Batch {
    /// Its place in the order, from 1.
    number: u64,
    pieces: Vec<BatchItem>,
    blocks: Sender<OutputBlock>,
}

/// What the feed finds.
enum BatchItem {
    /// A file to read.
    Read(crate::source::LogFile),
    /// Something to say and count.
    Say(ReportItem),
    /// Something only to count.
    Count(Coverage),
}

/// Something for the report, in its place among the rows.
enum ReportItem {
    Skip(Issue),
    Note(String),
    /// Why a question could not be asked of an event; only the first is told.
    Unanswered(String),
    Detail(u8, String),
}

/// Looks at the wanted events of one thread, in the order of its files.
pub trait EventVisitor: Send {
    /// An event of the file `file`. Says whether it counts, or came before.
    fn event(&mut self, event: &Event<'_>, file: &str) -> bool;
    /// A log that was read, with or without a wanted event.
    fn log(&mut self, file: &str);
}

/// What is asked of every event.
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

    /// What the jq expression, if there is one, can yield.
    fn yields(&self) -> OutputKind {
        self.jq.as_ref().map_or(OutputKind::Truth, |jq| jq.expression().yields())
    }
}

/// What a run has done.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// What it has read and written.
    pub coverage: Coverage,
    /// The values in lists of patterns that matched nothing.
    pub unmatched: Vec<UnmatchedValues>,
}

/// Does the main job and says what was covered. `stop` ends it early.
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

/// What rows look like, given what the jq expression can yield.
fn layout(request: &EventRequest, yields: OutputKind, report: &Report) -> Result<TableLayout, Error> {
    let mut layout = request.table.clone();
    // What shapes its own lines has no columns to be named.
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
    if yields != OutputKind::Truth && layout.format == Format::Xlsx && !request.count {
        return Err(Error::about("--format xlsx", UNDECIDED));
    }
    Ok(layout)
}

/// Shows the wanted events to visitors, each of which has a thread of its own.
/// They look at `fields`.
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

/// Runs all stages, with a worker for each goal. `open` gives what takes the
/// rows, and their header.
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
    let inputs = feed::open(&request.inputs, report, stop)?;
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
        // Which rows are wanted, only the writer knows then.
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
    // Made before any thread, so that what is wrong is said and not half done.
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
        let feeding = scope.spawn(|| feed.run(inputs, request.filter.window, report));
        for worker in workers {
            let batches = batch_receiver.clone();
            scope.spawn(move || worker.run(&batches));
        }
        drop(batch_receiver);
        let mut writer = Writer::new(request, report, stop, &turn, &mut sink);
        let written = writer.run(header, order_receiver, &used_sender);
        // Whoever still works for a writer that is gone can stop.
        stop.set_enough();
        let mut coverage = writer.into_coverage();
        let fed = feeding.join().unwrap_or_else(|_| Err(Error::Failed("the walk of the input broke down".into())));
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
