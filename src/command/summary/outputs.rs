//! Makes the outputs of what was counted: the second half of a summary.

use super::all_rows::AllRows;
use super::count::{CountedEvents, headings};
use super::data::SummaryData;
use super::request::{SummaryFormat, SummaryRequest};
use super::result::{Summary, SummaryRules};
use super::{page, provenance, terminal};
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{self, Coverage, Report};
use crate::sink::target::Target;

/// The outputs of a summary. They are opened before the work, so that a file that cannot be
/// written is reported at once.
pub(super) struct SummaryOutputs {
    html: Option<Target>,
    data: Option<(SummaryFormat, Target)>,
}

impl SummaryOutputs {
    /// Opens the outputs of a request.
    pub(super) fn open(request: &SummaryRequest) -> Result<SummaryOutputs, Error> {
        let html = request.html.as_deref().map(|path| Target::open(Some(path))).transpose()?;
        let open = |format| Target::open(request.output.as_deref()).map(|target| (format, target));
        Ok(SummaryOutputs { html, data: request.format.map(open).transpose()? })
    }

    /// Writes what was counted, and returns what was covered.
    pub(super) fn write(
        self,
        request: &SummaryRequest,
        counted: CountedEvents,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<Coverage, Error> {
        let SummaryOutputs { html, data } = self;
        let CountedEvents { tallies, mut coverage } = counted;
        let mut all = request.has_all_rows().then(|| AllRows::new(request.row_order()));
        let rules = SummaryRules {
            top: request.output_top().max(request.page_top()),
            order: request.row_order(),
            compared: request.compared(),
            has_whole_days: request.has_whole_days(),
        };
        let mut summary = Summary::new(headings(request), tallies, &rules, all.as_mut())?;
        coverage.cut_values += summary.counts.cut_values;
        report.clear();
        note_not_summed(request, summary.counts.not_summed, report);
        if let Some(mut html) = html {
            html.write(page::page(&summary, &coverage, request)?.as_bytes())?;
            html.finish()?;
            summary.keep(request.output_top());
        }
        let Some((format, mut output)) = data else { return Ok(coverage) };
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
            let text = terminal::text(&summary, &coverage, &provenance, request.sum.as_deref(), request.style);
            output.write(text.as_bytes())?;
        }
        output.finish()?;
        Ok(coverage)
    }
}

/// Reports values of the summed field that are not numbers.
pub(super) fn note_not_summed(request: &SummaryRequest, count: u64, report: &Report) {
    if let Some(path) = request.sum.as_deref().filter(|_| count > 0) {
        let values = report::count(count, "value");
        report.note(&format!("--sum {path:?}: {values} not summed: not a number, or not exact to 9 decimals"));
    }
}
