//! Reads events on all threads and merges what a consumer makes of them, in the order
//! of the inputs and in bounded memory. It has two layers:
//!
//! - `files` is the pipeline: it finds files, reads them on the threads of a pool and
//!   merges the parts. The threads that decode events, and their channels, are there.
//!   Sources and sinks own the threads of their requests, inflation and encoders.
//! - [`events`] reads a file as events: it inflates and decodes the file, and selects
//!   events by the filter and the jq expression.
//!
//! A [`Consumer`] decides what becomes of the events. The engine knows no command.

pub mod consumer;
pub mod events;
mod feed;
mod file_conclusion;
mod file_record_builder;
mod files;
mod merge_position;
mod merger;
pub mod part_writer;
pub mod request;
mod unpacker;

use std::sync::Arc;

use self::consumer::Consumer;
use self::events::{EventReader, EventSelector, ReaderContext};
use self::feed::InputFeed;
use self::files::RunContext;
use self::merge_position::MergePosition;
use self::request::ReadRequest;
use crate::cloudtrail::keys::Scope;
use crate::decode::event::FieldSet;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue};
use crate::filter::spec::FilterSpec;
use crate::report::{Coverage, Report};
use crate::source::file::read_ahead::ReadAheadPermits;
use crate::source::file_list::FileList;
use crate::source::verified_files::VerifiedFiles;
use crate::source::{self, LeftOutFile, LogFile, LogSource};

/// Largest number of files that are inflated ahead.
const AHEAD: usize = 8;

/// The longest text, in bytes, that each of this many threads may hold whole. One
/// thread at a time may hold a larger one, in a window of 128 MiB. The texts of the
/// others, with compressed files of a quarter of their size and their bitmaps, have to
/// fit into the memory that remains.
fn whole_text(threads: usize) -> usize {
    const OTHERS: usize = 32 << 20;
    const BITS: usize = 1 << 20;
    const MIN_TEXT: usize = 768 << 10;
    const MAX_TEXT: usize = 16 << 20;
    let each = OTHERS / threads.saturating_sub(1).max(1);
    (each.saturating_sub(BITS) / 5 * 4).clamp(MIN_TEXT, MAX_TEXT)
}

/// A unit of work, numbered in the order of the output.
struct Batch {
    /// Position in the order, from 1.
    number: u64,
    items: Vec<BatchItem>,
}

/// One item that the feed finds.
enum BatchItem {
    /// A file to read.
    Read(LogFile),
    /// A file that is not read.
    LeftOut(LeftOutFile),
    /// A message to report and count.
    Report(ReportItem),
    /// Counts to add.
    Count(Box<Coverage>),
}

/// A message for the report, in its position among the rows.
enum ReportItem {
    Issue(Issue),
    Note(String),
    /// The error of the jq expression on an event; only the first is reported.
    Unanswered(String),
    Detail(u8, String),
}

/// A run whose inputs exist.
pub struct PreparedRun<'a> {
    request: &'a ReadRequest,
    report: &'a Report,
    stop: &'a Cancellation,
    sources: Vec<Box<dyn LogSource>>,
    feed: InputFeed,
}

impl<'a> PreparedRun<'a> {
    /// Checks everything that can be checked before output is written. Setting `stop`
    /// ends the run early.
    pub fn new(request: &'a ReadRequest, report: &'a Report, stop: &'a Cancellation) -> Result<PreparedRun<'a>, Error> {
        let old = request.outputs.iter().filter_map(|output| feed::replaced(output, &request.inputs).transpose());
        let old = old.collect::<Result<Vec<_>, _>>()?;
        request.filter.notes.iter().for_each(|note| report.note(note));
        let sources = source::open(&request.inputs, request.filter.window, report, stop)?;
        Ok(PreparedRun { request, report, stop, sources, feed: InputFeed::new(old, stop.clone()) })
    }

    /// Prepares a run over these files instead of the inputs of the request.
    pub fn of_files(
        request: &'a ReadRequest,
        report: &'a Report,
        stop: &'a Cancellation,
        files: Vec<LogFile>,
    ) -> PreparedRun<'a> {
        let sources: Vec<Box<dyn LogSource>> = vec![Box::new(FileList::new(files))];
        PreparedRun { request, report, stop, sources, feed: InputFeed::new(Vec::new(), stop.clone()) }
    }

    /// Passes the events that `selector` selects to the workers, of which there is one
    /// for each thread, and merges their parts into `consumer`. The selector and the
    /// workers read `fields`. A batch of files can stop after `limit` rows. Returns what
    /// was read.
    pub fn consume<C: Consumer>(
        self,
        selector: &EventSelector,
        workers: Vec<C::Worker>,
        fields: &FieldSet,
        limit: Option<u64>,
        consumer: &mut C,
    ) -> Result<Coverage, Error> {
        let PreparedRun { request, report, stop, sources, feed } = self;
        let threads = request.threads;
        let ahead = Arc::new(ReadAheadPermits::new(if threads > 1 { threads.min(AHEAD) } else { 0 }));
        let (position, scope) = (MergePosition::default(), Scope::since(request.filter.window));
        let verbose = request.verbosity.verbose;
        let verdicts = if consumer.wants_verdicts() { VerifiedFiles::open(&request.inputs) } else { None };
        let verdicts = verdicts.as_ref();
        let context =
            ReaderContext { verbose, ahead: &ahead, threads, scope: &scope, stop, position: &position, verdicts };
        // Create the readers before any thread, so that errors surface before work starts.
        let reader = |worker| EventReader::new(context, selector.clone(), worker, fields, whole_text(threads));
        let readers = workers.into_iter().map(reader).collect::<Result<Vec<_>, _>>()?;
        let run = RunContext { request, report, stop, position: &position };
        let (mut coverage, readers) = files::run(run, sources, feed, readers, consumer, limit)?;
        // If the limit ended the run early, the number is unknown.
        coverage.begun_sessions = selector.begun_sessions().filter(|_| !coverage.is_cut).map(Box::new);
        readers.into_iter().for_each(|reader| consumer.end_worker(reader.into_worker()));
        report_damage(&request.filter, report, &mut coverage);
        Ok(coverage)
    }
}

/// Reports the databases of addresses that look-ups found damaged, and counts them.
fn report_damage(filter: &FilterSpec, report: &Report, coverage: &mut Coverage) {
    let Some(databases) = &filter.geoip else { return };
    for (name, reason) in databases.take_damage() {
        report.warn(&format!("--geoip {name:?}: {reason}; the cells of some addresses are empty"));
        coverage.problems += 1;
    }
}
