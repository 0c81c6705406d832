//! Counts by value, exactly, in bounded memory: values that do not fit wait on
//! disk, sorted, and are put together in the end ([`spill`](super::spill)).

use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use sha2::{Digest, Sha256};

use super::spill::CountSpill;
use crate::command::summary::value_stats::{MAX_USER, Occurrence, ValueStats};
use crate::error::Error;

/// Counts of values. Each thread has its own, and they share a place on disk.
#[derive(Debug)]
pub(super) struct Counter {
    /// The values one after the other.
    text: Vec<u8>,
    entries: Vec<CounterEntry>,
    places: HashTable<u32>,
    /// Short values that were met lately, each in the place that its bytes decide.
    recent: Box<[RecentValue; RECENT]>,
    /// How many bytes the names of first users take, roughly.
    users: usize,
    hasher: RandomState,
    spill: Arc<CountSpill>,
}

#[derive(Debug)]
struct CounterEntry {
    /// Where in the text the value is.
    value: Range<usize>,
    stats: ValueStats,
}

/// A short value, padded with zeros (which no cell contains), and its entry.
#[derive(Clone, Copy, Debug)]
struct RecentValue {
    value: [u64; SHORT / 8],
    entry: u32,
}

/// Where a value was counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountedEntry {
    pub(super) entry: u32,
    /// Whether the value is new.
    pub(super) is_new: bool,
}

/// Number of recent values of a counter. Those of all counters fit into the fastest cache.
const RECENT: usize = 128;
/// Most values are at most this long.
pub(super) const SHORT: usize = 32;

/// Longer values are cut, and distinguished by their length and a hash.
pub(super) const MAX_VALUE: usize = 4096;
/// What an entry takes beside its value, roughly.
const ENTRY: usize = size_of::<CounterEntry>() + 12;

impl Counter {
    pub(super) fn new(spill: Arc<CountSpill>) -> Counter {
        Counter {
            text: Vec::new(),
            entries: Vec::new(),
            places: HashTable::new(),
            recent: Box::new([RecentValue { value: [0; SHORT / 8], entry: u32::MAX }; RECENT]),
            users: 0,
            hasher: RandomState::default(),
            spill,
        }
    }

    /// Counts an event with this value, and says whether the value is new.
    #[inline]
    pub(super) fn add(&mut self, value: &[u8], occurrence: &Occurrence<'_>) -> bool {
        self.add_value(value, occurrence).is_new
    }

    /// Like [`add`](Self::add), but returns the entry that was counted. It keeps the value until
    /// the next spill.
    #[inline]
    pub(super) fn add_value(&mut self, value: &[u8], occurrence: &Occurrence<'_>) -> CountedEntry {
        let known = self.entries.len();
        let place = if value.len() > MAX_VALUE { self.place(&shortened(value)) } else { self.place(value) };
        self.entries[place].stats.add(occurrence);
        CountedEntry { entry: place as u32, is_new: self.has_grown(known, place, occurrence) }
    }

    /// Adds what was counted of the value of an entry, and whose first call it was.
    pub(super) fn merge_at(&mut self, entry: u32, stats: &ValueStats, user: &[u8]) {
        self.entries[entry as usize].stats.merge_by(stats, user);
    }

