//! The chain of a trail's digests in one account and region: each digest names the one before,
//! with its signature and hash. What does not fit shows which digests are missing, and which
//! times are not covered.

use jiff::Timestamp;

use super::check::{DigestProblem, ProvenDigest};
use super::document::PreviousDigest;
use super::hash::Sha256Hash;
use super::name::ChainId;

/// A time without a proven digest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChainGap {
    /// Its beginning; `None` if that is not known.
    pub from: Option<Timestamp>,
    /// Its end; `None` if that is not known.
    pub until: Option<Timestamp>,
    /// Why there is none.
    pub reason: GapReason,
}

/// Why a time has no proven digest.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GapReason {
    /// The digest that the next one names is not there.
    #[error("at least one digest is missing")]
    Missing,
    /// The digests of that time prove nothing.
    #[error("the digests of this time are not proven")]
    NotProven,
    /// A new chain begins after it: logging or its validation was off, as CloudTrail says.
    #[error("CloudTrail began a new chain: logging or its validation was off")]
    NewChain,
    /// The next digest begins later than the one before it ends.
    #[error("no digest covers this time")]
    Uncovered,
    /// There is no later digest.
    #[error("there is no later digest")]
    AfterLast,
    /// There is no earlier digest.
    #[error("there is no earlier digest")]
    BeforeFirst,
}

/// A digest that the chain shows to be wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChainProblem {
    /// Its key.
    pub key: String,
    /// What is wrong with it.
    pub problem: DigestProblem,
    /// About when its time ended.
    pub end: Timestamp,
}

/// Reads the digests of a chain in the order of their time.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Which chain it is.
    pub id: ChainId,
    /// Number of proven digests.
    pub proven: u64,
    /// Number of digests that prove nothing.
    pub unproven: u64,
    /// Times that proven digests cover, in order, none next to another.
    pub covered: Vec<(Timestamp, Timestamp)>,
    /// Times between them.
    pub gaps: Vec<ChainGap>,
    /// The end of the latest digest, proven or not.
    pub latest: Timestamp,
    /// What the chain shows about single digests.
    pub problems: Vec<ChainProblem>,
    last: Option<LastDigest>,
    /// Keys of digests after the last proven one.
    unproven_keys: Vec<String>,
    /// From when on digests were asked for; `None` for all.
    since: Option<Timestamp>,
}

/// The latest proven digest.
#[derive(Clone, Debug)]
struct LastDigest {
    key: String,
    signature: String,
    hash: Sha256Hash,
    end: Timestamp,
}

impl Chain {
    /// Creates a chain. Digests that end at `since` or earlier were not asked for.
    pub fn new(id: ChainId, since: Option<Timestamp>) -> Chain {
        Chain {
            id,
            proven: 0,
            unproven: 0,
            covered: Vec::new(),
            gaps: Vec::new(),
            latest: Timestamp::MIN,
            problems: Vec::new(),
            last: None,
            unproven_keys: Vec::new(),
            since,
        }
    }

    /// Adds a digest that is there and proves nothing. Its name gives the end of its time.
    pub fn add_unproven(&mut self, key: &str, end: Timestamp) {
        /// Enough to find the previous digest of the next one. Of more digests in a row that
        /// prove nothing, an earlier one could be called missing.
        const KEPT: usize = 1000;
        self.unproven += 1;
        self.latest = self.latest.max(end);
        if self.unproven_keys.len() == KEPT {
            self.unproven_keys.remove(0);
        }
        self.unproven_keys.push(key.into());
    }

    /// Adds the next proven digest.
    pub fn add(&mut self, key: &str, digest: &ProvenDigest) {
        self.proven += 1;
        self.latest = self.latest.max(digest.end);
        match (self.last.take(), &digest.previous) {
            (Some(last), Some(previous)) => self.link(&last, previous, digest),
            (Some(last), None) => self.gap(last.end, digest.start, GapReason::NewChain),
            (None, Some(previous)) => self.begin(previous, digest),
            (None, None) => {}
        }
        self.cover(digest.start, digest.end);
        self.unproven_keys.clear();
        let (signature, hash) = (digest.signature.clone(), digest.hash);
        self.last = Some(LastDigest { key: key.into(), signature, hash, end: digest.end });
    }

    /// The end of the last time that is proven.
    pub fn proven_until(&self) -> Option<Timestamp> {
        self.covered.last().map(|(_, end)| *end)
    }

    /// Compares what a digest says about the one before with the one that is there.
    fn link(&mut self, last: &LastDigest, previous: &PreviousDigest, digest: &ProvenDigest) {
        if previous.key != last.key {
            return self.missing(Some(last.end), previous, digest);
        }
        let differs = if !previous.signature.eq_ignore_ascii_case(&last.signature) {
            Some("signature")
        } else if previous.hash != Some(last.hash.0) {
            Some("hash")
        } else {
            None
        };
        if let Some(what) = differs {
            let problem = DigestProblem::Replaced(what);
            self.problems.push(ChainProblem { key: last.key.clone(), problem, end: last.end });
        }
        // Backfill digests are of single hours.
        if !self.id.is_backfill {
            self.gap(last.end, digest.start, GapReason::Uncovered);
        }
    }

    /// Begins with a digest that is not the first one of its chain.
    fn begin(&mut self, previous: &PreviousDigest, digest: &ProvenDigest) {
        // The one before ends where this one begins.
        let was_asked_for = self.since.is_none_or(|since| since < digest.start);
        if was_asked_for || self.unproven_keys.contains(&previous.key) {
            self.missing(self.since, previous, digest);
        }
    }

    /// Records that the digest before is not proven, or not there.
    fn missing(&mut self, from: Option<Timestamp>, previous: &PreviousDigest, digest: &ProvenDigest) {
        let is_present = self.unproven_keys.contains(&previous.key);
        let reason = if is_present { GapReason::NotProven } else { GapReason::Missing };
        if !is_present {
            let problem = DigestProblem::Missing;
            self.problems.push(ChainProblem { key: previous.key.clone(), problem, end: digest.start });
        }
        self.gaps.push(ChainGap { from, until: Some(digest.start), reason });
    }

    fn gap(&mut self, from: Timestamp, until: Timestamp, reason: GapReason) {
        if from < until {
            self.gaps.push(ChainGap { from: Some(from), until: Some(until), reason });
        }
    }

    fn cover(&mut self, start: Timestamp, end: Timestamp) {
        match self.covered.last_mut() {
            Some((_, last)) if *last == start => *last = end,
            _ => self.covered.push((start, end)),
        }
    }
}
