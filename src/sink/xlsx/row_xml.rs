//! Rows of typed cells as the XML of a sheet.

use std::io::Write;

use jiff::tz::TimeZone;

use super::cell_style::SheetCellStyle;
use super::sheet_cell::SheetCell;
use super::xml_text;
use crate::table::column::ColumnType;
use crate::table::layout::OutputColumn;
use crate::table::typed_cell::{RowToken, TypedCell, each_token};

/// Cells from one place in a sheet to another, which need not be the ends of rows.
#[derive(Debug, Default)]
pub(super) struct CellBlock {
    /// Row and column of the first cell, from 0.
    pub(super) row: u32,
    pub(super) column: usize,
    /// Typed cells.
    pub(super) cells: Vec<u8>,
}

/// Writes the XML of cells.
#[derive(Debug)]
pub(super) struct RowXml {
    columns: Vec<ColumnXml>,
    /// The zone in which times are shown.
    zone: TimeZone,
    /// The attributes of a cell, by its style.
    attributes: [String; SheetCellStyle::ALL.len()],
}

/// What the cells of a column have in common.
#[derive(Debug)]
struct ColumnXml {
    /// A cell up to the number of its row.
    start: String,
    column_type: ColumnType,
}

/// Slightly above the default, because Excel ignores a height equal to the default.
pub(super) const ROW_HEIGHT: f64 = 15.75;

impl RowXml {
    pub(super) fn new(columns: &[OutputColumn], zone: TimeZone) -> RowXml {
        let column = |(at, column): (usize, &OutputColumn)| ColumnXml {
            start: format!("<c r=\"{}", column_letters(at)),
            column_type: column.column_type,
        };
        let attributes = |style: SheetCellStyle| {
            let is_text = !matches!(style, SheetCellStyle::Number | SheetCellStyle::Time);
            format!("\" s=\"{}\"{}", style.number(), if is_text { " t=\"inlineStr\"><is><t" } else { "><v>" })
        };
        RowXml {
            columns: columns.iter().enumerate().map(column).collect(),
            zone,
            attributes: SheetCellStyle::ALL.map(attributes),
        }
    }

    /// Appends the row of column names.
    pub(super) fn header<'n>(&self, names: impl Iterator<Item = &'n str>, out: &mut Vec<u8>) {
        begin_row("1", out);
        for (column, name) in self.columns.iter().zip(names) {
            self.cell(column, "1", SheetCell::Text(name.as_bytes()), SheetCellStyle::Header, out);
        }
        out.extend_from_slice(ROW_END);
    }

    /// Appends the cells of a block. Raises `widths`, the widths of the columns, to those of the
    /// cells.
    pub(super) fn cells(&self, block: &CellBlock, widths: &mut [usize], out: &mut Vec<u8>) {
        let (mut row, mut at) = (block.row, block.column);
        let mut number = (row + 1).to_string();
        each_token(&block.cells, |token| {
            if at == 0 {
                begin_row(&number, out);
            }
            let RowToken::Cell(typed) = token else {
                out.extend_from_slice(ROW_END);
                (row, at) = (row + 1, 0);
                number.clear();
                number.push_str(&(row + 1).to_string());
                return;
            };
            if let (Some(column), Some(cell)) = (self.columns.get(at), SheetCell::new(typed, &self.zone)) {
                self.cell(column, &number, cell, SheetCellStyle::of(cell, column.column_type), out);
                widths[at] = width(typed).max(widths[at]);
            }
            at += 1;
        });
    }

    fn cell(&self, column: &ColumnXml, row: &str, cell: SheetCell<'_>, style: SheetCellStyle, out: &mut Vec<u8>) {
        out.extend_from_slice(column.start.as_bytes());
        out.extend_from_slice(row.as_bytes());
        out.extend_from_slice(self.attributes[style as usize].as_bytes());
        match cell {
            SheetCell::Number(number) | SheetCell::Time(number) => {
                // Writing to memory does not fail.
                let _ = write!(out, "{number}");
                out.extend_from_slice(b"</v></c>");
            }
            SheetCell::Text(text) => {
                let is_space = |byte: Option<&u8>| matches!(byte, Some(b'\t' | b'\n' | b' '));
                let has_space = is_space(text.first()) || is_space(text.last());
                out.extend_from_slice(if has_space { b" xml:space=\"preserve\">" } else { b">" });
                xml_text::push(text, out);
                out.extend_from_slice(b"</t></is></c>");
            }
        }
    }
}

