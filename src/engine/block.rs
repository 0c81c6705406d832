//! Rows on their way from a worker to the writer, with the ids and sort keys by which
//! the writer selects them.

use std::ops::Range;

use super::ReportItem;
use crate::decode::event::Event;
use crate::report::Coverage;
use crate::spill::dedupe::{IdHash, IdReader};

/// Rows and the messages about their files: either whole rows, or a piece of one large
/// row.
#[derive(Default)]
pub(super) struct OutputBlock {
    pub(super) rows: Vec<u8>,
    /// End offset of each row, if the writer needs them.
    pub(super) ends: Vec<usize>,
    /// Number of rows that end in this block.
    pub(super) count: u64,
    /// Index of each row with truncated cells, from 0, and the number of these cells.
    /// For a row in pieces, it comes with the last piece.
    pub(super) cut: Vec<(u64, u64)>,
    /// The ids of the events, if the writer needs them. For a row in pieces, the id and
    /// the key come with the first piece.
    pub(super) ids: Vec<RowIdentity>,
    /// The sort keys of the rows, if they are sorted.
    pub(super) keys: Vec<u8>,
    pub(super) key_ends: Vec<usize>,
    pub(super) piece: Option<RowPiece>,
    pub(super) said: Vec<ReportItem>,
    pub(super) coverage: Coverage,
    /// Number of events decoded so far from a file that is not finished.
    pub(super) open_events: u64,
}

/// Identifies the event of a row, to recognise duplicates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RowIdentity {
    /// The hash of its id.
    Id(IdHash),
    /// The event has no id.
    Nothing,
    /// The same event as the row before.
    AsBefore,
}

impl RowIdentity {
    /// The identity of an event's first row, or of a later one; `None` if duplicates
    /// are not removed.
    pub(super) fn of(ids: Option<&IdReader>, event: &Event<'_>, is_first: bool) -> Option<RowIdentity> {
        let id = |ids: &IdReader| ids.id(event).map_or(RowIdentity::Nothing, RowIdentity::Id);
        ids.map(|ids| if is_first { id(ids) } else { RowIdentity::AsBefore })
    }
}

/// Position of a piece within its row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct RowPiece {
    pub(super) is_first: bool,
    pub(super) is_last: bool,
}

/// The fill level of a block at some point.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockMark {
    pub(super) count: u64,
    rows: usize,
    ends: usize,
    cut: usize,
    ids: usize,
    keys: usize,
    key_ends: usize,
}

impl OutputBlock {
    /// The current fill level.
    pub(super) fn mark(&self) -> BlockMark {
        BlockMark {
            count: self.count,
            rows: self.rows.len(),
            ends: self.ends.len(),
            cut: self.cut.len(),
            ids: self.ids.len(),
            keys: self.keys.len(),
            key_ends: self.key_ends.len(),
        }
    }

    /// Truncates the block to an earlier fill level.
    pub(super) fn cut(&mut self, mark: BlockMark) {
        self.count = mark.count;
        self.rows.truncate(mark.rows);
        self.ends.truncate(mark.ends);
        self.cut.truncate(mark.cut);
        self.ids.truncate(mark.ids);
        self.keys.truncate(mark.keys);
        self.key_ends.truncate(mark.key_ends);
    }

    /// Moves the row started after `mark`, with its id and key, into a new block.
    pub(super) fn split_off(&mut self, mark: BlockMark) -> OutputBlock {
        let key_ends = self.key_ends.split_off(mark.key_ends).into_iter().map(|end| end - mark.keys).collect();
        OutputBlock {
            rows: self.rows.split_off(mark.rows),
            ids: self.ids.split_off(mark.ids),
            keys: self.keys.split_off(mark.keys),
            key_ends,
            ..OutputBlock::default()
        }
    }

    /// Whether the block has at least this many bytes, not counting the first `kept`,
    /// or too many rows.
    pub(super) fn is_full(&self, kept: usize, bytes: usize) -> bool {
        /// Ids take memory even if rows are only counted.
        const MOST: u64 = 1 << 16;
        (self.rows.len() + self.keys.len()).saturating_sub(kept) >= bytes || self.count >= MOST
    }

