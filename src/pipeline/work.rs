//! What one worker does: reads the files of a batch, decodes them, and makes
//! rows of the events that are wanted.

use std::ops::ControlFlow;

use crossbeam_channel::{Receiver, Sender};

use super::feed::Pace;
use super::turn::Turn;
use super::{BLOCK, Batch, Block, Piece, Said, Visitor};
use crate::decode::Decoder;
use crate::decode::event::{Event, Fields};
use crate::error::{Fatal, Outcome, Problem, Skip};
use crate::input::Source;
use crate::input::inflate::Inflater;
use crate::input::opener::Opener;
use crate::output::Table;
use crate::query::Filter;
use crate::query::filter::Answer;
use crate::query::search::Search;
use crate::report::count;
use crate::stop::Stop;

/// What is to be done with every file.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) limit: Option<u64>,
    pub(super) verbose: u8,
    /// Whether there may be more threads than one that work.
    pub(super) is_parallel: bool,
    pub(super) stop: &'a Stop,
    pub(super) pace: &'a Pace,
    pub(super) turn: &'a Turn,
}

/// What is to be done with every event. Each thread has its own, which learns
/// the order of keys.
pub(super) struct Choice<'v> {
    pub(super) filter: Filter,
    /// What rules out whole files, where there is such a thing.
    pub(super) search: Option<Search>,
    pub(super) sink: Sink<'v>,
}

/// Where the wanted events of one thread go.
pub(super) enum Sink<'v> {
    /// They become rows.
    Rows(Table),
    /// They are only counted.
    Count,
    /// Somebody looks at them.
    Visit(&'v mut dyn Visitor),
}

/// One thread's tools.
pub(super) struct Worker<'a, 'v> {
    job: Job<'a>,
    choice: Choice<'v>,
    decoder: Decoder,
    opener: Opener,
    inflater: Inflater,
    used: Receiver<Vec<u8>>,
}

/// The rows of one batch on their way to the writer.
struct Rows<'a> {
    job: Job<'a>,
    block: Block,
    /// All rows of the batch so far.
    count: u64,
    /// The number of the batch.
    number: u64,
    blocks: &'a Sender<Block>,
    used: &'a Receiver<Vec<u8>>,
}

impl<'a, 'v> Worker<'a, 'v> {
    /// A worker that holds texts of up to `limit` bytes whole.
    pub(super) fn new(
        job: Job<'a>,
        choice: Choice<'v>,
        fields: &Fields,
        limit: usize,
        used: Receiver<Vec<u8>>,
    ) -> Result<Worker<'a, 'v>, Fatal> {
        const SMALLEST: usize = 1 << 20;
        const LARGEST: usize = 16 << 20;
        let inflater = Inflater::new((limit / 3).clamp(SMALLEST, LARGEST), job.is_parallel);
        Ok(Worker { job, choice, decoder: Decoder::new(fields)?, opener: Opener::default(), inflater, used })
    }

    /// Works until there are no more batches.
    pub(super) fn run(mut self, batches: &Receiver<Batch>) {
        for batch in batches {
            let used = self.used.clone();
            let mut rows = Rows {
                job: self.job,
                block: Block::default(),
                count: 0,
                number: batch.number,
                blocks: &batch.blocks,
                used: &used,
            };
            rows.block.rows = used.try_recv().unwrap_or_default();
            let (mut files, mut bytes) = (0, 0);
            for piece in batch.pieces {
                if self.job.stop.is_set() || rows.is_full() {
                    break;
                }
                match piece {
                    Piece::Read(source) => {
                        files += 1;
                        bytes += self.read(&source, &mut rows);
                    }
                    Piece::Say(said) => rows.say(said),
                    Piece::Count(coverage) => rows.block.coverage.add(&coverage),
                }
            }
            self.job.pace.note(files, bytes);
            rows.end();
        }
    }

