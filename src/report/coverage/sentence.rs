//! The last line on standard error: one sentence about everything that a run has read and left
//! out.

use std::fmt;

use indicatif::{HumanBytes, HumanCount};

use super::{Coverage, are, count};
use crate::cloudtrail::log_kind;

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_read(f)?;
        self.write_duplicates_and_cuts(f)?;
        self.write_unread_files(f)?;
        self.write_unusual_records(f)?;
        self.write_unanswered_events(f)?;
        self.write_gaps(f)
    }
}

impl Coverage {
    /// Downloads, files, events and matches.
    fn write_read(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        Ok(())
    }

    /// Duplicates, and what was cut.
    fn write_duplicates_and_cuts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.duplicates > 0 {
            write!(f, "; {} left out: eventID seen before", count(self.duplicates, "duplicate"))?;
        }
        if self.cut_cells > 0 {
            write!(f, "; {} cut to Excel's limit of 32,767 characters", count(self.cut_cells, "cell"))?;
        }
        if self.cut_values > 0 {
            write!(f, "; {} cut", count(self.cut_values, "long value"))?;
        }
        Ok(())
    }

    /// Files that were not read.
    fn write_unread_files(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unopened > 0 {
            write!(f, "; {} not opened: delivered before the window", count(self.unopened, "file"))?;
        }
        if self.folders_left_out > 0 {
            write!(f, "; {} not entered: outside the requested scope", count(self.folders_left_out, "folder"))?;
        }
        if self.repeated > 0 {
            write!(f, "; {} of the list repeated, and read once", count(self.repeated, "line"))?;
        }
        if !self.ignored.is_empty() {
            let total = self.ignored.values().sum();
            let reasons: Vec<String> = self
                .ignored
                .iter()
                .map(|(reason, count)| format!("{} {}", HumanCount(*count), reason.counted(*count)))
                .collect();
            write!(f, "; {} skipped: {}", count(total, "file"), reasons.join(", "))?;
        }
        Ok(())
    }

    /// Records that are not events, or hidden from other tools.
    fn write_unusual_records(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.non_events > 0 {
            let kind = if self.non_events == 1 { "a CloudTrail event" } else { "CloudTrail events" };
            write!(f, "; {} not {kind}", are(self.non_events, "record"))?;
        }
        if self.further_members > 0 {
            write!(f, "; {} after the first one of a log, named above", count(self.further_members, "gzip member"))?;
        }
        Ok(())
    }

    /// Events on which a question has no answer.
    fn write_unanswered_events(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        Ok(())
    }

    /// What the source did not have or give.
    fn write_gaps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::IgnoredReason;
    use crate::report::DownloadTotals;

    #[test]
    fn the_last_line_accounts_for_everything() {
        let mut coverage = Coverage { files: 55, events: 2900, rows: 12, ..Coverage::default() };
        assert_eq!(coverage.to_string(), "2,900 events in 55 files read, 12 matched");
        let searched = Coverage { is_searched: true, events: 20, ..coverage.clone() };
        assert_eq!(searched.to_string(), "20 events decoded in 55 files read, 12 matched");
        coverage.ignored.insert(IgnoredReason::Digest, 2);
        coverage.ignored.insert(IgnoredReason::NotJson, 1);
        coverage.add(&Coverage {
            unopened: 7,
            folders_left_out: 2,
            non_events: 1,
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
