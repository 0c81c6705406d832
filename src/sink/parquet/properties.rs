//! The properties of a file.

use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;

use super::schema::FileSchema;

/// The properties of a file. Columns are encoded by [`LeafWriter`](super::leaf::LeafWriter),
/// so nothing here is about them.
pub(super) fn properties(schema: &FileSchema) -> WriterProperties {
    let sorted_by = schema.sorted_by.and_then(|column| i32::try_from(column).ok());
    let sorting = sorted_by.map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: false });
    WriterProperties::builder()
        .set_created_by(concat!("trail2tsv version ", env!("CARGO_PKG_VERSION")).into())
        .set_sorting_columns(sorting.map(|column| vec![column]))
        .build()
}
