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
mod bucket_clients;
mod consumer;
mod follow_reader;
mod message_plan;
mod message_receiver;
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
use self::follow_reader::{FollowReader, RowSettings};
use self::output::{CollectorOutput, FollowOutput, StandardOutput};
use self::queue_run::QueueFollower;
use self::request::{ArrivalSource, FollowDestination, FollowRequest};
use self::totals::FollowTotals;
use super::event_rows::row_worker::{OriginReader, RowKey, RowWorker};
use super::{Command, Context, isolation};
use crate::cli::command_help::{hide_options, list_formats, reword_options};
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
use crate::table::layout::Format;

/// The command `follow`.
#[derive(Debug)]
pub struct FollowCommand;

impl Command for FollowCommand {
    fn definition(&self) -> clap::Command {
        // They are known, so that the message can say why they do not fit.
        let hidden = ["offline", "until", "event_history", "no_pushdown", "keys_from", "report", "actor"];
        let helps = [
            ("bucket", "S3 bucket to list, or the only one that messages may name"),
            ("since", "First write what was delivered since this time; with --queue, needs --bucket"),
            ("late_days", "Days before today to list again for late deliveries, at most 30 [default: 1]"),
            ("format", "Format [default: by the ending of --output, else tsv]"),
            ("output", "Write to files of this name, each with the time of its start in the name; see --rotate"),
            (
                "time_zone",
                "Show times in this zone, and interpret --since in it: local, Europe/Berlin, +02:00 [default: UTC]",
            ),
        ];
        let command = reword_options(hide_options(FollowArgs::command(), hidden), helps);
        list_formats(command, &[Format::Tsv, Format::Csv, Format::Json])
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = FollowArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let request = FollowRequest::new(args, context)?;
        if let Some(exit) = isolation::enter(&request.reading, context)? {
            return Ok(exit);
        }
        let has_rows = matches!(request.destination, FollowDestination::Stdout);
        let report = Report::new(request.reading.verbosity, has_rows);
        let outcome = context.work(&report, |stop| follow(&request, &report, stop));
        Ok(match outcome {
            Ok(totals) => {
                report.finish(&totals, None);
                if totals.is_partial() { Exit::Partial } else { Exit::Done }
            }
            // An alert must not end silently when its reader is gone.
            Err(Error::ClosedPipe) => {
                let text =
                    "the reader of standard output has closed it; what it did not take is written at the next start";
                context.fail(&report, Error::Failed(text.into()))
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
    let mut reader = FollowReader::new(request, report, stop, rows, merge, journal);
    match &request.arrival {
        ArrivalSource::Queue(name) => {
            reader.totals.has_queue = true;
            let mut queue = QueueFollower::open(name, request, report, stop)?;
            reader.buckets.connect_named()?;
            let is_backfill = request.since.is_some();
            if let Some(bucket) = request.named.as_ref().filter(|_| is_backfill) {
                poll_run::backfill(&mut reader, bucket)?;
            }
            queue.run(&mut reader)?;
        }
        ArrivalSource::Poll(bucket, every) => {
            reader.buckets.connect_named()?;
            poll_run::run(&mut reader, bucket, *every)?;
        }
    }
    let FollowReader { merge, totals, .. } = reader;
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
    let output_kind = selector.jq().map_or(OutputKind::Boolean, |jq| jq.expression().output_kind());
    let mut layout = request.layout_for(output_kind)?;
    leave_out_actors(&mut layout.columns);
    let ids = if request.dedupe { Some(IdReader::new(&mut fields)?) } else { None };
    let key = match request.destination {
        FollowDestination::Stdout | FollowDestination::Files(..) => None,
        FollowDestination::Collector(_) => Some(RowKey::Origin(OriginReader::new(&mut fields)?)),
    };
    let mut table = Table::new(&layout, &mut fields)?;
    let mut has_actors = table.actor_readers().next().is_some();
    selector.each_actor_reader(&mut |_| has_actors = true);
    if has_actors {
        return Err(Error::usage(
            "follow cannot show or compare actors, which depend on earlier events; ask for them with \
             `trail2tsv --bucket BUCKET --since 1d --columns +actor`",
        ));
    }
    let header = table.header();
    Ok((RowSettings { selector, worker: RowWorker { table, key, ids }, fields }, header))
}

/// Leaves the columns of actors out of all columns, unless they are named.
fn leave_out_actors(columns: &mut Vec<String>) {
    const ACTORS: [&str; 2] = ["actor", "actorVia"];
    let name = |column: &String| column.trim_start_matches('+').trim().to_ascii_lowercase();
    let names: Vec<String> = columns.iter().map(name).collect();
    if names.iter().any(|name| name == "all") {
        let unnamed = ACTORS.iter().filter(|actor| !names.contains(&actor.to_ascii_lowercase()));
        columns.extend(unnamed.map(|actor| format!("-{actor}")));
    }
}

/// Opens the output.
fn open<'a>(request: &FollowRequest, header: Vec<u8>, report: &'a Report) -> Result<Box<dyn FollowOutput + 'a>, Error> {
    Ok(match &request.destination {
        FollowDestination::Stdout => Box::new(StandardOutput::new(header)?),
        FollowDestination::Files(path, rotation) => Box::new(RotatingFile::open(path, *rotation, &header, report)?),
        FollowDestination::Collector(settings) => {
            let runtime = aws::runtime()?;
            let transport = HttpTransport::new(&runtime.block_on(request.connection.load()));
            Box::new(CollectorOutput::new(HecSink::open(settings, Arc::new(transport), report)?, report))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_columns_are_those_without_actors() {
        for (typed, expected) in [
            (&["all"][..], &["all", "-actor", "-actorVia"][..]),
            (&["+All", "mfa"], &["+All", "mfa", "-actor", "-actorVia"]),
            (&["all", "actor"], &["all", "actor", "-actorVia"]),
            (&["+mfa"], &["+mfa"]),
            (&[], &[]),
        ] {
            let mut columns: Vec<String> = typed.iter().map(|name| (*name).to_string()).collect();
            leave_out_actors(&mut columns);
            assert_eq!(columns, expected, "{typed:?}");
        }
    }
}
