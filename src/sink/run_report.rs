//! The report of a run: JSON, one object a line. The first line says what was asked for, then
//! comes a line for each file, and the last one says how the run ended.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::target::Target;
use crate::error::{Error, io_message};
use crate::report::{Coverage, DownloadTotals, FileOutcome, FileRecord, LookupTotals, RunEnd, RunLog};
use crate::syntax::visible::push_text;
use crate::syntax::window::Window;

/// Version of the format. A change that readers must know of increases it.
const VERSION: u32 = 1;
/// The start of every report.
const START: &str = r#"{"type":"run","format":"trail2tsv report","version":"#;

/// What a run was asked for.
#[derive(Clone, Debug)]
pub struct ReportHeader<'a> {
    /// Start time of the run.
    pub now: Timestamp,
    /// The arguments as typed.
    pub arguments: &'a [String],
    /// Time range of the wanted events.
    pub window: Window,
}

/// A report that is being written. Its file appears when it is complete.
#[derive(Debug)]
pub struct RunReport {
    target: Target,
    lines: Vec<u8>,
    counts: OutcomeCounts,
    events: u64,
    rows: u64,
    bytes: u64,
    /// The error that ended the writing.
    error: Option<Error>,
}

/// Number of files by their outcome.
#[derive(Debug, Default)]
struct OutcomeCounts([u64; 6]);

impl RunReport {
    /// Bytes that are written at once.
    const BUFFER: usize = 64 << 10;

    /// Begins a report. The report of an earlier run is removed, so that it is never taken for
    /// that of a run that was killed. Returns an error if the file is something else.
    pub fn open(path: &Path, head: &ReportHeader<'_>) -> Result<RunReport, Error> {
        if path == Path::new("-") {
            return Err(Error::option("--report", "-", "must be a file; standard output has the rows"));
        }
        let old = old_report(path)?;
        let target = Target::open(Some(path))?;
        if matches!(target, Target::Stdout) {
            let text = path.to_string_lossy();
            return Err(Error::option("--report", &text, "must be a file; standard output has the rows"));
        }
        if let Some(old) = old {
            std::fs::remove_file(&old).map_err(|error| Error::write(old.display(), &error))?;
        }
        let mut report = RunReport {
            target,
            lines: format!("{START}{VERSION},").into_bytes(),
            counts: OutcomeCounts::default(),
            events: 0,
            rows: 0,
            bytes: 0,
            error: None,
        };
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let head = json!({
            "program": env!("CARGO_PKG_VERSION"),
            "started": head.now.to_string(),
            "arguments": head.arguments,
            "since": time(head.window.since),
            "until": time(head.window.until),
        });
        // The members of the object follow those of the start.
        push_text(&head.to_string()[1..], &mut report.lines);
        report.lines.push(b'\n');
        Ok(report)
    }

    fn line(&mut self, line: &Value) {
        // Names of files and error messages can have hidden characters.
        push_text(&line.to_string(), &mut self.lines);
        self.lines.push(b'\n');
        if self.lines.len() >= RunReport::BUFFER {
            self.write();
        }
    }

    fn write(&mut self) {
        if self.error.is_none() {
            self.error = self.target.write(&self.lines).err();
        }
        self.lines.clear();
    }
}

impl RunLog for RunReport {
    fn file(&mut self, record: &FileRecord) {
        self.counts.add(record.outcome);
        self.events += record.events;
        self.rows += record.rows;
        self.bytes += record.bytes.unwrap_or_default();
        self.line(&file_line(record));
    }

    fn end(mut self: Box<Self>, end: &RunEnd<'_>) -> Result<(), Error> {
        let line = json!({
            "type": "end",
            "state": end.state,
            "exit": end.exit,
            "error": end.error,
            "files": self.counts.object(),
            "events": self.events,
            "rows": self.rows,
            "bytes": self.bytes,
            "coverage": end.coverage.map(coverage_object),
            "text": end.coverage.map(ToString::to_string),
        });
        self.line(&line);
        self.write();
        match self.error {
            // A reader that has closed a pipe has missed something.
            Some(Error::ClosedPipe) => Err(Error::Failed("the reader of the report closed it".into())),
            Some(error) => Err(error),
            None => self.target.finish(),
        }
    }
}

/// The existing report at `path`; `None` if there is nothing to remove. Returns an error for a
/// file that is not a report.
fn old_report(path: &Path) -> Result<Option<PathBuf>, Error> {
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0) {
        return Ok(None);
    }
    let fail =
        |error: std::io::Error| Error::Failed(format!("{}: cannot be read: {}", path.display(), io_message(&error)));
    let mut start = Vec::new();
    File::open(path).map_err(fail)?.take(START.len() as u64).read_to_end(&mut start).map_err(fail)?;
    if start != START.as_bytes() {
        let text = "is not a report, and would be replaced by one; choose another file with --report";
        return Err(Error::Failed(format!("{}: {text}", path.display())));
    }
    path.canonicalize().map(Some).map_err(fail)
}

