//! The form of a row's cells: what tables of events and of computed values share.

use super::cell::CellStyle;
use super::column::ColumnType;
use super::layout::{Format, OutputColumn, TableLayout};
use super::{csv, excel};

/// The format of rows, and the rules for their cells.
#[derive(Clone, Debug)]
pub(super) struct RowFormat {
    pub(super) style: CellStyle,
    pub(super) format: Format,
    pub(super) delimiter: u8,
    /// Whether rows respect the limits of Excel.
    pub(super) for_excel: bool,
    has_header: bool,
}

impl RowFormat {
    /// The format that `layout` asks for.
    pub(super) fn new(layout: &TableLayout) -> RowFormat {
        let is_sheet = layout.format == Format::Xlsx;
        RowFormat {
            // Text in a workbook is never a formula, so it needs no guard.
            style: CellStyle::new(&layout.null, layout.guard && !is_sheet, layout.zone.clone()),
            format: layout.format,
            delimiter: layout.delimiter,
            for_excel: layout.excel || is_sheet,
            has_header: layout.header,
        }
    }

    /// The text before the rows: the line of `names`, unless it is disabled.
    pub(super) fn header<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<u8> {
        let mut header = Vec::new();
        if matches!(self.format, Format::Json | Format::Xlsx | Format::Parquet | Format::Sqlite) {
            return header;
        }
        if self.for_excel {
            header.extend_from_slice(excel::BYTE_ORDER_MARK);
        }
        if self.has_header {
            let mut line = TextLine::default();
            for name in names {
                line.add(self, |cell| self.style.text(name, cell));
            }
            line.write(self, &mut header);
        }
        header
    }

    /// A column of the output, by the name and the type of its cells.
    pub(super) fn output_column(&self, name: &str, column_type: ColumnType, leave_out: Option<usize>) -> OutputColumn {
        let mut header = Vec::new();
        self.style.text(name, &mut header);
        excel::fit(&mut header, 0);
        OutputColumn { name: String::from_utf8_lossy(&header).into_owned(), column_type, leave_out }
    }

    /// Completes the text cell at `start`: cuts it to the limit of Excel, if rows respect
    /// that, and quotes it. Returns whether it was cut.
    pub(super) fn end_cell(&self, out: &mut Vec<u8>, start: usize) -> bool {
        let was_cut = self.for_excel && excel::fit(out, start);
        self.quote(out, start);
        was_cut
    }

    /// Quotes the cell at `start` if it would be misread.
    fn quote(&self, out: &mut Vec<u8>, start: usize) {
        match self.format {
            Format::Csv => csv::quote(out, start, self.delimiter),
            // If a cell begins with a quote, Excel reads past the end of the line.
            Format::Tsv if self.for_excel && out[start..].starts_with(b"\"") => csv::quote(out, start, b'\t'),
            _ => {}
        }
    }

    /// Separates the cells of a line.
    pub(super) fn separator(&self) -> u8 {
        if self.format == Format::Csv { self.delimiter } else { b'\t' }
    }

    /// Ends a line of TSV or CSV.
    pub(super) fn line_end(&self) -> &'static [u8] {
        if self.for_excel { b"\r\n" } else { b"\n" }
    }
}

/// A line of texts on its way to TSV or CSV.
#[derive(Clone, Debug, Default)]
pub(super) struct TextLine {
    /// The cells, one after another.
    text: Vec<u8>,
    /// End offset of each cell.
    ends: Vec<usize>,
}

impl TextLine {
    /// Adds a cell, whose text `write` appends. Returns whether it was cut.
    pub(super) fn add(&mut self, format: &RowFormat, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let start = self.text.len();
        write(&mut self.text);
        let was_cut = format.for_excel && excel::fit(&mut self.text, start);
        self.ends.push(self.text.len());
        was_cut
    }

    /// Appends the line to `out`, and begins the next one.
    pub(super) fn write(&mut self, format: &RowFormat, out: &mut Vec<u8>) {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let cells = starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end]);
        if format.format == Format::Csv {
            csv::line(cells, format.delimiter, format.for_excel, out);
        } else {
            for (at, cell) in cells.enumerate() {
                if at > 0 {
                    out.push(b'\t');
                }
                let start = out.len();
                out.extend_from_slice(cell);
                format.quote(out, start);
            }
            out.extend_from_slice(format.line_end());
        }
        self.text.clear();
        self.ends.clear();
    }
}
