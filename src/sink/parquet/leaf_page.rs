//! The pages of a column without nesting.

use parquet::basic::Encoding;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};

use super::bounds::ValueBounds;
use super::compressor::PageCompressor;
use super::leaf_cells::LeafCell;
use super::rle;
use super::schema::{LeafColumn, LeafKind};

/// The values of a page that is being filled.
#[derive(Default)]
pub(super) struct PageValues {
    pub(super) definitions: Vec<u8>,
    repetitions: Vec<u8>,
    /// Positions in the dictionary.
    pub(super) indexes: Vec<u32>,
    pub(super) plain: Vec<u8>,
    /// Number of plain values.
    count: usize,
    pub(super) bounds: ValueBounds,
}

/// A page of data that was written.
pub(super) struct WrittenPage {
    pub(super) length: usize,
    pub(super) uncompressed: usize,
    pub(super) rows: usize,
    pub(super) values: usize,
    pub(super) nulls: usize,
    pub(super) is_plain: bool,
    pub(super) bounds: ValueBounds,
}

impl PageValues {
    /// Adds the levels of a value or a null.
    #[inline(always)]
    pub(super) fn push_level(&mut self, definition: u8, repetition: Option<u8>) {
        self.definitions.push(definition);
        if let Some(repetition) = repetition {
            self.repetitions.push(repetition);
        }
    }

    /// Adds the levels of equal nulls.
    pub(super) fn push_levels(&mut self, definition: u8, repetition: Option<u8>, count: usize) {
        let length = self.definitions.len() + count;
        self.definitions.resize(length, definition);
        if let Some(repetition) = repetition {
            self.repetitions.resize(length, repetition);
        }
    }

    /// Adds values of the dictionary and nulls, but no lists.
    pub(super) fn push_cells(&mut self, cells: &[LeafCell], max_definition: u8) {
        let mut length = self.indexes.len();
        self.indexes.resize(length + cells.len(), 0);
        self.definitions.extend(cells.iter().map(|cell| cell.definition(max_definition)));
        for cell in cells {
            // What is not a value is overwritten by the next one.
            let (index, is_value) = cell.index();
            self.indexes[length] = index;
            length += usize::from(is_value);
        }
        self.indexes.truncate(length);
    }

    /// Adds values of the dictionary only.
    pub(super) fn push_indexes(&mut self, cells: &[LeafCell], max_definition: u8) {
        self.push_levels(max_definition, None, cells.len());
        self.indexes.extend(cells.iter().map(|cell| cell.index().0));
    }

    /// Adds a plain value, without its levels.
    pub(super) fn push_plain(&mut self, value: &[u8], kind: LeafKind) {
        if kind == LeafKind::Text {
            self.plain.extend_from_slice(&(value.len() as u32).to_le_bytes());
        }
        self.plain.extend_from_slice(value);
        self.count += 1;
    }

    /// Compresses the page and appends it to the column.
    pub(super) fn write(
        &mut self,
        column: &LeafColumn,
        is_plain: bool,
        compressor: &mut PageCompressor,
        chunk: &mut TrackedWrite<Vec<u8>>,
    ) -> Result<WrittenPage, ParquetError> {
        let body = self.body(column, is_plain);
        let values = self.definitions.len();
        let rows = match column.max_repetition {
            0 => values,
            _ => self.repetitions.iter().filter(|level| **level == 0).count(),
        };
        let content = Page::DataPage {
            buf: compressor.compress(&body, column)?,
            num_values: values as u32,
            encoding: if is_plain { Encoding::PLAIN } else { Encoding::RLE_DICTIONARY },
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let written = SerializedPageWriter::new(chunk).write_page(CompressedPage::new(content, body.len()))?;
        Ok(WrittenPage {
            length: written.compressed_size,
            uncompressed: written.uncompressed_size,
            rows,
            values,
            nulls: values - self.count - self.indexes.len(),
            is_plain,
            bounds: std::mem::take(&mut self.bounds),
        })
    }

    /// The page as it is compressed.
    fn body(&self, column: &LeafColumn, is_plain: bool) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.plain.len() + self.indexes.len() + 64);
        column.push_levels(&self.repetitions, column.max_repetition, &mut body);
        column.push_levels(&self.definitions, column.max_definition, &mut body);
        match is_plain {
            true if column.kind == LeafKind::Boolean => pack_booleans(&self.plain, &mut body),
            true => body.extend_from_slice(&self.plain),
            false => {
                // All numbers together need the bits of the greatest one.
                let all = self.indexes.iter().fold(0, |all, index| all | index);
                let width = rle::bit_width(all).max(1);
                body.push(width);
                rle::encode(&self.indexes, width, &mut body);
            }
        }
        body
    }

    /// An empty page, with the memory of this one.
    pub(super) fn emptied(mut self) -> PageValues {
        self.definitions.clear();
        self.repetitions.clear();
        self.indexes.clear();
        self.plain.clear();
        // One long value must not take memory for the rest of the run.
        self.plain.shrink_to(1 << 20);
        PageValues { count: 0, bounds: ValueBounds::default(), ..self }
    }
}

/// Appends booleans as bits.
fn pack_booleans(values: &[u8], out: &mut Vec<u8>) {
    let bits = |group: &[u8]| group.iter().rev().fold(0, |bits, value| bits << 1 | value);
    out.extend(values.chunks(8).map(bits));
}
