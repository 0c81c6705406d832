//! What a run has covered, and the sentence that reports it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use indicatif::{HumanBytes, HumanCount};
use serde::{Deserialize, Serialize};

use super::fetched::DownloadTotals;
use super::lookups::LookupTotals;
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::log_kind;
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
    pub passed_over: BTreeMap<IgnoredReason, u64>,
    /// Records in logs that are not CloudTrail events.
    pub foreign: u64,
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
        self.foreign += other.foreign;
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
        for (reason, count) in &other.passed_over {
            *self.passed_over.entry(*reason).or_default() += count;
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

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(fetched) = &self.fetched {
            write!(f, "{} downloaded ({})", count(fetched.objects, "object"), HumanBytes(fetched.bytes))?;
            write!(f, ", {} already in the mirror; ", HumanCount(fetched.present))?;
        }
        let (files, events) = (self.sources(), count(self.events, "event"));
        if self.is_searched {
            write!(f, "{events} decoded in {files} read, ")?;
        } else {
            write!(f, "{events} in {files} read, ")?;
        }
        write!(f, "{} matched", HumanCount(self.rows))?;
        if self.unwritten > 0 {
            write!(f, ", the first {} written", HumanCount(self.rows - self.unwritten))?;
        }
        if self.is_cut {
            write!(f, " (limit reached; the rest was not read)")?;
        }
        if self.duplicates > 0 {
            write!(f, "; {} left out: eventID seen before", count(self.duplicates, "duplicate"))?;
        }
        if self.cut_cells > 0 {
            write!(f, "; {} cut to Excel's limit of 32,767 characters", count(self.cut_cells, "cell"))?;
        }
        if self.cut_values > 0 {
            write!(f, "; {} cut", count(self.cut_values, "long value"))?;
        }
        if self.unopened > 0 {
            write!(f, "; {} not opened: delivered before the window", count(self.unopened, "file"))?;
        }
        if self.folders_left_out > 0 {
            write!(f, "; {} not entered: outside the requested scope", count(self.folders_left_out, "folder"))?;
        }
        if self.repeated > 0 {
            write!(f, "; {} of the list repeated, and read once", count(self.repeated, "line"))?;
        }
        if !self.passed_over.is_empty() {
            let total = self.passed_over.values().sum();
            let reasons: Vec<String> = self
                .passed_over
                .iter()
                .map(|(reason, count)| format!("{} {}", HumanCount(*count), reason.counted(*count)))
                .collect();
            write!(f, "; {} skipped: {}", count(total, "file"), reasons.join(", "))?;
        }
        if self.foreign > 0 {
            let kind = if self.foreign == 1 { "a CloudTrail event" } else { "CloudTrail events" };
            write!(f, "; {} not {kind}", are(self.foreign, "record"))?;
        }
        if self.further_members > 0 {
            write!(f, "; {} after the first one of a log, named above", count(self.further_members, "gzip member"))?;
        }
        if self.untimed > 0 {
            write!(f, "; {} kept without a readable eventTime", count(self.untimed, "event"))?;
        }
        if self.uncompared > 0 {
            write!(f, "; {} left out: --where compares a time that cannot be parsed", count(self.uncompared, "event"))?;
        }
        if self.unanswered > 0 {
            write!(f, "; {} left out: --jq failed, first error above", count(self.unanswered, "event"))?;
        }
        if self.sessions_without_start > 0 {
            let sessions = count(self.sessions_without_start, "session");
            let actors = if self.sessions_without_start == 1 { "its actor is" } else { "their actors are" };
            write!(f, "; {sessions} began outside the logs that were read, so {actors} unknown")?;
        }
        if let Some(begun) = &self.begun_sessions {
            write!(f, "; {begun}")?;
        }
        if let Some(lookups) = &self.lookups {
            write!(f, "; {lookups}")?;
        }
        if let Some(late) = self.late {
            write!(f, "; {late}")?;
        }
        if let Some(unread) = log_kind::unread(&self.unread) {
            write!(f, "; {unread}")?;
        }
        if self.problems > 0 {
            write!(f, "; {}, named above", count(self.problems, "problem"))?;
        }
        if let Some(archived) = self.archived() {
            write!(f, "; {archived}")?;
        }
        Ok(())
    }
}

/// Formats `1 file`, `2 files`, `1,000 files`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", HumanCount(number), if number == 1 { "" } else { "s" })
}

pub(super) fn are(number: u64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_accounts_for_everything() {
        let mut coverage = Coverage { files: 55, events: 2900, rows: 12, ..Coverage::default() };
        assert_eq!(coverage.to_string(), "2,900 events in 55 files read, 12 matched");
        let searched = Coverage { is_searched: true, events: 20, ..coverage.clone() };
        assert_eq!(searched.to_string(), "20 events decoded in 55 files read, 12 matched");
        coverage.passed_over.insert(IgnoredReason::Digest, 2);
        coverage.passed_over.insert(IgnoredReason::NotJson, 1);
        coverage.add(&Coverage {
            unopened: 7,
            folders_left_out: 2,
            foreign: 1,
            untimed: 1,
            problems: 3,
            ..Coverage::default()
        });
        assert_eq!(
            coverage.to_string(),
            "2,900 events in 55 files read, 12 matched; 7 files not opened: delivered before the window; \
             2 folders not entered: outside the requested scope; 3 files skipped: 2 digests, 1 not JSON; 1 record is not a CloudTrail event; \
             1 event kept without a readable eventTime; 3 problems, named above"
        );
    }

    #[test]
    fn unwritten_matches_are_reported() {
        let coverage = Coverage { files: 1, events: 60, rows: 50, unwritten: 40, duplicates: 3, ..Coverage::default() };
        assert_eq!(
            coverage.to_string(),
            "60 events in 1 file read, 50 matched, the first 10 written; \
             3 duplicates left out: eventID seen before"
        );
    }

    #[test]
    fn a_mirror_is_mentioned_first() {
        let fetched = DownloadTotals { objects: 1, bytes: 2048, present: 3, ..DownloadTotals::default() };
        let coverage = Coverage { fetched: Some(fetched), ..Coverage::default() };
        assert_eq!(
            coverage.to_string(),
            "1 object downloaded (2.00 KiB), 3 already in the mirror; 0 events in 0 files read, 0 matched"
        );
    }
}