    /// Counts an event with the value in the first `length` of these bytes, [`SHORT`] at most: to
    /// compare and mix a fixed number is faster than just as many as there are.
    #[inline]
    pub(super) fn add_short(&mut self, bytes: &[u8; SHORT], length: usize, occurrence: &Occurrence<'_>) -> bool {
        let known = self.entries.len();
        let mut words = [0; SHORT / 8];
        for (at, (word, bytes)) in words.iter_mut().zip(bytes.as_chunks::<8>().0).enumerate() {
            let wanted = length.saturating_sub(at * 8).min(8) as u32;
            *word = u64::from_le_bytes(*bytes) & u64::MAX.checked_shr(64 - 8 * wanted).unwrap_or(0);
        }
        let mixed =
            words.iter().fold(0, |mixed: u64, word| (mixed.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let at = (mixed >> 57) as usize % RECENT;
        let recent = &self.recent[at];
        let place = if recent.value == words && recent.entry != u32::MAX {
            recent.entry as usize
        } else {
            let place = self.place(&bytes[..length.min(SHORT)]);
            self.recent[at] = RecentValue { value: words, entry: place as u32 };
            place
        };
        self.entries[place].stats.add(occurrence);
        self.has_grown(known, place, occurrence)
    }

    /// Adds what another run counted of a value, and returns whether the value is new.
    pub(super) fn add_stats(&mut self, value: &[u8], stats: &ValueStats) -> bool {
        let known = self.entries.len();
        let place = self.place(value);
        self.entries[place].stats.merge(stats);
        if place == known {
            self.users += stats.first_user.len();
        }
        place == known
    }

    /// Whether a place is new.
    #[inline]
    fn has_grown(&mut self, known: usize, place: usize, occurrence: &Occurrence<'_>) -> bool {
        if place == known {
            self.users += occurrence.user.map_or(0, <[u8]>::len).min(MAX_USER);
        }
        place == known
    }

    fn place(&mut self, value: &[u8]) -> usize {
        let hash = self.hasher.hash_one(value);
        let (text, entries) = (&mut self.text, &mut self.entries);
        let is_same = |place: &u32| text[entries[*place as usize].value.clone()] == *value;
        if let Some(place) = self.places.find(hash, is_same) {
            return *place as usize;
        }
        let place = entries.len();
        entries.push(CounterEntry { value: text.len()..text.len() + value.len(), stats: ValueStats::default() });
        text.extend_from_slice(value);
        let rehash = |place: &u32| self.hasher.hash_one(&text[entries[*place as usize].value.clone()]);
        self.places.insert_unique(hash, place as u32, rehash);
        place
    }

    /// How many bytes it takes, roughly.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.text.len() + self.entries.len() * ENTRY + self.users
    }

    /// Moves all there is to the disk.
    pub(super) fn spill(&mut self) -> Result<(), Error> {
        let mut places: Vec<&CounterEntry> = self.entries.iter().collect();
        places.sort_unstable_by_key(|entry| &self.text[entry.value.clone()]);
        self.spill.write(places.into_iter().map(|entry| (&self.text[entry.value.clone()], &entry.stats)))?;
        self.users = 0;
        self.text.clear();
        self.entries.clear();
        self.places.clear();
        self.recent.fill(RecentValue { value: [0; SHORT / 8], entry: u32::MAX });
        Ok(())
    }

    /// Adds the counts of other threads, and calls `each` once for each value.
    pub(super) fn finish(
        self,
        others: impl Iterator<Item = Counter>,
        each: impl FnMut(&[u8], &ValueStats) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.merged(others).each(each)
    }

    /// Like [`finish`](Self::finish), in the order of bytes.
    pub(super) fn finish_in_order(
        self,
        others: impl Iterator<Item = Counter>,
        each: impl FnMut(&[u8], &ValueStats) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut merged = self.merged(others);
        let text = &merged.text;
        merged.entries.sort_unstable_by(|one, other| text[one.value.clone()].cmp(&text[other.value.clone()]));
        merged.each(each)
    }

    /// Calls `each` once for each value. Those on disk come in the order of bytes, the others in
    /// that of the entries.
    fn each(mut self, mut each: impl FnMut(&[u8], &ValueStats) -> Result<(), Error>) -> Result<(), Error> {
        if self.spill.is_empty() {
            let text = &self.text;
            return self.entries.iter().try_for_each(|entry| each(&text[entry.value.clone()], &entry.stats));
        }
        self.spill()?;
        self.spill.drain(each)
    }

    /// With the counts of other threads.
    fn merged(mut self, others: impl Iterator<Item = Counter>) -> Counter {
        for other in others {
            for CounterEntry { value, stats } in &other.entries {
                let place = self.place(&other.text[value.clone()]);
                self.entries[place].stats.merge(stats);
            }
        }
        self
    }
}

/// A value that arrives in pieces. Keeps only what it is counted by.
#[derive(Debug, Default)]
pub(super) struct ValueParts {
    columns: Vec<ValuePart>,
}

/// The start of a column, its length, and a hash of all of it.
#[derive(Debug, Default)]
struct ValuePart {
    start: Vec<u8>,
    length: usize,
    sum: Sha256,
}

impl ValueParts {
    /// Begins the next column.
    pub(super) fn begin(&mut self) {
        self.columns.push(ValuePart::default());
    }

    /// Takes the next piece of the column.
    pub(super) fn push(&mut self, piece: &[u8]) {
        if let Some(column) = self.columns.last_mut() {
            let room = (MAX_VALUE - column.start.len()).min(piece.len());
            column.start.extend_from_slice(&piece[..room]);
            column.length += piece.len();
            column.sum.update(piece);
        }
    }

    /// Whether it is too long to be counted by all of it.
    pub(super) fn is_long(&self) -> bool {
        self.length() > MAX_VALUE
    }

    fn length(&self) -> usize {
        self.columns.iter().map(|column| column.length + 1).sum::<usize>().saturating_sub(1)
    }

