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
    /// Those of them that are digests.
    #[serde(default)]
    pub digests: u64,
    /// Bytes that were downloaded.
    pub bytes: u64,
    /// Objects that the mirror already had.
    pub present: u64,
    /// Those of them that are digests.
    #[serde(default)]
    pub digests_present: u64,
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
    /// Whether digests were mirrored too.
    pub digests: DigestUse,
    /// What the mirror lacks, if nothing was downloaded.
    pub missing: Option<MissingTotals>,
}

/// What was done with digests.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum DigestUse {
    /// None were requested, and none were seen.
    #[default]
    None,
    /// There are some, which were not requested.
    LeftOut,
    /// They were requested.
    Mirrored,
}

/// What a mirror lacks.
#[derive(Clone, Copy, Debug, Default)]
pub struct MissingTotals {
    /// Number of objects.
    pub objects: u64,
    /// Those of them that are digests.
    pub digests: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl fmt::Display for SyncTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DownloadTotals { unwanted, failed, lists, gets, .. } = self.fetched;
        write!(f, "{}", self.downloads())?;
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
        if self.digests == DigestUse::LeftOut {
            write!(f, "; not mirrored: CloudTrail-Digest (mirrored with --digests)")?;
        }
        if let Some(archived) = self.fetched.archived() {
            write!(f, "; {archived}")?;
        }
        Ok(())
    }
}

impl SyncTotals {
    /// Formats what was downloaded, or is to be, and what was there before.
    pub fn downloads(&self) -> String {
        let DownloadTotals { objects, digests, bytes, present, digests_present, .. } = self.fetched;
        let (missing, what) = match self.missing {
            Some(missing) => (missing, "to download"),
            None => (MissingTotals { objects, digests, bytes }, "downloaded"),
        };
        let objects = self.objects(missing.objects, missing.digests);
        let present = match self.digests {
            DigestUse::Mirrored => self.objects(present, digests_present),
            DigestUse::None | DigestUse::LeftOut => HumanCount(present).to_string(),
        };
        format!("{objects} {what} ({}), {present} already in the mirror", HumanBytes(missing.bytes))
    }

    /// Formats `3 objects`, or `3 objects and 24 digests` if digests were requested.
    fn objects(&self, objects: u64, digests: u64) -> String {
        match self.digests {
            DigestUse::Mirrored => {
                format!("{} and {}", count(objects.saturating_sub(digests), "object"), count(digests, "digest"))
            }
            DigestUse::None | DigestUse::LeftOut => count(objects, "object"),
        }
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
        self.digests += other.digests;
        self.bytes += other.bytes;
        self.present += other.present;
        self.digests_present += other.digests_present;
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
