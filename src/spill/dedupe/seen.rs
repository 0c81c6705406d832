//! Set of the ids seen so far, in three tiers: a hash table of the latest ids, a sorted list of
//! earlier ones, and sorted runs on disk for the rest. A Bloom filter with one hash avoids the
//! lookup for almost all new ids.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;

use super::IdHash;
use crate::error::Error;
use crate::spill::scratch::ScratchFile;

/// Maximum number of ids in the hash table.
const LATEST: usize = 1 << 17;
/// Maximum number of ids in the sorted list.
const LISTED: usize = 3 << 19;
/// Number of hash bits that select a bit of the filter, which has 2^27 bits.
const FILTER_BITS: u32 = 27;

/// Set of the ids seen so far.
#[derive(Debug)]
pub struct SeenIds {
    most_listed: usize,
    most_latest: usize,
    filter: Vec<u64>,
    latest: HashSet<IdHash, BuildHasherDefault<StartOfId>>,
    listed: Vec<IdHash>,
    runs: Vec<SeenRun>,
}

/// Takes the start of an id, which is a hash already.
#[derive(Default)]
struct StartOfId(u64);

impl Hasher for StartOfId {
    fn write(&mut self, id: &[u8]) {
        self.0 = id.first_chunk().map_or(0, |start| u64::from_ne_bytes(*start));
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Default for SeenIds {
    fn default() -> SeenIds {
        SeenIds::with_capacity(LATEST, LISTED)
    }
}

impl SeenIds {
    fn with_capacity(most_latest: usize, most_listed: usize) -> SeenIds {
        let filter = vec![0; 1 << (FILTER_BITS - 6)];
        SeenIds { most_listed, most_latest, filter, latest: HashSet::default(), listed: Vec::new(), runs: Vec::new() }
    }

    /// Prepares to insert these ids: loads their places in the filter into the processor's
    /// caches. These loads overlap, while each insertion would wait for its own.
    pub fn expect(&self, ids: impl Iterator<Item = IdHash>) {
        black_box(ids.fold(0, |any, id| any | self.filter[SeenIds::bit(&id).0]));
    }

    /// Adds an id. Returns true if it is new.
    pub fn insert(&mut self, id: IdHash) -> Result<bool, Error> {
        if self.may_contain(&id) && self.contains(&id)? {
            return Ok(false);
        }
        self.latest.insert(id);
        if self.latest.len() >= self.most_latest {
            self.move_latest_to_list()?;
        }
        Ok(true)
    }

    /// Sets the bit of an id in the filter. Returns false if the id is certainly new.
    fn may_contain(&mut self, id: &IdHash) -> bool {
        let (word, bit) = SeenIds::bit(id);
        let word = &mut self.filter[word];
        let is_set = *word & bit != 0;
        *word |= bit;
        is_set
    }

    /// The word of an id in the filter, and its bit there.
    fn bit(id: &IdHash) -> (usize, u64) {
        let bit = u32::from_be_bytes([id[8], id[9], id[10], id[11]]) >> (32 - FILTER_BITS);
        ((bit >> 6) as usize, 1 << (bit & 63))
    }

    /// Whether an id was added.
    pub fn contains(&mut self, id: &IdHash) -> Result<bool, Error> {
        if self.latest.contains(id) || self.listed.binary_search(id).is_ok() {
            return Ok(true);
        }
        for run in &mut self.runs {
            if run.contains(id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves the latest ids to the list; writes the list to disk first if they do not fit.
    fn move_latest_to_list(&mut self) -> Result<(), Error> {
        if self.listed.len() + self.latest.len() > self.most_listed {
            let mut run = SeenRun::new(ScratchFile::new()?);
            for id in &self.listed {
                run.append(id)?;
            }
            run.file.seal()?;
            self.add_run(run)?;
            self.listed.clear();
        }
        let mut latest: Vec<IdHash> = self.latest.drain().collect();
        latest.sort_unstable();
        merge_into(&mut self.listed, &latest);
        Ok(())
    }

    /// Adds a run and merges runs of similar size.
    fn add_run(&mut self, mut run: SeenRun) -> Result<(), Error> {
        // Every run is at least twice as long as the next, which keeps their number small.
        while self.runs.last().is_some_and(|last| last.count < 2 * run.count) {
            if let Some(last) = self.runs.pop() {
                run = SeenRun::merge(last, run)?;
            }
        }
        self.runs.push(run);
        Ok(())
    }
}

/// Merges sorted ids into a sorted list. Works backwards from the end, which needs no second
/// list.
fn merge_into(list: &mut Vec<IdHash>, more: &[IdHash]) {
    let (mut old, mut new) = (list.len(), more.len());
    list.reserve_exact(new);
    list.resize(old + new, IdHash::default());
    while new > 0 {
        if old > 0 && list[old - 1] > more[new - 1] {
            list[old + new - 1] = list[old - 1];
            old -= 1;
        } else {
            list[old + new - 1] = more[new - 1];
            new -= 1;
        }
    }
}

/// A sorted run of ids on disk.
#[derive(Debug)]
struct SeenRun {
    file: ScratchFile,
    count: usize,
    /// First id of each page, to find the page of an id in memory.
    pages: Vec<IdHash>,
}

impl SeenRun {
    /// Number of ids in a page: 4 KiB.
    const PAGE: usize = 341;
    const LENGTH: usize = size_of::<IdHash>();

    fn new(file: ScratchFile) -> SeenRun {
        SeenRun { file, count: 0, pages: Vec::new() }
    }

    fn append(&mut self, id: &IdHash) -> Result<(), Error> {
        if self.count.is_multiple_of(SeenRun::PAGE) {
            self.pages.push(*id);
        }
        self.count += 1;
        self.file.append(id)
    }

    fn page(&mut self, page: usize) -> Result<Vec<IdHash>, Error> {
        let start = page * SeenRun::PAGE;
        let mut bytes = vec![0; (self.count - start).min(SeenRun::PAGE) * SeenRun::LENGTH];
        self.file.read((start * SeenRun::LENGTH) as u64, &mut bytes)?;
        Ok(bytes.as_chunks().0.to_vec())
    }

    fn contains(&mut self, id: &IdHash) -> Result<bool, Error> {
        match self.pages.partition_point(|first| first <= id) {
            0 => Ok(false),
            behind => Ok(self.page(behind - 1)?.binary_search(id).is_ok()),
        }
    }

    fn merge(one: SeenRun, other: SeenRun) -> Result<SeenRun, Error> {
        let mut merged = SeenRun::new(ScratchFile::new()?);
        let (mut one, mut other) = (SeenRunReader::new(one)?, SeenRunReader::new(other)?);
        loop {
            let next = match (one.id(), other.id()) {
                (Some(id), Some(least)) if id > least => &mut other,
                (None, Some(_)) => &mut other,
                (Some(_), _) => &mut one,
                (None, None) => break,
            };
            if let Some(id) = next.id() {
                merged.append(&id)?;
            }
            next.pass()?;
        }
        merged.file.seal()?;
        Ok(merged)
    }
}

/// Reads the ids of a run in order.
struct SeenRunReader {
    run: SeenRun,
    page: Vec<IdHash>,
    next_page: usize,
    at: usize,
}

impl SeenRunReader {
    fn new(run: SeenRun) -> Result<SeenRunReader, Error> {
        let mut reader = SeenRunReader { run, page: Vec::new(), next_page: 0, at: 0 };
        reader.load()?;
        Ok(reader)
    }

    fn id(&self) -> Option<IdHash> {
        self.page.get(self.at).copied()
    }

    fn pass(&mut self) -> Result<(), Error> {
        self.at += 1;
        if self.at < self.page.len() { Ok(()) } else { self.load() }
    }

    fn load(&mut self) -> Result<(), Error> {
        (self.page, self.at) = (Vec::new(), 0);
        if self.next_page < self.run.pages.len() {
            self.page = self.run.page(self.next_page)?;
            self.next_page += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u64) -> IdHash {
        let mut id = IdHash::default();
        // Few distinct filter bits, so that most lookups reach the tiers behind the filter.
        id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        id
    }

    proptest! {
        #[test]
        fn only_first_occurrences_are_new(numbers in prop::collection::vec(0..400_u64, 0..2000), latest in 1..40_usize) {
            let mut seen = SeenIds::with_capacity(latest, 3 * latest);
            let mut plain = HashSet::new();
            for number in numbers {
                prop_assert_eq!(seen.insert(id(number)).unwrap(), plain.insert(number));
            }
        }
    }

    #[test]
    fn runs_of_several_pages_are_searched_and_merged() {
        let mut seen = SeenIds::with_capacity(500, 2000);
        for time in 0..2 {
            for number in 0..40_000 {
                assert_eq!(seen.insert(id(number)).unwrap(), time == 0, "{number}");
            }
        }
        assert!((1..=6).contains(&seen.runs.len()) && seen.runs[0].pages.len() > 40, "{}", seen.runs.len());
    }
}