    /// The value, its columns separated by tabs. If it is too long, each long column is
    /// cut to an equal share.
    pub(super) fn value(self) -> Vec<u8> {
        let share = match self.is_long() {
            true => (MAX_VALUE / self.columns.len()).saturating_sub(1).max(2 * MARK.len()),
            false => MAX_VALUE,
        };
        self.columns.into_iter().map(|column| column.fitted(share)).collect::<Vec<_>>().join(&b'\t')
    }
}

impl ValuePart {
    /// The column, or if it is longer than `most`, its start with a distinguishing mark.
    fn fitted(mut self, most: usize) -> Vec<u8> {
        if self.length > most {
            let mut end = most - MARK.len();
            while end > 0 && self.start[end] & 0xc0 == 0x80 {
                end -= 1;
            }
            self.start.truncate(end);
            let hash: String = self.sum.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            self.start.extend_from_slice(format!("… ({} bytes, {hash})", self.length).as_bytes());
        }
        self.start
    }
}

/// A value whose long columns, between tabs, are cut.
#[cold]
fn shortened(value: &[u8]) -> Vec<u8> {
    let mut parts = ValueParts::default();
    for column in value.split(|byte| *byte == b'\t') {
        parts.begin();
        parts.push(column);
    }
    parts.value()
}

/// A mark of the greatest length: the original length, and a hash that prevents
/// collisions.
const MARK: &str = "… (1000000000 bytes, 0123456789abcdef0123456789abcdef)";

/// Whether a column ends as one that was cut.
pub(super) fn is_cut(column: &str) -> bool {
    let mark = column.rsplit_once("… (").and_then(|(_, mark)| mark.strip_suffix(')')?.split_once(" bytes, "));
    mark.is_some_and(|(length, hash)| length.parse::<u64>().is_ok() && hash.len() == 32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::command::summary::buckets::BucketedTime;

    fn occurrence<'a>(second: i64, time: &'a BucketedTime) -> Occurrence<'a> {
        let is_earlier = second % 5 == 1;
        Occurrence {
            time: Some(time),
            is_failed: second % 3 == 0,
            is_earlier,
            sum: second.into(),
            ..Occurrence::default()
        }
    }

    /// Counts the events of each thread, each of which spills after `room` of them.
    fn count(threads: &[Vec<(String, i64)>], room: usize) -> BTreeMap<String, ValueStats> {
        let spill = Arc::new(CountSpill::default());
        let mut counters: Vec<Counter> = threads.iter().map(|_| Counter::new(Arc::clone(&spill))).collect();
        for (counter, events) in counters.iter_mut().zip(threads) {
            for (value, second) in events {
                let (bytes, time) = (value.as_bytes(), BucketedTime::new(*second));
                let occurrence = occurrence(*second, &time);
                if let (true, Some(chunk)) = (bytes.len() <= SHORT, [bytes, &[b'x'; SHORT]].concat().first_chunk()) {
                    counter.add_short(chunk, bytes.len(), &occurrence);
                } else {
                    counter.add(bytes, &occurrence);
                }
                if counter.entries.len() > room {
                    counter.spill().unwrap();
                }
            }
        }
        let (mut found, mut counters) = (BTreeMap::new(), counters.into_iter());
        let first = counters.next().unwrap();
        let each = |value: &[u8], stats: &ValueStats| {
            let before = found.insert(String::from_utf8(value.to_vec()).unwrap(), stats.clone());
            assert!(before.is_none(), "{value:?} came twice");
            Ok(())
        };
        first.finish(counters, each).unwrap();
        found
    }

    proptest! {
        #[test]
        fn counts_are_exact_however_little_memory_there_is(
            threads in proptest::collection::vec(
                proptest::collection::vec(("[a-f]{0,3}|[ab]{30,34}", 1_790_000_000..1_790_900_000_i64), 0..200), 1..4,
            ),
            room in 0..40_usize,
        ) {
            let mut plain = BTreeMap::<String, ValueStats>::new();
            for (value, second) in threads.iter().flatten() {
                plain.entry(value.clone()).or_default().add(&occurrence(*second, &BucketedTime::new(*second)));
            }
            prop_assert_eq!(count(&threads, room), plain);
        }
    }

    #[test]
    fn long_values_are_cut_and_distinguished() {
        let long = |end: &str| ("é".repeat(5000) + end, 0);
        let mut parts = ValueParts::default();
        parts.begin();
        long("a").0.as_bytes().chunks(7).for_each(|piece| parts.push(piece));
        assert_eq!(parts.value(), shortened(long("a").0.as_bytes()));
        let found = count(&[vec![long("a"), long("a"), long("b")]], 10);
        assert_eq!(found.values().map(|stats| stats.count).collect::<Vec<_>>().iter().sum::<u64>(), 3);
        assert_eq!(found.len(), 2);
        assert!(
            found.keys().all(|value| value.len() <= MAX_VALUE && value.contains("… (10001 bytes, ") && is_cut(value))
        );
    }

    #[test]
    fn a_long_column_leaves_the_others_whole() {
        let value = format!("{}\tshort\t{}", "x".repeat(9000), "y".repeat(1000));
        let found = count(&[vec![(value, 0)]], 10);
        let columns: Vec<&str> = found.keys().flat_map(|value| value.split('\t')).collect();
        assert_eq!((columns.len(), columns[1], columns[2].len()), (3, "short", 1000));
        assert!(is_cut(columns[0]) && !is_cut(columns[1]) && !is_cut("a… (3 bytes, b)"));
        let many = count(&[vec![("z".repeat(100) + &"\t".repeat(5000), 0)]], 10);
        assert!(many.keys().all(|value| value.matches('\t').count() == 5000));
    }
}
