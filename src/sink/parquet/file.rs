//! One Parquet file.

use std::io::Write;
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;

use super::batch::BatchBuilder;
use super::columns::FileColumns;
use super::properties::properties;
use crate::error::Error;
use crate::sink::target::TargetWriter;
use crate::table::event_row::SplitRow;

/// When a row group, and a file, is large enough.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileLimits {
    /// Rows that are encoded together.
    pub(super) batch_rows: usize,
    /// Rows of a row group.
    pub(super) group_rows: usize,
    /// Bytes of a row group in memory.
    pub(super) group_bytes: usize,
    /// Bytes of a file in a folder, after which the next one begins.
    pub(super) file_bytes: usize,
}

impl Default for FileLimits {
    fn default() -> FileLimits {
        FileLimits { batch_rows: 4096, group_rows: 128 << 10, group_bytes: 64 << 20, file_bytes: 256 << 20 }
    }
}

/// A destination that knows why a write failed.
pub(super) trait FileDestination: Write + Send {
    /// The error that stopped writing, if any.
    fn take_error(&mut self) -> Option<Error>;
}

impl FileDestination for TargetWriter<'_> {
    fn take_error(&mut self) -> Option<Error> {
        TargetWriter::take_error(self)
    }
}

/// A file that is being written.
pub(super) struct ParquetFile<W: FileDestination> {
    writer: ArrowWriter<W>,
    columns: FileColumns,
    batch: BatchBuilder,
    limits: FileLimits,
}

impl<W: FileDestination> ParquetFile<W> {
    /// Begins a file.
    pub(super) fn new(destination: W, columns: &FileColumns, limits: FileLimits) -> Result<ParquetFile<W>, Error> {
        let failed = |error: &dyn std::fmt::Display| Error::Failed(format!("Parquet cannot be written: {error}"));
        let properties = properties(columns, limits.group_rows).map_err(|error| failed(&error))?;
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true)
            .with_schema_root("event".into());
        let writer = ArrowWriter::try_new_with_options(destination, Arc::clone(&columns.schema), options)
            .map_err(|error| failed(&error))?;
        Ok(ParquetFile { writer, columns: columns.clone(), batch: BatchBuilder::new(columns), limits })
    }

    /// Adds a row.
    pub(super) fn row(&mut self, row: SplitRow<'_>) -> Result<(), Error> {
        const BYTES: usize = 4 << 20;
        self.batch.row(row.values);
        if self.batch.rows() < self.limits.batch_rows && self.batch.bytes() < BYTES {
            return Ok(());
        }
        self.write_batch()?;
        if self.writer.memory_size() >= self.limits.group_bytes {
            self.caught(ArrowWriter::flush)?;
        }
        Ok(())
    }

    /// Whether the file has its size. Rows of the last row group do not count.
    pub(super) fn is_full(&self) -> bool {
        self.batch.rows() == 0 && self.writer.bytes_written() >= self.limits.file_bytes
    }

    /// Writes what is left, and ends the file.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        if self.batch.rows() > 0 {
            self.write_batch()?;
        }
        self.caught(|writer| writer.finish().map(|_| ()))
    }

    fn write_batch(&mut self) -> Result<(), Error> {
        let batch = self.batch.finish(&self.columns);
        self.caught(|writer| writer.write(&batch?))
    }

    /// Runs a step of the library. An error of the destination is the reason of others.
    fn caught(
        &mut self,
        step: impl FnOnce(&mut ArrowWriter<W>) -> Result<(), parquet::errors::ParquetError>,
    ) -> Result<(), Error> {
        step(&mut self.writer).map_err(|error| {
            let reason = self.writer.inner_mut().take_error();
            reason.unwrap_or_else(|| Error::Failed(format!("Parquet cannot be written: {error}")))
        })
    }
}
