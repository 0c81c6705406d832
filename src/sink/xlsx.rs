//! The sink of a workbook: collects its rows and what its sheet `About` says, and writes
//! the file after the last row.
//!
//! ```text
//! typed cells ──blocks──▶ encoders: XML, deflated ──▶ a temporary file for each sheet ─┐
//!                                  sheets without rows, from the workbook library ─────┴▶ file
//! ```

mod cell_encoder;
mod cell_style;
mod deflated_text;
mod package;
mod row_xml;
mod sheet_cell;
mod sheet_rows;
mod workbook_info;
mod workbook_writer;
mod xml_text;

use std::fmt::Display;

use jiff::tz::TimeZone;

use self::workbook_info::WorkbookInfo;
use self::workbook_writer::WorkbookWriter;
use super::target::{Target, TargetWriter};
use super::{Provenance, RowSink};
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::table::layout::{OutputColumn, TableLayout};

/// Writes a workbook.
pub(super) struct WorkbookSink {
    /// The rows so far.
    book: WorkbookWriter,
    /// Content of the sheet `About`.
    about: WorkbookInfo,
    target: Target,
}

impl WorkbookSink {
    /// Creates a workbook that is written to `target`, on `threads` threads.
    pub(super) fn new(
        target: Target,
        layout: &TableLayout,
        columns: Vec<OutputColumn>,
        provenance: &Provenance<'_>,
        threads: usize,
    ) -> Result<WorkbookSink, Error> {
        let temporary = std::env::temp_dir();
        // The folder of the workbook has space for it, so it also has space for its temporary
        // files.
        let folder = target.folder().unwrap_or(&temporary);
        let zone = layout.zone.clone().unwrap_or(TimeZone::UTC);
        let about = WorkbookInfo::new(provenance, &zone);
        let book = WorkbookWriter::new(columns, layout.header, zone, folder, threads)?;
        Ok(WorkbookSink { book, about, target })
    }
}

impl RowSink for WorkbookSink {
    fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        self.book.write(rows)
    }

    fn problem(&mut self, problem: &dyn Display) {
        self.about.problem(problem.to_string());
    }

    fn finish(mut self: Box<Self>, coverage: &Coverage, stop: &Cancellation) -> Result<(), Error> {
        self.about.add("Read", coverage.to_string().replace("named above", "named below"));
        if let Some(proven) = &coverage.proven {
            self.about.add("Verified", proven.to_string());
        }
        self.book.finish(&self.about, &mut TargetWriter::new(&mut self.target, stop))?;
        self.target.finish()
    }
}

/// The error for a workbook that cannot be written.
fn failed(reason: &dyn Display) -> Error {
    Error::Failed(format!("the workbook cannot be written: {reason}"))
}
