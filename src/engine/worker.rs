//! A worker thread: reads and decodes the files of a batch, and writes rows for the
//! wanted events.

use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::feed::BatchSizer;
use super::{Batch, BatchItem, EventVisitor, ReportItem};
use crate::cloudtrail::keys::Scope;
use crate::cloudtrail::time::Clock;
use crate::decode::event::FieldSet;
use crate::decode::{Decoder, Findings};
use crate::engine::batch_output::BatchOutput;
use crate::engine::file_conclusion::FileExpectation;
use crate::engine::unpacker::Unpacker;
use crate::engine::writer_position::WriterPosition;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Problem};
use crate::filter::Filter;
use crate::filter::jq::Jq;
use crate::filter::search::ByteSearch;
use crate::source::file::container::Container;
use crate::source::file::inflate::{Consumed, FileContent, Inflater, TextEnd, TextVisitor};
use crate::source::file::opener::FileOpener;
use crate::source::file::read_ahead::ReadAheadPermits;
use crate::source::{LogFile, OpenedFile};
use crate::spill::dedupe::IdReader;
use crate::spill::sort::SortOrder;
use crate::table::Table;

/// Settings and state shared by all workers.
#[derive(Clone, Copy)]
pub(super) struct JobContext<'a> {
    /// Number of rows after which a batch can stop.
    pub(super) limit: Option<u64>,
    /// Size of a block of rows in bytes.
    pub(super) block: usize,
    pub(super) verbose: u8,
    /// Permits for inflating large files ahead.
    pub(super) ahead: &'a Arc<ReadAheadPermits>,
    /// Number of threads.
    pub(super) threads: usize,
    /// Which files in archives can contain wanted events.
    pub(super) scope: &'a Scope,
    pub(super) stop: &'a Cancellation,
    pub(super) pace: &'a BatchSizer,
    pub(super) turn: &'a WriterPosition,
}

/// How events are processed. Each thread has its own, since the filter learns the order
/// of keys.
pub(super) struct EventTask<'v> {
    pub(super) filter: Filter,
    /// Rules out whole files; `None` if no literal is required.
    pub(super) search: Option<ByteSearch>,
    /// The jq expression, which runs last and can write its own rows.
    pub(super) jq: Option<Jq>,
    /// Produces sort keys, if rows are sorted.
    pub(super) order: Option<SortOrder>,
    /// Reads event ids, if duplicates are removed.
    pub(super) ids: Option<IdReader>,
    /// Reads event times, if rows are sorted by time or show it in a time zone.
    pub(super) clock: Option<Clock>,
    pub(super) goal: EventGoal<'v>,
}

/// What happens to the wanted events of one thread.
pub(super) enum EventGoal<'v> {
    /// They are written as rows.
    Rows(Box<Table>),
    /// They are only counted.
    Count,
    /// They are passed to a visitor.
    Visit(&'v mut dyn EventVisitor),
}

/// The state of one worker thread.
pub(super) struct Worker<'a, 'v> {
    pub(super) job: JobContext<'a>,
    choice: EventTask<'v>,
    decoder: Decoder,
    opener: FileOpener,
    inflater: Inflater,
    /// Inflates files inside archives.
    pub(super) members: Inflater,
    used: Receiver<Vec<u8>>,
}

impl<'a, 'v> Worker<'a, 'v> {
    /// Creates a worker that holds texts of up to `limit` bytes whole.
    pub(super) fn new(
        job: JobContext<'a>,
        choice: EventTask<'v>,
        fields: &FieldSet,
        limit: usize,
        used: Receiver<Vec<u8>>,
    ) -> Result<Worker<'a, 'v>, Error> {
        /// Smaller, since unpacking the archive needs memory too.
        const MEMBERS: usize = 2 << 20;
        const LARGEST_MEMBER_WINDOW: usize = 32 << 20;
        let inflater = Inflater::with_ahead(limit, Arc::clone(job.ahead));
        let members = Inflater::new(limit.min(MEMBERS)).with_largest(LARGEST_MEMBER_WINDOW);
        let (decoder, opener) = (Decoder::new(fields)?, FileOpener::default());
        Ok(Worker { job, choice, decoder, opener, inflater, members, used })
    }

    /// Processes batches until there are no more.
    pub(super) fn run(mut self, batches: &Receiver<Batch>) {
        for batch in batches {
            let used = self.used.clone();
            let mut rows = BatchOutput::new(self.job, batch.number, &batch.blocks, &used);
            let (mut files, mut bytes) = (0, 0);
            for piece in batch.pieces {
                if self.job.stop.is_set() || rows.is_full() {
                    break;
                }
                match piece {
                    BatchItem::Read(source) => {
                        files += 1;
                        bytes += self.read(&source, &mut rows);
                    }
                    BatchItem::Say(said) => rows.say(said),
                    BatchItem::Count(coverage) => rows.cover(&coverage),
                }
            }
            self.job.pace.note(files, bytes);
            rows.end();
        }
    }

