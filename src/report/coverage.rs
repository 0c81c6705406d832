//! What a run has covered. `sentence` makes the last line on standard error of it.

mod sentence;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use indicatif::HumanCount;
use serde::{Deserialize, Serialize};

use super::fetched::DownloadTotals;
use super::lookups::LookupTotals;
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::log_kind::LogKind;
use crate::error::IgnoredReason;
use crate::filter::begun_sessions::BegunCount;

/// Counts of everything that a run encountered: nothing is skipped silently.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Coverage {
    /// Files whose events were read, at least in part.
    pub files: u64,
    /// Pages of the event history whose events were read.
    pub pages: u64,
    /// Events in these files and pages.
    pub events: u64,
    /// Whether a byte search has ruled out some of their events, which are not counted.
    pub is_searched: bool,
    /// Events that matched and were written or counted.
    pub rows: u64,
    /// Those of them that were not written because the limit keeps only the first
    /// sorted rows.
    pub unwritten: u64,
    /// Events that matched but were omitted because their `eventID` was seen before.
    pub duplicates: u64,
    /// Cells that were truncated to the limits of Excel.
    pub cut_cells: u64,
    /// Values too long to be held whole that were truncated, and marked as such, or
    /// compared by their start.
    pub cut_values: u64,
    /// Valid files that are not logs.
    pub ignored: BTreeMap<IgnoredReason, u64>,
    /// Records in logs that are not CloudTrail events.
    pub non_events: u64,
    /// Files that were not opened because their name proves a delivery before the
    /// window.
    pub unopened: u64,
    /// Folders that were not entered because they cannot contain wanted events.
    pub folders_left_out: u64,
    /// Lines of a list of keys whose object or file was listed before, and read once.
    pub repeated: u64,
    /// Gzip members after the first one, in logs delivered by CloudTrail.
    pub further_members: u64,
    /// Events that were kept without a time that can be parsed, although a window, an
    /// order or a time zone needs it.
    pub untimed: u64,
    /// Events that were dropped because a condition compares a time that cannot be
    /// parsed.
    pub uncompared: u64,
    /// Events that were dropped because the jq expression failed on them.
    pub unanswered: u64,
    /// Sessions of events that have no actor, because no event in the logs says who began
    /// them.
    pub sessions_without_start: u64,
    /// Sessions that the users of `--user` began under other names.
    pub begun_sessions: Option<Box<BegunCount>>,
    /// Files, objects and records that could not be read.
    pub problems: u64,
    /// Whether the limit ended the run early.
    pub is_cut: bool,
    /// What was downloaded, if there is a mirror.
    pub fetched: Option<DownloadTotals>,
    /// What AWS was asked of the event history, if it is an input. Part files are not made of it.
    #[serde(skip)]
    pub lookups: Option<Box<LookupTotals>>,
    /// How far the run looked for late deliveries, if the window has an end.
    pub late: Option<LateSearch>,
    /// Kinds of logs that are present but were not requested.
    pub unread: BTreeSet<LogKind>,
    /// How many of the files an earlier verification has proven, if their verdicts were wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<Box<ProvenFiles>>,
}

/// How many files are proven.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ProvenFiles {
    /// Number of files that are proven.
    pub proven: u64,
    /// Number of files that were read.
    pub read: u64,
}

impl fmt::Display for ProvenFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} proven by trail2tsv verify", HumanCount(self.proven), count(self.read, "file"))
    }
}

impl Coverage {
    /// Whether something that may have been wanted is missing.
    pub fn is_partial(&self) -> bool {
        self.problems > 0 || self.unanswered > 0 || self.archived().is_some()
    }

    /// Advice on archived objects; `None` if there are none.
    pub fn archived(&self) -> Option<String> {
        self.fetched.and_then(|fetched| fetched.archived())
    }

    /// Adds the counts of another part of the run.
    pub fn add(&mut self, other: &Coverage) {
        self.files += other.files;
        self.pages += other.pages;
        self.events += other.events;
        self.is_searched |= other.is_searched;
        self.rows += other.rows;
        self.unwritten += other.unwritten;
        self.duplicates += other.duplicates;
        self.cut_cells += other.cut_cells;
        self.cut_values += other.cut_values;
        self.non_events += other.non_events;
        self.further_members += other.further_members;
        self.repeated += other.repeated;
        self.unopened += other.unopened;
        self.folders_left_out += other.folders_left_out;
        self.untimed += other.untimed;
        self.uncompared += other.uncompared;
        self.unanswered += other.unanswered;
        self.sessions_without_start += other.sessions_without_start;
        self.problems += other.problems;
        self.is_cut |= other.is_cut;
        for (reason, count) in &other.ignored {
            *self.ignored.entry(*reason).or_default() += count;
        }
        self.late = self.late.max(other.late);
        self.unread.extend(&other.unread);
        if let Some(more) = &other.fetched {
            self.fetched.get_or_insert_default().add(more);
        }
        if let Some(more) = &other.proven {
            let proven = self.proven.get_or_insert_default();
            proven.proven += more.proven;
            proven.read += more.read;
        }
        if self.begun_sessions.is_none() {
            self.begun_sessions.clone_from(&other.begun_sessions);
        }
        if self.lookups.is_none() {
            self.lookups.clone_from(&other.lookups);
        }
    }

    /// Adds the counts of another run, over other files.
    pub fn add_run(&mut self, other: Coverage) {
        let begun = match (self.begun_sessions.take(), other.begun_sessions.clone()) {
            (Some(one), Some(other)) => Some(Box::new(one.or_of_part(*other))),
            (one, other) => one.or(other),
        };
        self.add(&other);
        self.begun_sessions = begun;
    }

    /// Counts a file that is proven, or is not.
    pub fn add_verdict(&mut self, is_proven: bool) {
        let proven = self.proven.get_or_insert_default();
        proven.proven += u64::from(is_proven);
        proven.read += 1;
    }

    /// Counts a file, or a page of the event history.
    pub fn add_file(&mut self, is_page: bool) {
        *(if is_page { &mut self.pages } else { &mut self.files }) += 1;
    }

    /// Formats what was read: `5 files`, or `5 files and 2 pages of event history`.
    pub fn sources(&self) -> String {
        let pages = format!("{} of event history", count(self.pages, "page"));
        match (self.files, self.pages) {
            (0, _) if self.lookups.is_some() => pages,
            (files, 0) => count(files, "file"),
            (files, _) => format!("{} and {pages}", count(files, "file")),
        }
    }
}

/// Formats `1 file`, `2 files`, `1,000 files`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", HumanCount(number), if number == 1 { "" } else { "s" })
}

pub(super) fn are(number: u64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "is" } else { "are" })
}
