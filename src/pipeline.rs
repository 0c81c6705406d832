//! The stages wired together: one thread finds files, many decode them, one
//! writes. The only place with threads and channels, but for those that wait
//! for a silent pipe (`input/patient.rs`), that inflate a large file ahead
//! (`input/ahead.rs`), and of the S3 runtime.
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

mod feed;
mod turn;
mod work;

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use self::feed::Feed;
use self::turn::Turn;
use self::work::{Choice, Job, Sink, Worker};
use crate::decode::event::{Event, Fields};
use crate::error::{Fatal, Skip};
use crate::output::Table;
use crate::output::target::Target;
use crate::plan::Plan;
use crate::query::Filter;
use crate::report::{Coverage, Report};
use crate::stop::Stop;

/// Rows are handed on in blocks of about this size.
const BLOCK: usize = 1 << 20;
/// What all blocks that wait may take together.
const BLOCKS: usize = 64 << 20;
/// What all texts that are held whole may take together.
const TEXTS: usize = 96 << 20;

/// A piece of work, in the order of the output.
struct Batch {
    /// Its place in the order, from 1.
    number: u64,
    pieces: Vec<Piece>,
    blocks: Sender<Block>,
}

/// What the feed finds.
enum Piece {
    /// A file to read.
    Read(crate::input::Source),
    /// Something to say and count.
    Say(Said),
    /// Something only to count.
    Count(Coverage),
}

/// Something for the report, in its place among the rows.
enum Said {
    Skip(Skip),
    Note(String),
    Detail(u8, String),
}

/// Rows, and what there is to say of the files that they come from.
#[derive(Default)]
struct Block {
    rows: Vec<u8>,
    count: u64,
    said: Vec<Said>,
    coverage: Coverage,
}

/// Looks at the wanted events of one thread, in the order of its files.
pub trait Visitor: Send {
    /// An event of the file `file`.
    fn event(&mut self, event: &Event<'_>, file: &str);
    /// A log that was read, with or without a wanted event.
    fn log(&mut self, file: &str);
}

/// Does the main job and says what was covered. `stop` ends it early.
pub fn run(plan: &Plan, report: &Report, stop: &Stop) -> Result<Coverage, Fatal> {
    let mut fields = Fields::default();
    let filter = Filter::new(&plan.conditions, &mut fields)?;
    let table = Table::new(&plan.table, &mut fields)?;
    let sink = || if plan.count { Sink::Count } else { Sink::Rows(table.clone()) };
    let sinks = (0..plan.threads).map(|_| sink()).collect();
    let header = if plan.count { Vec::new() } else { table.header() };
    stages(plan, (filter, &fields), sinks, header, report, stop)
}

/// Shows the wanted events to visitors, each of which has a thread of its own.
/// They look at `fields`.
pub fn visit<V: Visitor>(
    plan: &Plan,
    mut fields: Fields,
    visitors: &mut [V],
    report: &Report,
    stop: &Stop,
) -> Result<Coverage, Fatal> {
    let filter = Filter::new(&plan.conditions, &mut fields)?;
    let sinks = visitors.iter_mut().map(|visitor| Sink::Visit(visitor)).collect();
    stages(plan, (filter, &fields), sinks, Vec::new(), report, stop)
}

/// Runs all stages, with a worker for each sink.
fn stages(
    plan: &Plan,
    (filter, fields): (Filter, &Fields),
    sinks: Vec<Sink<'_>>,
    header: Vec<u8>,
    report: &Report,
    stop: &Stop,
) -> Result<Coverage, Fatal> {
    let inputs = feed::open(&plan.inputs, report, stop)?;
    let mut target = Target::open(plan.output.as_deref())?;

    let depth = plan.threads * 4;
    let (batch_sender, batch_receiver) = bounded::<Batch>(depth);
    let (order_sender, order_receiver) = bounded::<Receiver<Block>>(depth);
    let (used_sender, used_receiver) = bounded::<Vec<u8>>(depth);
    let blocks_ahead = (BLOCKS / depth / BLOCK).clamp(1, 8);
    let feed = Feed::new(batch_sender, order_sender, blocks_ahead, stop.clone());
    let (pace, turn) = (feed.pace(), Turn::default());
    let job = Job {
        limit: plan.limit,
        verbose: plan.talk.verbose,
        is_parallel: plan.threads > 1,
        stop,
        pace: &pace,
        turn: &turn,
    };
    // Made before any thread, so that what is wrong is said and not half done.
    let workers: Vec<Worker<'_, '_>> = sinks
        .into_iter()
        .map(|sink| {
            let choice = Choice { search: filter.search(), filter: filter.clone(), sink };
            Worker::new(job, choice, fields, TEXTS / plan.threads, used_receiver.clone())
        })
        .collect::<Result<_, _>>()?;

    std::thread::scope(|scope| {
        let feeding = scope.spawn(|| feed.run(inputs, plan.conditions.window, report));
        for worker in workers {
            let batches = batch_receiver.clone();
            scope.spawn(move || worker.run(&batches));
        }
        drop(batch_receiver);
        let mut writer = Writer {
            plan,
            report,
            stop,
            turn: &turn,
            target: &mut target,
            coverage: Coverage::default(),
            shown: Instant::now(),
        };
        let written = writer.run(header, order_receiver, &used_sender);
        // Whoever still works for a writer that is gone can stop.
        stop.set_enough();
        let mut coverage = writer.coverage;
        let fed = feeding.join().unwrap_or_else(|_| Err(Fatal::Failed("the walk of the input broke down".into())));
        written?;
        coverage.add(&fed?);
        Ok(coverage)
    })
    .and_then(|coverage| {
        if plan.count {
            report.clear();
            target.write(format!("{}\n", coverage.rows).as_bytes())?;
        }
        target.finish()?;
        Ok(coverage)
    })
}

/// Takes the blocks in their order.
struct Writer<'a> {
    plan: &'a Plan,
    report: &'a Report,
    stop: &'a Stop,
    turn: &'a Turn,
    target: &'a mut Target,
    coverage: Coverage,
    shown: Instant,
}