    /// Writes the rows of a file and returns its bytes of text. A damaged file is read
    /// again if a new copy can be fetched.
    fn read(&mut self, source: &LogFile, rows: &mut BatchOutput<'_>) -> u64 {
        let before = rows.begin_file(source);
        let name = source.name();
        let Some(mut ended) = self.read_once(source, &name, rows) else {
            rows.end_file();
            return self.decoder.findings().bytes;
        };
        if let (Some(again), Some(before)) = (&source.again, before)
            && is_damaged(&ended, self.decoder.findings())
            && !self.job.stop.is_set()
            && !rows.is_full()
            && again.fetch(&name, self.job.stop)
        {
            // Events that a visitor has seen cannot be rolled back.
            let is_seen = matches!(self.choice.goal, EventGoal::Visit(_)) && rows.has_more(&before);
            if !is_seen && rows.rollback(&before) {
                ended = self.read_once(source, &name, rows).unwrap_or_default();
            } else {
                rows.say(ReportItem::Note(format!("{name}: damaged here, and fetched again; run once more")));
            }
        }
        self.conclude(ended, || FileExpectation::of(source), &name, rows);
        rows.end_file();
        self.decoder.findings().bytes
    }

    /// Reports on a text that was read. Returns whether it is a log.
    pub(super) fn conclude(
        &mut self,
        ended: TextEnd,
        expected: impl Fn() -> FileExpectation,
        name: &str,
        rows: &mut BatchOutput<'_>,
    ) -> bool {
        if self.job.stop.is_set() {
            return false;
        }
        let is_log = rows.conclude(&self.decoder, ended, expected, name);
        if let (EventGoal::Visit(visitor), true) = (&mut self.choice.goal, is_log) {
            visitor.log(name);
        }
        is_log
    }

    /// Writes the rows of a file and returns how its text ended; `None` for an archive,
    /// on which everything has been reported.
    fn read_once(&mut self, source: &LogFile, name: &str, rows: &mut BatchOutput<'_>) -> Option<TextEnd> {
        let mut file = match source.open(&mut self.opener, self.job.stop) {
            Ok(file) => file,
            Err(error) => {
                self.decoder.start();
                return Some(TextEnd { problems: vec![Problem::Unreadable(error)], further: None });
            }
        };
        let is_regular = !matches!(file, OpenedFile::Special(_));
        let Worker { job, choice, decoder, inflater, .. } = self;
        let content = FileReading { job, choice, decoder, rows, name }.text(inflater, &mut file);
        let (kind, bytes, is_file) = match content.into_packed() {
            Ok(packed) => packed,
            Err(ended) => return Some(ended),
        };
        let expected = FileExpectation::of(source);
        if kind != Container::Zip || !is_file || !is_regular {
            Unpacker::new(self, rows, expected).bytes(kind, bytes, name);
            return None;
        }
        // A zip archive has its directory at the end, so it is read from the file.
        drop(bytes);
        if let Some(file) = file.into_file() {
            Unpacker::new(self, rows, expected).zip_file(file, name);
        }
        None
    }

    /// Writes the rows of a file inside an archive.
    pub(super) fn member_text<'f>(
        &mut self,
        name: &str,
        bytes: &'f mut (dyn Read + Send),
        rows: &mut BatchOutput<'_>,
    ) -> FileContent<'f> {
        let Worker { job, choice, decoder, members, .. } = self;
        FileReading { job, choice, decoder, rows, name }.text(members, bytes)
    }
}

/// Writes the rows of one text.
struct FileReading<'x, 'a, 'v, 'b> {
    job: &'x JobContext<'a>,
    choice: &'x mut EventTask<'v>,
    decoder: &'x mut Decoder,
    rows: &'x mut BatchOutput<'b>,
    name: &'x str,
}

impl FileReading<'_, '_, '_, '_> {
    fn text<'f>(mut self, inflater: &mut Inflater, file: &'f mut (dyn Read + Send)) -> FileContent<'f> {
        self.decoder.start();
        let (job, number) = (self.job, self.rows.number());
        inflater.read(file, || job.turn.wait(number, job.stop), &mut self)
    }
}

impl TextVisitor for FileReading<'_, '_, '_, '_> {
    fn window(&mut self, window: &[u8], is_last: bool) -> Consumed {
        let FileReading { job, choice, decoder, rows, name } = self;
        // The search needs the whole file, so it runs only if the first window is also
        // the last.
        if let (Some(search), true, 0) = (&choice.search, is_last, decoder.findings().bytes)
            && let Some(places) = search.places(window)
        {
            if places.is_empty() {
                decoder.pass(window);
                return ControlFlow::Continue(window.len());
            }
            decoder.only(places);
        }
        let consumed = decoder.window(window, is_last, |event| rows.event(choice, event, name));
        // Continue in the last window, to learn how the stream ended.
        let is_over = decoder.findings().broken.is_some() && !is_last;
        if is_over || job.stop.is_set() || rows.is_full() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(consumed)
    }

    fn further_members(&mut self) {
        self.decoder.begin_further_members();
    }

    fn gap(&mut self) {
        self.decoder.skip_gap();
    }
}

/// Whether a file differs from what CloudTrail wrote, so that a new copy may help.
fn is_damaged(ended: &TextEnd, findings: &Findings) -> bool {
    use Problem::{GzipBetween, GzipChecksum, GzipDamaged, GzipEndsEarly, GzipTrailer};
    let is_gzip = |problem: &Problem| {
        matches!(
            problem,
            GzipChecksum { .. } | GzipDamaged { .. } | GzipBetween { .. } | GzipEndsEarly | GzipTrailer { .. }
        )
    };
    ended.problems.iter().any(is_gzip)
        || findings.broken.is_some()
        || findings.malformed.is_some()
        || findings.cut.is_some()
        || findings.not_utf8.is_some()
}