const ROW_END: &[u8] = b"</row>";

/// Begins a row. Without a height, each program would adapt it to the text.
fn begin_row(number: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<row r=\"");
    out.extend_from_slice(number.as_bytes());
    out.extend_from_slice(b"\" ht=\"15.75\" customHeight=\"1\">");
}

/// Width of a cell in a column that shows it whole.
fn width(cell: TypedCell<'_>) -> usize {
    // A number stands at the right edge, next to the following column.
    cell.text().len() + usize::from(matches!(cell, TypedCell::Number(_)))
}

/// The letters of a column: A to Z, AA to ZZ, and so on.
fn column_letters(at: usize) -> String {
    let last = char::from(b'A' + (at % 26) as u8);
    match (at / 26).checked_sub(1) {
        Some(before) => column_letters(before) + last.encode_utf8(&mut [0; 4]),
        None => last.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::typed_cell::testing::encoded;

    fn columns(count: usize) -> Vec<OutputColumn> {
        let column = |at| OutputColumn {
            name: format!("<{at}>"),
            column_type: if at == 0 { ColumnType::Time } else { ColumnType::Value },
            leave_out: None,
        };
        (0..count).map(column).collect()
    }

    #[test]
    fn cells_have_a_place_a_style_and_a_value() {
        let columns = columns(3);
        let xml = RowXml::new(&columns, TimeZone::UTC);
        let (mut out, mut widths) = (Vec::new(), vec![0; 3]);
        xml.header(columns.iter().map(|column| column.name.as_str()), &mut out);
        let long = "a".repeat(256);
        let cells = encoded(&[&["@2026-10-01T12:00:00Z", "#1.50", " a"], &["soon", "", &long]]);
        xml.cells(&CellBlock { row: 9, column: 0, cells }, &mut widths, &mut out);
        xml.cells(&CellBlock { row: 11, column: 2, cells: encoded(&[&["b"], &[""]]) }, &mut widths, &mut out);
        let row = |number: u32| format!("<row r=\"{number}\" ht=\"15.75\" customHeight=\"1\">");
        let text = |place: &str, style: u8, text: &str| {
            let start = format!("<c r=\"{place}\" s=\"{style}\" t=\"inlineStr\"><is><t");
            format!("{start}{text}</t></is></c>")
        };
        let expected = [
            row(1),
            text("A1", 1, ">&lt;0&gt;"),
            text("B1", 1, ">&lt;1&gt;"),
            text("C1", 1, ">&lt;2&gt;"),
            "</row>".into(),
            row(10),
            "<c r=\"A10\" s=\"5\"><v>46296.5</v></c><c r=\"B10\" s=\"4\"><v>1.5</v></c>".into(),
            text("C10", 2, " xml:space=\"preserve\"> a"),
            "</row>".into(),
            row(11),
            text("A11", 2, ">soon"),
            text("C11", 3, &format!(">{long}")),
            "</row>".into(),
            text("C12", 2, ">b"),
            "</row>".into(),
            row(13),
            "</row>".into(),
        ];
        assert_eq!(String::from_utf8(out).unwrap(), expected.concat());
        assert_eq!(widths, [20, 5, 256]);
    }

    #[test]
    fn columns_have_letters() {
        let letters = [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")];
        letters.iter().for_each(|(at, expected)| assert_eq!(column_letters(*at), *expected));
    }

    #[test]
    fn rows_have_the_height_of_the_sheet() {
        let mut out = Vec::new();
        begin_row("1", &mut out);
        assert!(String::from_utf8(out).unwrap().contains(&format!(" ht=\"{ROW_HEIGHT}\" ")));
    }
}
