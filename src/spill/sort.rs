//! External sort: sorts rows by key in bounded memory, with sorted runs on disk that are merged
//! at the end.
//!
//! The sort is stable: rows with equal keys keep their input order.

mod key;

pub use self::key::{SortColumn, SortOrder};
use super::runs::{self as run, KeyHead, SortedRuns};
use super::scratch::ScratchFile;
use crate::error::Error;

/// Memory for the rows that wait to be sorted, in bytes.
const MEMORY: usize = 16 << 20;
/// Memory of a sorter in a run that needs little else. The more is in memory, the less is written
/// to disk and read again.
const LARGE_MEMORY: usize = 24 << 20;

/// Rows above this length, in bytes, are kept in a separate file, which avoids copying them in
/// every merge.
const LONG: usize = 64 << 10;

/// Collects rows in any order and returns them sorted by key.
#[derive(Debug)]
pub struct ExternalSorter {
    memory: usize,
    /// Number of rows to return; `None` means all.
    limit: Option<usize>,
    /// Buffered entries: keys and rows, one after another.
    buffer: Vec<u8>,
    entries: Vec<SortEntry>,
    /// Upper bound of the keys that can be among the first `limit` rows.
    bound: Option<Vec<u8>>,
    runs: SortedRuns,
    long: Option<ScratchFile>,
    /// Key and file position of the long row that is being appended.
    open: Option<(Vec<u8>, u64)>,
}

/// Reference to a buffered row. Contains the start of its key, which decides most comparisons.
#[derive(Clone, Copy, Debug)]
struct SortEntry {
    head: KeyHead,
    /// Position in the buffer.
    at: u32,
}

impl ExternalSorter {
    /// Creates a sorter that returns the first `limit` rows.
    pub fn new(limit: Option<u64>) -> ExternalSorter {
        ExternalSorter::with_memory(limit, MEMORY)
    }

    /// Like [`new`](Self::new), for a run that has memory to spare.
    pub fn with_large_memory(limit: Option<u64>) -> ExternalSorter {
        ExternalSorter::with_memory(limit, LARGE_MEMORY)
    }

    fn with_memory(limit: Option<u64>, memory: usize) -> ExternalSorter {
        ExternalSorter {
            memory,
            limit: limit.and_then(|limit| usize::try_from(limit).ok()),
            buffer: Vec::new(),
            entries: Vec::new(),
            bound: None,
            runs: SortedRuns::default(),
            long: None,
            open: None,
        }
    }

    /// Adds a row.
    pub fn push(&mut self, key: &[u8], row: &[u8]) -> Result<(), Error> {
        if row.len() <= LONG {
            return self.add(key, row, false);
        }
        self.begin(key)?;
        self.append(row)?;
        self.end()
    }

    /// Starts a row that is added in pieces.
    pub fn begin(&mut self, key: &[u8]) -> Result<(), Error> {
        let long = match &mut self.long {
            Some(long) => long,
            none => none.insert(ScratchFile::new()?),
        };
        self.open = Some((key.to_vec(), long.end()));
        Ok(())
    }

    /// Adds the next piece of a row.
    pub fn append(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.long.as_mut().map_or(Ok(()), |long| long.append(piece))
    }

    /// Completes a row that was added in pieces.
    pub fn end(&mut self) -> Result<(), Error> {
        let (Some((key, start)), Some(long)) = (self.open.take(), &self.long) else { return Ok(()) };
        let place = [start.to_le_bytes(), (long.end() - start).to_le_bytes()].concat();
        self.add(&key, &place, true)
    }

    fn add(&mut self, key: &[u8], row: &[u8], is_long: bool) -> Result<(), Error> {
        // A later row with a key equal to the bound sorts behind it and cannot be among the
        // first.
        if self.bound.as_ref().is_some_and(|bound| key >= &bound[..]) {
            return Ok(());
        }
        let needed = run::HEADER + key.len() + row.len();
        let used = self.buffer.len() + self.entries.len() * size_of::<SortEntry>();
        if used + needed > self.memory {
            self.free_memory()?;
        }
        self.entries.push(SortEntry { head: KeyHead::of(key), at: self.buffer.len() as u32 });
        run::write(key, row, is_long, &mut self.buffer);
        Ok(())
    }

    /// Frees memory: drops rows beyond the limit, or writes a run to disk.
    fn free_memory(&mut self) -> Result<(), Error> {
        self.sort();
        if let Some(limit) = self.limit
            && limit < self.entries.len()
        {
            self.entries.truncate(limit);
            let last = self.entries.last().map(|last| run::key(&self.buffer[last.at as usize..]).to_vec());
            self.bound = last.or(Some(Vec::new()));
            let kept: usize =
                self.entries.iter().map(|entry| run::entry(&self.buffer[entry.at as usize..]).len()).sum();
            // If most rows are kept, compacting would soon be repeated. A run on disk is
            // cheaper.
            if kept <= self.memory / 2 {
                self.compact(kept);
                return Ok(());
            }
        }
        self.write_run()
    }

