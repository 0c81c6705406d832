//! Who did what, from where and when, counted.
//!
//! ```text
//!  pipeline ──events──▶ tally ──▶ counter ◀─▶ spill     one for each thread
//!                         │          │
//!                         └─▶ result ◀┘                  all of them together
//!                               │
//!                  terminal, data, page                  what is made of it
//! ```

mod counter;
mod data;
mod days;
mod follow_up;
mod page;
mod result;
mod shown;
mod span;
mod spill;
mod tally;
mod terminal;
mod time;
mod timeline;
mod trend;

use self::result::{About, Summary};
use self::tally::{Subject, Tally};
use crate::decode::event::Fields;
use crate::engine;
use crate::error::Fatal;
use crate::error::cancel::Stop;
use crate::plan::{Format, SummaryFormat, SummaryPlan};
use crate::report::{Coverage, Report};
use crate::sink::target::Target;

/// What all counters may take in memory together.
const ROOM: usize = 32 << 20;

/// What is counted by, unless something else is asked for.
const SUBJECTS: [(About, &str); 7] = [
    (About::Accounts, "recipientAccountId"),
    (About::Regions, "awsRegion"),
    (About::Users, "userName"),
    (About::Events, "eventName"),
    (About::Sources, "eventSource"),
    (About::Addresses, "sourceIPAddress"),
    (About::Errors, "errorCode"),
];

/// Counts, writes what was counted, and says what was covered.
pub fn run(plan: &SummaryPlan, report: &Report, stop: &Stop) -> Result<Coverage, Fatal> {
    let mut fields = Fields::default();
    let (headings, subjects) = subjects(plan, &mut fields)?;
    let mut tallies = Tally::for_threads(plan.reading.threads, ROOM, subjects, &mut fields)?;
    if plan.dedupe
        && let [tally] = &mut tallies[..]
    {
        tally.leave_out_repeated(&mut fields)?;
    }
    // Before the work, so that a page that cannot be written is said at once.
    let html = plan.reading.output.as_deref().map(|path| Target::open(Some(path))).transpose()?;
    let mut coverage = engine::visit(&plan.reading, fields, &mut tallies, report, stop)?;
    let top = if html.is_some() { plan.top.max(plan.html_top) } else { plan.top };
    let mut summary = Summary::new(headings, tallies, top)?;
    coverage.cut_values += summary.counts.cut_values;
    report.clear();
    if let Some(mut html) = html {
        html.write(page::page(&summary, &coverage, plan).as_bytes())?;
        html.finish()?;
        summary.keep(plan.top);
    }
    if let Some(format) = plan.format {
        let mut target = Target::open(None)?;
        target.write(&written(&summary, &coverage, format, plan))?;
        target.finish()?;
    }
    Ok(coverage)
}

/// What is counted by, and what its values are called.
#[allow(clippy::type_complexity, reason = "said in words above")]
fn subjects(plan: &SummaryPlan, fields: &mut Fields) -> Result<(Vec<(About, Vec<String>)>, Vec<Subject>), Fatal> {
    if !plan.by.is_empty() {
        let columns: Vec<&str> = plan.by.iter().map(String::as_str).collect();
        let subject = Subject::new(&columns, true, fields)?;
        return Ok((vec![(About::Asked, plan.by.clone())], vec![subject]));
    }
    let subject = |(about, column): &(About, &str)| match about {
        About::Errors => Subject::errors(fields),
        _ => Subject::new(&[column], false, fields),
    };
    let subjects = SUBJECTS.iter().map(subject).collect::<Result<_, _>>()?;
    let headings = SUBJECTS.iter().map(|(about, column)| (*about, vec![column.to_string()]));
    let denied = (About::Denied, vec!["principal".to_string(), "eventName".to_string()]);
    Ok((headings.chain([denied]).collect(), subjects))
}

fn written(summary: &Summary, coverage: &Coverage, format: SummaryFormat, plan: &SummaryPlan) -> Vec<u8> {
    match format {
        SummaryFormat::Text => terminal::text(summary, coverage, plan.look).into_bytes(),
        SummaryFormat::Tsv => data::rows(summary, coverage, Format::Tsv),
        SummaryFormat::Csv => data::rows(summary, coverage, Format::Csv),
        SummaryFormat::Json => data::json(summary, coverage),
    }
}
