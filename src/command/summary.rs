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
mod caller_memo;
mod comparison;
mod consumer;
mod counted_columns;
mod counter;
mod counter_set;
mod data;
mod data_line;
mod derived;
mod display;
mod event_counts;
mod event_facts;
mod follow_up;
mod grouped_text;
mod log_days;
mod page;
mod page_data;
mod provenance;
mod request;
mod result;
mod signals;
mod spill;
mod tally;
mod terminal;
mod theme_value;
mod time;
mod timeline;
mod value_stats;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::all_rows::AllRows;
use self::amount::AmountReader;
use self::args::{SummaryArgs, filters, question};
use self::consumer::workers_and_merge;
use self::counted_columns::CountedColumns;
use self::data::SummaryData;
use self::request::SummaryRequest;
use self::result::{Summary, SummaryRules, TableTopic};
use self::tally::CountedValues;
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
use crate::report::{self, Coverage, Report};
use crate::sink::target::Target;
use crate::table::catalogue;

/// What is counted by, unless something else is asked for.
const SUBJECTS: [(TableTopic, &str); 9] = [
    (TableTopic::Accounts, "recipientAccountId"),
    (TableTopic::Regions, "awsRegion"),
    (TableTopic::Users, "userName"),
    (TableTopic::Events, "eventName"),
    (TableTopic::Sources, "eventSource"),
    (TableTopic::Addresses, "sourceIPAddress"),
    (TableTopic::Keys, "accessKeyId"),
    (TableTopic::Agents, "userAgent"),
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
    selector.count_begun_sessions(&request.reading.filter, &mut fields)?;
    let mut readers = |each: &mut dyn FnMut(&mut ActorReader)| {
        selector.each_actor_reader(each);
        subjects.iter_mut().flat_map(CountedColumns::actor_readers).for_each(each);
    };
    let amounts = request.sum.as_deref().map(|path| AmountReader::new(path, &mut fields)).transpose()?;
    // Before the work, so that a file that cannot be written is reported at once.
    let html = request.html.as_deref().map(|path| Target::open(Some(path))).transpose()?;
    let output = request.format.map(|_| Target::open(request.output.as_deref())).transpose()?;
    let mut all = request.has_all_rows().then(|| AllRows::new(request.row_order()));
    let actors = ActorPass::run(&request.reading, &mut readers, report, stop)?;
    let counted = CountedValues { subjects, amounts, is_overview: request.by.is_empty(), compared: request.compared() };
    let (workers, mut merge) = workers_and_merge(threads, dedupe, counted, &mut fields)?;
    let prepared = PreparedRun::new(&actors.reading, report, stop)?;
    let mut coverage = prepared.consume(&selector, workers, &fields, None, &mut merge)?;
    let rules = SummaryRules {
        top: request.output_top().max(request.page_top()),
        order: request.row_order(),
        compared: request.compared(),
        has_whole_days: request.has_whole_days(),
    };
    let mut summary = Summary::new(headings, merge.into_tallies(), &rules, all.as_mut())?;
    coverage.cut_values += summary.counts.cut_values;
    actors.conclude(&mut coverage, report);
    report.clear();
    if let Some(note) = request.sum.as_deref().and_then(|path| not_summed(path, summary.counts.not_summed)) {
        report.note(&note);
    }
    if let Some(mut html) = html {
        html.write(page::page(&summary, &coverage, request)?.as_bytes())?;
        html.finish()?;
        summary.keep(request.output_top());
    }
    if let (Some(format), Some(mut output)) = (request.format, output) {
        if format.is_data() {
            let (summary, coverage) = (&summary, &coverage);
            let data = SummaryData {
                summary,
                coverage,
                dedupe: request.dedupe,
                has_sum: request.sum.is_some(),
                is_compared: request.earlier.is_some(),
                stop,
            };
            data.write(all, format, &mut output)?;
        } else {
            let provenance = provenance::lines(request, &coverage);
            output.write(
                terminal::text(&summary, &coverage, &provenance, request.sum.as_deref(), request.style).as_bytes(),
            )?;
        }
        output.finish()?;
    }
    Ok(coverage)
}

/// The note on values of the summed field that are not numbers; `None` if all are.
fn not_summed(path: &str, count: u64) -> Option<String> {
    let values = report::count(count, "value");
    (count > 0).then(|| format!("--sum {path:?}: {values} not summed: not a number, or not exact to 9 decimals"))
}

/// What is counted by, and what its values are called.
#[allow(clippy::type_complexity, reason = "said in words above")]
fn subjects(
    request: &SummaryRequest,
    fields: &mut FieldSet,
) -> Result<(Vec<(TableTopic, Vec<String>)>, Vec<CountedColumns>), Error> {
    if !request.by.is_empty() {
        let subject = CountedColumns::asked(&request.by, &request.zone, fields)?;
        return Ok((vec![(TableTopic::Asked, request.by.clone())], vec![subject]));
    }
    let people = request.has_people.then_some((TableTopic::People, "actor"));
    // Reading them takes more time than all other values, and only the page has room for them.
    let resources = request.html.as_ref().map(|_| (TableTopic::Resources, "resources"));
    let asked: Vec<(TableTopic, &str)> = SUBJECTS.iter().copied().chain(resources).chain(people).collect();
    let subject = |(about, column): &(TableTopic, &str)| match about {
        TableTopic::Errors => CountedColumns::errors(fields),
        TableTopic::Users => CountedColumns::users(fields),
        TableTopic::Resources => CountedColumns::resources(fields),
        _ => CountedColumns::new(&[column], false, fields),
    };
    let subjects = asked.iter().map(subject).collect::<Result<_, _>>()?;
    let headings = asked.iter().map(|(about, column)| (*about, vec![column.to_string()]));
    let denied = (TableTopic::Denied, vec!["principal".to_string(), "eventName".to_string()]);
    Ok((headings.chain([denied]).collect(), subjects))
}
