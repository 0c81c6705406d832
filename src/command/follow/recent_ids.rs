//! Remembers the ids of recent events in bounded memory.

use std::collections::HashSet;

use crate::spill::dedupe::IdHash;

/// The last ids, in two sets of which the older one is dropped when the other is full.
#[derive(Debug, Default)]
pub(super) struct RecentIds {
    recent: HashSet<IdHash>,
    older: HashSet<IdHash>,
}

impl RecentIds {
    /// Number of ids in one set; both take about 60 MiB.
    const MAX_IDS: usize = 1_000_000;

    /// Adds an id. Returns false if it is remembered already.
    pub(super) fn insert(&mut self, id: IdHash) -> bool {
        if self.older.contains(&id) || !self.recent.insert(id) {
            return false;
        }
        if self.recent.len() >= RecentIds::MAX_IDS {
            self.older = std::mem::take(&mut self.recent);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_the_last_million_is_remembered() {
        let mut ids = RecentIds::default();
        let id = |number: u32| {
            let mut id = IdHash::default();
            id[..4].copy_from_slice(&number.to_be_bytes());
            id
        };
        for number in 0..2_500_000 {
            assert!(ids.insert(id(number)));
            assert!(!ids.insert(id(number)));
        }
        assert!(!ids.insert(id(1_500_000)));
        assert!(ids.insert(id(0)), "forgotten");
    }
}
