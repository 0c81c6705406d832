//! Reads the column `record`, one page at a time.

use std::fs::File;
use std::io::{self, Read};

use parquet::basic::{Compression, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetStatisticsPolicy;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;

use super::bounded_file::BoundedFile;
use crate::error::Problem;
use crate::error::panics::{caught, keep_quiet};
use crate::table::event_schema::RECORD;

/// The events of a file as the text of a log: `{"Records":[…]}`.
pub(super) struct RecordText {
    records: Records,
    /// The text that is being read.
    piece: Piece,
    /// Number of its bytes that were read.
    at: usize,
    /// What follows it.
    next: NextPiece,
}

/// A piece of the text.
enum Piece {
    Fixed(&'static [u8]),
    Record(ByteArray),
}

enum NextPiece {
    FirstRecord,
    /// A record, after which a comma is the next piece.
    Record(ByteArray),
    Comma,
    Nothing,
}

impl RecordText {
    /// Opens a file. Returns a problem if it has no column of events.
    pub(super) fn open(file: File) -> Result<RecordText, Problem> {
        keep_quiet();
        let records = safe(|| Records::open(file))??;
        Ok(RecordText { records, piece: Piece::Fixed(b"{\"Records\":["), at: 0, next: NextPiece::FirstRecord })
    }

    /// Moves to the next piece. Returns false at the end.
    fn advance(&mut self) -> Result<bool, Problem> {
        const END: Piece = Piece::Fixed(b"]}\n");
        let next = std::mem::replace(&mut self.next, NextPiece::Nothing);
        (self.piece, self.next) = match next {
            NextPiece::Nothing => return Ok(false),
            NextPiece::Record(record) => (Piece::Record(record), NextPiece::Comma),
            NextPiece::FirstRecord => match self.record()? {
                Some(record) => (Piece::Record(record), NextPiece::Comma),
                None => (END, NextPiece::Nothing),
            },
            NextPiece::Comma => match self.record()? {
                Some(record) => (Piece::Fixed(b",\n"), NextPiece::Record(record)),
                None => (END, NextPiece::Nothing),
            },
        };
        self.at = 0;
        Ok(true)
    }

    fn record(&mut self) -> Result<Option<ByteArray>, Problem> {
        safe(|| self.records.next())?
    }
}

impl Read for RecordText {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let rest = match &self.piece {
                Piece::Fixed(text) => &text[self.at..],
                Piece::Record(record) => &record.data()[self.at..],
            };
            let length = rest.len().min(buffer.len());
            if length > 0 || buffer.is_empty() {
                buffer[..length].copy_from_slice(&rest[..length]);
                self.at += length;
                return Ok(length);
            }
            if !self.advance().map_err(Problem::into_reading_error)? {
                return Ok(0);
            }
        }
    }
}

/// The values of the column, one by one.
struct Records {
    file: SerializedFileReader<BoundedFile>,
    /// The index of the column.
    column: usize,
    /// Whether the column can have nulls.
    is_optional: bool,
    /// The next row group.
    group: usize,
    reader: Option<ColumnReaderImpl<ByteArrayType>>,
    values: Vec<ByteArray>,
    levels: Vec<i16>,
}

impl Records {
    fn open(file: File) -> Result<Records, Problem> {
        // Statistics would take most of the memory of a large index, and are not used.
        let skip = ParquetStatisticsPolicy::SkipAll;
        let options = ReadOptionsBuilder::new()
            .with_encoding_stats_policy(skip.clone())
            .with_column_stats_policy(skip.clone())
            .with_size_stats_policy(skip)
            .build();
        let file = SerializedFileReader::new_with_options(BoundedFile::new(file), options).map_err(problem)?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let is_record = |at: &usize| {
            let column = schema.column(*at);
            column.path().parts() == [RECORD]
                && column.physical_type() == Type::BYTE_ARRAY
                && column.max_rep_level() == 0
        };
        let column = (0..schema.num_columns()).find(is_record).ok_or(Problem::ParquetWithoutRecord)?;
        let is_optional = schema.column(column).max_def_level() > 0;
        let (values, levels) = (Vec::new(), Vec::new());
        Ok(Records { file, column, is_optional, group: 0, reader: None, values, levels })
    }

    /// Reads the next value that is not null; `None` at the end.
    fn next(&mut self) -> Result<Option<ByteArray>, Problem> {
        loop {
            if self.reader.is_none() && !self.next_group().map_err(problem)? {
                return Ok(None);
            }
            let Some(reader) = &mut self.reader else { return Ok(None) };
            self.values.clear();
            self.levels.clear();
            let levels = self.is_optional.then_some(&mut self.levels);
            // A value is a part of its page. One at a time holds one page in memory.
            let (records, ..) = reader.read_records(1, levels, None, &mut self.values).map_err(problem)?;
            if let Some(value) = self.values.pop() {
                return Ok(Some(value));
            }
            if records == 0 {
                self.reader = None;
            }
        }
    }

    /// Opens the next row group. Returns false at the end.
    fn next_group(&mut self) -> Result<bool, ParquetError> {
        if self.group >= self.file.num_row_groups() {
            return Ok(false);
        }
        let compression = self.file.metadata().row_group(self.group).column(self.column).compression();
        if !matches!(compression, Compression::ZSTD(_) | Compression::UNCOMPRESSED) {
            let text = format!("compressed as {compression}; write it with zstd");
            return Err(ParquetError::General(text));
        }
        let reader = self.file.get_row_group(self.group)?.get_column_reader(self.column)?;
        self.group += 1;
        match reader {
            ColumnReader::ByteArrayColumnReader(reader) => self.reader = Some(reader),
            _ => return Err(ParquetError::General("the column record is not text".into())),
        }
        Ok(true)
    }
}

/// Runs a step of the library. A panic in it is damage of the file.
fn safe<T>(step: impl FnOnce() -> T) -> Result<T, Problem> {
    caught(step).map_err(Problem::Parquet)
}

fn problem(error: ParquetError) -> Problem {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) if error.raw_os_error().is_some() => Problem::Unreadable(*error),
            Ok(error) => Problem::Parquet(error.to_string()),
            Err(error) => Problem::Parquet(error.to_string()),
        },
        ParquetError::General(text) | ParquetError::EOF(text) => Problem::Parquet(text),
        other => Problem::Parquet(other.to_string()),
    }
}
