//! What was done to update a mirror, and the sentence that reports it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use indicatif::{HumanBytes, HumanCount};

use super::coverage::{are, count};
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::log_kind;
use crate::cloudtrail::log_kind::LogKind;

/// What was done to update a mirror.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct DownloadTotals {
    /// Objects of the bucket listed so far.
    pub known: u64,
    /// Whether the listing is complete.
    pub is_listed: bool,
    /// Objects that were downloaded.
    pub objects: u64,
    /// Bytes that were downloaded.
    pub bytes: u64,
    /// Objects that the mirror already had.
    pub present: u64,
    /// Objects that, by their names, cannot contain wanted events.
    pub unwanted: u64,
    /// Objects that could not be downloaded.
    pub failed: u64,
    /// Objects that must be restored from an archive before they can be downloaded.
    pub archived: u64,
    /// Those of them that are being restored.
    pub restoring: u64,
    /// Number of list requests.
    pub lists: u64,
    /// Number of object requests.
    pub gets: u64,
    /// Largest number of concurrent object requests.
    pub at_once: u64,
    /// Number of times S3 asked to slow down.
    pub slow_downs: u64,
}

/// What a run mirrored without reading it.
#[derive(Clone, Debug, Default)]
pub struct SyncTotals {
    /// What was done.
    pub fetched: DownloadTotals,
    /// How far the run looked for late deliveries, if the window has an end.
    pub late: Option<LateSearch>,
    /// Kinds of logs that are present but were not requested.
    pub unread: BTreeSet<LogKind>,
    /// Objects missing from the mirror and their bytes, if nothing was downloaded.
    pub missing: Option<(u64, u64)>,
}

impl fmt::Display for SyncTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DownloadTotals { objects, bytes, present, unwanted, failed, lists, gets, .. } = self.fetched;
        let (objects, bytes, what) = match self.missing {
            Some((objects, bytes)) => (objects, bytes, "to download"),
            None => (objects, bytes, "downloaded"),
        };
        write!(f, "{} {what} ({})", count(objects, "object"), HumanBytes(bytes))?;
        write!(f, ", {} already in the mirror", HumanCount(present))?;
        if unwanted > 0 {
            write!(f, ", {} skipped: delivered before the window", HumanCount(unwanted))?;
        }
        if failed > 0 {
            write!(f, ", {} failed, named above", HumanCount(failed))?;
        }
        write!(f, "; {}", count(lists, "list request"))?;
        if self.missing.is_none() {
            write!(f, ", {}", count(gets, "object request"))?;
        }
        if let Some(late) = self.late {
            write!(f, "; {late}")?;
        }
        if let Some(unread) = log_kind::unread(&self.unread) {
            write!(f, "; {unread}")?;
        }
        if let Some(archived) = self.fetched.archived() {
            write!(f, "; {archived}")?;
        }
        Ok(())
    }
}

impl DownloadTotals {
    /// The number of requests to S3, as text.
    pub fn requests(&self) -> String {
        format!(
            "{}, {} (at most {} at once), {}",
            count(self.lists, "list request"),
            count(self.gets, "object request"),
            HumanCount(self.at_once),
            count(self.slow_downs, "slow-down response")
        )
    }

    /// Adds what an earlier pass over the same bucket has downloaded, which this one found
    /// in the mirror.
    pub fn add_earlier(&mut self, first: &DownloadTotals) {
        self.present = self.present.saturating_sub(first.objects);
        self.objects += first.objects;
        self.bytes += first.bytes;
        self.lists += first.lists;
        self.gets += first.gets;
        self.slow_downs += first.slow_downs;
        self.at_once = self.at_once.max(first.at_once);
    }

    /// Advice on archived objects; `None` if there are none.
    pub fn archived(&self) -> Option<String> {
        let (restoring, advice) = match self.restoring {
            0 => (String::new(), "restore them (aws s3api restore-object), then run again"),
            all if all == self.archived => (" (being restored)".into(), "run again when the restore is complete"),
            some => {
                let some = format!(" ({} being restored)", HumanCount(some));
                (some, "restore the others (aws s3api restore-object), then run again")
            }
        };
        let archived = are(self.archived, "object");
        (self.archived > 0)
            .then(|| format!("{archived} archived in S3 Glacier{restoring} and not downloaded; {advice}"))
    }

    /// Adds the counts of another bucket.
    pub fn add(&mut self, other: &DownloadTotals) {
        self.known += other.known;
        self.objects += other.objects;
        self.bytes += other.bytes;
        self.present += other.present;
        self.unwanted += other.unwanted;
        self.failed += other.failed;
        self.archived += other.archived;
        self.restoring += other.restoring;
        self.lists += other.lists;
        self.gets += other.gets;
        self.at_once = self.at_once.max(other.at_once);
        self.slow_downs += other.slow_downs;
    }
}
