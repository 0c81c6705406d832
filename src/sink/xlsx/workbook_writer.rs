//! Writes Excel workbooks: sheets of events, and one that describes them.
//!
//! Rows arrive as typed cells. They become deflated XML on several threads and wait in temporary
//! files, so that memory stays small for workbooks of any size. The package is assembled at the
//! end, because a sheet begins with the widths of its columns.

use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::cell_encoder::{CellEncoder, EncoderPool};
use super::package::{EventSheet, WorkbookPackage};
use super::row_xml::RowXml;
use super::sheet_rows::SheetRows;
use super::workbook_info::WorkbookInfo;
use crate::error::Error;
use crate::sink::target::TargetWriter;
use crate::table::excel;
use crate::table::layout::OutputColumn;
use crate::table::typed_cell::CellSplitter;

/// A workbook that is being written.
pub(super) struct WorkbookWriter {
    columns: Vec<OutputColumn>,
    has_header: bool,
    /// Folder of temporary files.
    folder: PathBuf,
    encoders: EncoderPool,
    /// Cells that no encoder has yet.
    cells: CellSplitter,
    /// Row and column of the first of these cells in the current sheet.
    start: (u32, usize),
    /// Row and column of the next cell.
    row: u32,
    column: usize,
    /// Maximum number of rows of a sheet.
    rows: u32,
    /// Rows of the current sheet.
    current: SheetRows,
    /// Length of the longest cell of each column, in bytes.
    widths: Vec<usize>,
    /// The sheets before the current one.
    complete: Vec<EventSheet>,
}

impl WorkbookWriter {
    /// Size of a block of cells, in bytes. Their XML is two to three times as large.
    const BLOCK: usize = 128 << 10;

    /// Creates a workbook with temporary files in `folder`. Times are shown in `zone`.
    pub(super) fn new(
        columns: Vec<OutputColumn>,
        has_header: bool,
        zone: TimeZone,
        folder: &Path,
        threads: usize,
    ) -> Result<WorkbookWriter, Error> {
        let current = SheetRows::create(folder)?;
        let encoders = EncoderPool::new(RowXml::new(&columns, zone), columns.len(), threads)?;
        let widths = columns.iter().map(|column| column.name.chars().count() + FILTER_BUTTON).collect();
        let row = u32::from(has_header);
        Ok(WorkbookWriter {
            columns,
            has_header,
            folder: folder.into(),
            encoders,
            cells: CellSplitter::default(),
            start: (row, 0),
            row,
            column: 0,
            rows: excel::ROWS,
            current,
            widths,
            complete: Vec::new(),
        })
    }

    /// Adds rows of typed cells. The last one may be incomplete and continue in the next
    /// call.
    pub(super) fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        for piece in rows.chunks(WorkbookWriter::BLOCK) {
            self.cells.push(piece);
            while let Some(is_row_end) = self.cells.next_is_row_end() {
                if self.row == self.rows {
                    self.next_sheet()?;
                }
                self.cells.pass();
                (self.row, self.column) = if is_row_end { (self.row + 1, 0) } else { (self.row, self.column + 1) };
                if self.cells.passed() >= WorkbookWriter::BLOCK {
                    self.encode()?;
                }
            }
        }
        Ok(())
    }

    /// Completes the workbook and writes it to `target`.
    pub(super) fn finish(mut self, about: &WorkbookInfo, target: &mut TargetWriter<'_>) -> Result<(), Error> {
        self.complete_rows()?;
        let WorkbookWriter { columns, has_header, current, widths, mut complete, .. } = self;
        complete.push(EventSheet { rows: current, count: self.row, widths });
        let xml = self.encoders.rows();
        let package = WorkbookPackage { columns: &columns, has_header, xml, sheets: &mut complete, about };
        let written = package.write(&mut *target as &mut dyn Write);
        // An error of the target is closer to the cause than that of the package.
        target.take_error().map_or(written, Err)
    }

    /// Begins the next sheet.
    fn next_sheet(&mut self) -> Result<(), Error> {
        self.complete_rows()?;
        let rows = std::mem::replace(&mut self.current, SheetRows::create(&self.folder)?);
        self.complete.push(EventSheet { rows, count: self.row, widths: self.widths.clone() });
        self.row = u32::from(self.has_header);
        self.start = (self.row, self.column);
        Ok(())
    }

    /// Encodes the cells so far.
    fn encode(&mut self) -> Result<(), Error> {
        let mut encoder = self.idle_encoder()?;
        (encoder.block.row, encoder.block.column) = self.start;
        self.cells.take(&mut encoder.block.cells);
        self.encoders.start(encoder);
        self.start = (self.row, self.column);
        Ok(())
    }

    /// Returns an encoder that is not busy. Waits for one if necessary.
    fn idle_encoder(&mut self) -> Result<CellEncoder, Error> {
        loop {
            if let Some(encoder) = self.encoders.idle() {
                return Ok(encoder);
            }
            self.append_first()?;
        }
    }

    /// Waits until all cells of the current sheet are encoded.
    fn complete_rows(&mut self) -> Result<(), Error> {
        if self.cells.passed() > 0 {
            self.encode()?;
        }
        while self.append_first()? {}
        Ok(())
    }

    /// Appends the first block that is being encoded to the current sheet, if there is one.
    fn append_first(&mut self) -> Result<bool, Error> {
        let (rows, widths) = (&mut self.current, &mut self.widths);
        self.encoders.finish_first(|encoder| {
            widths.iter_mut().zip(&encoder.widths).for_each(|(width, other)| *width = (*width).max(*other));
            rows.append(&encoder.deflated)
        })
    }
}

