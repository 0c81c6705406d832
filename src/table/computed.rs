//! Tables of computed values: rows that do not come from events.

use jiff::Timestamp;

use super::column::ColumnType;
use super::excel;
use super::json;
use super::layout::{Format, OutputColumn, TableLayout};
use super::row_format::{RowFormat, TextLine};
use super::typed_cell;
use super::typed_cell::CellKind;

/// A column of computed values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ComputedColumn {
    /// The header, and the member's name in JSON.
    pub name: String,
    /// The type of its cells.
    pub column_type: ColumnType,
    /// Position among the columns that an aligned table leaves out if a line does not fit,
    /// the first first; `None` for a column that is always shown.
    pub leave_out: Option<usize>,
}

impl ComputedColumn {
    /// A column with this name and type, which is always shown.
    pub fn new(name: impl Into<String>, column_type: ColumnType) -> ComputedColumn {
        ComputedColumn { name: name.into(), column_type, leave_out: None }
    }
}

/// A computed value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CellValue<'a> {
    /// An absent value: the text of `--null`, and null in JSON.
    Empty,
    /// Text, whatever it looks like.
    Text(&'a str),
    /// A point in time.
    Time(Timestamp),
    /// A number.
    Number(u64),
}

impl<'a> CellValue<'a> {
    /// The text, or an absent value if it is empty.
    pub fn text_if_any(text: &'a str) -> CellValue<'a> {
        if text.is_empty() { CellValue::Empty } else { CellValue::Text(text) }
    }
}

/// Formats rows of computed values like those of events.
#[derive(Clone, Debug)]
pub struct ComputedTable {
    columns: Vec<ComputedColumn>,
    rows: RowFormat,
    /// Texts of the current row.
    line: TextLine,
}

impl ComputedTable {
    /// A table of `columns` in the format of `layout`, whose own columns have no effect.
    pub fn new(columns: Vec<ComputedColumn>, layout: &TableLayout) -> ComputedTable {
        ComputedTable { columns, rows: RowFormat::new(layout), line: TextLine::default() }
    }

    /// The columns of an output of this table.
    pub fn output_columns(&self) -> Vec<OutputColumn> {
        let output =
            |column: &ComputedColumn| self.rows.output_column(&column.name, column.column_type, column.leave_out);
        self.columns.iter().map(output).collect()
    }

    /// The text before the rows: the header line, unless it is disabled.
    pub fn header(&self) -> Vec<u8> {
        self.rows.header(self.columns.iter().map(|column| column.name.as_str()))
    }

