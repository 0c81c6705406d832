//! What a verification has found so far: counts by account, region and day, and single findings,
//! which are kept on disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::aws_report::AwsReport;
use crate::cloudtrail::digest::chain::Chain;
use crate::cloudtrail::digest::verdict::LogVerdict;
use crate::cloudtrail::keys::KeyPlace;
use crate::error::Error;
use crate::spill::scratch::from_json;
use crate::spill::sort::ExternalSorter;

/// The counts of a day.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct DayCounts {
    /// Numbers of log files, by verdict.
    pub(super) logs: [u64; LogVerdict::ALL.len()],
    pub(super) good_digests: u64,
    pub(super) bad_digests: u64,
}

impl DayCounts {
    /// Number of log files with this verdict.
    pub(super) fn of(&self, verdict: LogVerdict) -> u64 {
        LogVerdict::ALL.iter().zip(self.logs).find(|(known, _)| **known == verdict).map_or(0, |(_, count)| count)
    }

    /// Number of log files.
    pub(super) fn all_logs(&self) -> u64 {
        self.logs.iter().sum()
    }

    fn count(&mut self, verdict: LogVerdict) {
        for (known, count) in LogVerdict::ALL.iter().zip(&mut self.logs) {
            *count += u64::from(*known == verdict);
        }
    }
}

/// Whether a finding is about a log file or a digest.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum ObjectKind {
    Log,
    Digest,
}

impl ObjectKind {
    /// Its name, for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            ObjectKind::Log => "log file",
            ObjectKind::Digest => "digest",
        }
    }
}

/// Something about an object that is not as it should be.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Finding {
    pub(super) kind: ObjectKind,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) day: Option<Date>,
    /// The trail of the digests that say so, if there are any.
    pub(super) trail: Option<String>,
    /// Its address.
    pub(super) object: String,
    pub(super) verdict: String,
    pub(super) detail: String,
}

/// Findings, sorted by the addresses of their objects.
#[derive(Debug)]
pub(super) struct FindingList {
    sorter: ExternalSorter,
    count: u32,
}

impl FindingList {
    fn new() -> FindingList {
        FindingList { sorter: ExternalSorter::new(None), count: 0 }
    }

    fn add(&mut self, finding: &Finding) -> Result<(), Error> {
        let internal = |error| Error::Failed(format!("internal error: a finding cannot be kept: {error}"));
        let row = serde_json::to_vec(finding).map_err(internal)?;
        self.count = self.count.saturating_add(1);
        self.sorter.push(finding.object.as_bytes(), &row)
    }

    /// Number of findings.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Passes all findings to `each`.
    pub(super) fn finish(self, mut each: impl FnMut(&Finding) -> Result<(), Error>) -> Result<(), Error> {
        self.sorter.each_row(|row| each(&from_json(row)?))
    }
}

/// A public key that verified digests.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct UsedKey {
    pub(super) region: String,
    pub(super) fingerprint: String,
    pub(super) source: String,
}

/// The counts of each day of an account and a region; files in no folder of a day have none.
pub(super) type AreaDays = BTreeMap<Option<Date>, DayCounts>;

/// All that was found.
#[derive(Debug)]
pub(super) struct VerifyResult {
    /// By account and region.
    pub(super) days: BTreeMap<(Arc<str>, Arc<str>), AreaDays>,
    pub(super) findings: FindingList,
    pub(super) chains: Vec<Chain>,
    /// The keys that verified digests, and how many.
    pub(super) keys: BTreeMap<UsedKey, u64>,
    pub(super) total: DayCounts,
    /// Number of gaps in chains.
    pub(super) gaps: u64,
    /// Files of other services, which no digest covers.
    pub(super) foreign: u64,
    /// What the AWS CLI says, if that is asked for.
    pub(super) aws: Option<AwsReport>,
}

impl VerifyResult {
    pub(super) fn new(aws: Option<AwsReport>) -> VerifyResult {
        VerifyResult {
            days: BTreeMap::new(),
            findings: FindingList::new(),
            chains: Vec::new(),
            keys: BTreeMap::new(),
            total: DayCounts::default(),
            gaps: 0,
            foreign: 0,
            aws,
        }
    }

    /// Whether everything is proven.
    pub(super) fn is_proven(&self) -> bool {
        self.total.of(LogVerdict::Proven) == self.total.all_logs() && self.total.bad_digests == 0 && self.gaps == 0
    }

    /// Counts a log file.
    pub(super) fn add_log(&mut self, path: &str, verdict: LogVerdict) {
        let place = KeyPlace::of(path);
        self.day(&place).count(verdict);
        self.total.count(verdict);
    }

    /// Counts a digest.
    pub(super) fn add_digest(&mut self, path: &str, is_good: bool) {
        let place = KeyPlace::of(path);
        let day = self.day(&place);
        day.good_digests += u64::from(is_good);
        day.bad_digests += u64::from(!is_good);
        self.total.good_digests += u64::from(is_good);
        self.total.bad_digests += u64::from(!is_good);
    }

    /// Takes a good digest back, which is counted as a bad one.
    pub(super) fn uncount_good_digest(&mut self, path: &str) {
        let day = self.day(&KeyPlace::of(path));
        day.good_digests = day.good_digests.saturating_sub(1);
        self.total.good_digests = self.total.good_digests.saturating_sub(1);
    }

    /// Records a finding about the object at a path.
    pub(super) fn add_finding(&mut self, path: &str, finding: FoundObject<'_>) -> Result<(), Error> {
        let place = KeyPlace::of(path);
        let FoundObject { kind, trail, object, verdict, detail } = finding;
        self.findings.add(&Finding {
            kind,
            account: place.account.unwrap_or_default().into(),
            region: place.region.unwrap_or_default().into(),
            day: place.day(),
            trail: trail.map(String::from),
            object,
            verdict: verdict.into(),
            detail,
        })
    }

    fn day(&mut self, place: &KeyPlace<'_>) -> &mut DayCounts {
        let (account, region) = (place.account.unwrap_or_default(), place.region.unwrap_or_default());
        self.days.entry((account.into(), region.into())).or_default().entry(place.day()).or_default()
    }
}

/// What is found about an object; its place follows from its path.
pub(super) struct FoundObject<'a> {
    pub(super) kind: ObjectKind,
    pub(super) trail: Option<&'a str>,
    pub(super) object: String,
    pub(super) verdict: &'a str,
    pub(super) detail: String,
}
