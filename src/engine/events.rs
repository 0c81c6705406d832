//! Reads files as events: inflates and decodes them, asks the filter and the jq
//! expression, and passes the events that match to the worker of the consumer.

use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::ReportItem;
use super::files::FileWorker;
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::digest::file_verdict::{FileVerdict, FileVerdicts};
use crate::cloudtrail::keys::Scope;
use crate::cloudtrail::time::EventTimeReader;
use crate::decode::event::{Event, FieldSet};
use crate::decode::{Decoder, Findings};
use crate::engine::consumer::{EventWorker, JqDecision, MatchedEvent};
use crate::engine::file_conclusion::FileExpectation;
use crate::engine::merge_position::MergePosition;
use crate::engine::part_writer::PartWriter;
use crate::engine::unpacker::Unpacker;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Problem};
use crate::filter::Filter;
use crate::filter::begun_sessions::{BegunCount, BegunSessions};
use crate::filter::criteria::FilterAnswer;
use crate::filter::jq::{Jq, JqOutput};
use crate::filter::search::ByteSearch;
use crate::filter::spec::FilterSpec;
use crate::source::file::inflate::{Consumed, FileContent, Inflater, InvalidUtf16, TextEnd, TextVisitor};
use crate::source::file::opener::FileOpener;
use crate::source::file::read_ahead::ReadAheadPermits;
use crate::source::verified_files::VerifiedFiles;
use crate::source::{LogFile, OpenedFile};

/// Settings and state shared by all readers.
#[derive(Clone, Copy)]
pub(super) struct ReaderContext<'a> {
    pub(super) verbose: u8,
    /// Permits for inflating large files ahead.
    pub(super) ahead: &'a Arc<ReadAheadPermits>,
    /// Number of threads.
    pub(super) threads: usize,
    /// Which files in archives can contain wanted events.
    pub(super) scope: &'a Scope,
    pub(super) stop: &'a Cancellation,
    pub(super) position: &'a MergePosition,
    /// The verdicts on files, if they are counted.
    pub(super) verdicts: Option<&'a VerifiedFiles>,
}

/// Decides which events match. Each thread has its own, since the filter learns the
/// order of keys.
#[derive(Clone)]
pub struct EventSelector {
    filter: Filter,
    /// Rules out whole files; `None` if no literal is required.
    search: Option<ByteSearch>,
    /// The jq expression, which runs last and can make values of its own.
    jq: Option<Jq>,
    /// Reads event times, to count those that cannot be read.
    clock: Option<EventTimeReader>,
    /// Finds sessions that the users of `--user` began under other names.
    begun: Option<BegunSessions>,
}

impl EventSelector {
    /// Compiles the conditions, and adds the fields they read to `fields`.
    pub fn new(spec: &FilterSpec, fields: &mut FieldSet) -> Result<EventSelector, Error> {
        let filter = Filter::new(spec, fields)?;
        let jq = spec.jq.as_deref().map(|text| Jq::new(text, fields)).transpose()?;
        Ok(EventSelector { search: filter.search(), filter, jq, clock: None, begun: None })
    }

    /// Also counts the wanted events without a readable time.
    pub fn count_untimed(&mut self, fields: &mut FieldSet) -> Result<(), Error> {
        self.clock = Some(EventTimeReader::new(fields)?);
        Ok(())
    }

    /// Also counts the sessions that the users of `--user` in `spec` began under other names.
    pub fn count_begun_sessions(&mut self, spec: &FilterSpec, fields: &mut FieldSet) -> Result<(), Error> {
        self.begun = BegunSessions::new(spec, fields)?;
        Ok(())
    }

    /// The sessions that were counted; `None` if there are none.
    pub(super) fn begun_sessions(&self) -> Option<BegunCount> {
        self.begun.as_ref().and_then(BegunSessions::count)
    }

    /// Calls `each` for the readers of actors in the conditions.
    pub fn each_actor_reader(&mut self, each: &mut dyn FnMut(&mut ActorReader)) {
        self.filter.each_actor_reader(each);
    }

    /// The conditions but for the jq expression.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The jq expression, if there is one.
    pub fn jq(&self) -> Option<&Jq> {
        self.jq.as_ref()
    }