    /// Makes rows of a file, and gives how many bytes of text it had.
    fn read(&mut self, source: &Source, rows: &mut Rows<'_>) -> u64 {
        let name = source.name();
        let Worker { job, choice, decoder, opener, inflater, .. } = self;
        decoder.start();
        let number = rows.number;
        let may_grow = || job.turn.wait(number, job.stop);
        let problem = match source.open(opener, job.stop) {
            Err(error) => Some(Problem::Unreadable(error)),
            Ok(mut file) => inflater.read(&mut file, may_grow, |window, is_last| {
                if let (Some(search), true, 0) = (&choice.search, is_last, decoder.findings().bytes)
                    && let Some(places) = search.places(window)
                {
                    if places.is_empty() {
                        decoder.pass(window);
                        return ControlFlow::Continue(window.len());
                    }
                    decoder.only(places);
                }
                let consumed = decoder.window(window, is_last, |event| rows.event(choice, event, &name));
                // In the last window there is still to hear why it is the last.
                let is_over = decoder.findings().broken.is_some() && !is_last;
                if is_over || job.stop.is_set() || rows.is_full() {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(consumed)
            }),
        };
        if !job.stop.is_set() {
            let is_log = rows.conclude(decoder, problem, source, &name);
            if let (Sink::Visit(visitor), true) = (&mut choice.sink, is_log) {
                visitor.log(&name);
            }
        }
        decoder.findings().bytes
    }
}

impl Rows<'_> {
    fn event(&mut self, choice: &mut Choice<'_>, event: &Event<'_>, file: &str) -> ControlFlow<()> {
        match choice.filter.answer(event) {
            Answer::No => return ControlFlow::Continue(()),
            Answer::YesUntimed => self.block.coverage.untimed += 1,
            Answer::Yes => {}
        }
        match &mut choice.sink {
            Sink::Rows(table) if event.value().raw().len() > BLOCK => self.large_row(table, event, file)?,
            Sink::Rows(table) => table.row(event, file, &mut self.block.rows),
            Sink::Count => {}
            Sink::Visit(visitor) => visitor.event(event, file),
        }
        self.count += 1;
        self.block.count += 1;
        if self.block.rows.len() >= BLOCK {
            self.send()?;
        }
        if self.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Makes a row that may be larger than a block, which then goes out with
    /// less than a row in it. Breaks where there is no writer any more.
    fn large_row(&mut self, table: &mut Table, event: &Event<'_>, file: &str) -> ControlFlow<()> {
        let mut flow = ControlFlow::Continue(());
        table.row_in_pieces(event, file, &mut |piece| {
            if flow.is_continue() {
                self.block.rows.extend_from_slice(piece);
                if self.block.rows.len() >= BLOCK {
                    flow = self.send();
                }
            }
        });
        flow
    }

    /// Whether the batch alone has as many rows as are wanted in all.
    fn is_full(&self) -> bool {
        self.job.limit.is_some_and(|limit| self.count >= limit)
    }

    fn say(&mut self, said: Said) {
        if matches!(said, Said::Skip(_)) {
            self.block.coverage.problems += 1;
        }
        self.block.said.push(said);
    }

    /// Counts a file that was read, says what is wrong with it, and gives
    /// whether it was a log that could be read, in part at least.
    fn conclude(&mut self, decoder: &Decoder, problem: Option<Problem>, source: &Source, name: &str) -> bool {
        let findings = decoder.findings();
        let is_unread = matches!(problem, Some(Problem::Unreadable(_))) && findings.bytes == 0;
        let mut verdict = findings.verdict(problem);
        let is_log = verdict.passed_over.is_none() && !is_unread;
        let coverage = &mut self.block.coverage;
        match verdict.passed_over {
            Some(reason) if source.is_named_as_log() => {
                coverage.files += 1;
                verdict.problems.push((Problem::NoLog(reason), Outcome::Nothing));
            }
            Some(reason) => {
                *coverage.passed_over.entry(reason).or_default() += 1;
                let text = format!("{name}: passed over: {}", reason.name());
                // Whoever names a file expects something of it.
                self.say(if source.is_named { Said::Note(text) } else { Said::Detail(2, text) });
            }
            None => {
                coverage.files += u64::from(!is_unread);
                coverage.is_searched |= findings.ruled_out > 0;
                coverage.events += findings.events;
                coverage.foreign += findings.foreign;
                if self.job.verbose > 1 {
                    self.say(Said::Detail(2, format!("{name}: {}", count(findings.events, "event"))));
                }
            }
        }
        for (problem, outcome) in verdict.problems {
            self.say(Said::Skip(Skip { name: name.to_string(), problem, outcome }));
        }
        is_log
    }

    /// Hands the last block of the batch to the writer.
    fn end(self) {
        // Without a writer there is nobody left to tell.
        let _ = self.blocks.send(self.block);
    }

    /// Hands the block to the writer, and begins another. Breaks where there is
    /// no writer any more.
    fn send(&mut self) -> ControlFlow<()> {
        let next = Block { rows: self.used.try_recv().unwrap_or_default(), ..Block::default() };
        match self.blocks.send(std::mem::replace(&mut self.block, next)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
