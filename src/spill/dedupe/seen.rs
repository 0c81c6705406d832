//! Set of the ids seen so far, in two tiers: a hash table, and sorted runs on disk for what does
//! not fit. A Bloom filter with one hash avoids the lookup on disk for almost all new ids.

use std::hint::black_box;

use super::IdHash;
use crate::error::Error;
use crate::spill::scratch::ScratchFile;

/// Maximum number of slots in the hash table.
const MAX_SLOTS: usize = 1 << 21;
/// Number of slots in a new hash table.
const MIN_SLOTS: usize = 1 << 10;
/// Number of hash bits that select a bit of the filter, which has 2^27 bits.
const FILTER_BITS: u32 = 27;
/// An empty slot.
const EMPTY: IdHash = [0; size_of::<IdHash>()];

/// Set of the ids seen so far.
#[derive(Debug)]
pub struct SeenIds {
    max_slots: usize,
    /// The ids that are not on disk, each in its home slot or the next free one. Their number is a
    /// power of two.
    table: Vec<IdHash>,
    /// Number of ids in the table.
    count: usize,
    /// Whether the id was seen that stands for an empty slot.
    has_empty: bool,
    /// Has a bit for each id on disk; empty as long as there is none.
    filter: Vec<u64>,
    runs: Vec<SeenRun>,
}

impl Default for SeenIds {
    fn default() -> SeenIds {
        SeenIds::with_slots(MIN_SLOTS, MAX_SLOTS)
    }
}

impl SeenIds {
    fn with_slots(fewest: usize, max_slots: usize) -> SeenIds {
        let table = vec![EMPTY; fewest];
        SeenIds { max_slots, table, count: 0, has_empty: false, filter: Vec::new(), runs: Vec::new() }
    }

    /// Prepares to insert these ids: loads their slots into the processor's caches. These
    /// loads overlap, while each insertion would wait for its own.
    pub fn prefetch(&self, ids: impl Iterator<Item = IdHash>) {
        black_box(ids.fold(0, |any, id| {
            let (word, _) = bit(&id);
            any | u64::from(self.table[self.home_slot(&id)][0]) | self.filter.get(word).copied().unwrap_or_default()
        }));
    }

    /// Adds an id. Returns true if it is new.
    pub fn insert(&mut self, id: IdHash) -> Result<bool, Error> {
        if id == EMPTY {
            return Ok(!std::mem::replace(&mut self.has_empty, true));
        }
        let slot = self.find_slot(&id);
        if self.table[slot] == id || self.is_on_disk(&id)? {
            return Ok(false);
        }
        self.table[slot] = id;
        self.count += 1;
        // Three quarters full, it has long chains.
        if self.count * 4 >= self.table.len() * 3 {
            self.make_room()?;
        }
        Ok(true)
    }

    /// Whether an id was added.
    pub fn contains(&mut self, id: &IdHash) -> Result<bool, Error> {
        if *id == EMPTY {
            return Ok(self.has_empty);
        }
        Ok(self.table[self.find_slot(id)] == *id || self.is_on_disk(id)?)
    }

    /// The slot of an id, if no other id is there.
    #[inline]
    fn home_slot(&self, id: &IdHash) -> usize {
        let start = id.first_chunk().map_or(0, |start| u64::from_be_bytes(*start));
        // By the highest bits, so that the table is nearly sorted.
        (start >> 1 >> (63 - self.table.len().trailing_zeros())) as usize
    }

    /// The slot that an id has in the table, or would have.
    #[inline]
    fn find_slot(&self, id: &IdHash) -> usize {
        let mut slot = self.home_slot(id);
        while self.table[slot] != EMPTY && self.table[slot] != *id {
            slot = (slot + 1) & (self.table.len() - 1);
        }
        slot
    }

    fn is_on_disk(&mut self, id: &IdHash) -> Result<bool, Error> {
        let (word, bit) = bit(id);
        if self.filter.get(word).is_none_or(|word| word & bit == 0) {
            return Ok(false);
        }
        for run in &mut self.runs {
            if run.contains(id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Enlarges the table, or writes it to disk if it must not grow.
    fn make_room(&mut self) -> Result<(), Error> {
        let slots = self.table.len() * 2;
        if slots > self.max_slots {
            return self.write_run();
        }
        let table = std::mem::replace(&mut self.table, vec![EMPTY; slots]);
        for id in table.into_iter().filter(|id| *id != EMPTY) {
            let slot = self.find_slot(&id);
            self.table[slot] = id;
        }
        Ok(())
    }

    /// Moves the ids of the table to disk.
    fn write_run(&mut self) -> Result<(), Error> {
        // In place, as a list of them would take as much memory again.
        self.table.retain(|id| *id != EMPTY);
        self.table.sort_unstable();
        if self.filter.is_empty() {
            self.filter = vec![0; 1 << (FILTER_BITS - 6)];
        }
        let mut run = SeenRun::new(ScratchFile::new()?);
        for id in &self.table {
            let (word, bit) = bit(id);
            self.filter[word] |= bit;
            run.append(id)?;
        }
        run.file.seal()?;
        self.table.clear();
        self.table.resize(self.max_slots, EMPTY);
        self.count = 0;
        self.add_run(run)
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

/// The word of an id in the filter, and its bit there.
#[inline]
fn bit(id: &IdHash) -> (usize, u64) {
    let bit = u32::from_be_bytes([id[8], id[9], id[10], id[11]]) >> (32 - FILTER_BITS);
    ((bit >> 6) as usize, 1 << (bit & 63))
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
            next => Ok(self.page(next - 1)?.binary_search(id).is_ok()),
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
    use std::collections::HashSet;

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
        fn only_first_occurrences_are_new(numbers in prop::collection::vec(0..400_u64, 0..2000), most in 1..10_u32) {
            let mut seen = SeenIds::with_slots(2, 1 << most);
            let mut plain = HashSet::new();
            for number in numbers {
                prop_assert_eq!(seen.insert(id(number)).unwrap(), plain.insert(number));
            }
        }
    }

    #[test]
    fn runs_of_several_pages_are_searched_and_merged() {
        let mut seen = SeenIds::with_slots(2, 2048);
        for time in 0..2 {
            for number in 0..40_000 {
                assert_eq!(seen.insert(id(number)).unwrap(), time == 0, "{number}");
            }
        }
        assert!((1..=6).contains(&seen.runs.len()) && seen.runs[0].pages.len() > 40, "{}", seen.runs.len());
    }
}
