//! Remembers many hashes in little memory.

use std::collections::{HashSet, VecDeque};

/// Hash that represents an object: 128 bits of SHA-256 of its address.
pub(super) type ObjectHash = [u8; 16];

/// Size of a hash in bytes.
pub(super) const HASH: usize = size_of::<ObjectHash>();

/// The most objects to remember, which take 64 MiB.
const MAX_HASHES: usize = 4_000_000;
/// The number of hashes in a sorted run.
pub(super) const RUN: usize = 50_000;

/// Hashes in sorted runs, the oldest first. A set would need twice the memory when it grows.
#[derive(Debug, Default)]
pub(super) struct HashRuns {
    runs: VecDeque<Vec<ObjectHash>>,
    /// Hashes that are not in a run yet.
    recent: HashSet<ObjectHash>,
    /// Whether hashes were dropped because there were too many.
    pub(super) has_forgotten: bool,
}

impl HashRuns {
    pub(super) fn contains(&self, hash: &ObjectHash) -> bool {
        self.recent.contains(hash) || self.runs.iter().any(|run| run.binary_search(hash).is_ok())
    }

    pub(super) fn len(&self) -> usize {
        self.recent.len() + self.runs.iter().map(Vec::len).sum::<usize>()
    }

    /// Adds hashes, and forgets the oldest if there are too many.
    pub(super) fn add(&mut self, hashes: &[ObjectHash]) {
        for hash in hashes {
            self.recent.insert(*hash);
            if self.recent.len() >= RUN {
                let mut run: Vec<ObjectHash> = self.recent.drain().collect();
                run.sort_unstable();
                self.runs.push_back(run);
            }
        }
        while self.runs.len() > MAX_HASHES / RUN {
            self.runs.pop_front();
            self.has_forgotten = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_objects_are_remembered_if_there_are_too_many() {
        let number = |number: u64| {
            let mut hash = ObjectHash::default();
            hash[..8].copy_from_slice(&number.to_be_bytes());
            hash
        };
        let mut runs = HashRuns::default();
        let count = (MAX_HASHES + 3 * RUN) as u64;
        (0..count).for_each(|at| runs.add(&[number(at)]));
        assert!(runs.has_forgotten && runs.len() <= MAX_HASHES + RUN);
        assert!(runs.contains(&number(count - 1)) && runs.contains(&number(count / 2)) && !runs.contains(&number(0)));
    }
}
