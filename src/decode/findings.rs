//! What a file turned out to hold beside its events, and what that means.

use super::json::Broken;
use crate::error::{Outcome, PassedOver, Problem};

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
    pub malformed: Option<Malformed>,
    /// What made the rest of the file unreadable.
    pub broken: Option<BrokenAt>,
    /// The first byte that is not UTF-8.
    pub not_utf8: Option<u64>,
}

/// Malformed records of one file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed {
    /// How many there are.
    pub count: u64,
    /// The number of the first among the records of the file, from 1.
    pub first: u64,
    /// Where the first goes wrong.
    pub at: u64,
    /// Whether the first goes wrong before anything looked like JSON.
    pub is_keyless: bool,
}

/// Where and why a text cannot be read on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BrokenAt {
    /// Why, with a place that counts from the start of the file.
    pub why: Broken,
    /// Whether it is the kind of text that could have been JSON.
    pub is_json: bool,
}

/// What a decoded file amounts to.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Why it has no events, where that is in order.
    pub passed_over: Option<PassedOver>,
    /// What is wrong with it.
    pub problems: Vec<(Problem, Outcome)>,
}

impl Findings {
    /// Notes a record that makes no sense at byte `at`, but whose end is known.
    pub fn note_malformed(&mut self, at: u64, is_keyless: bool) {
        let first = Malformed { count: 0, first: self.records, at, is_keyless };
        self.malformed.get_or_insert(first).count += 1;
    }

    /// What the file amounts to, given what stopped its bytes from being read.
    pub fn verdict(&self, input: Option<Problem>) -> Verdict {
        let mut verdict = Verdict::default();
        let is_no_json = self.is_no_json();
        if input.is_none() && is_no_json {
            verdict.passed_over = Some(PassedOver::NotJson);
            return verdict;
        }
        let is_whole = matches!(input, None | Some(Problem::GzipChecksum | Problem::GzipTrailer));
        if let Some(problem) = input {
            let outcome = match problem {
                Problem::Unreadable(_) if self.bytes == 0 => Outcome::Nothing,
                _ => self.kept(is_whole && self.broken.is_none()),
            };
            verdict.problems.push((problem, outcome));
        }
        // Where the bytes stop early, so does the JSON.
        let is_news = |broken: &BrokenAt| !is_no_json && (is_whole || broken.why != Broken::EndsEarly);
        if let Some(broken) = self.broken.filter(is_news) {
            let problem = match broken.why {
                Broken::EndsEarly => Problem::JsonEndsEarly,
                Broken::Malformed(at) => Problem::JsonMalformed(at as u64),
            };
            verdict.problems.push((problem, self.kept(false)));
        }
        if let Some(Malformed { count, first, at, .. }) = self.malformed {
            verdict.problems.push((Problem::RecordMalformed { number: first, offset: at }, Outcome::LeftOut(count)));
        }
        if let Some(at) = self.not_utf8 {
            verdict.problems.push((Problem::NotUtf8(at), self.kept(true)));
        }
        if verdict.problems.is_empty() {
            verdict.passed_over = self.reason();
        }
        verdict
    }

    /// What became of events beside a problem, which cost some unless `is_all`.
    fn kept(&self, is_all: bool) -> Outcome {
        match is_all {
            // How many events there are, nobody knows then.
            _ if self.ruled_out > 0 => Outcome::Searched,
            true => Outcome::KeptAll(self.events),
            false => Outcome::KeptBefore(self.events),
        }
    }

    /// Nothing in it looked like a log before it stopped making sense.
    fn is_no_json(&self) -> bool {
        let is_text = self.broken.is_some_and(|broken| !broken.is_json || matches!(broken.why, Broken::Malformed(_)));
        let is_keyless =
            self.malformed.is_some_and(|malformed| malformed.is_keyless && malformed.count == self.records);
        self.events == 0 && !self.is_log && (is_text || is_keyless)
    }

    fn reason(&self) -> Option<PassedOver> {
        if self.events > 0 || self.ruled_out > 0 {
            None
        } else if !self.has_text {
            Some(PassedOver::Empty)
        } else if self.is_digest {
            Some(PassedOver::Digest)
        } else if self.notifications > 0 {
            Some(PassedOver::Notification)
        } else if self.is_hollow {
            Some(PassedOver::NoRecords)
        } else if self.is_log && self.records == 0 {
            // A log of a time in which nothing happened is a log.
            None
        } else {
            Some(PassedOver::OtherJson)
        }
    }
}
