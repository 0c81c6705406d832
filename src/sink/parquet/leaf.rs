//! Encodes a column without nesting into the pages of a row group.
//!
//! Values are positions in a dictionary until that is too large, and then plain. Pages are
//! compressed as they fill. Bloom filters and statistics look at distinct values only.

use bytes::Bytes;
use parquet::basic::{BoundaryOrder, Compression, Encoding, PageType, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};

use super::bounds::ValueBounds;
use super::compressor::PageCompressor;
use super::dictionary::Dictionary;
use super::levels;
use super::schema::{LeafColumn, LeafKind};

/// A column of a row group that is being written.
pub(super) struct LeafWriter {
    column: LeafColumn,
    dictionary: Dictionary,
    /// Number of values that are in the dictionary of the file.
    entries: usize,
    /// Whether values are plain.
    is_plain: bool,
    page: PageValues,
    /// For each value of the dictionary, the last page that it was in.
    seen: Vec<u32>,
    /// A copy of a value of the dictionary.
    recalled: Vec<u8>,
    filter: Option<Sbbf>,
    chunk: TrackedWrite<Vec<u8>>,
    pages: Vec<WrittenPage>,
}

/// The values of a page that is being filled.
#[derive(Default)]
struct PageValues {
    definitions: Vec<u8>,
    repetitions: Vec<u8>,
    /// Positions in the dictionary.
    indexes: Vec<u32>,
    plain: Vec<u8>,
    /// Number of values that are not null.
    count: usize,
    bounds: ValueBounds,
}

/// A page of data that was written.
struct WrittenPage {
    length: usize,
    uncompressed: usize,
    rows: usize,
    values: usize,
    nulls: usize,
    is_plain: bool,
    bounds: ValueBounds,
}

/// A column of a closed row group.
pub(super) struct WrittenColumn {
    /// Its index in the file.
    pub(super) number: usize,
    pub(super) bytes: Bytes,
    pub(super) close: ColumnCloseResult,
}

impl LeafWriter {
    /// Begins a column of at most `rows` rows.
    pub(super) fn new(column: LeafColumn, rows: usize) -> Result<LeafWriter, ParquetError> {
        /// False positives of a Bloom filter.
        const WRONG: f64 = 0.01;
        let filter = column.is_looked_up.then(|| Sbbf::new_with_ndv_fpp(rows as u64, WRONG)).transpose()?;
        Ok(LeafWriter {
            is_plain: !column.has_dictionary,
            column,
            dictionary: Dictionary::default(),
            entries: 0,
            page: PageValues::default(),
            seen: Vec::new(),
            recalled: Vec::new(),
            filter,
            chunk: TrackedWrite::new(Vec::new()),
            pages: Vec::new(),
        })
    }

