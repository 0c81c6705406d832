//! What was true when, reconstructed from the events that changed it.
//!
//! ```text
//!  engine ──events──▶ consumer ──changes──▶ change log ──fold──▶ intervals ──▶ rows
//!                        │                       │
//!                        └─▶ activity            └─▶ documents, commits
//! ```

mod activity;
mod args;
mod change_log;
mod consumer;
mod documents;
mod form;
mod ip;
mod partial;
mod related;
mod request;
mod resource;
mod row;
mod row_sorter;
mod rules;
mod snapshot_baseline;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::activity::Activity;
use self::args::HistoryArgs;
use self::change_log::ChangeLog;
use self::consumer::{ChangeMerge, ChangeWorker};
use self::form::{AnswerForm, HistoryForm};
pub(super) use self::partial::join_parts;
use self::partial::write_part;
use self::request::{HistoryOutput, HistoryQuestion, HistoryRequest};
use self::row::RowColumns;
use self::row_sorter::RowSorter;
use super::{Command, Context, isolation};
use crate::cli::command_help::{ROW_FORMATS, list_formats};
use crate::cli::parse_error::usage_error;
use crate::cli::partial::shaping_options;
use crate::cloudtrail::history::change::Change;
use crate::decode::event::FieldSet;
use crate::engine::PreparedRun;
use crate::engine::events::EventSelector;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::error::{Error, Issue, Outcome, Problem};
use crate::report::{Coverage, Report, count};
use crate::sink::Provenance;
use crate::sink::document::DocumentFormat;
use crate::sink::document::folder::{DocumentFolder, DocumentKind, FolderChanges};
use crate::sink::part_file::{PartHeader, ReadFiles};
use crate::sink::table_writer::TableWriter;
use crate::sink::target::Target;
use crate::table::layout::Format;

/// The command `history`.
#[derive(Debug)]
pub struct HistoryCommand;

impl Command for HistoryCommand {
    fn definition(&self) -> clap::Command {
        HistoryArgs::command().mut_subcommands(|question| list_formats(question, ROW_FORMATS))
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = HistoryArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let request = HistoryRequest::new(args, context)?;
        if let Some(exit) = isolation::enter(&request.reading, context)? {
            return Ok(exit);
        }
        let Some((path, form)) = &request.partial else {
            let report = context.report(&request.reading, request.writes_stdout())?;
            let outcome = context.work(&report, |stop| run(&request, &report, stop));
            return Ok(context.conclude(&report, outcome));
        };
        let details = serde_json::to_value(form).unwrap_or_default();
        let (header, files) = (PartHeader { details, ..self.part_header(typed, context)? }, ReadFiles::default());
        let report = context.part_report(&request.reading, &files)?;
        let outcome = context.work(&report, |stop| write_part(&request, (path, &header), &files, &report, stop));
        Ok(context.conclude(&report, outcome))
    }

    fn part_header(&self, typed: &ArgMatches, context: &Context) -> Result<PartHeader, Error> {
        let HistoryArgs { question, documents, reading } =
            HistoryArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let (answer, reading) = match question {
            Some(question) => AnswerForm::of_question(question).map(|(answer, reading, _)| (answer, reading))?,
            None => (AnswerForm::of_documents(documents)?.0, reading),
        };
        let filter = HistoryForm::new(answer, &reading, context)?.filter(&reading, context)?;
        let (mut definition, mut typed, mut name) = (self.definition(), typed, String::from("history"));
        if let Some((question, inner)) = typed.subcommand() {
            let found = definition.find_subcommand(question).cloned();
            (definition, typed) = (found.unwrap_or(definition), inner);
            name = format!("{name} {question}");
        }
        Ok(PartHeader::new(&name, shaping_options(&definition, typed, &filter, &[])?, serde_json::Value::Null))
    }
}

/// Reads all changes, then answers.
fn run(request: &HistoryRequest, report: &Report, stop: &Cancellation) -> Result<Coverage, Error> {
    let mut fields = FieldSet::default();
    let selector = EventSelector::new(&request.reading.filter, &mut fields)?;
    let worker = ChangeWorker::new(&mut fields)?;
    let prepared = PreparedRun::new(&request.reading, report, stop)?;
    // Before the work, so that an output that cannot be written is reported at once.
    let output = OpenOutput::new(request)?;
    let workers = vec![worker; request.reading.threads];
    let mut merge = ChangeMerge::new();
    let mut coverage = prepared.consume(&selector, workers, &fields, None, &mut merge)?;
    answer(request, merge, output, report, &mut coverage, stop)?;
    Ok(coverage)
}

/// Answers by the changes that were read.
fn answer(
    request: &HistoryRequest,
    mut merge: ChangeMerge,
    output: OpenOutput<'_>,
    report: &Report,
    coverage: &mut Coverage,
    stop: &Cancellation,
) -> Result<(), Error> {
    if let Some(baseline) = &request.baseline {
        coverage.problems += baseline.read(report, &mut merge)?;
    }
    report.clear();
    report_too_long(merge.too_long(), report, coverage);
    let (log, activity) = merge.finish(stop)?;
    output.write(log, &activity, request, report, coverage, stop)
}

