//! Sorted runs on disk and their merge: the store for everything that is sorted or counted
//! by key and may exceed memory.
//!
//! An entry consists of the lengths of key and row, the key and the row. Each level has a file
//! of consecutive runs. The runs of a full level are merged into one run of the next level.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Range;

use crate::error::Error;
use crate::spill::scratch::ScratchFile;

/// Length of the two length fields before a key, in bytes.
pub const HEADER: usize = 8;
/// Flag in the row length: the row contains the position of a long row.
const IS_LONG: u32 = 1 << 31;
/// Number of runs that are merged at once.
const WAYS: usize = 128;
/// Number of bytes of a run that are read at once.
const PIECE: usize = 128 << 10;

/// Appends an entry.
pub fn write(key: &[u8], row: &[u8], is_long: bool, out: &mut Vec<u8>) {
    let row_length = row.len() as u32 | if is_long { IS_LONG } else { 0 };
    out.extend_from_slice(&(key.len() as u32).to_le_bytes());
    out.extend_from_slice(&row_length.to_le_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(row);
}

/// Returns the lengths of key and row of the first entry in `bytes`, and whether the row is a
/// reference to a long one.
fn lengths(bytes: &[u8]) -> (usize, usize, bool) {
    let number = |at: usize| bytes[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let (key, row) = (number(0), number(4));
    (key as usize, (row & !IS_LONG) as usize, row & IS_LONG != 0)
}

/// Returns the first entry in `bytes`.
pub fn entry(bytes: &[u8]) -> &[u8] {
    let (key, row, _) = lengths(bytes);
    &bytes[..HEADER + key + row]
}

/// Returns the key of the first entry in `bytes`.
pub fn key(bytes: &[u8]) -> &[u8] {
    let (key, _, _) = lengths(bytes);
    &bytes[HEADER..HEADER + key]
}

/// Returns the row of the first entry in `bytes`, and whether it is a reference to a long one.
pub fn row(bytes: &[u8]) -> (&[u8], bool) {
    let (key, row, is_long) = lengths(bytes);
    (&bytes[HEADER + key..HEADER + key + row], is_long)
}

/// The start of a key, which decides most comparisons.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyHead {
    /// The first bytes, padded with zeros.
    start: [u64; 2],
    /// The length of the key.
    length: u32,
}

impl KeyHead {
    const LENGTH: usize = 16;

    /// The start of this key.
    #[inline]
    pub fn of(key: &[u8]) -> KeyHead {
        let mut bytes = [0; KeyHead::LENGTH];
        let length = key.len().min(KeyHead::LENGTH);
        bytes[..length].copy_from_slice(&key[..length]);
        let start = u128::from_be_bytes(bytes);
        KeyHead { start: [(start >> 64) as u64, start as u64], length: u32::try_from(key.len()).unwrap_or(u32::MAX) }
    }

    /// Compares two keys. `whole` compares all of their bytes, and is called if they are needed.
    #[inline]
    pub fn compare(self, other: KeyHead, whole: impl FnOnce() -> Ordering) -> Ordering {
        self.start.cmp(&other.start).then_with(|| {
            // The longer of two short keys has only zeros behind the shorter one.
            let are_short = self.length.max(other.length) as usize <= KeyHead::LENGTH;
            if are_short { self.length.cmp(&other.length) } else { whole() }
        })
    }
}

/// Adds a row to another one with the same key.
pub type CombineRows = fn(&mut Vec<u8>, &[u8]);

/// All runs so far; the latest are in the lowest level.
#[derive(Debug, Default)]
pub struct SortedRuns {
    levels: Vec<RunLevel>,
    /// Makes one entry of those with equal keys; `None` keeps all.
    combine: Option<CombineRows>,
}

/// The runs in one file, oldest first.
#[derive(Debug)]
struct RunLevel {
    file: ScratchFile,
    runs: Vec<Range<u64>>,
}

impl RunLevel {
    fn new() -> Result<RunLevel, Error> {
        Ok(RunLevel { file: ScratchFile::new()?, runs: Vec::new() })
    }
}

impl SortedRuns {
    /// Creates a store in which a key has one row, combined of all that were added.
    pub fn with_combined_rows(combine: CombineRows) -> SortedRuns {
        SortedRuns { levels: Vec::new(), combine: Some(combine) }
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Writes a run of sorted entries.
    pub fn add(&mut self, entries: impl Iterator<Item = impl AsRef<[u8]>>) -> Result<(), Error> {
        if self.levels.is_empty() {
            self.levels.push(RunLevel::new()?);
        }
        let level = &mut self.levels[0];
        let start = level.file.end();
        for entry in entries {
            level.file.append(entry.as_ref())?;
        }
        level.file.flush()?;
        level.runs.push(start..level.file.end());
        self.merge_full_levels()
    }

    /// Merges the runs of every full level.
    fn merge_full_levels(&mut self) -> Result<(), Error> {
        let mut at = 0;
        while self.levels[at].runs.len() >= WAYS {
            let full = std::mem::replace(&mut self.levels[at], RunLevel::new()?);
            at += 1;
            if at == self.levels.len() {
                self.levels.push(RunLevel::new()?);
            }
            let above = &mut self.levels[at];
            let start = above.file.end();
            let mut merge = RunMerge::new(vec![full], self.combine)?;
            while let Some(entry) = merge.entry() {
                above.file.append(entry)?;
                merge.advance()?;
            }
            above.file.flush()?;
            above.runs.push(start..above.file.end());
        }
        Ok(())
    }

    /// Returns the entries of all runs in key order.
    pub fn merge(self) -> Result<RunMerge, Error> {
        RunMerge::new(self.levels.into_iter().rev().collect(), self.combine)
    }
}

/// Merge of several runs in key order. Of entries with equal keys, those of the older run come
/// first, unless they are combined.
#[derive(Debug)]
pub struct RunMerge {
    files: Vec<ScratchFile>,
    heads: BinaryHeap<RunHead>,
    combine: Option<CombineRows>,
    /// The current entry and its row, if rows are combined.
    combined: Vec<u8>,
    combined_row: Vec<u8>,
}

impl RunMerge {
    /// Creates a merge of levels, oldest first.
    fn new(levels: Vec<RunLevel>, combine: Option<CombineRows>) -> Result<RunMerge, Error> {
        let (mut files, mut heads) = (Vec::new(), BinaryHeap::new());
        for mut level in levels {
            level.file.seal()?;
            for rest in level.runs {
                let mut head = RunHead {
                    number: heads.len(),
                    file: files.len(),
                    rest,
                    read: Vec::new(),
                    at: 0,
                    head: KeyHead::default(),
                };
                if head.load(&mut level.file)? {
                    heads.push(head);
                }
            }
            files.push(level.file);
        }
        let mut merge = RunMerge { files, heads, combine, combined: Vec::new(), combined_row: Vec::new() };
        merge.combine_equal()?;
        Ok(merge)
    }

    /// Returns the current entry; `None` at the end.
    pub fn entry(&self) -> Option<&[u8]> {
        match self.combine {
            None => self.heads.peek().map(RunHead::entry),
            Some(_) => Some(&self.combined[..]).filter(|entry| !entry.is_empty()),
        }
    }

    /// Moves to the next entry.
    pub fn advance(&mut self) -> Result<(), Error> {
        if self.combine.is_none() { self.advance_head() } else { self.combine_equal() }
    }

    fn advance_head(&mut self) -> Result<(), Error> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(()) };
        head.at += head.entry().len();
        let file = &mut self.files[head.file];
        if !head.load(file)? {
            PeekMut::pop(head);
        }
        Ok(())
    }

    /// Takes the next entries of equal keys as the current one, if rows are combined.
    fn combine_equal(&mut self) -> Result<(), Error> {
        let Some(combine) = self.combine else { return Ok(()) };
        self.combined.clear();
        let Some(first) = self.heads.peek().map(RunHead::entry) else { return Ok(()) };
        self.combined.extend_from_slice(first);
        self.combined_row.clear();
        self.combined_row.extend_from_slice(row(first).0);
        self.advance_head()?;
        let mut is_alone = true;
        while let Some(next) = self.heads.peek().map(RunHead::entry).filter(|next| key(next) == key(&self.combined)) {
            combine(&mut self.combined_row, row(next).0);
            is_alone = false;
            self.advance_head()?;
        }
        if !is_alone {
            let key = key(&self.combined).to_vec();
            self.combined.clear();
            write(&key, &self.combined_row, false, &mut self.combined);
        }
        Ok(())
    }
}

