//! The package of a workbook: what the workbook library writes, with rows of our own.
//!
//! The library would take several times as long for the rows as it takes to read the logs. So
//! it makes sheets of events without rows and all other parts of the package, and the rows are
//! inserted here.

use std::io::{self, BufWriter, Read, Write};

use flate2::read::DeflateDecoder;
use rawzip::{DataDescriptorOutput, ZipArchive, ZipArchiveWriter};
use rust_xlsxwriter::{IgnoreError, Workbook, Worksheet, XlsxError};

use super::cell_style::SheetCellStyle;
use super::deflated_text::{DeflatedText, Deflater};
use super::failed;
use super::row_xml::{ROW_HEIGHT, RowXml};
use super::sheet_rows::SheetRows;
use super::workbook_info::WorkbookInfo;
use crate::error::Error;
use crate::table::column::ColumnType;
use crate::table::layout::OutputColumn;

/// A sheet of events.
#[derive(Debug)]
pub(super) struct EventSheet {
    /// The rows below the header.
    pub(super) rows: SheetRows,
    /// Number of rows, with the header.
    pub(super) count: u32,
    /// Length of the longest cell of each column.
    pub(super) widths: Vec<usize>,
}

/// A workbook whose rows are complete.
pub(super) struct WorkbookPackage<'a> {
    pub(super) columns: &'a [OutputColumn],
    pub(super) has_header: bool,
    pub(super) xml: &'a RowXml,
    pub(super) sheets: &'a mut [EventSheet],
    pub(super) about: &'a WorkbookInfo,
}

impl WorkbookPackage<'_> {
    /// Writes the workbook.
    pub(super) fn write(mut self, out: impl Write) -> Result<(), Error> {
        let frame = self.frame().map_err(|error| failed(&error))?;
        self.insert_rows(&frame, out).map_err(|error| failed(&error))
    }

    /// Makes a workbook in memory whose sheets of events have no rows.
    fn frame(&self) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        for (at, sheet) in self.sheets.iter().enumerate() {
            let name = if at == 0 { "Events".into() } else { format!("Events {}", at + 1) };
            self.add_sheet(sheet, workbook.add_worksheet().set_name(name)?)?;
            // As the second sheet, it is noticed.
            if at == 0 {
                self.about.write(workbook.add_worksheet().set_name("About")?)?;
            }
        }
        workbook.save_to_buffer()
    }

    /// Sets all of a sheet but its rows.
    fn add_sheet(&self, sheet: &EventSheet, out: &mut Worksheet) -> Result<(), XlsxError> {
        let (last_row, last_column) = (sheet.count.max(1) - 1, self.columns.len().max(1) as u16 - 1);
        // The library numbers styles in the order of their first use. It takes the extent of the
        // sheet from its cells, which are replaced.
        for style in SheetCellStyle::ALL {
            out.write_blank(0, 0, &style.format())?;
        }
        out.write_blank(last_row, last_column, &SheetCellStyle::Text.format())?;
        out.set_default_row_height(ROW_HEIGHT);
        for (at, (column, longest)) in (0..).zip(self.columns.iter().zip(&sheet.widths)) {
            out.set_column_format(at, &SheetCellStyle::of_column(column.column_type).format())?;
            let width = match *longest {
                _ if column.column_type == ColumnType::Time => TIME_WIDTH,
                longest if longest > WIDEST => WIDE,
                longest => longest,
            };
            out.set_column_width(at, (width + 1) as f64)?;
        }
        if self.has_header {
            out.set_freeze_panes(1, 0)?;
            out.autofilter(0, 0, last_row, last_column)?;
        }
        // Account ids consist of digits but are text, which Excel would flag.
        out.ignore_error_range(0, 0, last_row, last_column, IgnoreError::NumberStoredAsText)?;
        Ok(())
    }

    /// Copies the parts of `frame` to `out`, and inserts the rows.
    fn insert_rows(&mut self, frame: &[u8], out: impl Write) -> Result<(), rawzip::Error> {
        let archive = ZipArchive::from_slice(frame)?;
        let mut package = ZipArchiveWriter::new(BufWriter::new(out));
        let mut entries = archive.entries();
        while let Some(header) = entries.next_entry()? {
            let name = String::from_utf8_lossy(header.file_path().as_bytes()).into_owned();
            let data = archive.get_entry(header.wayfinder())?.data();
            let (mut entry, _) = package.new_file(&name).compression_method(header.compression_method()).start()?;
            let sheet = (0..self.sheets.len()).find(|at| name == part_name(*at));
            let (crc, size) = match sheet {
                Some(sheet) => self.insert(sheet, data, &mut entry)?,
                None => {
                    entry.write_all(data)?;
                    (header.crc32(), header.uncompressed_size_hint())
                }
            };
            entry.finish(DataDescriptorOutput::new(crc, size))?;
        }
        package.finish()?;
        Ok(())
    }

    /// Writes a sheet with its rows to `out`. `frame` is the sheet without rows, deflated. Returns
    /// the checksum and the size of its XML.
    fn insert(&mut self, sheet: usize, frame: &[u8], out: &mut impl Write) -> io::Result<(u32, u64)> {
        const ROWS: [&str; 2] = ["<sheetData>", "</sheetData>"];
        let mut xml = String::new();
        DeflateDecoder::new(frame).read_to_string(&mut xml)?;
        let [start, end] = ROWS.map(|tag| xml.find(tag));
        let (Some(start), Some(end)) = (start, end) else {
            return Err(io::Error::other("a sheet has no place for rows"));
        };
        let mut head = xml.as_bytes()[..start + ROWS[0].len()].to_vec();
        if self.has_header {
            self.xml.header(self.columns.iter().map(|column| column.name.as_str()), &mut head);
        }
        let (mut deflater, mut first, mut last) = (Deflater::new(), DeflatedText::default(), DeflatedText::default());
        deflater.deflate(&head, false, &mut first)?;
        deflater.deflate(&xml.as_bytes()[end..], true, &mut last)?;
        self.sheets[sheet].rows.write(&first, &last, out)
    }
}

/// Name of the part of the package that holds a sheet of events. The second part is `About`.
fn part_name(sheet: usize) -> String {
    let position = if sheet == 0 { 1 } else { sheet + 2 };
    format!("xl/worksheets/sheet{position}.xml")
}

/// Maximum length of a column's longest cell, in characters, up to which the column is as wide
/// as that cell. Columns with longer cells contain free text, which is clipped.
const WIDEST: usize = 80;
const WIDE: usize = 48;
const TIME_WIDTH: usize = 19;
