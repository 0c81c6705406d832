//! The calls that change something, in chronological order, one line for each run of calls.
//!
//! ```text
//!  engine ──events──▶ consumer ──sorted by time──▶ fold ──sorted by first time──▶ rows
//! ```

mod args;
mod call_run;
mod columns;
mod consumer;
mod event;
mod fold;
mod join;
mod partial;
mod request;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::args::TimelineArgs;
use self::columns::TimelineColumns;
use self::consumer::{TimelineMerge, TimelineWorker};
pub(super) use self::join::join_parts;
use self::partial::{TimelineForm, write_part};
use self::request::TimelineRequest;
use super::actor_pass::ActorPass;
use super::{Command, Context, isolation, no_match_hints};
use crate::cli::command_help::{JQ_CONDITION, ROW_FORMATS, list_formats, reword_options};
use crate::cli::parse_error::usage_error;
use crate::cli::partial::shaping_options;
use crate::cloudtrail::actor::ActorReader;
use crate::decode::event::FieldSet;
use crate::engine::PreparedRun;
use crate::engine::events::EventSelector;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::{Coverage, Report};
use crate::sink::Provenance;
use crate::sink::part_file::{PartHeader, ReadFiles};
use crate::sink::table_writer::TableWriter;

/// The command `timeline`.
#[derive(Debug)]
pub struct TimelineCommand;

impl Command for TimelineCommand {
    fn definition(&self) -> clap::Command {
        list_formats(reword_options(TimelineArgs::command(), [("jq", JQ_CONDITION)]), ROW_FORMATS)
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = TimelineArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let form = if args.partial.partial.is_some() { Some(TimelineForm::new(&args.rows)?) } else { None };
        let request = TimelineRequest::new(args, context)?;
        let reading = &request.reading;
        if let Some(exit) = isolation::enter(reading, context)? {
            return Ok(exit);
        }
        let Some(form) = form else {
            let report = context.report(reading, request.output.is_none())?;
            let outcome = context.work(&report, |stop| run(&request, &report, stop));
            return Ok(context.conclude(&report, outcome));
        };
        let (header, files) = (self.part_header(typed, context)?, ReadFiles::default());
        let report = context.part_report(reading, &files)?;
        let outcome = context.work(&report, |stop| write_part(&request, &form, (&header, &files), &report, stop));
        Ok(context.conclude(&report, outcome))
    }

    fn part_header(&self, typed: &ArgMatches, context: &Context) -> Result<PartHeader, Error> {
        let args = TimelineArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let filter = args.filter.spec(&args.scope, context.now, &args.rows.format.zone()?)?;
        let options = shaping_options(&self.definition(), typed, &filter, &[])?;
        Ok(PartHeader::new("timeline", options, serde_json::Value::Null))
    }
}

/// What reads the events of a request.
struct TimelineReaders {
    fields: FieldSet,
    selector: EventSelector,
    columns: TimelineColumns,
    worker: TimelineWorker,
}

impl TimelineReaders {
    fn new(request: &TimelineRequest) -> Result<TimelineReaders, Error> {
        let filter = &request.reading.filter;
        let mut fields = filter.field_set();
        let mut selector = EventSelector::new(filter, &mut fields)?;
        selector.count_untimed(&mut fields)?;
        selector.count_begun_sessions(filter, &mut fields)?;
        let columns = TimelineColumns::new(&request.layout)?;
        let worker = TimelineWorker::new(&columns, request, &mut fields)?;
        Ok(TimelineReaders { fields, selector, columns, worker })
    }
}

/// Reads the events, folds them, and writes the rows.
fn run(request: &TimelineRequest, report: &Report, stop: &Cancellation) -> Result<Coverage, Error> {
    let reading = &request.reading;
    let TimelineReaders { fields, mut selector, columns, mut worker } = TimelineReaders::new(request)?;
    let mut readers = |each: &mut dyn FnMut(&mut ActorReader)| {
        selector.each_actor_reader(each);
        worker.actor_reader().into_iter().for_each(each);
    };
    let actors = ActorPass::run(reading, &mut readers, report, stop)?;
    let prepared = PreparedRun::new(&actors.reading, report, stop)?;
    // Before the work, so that an output that cannot be written is reported at once.
    let provenance = Provenance { now: request.now, command: &request.command, window: reading.filter.window };
    let mut table = TableWriter::open(request.output.as_deref(), &request.layout, columns.output(), &provenance)?;
    let mut merge = TimelineMerge::new(&mut table, request.dedupe);
    let mut coverage = prepared.consume(&selector, vec![worker; reading.threads], &fields, None, &mut merge)?;
    report.clear();
    merge.write(&columns, request.limit, &mut coverage, stop)?;
    table.finish(&mut coverage, stop)?;
    actors.conclude(&mut coverage, report);
    if !reading.verbosity.quiet && !coverage.is_cut {
        let unmatched = selector.filter().unmatched();
        let hints = no_match_hints::hints(reading, &coverage, &unmatched, actors.index.as_ref(), stop);
        hints.iter().for_each(|hint| report.note(hint));
    }
    Ok(coverage)
}