fn file_line(record: &FileRecord) -> Value {
    let FileRecord { name, outcome, events, rows, bytes, reason, problems } = record;
    if *outcome == FileOutcome::Gap {
        return json!({"type": "gap", "name": name, "problems": problems});
    }
    let mut line = json!({
        "type": "file",
        "name": name,
        "outcome": outcome_name(*outcome),
        "events": events,
        "rows": rows,
        "bytes": bytes,
    });
    if let Value::Object(members) = &mut line {
        members.extend(reason.as_ref().map(|reason| ("reason".to_string(), json!(reason))));
        members.extend((!problems.is_empty()).then(|| ("problems".to_string(), json!(problems))));
    }
    line
}

const OUTCOMES: [FileOutcome; 6] = [
    FileOutcome::Read,
    FileOutcome::Damaged,
    FileOutcome::Cut,
    FileOutcome::Skipped,
    FileOutcome::Failed,
    FileOutcome::Gap,
];

fn outcome_name(outcome: FileOutcome) -> &'static str {
    match outcome {
        FileOutcome::Read => "read",
        FileOutcome::Damaged => "damaged",
        FileOutcome::Cut => "cut",
        FileOutcome::Skipped => "skipped",
        FileOutcome::Failed => "failed",
        FileOutcome::Gap => "gap",
    }
}

impl OutcomeCounts {
    fn add(&mut self, outcome: FileOutcome) {
        self.0[outcome as usize] += 1;
    }

    fn object(&self) -> Value {
        let count = |outcome: FileOutcome| (outcome_name(outcome).to_string(), json!(self.0[outcome as usize]));
        OUTCOMES.into_iter().map(count).collect::<Map<_, _>>().into()
    }
}

/// The numbers of the last line.
fn coverage_object(coverage: &Coverage) -> Value {
    let mut object = counts(coverage);
    object.append(&mut other_counts(coverage));
    // Few runs count them.
    if let Some(proven) = &coverage.proven {
        object.insert("filesProven".into(), json!(proven.proven));
    }
    object.into()
}

/// What was read and matched.
fn counts(coverage: &Coverage) -> Map<String, Value> {
    let skipped: Map<String, Value> =
        coverage.ignored.iter().map(|(reason, count)| (reason.name().into(), json!(count))).collect();
    members(json!({
        "files": coverage.files,
        "pages": coverage.pages,
        "events": coverage.events,
        "isSearched": coverage.is_searched,
        "matched": coverage.rows,
        "unwritten": coverage.unwritten,
        "duplicates": coverage.duplicates,
        "isCut": coverage.is_cut,
        "problems": coverage.problems,
        "skipped": skipped,
    }))
}

/// What was left out, cut or not known, and what the source had.
fn other_counts(coverage: &Coverage) -> Map<String, Value> {
    members(json!({
        "notOpened": coverage.unopened,
        "foldersNotEntered": coverage.folders_left_out,
        "repeatedLines": coverage.repeated,
        "foreignRecords": coverage.non_events,
        "furtherMembers": coverage.further_members,
        "cutCells": coverage.cut_cells,
        "cutValues": coverage.cut_values,
        "withoutTime": coverage.untimed,
        "notCompared": coverage.uncompared,
        "jqErrors": coverage.unanswered,
        "sessionsWithoutStart": coverage.sessions_without_start,
        "begunSessions": coverage.begun_sessions.as_ref().map(ToString::to_string),
        "downloads": coverage.fetched.as_ref().map(downloads_object),
        "eventHistory": coverage.lookups.as_deref().map(lookups_object),
        "lateSearch": coverage.late.map(|late| late.to_string()),
        "kindsNotRead": coverage.unread.iter().map(|kind| kind.folder()).collect::<Vec<_>>(),
    }))
}

fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn downloads_object(totals: &DownloadTotals) -> Value {
    json!({
        "objects": totals.objects,
        "bytes": totals.bytes,
        "present": totals.present,
        "failed": totals.failed,
        "archived": totals.archived,
        "listRequests": totals.lists,
        "objectRequests": totals.gets,
    })
}

fn lookups_object(totals: &LookupTotals) -> Value {
    json!({
        "regions": totals.regions,
        "requests": totals.requests,
        "selection": totals.selection,
        "misses": totals.missed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_of_a_run_is_reported() {
        let coverage = Coverage { proven: Some(Box::default()), ..Coverage::default() };
        let Value::Object(counts) = serde_json::to_value(&coverage).unwrap() else { unreachable!() };
        let Value::Object(reported) = coverage_object(&coverage) else { unreachable!() };
        // The requests to the event history are not part of what is serialized.
        assert_eq!(reported.len(), counts.len() + 1);
    }

    #[test]
    fn counts_are_named_by_their_outcome() {
        let mut counts = OutcomeCounts::default();
        OUTCOMES.iter().for_each(|outcome| counts.add(*outcome));
        counts.add(FileOutcome::Gap);
        let expected = json!({"read": 1, "damaged": 1, "cut": 1, "skipped": 1, "failed": 1, "gap": 2});
        assert_eq!(counts.object(), expected);
        assert!(OUTCOMES.iter().enumerate().all(|(at, outcome)| *outcome as usize == at));
    }
}