/// Reports the files with events that were too long to be read.
fn report_too_long<'a>(files: impl Iterator<Item = (&'a str, u64)>, report: &Report, coverage: &mut Coverage) {
    for (file, events) in files {
        coverage.problems += 1;
        let (name, outcome) = (file.to_string(), Outcome::LeftOut(events));
        report.issue(&Issue { name, problem: Problem::LongEvents, outcome });
    }
}

/// Where the answer goes.
enum OpenOutput<'a> {
    Rows { question: &'a HistoryQuestion, columns: RowColumns, table: Box<TableWriter>, zone: Option<TimeZone> },
    Files(DocumentFolder, DocumentFormat),
    Git(Target, DocumentFormat),
}

impl<'a> OpenOutput<'a> {
    fn new(request: &'a HistoryRequest) -> Result<OpenOutput<'a>, Error> {
        Ok(match &request.output {
            HistoryOutput::Rows { question, layout, path } => {
                let window = request.reading.filter.window;
                let provenance = Provenance { now: request.now, command: &request.command, window };
                let columns = RowColumns::new(question.columns(), &layout.columns)?;
                let output = columns.output(layout.format == Format::Table);
                let table = TableWriter::open(path.as_deref(), layout, output, &provenance)?;
                OpenOutput::Rows { question, columns, table: Box::new(table), zone: layout.zone.clone() }
            }
            HistoryOutput::Files(folder, format) => {
                OpenOutput::Files(DocumentFolder::open(folder, DocumentKind::History)?, *format)
            }
            HistoryOutput::Git(path, format) => OpenOutput::Git(Target::open(path.as_deref())?, *format),
        })
    }

    fn write(
        self,
        mut log: ChangeLog,
        activity: &Activity,
        request: &HistoryRequest,
        report: &Report,
        coverage: &mut Coverage,
        stop: &Cancellation,
    ) -> Result<(), Error> {
        match self {
            OpenOutput::Rows { question, columns, mut table, zone } => {
                question.limit(&mut log)?;
                let mut rows = RowSorter::new(request.at);
                question.answer(&mut log, &mut rows)?;
                if rows.is_empty() {
                    report.note(&question.empty_answer(request.at, activity));
                }
                row::write(rows, activity, &columns, zone.as_ref(), &mut table)?;
                table.finish(coverage, stop)
            }
            OpenOutput::Files(mut folder, format) => {
                documents::write_files(&mut log, &mut folder, format, request.at)?;
                let FolderChanges { added, changed, removed } = folder.changes;
                report.note(&format!("{added} files added, {changed} changed, {removed} removed"));
                Ok(())
            }
            OpenOutput::Git(mut target, format) => {
                let commits = documents::write_git_stream(&mut log, format, request.at, &mut target, stop)?;
                report.note(&count(commits, "commit"));
                target.finish()
            }
        }
    }
}

impl HistoryQuestion {
    /// The columns of the answer.
    fn columns(&self) -> &'static [&'static str] {
        match self {
            HistoryQuestion::Ip(_) => &ip::COLUMNS,
            HistoryQuestion::Rules(_) => &rules::COLUMNS,
            HistoryQuestion::Exposed(_) => &rules::EXPOSED_COLUMNS,
            HistoryQuestion::Resource(_) => &resource::COLUMNS,
        }
    }

    /// Leaves out the changes that do not matter to the answer, so that less is kept in memory.
    fn limit(&self, log: &mut ChangeLog) -> Result<(), Error> {
        let concerns: fn(&Change) -> bool = match self {
            HistoryQuestion::Ip(_) => ip::concerns,
            HistoryQuestion::Rules(_) => rules::concerns,
            HistoryQuestion::Exposed(_) => |change| ip::concerns(change) || rules::concerns(change),
            HistoryQuestion::Resource(id) => return related::limit(log, id),
        };
        log.limit_to(Box::new(concerns));
        Ok(())
    }

    /// Adds the rows of the answer.
    fn answer(&self, log: &mut ChangeLog, rows: &mut RowSorter) -> Result<(), Error> {
        match self {
            HistoryQuestion::Ip(address) => {
                ip::holders(log, *address)?.iter().for_each(|row| rows.push(row));
                Ok(())
            }
            HistoryQuestion::Rules(question) => rules::rules(log, question, rows),
            HistoryQuestion::Exposed(address) => rules::exposures(log, *address, rows),
            HistoryQuestion::Resource(id) => resource::properties(log, id, rows),
        }
    }

    /// The message for an answer without rows.
    fn empty_answer(&self, at: Option<Timestamp>, activity: &Activity) -> String {
        let what = match self {
            HistoryQuestion::Ip(address) => format!("nothing in the logs had the address {address}"),
            HistoryQuestion::Rules(_) => "no such rule is in the logs".into(),
            HistoryQuestion::Exposed(address) => format!("no rule in the logs let {address} in"),
            HistoryQuestion::Resource(id) => format!("nothing in the logs changed {id}"),
        };
        let at = at.map_or(String::new(), |at| format!(" at {at}"));
        let covered = activity.period().map_or(String::new(), |[first, last]| {
            format!("; they are from {first} to {last}, and nothing is known of what began before and did not change")
        });
        format!("{what}{at}{covered}")
    }
}
