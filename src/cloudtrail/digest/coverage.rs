//! The times that the proven digests of an account and region cover. Only there is a log file
//! that no digest lists suspicious.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::chain::Chain;

/// The time in the name of a log file is a minute near its delivery.
const NAME_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// The next digest can be due, and not delivered yet.
const NEXT_DIGEST: SignedDuration = SignedDuration::from_hours(2);

/// The times that proven digests cover.
#[derive(Clone, Debug, Default)]
pub struct DigestCoverage {
    areas: HashMap<(String, String), AreaCoverage>,
}

/// The times of one account and region.
#[derive(Clone, Debug, Default)]
struct AreaCoverage {
    /// Times of proven digests, of any trail.
    covered: Vec<(Timestamp, Timestamp)>,
    /// Times in which some trail should have a digest, and has none that is proven.
    open: Vec<(Timestamp, Timestamp)>,
}

/// What digests say about a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TimeCoverage {
    /// A proven digest covers it, and no digest of it is missing.
    Covered,
    /// A digest of this time is missing or not proven.
    Gap,
    /// It is before the first digest.
    Before,
    /// It is after the last digest.
    After,
    /// No digest is of this account and region.
    Nowhere,
    /// No digest lists logs of this kind.
    OtherKind,
}

impl DigestCoverage {
    /// Makes the coverage of chains.
    pub fn new<'a>(chains: impl Iterator<Item = &'a Chain>) -> DigestCoverage {
        let mut coverage = DigestCoverage::default();
        for chain in chains {
            let area = coverage.areas.entry((chain.id.account_folder.clone(), chain.id.region.clone())).or_default();
            area.covered.extend(&chain.covered);
            if chain.id.is_backfill {
                continue;
            }
            let known = chain.gaps.iter().filter_map(|gap| Some((gap.from?, gap.until?)));
            area.open.extend(known);
            let until = chain.proven_until().unwrap_or(Timestamp::MIN);
            let next = chain.latest.checked_add(NEXT_DIGEST).unwrap_or(Timestamp::MAX);
            area.open.push((until, next));
        }
        coverage.areas.values_mut().for_each(AreaCoverage::merge);
        coverage
    }

    /// What the digests of an account's folder and a region say about the time in the name of a
    /// log file; `None` for a name without a time.
    pub fn time_coverage(&self, account_folder: &str, region: &str, time: Option<Timestamp>) -> TimeCoverage {
        let area = self.areas.get(&(account_folder.to_string(), region.to_string()));
        let Some(area) = area.filter(|area| !area.covered.is_empty()) else { return TimeCoverage::Nowhere };
        // A name that CloudTrail would not give is not excused by its time.
        time.map_or(TimeCoverage::Covered, |time| area.time_coverage(time))
    }

    /// Whether proven digests of an account's folder and a region cover a time without a hole.
    pub fn covers(&self, account_folder: &str, region: &str, from: Timestamp, until: Timestamp) -> bool {
        let area = self.areas.get(&(account_folder.to_string(), region.to_string()));
        area.is_some_and(|area| area.contains(from, until))
    }
}

impl AreaCoverage {
    /// Joins the times that touch.
    fn merge(&mut self) {
        self.covered.sort_unstable();
        let mut merged: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (start, end) in self.covered.drain(..) {
            match merged.last_mut() {
                Some((_, last)) if start <= *last => *last = (*last).max(end),
                _ => merged.push((start, end)),
            }
        }
        self.covered = merged;
    }

    fn contains(&self, from: Timestamp, until: Timestamp) -> bool {
        let at = self.covered.partition_point(|(start, _)| *start <= from);
        at.checked_sub(1).is_some_and(|at| until <= self.covered[at].1)
    }

    fn time_coverage(&self, time: Timestamp) -> TimeCoverage {
        let from = time.checked_sub(NAME_TOLERANCE).unwrap_or(time);
        let until = time.checked_add(NAME_TOLERANCE).unwrap_or(time);
        // Not a gap if backfill digests fill it.
        let is_open = |(start, end): &(Timestamp, Timestamp)| *start < until && from < *end;
        let is_filled = self.contains(from, until);
        let (Some((first, _)), Some((_, last))) = (self.covered.first(), self.covered.last()) else {
            return TimeCoverage::Nowhere;
        };
        if from < *first {
            TimeCoverage::Before
        } else if *last < until {
            TimeCoverage::After
        } else if !is_filled || self.open.iter().any(is_open) {
            TimeCoverage::Gap
        } else {
            TimeCoverage::Covered
        }
    }
}
