//! The command `follow`: writes new events as they are delivered.
//!
//! ```text
//!  queue ──messages──▶ ┐                 ┌──▶ standard output
//!                      ├─ new objects ──▶│    files for forwarders
//!  bucket ──listing──▶ ┘   (journal)     └──▶ HTTP Event Collector
//! ```
//!
//! The order makes it safe: rows are written and safe, then their object is in the journal,
//! and then its message is deleted. A crash in between repeats rows and loses none.

mod args;
mod consumer;
mod object_reader;
mod output;
mod poll_run;
mod queue_run;
mod recent_ids;
mod request;
mod totals;

use std::sync::Arc;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use jiff::Timestamp;

use self::args::FollowArgs;
use self::consumer::FollowMerge;
use self::object_reader::{ObjectReader, RowSettings};
use self::output::{CollectorOutput, FollowOutput, StandardOutput};
use self::queue_run::QueueFollower;
use self::request::{Arrival, Destination, FollowRequest};
use self::totals::FollowTotals;
use super::event_rows::row_worker::{OriginReader, RowKey, RowWorker};
use super::{Command, Context, isolation};
use crate::cli::parse_error::usage_error;
use crate::engine::events::EventSelector;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::filter::jq::expression::OutputKind;
use crate::report::Report;
use crate::sink::hec::HecSink;
use crate::sink::rotating_file::RotatingFile;
use crate::source::aws;
use crate::source::aws::http_transport::HttpTransport;
use crate::source::follow_journal::FollowJournal;
use crate::spill::dedupe::IdReader;
use crate::table::Table;

/// The command `follow`.
#[derive(Debug)]
pub struct FollowCommand;

impl Command for FollowCommand {
    fn definition(&self) -> clap::Command {
        // They are known, so that the message can say why they do not fit.
        let hidden = ["offline", "until", "event_history", "no_pushdown"];
        let hide = |command: clap::Command, option| command.mut_arg(option, |argument| argument.hide(true));
        hidden.into_iter().fold(FollowArgs::command(), hide)
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = FollowArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let request = FollowRequest::new(args, context)?;
        if let Some(exit) = isolation::enter(&request.reading, context)? {
            return Ok(exit);
        }
        let has_rows = matches!(request.destination, Destination::Stdout);
        let report = Report::new(request.reading.verbosity, has_rows);
        let outcome = context.work(&report, |stop| follow(&request, &report, stop));
        Ok(match outcome {
            Ok(totals) => {
                report.finish(&totals, None);
                if totals.is_partial() { Exit::Partial } else { Exit::Done }
            }
            Err(fatal) => context.fail(&report, fatal),
        })
    }
}

/// Follows the trail until the user stops, and returns what was done.
fn follow(request: &FollowRequest, report: &Report, stop: &Cancellation) -> Result<FollowTotals, Error> {
    let (rows, header) = row_settings(request)?;
    request.reading.filter.notes.iter().for_each(|note| report.note(note));
    let journal = FollowJournal::open(&request.journal, Timestamp::now(), request.remembered_days())?;
    report.detail(1, || format!("{}: {} objects were written before", request.journal.display(), journal.len()));
    let output = open(request, header, report)?;
    let merge = FollowMerge::new(output, request.dedupe, stop);
    let mut reader = ObjectReader::new(request, report, stop, rows, merge, journal);
    let mut queue = match &request.arrival {
        Arrival::Queue(name) => Some(QueueFollower::open(name, request, report, stop)?),
        Arrival::Poll(_) => None,
    };
    reader.totals.has_queue = queue.is_some();
    match (&mut queue, &request.arrival, &request.named) {
        (Some(queue), _, named) => {
            if let Some(bucket) = named.as_ref().filter(|_| request.reading.filter.window.since.is_some()) {
                poll_run::backfill(&mut reader, bucket)?;
            }
            queue.run(&mut reader)?;
        }
        (None, Arrival::Poll(every), Some(bucket)) => poll_run::run(&mut reader, bucket, *every)?,
        _ => return Err(Error::usage("follow needs --queue QUEUE, or --bucket BUCKET to poll")),
    }
    let ObjectReader { merge, totals, .. } = reader;
    merge.output.finish()?;
    Ok(totals)
}

/// Prepares what is the same for all rows, and returns it with their header.
fn row_settings(request: &FollowRequest) -> Result<(RowSettings, Vec<u8>), Error> {
    let mut fields = request.reading.filter.field_set();
    let mut selector = EventSelector::new(&request.reading.filter, &mut fields)?;
    if request.layout.zone.is_some() {
        selector.count_untimed(&mut fields)?;
    }
    let yields = selector.jq().map_or(OutputKind::Truth, |jq| jq.expression().yields());
    let layout = request.layout_for(yields)?;
    let ids = if request.dedupe { Some(IdReader::new(&mut fields)?) } else { None };
    let key = match request.destination {
        Destination::Stdout | Destination::Files(..) => None,
        Destination::Collector(_) => Some(RowKey::Origin(OriginReader::new(&mut fields)?)),
    };
    let table = Table::new(&layout, &mut fields)?;
    let header = table.header();
    Ok((RowSettings { selector, worker: RowWorker { table, key, ids }, fields }, header))
}

/// Opens the output.
fn open<'a>(request: &FollowRequest, header: Vec<u8>, report: &'a Report) -> Result<Box<dyn FollowOutput + 'a>, Error> {
    Ok(match &request.destination {
        Destination::Stdout => Box::new(StandardOutput::new(header)?),
        Destination::Files(path, rotation) => Box::new(RotatingFile::open(path, *rotation, &header, report)?),
        Destination::Collector(settings) => {
            let start = |error| Error::Failed(format!("threads for requests cannot be started: {error}"));
            let runtime = aws::runtime().map_err(start)?;
            let transport = HttpTransport::new(&runtime.block_on(request.connection.load()));
            Box::new(CollectorOutput::new(HecSink::open(settings, Arc::new(transport), report)?, report))
        }
    })
}