impl Writer<'_> {
    fn run(&mut self, header: Vec<u8>, order: Receiver<Receiver<Block>>, used: &Sender<Vec<u8>>) -> Result<(), Fatal> {
        let mut header = Some(header);
        if self.plan.limit == Some(0) {
            return self.target.write(&header.unwrap_or_default());
        }
        while let Some(blocks) = self.next(&order)? {
            self.turn.pass();
            while let Some(mut block) = self.next(&blocks)? {
                if let Some(header) = header.take() {
                    self.target.write(&header)?;
                }
                self.take(&block)?;
                block.rows.clear();
                // What one large row needed is not kept for all others, and
                // where nobody waits for the memory it is given back.
                block.rows.shrink_to(2 * BLOCK);
                let _ = used.try_send(block.rows);
                if self.coverage.is_cut {
                    return Ok(());
                }
            }
        }
        self.target.write(&header.unwrap_or_default())
    }

    /// The next item of a channel; nothing at its end.
    fn next<T>(&mut self, channel: &Receiver<T>) -> Result<Option<T>, Fatal> {
        const PATIENCE: Duration = Duration::from_millis(50);
        loop {
            if self.stop.is_interrupted() {
                return Err(Fatal::Interrupted);
            }
            match channel.recv_timeout(PATIENCE) {
                Ok(item) => return Ok(Some(item)),
                // Whoever heeds an interrupt ends early, as if there were no more.
                Err(RecvTimeoutError::Disconnected) if self.stop.is_interrupted() => return Err(Fatal::Interrupted),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn take(&mut self, block: &Block) -> Result<(), Fatal> {
        const OFTEN: Duration = Duration::from_millis(100);
        for said in &block.said {
            match said {
                Said::Skip(skip) => self.report.skip(skip),
                Said::Note(text) => self.report.note(text),
                Said::Detail(level, text) => self.report.detail(*level, || text.clone()),
            }
        }
        let left = self.plan.limit.map_or(u64::MAX, |limit| limit - self.coverage.rows);
        let rows = block.count.min(left);
        self.target.write(first_lines(&block.rows, block.count, rows))?;
        self.coverage.add(&block.coverage);
        self.coverage.rows += rows;
        self.coverage.is_cut = rows == left;
        if self.shown.elapsed() >= OFTEN {
            self.report.reading(&self.coverage);
            self.shown = Instant::now();
        }
        Ok(())
    }
}

/// The first `wanted` of `count` lines.
fn first_lines(lines: &[u8], count: u64, wanted: u64) -> &[u8] {
    if wanted >= count || lines.is_empty() {
        return lines;
    }
    let ends = memchr::memchr_iter(b'\n', lines).take(wanted as usize);
    &lines[..ends.last().map_or(0, |end| end + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_cut_at_a_line() {
        let lines = b"a\nb\nc\n";
        for (wanted, expected) in [(0, &b""[..]), (1, b"a\n"), (2, b"a\nb\n"), (3, lines), (9, lines)] {
            assert_eq!(first_lines(lines, 3, wanted), expected);
        }
    }
}
