//! How a file is encoded: compression, indexes and Bloom filters.

use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::columns::{FileColumns, leaves_of};
use crate::table::event_schema::{ColumnShape, RECORD};

/// What is looked up by its exact value.
const LOOKED_UP: [&[&str]; 5] =
    [&["eventName"], &["userName"], &["userIdentity", "accessKeyId"], &["sourceIPAddress"], &["eventID"]];

/// What differs in every event, so that a dictionary would only cost time.
const UNIQUE: [&str; 3] = ["eventID", "requestID", RECORD];

/// The properties of a file with row groups of at most `rows` rows.
pub(super) fn properties(columns: &FileColumns, rows: usize) -> Result<WriterProperties, ParquetError> {
    /// Level 3 takes twice the time, and saves one to four per cent.
    const LEVEL: i32 = 1;
    /// Rows of a column that are encoded at once.
    const ROWS: usize = 4096;
    /// False positives of a Bloom filter.
    const WRONG: f64 = 0.01;
    /// Each column holds a page that is not compressed yet, and as much to compress it.
    const PAGES: usize = 32 << 20;
    let leaves = columns.shapes.iter().map(|shape| leaves_of(*shape)).sum::<usize>();
    let page = (PAGES / leaves.max(1)).clamp(16 << 10, 512 << 10);
    let sorted_by = columns.sorted_by.and_then(|column| i32::try_from(column).ok());
    let sorting = sorted_by.map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: false });
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("trail2tsv version ", env!("CARGO_PKG_VERSION")).into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_max_row_group_row_count(Some(rows))
        .set_write_batch_size(ROWS)
        .set_data_page_size_limit(page)
        .set_dictionary_page_size_limit(page)
        .set_sorting_columns(sorting.map(|column| vec![column]));
    for path in LOOKED_UP {
        let path = ColumnPath::new(path.iter().map(|part| (*part).to_string()).collect());
        builder = builder
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_fpp(path.clone(), WRONG)
            .set_column_bloom_filter_max_ndv(path, rows as u64);
    }
    for name in UNIQUE {
        // The least and the greatest of random ids exclude nothing either.
        builder = builder
            .set_column_dictionary_enabled(ColumnPath::from(name), false)
            .set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::None);
    }
    for (field, shape) in columns.schema.fields().iter().zip(&columns.shapes) {
        // The least and the greatest JSON of a page exclude nothing.
        if *shape == ColumnShape::Json {
            let path = ColumnPath::new(vec![field.name().clone()]);
            builder = builder.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    Ok(builder.build())
}
