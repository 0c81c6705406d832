//! Rows on their way from a worker to the merge, with the ids and keys by which the merge
//! selects them.

use std::ops::Range;

use super::event_identity::EventIdentity;
use crate::engine::consumer::Part;

/// Usual size of a part in bytes, at most.
const MAX_BYTES: usize = 1 << 20;

/// Whole rows, or a piece of one large row.
#[derive(Default)]
pub(in crate::command) struct RowPart {
    pub(in crate::command) rows: Vec<u8>,
    /// End offset of each row, if the merge needs them.
    pub(in crate::command) ends: Vec<usize>,
    /// Number of rows that end in this block.
    pub(in crate::command) count: u64,
    /// Index of each row with truncated cells, from 0, and the number of these cells.
    /// For a row in pieces, it comes with the last piece.
    pub(in crate::command) cut: Vec<(u64, u64)>,
    /// The ids of the events, if the merge needs them. For a row in pieces, the id and
    /// the key come with the first piece.
    pub(in crate::command) ids: Vec<EventIdentity>,
    /// The keys of the rows, if the merge needs them.
    pub(in crate::command) keys: Vec<u8>,
    pub(in crate::command) key_ends: Vec<usize>,
    pub(in crate::command) piece: Option<RowPiece>,
}

/// Position of a piece within its row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::command) struct RowPiece {
    pub(in crate::command) is_first: bool,
    pub(in crate::command) is_last: bool,
}

/// The fill level of a part at some point.
#[derive(Clone, Copy, Debug)]
pub(in crate::command) struct RowCheckpoint {
    pub(in crate::command) count: u64,
    rows: usize,
    ends: usize,
    cut: usize,
    ids: usize,
    keys: usize,
    key_ends: usize,
}

impl Part for RowPart {
    type Checkpoint = RowCheckpoint;

    fn count(&self) -> u64 {
        self.count
    }

    fn size(&self) -> usize {
        self.rows.len() + self.keys.len()
    }

    fn checkpoint(&self) -> RowCheckpoint {
        RowCheckpoint {
            count: self.count,
            rows: self.rows.len(),
            ends: self.ends.len(),
            cut: self.cut.len(),
            ids: self.ids.len(),
            keys: self.keys.len(),
            key_ends: self.key_ends.len(),
        }
    }

    fn count_at(mark: &RowCheckpoint) -> u64 {
        mark.count
    }

    fn roll_back_to(&mut self, mark: &RowCheckpoint) {
        self.count = mark.count;
        self.rows.truncate(mark.rows);
        self.ends.truncate(mark.ends);
        self.cut.truncate(mark.cut);
        self.ids.truncate(mark.ids);
        self.keys.truncate(mark.keys);
        self.key_ends.truncate(mark.key_ends);
    }

    fn is_closed(&self) -> bool {
        self.piece.is_some()
    }

    fn clear(&mut self) {
        /// More than a usual part has, in bytes.
        const MAX_LIST: usize = MAX_BYTES / 4;
        let mark = RowCheckpoint { count: 0, rows: 0, ends: 0, cut: 0, ids: 0, keys: 0, key_ends: 0 };
        self.roll_back_to(&mark);
        self.piece = None;
        // What is kept need not be allocated again. Free the memory of an unusually large row, or
        // of unusually many small ones.
        self.rows.shrink_to(2 * MAX_BYTES);
        self.keys.shrink_to(MAX_LIST);
        self.ends.shrink_to(MAX_LIST / size_of::<usize>());
        self.key_ends.shrink_to(MAX_LIST / size_of::<usize>());
        self.ids.shrink_to(MAX_LIST / size_of::<EventIdentity>());
        self.cut.shrink_to(MAX_LIST / size_of::<(u64, u64)>());
    }
}