/// Width of the filter button, in characters of the header that it hides.
const FILTER_BUTTON: usize = 3;

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::error::cancel::Cancellation;
    use crate::sink::target::Target;
    use crate::table::column::ColumnType;
    use crate::table::typed_cell::testing::encoded;

    /// Writes `rows` to a workbook and returns the name and the cells of each sheet.
    fn sheets(rows: &[&[u8]], has_header: bool, most: u32) -> Vec<(String, Vec<Vec<Data>>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.xlsx");
        let column = |name: &str| OutputColumn { name: name.into(), column_type: ColumnType::Text, leave_out: None };
        let columns = vec![column("a"), column("b")];
        let mut book = WorkbookWriter::new(columns, has_header, TimeZone::UTC, folder.path(), 2).unwrap();
        book.rows = most;
        for part in rows {
            book.write(part).unwrap();
        }
        let mut target = Target::open(Some(&path)).unwrap();
        book.finish(&WorkbookInfo::default(), &mut TargetWriter::new(&mut target, &Cancellation::default())).unwrap();
        target.finish().unwrap();
        let mut read: Xlsx<_> = calamine::open_workbook(&path).unwrap();
        let cells = |range: calamine::Range<Data>| range.rows().map(<[Data]>::to_vec).collect();
        read.worksheets().into_iter().map(|(name, range)| (name, cells(range))).collect()
    }

    fn texts(rows: &[[&str; 2]]) -> Vec<Vec<Data>> {
        let cell = |text: &&str| if text.is_empty() { Data::Empty } else { Data::String((*text).into()) };
        rows.iter().map(|row| row.iter().map(cell).collect()).collect()
    }

    #[test]
    fn rows_can_be_split_at_any_byte() {
        let expected = texts(&[["a", "b"], ["1", "=2"], ["3", ""], ["", "4"]]);
        let rows = encoded(&[&["1", "=2"], &["3", ""], &["", "4"]]);
        for size in [1, 2, 7, rows.len()] {
            let blocks: Vec<&[u8]> = rows.chunks(size).collect();
            assert_eq!(sheets(&blocks, true, 9), [("Events".into(), expected.clone()), ("About".into(), vec![])]);
        }
    }

    #[test]
    fn rows_beyond_the_limit_go_to_the_next_sheet() {
        let rows = encoded(&[&["1", "a"], &["2", "b"], &["3", "c"], &["4", "d"], &["5", "e"]]);
        let rows = [&rows[..]];
        let sheet = |name: &str, rows: &[[&str; 2]]| (name.to_string(), texts(rows));
        let head = ["a", "b"];
        assert_eq!(
            sheets(&rows, true, 3),
            [
                sheet("Events", &[head, ["1", "a"], ["2", "b"]]),
                sheet("About", &[]),
                sheet("Events 2", &[head, ["3", "c"], ["4", "d"]]),
                sheet("Events 3", &[head, ["5", "e"]]),
            ]
        );
        assert_eq!(
            sheets(&rows, false, 5),
            [sheet("Events", &[["1", "a"], ["2", "b"], ["3", "c"], ["4", "d"], ["5", "e"]]), sheet("About", &[])]
        );
        assert_eq!(sheets(&[], true, 3), [sheet("Events", &[head]), sheet("About", &[])]);
        assert_eq!(sheets(&[], false, 3), [sheet("Events", &[]), sheet("About", &[])]);
    }
}
