//! The sink of Parquet: sorts the rows on disk by partition and time, and then writes one
//! file after another, so that memory holds a single row group.

mod batch;
mod bounds;
mod column_chunk;
mod compressor;
mod dictionary;
mod encoder;
mod file;
mod folder;
mod group;
mod leaf;
mod leaf_cells;
mod leaf_page;
mod properties;
mod rle;
mod schema;

use std::path::Path;
use std::sync::Arc;

use self::encoder::EncoderThreads;
use self::file::{FileLimits, FileSettings, ParquetFile, cannot_be_written};
use self::folder::PartitionFolder;
use self::schema::FileSchema;
use super::RowSink;
use super::target::{Target, TargetWriter};
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::spill::sort::ExternalSorter;
use crate::table::event_row::{RowStart, SplitRow};
use crate::table::layout::{OutputColumn, TableLayout};

/// Writes Parquet files.
pub(super) struct ParquetSink {
    destination: Destination,
    settings: FileSettings,
    sorter: ExternalSorter,
    /// The start and the key of a row that is not complete yet.
    begun: Vec<u8>,
    /// The bytes that the current row still needs; `None` between rows.
    missing: Option<usize>,
}

/// Larger rows are passed on in pieces.
const SMALL: usize = 64 << 10;

/// Where the files go.
enum Destination {
    File(Target),
    Folder(Box<PartitionFolder>),
}

impl ParquetSink {
    /// Opens a file, or a folder if the layout has partitions. Returns an error if it cannot
    /// be written. `threads` threads encode the columns.
    pub(super) fn open(
        output: Option<&Path>,
        layout: &TableLayout,
        columns: &[OutputColumn],
        threads: usize,
    ) -> Result<ParquetSink, Error> {
        let destination = match output {
            Some(output) if !layout.files.partitions.is_empty() => {
                Destination::Folder(Box::new(PartitionFolder::open(output)?))
            }
            _ => Destination::File(Target::open(output)?),
        };
        let names = columns.iter().map(|column| column.name.as_str());
        let schema = FileSchema::new(names, !layout.files.keeps_order);
        let settings = FileSettings {
            schema: Arc::new(schema.map_err(|error| cannot_be_written(&error))?),
            shared: Arc::clone(&layout.files.shared),
            limits: FileLimits::default(),
            threads: EncoderThreads::new(threads)?,
        };
        Ok(ParquetSink { destination, settings, sorter: ExternalSorter::new(None), begun: Vec::new(), missing: None })
    }

    /// Takes bytes of the current row. Returns the bytes after it.
    fn take<'r>(&mut self, rows: &'r [u8]) -> Result<&'r [u8], Error> {
        if let Some(missing) = self.missing {
            let (piece, rest) = rows.split_at(missing.min(rows.len()));
            self.sorter.append(piece)?;
            self.missing = Some(missing - piece.len()).filter(|missing| *missing > 0);
            if self.missing.is_none() {
                self.sorter.end()?;
            }
            return Ok(rest);
        }
        if self.begun.is_empty()
            && let Some((row, rest)) = whole_row(rows)
        {
            self.sorter.push(row.key, row.bytes)?;
            return Ok(rest);
        }
        let (piece, rest) = rows.split_at(rows.len().min(self.wanted() - self.begun.len()));
        self.begun.extend_from_slice(piece);
        if self.begun.len() < self.wanted() {
            return Ok(rest);
        }
        let Some((start, row)) = self.begun.split_first_chunk() else { return Ok(rest) };
        let start = RowStart::read(*start);
        let key = &row[..start.key];
        if row.len() == start.length {
            self.sorter.push(key, &self.begun)?;
        } else {
            self.sorter.begin(key)?;
            self.sorter.append(&self.begun)?;
            self.missing = Some(start.length - row.len());
        }
        self.begun.clear();
        Ok(rest)
    }

    /// The bytes of the current row to collect before it is passed on: all of a small row,
    /// the start and the key of a large one.
    fn wanted(&self) -> usize {
        match self.begun.split_first_chunk() {
            None => RowStart::SIZE,
            Some((start, _)) => {
                let start = RowStart::read(*start);
                RowStart::SIZE + if start.length <= SMALL { start.length } else { start.key }
            }
        }
    }
}

impl RowSink for ParquetSink {
    fn write(&mut self, mut rows: &[u8]) -> Result<(), Error> {
        while !rows.is_empty() {
            rows = self.take(rows)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _coverage: &Coverage, stop: &Cancellation) -> Result<(), Error> {
        let ParquetSink { destination, settings, sorter, .. } = *self;
        match destination {
            Destination::File(mut target) => {
                let mut file = ParquetFile::new(TargetWriter::new(&mut target, stop), &settings)?;
                each_row(sorter, stop, |row| file.row(row))?;
                file.finish()?;
                drop(file);
                target.finish()
            }
            Destination::Folder(mut folder) => {
                each_row(sorter, stop, |row| folder.row(row, &settings))?;
                folder.finish(&settings)
            }
        }
    }
}

/// A row with its start, and its key.
struct WholeRow<'a> {
    bytes: &'a [u8],
    key: &'a [u8],
}

