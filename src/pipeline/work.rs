//! What one worker does: reads the files of a batch, decodes them, and makes
//! rows of the events that are wanted.

use std::ops::ControlFlow;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::block::{self, Block, RowId};
use super::feed::Pace;
use super::turn::Turn;
use super::{BLOCK, Batch, Piece, Said, Visitor};
use crate::decode::event::{Event, Fields};
use crate::decode::{Decoder, Findings};
use crate::error::{Fatal, Outcome, Problem, Skip};
use crate::input::Source;
use crate::input::ahead::Places;
use crate::input::inflate::Inflater;
use crate::input::opener::Opener;
use crate::output::Table;
use crate::output::dedupe::Ids;
use crate::output::sort::Order;
use crate::query::Filter;
use crate::query::filter::Answer;
use crate::query::jq::{Jq, Output};
use crate::query::search::Search;
use crate::report::{Coverage, count};
use crate::stop::Stop;

/// What is to be done with every file.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    /// How many rows of a batch are enough.
    pub(super) limit: Option<u64>,
    /// How large a block of rows becomes.
    pub(super) block: usize,
    pub(super) verbose: u8,
    /// How many large files are inflated ahead.
    pub(super) ahead: &'a Arc<Places>,
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
    /// What is asked last of an event, and can shape its own rows.
    pub(super) jq: Option<Jq>,
    /// What rows are sorted by, where they are.
    pub(super) order: Option<Order>,
    /// What tells events from those that came before, where that matters.
    pub(super) ids: Option<Ids>,
    pub(super) goal: Goal<'v>,
}

/// What becomes of the wanted events of one thread.
pub(super) enum Goal<'v> {
    /// They become rows.
    Rows(Box<Table>),
    /// They are only counted.
    Count,
    /// Somebody looks at them.
    Visit(&'v mut dyn Visitor),
}

impl Choice<'_> {
    /// What tells the event of a row from those that came before, where that
    /// matters, unless it has a row already.
    fn id(&self, event: &Event<'_>, is_first: bool) -> Option<RowId> {
        self.ids.as_ref().map(|ids| if is_first { RowId::of(ids, event) } else { RowId::AsBefore })
    }
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
    /// How many blocks of it were sent.
    sent: u64,
    /// The rows of the block that come from files before one that may be taken
    /// back.
    kept: usize,
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
        const SMALLEST: usize = 768 << 10;
        const LARGEST: usize = 16 << 20;
        let inflater = Inflater::with_ahead((limit / 3).clamp(SMALLEST, LARGEST), Arc::clone(job.ahead));
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
                sent: 0,
                kept: 0,
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

    /// Makes rows of a file, and gives how many bytes of text it had. What is
    /// damaged is read once more where there is a new copy to be had.
    fn read(&mut self, source: &Source, rows: &mut Rows<'_>) -> u64 {
        let before = rows.begin_file(source);
        let mut problem = self.read_once(source, rows);
        if let (Some(again), Some(path), Some(before)) = (&source.again, &source.path, before)
            && is_damaged(problem.as_ref(), self.decoder.findings())
            && !self.job.stop.is_set()
            && !rows.is_full()
            && again.fetch(path, &source.name(), self.job.stop)
        {
            // Who looked at events has seen them.
            let is_seen = matches!(self.choice.goal, Goal::Visit(_)) && rows.has_more(&before);
            if !is_seen && rows.take_back(&before) {
                problem = self.read_once(source, rows);
            } else {
                rows.say(Said::Note(format!("{}: damaged here, and fetched again; run once more", source.name())));
            }
        }
        if !self.job.stop.is_set() {
            let name = source.name();
            let is_log = rows.conclude(&self.decoder, problem, source, &name);
            if let (Goal::Visit(visitor), true) = (&mut self.choice.goal, is_log) {
                visitor.log(&name);
            }
        }
        rows.end_file();
        self.decoder.findings().bytes
    }

    /// Makes rows of a file, and gives what stopped its bytes from being read.
    fn read_once(&mut self, source: &Source, rows: &mut Rows<'_>) -> Option<Problem> {
        let name = source.name();
        let Worker { job, choice, decoder, opener, inflater, .. } = self;
        decoder.start();
        let number = rows.number;
        let may_grow = || job.turn.wait(number, job.stop);
        match source.open(opener, job.stop) {
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
        }
    }
}

