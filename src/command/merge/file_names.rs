//! Sets of the names of files, which may exceed memory.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use crate::error::Error;
use crate::spill::dedupe::{IdHash, SeenIds};

/// Hashes names of files and objects, with a key of this run.
#[derive(Debug, Default)]
pub(super) struct NameHasher(RandomState);

impl NameHasher {
    /// The hash of an address or a path, which has 96 bits. `a` and `./a` are the same file.
    pub(super) fn of(&self, name: &str) -> IdHash {
        let absolute = (!name.starts_with("s3://")).then(|| std::path::absolute(Path::new(name)).ok()).flatten();
        let name = absolute.as_deref().unwrap_or(Path::new(name)).as_os_str();
        let mut hash = IdHash::default();
        hash[..8].copy_from_slice(&self.0.hash_one((0_u8, name)).to_be_bytes());
        hash[8..].copy_from_slice(&self.0.hash_one((1_u8, name)).to_be_bytes()[..4]);
        hash
    }
}

/// The hashes of names.
#[derive(Debug, Default)]
pub(super) struct NameSet {
    hashes: Option<SeenIds>,
    /// Number of names.
    count: u64,
}

impl NameSet {
    /// Adds a name. Returns true if it is new.
    pub(super) fn insert(&mut self, name: IdHash) -> Result<bool, Error> {
        let is_new = self.hashes.get_or_insert_default().insert(name)?;
        self.count += u64::from(is_new);
        Ok(is_new)
    }

    pub(super) fn contains(&mut self, name: &IdHash) -> Result<bool, Error> {
        self.hashes.as_mut().map_or(Ok(false), |hashes| hashes.contains(name))
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }
}
