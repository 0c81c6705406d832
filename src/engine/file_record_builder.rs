//! Builds the record of a file in the report of the run, while the file is read.

use crate::error::{IgnoredReason, Issue};
use crate::report::{FileOutcome, FileRecord};

/// Builds the record of the file that is being read.
pub(super) struct FileRecordBuilder {
    name: String,
    /// Rows of the batch before the file.
    rows_before: u64,
    events: u64,
    /// Whether the file, or one in it, is a log that could be read.
    is_log: bool,
    /// Why the file, or one in it, is not a log.
    pub(super) skipped: Option<IgnoredReason>,
    /// Size as stored.
    pub(super) bytes: Option<u64>,
    problems: Vec<String>,
}

impl FileRecordBuilder {
    /// Begins a file after this many rows of its batch.
    pub(super) fn new(name: String, rows_before: u64) -> FileRecordBuilder {
        FileRecordBuilder {
            name,
            rows_before,
            events: 0,
            is_log: false,
            skipped: None,
            bytes: None,
            problems: Vec::new(),
        }
    }

    /// Begins the file again.
    pub(super) fn restart(&mut self) {
        *self = FileRecordBuilder::new(std::mem::take(&mut self.name), self.rows_before);
    }

    /// The record of a file whose rest will not be read, with `events` further events.
    pub(super) fn open_record(&self, events: u64, rows: u64) -> FileRecord {
        FileRecord {
            name: self.name.clone(),
            outcome: FileOutcome::Cut,
            events: self.events + events,
            rows: rows - self.rows_before,
            bytes: self.bytes,
            reason: None,
            problems: self.problems.clone(),
        }
    }

    /// Adds a log: the file, or one in it.
    pub(super) fn add_log(&mut self, events: u64, is_read: bool) {
        self.events += events;
        self.is_log |= is_read;
    }

    /// Adds a problem. An archive can have any number of them.
    pub(super) fn add_problem(&mut self, issue: &Issue) {
        const MAX_PROBLEMS: usize = 20;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(issue.to_string());
        } else if self.problems.len() == MAX_PROBLEMS {
            self.problems.push("more problems".into());
        }
    }

    /// Completes the record. `rows` is the number of rows in the batch, including those of earlier
    /// files.
    pub(super) fn into_record(self, rows: u64, is_cut: bool) -> FileRecord {
        let outcome = match (self.problems.is_empty(), self.is_log) {
            (false, true) => FileOutcome::Damaged,
            (false, false) => FileOutcome::Failed,
            (true, _) if is_cut => FileOutcome::Cut,
            (true, true) => FileOutcome::Read,
            (true, false) => FileOutcome::Skipped,
        };
        let reason =
            (outcome == FileOutcome::Skipped).then(|| self.skipped.map_or("no log inside", IgnoredReason::name).into());
        FileRecord {
            name: self.name,
            outcome,
            events: self.events,
            rows: rows - self.rows_before,
            bytes: self.bytes,
            reason,
            problems: self.problems,
        }
    }
}
