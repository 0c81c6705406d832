//! Closes a column of a row group: its dictionary, its metadata and the index of its pages.

use bytes::Bytes;
use parquet::basic::{BoundaryOrder, Compression, Encoding, PageType, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};

use super::bounds::{Bound, ValueBounds};
use super::compressor::PageCompressor;
use super::leaf_page::WrittenPage;
use super::schema::{LeafColumn, LeafKind};

/// The rate of false positives that a Bloom filter is made for, and folded to.
pub(super) const FALSE_POSITIVE_RATE: f64 = 0.01;

/// A column whose pages are written.
pub(super) struct ColumnChunk {
    pub(super) column: LeafColumn,
    pub(super) pages: Vec<WrittenPage>,
    pub(super) filter: Option<Sbbf>,
}

/// A column of a closed row group.
pub(super) struct WrittenColumn {
    /// Its index in the file.
    pub(super) number: usize,
    pub(super) bytes: Bytes,
    pub(super) close: ColumnCloseResult,
}

/// The sizes of a column in bytes.
struct ChunkSizes {
    compressed: usize,
    uncompressed: usize,
    /// That of the dictionary, which is in those above.
    dictionary: usize,
}

impl ColumnChunk {
    /// Puts the dictionary, which has `entries` values, before the pages.
    pub(super) fn close(
        self,
        pages: Vec<u8>,
        dictionary: &[u8],
        entries: usize,
        compressor: &mut PageCompressor,
    ) -> Result<WrittenColumn, ParquetError> {
        let mut bytes = pages;
        let uncompressed = self.pages.iter().map(|page| page.uncompressed).sum();
        let mut sizes = ChunkSizes { compressed: 0, uncompressed, dictionary: 0 };
        // Readers expect a dictionary page even if all values are null.
        if self.pages.iter().any(|page| !page.is_plain) {
            let content = Page::DictionaryPage {
                buf: compressor.compress(dictionary, &self.column)?,
                num_values: entries as u32,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            let page = CompressedPage::new(content, dictionary.len());
            let mut start = TrackedWrite::new(Vec::new());
            let written = SerializedPageWriter::new(&mut start).write_page(page)?;
            sizes.dictionary = written.compressed_size;
            sizes.uncompressed += written.uncompressed_size;
            bytes.splice(..0, start.into_inner()?);
        }
        sizes.compressed = bytes.len();
        let number = self.column.number;
        Ok(WrittenColumn { number, bytes: bytes.into(), close: self.close_result(sizes)? })
    }

    fn close_result(mut self, sizes: ChunkSizes) -> Result<ColumnCloseResult, ParquetError> {
        let ChunkSizes { compressed, uncompressed, dictionary } = sizes;
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
            filter.fold_to_target_fpp(FALSE_POSITIVE_RATE);
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

    fn offset_index(&self, dictionary: usize) -> OffsetIndexMetaData {
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
                let text = |bound: Option<Bound>| bound.map(|bound| ByteArray::from(bound.bytes));
                let statistics = ValueStatistics::new(text(least), text(greatest), None, nulls, false);
                statistics.with_min_is_exact(exact[0]).with_max_is_exact(exact[1]).into()
            }
            LeafKind::Boolean => {
                let flag = |bound: Option<Bound>| bound.map(|bound| bound.bytes == [1]);
                ValueStatistics::new(flag(least), flag(greatest), None, nulls, false).into()
            }
            LeafKind::Time => {
                let time = |bound: Option<Bound>| bound.map(|bound| number(&bound.bytes));
                ValueStatistics::new(time(least), time(greatest), None, nulls, false).into()
            }
        }
    }
}
