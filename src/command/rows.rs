//! The main command: writes the events that match, one row each.

mod count;
mod join;
mod partial;
mod request;
mod row_merge;
mod row_record;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};

use self::count::{CountMerge, CountWorker};
pub(super) use self::join::join_parts;
use self::partial::{PartForm, PartRowMerge};
use self::request::RowsRequest;
use self::row_merge::RowMerge;
use super::actor_pass::ActorPass;
use super::context::print;
use super::dispatch::print_help_as_error;
use super::event_rows::row_worker::{RowKey, RowWorker};
use super::file_verdicts::read_verdicts;
use super::{Command, Context, isolation, no_match_hints};
use crate::cli::command_help::hide_in_short_help;
use crate::cli::filter::{FilterArgs, ScopeArgs};
use crate::cli::parse_error::usage_error;
use crate::cli::partial::{PartialArgs, shaping_options};
use crate::cli::source::BucketArgs;
use crate::cli::table::TableArgs;
use crate::cli::work::{VerbosityArgs, WorkArgs};
use crate::cloudtrail::actor::{ActorIndex, ActorReader};
use crate::decode::event::FieldSet;
use crate::engine::PreparedRun;
use crate::engine::events::EventSelector;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::filter::jq::expression::OutputKind;
use crate::report::{Coverage, Report};
use crate::sink;
use crate::sink::Provenance;
use crate::sink::part_file::{PartFileWriter, PartHeader, ReadFiles};
use crate::spill::dedupe::IdReader;
use crate::spill::sort::SortOrder;
use crate::syntax::glob::UnmatchedValues;
use crate::table::layout::{Format, TableLayout};
use crate::table::{Table, catalogue};

/// Find out who did what in your AWS accounts, from CloudTrail logs.
///
/// Reads CloudTrail log files from folders, files, standard input or S3, or the
/// event history of an account without a trail, and writes the events that match
/// as one line each. What comes from S3 is kept in a local mirror, and later
/// runs fetch only what is new.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "trail2tsv",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_help_heading = "Other commands",
    max_term_width = 100,
    after_help = "trail2tsv --help lists all options, trail2tsv help COMMAND those of a command.",
    after_long_help = "Examples:\n  \
        trail2tsv --event-history --resource i-064bd95a9b9b0a4e6\n  \
        trail2tsv --bucket my-trail --since 30d > out.tsv\n  \
        trail2tsv AWSLogs -e TerminateInstances -c eventTime,userName,errorCode\n  \
        trail2tsv AWSLogs --access-key AKIAIOSFODNN7EXAMPLE --writes --no-errors\n  \
        trail2tsv AWSLogs -i 198.51.100.0/24 --sort eventTime -o found.xlsx\n  \
        trail2tsv AWSLogs -u root --where '!invokedBy' --sort eventTime\n  \
        trail2tsv summary AWSLogs --html page.html\n\n\
        A pattern is a glob in any case (* any text, ? one character, {a,b} either,\n\
        \\ before one of these for itself); a leading ! negates it. Repeat an option,\n\
        or separate values by commas, for OR.\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something could not be\n\
        read (stderr names it), 130 interrupted."
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct RowsArgs {
    /// Folders, files, archives, or - for stdin
    ///
    /// An address s3://BUCKET/PREFIX is mirrored first, as by --bucket and --prefix.
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub partial: PartialArgs,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// The command that has no name.
#[derive(Debug)]
pub struct RowsCommand;

impl Command for RowsCommand {
    fn definition(&self) -> clap::Command {
        // With all commands, the rest has to fit a terminal of 80 columns and 50 lines.
        let rare = ["inputs", "profile", "event-source", "grep", "jq", "limit", "dedupe", "count", "quiet", "verbose"];
        hide_in_short_help(RowsArgs::command(), rare)
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = RowsArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        if args.table.columns.iter().any(|list| list.eq_ignore_ascii_case("help")) {
            return print(&catalogue::help());
        }
        let Some(request) = RowsRequest::new(args, context)? else { return Ok(print_help_as_error()) };
        let reading = &request.reading;
        if let Some(exit) = isolation::enter(reading, context)? {
            return Ok(exit);
        }
        let part = match &request.partial {
            Some(path) => {
                Some(RequestedPart { path, header: self.part_header(typed, context)?, files: ReadFiles::default() })
            }
            None => None,
        };
        let report = match &part {
            Some(part) => context.part_report(reading, &part.files)?,
            None => context.report(reading, request.output.is_none() && !request.count)?,
        };
        let outcome = context.work(&report, |stop| {
            if let Some(part) = &part {
                return run_part(&request, part, &report, stop);
            }
            let RowsOutcome { coverage, unmatched, actors } = run(&request, &report, stop)?;
            if !reading.verbosity.quiet && !coverage.is_cut && request.limit != Some(0) {
                report.clear();
                let hints = no_match_hints::hints(reading, &coverage, &unmatched, actors.as_ref(), stop);
                hints.iter().for_each(|hint| report.note(hint));
            }
            Ok(coverage)
        });
        Ok(context.conclude(&report, outcome))
    }

    fn part_header(&self, typed: &ArgMatches, context: &Context) -> Result<PartHeader, Error> {
        let args = RowsArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let filter = args.filter.spec(&args.scope, context.now, &args.table.format.zone()?)?;
        let options = shaping_options(&self.definition(), typed, &filter, &[])?;
        Ok(PartHeader::new("", options, serde_json::Value::Null))
    }
}

/// A part that is asked for.
struct RequestedPart<'a> {
    path: &'a Path,
    /// Its header without the details.
    header: PartHeader,
    /// The files that the run reads.
    files: ReadFiles,
}

