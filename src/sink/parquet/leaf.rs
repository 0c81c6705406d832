//! Writes a column without nesting into the pages of a row group.
//!
//! Values are positions in a dictionary until that is too large, and then plain. Pages are
//! compressed as they fill. Bloom filters and statistics look at distinct values only.

#[cfg(test)]
mod tests;

use parquet::bloom_filter::Sbbf;
use parquet::errors::ParquetError;
use parquet::file::writer::TrackedWrite;

use super::batch::{GroupBatch, ValueSource};
use super::column_chunk::{ColumnChunk, FALSE_POSITIVE_RATE, WrittenColumn};
use super::compressor::PageCompressor;
use super::dictionary::Dictionary;
use super::group::{LeafValue, RowSource};
use super::leaf_cells::{CellContent, LeafCell, LeafCells};
use super::leaf_page::{PageValues, WrittenPage};
use super::schema::{LeafColumn, LeafKind};
use crate::table::event_row::NestedValues;

/// A column of a row group that is being written.
pub(super) struct LeafWriter {
    column: LeafColumn,
    dictionary: Dictionary,
    /// Number of values that are in the dictionary of the file.
    entries: usize,
    /// Whether these are too many. All values that follow are plain.
    is_full: bool,
    /// Whether values are plain.
    is_plain: bool,
    /// The cells of values that rows share. Their values are in the dictionary.
    shared: LeafCells,
    /// The cells of rows that have values of their own, in the batch that is being written.
    own: LeafCells,
    /// The values of these cells; `None` if they are in the dictionary.
    own_values: Option<OwnValues>,
    page: PageValues,
    /// The cells of the rows of a batch.
    cells: Vec<LeafCell>,
    /// For each value of the dictionary, the last page that it was in.
    seen: Vec<u32>,
    filter: Option<Sbbf>,
    chunk: TrackedWrite<Vec<u8>>,
    pages: Vec<WrittenPage>,
}

/// Values, one after another.
#[derive(Default)]
struct OwnValues {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// The cell of a row, and the cells that it is one of.
#[derive(Clone, Copy)]
struct RowCell<'a> {
    cells: &'a LeafCells,
    cell: LeafCell,
    is_own: bool,
}

impl LeafWriter {
    /// Begins a column of at most `rows` rows.
    pub(super) fn new(column: LeafColumn, rows: usize) -> Result<LeafWriter, ParquetError> {
        let filter =
            column.has_bloom_filter.then(|| Sbbf::new_with_ndv_fpp(rows as u64, FALSE_POSITIVE_RATE)).transpose()?;
        Ok(LeafWriter {
            is_plain: !column.has_dictionary,
            column,
            dictionary: Dictionary::default(),
            entries: 0,
            is_full: false,
            shared: LeafCells::default(),
            own: LeafCells::default(),
            own_values: None,
            page: PageValues::default(),
            cells: Vec::new(),
            seen: Vec::new(),
            filter,
            chunk: TrackedWrite::new(Vec::new()),
            pages: Vec::new(),
        })
    }