    /// Passes an event to `worker` if it matches.
    fn event<W: EventWorker>(
        &mut self,
        event: &Event<'_>,
        file: &str,
        worker: &mut W,
        out: &mut PartWriter<'_, W::Part>,
    ) -> ControlFlow<()> {
        out.open_events += 1;
        if let Some(begun) = &mut self.begun {
            begun.note(event);
        }
        let answer = self.filter.answer(event);
        let coverage = out.coverage();
        coverage.cut_values += u64::from(self.filter.take_shortened());
        match answer {
            FilterAnswer::No => return ControlFlow::Continue(()),
            FilterAnswer::NoUntimed => {
                coverage.uncompared += 1;
                return ControlFlow::Continue(());
            }
            FilterAnswer::YesUntimed => coverage.untimed += 1,
            FilterAnswer::Yes => {
                let is_untimed = self.clock.as_mut().is_some_and(|clock| clock.second(event).is_none());
                coverage.untimed += u64::from(is_untimed);
            }
        }
        let matched = MatchedEvent { event, file, is_first: true };
        match &mut self.jq {
            None => worker.event(&matched, out),
            Some(jq) => values(jq, matched, worker, out),
        }
    }
}

/// Passes the values that the jq expression makes of an event to `worker`.
fn values<W: EventWorker>(
    jq: &mut Jq,
    mut matched: MatchedEvent<'_>,
    worker: &mut W,
    out: &mut PartWriter<'_, W::Part>,
) -> ControlFlow<()> {
    let before = out.begin_event();
    let mut is_wanted = false;
    let outcome = jq.evaluate(matched.event, |output| {
        if output == JqOutput::True {
            is_wanted = true;
            return ControlFlow::Continue(());
        }
        match worker.jq_output(&matched, &output, out) {
            JqDecision::WantsEvent => {
                is_wanted = true;
                ControlFlow::Continue(())
            }
            JqDecision::Added(flow) => {
                matched.is_first = false;
                flow
            }
        }
    });
    match outcome {
        Ok(flow) => flow?,
        Err(why) => {
            // Drop the values before the error, since they are incomplete.
            out.remove_event(&before);
            let coverage = out.coverage();
            coverage.unanswered += 1;
            // One message shows what is wrong.
            if coverage.unanswered == 1 {
                let file = matched.file;
                out.report(ReportItem::Unanswered(format!("{file}: --jq failed on an event: {why}")));
            }
            return ControlFlow::Continue(());
        }
    }
    if is_wanted { worker.event(&matched, out) } else { ControlFlow::Continue(()) }
}

/// Reads files as events on one thread.
pub(super) struct EventReader<'a, W> {
    pub(super) context: ReaderContext<'a>,
    selector: EventSelector,
    worker: W,
    decoder: Decoder,
    opener: FileOpener,
    inflater: Inflater,
    /// Inflates files inside archives.
    members: Inflater,
}

impl<'a, W: EventWorker> EventReader<'a, W> {
    /// Creates a reader that passes events to `worker` and holds texts of up to `limit`
    /// bytes whole.
    pub(super) fn new(
        context: ReaderContext<'a>,
        selector: EventSelector,
        worker: W,
        fields: &FieldSet,
        limit: usize,
    ) -> Result<EventReader<'a, W>, Error> {
        /// Smaller, since unpacking the archive needs memory too.
        const MEMBERS: usize = 2 << 20;
        const MAX_MEMBER_WINDOW: usize = 32 << 20;
        let inflater = Inflater::with_ahead(limit, Arc::clone(context.ahead));
        let members = Inflater::new(limit.min(MEMBERS)).with_largest(MAX_MEMBER_WINDOW);
        let (decoder, opener) = (Decoder::new(fields)?, FileOpener::default());
        Ok(EventReader { context, selector, worker, decoder, opener, inflater, members })
    }

    /// Returns the worker after its last file.
    pub(super) fn into_worker(self) -> W {
        self.worker
    }

    /// Reports on a text that was read. Returns whether it is a log.
    pub(super) fn conclude(
        &mut self,
        ended: TextEnd,
        expected: impl Fn() -> FileExpectation,
        name: &str,
        out: &mut PartWriter<'_, W::Part>,
    ) -> bool {
        if self.context.stop.is_stopped() {
            return false;
        }
        let is_log = out.conclude(&self.decoder, ended, expected, name, self.context.verbose);
        if is_log {
            self.worker.log(name);
        }
        is_log
    }

    /// Passes on the events of a file and returns how its text ended; `None` for an archive,
    /// on which everything has been reported.
    fn read_once(&mut self, source: &LogFile, name: &str, out: &mut PartWriter<'_, W::Part>) -> Option<TextEnd> {
        let mut file = match source.open(&mut self.opener, self.context.stop) {
            Ok(file) => file,
            Err(error) => {
                self.decoder.start();
                return Some(TextEnd { problems: vec![Problem::Unreadable(error)], further: None });
            }
        };
        if let Some(builder) = out.record_builder() {
            builder.bytes = file.length();
        }
        let is_regular = !matches!(file, OpenedFile::Special(_));
        let EventReader { context, selector, worker, decoder, inflater, .. } = self;
        let text = TextReading { context, selector, worker, decoder, out: &mut *out, name };
        let content = text.read(inflater, &mut file);
        let (kind, bytes, is_file) = match content.into_packed() {
            Ok(packed) => packed,
            Err(ended) => return Some(ended),
        };
        let expected = FileExpectation::of(source);
        if !kind.needs_file() || !is_file || !is_regular {
            Unpacker::new(self, out, expected).bytes(kind, bytes, name);
            return None;
        }
        // Its directory is at the end, so it is read from the file.
        drop(bytes);
        if let Some(file) = file.into_file() {
            Unpacker::new(self, out, expected).file_on_disk(kind, file, name);
        }
        None
    }

    /// Passes on the events of a file inside an archive.
    pub(super) fn member_text<'f>(
        &mut self,
        name: &str,
        bytes: &'f mut (dyn Read + Send),
        out: &mut PartWriter<'_, W::Part>,
    ) -> FileContent<'f> {
        let EventReader { context, selector, worker, decoder, members, .. } = self;
        TextReading { context, selector, worker, decoder, out, name }.read(members, bytes)
    }
}

