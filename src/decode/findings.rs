//! What a file contains besides its events, and the verdict on it.

use super::json::JsonError;
use super::visitor::MAX_STRING;
use crate::error::{IgnoredReason, Outcome, Problem};

/// The findings of one file. All offsets are bytes of the inflated file, from 0, but those in a
/// file of UTF-16 are bytes of its text in UTF-8.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Findings {
    /// Bytes of JSON that were decoded.
    pub bytes: u64,
    /// Events that were handed out.
    pub events: u64,
    /// Records that are not CloudTrail events.
    pub non_events: u64,
    /// Records that are S3 notifications; they also count as `non_events`.
    pub notifications: u64,
    /// All records, malformed ones included.
    pub records: u64,
    /// Records that are lines of a time and a message that is not JSON; they also count
    /// as `non_events`.
    pub text_lines: u64,
    /// Whether one of the objects is a digest.
    pub is_digest: bool,
    /// Whether there was an array of `Records` or `Events`.
    pub is_log: bool,
    /// Whether `Records` was present but not an array.
    pub records_not_array: bool,
    /// Records the prefilter ruled out, so that they were not decoded; 1 if it ruled
    /// out the whole file.
    pub ruled_out: u64,
    /// Whether the file has anything but white space.
    pub has_text: bool,
    /// Malformed records that were skipped.
    pub malformed: Option<MalformedRecords>,
    /// Lines whose rest is lost.
    pub cut: Option<CutTexts>,
    /// Lists within records whose rest is lost.
    pub cut_lists: Option<CutTexts>,
    /// Records with a string too large to be decoded.
    pub too_large: Option<TooLarge>,
    /// Number of events before the second gzip member, if there is one.
    pub before_further: Option<u64>,
    /// Number of events before the first gap in the bytes, if there is one.
    pub before_gap: Option<u64>,
    /// The error that made the rest of the file unreadable.
    pub broken: Option<ErrorPosition>,
    /// Offset of the first byte that is not UTF-8.
    pub not_utf8: Option<u64>,
    /// Offset of the first byte that is not UTF-16, in the file before its text was converted.
    pub not_utf16: Option<u64>,
}

/// Malformed records of one file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MalformedRecords {
    /// Number of such records.
    pub count: u64,
    /// Position of the first one among the records of the file, from 1.
    pub first: u64,
    /// Offset of the error in the first one.
    pub at: u64,
    /// Whether the first one fails before its first key.
    pub is_keyless: bool,
}

/// Lines or lists of one file whose rest is lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CutTexts {
    /// Number of them.
    pub count: u64,
    /// Position of the first one among the records of the file, from 1.
    pub first: u64,
    /// Offset from which the first one is lost.
    pub at: u64,
}

impl CutTexts {
    /// Counts a text that is lost from byte `at` on, in the given record.
    fn note(texts: &mut Option<CutTexts>, record: u64, at: u64) {
        texts.get_or_insert(CutTexts { count: 0, first: record, at }).count += 1;
    }
}

/// Records of one file that are too large.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLarge {
    /// Number of such records.
    pub count: u64,
    /// Position of the first one among the records of the file, from 1.
    pub first: u64,
}

/// Where and why the rest of a text is unreadable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ErrorPosition {
    /// The error, with an offset from the start of the file.
    pub why: JsonError,
    /// Whether the text resembles JSON at all.
    pub is_json: bool,
}

/// The verdict on a decoded file.
#[derive(Debug, Default)]
pub struct DecodeVerdict {
    /// Why the file has no events, if that is not a problem.
    pub ignored: Option<IgnoredReason>,
    /// The problems of the file.
    pub problems: Vec<(Problem, Outcome)>,
}

impl Findings {
    /// Records a malformed record at byte `at` whose end is known.
    pub fn note_malformed(&mut self, at: u64, is_keyless: bool) {
        let first = MalformedRecords { count: 0, first: self.records, at, is_keyless };
        self.malformed.get_or_insert(first).count += 1;
    }

    /// Records that the rest of a line is lost from byte `at` on.
    pub(super) fn note_cut(&mut self, at: u64) {
        self.records += 1;
        CutTexts::note(&mut self.cut, self.records, at);
    }

    /// Records that the rest of a list within a record is lost from byte `at` on.
    pub(super) fn note_cut_list(&mut self, at: u64) {
        self.records += 1;
        CutTexts::note(&mut self.cut_lists, self.records, at);
    }

    /// Records that the last record has a string too large to be decoded.
    pub(super) fn note_too_large(&mut self) {
        let first = TooLarge { count: 0, first: self.records };
        self.too_large.get_or_insert(first).count += 1;
    }

    /// Whether the file resembles a log so far.
    pub(super) fn is_like_log(&self) -> bool {
        self.events > 0 || self.is_log
    }

