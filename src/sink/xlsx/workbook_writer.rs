//! Writes Excel workbooks: sheets of events, and one that describes them.
//!
//! Rows arrive as typed cells. The workbook library streams them to temporary files, so that
//! memory stays small for workbooks of any size, and assembles the workbook at the end.

use std::path::Path;

use jiff::tz::TimeZone;
use rust_xlsxwriter::{Format, IgnoreError, Workbook, Worksheet, XlsxError};

use super::cell_formats::CellFormats;
use super::library_panics::catch_library_panic;
use super::sheet_cell;
use super::sheet_cell::SheetCell;
use super::workbook_info::WorkbookInfo;
use crate::error::Error;
use crate::sink::target::TargetWriter;
use crate::table::column::ColumnType;
use crate::table::excel;
use crate::table::layout::OutputColumn;
use crate::table::typed_cell::{CellReader, RowToken, TypedCell};

/// A workbook that is being written.
pub(super) struct WorkbookWriter {
    workbook: Workbook,
    formats: CellFormats,
    columns: Vec<OutputColumn>,
    /// Length of the longest cell of each column, in bytes.
    longest: Vec<usize>,
    has_header: bool,
    zone: TimeZone,
    /// Index of the sheet that receives rows, and the position of the next cell in it.
    sheet: usize,
    row: u32,
    column: u16,
    /// Maximum number of rows of a sheet.
    rows: u32,
    /// Upper estimate of the size of the current sheet, in bytes.
    size: u64,
    reader: CellReader,
}

/// Index of the sheet `About`: second, where it is noticed.
const ABOUT: usize = 1;

impl WorkbookWriter {
    /// Creates a workbook with temporary files in `folder`. Times are shown in `zone`.
    pub(super) fn new(
        columns: Vec<OutputColumn>,
        has_header: bool,
        zone: TimeZone,
        folder: &Path,
    ) -> Result<WorkbookWriter, Error> {
        let longest = columns.iter().map(|column| column.name.chars().count() + FILTER_BUTTON).collect();
        let mut book = WorkbookWriter {
            workbook: Workbook::new(),
            formats: CellFormats::new(),
            columns,
            longest,
            has_header,
            zone,
            sheet: 0,
            row: 0,
            column: 0,
            rows: excel::ROWS,
            size: 0,
            reader: CellReader::default(),
        };
        catch_library_panic(|| {
            book.workbook.set_tempdir(folder)?;
            book.begin_sheet("Events")?;
            book.workbook.add_worksheet().set_name("About")?;
            Ok(())
        })?;
        Ok(book)
    }

