//! Writes the rows of a table as lines, as an aligned table or as a workbook.

pub mod aligned;
pub mod partial_file;
pub mod target;
pub mod xlsx;

use std::fmt::Display;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::aligned::AlignedTable;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::sink::target::{Target, TargetWriter};
use crate::sink::xlsx::{WorkbookInfo, WorkbookWriter};
use crate::syntax::window::Window;
use crate::table::Table;
use crate::table::column;
use crate::table::layout::{Format, TableLayout};

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

/// Receives the rows of a table.
pub enum Sink {
    /// Writes lines immediately.
    Lines(Target),
    /// Writes an aligned table.
    Aligned(Box<AlignedTable>),
    /// Writes a workbook after the last row.
    Book {
        /// The rows so far.
        book: Box<WorkbookWriter>,
        /// Content of the sheet `About`.
        about: WorkbookInfo,
        /// Destination of the workbook.
        target: Target,
    },
}

impl Sink {
    /// Opens the output for the rows of `table`. Returns an error if it cannot be written.
    pub fn open(
        output: Option<&Path>,
        layout: &TableLayout,
        table: &Table,
        provenance: &Provenance<'_>,
    ) -> Result<Sink, Error> {
        let target = Target::open(output)?;
        if layout.format == Format::Table {
            let width = layout.width.filter(|_| matches!(target, Target::Stdout));
            let is_default = layout.columns.is_empty();
            let optional = if is_default { column::optional_by_default() } else { Vec::new() };
            return Ok(Sink::Aligned(Box::new(AlignedTable::new(target, width, optional))));
        }
        if layout.format != Format::Xlsx {
            return Ok(Sink::Lines(target));
        }
        let temporary = std::env::temp_dir();
        // The folder of the workbook has space for it, so it also has space for its temporary
        // files.
        let folder = target.folder().unwrap_or(&temporary);
        let zone = layout.zone.clone().unwrap_or(TimeZone::UTC);
        let about = about(provenance, &zone);
        let book = WorkbookWriter::new(table.sheet_columns(), layout.header, zone, folder)?;
        Ok(Sink::Book { book: Box::new(book), about, target })
    }

    /// Writes rows as lines. The last line may be incomplete and continue in the next call.
    pub fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        match self {
            Sink::Lines(target) => target.write(rows),
            Sink::Aligned(table) => table.write(rows),
            Sink::Book { book, .. } => book.write(rows),
        }
    }

    /// Records a problem with the input, for the sheet `About`.
    pub fn problem(&mut self, problem: &dyn Display) {
        if let Sink::Book { about, .. } = self {
            about.problem(problem.to_string());
        }
    }

    /// Completes the output. `coverage` describes what the run has read.
    pub fn finish(self, coverage: &Coverage, stop: &Cancellation) -> Result<(), Error> {
        match self {
            Sink::Lines(target) => target.finish(),
            Sink::Aligned(table) => table.finish(),
            Sink::Book { book, mut about, mut target } => {
                about.add("Read", coverage.to_string().replace("named above", "named below"));
                book.finish(&about, &mut TargetWriter::new(&mut target, stop))?;
                target.finish()
            }
        }
    }
}

/// Collects the information that is known before anything is read.
fn about(provenance: &Provenance<'_>, zone: &TimeZone) -> WorkbookInfo {
    let mut about = WorkbookInfo::default();
    let time = |time: Timestamp| match zone {
        _ if *zone == TimeZone::UTC => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        zone => time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
    };
    about.add("Written by", concat!("trail2tsv ", env!("CARGO_PKG_VERSION")));
    about.add("Written at", time(provenance.now));
    about.add("Command", provenance.command);
    if let Some(since) = provenance.window.since {
        about.add("Events since", time(since));
    }
    if let Some(until) = provenance.window.until {
        about.add("Events before", time(until));
    }
    about.add("Time zone", name(zone));
    about
}

/// Returns the name of a time zone.
fn name(zone: &TimeZone) -> String {
    match (zone.iana_name(), zone.to_fixed_offset()) {
        (Some(name), _) => name.into(),
        (None, Ok(offset)) => format!("UTC{}", Timestamp::UNIX_EPOCH.to_zoned(offset.to_time_zone()).strftime("%:z")),
        (None, Err(_)) => "the local time zone".into(),
    }
}

impl Target {
    /// Returns the folder in which a new file is written; `None` for other targets.
    fn folder(&self) -> Option<&Path> {
        match self {
            Target::Whole { file, .. } => file.path().parent(),
            Target::Stdout | Target::Special { .. } => None,
        }
    }
}
