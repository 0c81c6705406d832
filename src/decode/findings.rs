//! What a file turned out to hold beside its events, and what that means.

use super::json::JsonError;
use super::visitor::LARGEST_STRING;
use crate::error::{IgnoredReason, Outcome, Problem};

/// What one file held. All places are bytes of the inflated file, from 0.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Findings {
    /// Bytes of JSON that were decoded.
    pub bytes: u64,
    /// Events that were handed out.
    pub events: u64,
    /// Records that are no CloudTrail events.
    pub foreign: u64,
    /// Records that are notifications of S3; they are foreign too.
    pub notifications: u64,
    /// All records, malformed ones included.
    pub records: u64,
    /// Records that are lines of a time and a text that is not JSON; they are
    /// foreign too.
    pub text_lines: u64,
    /// Whether one of the objects is a digest.
    pub is_digest: bool,
    /// Whether there was an array of `Records` or `Events`.
    pub is_log: bool,
    /// Whether `Records` was there, but no array.
    pub is_hollow: bool,
    /// Records that were not decoded, or one where nothing of the file was,
    /// since nothing in them is asked for.
    pub ruled_out: u64,
    /// Whether there was anything but white space.
    pub has_text: bool,
    /// Malformed records that could be stepped over.
    pub malformed: Option<MalformedRecords>,
    /// Lines that are lost from some place on.
    pub cut: Option<CutLines>,
    /// Records that hold more text in a string than can be read.
    pub too_large: Option<TooLarge>,
    /// How many events came before the second gzip member, if there is one.
    pub before_further: Option<u64>,
    /// How many events came before the first gap in the bytes, if there is one.
    pub before_gap: Option<u64>,
    /// What made the rest of the file unreadable.
    pub broken: Option<ErrorPosition>,
    /// The first byte that is not UTF-8.
    pub not_utf8: Option<u64>,
}

/// Malformed records of one file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MalformedRecords {
    /// How many there are.
    pub count: u64,
    /// The number of the first among the records of the file, from 1.
    pub first: u64,
    /// Where the first goes wrong.
    pub at: u64,
    /// Whether the first goes wrong before anything looked like JSON.
    pub is_keyless: bool,
}

/// Lines of one file that are lost from some place on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CutLines {
    /// How many there are.
    pub count: u64,
    /// The number of the first among the records of the file, from 1.
    pub first: u64,
    /// Where the first goes wrong.
    pub at: u64,
}

/// Records of one file that are too large.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLarge {
    /// How many there are.
    pub count: u64,
    /// The number of the first among the records of the file, from 1.
    pub first: u64,
}

/// Where and why a text cannot be read on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ErrorPosition {
    /// Why, with a place that counts from the start of the file.
    pub why: JsonError,
    /// Whether it is the kind of text that could have been JSON.
    pub is_json: bool,
}

/// What a decoded file amounts to.
#[derive(Debug, Default)]
pub struct FileVerdict {
    /// Why it has no events, where that is in order.
    pub passed_over: Option<IgnoredReason>,
    /// What is wrong with it.
    pub problems: Vec<(Problem, Outcome)>,
}

impl Findings {
    /// Notes a record that makes no sense at byte `at`, but whose end is known.
    pub fn note_malformed(&mut self, at: u64, is_keyless: bool) {
        let first = MalformedRecords { count: 0, first: self.records, at, is_keyless };
        self.malformed.get_or_insert(first).count += 1;
    }

    /// Notes that a line is lost from byte `at` on.
    pub(super) fn note_cut(&mut self, at: u64) {
        self.records += 1;
        let first = CutLines { count: 0, first: self.records, at };
        self.cut.get_or_insert(first).count += 1;
    }

    /// Notes that the last record holds more text than can be read.
    pub(super) fn note_too_large(&mut self) {
        let first = TooLarge { count: 0, first: self.records };
        self.too_large.get_or_insert(first).count += 1;
    }

    /// Whether something in it is as in a log.
    pub(super) fn is_like_log(&self) -> bool {
        self.events > 0 || self.is_log
    }

    /// What the file amounts to, given what is wrong with its bytes.
    pub fn verdict(&self, input: Vec<Problem>) -> FileVerdict {
        let mut verdict = FileVerdict::default();
        let is_no_json = self.is_no_json();
        if input.is_empty() && is_no_json {
            verdict.passed_over = Some(IgnoredReason::NotJson);
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
        // Where the bytes stop early, so does the JSON.
        let is_news = |broken: &ErrorPosition| !is_no_json && (is_whole || broken.why != JsonError::EndsEarly);
        if let Some(broken) = self.broken.filter(is_news) {
            let problem = match broken.why {
                JsonError::EndsEarly => Problem::JsonEndsEarly,
                JsonError::Malformed(at) => Problem::JsonMalformed(at as u64),
            };
            verdict.problems.push((problem, self.kept_before()));
        }
        if let Some(MalformedRecords { count, first, at, .. }) = self.malformed {
            verdict.problems.push((Problem::RecordMalformed { number: first, offset: at }, Outcome::LeftOut(count)));
        }
        if let Some(cut) = self.cut.filter(|_| !is_no_json) {
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
            let problem = Problem::RecordTooLarge { number: first, limit: LARGEST_STRING >> 20 };
            verdict.problems.push((problem, Outcome::LeftOut(count)));
        }
        if let Some(at) = self.not_utf8 {
            verdict.problems.push((Problem::NotUtf8(at), self.kept(is_whole && self.broken.is_none())));
        }
        if verdict.problems.is_empty() {
            verdict.passed_over = self.reason();
        }
        verdict
    }

    /// What became of the events beside a problem that cost none; others may have
    /// cost some, unless `is_all`.
    fn kept(&self, is_all: bool) -> Outcome {
        let is_all = is_all && self.malformed.is_none() && self.cut.is_none() && self.too_large.is_none();
        match is_all {
            // How many events there are, nobody knows then.
            _ if self.ruled_out > 0 => Outcome::Searched,
            true => Outcome::KeptAll(self.events),
            false => Outcome::Kept(self.events),
        }
    }

    /// What became of the events before a problem behind which there are none.
    fn kept_before(&self) -> Outcome {
        if self.ruled_out > 0 { Outcome::Searched } else { Outcome::KeptBefore(self.events) }
    }

    /// What became of the events before and behind missing bytes.
    fn kept_around(&self) -> Outcome {
        match self.before_gap {
            Some(before) if self.ruled_out == 0 && self.events > before => {
                Outcome::KeptAround { before, behind: self.events - before }
            }
            _ => self.kept_before(),
        }
    }

    /// Nothing in it looked like a log before it stopped making sense.
    fn is_no_json(&self) -> bool {
        let is_broken =
            self.broken.is_some_and(|broken| !broken.is_json || matches!(broken.why, JsonError::Malformed(_)));
        let is_text = is_broken || self.cut.is_some() || (self.text_lines > 0 && self.text_lines == self.records);
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
        } else if self.is_hollow {
            Some(IgnoredReason::NoRecords)
        } else if self.is_log && self.records == 0 {
            // A log of a time in which nothing happened is a log.
            None
        } else {
            Some(IgnoredReason::OtherJson)
        }
    }
}
