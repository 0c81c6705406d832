//! The ordered, bounded pipeline of files: one thread finds them, the threads of a pool
//! read them in batches, and the calling thread merges what they send.
//!
//! ```text
//! feed ──batches──▶ pool ──blocks──▶ merger
//!   └──────the order of the batches─────▲┘
//! ```
//!
//! Each batch of files has its own channel for its blocks, and the merger empties these
//! channels in the order of the batches. So the output is the same for any number of
//! threads. The pool starts batches in their order. A worker that is ahead blocks when
//! its channel is full, while the worker of the current batch can always continue. This
//! bounds memory and rules out deadlocks.

use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use rayon::ThreadPool;

use super::feed::{BatchSizer, InputFeed};
use super::merge_position::MergePosition;
use super::merger::PartMerger;
use super::part_writer::{OutputBlock, PartLimits, PartWriter};
use super::{Batch, BatchItem};
use crate::engine::consumer::{Consumer, Part};
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{Coverage, Report};
use crate::source::{LogFile, LogSource};

/// Approximate size of a part in bytes; parts are smaller if there are many threads.
const PART: usize = 1 << 20;
/// Total size in bytes of all parts that are being filled or waiting.
const PARTS: usize = 16 << 20;

/// Reads files, one after another.
pub(super) trait FileWorker: Send {
    /// What it makes of them.
    type Part: Part;

    /// Reads a file and returns its bytes of text.
    fn file(&mut self, source: &LogFile, out: &mut PartWriter<'_, Self::Part>) -> u64;
}

/// What all stages of a run share.
#[derive(Clone, Copy)]
pub(super) struct RunContext<'a> {
    pub(super) request: &'a ReadRequest,
    pub(super) report: &'a Report,
    pub(super) stop: &'a Cancellation,
    /// The batch that is being merged.
    pub(super) position: &'a MergePosition,
}

/// Reads `sources` with one worker for each thread of the pool, and merges their parts
/// into `consumer`. Returns what was read, and the workers.
pub(super) fn run<C, W>(
    run: RunContext<'_>,
    sources: Vec<Box<dyn LogSource>>,
    feed: InputFeed,
    workers: Vec<W>,
    consumer: &mut C,
    limit: Option<u64>,
) -> Result<(Coverage, Vec<W>), Error>
where
    C: Consumer,
    W: FileWorker<Part = C::Part>,
{
    let RunContext { request, report, stop, .. } = run;
    let pool = pool(request.threads)?;
    let depth = request.threads * 4;
    let (order_sender, order) = bounded::<Receiver<OutputBlock<C::Part>>>(depth);
    let (recycled_sender, recycled) = bounded::<C::Part>(request.threads + 1);
    let blocks_ahead = (PARTS / depth / PART).clamp(1, 8);
    let bytes = (PARTS / (depth + request.threads)).min(PART);
    let limits = PartLimits { rows: limit, bytes, has_records: report.has_log() };
    let sizer = feed.sizer();
    let workers = WorkerStack { idle: Mutex::new(workers), limits, sizer: &sizer, stop, recycled };
    let coverage = pool.in_place_scope_fifo(|tasks| {
        std::thread::scope(|threads| {
            let workers = &workers;
            // The order of the batches is bounded, so it bounds the tasks too.
            let dispatch = move |number: u64, items: Vec<BatchItem>| {
                let (blocks, receiver) = bounded(blocks_ahead);
                if order_sender.send(receiver).is_err() {
                    return false;
                }
                tasks.spawn_fifo(move |_| workers.read(Batch { number, items }, &blocks));
                true
            };
            let feeding = threads.spawn(move || feed.run(sources, report, dispatch));
            let mut merger = PartMerger::new(run, consumer, &pool);
            let merged = merger.run(&order, &recycled_sender);
            // Stop the other threads if the merger ended early.
            stop.stop_early();
            drop(order);
            let mut coverage = merger.into_coverage();
            let fed =
                feeding.join().unwrap_or_else(|_| Err(Error::Failed("internal error: the input task panicked".into())));
            merged?;
            coverage.add(&fed?);
            Ok::<_, Error>(coverage)
        })
    })?;
    Ok((coverage, workers.idle.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

fn pool(threads: usize) -> Result<ThreadPool, Error> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|at| format!("worker {at}"));
    builder.build().map_err(|error| Error::Failed(format!("threads cannot be started: {error}")))
}

/// The workers that are not reading a batch now.
struct WorkerStack<'a, W: FileWorker> {
    idle: Mutex<Vec<W>>,
    limits: PartLimits,
    sizer: &'a BatchSizer,
    stop: &'a Cancellation,
    recycled: Receiver<W::Part>,
}

impl<W: FileWorker> WorkerStack<'_, W> {
    /// Reads a batch with an idle worker. There is one worker per thread, so one is always idle.
    fn read(&self, batch: Batch, blocks: &Sender<OutputBlock<W::Part>>) {
        let Some(mut worker) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() else { return };
        let mut out = PartWriter::new(self.limits, batch.number, blocks, &self.recycled);
        let (mut files, mut bytes) = (0, 0);
        for item in batch.items {
            if self.stop.is_stopped() || out.is_full() {
                break;
            }
            match item {
                BatchItem::Read(source) => {
                    files += 1;
                    bytes += worker.file(&source, &mut out);
                }
                BatchItem::LeftOut(file) => out.leave_out(file),
                BatchItem::Report(message) => out.report(message),
                BatchItem::Count(coverage) => out.cover(&coverage),
            }
        }
        self.sizer.note(files, bytes);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        out.end();
    }
}
