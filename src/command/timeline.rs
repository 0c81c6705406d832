//! The calls that change something, in the order of time, one line for each run of calls.
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
mod request;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::args::TimelineArgs;
use self::columns::TimelineColumns;
use self::consumer::{TimelineMerge, TimelineWorker};
use self::request::TimelineRequest;
use super::actor_pass::ActorPass;
use super::{Command, Context, isolation, no_match_hints};
use crate::cli::parse_error::usage_error;
use crate::cloudtrail::actor::ActorReader;
use crate::engine::events::EventSelector;
use crate::engine::{PreparedRun, report_damage};
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::{Coverage, Report};
use crate::sink::Provenance;
use crate::sink::table_writer::TableWriter;

/// The command `timeline`.
#[derive(Debug)]
pub struct TimelineCommand;

impl Command for TimelineCommand {
    fn definition(&self) -> clap::Command {
        TimelineArgs::command()
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = TimelineArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let request = TimelineRequest::new(args, context)?;
        let reading = &request.reading;
        if let Some(exit) = isolation::enter(reading, context)? {
            return Ok(exit);
        }
        let report = context.report(reading, request.output.is_none())?;
        let outcome = context.work(&report, |stop| run(&request, &report, stop));
        Ok(context.conclude(&report, outcome))
    }
}

/// Reads the events, folds them, and writes the rows.
fn run(request: &TimelineRequest, report: &Report, stop: &Cancellation) -> Result<Coverage, Error> {
    let reading = &request.reading;
    let mut fields = reading.filter.field_set();
    let mut selector = EventSelector::new(&reading.filter, &mut fields)?;
    selector.count_untimed(&mut fields)?;
    selector.count_begun_sessions(&reading.filter, &mut fields)?;
    let columns = TimelineColumns::new(&request.layout, &reading.filter)?;
    let mut worker = TimelineWorker::new(&columns, request.dedupe, &mut fields)?;
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
    report_damage(&reading.filter, report, &mut coverage);
    table.finish(&mut coverage, stop)?;
    actors.conclude(&mut coverage, report);
    if !reading.verbosity.quiet && !coverage.is_cut {
        let unmatched = selector.filter().unmatched();
        let hints = no_match_hints::hints(reading, &coverage, &unmatched, actors.index.as_ref(), stop);
        hints.iter().for_each(|hint| report.note(hint));
    }
    Ok(coverage)
}
