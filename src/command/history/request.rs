//! What a history is asked, and how the answer is written.

use std::net::IpAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::anchor::Anchor;
use super::args::{HistoryArgs, HistoryReadingArgs, HistoryRowArgs, QuestionArgs};
use super::rules::RuleQuestion;
use crate::cli::source::inputs;
use crate::command::Context;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::sink::document::DocumentFormat;
use crate::syntax::glob::split_list;
use crate::syntax::window::{WindowEdge, point};
use crate::table::layout::{Format, TableLayout};

/// A history: what is read, what is asked, and what is made of it.
#[derive(Clone, Debug)]
pub(super) struct HistoryRequest {
    /// Which events are read, and how.
    pub(super) reading: ReadRequest,
    /// The time of the request.
    pub(super) now: Timestamp,
    /// The command line as typed.
    pub(super) command: String,
    /// A snapshot as known state.
    pub(super) anchor: Option<Anchor>,
    /// The point in time that is asked for.
    pub(super) at: Option<Timestamp>,
    /// What is written.
    pub(super) output: HistoryOutput,
}

/// What is written.
#[derive(Clone, Debug)]
pub(super) enum HistoryOutput {
    /// The rows of an answer.
    Rows { question: HistoryQuestion, layout: TableLayout, path: Option<PathBuf> },
    /// A file for each resource in a folder.
    Files(PathBuf, DocumentFormat),
    /// A stream of commits.
    Git(Option<PathBuf>, DocumentFormat),
}

/// A question about the past.
#[derive(Clone, Debug)]
pub(super) enum HistoryQuestion {
    /// Who had an address.
    Ip(IpAddr),
    /// Which rules there were.
    Rules(RuleQuestion),
    /// When an address was let in that was not ours.
    Exposed(IpAddr),
    /// What is known of a resource.
    Resource(String),
}

impl HistoryRequest {
    /// What the options ask for.
    pub(super) fn new(args: HistoryArgs, context: &Context) -> Result<HistoryRequest, Error> {
        let HistoryArgs { question, documents, reading } = args;
        let Some(question) = question else {
            let output = match (documents.files, documents.git) {
                (Some(folder), _) => HistoryOutput::Files(folder, documents.format),
                (None, true) => HistoryOutput::Git(documents.output, documents.format),
                (None, false) => {
                    return Err(Error::usage(
                        "history: no question; write history ip ADDRESS, history rules, history exposed ADDRESS or \
                         history resource ID, or --files DIR or --git",
                    ));
                }
            };
            return HistoryRequest::of(reading, output, &TimeZone::UTC, context);
        };
        let (question, reading, rows) = match question {
            QuestionArgs::Ip(args) => (HistoryQuestion::Ip(args.address.to_canonical()), args.reading, args.rows),
            QuestionArgs::Exposed(args) => {
                (HistoryQuestion::Exposed(args.address.to_canonical()), args.reading, args.rows)
            }
            QuestionArgs::Resource(args) => (HistoryQuestion::Resource(args.id), args.reading, args.rows),
            QuestionArgs::Rules(args) => {
                let question = RuleQuestion { group: args.group, from: args.from, port: args.port, is_open: args.open };
                (HistoryQuestion::Rules(question), args.reading, args.rows)
            }
        };
        let (output, zone) = HistoryRequest::rows(question, rows, context)?;
        HistoryRequest::of(reading, output, &zone, context)
    }

    fn rows(
        question: HistoryQuestion,
        HistoryRowArgs { columns, format }: HistoryRowArgs,
        context: &Context,
    ) -> Result<(HistoryOutput, TimeZone), Error> {
        let zone = format.zone()?;
        let layout = format.layout(zone.clone(), context.settings.names(), context.terminal, context.columns, true)?;
        let layout = TableLayout { columns: split_list(&columns), ..layout };
        if layout.format == Format::Xlsx {
            format.check_workbook(context.terminal.is_some())?;
        }
        Ok((HistoryOutput::Rows { question, layout, path: format.output }, zone))
    }

    fn of(
        args: HistoryReadingArgs,
        output: HistoryOutput,
        zone: &TimeZone,
        context: &Context,
    ) -> Result<HistoryRequest, Error> {
        let time = |option: &str, text: &Option<String>| {
            let right = "not a time; write one such as 2026-10-01T12:00, 2026-10-01 or 30d";
            let parse = |text: &String| {
                point(text, context.now, zone, WindowEdge::Start).ok_or_else(|| Error::option(option, text, right))
            };
            text.as_ref().map(parse).transpose()
        };
        let at = time("--at", &args.at)?;
        let snapshot_time = time("--snapshot-time", &args.snapshot_time)?;
        let anchor = args.snapshot.map(|folder| Anchor::new(folder, snapshot_time)).transpose()?;
        let filter: FilterSpec = crate::cli::filter::FilterArgs::default().spec(&args.scope, context.now, zone)?;
        // Calls that only read change nothing, so event history is not asked for them.
        let inputs = inputs(&args.inputs, &args.bucket, &filter.clone().with("--writes", Vec::<String>::new()))?;
        if inputs.is_empty() {
            return Err(Error::usage(
                "history: nothing to read; name a folder, a file, -, --bucket BUCKET or --event-history",
            ));
        }
        let path = match &output {
            HistoryOutput::Rows { path, .. } | HistoryOutput::Git(path, _) => path.clone(),
            HistoryOutput::Files(..) => None,
        };
        Ok(HistoryRequest {
            reading: ReadRequest {
                inputs,
                filter,
                outputs: path.into_iter().collect(),
                threads: args.work.threads(context.cores),
                verbosity: args.verbosity.verbosity(),
            },
            now: context.now,
            command: context.command_line(),
            at,
            anchor,
            output,
        })
    }

    /// Whether rows are written to standard output.
    pub(super) fn writes_stdout(&self) -> bool {
        matches!(&self.output, HistoryOutput::Rows { path: None, .. } | HistoryOutput::Git(None, _))
    }
}