    /// Number of truncated cells in its rows.
    pub(super) fn cut_cells(&self) -> u64 {
        self.cut.iter().map(|(_, cells)| cells).sum()
    }

    /// The bytes of the row at index `at`.
    pub(super) fn row(&self, at: usize) -> &[u8] {
        &self.rows[part(&self.ends, at)]
    }

    /// The sort key of the row at index `at`.
    pub(super) fn key(&self, at: usize) -> &[u8] {
        &self.keys[part(&self.key_ends, at)]
    }

    /// Keeps the first `count` rows.
    pub(super) fn truncate(&mut self, count: u64) {
        if count < self.count {
            self.count = count;
            self.ends.truncate(count as usize);
            self.cut.retain(|(row, _)| *row < count);
            self.rows.truncate(self.ends.last().copied().unwrap_or(0));
        }
    }

    /// Keeps only the rows whose ids are wanted.
    pub(super) fn retain<E>(&mut self, mut is_wanted: impl FnMut(RowIdentity) -> Result<bool, E>) -> Result<(), E> {
        let (mut kept, mut row_end, mut key_end) = (0, 0, 0);
        let mut cut = std::mem::take(&mut self.cut).into_iter().peekable();
        for at in 0..self.count as usize {
            let cells = cut.next_if(|(row, _)| *row == at as u64).map(|(_, cells)| (kept as u64, cells));
            if !is_wanted(self.ids.get(at).copied().unwrap_or(RowIdentity::Nothing))? {
                continue;
            }
            self.cut.extend(cells);
            let (row, key) = (part(&self.ends, at), part(&self.key_ends, at));
            let (row_start, key_start) = (row_end, key_end);
            (row_end, key_end) = (row_end + row.len(), key_end + key.len());
            if kept < at {
                self.rows.copy_within(row, row_start);
                self.keys.copy_within(key, key_start);
            }
            // Rows that are only counted have no bytes.
            self.ends.get_mut(kept).into_iter().for_each(|end| *end = row_end);
            self.key_ends.get_mut(kept).into_iter().for_each(|end| *end = key_end);
            kept += 1;
        }
        self.count = kept as u64;
        self.rows.truncate(row_end);
        self.ends.truncate(kept);
        self.keys.truncate(key_end);
        self.key_ends.truncate(kept);
        Ok(())
    }
}

/// The byte range of the part at index `at`, given the ends of all parts.
fn part(ends: &[usize], at: usize) -> Range<usize> {
    match at.checked_sub(1) {
        Some(before) if at < ends.len() => ends[before]..ends[at],
        None if !ends.is_empty() => 0..ends[0],
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> OutputBlock {
        let ids = vec![RowIdentity::Nothing, RowIdentity::Id([1; 12]), RowIdentity::AsBefore];
        let mut block = OutputBlock { count: 3, ids, cut: vec![(1, 20), (2, 3)], ..OutputBlock::default() };
        for (row, key) in [("one\n", "b"), ("two, more\n", ""), ("3\n", "aa")] {
            block.rows.extend_from_slice(row.as_bytes());
            block.ends.push(block.rows.len());
            block.keys.extend_from_slice(key.as_bytes());
            block.key_ends.push(block.keys.len());
        }
        block
    }

    #[test]
    fn blocks_are_truncated_between_rows() {
        for (count, expected, cut) in
            [(0, "", 0), (1, "one\n", 0), (2, "one\ntwo, more\n", 20), (9, "one\ntwo, more\n3\n", 23)]
        {
            let mut block = block();
            block.truncate(count);
            assert_eq!((block.count, &block.rows[..], block.cut_cells()), (count.min(3), expected.as_bytes(), cut));
        }
    }

    #[test]
    fn rows_in_the_middle_are_removed() {
        let mut block = block();
        block.retain(|id| Ok::<_, ()>(!matches!(id, RowIdentity::Id(_)))).unwrap();
        let rows: Vec<_> = (0..2).map(|at| (block.key(at), block.row(at))).collect();
        assert_eq!(rows, [(&b"b"[..], &b"one\n"[..]), (b"aa", b"3\n")]);
        assert_eq!((block.count, &block.rows[..]), (2, &b"one\n3\n"[..]));
        assert_eq!(block.cut, [(1, 3)]);
    }
}