impl<W: EventWorker> FileWorker for EventReader<'_, W> {
    type Part = W::Part;

    /// Passes on the events of a file. A damaged file is read again if a new copy can
    /// be fetched.
    fn file(&mut self, source: &LogFile, out: &mut PartWriter<'_, W::Part>) -> u64 {
        let before = out.begin_file(source);
        self.worker.begin_file(before.is_some());
        let name = source.name();
        if let Some(mut ended) = self.read_once(source, &name, out) {
            if let (Some(refetch), Some(location), Some(before)) = (&source.refetch, &source.location, before)
                && is_damaged(&ended, self.decoder.findings())
                && !self.context.stop.is_stopped()
                && !out.is_full()
                && refetch.fetch(location, self.context.stop)
            {
                if out.roll_back(before) {
                    ended = self.read_once(source, &name, out).unwrap_or_default();
                } else {
                    out.report(ReportItem::Note(format!(
                        "{name}: was damaged, and has been downloaded again; run the command again"
                    )));
                }
            }
            let is_log = self.conclude(ended, || FileExpectation::of(source), &name, out);
            if let Some(verdicts) = self.context.verdicts.filter(|_| is_log && source.text.is_none()) {
                out.coverage().add_verdict(verdicts.verdict(&name) == FileVerdict::Yes);
            }
        }
        self.worker.end_file(out);
        out.end_file(self.context.stop.is_stopped());
        self.decoder.findings().bytes
    }
}

/// Passes on the events of one text.
struct TextReading<'x, 'a, 'b, W: EventWorker> {
    context: &'x ReaderContext<'a>,
    selector: &'x mut EventSelector,
    worker: &'x mut W,
    decoder: &'x mut Decoder,
    out: &'x mut PartWriter<'b, W::Part>,
    name: &'x str,
}

impl<W: EventWorker> TextReading<'_, '_, '_, W> {
    fn read<'f>(mut self, inflater: &mut Inflater, file: &'f mut (dyn Read + Send)) -> FileContent<'f> {
        self.decoder.start();
        let (context, number) = (self.context, self.out.number());
        inflater.read(file, || context.position.wait(number, context.stop), &mut self)
    }
}

impl<W: EventWorker> TextVisitor for TextReading<'_, '_, '_, W> {
    fn window(&mut self, window: &[u8], is_last: bool) -> Consumed {
        let TextReading { context, selector, worker, decoder, out, name } = self;
        // The search needs the whole file, so it runs only if the first window is also
        // the last.
        if let (Some(search), true, 0) = (&selector.search, is_last, decoder.findings().bytes)
            && let Some(found) = search.matches(window)
        {
            if found.places.is_empty() {
                decoder.count_ruled_out(window, found.is_utf8);
                return ControlFlow::Continue(window.len());
            }
            decoder.restrict_to(found.places);
        }
        let consumed = decoder.window(window, is_last, |event| selector.event(event, name, *worker, out));
        // Continue in the last window, to learn how the stream ended.
        let is_over = decoder.findings().broken.is_some() && !is_last;
        if is_over || context.stop.is_stopped() || out.is_full() {
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

    fn invalid_utf16(&mut self, invalid: InvalidUtf16) {
        self.decoder.note_invalid_utf16(invalid.written, invalid.converted);
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
        || findings.cut_lists.is_some()
        || findings.not_utf8.is_some()
        || findings.not_utf16.is_some()
}
