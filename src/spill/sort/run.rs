//! Sorted runs on disk, and their merge.
//!
//! An entry is its two lengths, the key and the row. The file of a level holds
//! one run behind the other; a level that is full becomes one run of the next.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Range;

use crate::error::Error;
use crate::spill::scratch::Scratch;

/// What stands before the key of an entry.
pub(super) const HEADER: usize = 8;
/// Marks the length of a row that is only the place of a long one.
const IS_LONG: u32 = 1 << 31;
/// How many runs are merged at once.
const WAYS: usize = 128;
/// What is read of a run at once.
const PIECE: usize = 128 << 10;

/// Appends an entry.
pub(super) fn write(key: &[u8], row: &[u8], is_long: bool, out: &mut Vec<u8>) {
    let row_length = row.len() as u32 | if is_long { IS_LONG } else { 0 };
    out.extend_from_slice(&(key.len() as u32).to_le_bytes());
    out.extend_from_slice(&row_length.to_le_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(row);
}

/// The lengths of the key and the row of the entry that `bytes` begin with, and
/// whether the row is a long one.
fn lengths(bytes: &[u8]) -> (usize, usize, bool) {
    let number = |at: usize| bytes[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let (key, row) = (number(0), number(4));
    (key as usize, (row & !IS_LONG) as usize, row & IS_LONG != 0)
}

/// The entry that `bytes` begin with.
pub(super) fn entry(bytes: &[u8]) -> &[u8] {
    let (key, row, _) = lengths(bytes);
    &bytes[..HEADER + key + row]
}

/// The key of the entry that `bytes` begin with.
pub(super) fn key(bytes: &[u8]) -> &[u8] {
    let (key, _, _) = lengths(bytes);
    &bytes[HEADER..HEADER + key]
}

/// The row of the entry that `bytes` begin with, and whether it is a long one.
pub(super) fn row(bytes: &[u8]) -> (&[u8], bool) {
    let (key, row, is_long) = lengths(bytes);
    (&bytes[HEADER + key..HEADER + key + row], is_long)
}

/// All runs so far, the latest in the lowest level.
#[derive(Debug, Default)]
pub(super) struct SortedRuns {
    levels: Vec<RunLevel>,
}

/// The runs of one file, the earliest first.
#[derive(Debug)]
struct RunLevel {
    file: Scratch,
    runs: Vec<Range<u64>>,
}

impl RunLevel {
    fn new() -> Result<RunLevel, Error> {
        Ok(RunLevel { file: Scratch::new()?, runs: Vec::new() })
    }
}

impl SortedRuns {
    pub(super) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Writes a run of sorted entries.
    pub(super) fn add<'e>(&mut self, entries: impl Iterator<Item = &'e [u8]>) -> Result<(), Error> {
        if self.levels.is_empty() {
            self.levels.push(RunLevel::new()?);
        }
        let level = &mut self.levels[0];
        let start = level.file.end();
        for entry in entries {
            level.file.append(entry)?;
        }
        level.file.flush()?;
        level.runs.push(start..level.file.end());
        self.settle()
    }

    /// Merges the runs of each level that has enough of them.
    fn settle(&mut self) -> Result<(), Error> {
        let mut at = 0;
        while self.levels[at].runs.len() >= WAYS {
            let full = std::mem::replace(&mut self.levels[at], RunLevel::new()?);
            at += 1;
            if at == self.levels.len() {
                self.levels.push(RunLevel::new()?);
            }
            let above = &mut self.levels[at];
            let start = above.file.end();
            let mut merge = RunMerge::new(vec![full])?;
            while let Some(entry) = merge.entry() {
                above.file.append(entry)?;
                merge.advance()?;
            }
            above.file.flush()?;
            above.runs.push(start..above.file.end());
        }
        Ok(())
    }

    /// The entries of all runs in their order.
    pub(super) fn merge(self) -> Result<RunMerge, Error> {
        RunMerge::new(self.levels.into_iter().rev().collect())
    }
}

/// The entries of several runs in the order of their keys; of equal keys those
/// of the earlier run come first.
#[derive(Debug)]
pub(super) struct RunMerge {
    files: Vec<Scratch>,
    heads: BinaryHeap<RunHead>,
}

impl RunMerge {
    /// Of levels, the earliest first.
    fn new(levels: Vec<RunLevel>) -> Result<RunMerge, Error> {
        let (mut files, mut heads) = (Vec::new(), BinaryHeap::new());
        for mut level in levels {
            level.file.seal()?;
            for rest in level.runs {
                let mut head = RunHead { number: heads.len(), file: files.len(), rest, read: Vec::new(), at: 0 };
                if head.load(&mut level.file)? {
                    heads.push(head);
                }
            }
            files.push(level.file);
        }
        Ok(RunMerge { files, heads })
    }

    /// The first entry that was not yet passed.
    pub(super) fn entry(&self) -> Option<&[u8]> {
        self.heads.peek().map(RunHead::entry)
    }

    /// Passes the first entry.
    pub(super) fn advance(&mut self) -> Result<(), Error> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(()) };
        head.at += head.entry().len();
        let file = &mut self.files[head.file];
        if !head.load(file)? {
            PeekMut::pop(head);
        }
        Ok(())
    }
}

/// The first entry of what is left of a run.
#[derive(Debug)]
struct RunHead {
    /// The place of the run among all.
    number: usize,
    /// The place of its file.
    file: usize,
    /// What is still to be read of it.
    rest: Range<u64>,
    read: Vec<u8>,
    /// Where the entry begins in what was read.
    at: usize,
}

impl RunHead {
    fn entry(&self) -> &[u8] {
        entry(&self.read[self.at..])
    }

    /// Reads on until the entry is there; false at the end of the run.
    fn load(&mut self, file: &mut Scratch) -> Result<bool, Error> {
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

/// The greatest head of a heap is the one that comes first.
impl Ord for RunHead {
    fn cmp(&self, other: &RunHead) -> Ordering {
        let by_key = || key(&other.read[other.at..]).cmp(key(&self.read[self.at..]));
        by_key().then_with(|| other.number.cmp(&self.number))
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
