//! Joins parts into the outputs of one run.

use super::question::PartQuestion;
use super::sum::SummedParts;
use super::{PartSum, SECTION};
use crate::command::merge::{MergeRun, PartSet};
use crate::command::summary::count::{CountedEvents, tally_of_parts};
use crate::command::summary::outputs::SummaryOutputs;
use crate::error::Error;
use crate::report::{Coverage, count};
use crate::sink::part_file::PartFileReader;

/// Adds up the parts of a merge and writes the outputs. Returns what the runs of all parts have
/// covered.
pub(in crate::command) fn join(run: &MergeRun<'_>) -> Result<Coverage, Error> {
    let question = PartQuestion::from_details(&run.parts.header.details)?;
    let mut request = question.into_request(run.output, run.context)?;
    let outputs = SummaryOutputs::open(&request)?;
    let mut sum = PartSum::new(tally_of_parts(&request)?, request.dedupe);
    let mut coverage = Coverage::default();
    for (at, part) in run.parts.parts.iter().enumerate() {
        run.report.progress(&format!("adding part {} of {}", at + 1, count(run.parts.parts.len() as u64, "part")));
        coverage.add_run(part.coverage.clone());
        let mut reader = PartFileReader::open(&part.path)?;
        reader.seek_section(SECTION)?;
        while let Some(record) = reader.next_record()? {
            if run.stop.is_interrupted() {
                return Err(Error::Interrupted);
            }
            if !sum.add(record)? {
                return Err(reader.failed("has a record that is not valid; make this part again".into()));
            }
        }
        PartSet::report_files(&mut reader, run.report, |_| {})?;
    }
    let SummedParts { tally, duplicates, mut sources } = sum.finish();
    sources.take_plan(run.plan);
    sources.give_to(&mut request);
    coverage.rows = coverage.rows.saturating_sub(duplicates);
    coverage.duplicates += duplicates;
    outputs.write(&request, CountedEvents { tallies: vec![tally], coverage }, run.report, run.stop)
}