/// The result of a run.
#[derive(Debug)]
struct RowsOutcome {
    /// What the run has read and written.
    coverage: Coverage,
    /// The values of pattern lists that matched nothing.
    unmatched: Vec<UnmatchedValues>,
    /// Who began which session, if the run asked for actors.
    actors: Option<Arc<ActorIndex>>,
}

/// What reads the events of a request.
struct RowReaders {
    fields: FieldSet,
    selector: EventSelector,
    key: Option<RowKey>,
    ids: Option<IdReader>,
    layout: TableLayout,
    table: Table,
}

impl RowReaders {
    /// Compiles a request. `new_ids` makes the reader of ids.
    fn new(
        request: &RowsRequest,
        new_ids: fn(&mut FieldSet) -> Result<IdReader, Error>,
        report: &Report,
    ) -> Result<RowReaders, Error> {
        let mut fields = request.reading.filter.field_set();
        let mut selector = EventSelector::new(&request.reading.filter, &mut fields)?;
        selector.count_begun_sessions(&request.reading.filter, &mut fields)?;
        let key = request.order().map(|order| SortOrder::new(order, &mut fields).map(RowKey::Order)).transpose()?;
        let ids = if request.dedupe { Some(new_ids(&mut fields)?) } else { None };
        if request.needs_time() {
            selector.count_untimed(&mut fields)?;
        }
        let output_kind = selector.jq().map_or(OutputKind::Boolean, |jq| jq.expression().output_kind());
        let layout = request.layout(output_kind, report)?;
        let table = Table::new(&layout, &mut fields)?;
        let mut readers = RowReaders { fields, selector, key, ids, layout, table };
        let RowReaders { key, table, .. } = &mut readers;
        let verdicts = table.verdict_readers().chain(key.iter_mut().flat_map(RowKey::verdict_readers));
        read_verdicts(&request.reading.inputs, verdicts);
        Ok(readers)
    }

