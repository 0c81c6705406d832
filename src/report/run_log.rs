//! What a run did with each file, for the report of `--report`.

use std::borrow::Cow;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::Coverage;
use crate::error::{Error, Issue, Outcome, Problem};

/// Receives what a run did with each file, in the order of the inputs, and how the run ended.
pub trait RunLog: Debug + Send {
    /// Records a file. A failure to do so is returned at the end.
    fn file(&mut self, record: &FileRecord);

    /// Records the end of the run, and completes the log.
    fn end(self: Box<Self>, end: &RunEnd<'_>) -> Result<(), Error>;
}

/// What became of a file or an object.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum FileOutcome {
    /// It was read to its end.
    Read,
    /// It was read, but some of it is damaged or missing.
    Damaged,
    /// It was not read to its end, because enough rows were found.
    Cut,
    /// It is not a log, or cannot contain wanted events.
    Skipped,
    /// It could not be read at all.
    Failed,
    /// A part of the input that an unknown number of files is missing from.
    Gap,
}

/// A file or an object, and what became of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FileRecord {
    /// Address or path, as in the column `file`.
    pub name: String,
    /// What became of it.
    pub outcome: FileOutcome,
    /// Events that were decoded.
    pub events: u64,
    /// Events that matched, duplicates included.
    pub rows: u64,
    /// Size as stored, in bytes; `None` if it is not known.
    pub bytes: Option<u64>,
    /// Why it was skipped.
    pub reason: Option<Cow<'static, str>>,
    /// What was reported on it. Of very many problems, the first ones.
    pub problems: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub struct RunEnd<'a> {
    /// `finished`, `failed`, `interrupted` or `closed`.
    pub state: &'static str,
    /// The exit code.
    pub exit: u8,
    /// The error that ended the run.
    pub error: Option<&'a str>,
    /// What the run has read; `None` if it did not finish.
    pub coverage: Option<&'a Coverage>,
}

impl FileRecord {
    /// A file that was not read.
    pub fn skipped(name: String, reason: &'static str) -> FileRecord {
        let (events, rows, bytes) = (0, 0, None);
        FileRecord {
            name,
            outcome: FileOutcome::Skipped,
            events,
            rows,
            bytes,
            reason: Some(reason.into()),
            problems: Vec::new(),
        }
    }

    /// A file, or a part of an input, that could not be read.
    pub fn failed(issue: &Issue) -> FileRecord {
        let is_gap = issue.outcome == Outcome::Gap
            || matches!(
                issue.problem,
                Problem::List(_) | Problem::EventHistory(_) | Problem::LookedUpEvent(_) | Problem::ListLine { .. }
            );
        let outcome = if is_gap { FileOutcome::Gap } else { FileOutcome::Failed };
        let problems = vec![issue.to_string()];
        FileRecord { outcome, reason: None, problems, ..FileRecord::skipped(issue.name.clone(), "") }
    }
}