impl RowPart {
    /// Moves the row started after `mark`, with its id and key, into a new block.
    pub(in crate::command) fn split_off(&mut self, mark: RowCheckpoint) -> RowPart {
        let key_ends = self.key_ends.split_off(mark.key_ends).into_iter().map(|end| end - mark.keys).collect();
        RowPart {
            rows: self.rows.split_off(mark.rows),
            ids: self.ids.split_off(mark.ids),
            keys: self.keys.split_off(mark.keys),
            key_ends,
            ..RowPart::default()
        }
    }

    /// Number of truncated cells in its rows.
    pub(in crate::command) fn cut_cells(&self) -> u64 {
        self.cut.iter().map(|(_, cells)| cells).sum()
    }

    /// The bytes of the row at index `at`.
    pub(in crate::command) fn row(&self, at: usize) -> &[u8] {
        &self.rows[part(&self.ends, at)]
    }

    /// The key of the row at index `at`.
    pub(in crate::command) fn key(&self, at: usize) -> &[u8] {
        &self.keys[part(&self.key_ends, at)]
    }

    /// Keeps the first `count` rows.
    pub(in crate::command) fn truncate(&mut self, count: u64) {
        if count < self.count {
            self.count = count;
            self.ends.truncate(count as usize);
            self.cut.retain(|(row, _)| *row < count);
            self.rows.truncate(self.ends.last().copied().unwrap_or(0));
        }
    }

    /// Keeps only the rows whose ids are wanted.
    pub(in crate::command) fn retain<E>(
        &mut self,
        mut is_wanted: impl FnMut(EventIdentity) -> Result<bool, E>,
    ) -> Result<(), E> {
        let id = |at| self.ids.get(at).copied().unwrap_or(EventIdentity::WithoutId);
        let wanted = (0..self.count as usize).map(|at| is_wanted(id(at))).collect::<Result<Vec<bool>, E>>()?;
        self.keep(&wanted);
        Ok(())
    }

    /// Keeps only the wanted rows. Rows beyond the end of `wanted` are kept.
    pub(in crate::command) fn keep(&mut self, wanted: &[bool]) {
        if wanted.iter().all(|is_wanted| *is_wanted) {
            return;
        }
        let (mut kept, mut row_end, mut key_end) = (0, 0, 0);
        let mut cut = std::mem::take(&mut self.cut).into_iter().peekable();
        for at in 0..self.count as usize {
            let cells = cut.next_if(|(row, _)| *row == at as u64).map(|(_, cells)| (kept as u64, cells));
            if wanted.get(at) == Some(&false) {
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

    fn filled() -> RowPart {
        let ids = vec![EventIdentity::WithoutId, EventIdentity::Id([1; 12]), EventIdentity::SameEvent];
        let mut part = RowPart { count: 3, ids, cut: vec![(1, 20), (2, 3)], ..RowPart::default() };
        for (row, key) in [("one\n", "b"), ("two, more\n", ""), ("3\n", "aa")] {
            part.rows.extend_from_slice(row.as_bytes());
            part.ends.push(part.rows.len());
            part.keys.extend_from_slice(key.as_bytes());
            part.key_ends.push(part.keys.len());
        }
        part
    }

    #[test]
    fn parts_are_truncated_between_rows() {
        for (count, expected, cut) in
            [(0, "", 0), (1, "one\n", 0), (2, "one\ntwo, more\n", 20), (9, "one\ntwo, more\n3\n", 23)]
        {
            let mut part = filled();
            part.truncate(count);
            assert_eq!((part.count, &part.rows[..], part.cut_cells()), (count.min(3), expected.as_bytes(), cut));
        }
    }

    #[test]
    fn rows_in_the_middle_are_removed() {
        let mut part = filled();
        part.retain(|id| Ok::<_, ()>(!matches!(id, EventIdentity::Id(_)))).unwrap();
        let rows: Vec<_> = (0..2).map(|at| (part.key(at), part.row(at))).collect();
        assert_eq!(rows, [(&b"b"[..], &b"one\n"[..]), (b"aa", b"3\n")]);
        assert_eq!((part.count, &part.rows[..]), (2, &b"one\n3\n"[..]));
        assert_eq!(part.cut, [(1, 3)]);
    }
}
