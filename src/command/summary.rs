//! Who did what, from where and when, counted.
//!
//! ```text
//!  engine ──events──▶ consumer ──▶ tally ──▶ counter ◀─▶ spill   one for each thread
//!                         │          │
//!                         └─▶ result ◀┘                  all of them together
//!                               │
//!                  terminal, data, page                  what is made of it
//! ```

mod all_rows;
mod amount;
pub mod args;
mod buckets;
mod call_memo;
mod caller_memo;
mod change_memo;
mod comparison;
mod consumer;
mod count;
mod counted_columns;
mod counted_memo;
mod counter;
mod counter_set;
mod data;
mod data_line;
mod derived;
mod display;
mod event_counts;
mod event_facts;
mod event_readers;
mod follow_up;
mod grouped_text;
mod log_days;
mod outputs;
mod page;
mod page_data;
mod part;
mod provenance;
mod request;
mod result;
mod signals;
mod spill;
mod tally;
mod terminal;
mod text_memo;
mod theme_value;
mod time;
mod time_histogram;
mod value_stats;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::args::{SummaryArgs, TypedWords};
use self::count::PreparedCount;
use self::outputs::SummaryOutputs;
use self::request::{EventSelection, SummaryRequest};
use super::context::print;
use super::merge::MergeRun;
use super::{Command, Context, isolation};
use crate::cli::command_help::{JQ_CONDITION, reword_options};
use crate::cli::parse_error::usage_error;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::{Coverage, Report};
use crate::sink::part_file::{PartHeader, ReadFiles};
use crate::table::catalogue;

/// The command `summary`.
#[derive(Debug)]
pub struct SummaryCommand;

impl Command for SummaryCommand {
    fn definition(&self) -> clap::Command {
        reword_options(SummaryArgs::command(), [("jq", JQ_CONDITION)])
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = SummaryArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        if args.counting.by.iter().any(|list| list.eq_ignore_ascii_case("help")) {
            return print(&catalogue::help());
        }
        let request = SummaryRequest::new(SummaryArgs { typed: TypedWords::of(typed), ..args }, context)?;
        if let Some(exit) = isolation::enter(&request.reading, context)? {
            return Ok(exit);
        }
        let Some(partial) = &request.partial else {
            let report = context.report(&request.reading, false)?;
            let outcome = context.work(&report, |stop| run(&request, &report, stop));
            return Ok(context.conclude(&report, outcome));
        };
        let (header, files) = (part::header(&request, partial, typed)?, ReadFiles::default());
        let report = context.part_report(&request.reading, &files)?;
        let outcome =
            context.work(&report, |stop| part::write(&request, (&partial.path, &header), &files, &report, stop));
        Ok(context.conclude(&report, outcome))
    }

    fn part_header(&self, typed: &ArgMatches, context: &Context) -> Result<PartHeader, Error> {
        let args = SummaryArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let EventSelection { filter, window, earlier, .. } = EventSelection::new(&args, context)?;
        part::question(&filter, window, earlier, typed)
    }
}

/// Joins the parts of a summary.
pub(super) fn join_parts(run: &MergeRun<'_>) -> Result<Coverage, Error> {
    part::join(run)
}

/// Counts, writes what was counted, and says what was covered.
fn run(request: &SummaryRequest, report: &Report, stop: &Cancellation) -> Result<Coverage, Error> {
    let prepared = PreparedCount::new(request)?;
    let outputs = SummaryOutputs::open(request)?;
    let (counted, _) = prepared.run(None, report, stop)?;
    outputs.write(request, counted, report, stop)
}