/// Whether a file is not as CloudTrail wrote it, which a new copy may mend.
fn is_damaged(problem: Option<&Problem>, findings: &Findings) -> bool {
    use Problem::{GzipChecksum, GzipDamaged, GzipEndsEarly, GzipTrailer};
    matches!(problem, Some(GzipChecksum | GzipDamaged | GzipEndsEarly | GzipTrailer))
        || findings.broken.is_some()
        || findings.malformed.is_some()
        || findings.not_utf8.is_some()
}

/// What there was of a batch when a file of it was begun.
struct Before {
    sent: u64,
    mark: block::Mark,
    said: usize,
    coverage: Coverage,
}

impl Rows<'_> {
    /// Begins a file whose rows may be taken back. Until it ends, what fits
    /// into a block of its own is kept together.
    fn begin_file(&mut self, source: &Source) -> Option<Before> {
        source.again.as_ref()?;
        self.kept = self.block.rows.len();
        Some(Before {
            sent: self.sent,
            mark: self.block.mark(),
            said: self.block.said.len(),
            coverage: self.block.coverage.clone(),
        })
    }

    /// Whether events came since.
    fn has_more(&self, before: &Before) -> bool {
        self.sent != before.sent || self.block.count != before.mark.count
    }

    /// Takes back what the file has added since. Says whether that was
    /// possible.
    fn take_back(&mut self, before: &Before) -> bool {
        if self.sent != before.sent {
            return false;
        }
        self.count -= self.block.count - before.mark.count;
        self.block.cut(before.mark);
        self.block.said.truncate(before.said);
        self.block.coverage = before.coverage.clone();
        true
    }

    /// Hands on what was kept together.
    fn end_file(&mut self) {
        self.kept = 0;
        if self.block.is_full(0, self.job.block) {
            // Where there is no writer any more, the next file ends the batch.
            let _ = self.send();
        }
    }

    fn event(&mut self, choice: &mut Choice<'_>, event: &Event<'_>, file: &str) -> ControlFlow<()> {
        match choice.filter.answer(event) {
            Answer::No => return ControlFlow::Continue(()),
            Answer::YesUntimed => self.block.coverage.untimed += 1,
            Answer::Yes => {}
        }
        if choice.jq.is_some() { self.ask(choice, event, file) } else { self.row(choice, event, file, true) }
    }

    /// Makes what a jq expression yields of an event.
    fn ask(&mut self, choice: &mut Choice<'_>, event: &Event<'_>, file: &str) -> ControlFlow<()> {
        let Choice { jq: Some(jq), goal, ids, order, .. } = &mut *choice else { return ControlFlow::Continue(()) };
        let (sent, mark) = (self.sent, self.block.mark());
        let (mut is_wanted, mut is_first) = (false, true);
        let asked = jq.ask(event, |output| {
            // Whoever counts or looks at events wants those of which anything comes.
            if output == Output::True || matches!(goal, Goal::Count | Goal::Visit(_)) {
                is_wanted = true;
                return ControlFlow::Continue(());
            }
            if let Goal::Rows(table) = goal {
                table.shaped(&output, &mut self.block.rows);
                self.block.ends.push(self.block.rows.len());
            }
            let id = ids.as_ref().map(|ids| if is_first { RowId::of(ids, event) } else { RowId::AsBefore });
            is_first = false;
            self.mark(id, order.as_mut(), event, file);
            self.counted(0)
        });
        match asked {
            Ok(flow) => flow?,
            Err(why) => {
                // What it yielded before, it did not yield for sure; but what
                // is with the writer stays.
                if self.sent == sent {
                    self.count -= self.block.count - mark.count;
                    self.block.cut(mark);
                }
                self.block.coverage.unanswered += 1;
                // One is enough to see what is wrong.
                if self.block.coverage.unanswered == 1 {
                    self.block.said.push(Said::Unanswered(format!("{file}: --jq fails on an event: {why}")));
                }
                return ControlFlow::Continue(());
            }
        }
        if is_wanted { self.row(choice, event, file, is_first) } else { ControlFlow::Continue(()) }
    }

    /// Makes the row of an event, its first or one behind others.
    fn row(&mut self, choice: &mut Choice<'_>, event: &Event<'_>, file: &str, is_first: bool) -> ControlFlow<()> {
        let cut = match &mut choice.goal {
            Goal::Rows(_) if event.value().raw().len() > BLOCK => self.large_row(choice, event, file, is_first)?,
            Goal::Rows(table) => {
                let cut = table.row(event, file, &mut self.block.rows);
                self.block.ends.push(self.block.rows.len());
                self.mark(choice.id(event, is_first), choice.order.as_mut(), event, file);
                cut
            }
            Goal::Count => {
                self.mark(choice.id(event, is_first), choice.order.as_mut(), event, file);
                0
            }
            Goal::Visit(visitor) => {
                if !visitor.event(event, file) {
                    self.block.coverage.duplicates += 1;
                    return ControlFlow::Continue(());
                }
                0
            }
        };
        self.counted(cut)
    }

    /// Counts a row that was made, so many of whose cells were cut.
    fn counted(&mut self, cut: u64) -> ControlFlow<()> {
        if cut > 0 {
            self.block.cut.push((self.block.count, cut));
        }
        self.count += 1;
        self.block.count += 1;
        // The writer ends the run when it has enough, also for a thread that waits
        // for a silent pipe to inflate what nobody wants.
        let is_full = self.is_full();
        if is_full || self.block.is_full(self.kept, self.job.block) || self.block.piece.is_some() {
            self.send()?;
        }
        if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Notes what the writer chooses by.
    fn mark(&mut self, id: Option<RowId>, order: Option<&mut Order>, event: &Event<'_>, file: &str) {
        self.block.ids.extend(id);
        if let Some(order) = order {
            order.write(event, file, &mut self.block.keys);
            self.block.key_ends.push(self.block.keys.len());
        }
    }

    /// Makes a row that may be larger than a block, in blocks of its own, the
    /// last of which is left to send, and gives how many of its cells were cut.
    /// Breaks where there is no writer any more.
    fn large_row(
        &mut self,
        choice: &mut Choice<'_>,
        event: &Event<'_>,
        file: &str,
        is_first_row: bool,
    ) -> ControlFlow<(), u64> {
        if self.block.count > 0 {
            self.send()?;
        }
        self.mark(choice.id(event, is_first_row), choice.order.as_mut(), event, file);
        let Goal::Rows(table) = &mut choice.goal else { return ControlFlow::Continue(0) };
        let (mut flow, mut is_first) = (ControlFlow::Continue(()), true);
        let cut = table.row_in_pieces(event, file, &mut |piece| {
            if flow.is_continue() {
                self.block.rows.extend_from_slice(piece);
                if self.block.rows.len() - self.kept >= self.job.block {
                    self.block.piece = Some(block::Piece { is_first, is_last: false });
                    (flow, is_first) = (self.send(), false);
                }
            }
        });
        self.block.piece = Some(block::Piece { is_first, is_last: true });
        flow.map_continue(|()| cut)
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
        self.sent += 1;
        self.kept = 0;
        let next = Block { rows: self.used.try_recv().unwrap_or_default(), ..Block::default() };
        match self.blocks.send(std::mem::replace(&mut self.block, next)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
