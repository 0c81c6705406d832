//! Writes the rows of a table as lines, as an aligned table, as a workbook, as Parquet or as a
//! database.

mod aligned;
pub mod document;
pub mod hec;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
pub mod part_file;
pub mod partial_file;
pub mod rotating_file;
pub mod run_report;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod table_writer;
pub mod target;
mod xlsx;

use std::fmt::Display;
use std::path::Path;

use jiff::Timestamp;

use self::aligned::AlignedTable;
use self::lines::LineSink;
use self::target::Target;
use self::xlsx::WorkbookSink;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::syntax::window::Window;
use crate::table::layout::{Format, OutputColumn, TableLayout};

/// Origin of the rows, recorded in a workbook for later readers.
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'a> {
    /// Start time of the run.
    pub now: Timestamp,
    /// The command line.
    pub command: &'a str,
    /// Time range of the wanted events.
    pub window: Window,
}

/// Receives the rows of a table in the format that the table has given them: lines of
/// text, or the typed cells of a workbook.
pub trait RowSink {
    /// Writes rows. The last one may be incomplete and continue in the next call.
    fn write(&mut self, rows: &[u8]) -> Result<(), Error>;

    /// Records a problem with the input, if the output has a place for it.
    fn problem(&mut self, _problem: &dyn Display) {}

    /// Completes the output. `coverage` describes what the run has read.
    fn finish(self: Box<Self>, coverage: &Coverage, stop: &Cancellation) -> Result<(), Error>;
}

/// Opens the output for rows of `columns`: a file, or standard output if `output` is
/// `None`. Returns an error if it cannot be written. `threads` is the number of threads that encode
/// workbooks and Parquet.
pub fn open(
    output: Option<&Path>,
    layout: &TableLayout,
    columns: Vec<OutputColumn>,
    provenance: &Provenance<'_>,
    threads: usize,
) -> Result<Box<dyn RowSink>, Error> {
    #[cfg(feature = "parquet")]
    if layout.format == Format::Parquet {
        return Ok(Box::new(parquet::ParquetSink::open(output, layout, &columns, threads)?));
    }
    let target = Target::open(output)?;
    #[cfg(feature = "sqlite")]
    if layout.format == Format::Sqlite {
        return Ok(Box::new(sqlite::SqliteSink::new(target, &columns)?));
    }
    Ok(match layout.format {
        Format::Tsv | Format::Csv | Format::Json => Box::new(LineSink::new(target)),
        Format::Table => {
            let width = layout.width.filter(|_| matches!(target, Target::Stdout));
            Box::new(AlignedTable::new(target, width, &columns))
        }
        Format::Xlsx => Box::new(WorkbookSink::new(target, layout, columns, provenance, threads)?),
        // Commands refuse what cannot be written before they start.
        Format::Parquet | Format::Sqlite => {
            return Err(Error::Failed(format!("internal error: no sink for {}", layout.format.name())));
        }
    })
}
