//! Parts of a history: the changes in some of the files, and their join.
//!
//! ```text
//!  section "changes"   of each event that changed something a record:
//!                      length of the key 4 │ key │ the changes as JSON
//!  section "activity"  the time that events cover, of each account and region a record
//!  section "too long"  of each file with events that were too long to be read a record
//! ```
//!
//! What is asked is in the header. A snapshot as known state is read by the merge.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use rayon::ThreadPool;
use serde::Deserialize;

use super::activity::Activity;
use super::consumer::{ChangeMerge, ChangePart, ChangeWorker};
use super::form::HistoryForm;
use super::request::HistoryRequest;
use super::{OpenOutput, answer};
use crate::command::merge::{CheckedPart, MergeRun, PartSet};
use crate::decode::event::FieldSet;
use crate::engine::PreparedRun;
use crate::engine::consumer::{Consumer, Part};
use crate::engine::events::EventSelector;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{Coverage, Report};
use crate::sink::part_file::{PartFileReader, PartFileWriter, PartHeader, ReadFiles};

const CHANGES: &str = "changes";
const ACTIVITY: &str = "activity";
const TOO_LONG: &str = "too long";

/// Reads the changes and writes a part.
pub(super) fn write_part(
    request: &HistoryRequest,
    (path, header): (&Path, &PartHeader),
    files: &ReadFiles,
    report: &Report,
    stop: &Cancellation,
) -> Result<Coverage, Error> {
    let mut fields = FieldSet::default();
    let selector = EventSelector::new(&request.reading.filter, &mut fields)?;
    let workers = vec![ChangeWorker::new(&mut fields)?; request.reading.threads];
    let prepared = PreparedRun::new(&request.reading, report, stop)?;
    let mut writer = PartFileWriter::create(path, header)?;
    writer.section(CHANGES)?;
    let mut merge = ChangePartMerge { writer: &mut writer, activity: Activity::default(), too_long: BTreeMap::new() };
    let mut coverage = prepared.consume(&selector, workers, &fields, None, &mut merge)?;
    let ChangePartMerge { activity, too_long, .. } = merge;
    report.clear();
    writer.section(ACTIVITY)?;
    activity.records().try_for_each(|record| writer.json(&record))?;
    writer.section(TOO_LONG)?;
    too_long.iter().try_for_each(|record| writer.json(&record))?;
    writer.conclude(files, &coverage)?;
    super::report_too_long(too_long.iter().map(|(file, events)| (file.as_str(), *events)), report, &mut coverage);
    Ok(coverage)
}

/// Writes the changes of all threads as records.
struct ChangePartMerge<'a> {
    writer: &'a mut PartFileWriter,
    activity: Activity,
    too_long: BTreeMap<String, u64>,
}

impl Consumer for ChangePartMerge<'_> {
    type Part = ChangePart;
    type Worker = ChangeWorker;

    fn merge(
        &mut self,
        part: &mut ChangePart,
        coverage: &mut Coverage,
        _pool: &ThreadPool,
    ) -> Result<ControlFlow<()>, Error> {
        part.each(|key, change| self.writer.record_of(&[&(key.len() as u32).to_le_bytes(), key, change]))?;
        part.count_too_long(&mut self.too_long);
        coverage.rows += part.count();
        Ok(ControlFlow::Continue(()))
    }

    fn end_worker(&mut self, worker: ChangeWorker) {
        self.activity.merge(worker.into_activity());
    }
}

/// Joins the parts of a history.
pub(in crate::command) fn join_parts(run: &MergeRun<'_>) -> Result<Coverage, Error> {
    let form = HistoryForm::deserialize(&run.parts.header.details)
        .map_err(|error| Error::Failed(format!("the parts are not valid: {error}")))?;
    let request = HistoryRequest::of_parts(form, run)?;
    let output = OpenOutput::new(&request)?;
    let (mut merge, mut coverage) = (ChangeMerge::new(), Coverage::default());
    let parts = &run.parts.parts;
    for (number, part) in parts.iter().enumerate() {
        run.report.progress(&format!("joining part {} of {}", number + 1, parts.len()));
        join(part, run, &mut merge, &mut coverage)?;
    }
    answer(&request, merge, output, run.report, &mut coverage, run.stop)?;
    Ok(coverage)
}

/// Takes the changes of a part, and what its run has read.
fn join(
    checked: &CheckedPart,
    run: &MergeRun<'_>,
    merge: &mut ChangeMerge,
    coverage: &mut Coverage,
) -> Result<(), Error> {
    coverage.add_run(checked.coverage.clone());
    let mut part = PartFileReader::open(&checked.path)?;
    part.seek_section(CHANGES)?;
    while let Some(record) = part.next_record()? {
        if run.stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        let change = record
            .split_first_chunk()
            .and_then(|(length, rest)| rest.split_at_checked(u32::from_le_bytes(*length) as usize));
        let Some((key, change)) = change else {
            return Err(part.failed("has a change that is not valid; make this part again".into()));
        };
        merge.push(key, change)?;
    }
    part.seek_section(ACTIVITY)?;
    while let Some((scope, time)) = part.next_json()? {
        merge.add_activity(scope, time);
    }
    part.seek_section(TOO_LONG)?;
    while let Some((file, events)) = part.next_json()? {
        merge.add_too_long(file, events);
    }
    PartSet::report_files(&mut part, run.report, |_| ())
}