    /// The memory that the column takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.dictionary.page(self.entries).len() + self.chunk.bytes_written() + self.page.plain.len()
    }

    /// Begins a batch.
    pub(super) fn begin_batch(&mut self) {
        self.own.clear();
        self.own_values = self.is_plain.then(OwnValues::default);
    }

    /// Adds a value that belongs to one row of the batch.
    pub(super) fn add_own(&mut self, value: LeafValue<'_>) {
        let cell = match (value.bytes, &mut self.own_values) {
            (Some(bytes), Some(values)) => {
                values.bytes.extend_from_slice(bytes);
                values.ends.push(values.bytes.len());
                LeafCell::value(values.ends.len() as u32 - 1)
            }
            (Some(bytes), None) => LeafCell::value(self.index(bytes)),
            (None, _) => LeafCell::null(value.definition),
        };
        self.own.push(value.repetition, cell);
    }

    /// Adds what a value that rows share has in this column. It need not be in the dictionary
    /// of the file.
    pub(super) fn add_shared(&mut self, value: LeafValue<'_>) {
        let cell = match value.bytes {
            Some(bytes) => LeafCell::value(self.index(bytes)),
            None => LeafCell::null(value.definition),
        };
        self.shared.push(value.repetition, cell);
    }

    fn index(&mut self, value: &[u8]) -> u32 {
        self.dictionary.index(value, self.column.kind == LeafKind::Text)
    }

    /// Whether the column takes plain values without nesting.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain && self.column.max_repetition == 0 && self.column.max_definition <= 1
    }

    /// Writes the values of a batch that are all plain.
    pub(super) fn write_plain(
        &mut self,
        batch: &GroupBatch,
        compressor: &mut PageCompressor,
    ) -> Result<(), ParquetError> {
        for value in batch.values() {
            let mut value = match value {
                ValueSource::Own(bytes) => NestedValues::new(bytes),
                _ => NestedValues::new(&[]),
            };
            let Some(length) = value.length() else {
                self.page.push_level(0, None);
                continue;
            };
            if self.page.plain.len() >= self.column.page_bytes {
                self.end_page(compressor)?;
            }
            self.page.push_level(self.column.max_definition, None);
            add_plain(value.take(length), &self.column, &mut self.page, &mut self.filter);
        }
        Ok(())
    }

    /// Writes the rows of a batch.
    pub(super) fn write(&mut self, rows: &[RowSource], compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        const ROWS: usize = 16 << 10;
        if !self.write_equal_nulls(rows) && !self.write_indexes(rows) {
            self.write_cells(rows, compressor)?;
        }
        self.own_values = None;
        if self.page.definitions.len() >= ROWS { self.end_page(compressor) } else { Ok(()) }
    }

    /// Writes any rows, one cell after another.
    fn write_cells(&mut self, rows: &[RowSource], compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        let (shared, own) = (std::mem::take(&mut self.shared), std::mem::take(&mut self.own));
        let mut next_own = own.cells().iter();
        for row in rows {
            let row = match row.of_shared(shared.cells()) {
                Some(cell) => RowCell { cells: &shared, cell, is_own: false },
                None if *row == RowSource::OWN => {
                    let cell = next_own.next().copied().unwrap_or(LeafCell::null(0));
                    RowCell { cells: &own, cell, is_own: true }
                }
                None => RowCell { cells: &shared, cell: LeafCell::null(0), is_own: false },
            };
            self.cell(row, compressor)?;
        }
        (self.shared, self.own) = (shared, own);
        Ok(())
    }

    /// Writes the rows if all have the same null, as in most columns. Returns whether they
    /// have.
    fn write_equal_nulls(&mut self, rows: &[RowSource]) -> bool {
        let null = match (self.shared.cells().is_empty(), self.own.cells().is_empty()) {
            (true, true) => Some(LeafCell::null(0)),
            (true, false) => self.own.only(),
            (false, true) => self.shared.only(),
            (false, false) => self.shared.only().filter(|only| self.own.only() == Some(*only)),
        };
        let Some(CellContent::Null(definition)) = null.map(LeafCell::content) else { return false };
        if definition > 0 && rows.contains(&RowSource::NULL) {
            return false;
        }
        self.page.push_levels(definition, self.repeats(0), rows.len());
        true
    }

    /// Writes the rows if the column has no lists, and all values are in the dictionary. This
    /// does the same as writing one cell after another, in steps that have no branches.
    /// Returns whether the rows are written.
    fn write_indexes(&mut self, rows: &[RowSource]) -> bool {
        if self.column.max_repetition > 0 || self.is_plain || self.is_full {
            return false;
        }
        let (mut own, shared) = (self.own.cells().iter(), self.shared.cells());
        self.cells.clear();
        self.cells.extend(rows.iter().map(|row| match row.of_shared(shared) {
            Some(cell) => cell,
            None if *row == RowSource::OWN => own.next().copied().unwrap_or(LeafCell::null(0)),
            None => LeafCell::null(0),
        }));
        let (greatest, are_values) = LeafCell::greatest_index(&self.cells);
        let entries = self.entries.max(greatest.map_or(0, |index| index as usize + 1));
        if self.dictionary.page(entries).len() > self.column.dictionary_bytes {
            return false;
        }
        self.entries = entries;
        match are_values {
            true => self.page.push_indexes(&self.cells, self.column.max_definition),
            false => self.page.push_cells(&self.cells, self.column.max_definition),
        }
        true
    }

    /// The level as it is written; `None` if the column has no repetition levels.
    #[inline(always)]
    fn repeats(&self, repetition: u8) -> Option<u8> {
        (self.column.max_repetition > 0).then_some(repetition)
    }

    /// Writes the cell of a row.
    #[inline(always)]
    fn cell(&mut self, row: RowCell<'_>, compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        match row.cell.content() {
            CellContent::List(list) => {
                let mut elements = row.cells.elements(list).iter();
                elements.try_for_each(|(repetition, cell)| self.element(*repetition, *cell, row.is_own, compressor))
            }
            _ => self.element(0, row.cell, row.is_own, compressor),
        }
    }

    /// Writes a value or a null.
    #[inline(always)]
    fn element(
        &mut self,
        repetition: u8,
        cell: LeafCell,
        is_own: bool,
        compressor: &mut PageCompressor,
    ) -> Result<(), ParquetError> {
        match cell.content() {
            CellContent::Value(index) if self.is_full || self.is_plain => {
                self.plain_value(repetition, index, is_own, compressor)?;
            }
            CellContent::Value(index) => self.entry(repetition, index),
            CellContent::Null(definition) => self.page.push_level(definition, self.repeats(repetition)),
            // Lists are not nested.
            CellContent::List(_) => {}
        }
        Ok(())
    }

    /// Writes a value as its position in the dictionary.
    #[inline(always)]
    fn entry(&mut self, repetition: u8, index: u32) {
        self.page.push_level(self.column.max_definition, self.repeats(repetition));
        self.page.indexes.push(index);
        // Values that are known and not written yet are not counted, so that files do not
        // depend on what is known.
        if index as usize >= self.entries {
            self.entries = index as usize + 1;
            self.is_full = self.dictionary.page(self.entries).len() > self.column.dictionary_bytes;
        }
    }

    /// Writes a plain value. The first one after the dictionary is full begins a page.
    fn plain_value(
        &mut self,
        repetition: u8,
        index: u32,
        is_own: bool,
        compressor: &mut PageCompressor,
    ) -> Result<(), ParquetError> {
        // A page ends between rows.
        if repetition == 0 && (!self.is_plain || self.page.plain.len() >= self.column.page_bytes) {
            self.end_page(compressor)?;
            self.is_plain = true;
        }
        if !self.is_plain {
            self.entry(repetition, index);
            return Ok(());
        }
        self.page.push_level(self.column.max_definition, self.repeats(repetition));
        let value = match &self.own_values {
            Some(values) if is_own => values.get(index),
            _ => self.dictionary.value(index),
        };
        add_plain(value, &self.column, &mut self.page, &mut self.filter);
        Ok(())
    }

    /// Writes the page, unless it is empty.
    fn end_page(&mut self, compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        let mut page = std::mem::take(&mut self.page);
        if page.definitions.is_empty() {
            return Ok(());
        }
        self.add_distinct(&mut page);
        self.pages.push(page.write(&self.column, self.is_plain, compressor, &mut self.chunk)?);
        self.page = page.emptied();
        Ok(())
    }

    /// Adds the distinct values of a page to its bounds, and new ones to the Bloom filter.
    fn add_distinct(&mut self, page: &mut PageValues) {
        let number = self.pages.len() as u32 + 1;
        self.seen.resize(self.entries.max(self.seen.len()), 0);
        for index in &page.indexes {
            let before = std::mem::replace(&mut self.seen[*index as usize], number);
            if before == number {
                continue;
            }
            let value = self.dictionary.value(*index);
            if self.column.has_statistics {
                page.bounds.add(value, self.column.kind.order());
            }
            if before == 0
                && let Some(filter) = &mut self.filter
            {
                filter.insert(value);
            }
        }
    }

    /// Completes the column.
    pub(super) fn finish(mut self, compressor: &mut PageCompressor) -> Result<WrittenColumn, ParquetError> {
        self.end_page(compressor)?;
        let chunk = ColumnChunk { column: self.column, pages: self.pages, filter: self.filter };
        chunk.close(self.chunk.into_inner()?, self.dictionary.page(self.entries), self.entries, compressor)
    }
}

/// Adds a plain value to a page, without its levels.
#[inline(always)]
fn add_plain(value: &[u8], column: &LeafColumn, page: &mut PageValues, filter: &mut Option<Sbbf>) {
    page.push_plain(value, column.kind);
    if column.has_statistics {
        page.bounds.add(value, column.kind.order());
    }
    if let Some(filter) = filter {
        filter.insert(value);
    }
}

impl OwnValues {
    fn get(&self, index: u32) -> &[u8] {
        let at = index as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[at]]
    }
}
