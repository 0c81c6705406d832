//! What the parts of a summary know about its outputs, for the run that makes them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::Context;
use crate::command::summary::args::TypedWords;
use crate::command::summary::request::{self, ColorMode, PartRequest, SummaryFormat, SummaryRequest};
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::report::Verbosity;
use crate::syntax::window::Window;

/// The details in the header of each part.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::command::summary) struct PartQuestion {
    by: Vec<String>,
    /// The start and the end of the events that are counted.
    window: [Option<Timestamp>; 2],
    /// The times of the events that they are compared with.
    earlier: Option<[Option<Timestamp>; 2]>,
    sum: Option<String>,
    dedupe: bool,
    jq: Option<String>,
    top: Option<usize>,
    format: Option<SummaryFormat>,
    color: ColorMode,
    html: Option<PathBuf>,
    /// The words that say which events, and the filters among them.
    question: Vec<String>,
    filters: Vec<String>,
}

impl PartQuestion {
    /// The details of a request that writes a part.
    pub(in crate::command::summary) fn of_request(asked: &SummaryRequest, part: &PartRequest) -> PartQuestion {
        let edges = |window: Window| [window.since, window.until];
        PartQuestion {
            by: asked.by.clone(),
            window: edges(asked.window),
            earlier: asked.earlier.map(edges),
            sum: asked.sum.clone(),
            dedupe: asked.dedupe,
            jq: asked.reading.filter.jq.clone(),
            top: asked.top,
            format: part.format,
            color: part.color,
            html: asked.html.clone(),
            question: asked.typed.question.clone(),
            filters: asked.typed.filters.clone(),
        }
    }

    /// As JSON.
    pub(in crate::command::summary) fn to_details(&self) -> Value {
        // Texts, numbers and times always have a JSON form.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Reads the details of a header.
    pub(in crate::command::summary) fn from_details(details: &Value) -> Result<PartQuestion, Error> {
        let read = serde_json::from_value(details.clone());
        read.map_err(|error| Error::Failed(format!("the parts have no summary that this program can read: {error}")))
    }

    /// The request of all parts together, whose result is written to `output`. It has no inputs.
    pub(in crate::command::summary) fn into_request(
        self,
        output: Option<&Path>,
        context: &Context,
    ) -> Result<SummaryRequest, Error> {
        let window = |[since, until]: [Option<Timestamp>; 2]| Window { since, until };
        let filter = FilterSpec { window: window(self.window), jq: self.jq, now: context.now, ..FilterSpec::default() };
        let reading = ReadRequest {
            inputs: Vec::new(),
            filter,
            outputs: self.html.iter().cloned().chain(output.map(Path::to_path_buf)).collect(),
            threads: 1,
            verbosity: Verbosity::default(),
        };
        Ok(SummaryRequest {
            reading,
            now: context.now,
            command: context.command_line(),
            dedupe: self.dedupe,
            by: self.by,
            window: window(self.window),
            earlier: self.earlier.map(window),
            has_people: false,
            sum: self.sum,
            // The values of parts have their times already.
            zone: TimeZone::UTC,
            top: self.top,
            format: request::format(self.format, output, self.html.as_deref())?,
            output: output.map(Path::to_path_buf),
            html: self.html,
            style: request::text_style(self.color, output.is_none(), context),
            typed: TypedWords { sources: Vec::new(), question: self.question, filters: self.filters },
            has_typed_inputs: false,
            inputs: Vec::new(),
            partial: None,
        })
    }
}
