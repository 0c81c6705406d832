//! The log files that proven digests name, sorted by their paths. There may be millions, so they
//! are kept on disk.

use std::collections::BTreeSet;

use crate::cloudtrail::digest::document::NamedLog;
use crate::cloudtrail::digest::hash::Sha256Hash;
use crate::cloudtrail::keys::KeyPlace;
use crate::cloudtrail::log_kind::LogKind;
use crate::error::Error;
use crate::spill::sort::ExternalSorter;

/// Paths of objects that the mirror cannot contain begin with this.
pub(super) const ELSEWHERE: &str = "s3://";

/// The log files that were listed so far.
#[derive(Debug)]
pub(super) struct ListedLogs {
    sorter: ExternalSorter,
    key: Vec<u8>,
    row: Vec<u8>,
    /// The kinds of logs that were listed, but for the usual one.
    pub(super) kinds: BTreeSet<String>,
}

/// A digest's entry for a log file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ListedEntry {
    /// The hash of its text.
    pub(super) hash: Sha256Hash,
    /// The number of the digest's chain.
    pub(super) chain: u32,
    /// The end of the digest's time, in seconds since 1970.
    pub(super) end: i64,
    /// The position in the digest.
    pub(super) position: u32,
}

const ENTRY: usize = 32 + 4 + 8 + 4;

impl ListedLogs {
    pub(super) fn new() -> ListedLogs {
        ListedLogs { sorter: ExternalSorter::new(None), key: Vec::new(), row: Vec::new(), kinds: BTreeSet::new() }
    }

    /// Adds a log file by its path in the mirror, or by its address if it cannot be there.
    pub(super) fn add(&mut self, path: &str, entry: &ListedEntry) -> Result<(), Error> {
        let ListedEntry { hash, chain, end, position } = entry;
        self.row.clear();
        self.row.extend_from_slice(&hash.0);
        self.row.extend_from_slice(&chain.to_be_bytes());
        self.row.extend_from_slice(&end.to_be_bytes());
        self.row.extend_from_slice(&position.to_be_bytes());
        self.row.extend_from_slice(path.as_bytes());
        // Entries of one log file need an order too, since threads add them in any.
        self.key.clear();
        self.key.extend_from_slice(path.as_bytes());
        self.key.push(0);
        self.key.extend_from_slice(&self.row[..ENTRY]);
        if let Some(kind) = KeyPlace::of(path).kind.filter(|kind| *kind != LogKind::CloudTrail.folder())
            && !self.kinds.contains(kind)
        {
            self.kinds.insert(kind.into());
        }
        self.sorter.push(&self.key, &self.row)
    }

    /// Passes all entries to `each`, by the order of their paths.
    pub(super) fn finish(self, mut each: impl FnMut(&str, ListedEntry) -> Result<(), Error>) -> Result<(), Error> {
        self.sorter.each_row(|row| read(row).map_or(Ok(()), |(path, entry)| each(path, entry)))
    }
}

fn read(row: &[u8]) -> Option<(&str, ListedEntry)> {
    let (hash, rest) = row.split_first_chunk::<32>()?;
    let (chain, rest) = rest.split_first_chunk()?;
    let (end, rest) = rest.split_first_chunk()?;
    let (position, path) = rest.split_first_chunk()?;
    let entry = ListedEntry {
        hash: Sha256Hash(*hash),
        chain: u32::from_be_bytes(*chain),
        end: i64::from_be_bytes(*end),
        position: u32::from_be_bytes(*position),
    };
    Some((str::from_utf8(path).ok()?, entry))
}

/// Where a log file that a digest lists is in the mirror.
pub(super) fn place(log: &NamedLog, path: Option<&str>) -> String {
    path.map_or_else(|| format!("{ELSEWHERE}{}/{}", log.bucket, log.key), String::from)
}