    /// Adds rows of typed cells. The last one may be incomplete and continue in the next
    /// call.
    pub(super) fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        catch_library_panic(|| {
            let mut reader = std::mem::take(&mut self.reader);
            reader.read(rows, |token| match token {
                RowToken::Cell(cell) => self.cell(cell),
                RowToken::End => {
                    (self.row, self.column) = (self.row + 1, 0);
                    Ok(())
                }
            })?;
            self.reader = reader;
            Ok(())
        })
    }

    /// Completes the workbook and writes it to `target`.
    pub(super) fn finish(mut self, about: &WorkbookInfo, target: &mut TargetWriter<'_>) -> Result<(), Error> {
        let written = catch_library_panic(|| {
            self.end_sheet()?;
            about.write(self.workbook.worksheet_from_index(ABOUT)?)?;
            self.workbook.save_to_writer(&mut *target)
        });
        // An error of the target is closer to the cause than that of the library.
        target.take_error().map_or(written, Err)
    }

    fn cell(&mut self, typed: TypedCell<'_>) -> Result<(), XlsxError> {
        if self.row == self.rows {
            self.end_sheet()?;
            let number = self.sheet.max(ABOUT) + 1;
            self.sheet = number;
            self.begin_sheet(&format!("Events {number}"))?;
        }
        let at = self.column;
        self.column += 1;
        let Some(cell) = SheetCell::new(typed, &self.zone) else { return Ok(()) };
        let shows = self.columns.get(usize::from(at)).map_or(ColumnType::Text, |column| column.shows);
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        write_cell(sheet, self.row, at, cell, self.formats.of(cell, shows))?;
        self.size += sheet_cell::size(typed.text());
        if let Some(longest) = self.longest.get_mut(usize::from(at)) {
            *longest = width(typed).max(*longest);
        }
        Ok(())
    }

    fn begin_sheet(&mut self, name: &str) -> Result<(), XlsxError> {
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_default_row_height(ROW_HEIGHT);
        self.row = 0;
        for (at, column) in self.columns.iter().enumerate() {
            let format = if column.shows == ColumnType::Time { &self.formats.time } else { &self.formats.text };
            sheet.set_column_format(at as u16, format)?;
        }
        if self.has_header {
            for (at, column) in self.columns.iter().enumerate() {
                sheet.write_string_with_format(0, at as u16, &column.name, &self.formats.header)?;
            }
            sheet.set_freeze_panes(1, 0)?;
            self.row = 1;
        }
        Ok(())
    }

    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        let (last_row, last_column) = (self.row.max(1) - 1, self.columns.len().max(1) as u16 - 1);
        if self.has_header {
            sheet.autofilter(0, 0, last_row, last_column)?;
        }
        // Account ids consist of digits but are text, which Excel would flag.
        sheet.ignore_error_range(0, 0, last_row, last_column, IgnoreError::NumberStoredAsText)?;
        for (at, (longest, column)) in self.longest.iter().zip(&self.columns).enumerate() {
            let width = match *longest {
                _ if column.shows == ColumnType::Time => TIME_WIDTH,
                longest if longest > WIDEST => WIDE,
                longest => longest,
            };
            sheet.set_column_width(at as u16, (width + 1) as f64)?;
        }
        // A sheet above 4 GiB requires the 64-bit extension of ZIP, which not every program
        // reads.
        if std::mem::take(&mut self.size) > u64::from(u32::MAX) {
            self.workbook.use_zip_large_file(true);
        }
        Ok(())
    }
}

/// Maximum length of a column's longest cell, in characters, up to which the column is as wide
/// as that cell. Columns with longer cells contain free text, which is clipped.
const WIDEST: usize = 80;
const WIDE: usize = 48;
const TIME_WIDTH: usize = 19;
/// Slightly above the default, because Excel ignores a height equal to the default.
const ROW_HEIGHT: f64 = 15.75;
/// Width of the filter button, in characters of the header that it hides.
const FILTER_BUTTON: usize = 3;

/// Width of a cell in a column that shows it whole.
fn width(cell: TypedCell<'_>) -> usize {
    // A number stands at the right edge, next to the following column.
    cell.text().len() + usize::from(matches!(cell, TypedCell::Number(_)))
}

/// Writes a cell. Without a `format` it has that of its column.
fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: SheetCell<'_>,
    format: Option<&Format>,
) -> Result<(), XlsxError> {
    match (cell, format) {
        (SheetCell::Number(number) | SheetCell::Time(number), Some(format)) => {
            sheet.write_number_with_format(row, column, number, format)
        }
        (SheetCell::Number(number) | SheetCell::Time(number), None) => sheet.write_number(row, column, number),
        (SheetCell::Text(text), Some(format)) => sheet.write_string_with_format(row, column, text, format),
        (SheetCell::Text(text), None) => sheet.write_string(row, column, text),
    }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::error::cancel::Cancellation;
    use crate::sink::target::Target;
    use crate::table::typed_cell::testing::encoded;

    /// Writes `rows` to a workbook and returns the name and the cells of each sheet.
    fn sheets(rows: &[&[u8]], has_header: bool, most: u32) -> Vec<(String, Vec<Vec<Data>>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.xlsx");
        let column = |name: &str| OutputColumn { name: name.into(), shows: ColumnType::Text, leave_out: None };
        let columns = vec![column("a"), column("b")];
        let mut book = WorkbookWriter::new(columns, has_header, TimeZone::UTC, folder.path()).unwrap();
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