    /// The memory that the column takes, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.dictionary.page(self.entries).len() + self.chunk.bytes_written() + self.page.plain.len()
    }

    /// Adds `count` nulls. The level says which of the values around them is null.
    pub(super) fn nulls(&mut self, repetition: u8, definition: u8, count: usize) {
        let length = self.page.definitions.len() + count;
        self.page.definitions.resize(length, definition);
        if self.column.max_repetition > 0 {
            self.page.repetitions.resize(length, repetition);
        }
    }

    /// Adds a value.
    pub(super) fn value(
        &mut self,
        repetition: u8,
        value: &[u8],
        compressor: &mut PageCompressor,
    ) -> Result<(), ParquetError> {
        if repetition == 0 {
            self.end_full_page(compressor)?;
        }
        if !self.is_plain {
            let index = self.index(value);
            self.entry(repetition, index);
            return Ok(());
        }
        self.level(repetition);
        if self.column.kind == LeafKind::Text {
            self.page.plain.extend_from_slice(&(value.len() as u32).to_le_bytes());
        }
        self.page.plain.extend_from_slice(value);
        self.page.count += 1;
        if self.column.has_statistics {
            self.page.bounds.add(value, self.column.kind.order());
        }
        if let Some(filter) = &mut self.filter {
            filter.insert(value);
        }
        Ok(())
    }

    /// The index of a value that is added later. It need not be in the dictionary of the file.
    pub(super) fn index(&mut self, value: &[u8]) -> u32 {
        self.dictionary.index(value, self.column.kind == LeafKind::Text)
    }

    /// Adds a value by its index.
    pub(super) fn known(
        &mut self,
        repetition: u8,
        index: u32,
        compressor: &mut PageCompressor,
    ) -> Result<(), ParquetError> {
        if repetition == 0 {
            self.end_full_page(compressor)?;
        }
        if !self.is_plain {
            self.entry(repetition, index);
            return Ok(());
        }
        let mut value = std::mem::take(&mut self.recalled);
        value.clear();
        value.extend_from_slice(self.dictionary.value(index));
        let added = self.value(repetition, &value, compressor);
        self.recalled = value;
        added
    }

    /// Ends the page if no further row may be in it. If the dictionary is too large, all that
    /// follow are plain.
    fn end_full_page(&mut self, compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        if self.page.plain.len() >= self.column.page_bytes {
            return self.end_page(compressor);
        }
        if !self.is_plain && self.dictionary.page(self.entries).len() > self.column.dictionary_bytes {
            self.end_page(compressor)?;
            self.is_plain = true;
        }
        Ok(())
    }

    /// Adds a value of the dictionary.
    fn entry(&mut self, repetition: u8, index: u32) {
        self.level(repetition);
        self.page.indexes.push(index);
        self.page.count += 1;
        let (page, at) = (self.pages.len() as u32 + 1, index as usize);
        // Values that are known and not added yet are not counted, so that files do not depend
        // on what is known.
        self.entries = self.entries.max(at + 1);
        if at >= self.seen.len() {
            self.seen.resize(at + 1, 0);
        }
        let before = std::mem::replace(&mut self.seen[at], page);
        if before == page {
            return;
        }
        let value = self.dictionary.value(index);
        if self.column.has_statistics {
            self.page.bounds.add(value, self.column.kind.order());
        }
        if before == 0
            && let Some(filter) = &mut self.filter
        {
            filter.insert(value);
        }
    }

    fn level(&mut self, repetition: u8) {
        self.page.definitions.push(self.column.max_definition);
        if self.column.max_repetition > 0 {
            self.page.repetitions.push(repetition);
        }
    }

    /// Ends the page if it has enough rows.
    pub(super) fn end_batch(&mut self, compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        const ROWS: usize = 16 << 10;
        if self.page.definitions.len() >= ROWS { self.end_page(compressor) } else { Ok(()) }
    }

    /// Writes the page, unless it is empty.
    fn end_page(&mut self, compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        let page = std::mem::take(&mut self.page);
        if page.definitions.is_empty() {
            return Ok(());
        }
        let is_plain = self.is_plain;
        let mut body = Vec::with_capacity(page.plain.len() + page.indexes.len() + 64);
        self.column.push_levels(&page.repetitions, self.column.max_repetition, &mut body);
        self.column.push_levels(&page.definitions, self.column.max_definition, &mut body);
        match is_plain {
            true if self.column.kind == LeafKind::Boolean => pack_booleans(&page.plain, &mut body),
            true => body.extend_from_slice(&page.plain),
            false => {
                let width = levels::bits(page.indexes.iter().copied().max().unwrap_or(0)).max(1);
                body.push(width);
                levels::encode(&page.indexes, width, &mut body);
            }
        }
        let values = page.definitions.len();
        let rows = match self.column.max_repetition {
            0 => values,
            _ => page.repetitions.iter().filter(|level| **level == 0).count(),
        };
        let uncompressed = body.len();
        let content = Page::DataPage {
            buf: compressor.compress(&body)?,
            num_values: values as u32,
            encoding: if is_plain { Encoding::PLAIN } else { Encoding::RLE_DICTIONARY },
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let written =
            SerializedPageWriter::new(&mut self.chunk).write_page(CompressedPage::new(content, uncompressed))?;
        self.pages.push(WrittenPage {
            length: written.compressed_size,
            uncompressed: written.uncompressed_size,
            rows,
            values,
            nulls: values - page.count,
            is_plain,
            bounds: page.bounds,
        });
        Ok(())
    }

    /// Completes the column.
    pub(super) fn finish(mut self, compressor: &mut PageCompressor) -> Result<WrittenColumn, ParquetError> {
        self.end_page(compressor)?;
        let entries = self.entries;
        let mut bytes = TrackedWrite::new(Vec::with_capacity(
            self.chunk.bytes_written() + self.dictionary.page(self.entries).len() / 2,
        ));
        let mut dictionary_length = 0;
        let mut uncompressed: usize = self.pages.iter().map(|page| page.uncompressed).sum();
        // Readers want it, even if all values are null.
        if self.pages.iter().any(|page| !page.is_plain) {
            let page = self.dictionary.page(entries);
            let content = Page::DictionaryPage {
                buf: compressor.compress(page)?,
                num_values: entries as u32,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            let written = SerializedPageWriter::new(&mut bytes).write_page(CompressedPage::new(content, page.len()))?;
            (dictionary_length, uncompressed) = (written.compressed_size, uncompressed + written.uncompressed_size);
        }
        let mut bytes = bytes.into_inner()?;
        let chunk = std::mem::replace(&mut self.chunk, TrackedWrite::new(Vec::new()));
        bytes.extend_from_slice(&chunk.into_inner()?);
        let number = self.column.number;
        let close = self.close_result(bytes.len(), uncompressed, dictionary_length)?;
        Ok(WrittenColumn { number, bytes: bytes.into(), close })
    }

    fn close_result(
        mut self,
        compressed: usize,
        uncompressed: usize,
        dictionary: usize,
    ) -> Result<ColumnCloseResult, ParquetError> {
        /// A filter is folded until it has about this rate of false positives.
        const WRONG: f64 = 0.01;
        let rows: usize = self.pages.iter().map(|page| page.rows).sum();
        let values: usize = self.pages.iter().map(|page| page.values).sum();
        let mut metadata = ColumnChunkMetaData::builder(self.column.descriptor.clone())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(PageCompressor::LEVEL)?))
            .set_encodings(self.encodings())
            .set_page_encoding_stats(self.page_encodings(dictionary > 0))
            .set_total_compressed_size(compressed as i64)
            .set_total_uncompressed_size(uncompressed as i64)
            .set_num_values(values as i64)
            .set_data_page_offset(dictionary as i64)
            .set_dictionary_page_offset((dictionary > 0).then_some(0));
        if self.column.has_statistics {
            metadata = metadata.set_statistics(self.statistics());
        }
        if let Some(filter) = &mut self.filter {
            filter.fold_to_target_fpp(WRONG);
        }
        Ok(ColumnCloseResult {
            bytes_written: compressed as u64,
            rows_written: rows as u64,
            metadata: metadata.build()?,
            column_index: self.column_index().map(ColumnIndexBuilder::build).transpose()?,
            offset_index: Some(self.offset_index(dictionary)),
            bloom_filter: self.filter,
        })
    }

    fn encodings(&self) -> Vec<Encoding> {
        let mut encodings = vec![Encoding::PLAIN, Encoding::RLE];
        if self.pages.iter().any(|page| !page.is_plain) {
            encodings.push(Encoding::RLE_DICTIONARY);
        }
        encodings
    }

    /// The number of pages of each kind. Readers see in it whether all values are in the
    /// dictionary.
    fn page_encodings(&self, has_dictionary: bool) -> Vec<PageEncodingStats> {
        let plain = self.pages.iter().filter(|page| page.is_plain).count();
        let pages = [
            (PageType::DICTIONARY_PAGE, Encoding::PLAIN, usize::from(has_dictionary)),
            (PageType::DATA_PAGE, Encoding::RLE_DICTIONARY, self.pages.len() - plain),
            (PageType::DATA_PAGE, Encoding::PLAIN, plain),
        ];
        let stats = |(page_type, encoding, count)| PageEncodingStats { page_type, encoding, count: count as i32 };
        pages.into_iter().filter(|(_, _, count)| *count > 0).map(stats).collect()
    }

    fn offset_index(&self, dictionary: usize) -> parquet::file::page_index::offset_index::OffsetIndexMetaData {
        let mut index = OffsetIndexBuilder::new();
        let mut offset = dictionary;
        for page in &self.pages {
            index.append_row_count(page.rows as i64);
            index.append_offset_and_size(offset as i64, page.length as i32);
            offset += page.length;
        }
        index.build()
    }

    /// The bounds of all pages; `None` if a page has values and no bounds.
    fn column_index(&self) -> Option<ColumnIndexBuilder> {
        if !self.column.has_statistics {
            return None;
        }
        let order = self.column.kind.order();
        let mut index = ColumnIndexBuilder::new(self.column.descriptor.physical_type());
        let mut before: Option<(Vec<u8>, Vec<u8>)> = None;
        let mut is_ascending = true;
        for page in &self.pages {
            if page.nulls == page.values {
                index.append(true, Vec::new(), Vec::new(), page.nulls as i64, None);
                continue;
            }
            let (least, greatest) = page.bounds.written(order)?;
            let (least, greatest) = (least.bytes, greatest.bytes);
            if let Some((least_before, greatest_before)) = &before {
                is_ascending &=
                    order.compare(least_before, &least).is_le() && order.compare(greatest_before, &greatest).is_le();
            }
            index.append(false, least.clone(), greatest.clone(), page.nulls as i64, None);
            before = Some((least, greatest));
        }
        index.set_boundary_order(if is_ascending { BoundaryOrder::ASCENDING } else { BoundaryOrder::UNORDERED });
        Some(index)
    }

    fn statistics(&self) -> Statistics {
        let order = self.column.kind.order();
        let mut bounds = ValueBounds::default();
        self.pages.iter().for_each(|page| bounds.merge(&page.bounds, order));
        let nulls = Some(self.pages.iter().map(|page| page.nulls as u64).sum());
        let (least, greatest) = bounds.written(order).unzip();
        let exact = [&least, &greatest].map(|bound| bound.as_ref().is_none_or(|bound| bound.is_exact));
        let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes));
        match self.column.kind {
            LeafKind::Text => {
                let text = |bound: Option<super::bounds::Bound>| bound.map(|bound| ByteArray::from(bound.bytes));
                let statistics = ValueStatistics::new(text(least), text(greatest), None, nulls, false);
                statistics.with_min_is_exact(exact[0]).with_max_is_exact(exact[1]).into()
            }
            LeafKind::Boolean => {
                let flag = |bound: Option<super::bounds::Bound>| bound.map(|bound| bound.bytes == [1]);
                ValueStatistics::new(flag(least), flag(greatest), None, nulls, false).into()
            }
            LeafKind::Time => {
                let time = |bound: Option<super::bounds::Bound>| bound.map(|bound| number(&bound.bytes));
                ValueStatistics::new(time(least), time(greatest), None, nulls, false).into()
            }
        }
    }
}

/// Appends booleans as bits.
fn pack_booleans(values: &[u8], out: &mut Vec<u8>) {
    let bits = |group: &[u8]| group.iter().rev().fold(0, |bits, value| bits << 1 | value);
    out.extend(values.chunks(8).map(bits));
}