/// Splits off the first row; `None` if it is not complete or too large to be kept in memory.
fn whole_row(rows: &[u8]) -> Option<(WholeRow<'_>, &[u8])> {
    let start = RowStart::read(*rows.first_chunk()?);
    let (bytes, rest) = rows.split_at_checked(RowStart::SIZE + start.length)?;
    let key = bytes.get(RowStart::SIZE..RowStart::SIZE + start.key)?;
    (start.length <= SMALL).then_some((WholeRow { bytes, key }, rest))
}

/// Calls `each` for the sorted rows.
fn each_row(
    sorter: ExternalSorter,
    stop: &Cancellation,
    mut each: impl FnMut(SplitRow<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    sorter.each_row(|row| match stop.is_interrupted() {
        true => Err(Error::Interrupted),
        false => split(row).map_or(Ok(()), &mut each),
    })
}

/// Splits a row, with its start.
fn split(row: &[u8]) -> Option<SplitRow<'_>> {
    let (start, row) = row.split_first_chunk()?;
    Some(SplitRow::new(row, RowStart::read(*start).key))
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;
    use crate::decode::event::FieldSet;
    use crate::decode::testing::with_event;
    use crate::table::Table;
    use crate::table::layout::{FileLayout, Format};
    use crate::table::partition::PartitionKey;

    /// Writes events into a folder of months, with `piece` bytes in a call.
    fn written(events: &[String], piece: usize, limits: FileLimits) -> (tempfile::TempDir, Vec<(String, Vec<usize>)>) {
        let folder = tempfile::tempdir().unwrap();
        let files = FileLayout { partitions: vec![PartitionKey::Month], ..FileLayout::default() };
        let columns = vec!["eventTime".into(), "eventName".into()];
        let layout = TableLayout { format: Format::Parquet, columns, files, ..TableLayout::default() };
        let mut fields = FieldSet::default();
        let mut table = Table::new(&layout, &mut fields).unwrap();
        let mut rows = Vec::new();
        for event in events {
            with_event(event, &fields, |event| table.row(event, "log", &mut rows));
        }
        let output = folder.path().join("lake");
        let mut sink = ParquetSink::open(Some(&output), &layout, &table.output_columns(), 1).unwrap();
        sink.settings.limits = limits;
        rows.chunks(piece).for_each(|piece| sink.write(piece).unwrap());
        Box::new(sink).finish(&Coverage::default(), &Cancellation::default()).unwrap();
        let mut files = Vec::new();
        for month in std::fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().path()) {
            for file in std::fs::read_dir(&month).unwrap().map(|entry| entry.unwrap().path()) {
                let reader = SerializedFileReader::new(std::fs::File::open(&file).unwrap()).unwrap();
                let groups = reader.metadata().row_groups().iter().map(|group| group.num_rows() as usize).collect();
                let name = file.strip_prefix(&output).unwrap().to_string_lossy().into_owned();
                files.push((name, groups));
            }
        }
        files.sort();
        (folder, files)
    }

    fn events() -> Vec<String> {
        let event = |at: usize| {
            let name = if at == 3 { "x".repeat(200_000) } else { format!("Call{at}") };
            format!(r#"{{"eventTime":"2026-{:02}-01T00:00:00Z","eventName":"{name}"}}"#, 9 + at % 2)
        };
        (0..10).map(event).collect()
    }

    #[test]
    fn files_and_row_groups_end_at_their_limits() {
        let part = |month: u32, number: u32| format!("month=2026-{month:02}/part-{number:05}.parquet");
        let small = FileLimits { batch_rows: 2, group_bytes: 1, file_bytes: 1, ..FileLimits::default() };
        let parts = |month| [(part(month, 0), vec![2]), (part(month, 1), vec![2]), (part(month, 2), vec![1])];
        let expected: Vec<_> = [9, 10].into_iter().flat_map(parts).collect();
        assert_eq!(written(&events(), usize::MAX, small).1, expected);
        // Whether a row group is full is known when the batch after it is complete.
        let limits = FileLimits { batch_rows: 2, group_bytes: 1, file_bytes: 100, ..FileLimits::default() };
        let parts = |month| [(part(month, 0), vec![2, 2]), (part(month, 1), vec![1])];
        let expected: Vec<_> = [9, 10].into_iter().flat_map(parts).collect();
        assert_eq!(written(&events(), usize::MAX, limits).1, expected);
        let groups = FileLimits { batch_rows: 1, group_rows: 3, ..FileLimits::default() };
        let expected: Vec<_> = [9, 10].into_iter().map(|month| (part(month, 0), vec![3, 2])).collect();
        assert_eq!(written(&events(), usize::MAX, groups).1, expected);
    }

    #[test]
    fn rows_may_come_in_any_pieces() {
        let bytes = |piece| {
            let (folder, files) = written(&events(), piece, FileLimits::default());
            let read = |(name, _): &(String, _)| std::fs::read(folder.path().join("lake").join(name)).unwrap();
            files.iter().map(read).collect::<Vec<_>>()
        };
        let whole = bytes(usize::MAX);
        for piece in [1, 7, 4096, 70_000] {
            assert!(bytes(piece) == whole, "{piece}");
        }
    }
}
