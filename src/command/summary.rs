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
pub mod args;
mod buckets;
mod changes_text;
mod consumer;
mod counter;
mod data;
mod display;
mod event_facts;
mod follow_up;
mod log_days;
mod page;
mod page_data;
mod provenance;
mod request;
mod result;
mod spill;
mod tally;
mod terminal;
mod theme_value;
mod time;
mod timeline;
mod value_stats;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::all_rows::AllRows;
use self::args::{SummaryArgs, filters, question};
use self::consumer::workers_and_merge;
use self::data::SummaryData;
use self::request::SummaryRequest;
use self::result::{Summary, TableTopic};
use self::tally::CountedColumns;
use super::actor_pass::ActorPass;
use super::context::print;
use super::{Command, Context, isolation};
use crate::cli::parse_error::usage_error;
use crate::cloudtrail::actor::ActorReader;
use crate::decode::event::FieldSet;
use crate::engine::PreparedRun;
use crate::engine::events::EventSelector;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::{Coverage, Report};
use crate::sink::target::Target;
use crate::table::catalogue;

/// What is counted by, unless something else is asked for.
const SUBJECTS: [(TableTopic, &str); 7] = [
    (TableTopic::Accounts, "recipientAccountId"),
    (TableTopic::Regions, "awsRegion"),
    (TableTopic::Users, "userName"),
    (TableTopic::Events, "eventName"),
    (TableTopic::Sources, "eventSource"),
    (TableTopic::Addresses, "sourceIPAddress"),
    (TableTopic::Errors, "errorCode"),
];

/// The command `summary`.
#[derive(Debug)]
pub struct SummaryCommand;

impl Command for SummaryCommand {
    fn definition(&self) -> clap::Command {
        SummaryArgs::command()
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = SummaryArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        if args.counting.by.iter().any(|list| list.eq_ignore_ascii_case("help")) {
            return print(&catalogue::help());
        }
        let request =
            SummaryRequest::new(SummaryArgs { question: question(typed), filters: filters(typed), ..args }, context)?;
        if let Some(exit) = isolation::enter(&request.reading, context)? {
            return Ok(exit);
        }
        let report = context.report(&request.reading, false)?;
        let outcome = context.work(&report, |stop| run(&request, &report, stop));
        Ok(context.conclude(&report, outcome))
    }
}

/// Counts, writes what was counted, and says what was covered.
fn run(request: &SummaryRequest, report: &Report, stop: &Cancellation) -> Result<Coverage, Error> {
    let mut fields = request.reading.filter.field_set();
    let (headings, mut subjects) = subjects(request, &mut fields)?;
    let (threads, dedupe) = (request.reading.threads, request.dedupe);
    let mut selector = EventSelector::new(&request.reading.filter, &mut fields)?;
    let mut readers = |each: &mut dyn FnMut(&mut ActorReader)| {
        selector.each_actor_reader(each);
        subjects.iter_mut().flat_map(CountedColumns::actor_readers).for_each(each);
    };
    // Before the work, so that a file that cannot be written is reported at once.
    let html = request.html.as_deref().map(|path| Target::open(Some(path))).transpose()?;
    let output = request.format.map(|_| Target::open(request.output.as_deref())).transpose()?;
    let mut all = request.has_all_rows().then(AllRows::new);
    let actors = ActorPass::run(&request.reading, &mut readers, report, stop)?;
    let (workers, mut merge) = workers_and_merge(threads, dedupe, subjects, request.by.is_empty(), &mut fields)?;
    let prepared = PreparedRun::new(&actors.reading, report, stop)?;
    let mut coverage = prepared.consume(&selector, workers, &fields, None, &mut merge)?;
    let top = request.output_top().max(request.page_top());
    let mut summary = Summary::new(headings, merge.into_tallies(), top, all.as_mut())?;
    coverage.cut_values += summary.counts.cut_values;
    actors.conclude(&mut coverage, report);
    report.clear();
    if let Some(mut html) = html {
        html.write(page::page(&summary, &coverage, request)?.as_bytes())?;
        html.finish()?;
        summary.keep(request.output_top());
    }
    if let (Some(format), Some(mut output)) = (request.format, output) {
        if format.is_data() {
            let (summary, coverage) = (&summary, &coverage);
            SummaryData { summary, coverage, dedupe: request.dedupe, stop }.write(all, format, &mut output)?;
        } else {
            let provenance = provenance::lines(request, &coverage);
            output.write(terminal::text(&summary, &coverage, &provenance, request.style).as_bytes())?;
        }
        output.finish()?;
    }
    Ok(coverage)
}

/// What is counted by, and what its values are called.
#[allow(clippy::type_complexity, reason = "said in words above")]
fn subjects(
    request: &SummaryRequest,
    fields: &mut FieldSet,
) -> Result<(Vec<(TableTopic, Vec<String>)>, Vec<CountedColumns>), Error> {
    if !request.by.is_empty() {
        let columns: Vec<&str> = request.by.iter().map(String::as_str).collect();
        let subject = CountedColumns::new(&columns, true, fields)?;
        return Ok((vec![(TableTopic::Asked, request.by.clone())], vec![subject]));
    }
    let people = request.has_people.then_some((TableTopic::People, "actor"));
    let asked: Vec<(TableTopic, &str)> = SUBJECTS.iter().copied().chain(people).collect();
    let subject = |(about, column): &(TableTopic, &str)| match about {
        TableTopic::Errors => CountedColumns::errors(fields),
        _ => CountedColumns::new(&[column], false, fields),
    };
    let subjects = asked.iter().map(subject).collect::<Result<_, _>>()?;
    let headings = asked.iter().map(|(about, column)| (*about, vec![column.to_string()]));
    let denied = (TableTopic::Denied, vec!["principal".to_string(), "eventName".to_string()]);
    Ok((headings.chain([denied]).collect(), subjects))
}
