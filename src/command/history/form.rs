//! What a history makes of the changes: a question with the form of its rows, or documents. It
//! does not depend on what is read, so parts have it for the merge.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::args::{DocumentArgs, HistoryReadingArgs, HistoryRowArgs, QuestionArgs};
use super::request::{HistoryOutput, HistoryQuestion};
use super::rules::RuleQuestion;
use super::snapshot_baseline::SnapshotBaseline;
use crate::cli::filter::FilterArgs;
use crate::cli::partial::zone_name;
use crate::cli::table::FormatArgs;
use crate::command::Context;
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::sink::document::DocumentFormat;
use crate::syntax::glob::split_list;
use crate::syntax::window::{WindowEdge, option_point};
use crate::table::layout::{Format, TableLayout};

/// The answer, the point in time that is asked for, and a snapshot as known state.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct HistoryForm {
    answer: AnswerForm,
    pub(super) at: Option<Timestamp>,
    snapshot: Option<PathBuf>,
    snapshot_time: Option<Timestamp>,
}

/// The form of an answer, but for its file.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) enum AnswerForm {
    Rows { question: HistoryQuestion, columns: Vec<String>, format: FormatArgs },
    Files(PathBuf, DocumentFormat),
    Git(DocumentFormat),
}

impl AnswerForm {
    /// The answer to a question. Returns an error for a time zone without a name.
    pub(super) fn of_question(
        question: QuestionArgs,
    ) -> Result<(AnswerForm, HistoryReadingArgs, Option<PathBuf>), Error> {
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
        let HistoryRowArgs { columns, mut format } = rows;
        let output = format.output.take();
        Ok((AnswerForm::Rows { question, columns: split_list(&columns), format }, reading, output))
    }

    /// Documents instead of an answer, and the file that they are written to.
    pub(super) fn of_documents(documents: DocumentArgs) -> Result<(AnswerForm, Option<PathBuf>), Error> {
        match (documents.files, documents.git) {
            (Some(folder), _) => Ok((AnswerForm::Files(folder, documents.format), None)),
            (None, true) => Ok((AnswerForm::Git(documents.format), documents.output)),
            (None, false) => Err(Error::usage(
                "history: no question; write history ip ADDRESS, history rules, history exposed ADDRESS or \
                 history resource ID, or --files DIR or --git",
            )),
        }
    }

    /// The zone in which times are typed and shown.
    pub(super) fn zone(&self) -> Result<TimeZone, Error> {
        match self {
            AnswerForm::Rows { format, .. } => format.zone(),
            AnswerForm::Files(..) | AnswerForm::Git(_) => Ok(TimeZone::UTC),
        }
    }
}

impl HistoryForm {
    pub(super) fn new(
        answer: AnswerForm,
        reading: &HistoryReadingArgs,
        context: &Context,
    ) -> Result<HistoryForm, Error> {
        let zone = answer.zone()?;
        let time = |option: &str, text: &Option<String>| {
            let parse = |text: &String| option_point(option, text, context.now, &zone, WindowEdge::Start);
            text.as_ref().map(parse).transpose()
        };
        let at = time("--at", &reading.at)?;
        let snapshot_time = time("--snapshot-time", &reading.snapshot_time)?;
        Ok(HistoryForm { answer, at, snapshot: reading.snapshot.clone(), snapshot_time })
    }

    /// Which events are read.
    pub(super) fn filter(&self, reading: &HistoryReadingArgs, context: &Context) -> Result<FilterSpec, Error> {
        FilterArgs::default().spec(&reading.scope, context.now, &self.answer.zone()?)
    }

    /// The form as other machines understand it. Returns an error for a time zone without a name.
    pub(super) fn for_parts(mut self) -> Result<HistoryForm, Error> {
        if let AnswerForm::Rows { format, .. } = &mut self.answer {
            format.time_zone = Some(zone_name(&format.zone()?)?);
        }
        Ok(self)
    }

    /// The snapshot as known state.
    pub(super) fn baseline(&self) -> Result<Option<SnapshotBaseline>, Error> {
        self.snapshot.clone().map(|folder| SnapshotBaseline::new(folder, self.snapshot_time)).transpose()
    }

    /// The output, which is written to a file or else to standard output.
    pub(super) fn output(self, path: Option<PathBuf>, context: &Context) -> Result<HistoryOutput, Error> {
        let (question, columns, format) = match self.answer {
            AnswerForm::Rows { question, columns, format } => (question, columns, format),
            AnswerForm::Files(folder, format) => return Ok(HistoryOutput::Files(folder, format)),
            AnswerForm::Git(format) => return Ok(HistoryOutput::Git(path, format)),
        };
        let format = FormatArgs { output: path, ..format };
        let names = context.settings.names();
        let layout = format.layout(format.zone()?, names, context.terminal, context.columns, true)?;
        let layout = TableLayout { columns, ..layout };
        if layout.format == Format::Xlsx {
            format.check_workbook(context.terminal.is_some())?;
        }
        Ok(HistoryOutput::Rows { question, layout, path: format.output })
    }

    /// Whether the answer is a folder of files.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self.answer, AnswerForm::Files(..))
    }
}
