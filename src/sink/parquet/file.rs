//! One Parquet file.

use std::io::Write;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;

use super::batch::BatchBuilder;
use super::encoder::{ColumnEncoder, EncoderThreads};
use super::group::GroupWriter;
use super::properties::properties;
use super::schema::FileSchema;
use crate::error::Error;
use crate::sink::target::TargetWriter;
use crate::table::event_row::{SharedValues, SplitRow};

/// When a row group, and a file, is large enough.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileLimits {
    /// Rows that are encoded together.
    pub(super) batch_rows: usize,
    /// Rows of a row group, a multiple of the above.
    pub(super) group_rows: usize,
    /// Bytes of a row group in memory.
    pub(super) group_bytes: usize,
    /// Bytes of a file in a folder, after which the next one begins.
    pub(super) file_bytes: usize,
}

impl FileLimits {
    /// Bytes that are encoded together.
    pub(super) const BATCH_BYTES: usize = 4 << 20;
}

impl Default for FileLimits {
    fn default() -> FileLimits {
        FileLimits { batch_rows: 2048, group_rows: 128 << 10, group_bytes: 64 << 20, file_bytes: 256 << 20 }
    }
}

/// How files are written.
#[derive(Clone, Debug)]
pub(super) struct FileSettings {
    pub(super) schema: Arc<FileSchema>,
    /// The values that rows share.
    pub(super) shared: Arc<SharedValues>,
    pub(super) limits: FileLimits,
    /// The threads that encode columns.
    pub(super) threads: EncoderThreads,
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
    writer: SerializedFileWriter<W>,
    settings: FileSettings,
    batch: BatchBuilder,
    /// The row group that is being written, if any.
    group: Option<ColumnEncoder>,
}

impl<W: FileDestination> ParquetFile<W> {
    /// Begins a file.
    pub(super) fn new(destination: W, settings: &FileSettings) -> Result<ParquetFile<W>, Error> {
        let schema = &settings.schema;
        let writer = SerializedFileWriter::new(destination, Arc::clone(&schema.root), Arc::new(properties(schema)));
        Ok(ParquetFile {
            writer: writer.map_err(|error| cannot_be_written(&error))?,
            settings: settings.clone(),
            batch: BatchBuilder::new(schema),
            group: None,
        })
    }

    /// Adds a row.
    pub(super) fn row(&mut self, row: SplitRow<'_>) -> Result<(), Error> {
        self.batch.row(row.values);
        let is_full =
            self.batch.rows() >= self.settings.limits.batch_rows || self.batch.bytes() >= FileLimits::BATCH_BYTES;
        if is_full { self.write_batch() } else { Ok(()) }
    }

    /// Whether the file has its size. Rows of the last row group do not count.
    pub(super) fn is_full(&self) -> bool {
        self.batch.rows() == 0 && self.writer.bytes_written() >= self.settings.limits.file_bytes
    }

    /// Writes what is left, and ends the file.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        if self.batch.rows() > 0 {
            self.write_batch()?;
        }
        self.end_group()?;
        self.caught(|file| file.writer.finish().map(|_| ()))
    }

    /// Passes the rows of the batch to the encoder, which is still busy when this returns.
    fn write_batch(&mut self) -> Result<(), Error> {
        let FileLimits { group_rows, group_bytes, .. } = self.settings.limits;
        let rows = self.batch.rows();
        let batch = self.batch.finish();
        let is_full = match &mut self.group {
            Some(group) => group.rows() + rows > group_rows || group.memory()? >= group_bytes,
            None => false,
        };
        if is_full {
            self.end_group()?;
        }
        let group = match &mut self.group {
            Some(group) => group,
            none => {
                let FileSettings { schema, shared, limits, threads } = &self.settings;
                let groups = schema.groups.iter().enumerate();
                let groups = groups.map(|(number, group)| GroupWriter::new(number, group, limits.group_rows, shared));
                let groups: Result<Vec<GroupWriter>, ParquetError> = groups.collect();
                let groups = groups.map_err(|error| cannot_be_written(&error))?;
                none.insert(ColumnEncoder::new(groups, threads.clone()))
            }
        };
        group.write(batch, rows)
    }

    /// Writes the row group.
    fn end_group(&mut self) -> Result<(), Error> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let columns = group.finish()?;
        self.caught(|file| {
            let mut group = file.writer.next_row_group()?;
            columns.into_iter().try_for_each(|column| group.append_column(&column.bytes, column.close))?;
            group.close().map(|_| ())
        })
    }

    /// Runs a step of the library. An error of the destination is the reason of others.
    fn caught(&mut self, step: impl FnOnce(&mut ParquetFile<W>) -> Result<(), ParquetError>) -> Result<(), Error> {
        step(self).map_err(|error| {
            let reason = self.writer.inner_mut().take_error();
            reason.unwrap_or_else(|| cannot_be_written(&error))
        })
    }
}

/// An error of the library.
pub(super) fn cannot_be_written(error: &dyn std::fmt::Display) -> Error {
    Error::Failed(format!("Parquet cannot be written: {error}"))
}