    /// Compacts the buffer to the remaining entries, in sorted order.
    fn compact(&mut self, length: usize) {
        let mut kept = Vec::with_capacity(length);
        for entry in &mut self.entries {
            let bytes = run::entry(&self.buffer[entry.at as usize..]);
            entry.at = kept.len() as u32;
            kept.extend_from_slice(bytes);
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(&kept);
    }

    fn write_run(&mut self) -> Result<(), Error> {
        let entries = self.entries.iter().map(|entry| run::entry(&self.buffer[entry.at as usize..]));
        self.runs.add(entries)?;
        self.buffer.clear();
        self.entries.clear();
        Ok(())
    }

    fn sort(&mut self) {
        let buffer = &self.buffer;
        let key = |entry: &SortEntry| run::key(&buffer[entry.at as usize..]);
        // Logs are sorted by time, and a stable sort only has to merge what is sorted already.
        self.entries.sort_by(|one, other| one.head.compare(other.head, || key(one).cmp(key(other))));
    }

    /// Calls `each` for all rows in sorted order, each of them whole.
    pub fn each_row(self, mut each: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let mut whole = Vec::new();
        self.finish(|piece, is_last| {
            if is_last && whole.is_empty() {
                return each(piece);
            }
            whole.extend_from_slice(piece);
            if is_last {
                each(&whole)?;
                // Free the memory of a large row.
                whole = Vec::new();
            }
            Ok(())
        })
    }

    /// Passes all rows to `emit` in sorted order, long ones in pieces. The flag is true for the
    /// last piece of a row.
    pub fn finish(mut self, mut emit: impl FnMut(&[u8], bool) -> Result<(), Error>) -> Result<(), Error> {
        self.sort();
        let wanted = self.limit.unwrap_or(usize::MAX);
        let mut long = self.long.take();
        if let Some(long) = &mut long {
            long.seal()?;
        }
        let mut show = |row: &[u8], is_long: bool| match &mut long {
            Some(long) if is_long => long_row(long, row, &mut emit),
            _ => emit(row, true),
        };
        if self.runs.is_empty() {
            for entry in self.entries.iter().take(wanted) {
                let (row, is_long) = run::row(&self.buffer[entry.at as usize..]);
                show(row, is_long)?;
            }
            return Ok(());
        }
        let mut merge = std::mem::take(&mut self.runs).merge()?;
        let mut rest = self.entries.iter().map(|entry| run::entry(&self.buffer[entry.at as usize..])).peekable();
        for _ in 0..wanted {
            // Of rows with equal keys, those on disk are older.
            let is_on_disk = match (merge.entry(), rest.peek()) {
                (Some(entry), Some(next)) => run::key(entry) <= run::key(next),
                (entry, _) => entry.is_some(),
            };
            let entry = if is_on_disk { merge.entry() } else { rest.next() };
            let Some(entry) = entry else { break };
            let (row, is_long) = run::row(entry);
            show(row, is_long)?;
            if is_on_disk {
                merge.advance()?;
            }
        }
        Ok(())
    }
}

fn long_row(
    long: &mut ScratchFile,
    place: &[u8],
    emit: &mut impl FnMut(&[u8], bool) -> Result<(), Error>,
) -> Result<(), Error> {
    const PIECE: u64 = 1 << 20;
    let number = |at: usize| place[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let (mut at, mut left) = (number(0), number(8));
    let mut piece = Vec::new();
    while left > 0 {
        piece.resize(left.min(PIECE) as usize, 0);
        long.read(at, &mut piece)?;
        at += piece.len() as u64;
        left -= piece.len() as u64;
        emit(&piece, left == 0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sorts with the sorter and reassembles long rows.
    fn sorted(rows: &[(Vec<u8>, Vec<u8>)], limit: Option<u64>, memory: usize) -> Vec<Vec<u8>> {
        let mut sorter = ExternalSorter::with_memory(limit, memory);
        for (key, row) in rows {
            sorter.push(key, row).unwrap();
        }
        let (mut all, mut row) = (Vec::new(), Vec::new());
        let collect = |piece: &[u8], is_end: bool| {
            row.extend_from_slice(piece);
            if is_end {
                all.push(std::mem::take(&mut row));
            }
            Ok(())
        };
        sorter.finish(collect).unwrap();
        all
    }

    fn plain(mut rows: Vec<(Vec<u8>, Vec<u8>)>, limit: Option<u64>) -> Vec<Vec<u8>> {
        rows.sort_by(|one, other| one.0.cmp(&other.0));
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        rows.into_iter().map(|(_, row)| row).take(limit).collect()
    }

    fn rows() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
        let key = prop::collection::vec(prop::sample::select(vec![0, 1, 200, 255]), 0..12);
        let row = prop::collection::vec(any::<u8>(), 0..30);
        prop::collection::vec((key, row), 0..600)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sorter_is_a_stable_sort(rows in rows(), limit in prop::option::of(0..40_u64), memory in 80..20_000_usize) {
            // A small buffer gives more runs than one merge can take.
            prop_assert_eq!(sorted(&rows, limit, memory), plain(rows, limit));
        }
    }

    #[test]
    fn long_rows_keep_their_order() {
        let rows: Vec<_> = (0..40_u8)
            .map(|number| (vec![number % 7], vec![number; if number % 3 == 0 { 3 * LONG } else { 50 }]))
            .collect();
        for limit in [None, Some(9)] {
            assert_eq!(sorted(&rows, limit, 400), plain(rows.clone(), limit));
        }
    }
}