    /// Appends a row with a value for each column. Returns the number of cells that were
    /// cut.
    pub fn row(&mut self, values: &[CellValue<'_>], out: &mut Vec<u8>) -> u64 {
        debug_assert_eq!(values.len(), self.columns.len());
        match self.rows.format {
            Format::Json => {
                self.object(values, out);
                0
            }
            Format::Xlsx => self.typed_row(values, out),
            // Commands with computed rows refuse Parquet and SQLite, which are for events.
            Format::Table | Format::Tsv | Format::Csv | Format::Parquet | Format::Sqlite => self.text_row(values, out),
        }
    }

    fn text_row(&mut self, values: &[CellValue<'_>], out: &mut Vec<u8>) -> u64 {
        let (rows, line) = (&self.rows, &mut self.line);
        let cut = values.iter().filter(|value| line.add(rows, |cell| push_cell(**value, rows, cell))).count();
        line.write(rows, out);
        cut as u64
    }

    fn typed_row(&self, values: &[CellValue<'_>], out: &mut Vec<u8>) -> u64 {
        let mut cut = 0;
        for value in values {
            let kind = match value {
                CellValue::Empty | CellValue::Text(_) => CellKind::Text,
                CellValue::Time(_) => CellKind::Time,
                CellValue::Number(_) => CellKind::Number,
            };
            let start = typed_cell::begin(out);
            push_cell(*value, &self.rows, out);
            cut += u64::from(excel::fit(out, start));
            typed_cell::end(out, start, kind);
        }
        typed_cell::end_row(out);
        cut
    }

    /// Appends a line with a JSON object.
    fn object(&self, values: &[CellValue<'_>], out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (column, value)) in self.columns.iter().zip(values).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            json::text(&[&column.name], out);
            out.push(b':');
            match value {
                CellValue::Empty => json::value(None, out),
                CellValue::Text(text) => json::text(&[text], out),
                CellValue::Time(time) => json::text(&[&self.rows.style.timestamp(*time)], out),
                CellValue::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

/// Appends a value as text.
fn push_cell(value: CellValue<'_>, rows: &RowFormat, cell: &mut Vec<u8>) {
    match value {
        CellValue::Empty => rows.style.absent(cell),
        CellValue::Text(text) => rows.style.text(text, cell),
        CellValue::Time(time) => cell.extend_from_slice(rows.style.timestamp(time).as_bytes()),
        CellValue::Number(number) => cell.extend_from_slice(number.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::typed_cell::testing::decoded;

    const HOSTILE: &str = "=a\tb\nc\r\"d\", \u{1b}[31m\u{202e}\\é😀";

    fn table(layout: TableLayout) -> ComputedTable {
        let columns = [("=name", ColumnType::Text), ("time", ColumnType::Time), ("a,b", ColumnType::Value)];
        ComputedTable::new(columns.map(|(name, column_type)| ComputedColumn::new(name, column_type)).to_vec(), &layout)
    }

    /// The header and the rows of a table: a hostile text, absent values, and an empty text.
    fn bytes(layout: TableLayout) -> Vec<u8> {
        let mut table = table(layout);
        let mut out = table.header();
        let time = "2026-10-01T09:14:02Z".parse().unwrap();
        for row in [
            [CellValue::Text(HOSTILE), CellValue::Time(time), CellValue::Number(u64::MAX)],
            [CellValue::Empty, CellValue::Empty, CellValue::Empty],
            [CellValue::Text(""), CellValue::Text("\"q"), CellValue::Text("-5")],
        ] {
            assert_eq!(table.row(&row, &mut out), 0);
        }
        out
    }

    fn text(layout: TableLayout) -> String {
        String::from_utf8(bytes(layout)).unwrap()
    }

    #[test]
    fn tsv_and_aligned_tables_are_lines_of_cells() {
        let expected = "'=name\ttime\ta,b\n\
            '=a\\tb\\nc\\r\"d\", \\u001b[31m\\u202e\\é😀\t2026-10-01T09:14:02Z\t18446744073709551615\n\
            ~\t~\t~\n\
            \t\"q\t-5\n";
        for format in [Format::Tsv, Format::Table] {
            assert_eq!(text(TableLayout { format, null: "~".into(), ..TableLayout::default() }), expected);
        }
        let raw = text(TableLayout { header: false, guard: false, ..TableLayout::default() });
        assert!(raw.starts_with("=a\\tb") && raw.contains("\n\t\t\n"), "{raw}");
    }

    #[test]
    fn csv_quotes_the_delimiter_and_quotes() {
        let layout = || TableLayout { format: Format::Csv, ..TableLayout::default() };
        let expected = "'=name,time,\"a,b\"\n\
            \"'=a\\tb\\nc\\r\"\"d\"\", \\u001b[31m\\u202e\\é😀\",2026-10-01T09:14:02Z,18446744073709551615\n\
            ,,\n\
            ,\"\"\"q\",-5\n";
        assert_eq!(text(layout()), expected);
        let other = text(TableLayout { delimiter: b';', ..layout() });
        assert!(other.starts_with("'=name;time;a,b\n\"'=a"), "{other}");
    }

    #[test]
    fn excel_gets_its_mark_and_line_ends() {
        let zone = crate::syntax::window::zone("+02:00").ok();
        let layout = |format| TableLayout { format, excel: true, zone: zone.clone(), ..TableLayout::default() };
        let tsv = text(layout(Format::Tsv));
        assert!(tsv.starts_with("\u{feff}'=name\ttime\ta,b\r\n'=a\\tb"), "{tsv}");
        assert!(tsv.contains("\t2026-10-01T11:14:02+02:00\t") && tsv.ends_with("\r\n\t\"\"\"q\"\t-5\r\n"), "{tsv}");
        let csv = text(layout(Format::Csv));
        assert!(
            csv.starts_with("\u{feff}'=name,time,\"a,b\"\r\n\"'=a") && csv.ends_with("\r\n,\"\"\"q\",-5\r\n"),
            "{csv}"
        );
        let long = "x".repeat(excel::CELL + 1);
        for format in [Format::Tsv, Format::Xlsx] {
            let values = [CellValue::Text(&long), CellValue::Text(&long), CellValue::Empty];
            assert_eq!(table(layout(format)).row(&values, &mut Vec::new()), 2);
        }
    }

    #[test]
    fn json_lines_hold_the_values() {
        let lines = text(TableLayout { format: Format::Json, null: "~".into(), ..TableLayout::default() });
        let values: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(values[0]["=name"], HOSTILE);
        assert_eq!(values[0]["time"], "2026-10-01T09:14:02Z");
        assert_eq!(values[0]["a,b"], u64::MAX);
        let rest = lines.split_once('\n').unwrap().1;
        let expected = "{\"=name\":null,\"time\":null,\"a,b\":null}\n\
                        {\"=name\":\"\",\"time\":\"\\\"q\",\"a,b\":\"-5\"}\n";
        assert_eq!(rest, expected);
        assert!(!lines.contains(['\t', '\u{1b}', '\u{202e}']));
    }

    #[test]
    fn a_workbook_gets_typed_cells() {
        let tokens = decoded(&bytes(TableLayout { format: Format::Xlsx, ..TableLayout::default() }));
        let hostile = "=a\\tb\\nc\\r\"d\", \\u001b[31m\\u202e\\é😀";
        let rows = [hostile, "@2026-10-01T09:14:02Z", "#18446744073709551615", "end"];
        assert_eq!(tokens, [&rows[..], &["", "", "", "end"], &["", "\"q", "-5", "end"]].concat());
        let columns = table(TableLayout { format: Format::Xlsx, ..TableLayout::default() }).output_columns();
        let names = columns.iter().map(|column| (column.name.as_str(), column.column_type, column.leave_out));
        let [text, time, value] = [ColumnType::Text, ColumnType::Time, ColumnType::Value];
        assert!(names.eq([("=name", text, None), ("time", time, None), ("a,b", value, None)]));
    }
}
