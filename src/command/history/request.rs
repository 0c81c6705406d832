//! What a history is asked, and how the answer is written.

use std::net::IpAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::args::HistoryArgs;
use super::form::{AnswerForm, HistoryForm};
use super::rules::RuleQuestion;
use super::snapshot_baseline::SnapshotBaseline;
use crate::cli::source::inputs;
use crate::command::Context;
use crate::command::merge::MergeRun;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::report::Verbosity;
use crate::sink::document::DocumentFormat;
use crate::table::layout::TableLayout;

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
    pub(super) baseline: Option<SnapshotBaseline>,
    /// The point in time that is asked for.
    pub(super) at: Option<Timestamp>,
    /// What is written.
    pub(super) output: HistoryOutput,
    /// The part that is written instead, and what the merge needs to know.
    pub(super) partial: Option<(PathBuf, HistoryForm)>,
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
#[derive(Clone, Debug, Deserialize, Serialize)]
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
        let (answer, args, path) = match question {
            Some(question) => AnswerForm::of_question(question)?,
            None => {
                let (answer, path) = AnswerForm::of_documents(documents)?;
                (answer, reading, path)
            }
        };
        let form = HistoryForm::new(answer, &args, context)?;
        let filter = form.filter(&args, context)?;
        // Calls that only read change nothing, so event history is not asked for them.
        let inputs = inputs(&args.inputs, &args.bucket, &filter.clone().with("--writes", Vec::<String>::new()))?;
        if inputs.is_empty() {
            return Err(Error::usage(
                "history: nothing to read; name a folder, a file, -, --bucket BUCKET or --event-history",
            ));
        }
        args.partial.check(path.as_ref(), context.terminal.is_some())?;
        args.partial.check_inputs(&inputs)?;
        let partial = args.partial.partial;
        // A part goes to no terminal, and only the merge reads the snapshot.
        let context = &Context { terminal: context.terminal.filter(|_| partial.is_none()), ..context.clone() };
        let baseline = if partial.is_none() { form.baseline()? } else { None };
        let outputs = path.iter().chain(partial.iter().filter(|path| path.as_os_str() != "-"));
        Ok(HistoryRequest {
            reading: ReadRequest {
                inputs,
                filter,
                outputs: outputs.cloned().collect(),
                threads: args.work.threads(context.cores),
                verbosity: args.verbosity.verbosity(),
            },
            now: context.now,
            command: context.command_line(),
            at: form.at,
            baseline,
            output: form.clone().output(path, context)?,
            partial: partial.map(|path| form.for_parts().map(|form| (path, form))).transpose()?,
        })
    }

    /// The request of all parts together, which has no inputs.
    pub(super) fn of_parts(form: HistoryForm, run: &MergeRun<'_>) -> Result<HistoryRequest, Error> {
        let path = run.output.map(PathBuf::from);
        if let Some(path) = path.as_ref().filter(|_| form.is_folder()) {
            let text = "the parts are of --files, which names a folder for the result";
            return Err(Error::option("--output", &path.to_string_lossy(), text));
        }
        let context = Context { settings: Default::default(), ..run.context.clone() };
        Ok(HistoryRequest {
            reading: ReadRequest {
                inputs: Vec::new(),
                filter: FilterSpec { window: run.window(), now: context.now, ..FilterSpec::default() },
                outputs: path.iter().cloned().collect(),
                threads: 1,
                verbosity: Verbosity::default(),
            },
            now: context.now,
            command: context.command_line(),
            at: form.at,
            baseline: form.baseline()?,
            output: form.output(path, &context)?,
            partial: None,
        })
    }

    /// Whether rows are written to standard output.
    pub(super) fn writes_stdout(&self) -> bool {
        matches!(&self.output, HistoryOutput::Rows { path: None, .. } | HistoryOutput::Git(None, _))
    }
}
