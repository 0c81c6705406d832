//! What callers caused, found by the hash of what was caused.

use super::index::GrantEntry;

/// Entries in their order, with the place of each range of subjects. Subjects are hashes, so
/// a range has few entries, and a look-up does not search millions of them.
#[derive(Debug, Default)]
pub(super) struct GrantTable {
    entries: Vec<GrantEntry>,
    /// For each range, the place of its first entry; at last the number of entries.
    starts: Vec<u32>,
    /// The number of low bits that subjects of a range may differ in.
    shift: u32,
}

impl GrantTable {
    /// A table of sorted entries. They are limited to some millions by their memory.
    pub(super) fn new(entries: Vec<GrantEntry>) -> GrantTable {
        // Half an entry to one in each range: 4 to 8 bytes for each entry.
        let bits = (entries.len() as u64).next_power_of_two().ilog2().clamp(1, 31);
        let shift = u64::BITS - bits;
        let mut starts = vec![0; (1 << bits) + 1];
        for entry in &entries {
            starts[(entry.subject >> shift) as usize + 1] += 1;
        }
        let mut place = 0;
        for start in &mut starts {
            place += *start;
            *start = place;
        }
        GrantTable { entries, starts, shift }
    }

    /// The entries about a subject, beginning with those of this second.
    pub(super) fn about(&self, subject: u64, created: i64) -> impl Iterator<Item = &GrantEntry> + Clone {
        let range = (subject >> self.shift) as usize;
        let places = self.starts.get(range).zip(self.starts.get(range + 1));
        let entries = places.and_then(|(start, end)| self.entries.get(*start as usize..*end as usize));
        let entries = entries.unwrap_or_default();
        // Many sessions of one role can have the same subject.
        let first = entries.partition_point(|entry| (entry.subject, entry.created) < (subject, created));
        entries[first..].iter().take_while(move |entry| entry.subject == subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(subject: u64, created: i64) -> GrantEntry {
        GrantEntry { subject, created, detail: 0, caller: 0 }
    }

    #[test]
    fn every_entry_is_found_by_its_subject() {
        for count in [0, 1, 2, 3, 1000] {
            let mut random = fastrand::Rng::with_seed(count);
            let subjects: Vec<u64> = (0..count).map(|_| random.u64(..)).chain([0, u64::MAX]).collect();
            let mut entries: Vec<GrantEntry> =
                subjects.iter().flat_map(|subject| [7, 7, 9].map(|created| entry(*subject, created))).collect();
            entries.sort_unstable();
            let table = GrantTable::new(entries);
            for subject in subjects {
                let times = |from| table.about(subject, from).map(|entry| entry.created).collect::<Vec<_>>();
                assert_eq!((times(i64::MIN), times(8), times(10)), (vec![7, 7, 9], vec![9], vec![]), "{subject}");
            }
            assert_eq!(table.about(random.u64(1..u64::MAX), 0).count(), 0);
        }
        assert_eq!(GrantTable::new(Vec::new()).about(5, 0).count(), 0);
        assert_eq!(GrantTable::default().about(5, 0).count(), 0);
    }
}
