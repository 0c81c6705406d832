//! What one worker does: reads the files of a batch, decodes them, and makes
//! rows of the events that are wanted.

use std::ops::ControlFlow;
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::feed::Pace;
use super::rows::Rows;
use super::turn::Turn;
use super::{Batch, Piece, Said, Visitor};
use crate::decode::event::Fields;
use crate::decode::{Decoder, Findings};
use crate::error::{Fatal, Problem};
use crate::input::Source;
use crate::input::ahead::Places;
use crate::input::inflate::Inflater;
use crate::input::opener::Opener;
use crate::output::Table;
use crate::output::dedupe::Ids;
use crate::output::sort::Order;
use crate::query::Filter;
use crate::query::jq::Jq;
use crate::query::search::Search;
use crate::query::time::Clock;
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
    /// What reads the time of an event, if rows are sorted by it or show it in a zone.
    pub(super) clock: Option<Clock>,
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

/// One thread's tools.
pub(super) struct Worker<'a, 'v> {
    job: Job<'a>,
    choice: Choice<'v>,
    decoder: Decoder,
    opener: Opener,
    inflater: Inflater,
    used: Receiver<Vec<u8>>,
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
            let mut rows = Rows::new(self.job, batch.number, &batch.blocks, &used);
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
                    Piece::Count(coverage) => rows.cover(&coverage),
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
        if let (Some(again), Some(before)) = (&source.again, before)
            && is_damaged(problem.as_ref(), self.decoder.findings())
            && !self.job.stop.is_set()
            && !rows.is_full()
            && again.fetch(&source.name(), self.job.stop)
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
        let number = rows.number();
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