/// Read position in a run.
#[derive(Debug)]
struct RunHead {
    /// Index of the run among all runs, in order of age.
    number: usize,
    /// Index of its file.
    file: usize,
    /// Byte range that has not been read yet.
    rest: Range<u64>,
    read: Vec<u8>,
    /// Position of the current entry in the bytes read.
    at: usize,
    /// The start of its key.
    head: KeyHead,
}

impl RunHead {
    fn entry(&self) -> &[u8] {
        entry(&self.read[self.at..])
    }

    /// Reads until the current entry is complete. Returns false at the end of the run.
    fn load(&mut self, file: &mut ScratchFile) -> Result<bool, Error> {
        loop {
            let left = self.read.len() - self.at;
            let needed = match left {
                0..HEADER => HEADER,
                _ => {
                    let (key, row, _) = lengths(&self.read[self.at..]);
                    HEADER + key + row
                }
            };
            if left >= needed {
                self.head = KeyHead::of(key(&self.read[self.at..]));
                return Ok(true);
            }
            if self.rest.is_empty() {
                return Ok(false);
            }
            self.read.drain(..self.at);
            self.at = 0;
            let more = (self.rest.end - self.rest.start).min(PIECE.max(needed - left) as u64);
            self.read.resize(left + more as usize, 0);
            file.read(self.rest.start, &mut self.read[left..])?;
            self.rest.start += more;
        }
    }
}

/// Reversed, because a `BinaryHeap` returns its greatest element first.
impl Ord for RunHead {
    fn cmp(&self, other: &RunHead) -> Ordering {
        let whole = || key(&other.read[other.at..]).cmp(key(&self.read[self.at..]));
        other.head.compare(self.head, whole).then_with(|| other.number.cmp(&self.number))
    }
}

impl PartialOrd for RunHead {
    fn partial_cmp(&self, other: &RunHead) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for RunHead {
    fn eq(&self, other: &RunHead) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for RunHead {}