    /// Returns the verdict on the file, given the problems of reading its bytes.
    pub fn verdict(&self, input: Vec<Problem>) -> DecodeVerdict {
        let mut verdict = DecodeVerdict::default();
        let is_not_json = self.is_not_json();
        if input.is_empty() && is_not_json {
            verdict.ignored = Some(IgnoredReason::NotJson);
            return verdict;
        }
        let is_whole = !input.iter().any(Problem::costs_text);
        for problem in input {
            let outcome = match problem {
                Problem::Unreadable(_) if self.bytes == 0 => Outcome::Nothing,
                _ if problem.costs_text() => self.kept_around(),
                _ => self.kept(is_whole && self.broken.is_none()),
            };
            verdict.problems.push((problem, outcome));
        }
        // If the bytes end early, the JSON does too; report that only once.
        let is_reported = |broken: &ErrorPosition| !is_not_json && (is_whole || broken.why != JsonError::EndsEarly);
        if let Some(broken) = self.broken.filter(is_reported) {
            let problem = match broken.why {
                JsonError::EndsEarly => Problem::JsonEndsEarly,
                JsonError::Malformed(at) => Problem::JsonMalformed(at as u64),
            };
            verdict.problems.push((problem, self.kept_before()));
        }
        if let Some(MalformedRecords { count, first, at, .. }) = self.malformed {
            verdict.problems.push((Problem::RecordMalformed { number: first, offset: at }, Outcome::LeftOut(count)));
        }
        if let Some(CutTexts { count, first, at }) = self.cut_lists.filter(|_| !is_not_json) {
            verdict.problems.push((Problem::RecordMalformed { number: first, offset: at }, Outcome::ListsCut(count)));
        }
        if let Some(cut) = self.cut.filter(|_| !is_not_json) {
            let has_more = self.records >= cut.first + cut.count;
            verdict.problems.push(match has_more {
                true => {
                    let problem = Problem::RecordMalformed { number: cut.first, offset: cut.at };
                    (problem, Outcome::LinesCut(cut.count))
                }
                false => (Problem::JsonMalformed(cut.at), self.kept_before()),
            });
        }
        if let Some(TooLarge { count, first }) = self.too_large {
            let problem = Problem::RecordTooLarge { number: first, limit: MAX_STRING >> 20 };
            verdict.problems.push((problem, Outcome::LeftOut(count)));
        }
        let invalid = [self.not_utf8.map(Problem::NotUtf8), self.not_utf16.map(Problem::NotUtf16)];
        for problem in invalid.into_iter().flatten() {
            verdict.problems.push((problem, self.kept(is_whole && self.broken.is_none())));
        }
        if verdict.problems.is_empty() {
            verdict.ignored = self.reason();
        }
        verdict
    }

    /// The outcome for the events next to a problem that cost none itself. Other
    /// problems may have cost some unless `is_all` is set.
    fn kept(&self, is_all: bool) -> Outcome {
        let is_left_out = self.malformed.is_some() || self.too_large.is_some();
        let is_all = is_all && !is_left_out && self.cut.is_none() && self.cut_lists.is_none();
        match is_all {
            // Records that were ruled out may have been events, so their number is
            // unknown.
            _ if self.ruled_out > 0 => Outcome::Searched,
            true => Outcome::KeptAll(self.events),
            false => Outcome::Kept(self.events),
        }
    }

    /// The outcome for the events before a problem that ends the file.
    fn kept_before(&self) -> Outcome {
        if self.ruled_out > 0 { Outcome::Searched } else { Outcome::KeptBefore(self.events) }
    }

    /// The outcome for the events before and after missing bytes.
    fn kept_around(&self) -> Outcome {
        match self.before_gap {
            Some(before) if self.ruled_out == 0 && self.events > before => {
                Outcome::KeptAround { before, after: self.events - before }
            }
            _ => self.kept_before(),
        }
    }

    /// Whether nothing resembled a log before the first error.
    fn is_not_json(&self) -> bool {
        let is_broken =
            self.broken.is_some_and(|broken| !broken.is_json || matches!(broken.why, JsonError::Malformed(_)));
        let is_cut = self.cut.is_some() || self.cut_lists.is_some();
        let is_text = is_broken || is_cut || (self.text_lines > 0 && self.text_lines == self.records);
        let is_keyless =
            self.malformed.is_some_and(|malformed| malformed.is_keyless && malformed.count == self.records);
        !self.is_like_log() && (is_text || is_keyless)
    }

    fn reason(&self) -> Option<IgnoredReason> {
        if self.events > 0 || self.ruled_out > 0 {
            None
        } else if !self.has_text {
            Some(IgnoredReason::Empty)
        } else if self.is_digest {
            Some(IgnoredReason::Digest)
        } else if self.notifications > 0 {
            Some(IgnoredReason::Notification)
        } else if self.records_not_array {
            Some(IgnoredReason::NoRecords)
        } else if self.is_log && self.records == 0 {
            // A log of a period without events is still a log.
            None
        } else {
            Some(IgnoredReason::OtherJson)
        }
    }
}