    /// Calls `each` for the readers of actors.
    fn each_actor_reader(&mut self, is_count: bool, each: &mut dyn FnMut(&mut ActorReader)) {
        self.selector.each_actor_reader(each);
        if !is_count {
            self.table.actor_readers().chain(self.key.iter_mut().flat_map(RowKey::actor_readers)).for_each(each);
        }
    }
}

/// Reads the events and writes their rows, or their number.
fn run(request: &RowsRequest, report: &Report, stop: &Cancellation) -> Result<RowsOutcome, Error> {
    let mut readers = RowReaders::new(request, IdReader::new, report)?;
    let actors =
        ActorPass::run(&request.reading, &mut |each| readers.each_actor_reader(request.count, each), report, stop)?;
    let RowReaders { fields, selector, key, ids, layout, table } = readers;
    let prepared = PreparedRun::new(&actors.reading, report, stop)?;
    let provenance = Provenance { now: request.now, command: &request.command, window: request.reading.filter.window };
    let (threads, limit) = (request.reading.threads, request.batch_limit());
    let mut sink = sink::open(request.output.as_deref(), &layout, table.output_columns(), &provenance, threads)?;
    let mut coverage = if request.count {
        let workers = vec![CountWorker { ids }; threads];
        let mut merge = CountMerge::new(request.dedupe, request.limit);
        let coverage = prepared.consume(&selector, workers, &fields, limit, &mut merge)?;
        report.clear();
        sink.write(format!("{}\n", coverage.rows).as_bytes())?;
        sink.finish(&coverage, stop)?;
        coverage
    } else {
        let mut merge = RowMerge::new(request.selection(), is_for_excel(&layout), table.header(), sink);
        merge.wants_verdicts = layout.format == Format::Xlsx;
        let workers = vec![RowWorker { table, key, ids }; threads];
        let mut coverage = prepared.consume(&selector, workers, &fields, limit, &mut merge)?;
        merge.finish(&mut coverage, stop)?;
        coverage
    };
    actors.conclude(&mut coverage, report);
    Ok(RowsOutcome { coverage, unmatched: selector.filter().unmatched(), actors: actors.index })
}

/// Reads the events and writes a part.
fn run_part(
    request: &RowsRequest,
    part: &RequestedPart<'_>,
    report: &Report,
    stop: &Cancellation,
) -> Result<Coverage, Error> {
    const ACTORS: &str = " cannot be combined with actors: who began a session can be in another part";
    let mut readers = RowReaders::new(request, IdReader::for_parts, report)?;
    let mut has_actors = false;
    readers.each_actor_reader(request.count, &mut |_| has_actors = true);
    if has_actors {
        return Err(Error::about("--partial", ACTORS));
    }
    let RowReaders { fields, selector, key, ids, layout, table } = readers;
    let form = PartForm::new(request, &layout, &table)?;
    let header = PartHeader { details: form.to_json(), ..part.header.clone() };
    let prepared = PreparedRun::new(&request.reading, report, stop)?;
    let mut writer = PartFileWriter::create(part.path, &header)?;
    let (threads, limit) = (request.reading.threads, request.batch_limit());
    let coverage = if request.count {
        let workers = vec![CountWorker { ids }; threads];
        writer.section(partial::IDS)?;
        let mut merge = CountMerge::for_part(request.dedupe, request.limit, &mut writer);
        prepared.consume(&selector, workers, &fields, limit, &mut merge)?
    } else {
        writer.section(partial::ROWS)?;
        let mut merge = PartRowMerge::new(request.selection(), &mut writer);
        let workers = vec![RowWorker { table, key, ids }; threads];
        let coverage = prepared.consume(&selector, workers, &fields, limit, &mut merge)?;
        merge.finish(stop)?;
        coverage
    };
    report.clear();
    writer.conclude(&part.files, &coverage)?;
    Ok(coverage)
}

/// Whether cells are cut to the limits of Excel.
fn is_for_excel(layout: &TableLayout) -> bool {
    layout.excel || layout.format == Format::Xlsx
}
