//! Writes a table of computed values in any format.

use std::fmt::Display;
use std::path::Path;

use super::{Provenance, RowSink};
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::table::computed::{CellValue, ComputedColumn, ComputedTable};
use crate::table::layout::TableLayout;

/// A table of computed values that is being written.
pub struct TableWriter {
    table: ComputedTable,
    sink: Box<dyn RowSink>,
    /// Rows that are not written yet, at first the header.
    rows: Vec<u8>,
    /// Number of cells that were cut to the limits of Excel.
    cut: u64,
}

impl TableWriter {
    /// Opens the output for a table of `columns`. Returns an error if it cannot be written.
    pub fn open(
        output: Option<&Path>,
        layout: &TableLayout,
        columns: Vec<ComputedColumn>,
        provenance: &Provenance<'_>,
    ) -> Result<TableWriter, Error> {
        /// Making the rows takes longer than writing them.
        const THREADS: usize = 1;
        let table = ComputedTable::new(columns, layout);
        let sink = super::open(output, layout, table.output_columns(), provenance, THREADS)?;
        let rows = table.header();
        Ok(TableWriter { table, sink, rows, cut: 0 })
    }

    /// Adds a row with a value for each column.
    pub fn row(&mut self, values: &[CellValue<'_>]) -> Result<(), Error> {
        const FLUSH_SIZE: usize = 64 << 10;
        self.cut += self.table.row(values, &mut self.rows);
        if self.rows.len() < FLUSH_SIZE { Ok(()) } else { self.flush() }
    }

    /// Records a problem with the input, if the output has a place for it.
    pub fn problem(&mut self, problem: &dyn Display) {
        self.sink.problem(problem);
    }

    /// Writes the remaining rows and completes the output. Adds the number of cells that
    /// were cut to `coverage`.
    pub fn finish(mut self, coverage: &mut Coverage, stop: &Cancellation) -> Result<(), Error> {
        self.flush()?;
        if stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        coverage.cut_cells += self.cut;
        self.sink.finish(coverage, stop)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.sink.write(&self.rows)?;
        self.rows.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::syntax::window::Window;
    use crate::table::column::ColumnType;
    use crate::table::layout::Format;

    const HOSTILE: &str = "=a\tb\n\"c\", \u{1b}[31m";

    /// Writes two rows to a file in this format.
    fn written(format: Format) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let now = "2026-10-01T09:14:02Z".parse().unwrap();
        let provenance = Provenance { now, command: "test", window: Window::default() };
        let columns = [("text", ColumnType::Text), ("time", ColumnType::Time), ("count", ColumnType::Value)];
        let columns = columns.map(|(name, column_type)| ComputedColumn::new(name, column_type)).to_vec();
        let layout = TableLayout { format, ..TableLayout::default() };
        let mut table = TableWriter::open(Some(&path), &layout, columns, &provenance).unwrap();
        table.row(&[CellValue::Text(HOSTILE), CellValue::Time(now), CellValue::Number(7)]).unwrap();
        table.row(&[CellValue::Text("b"), CellValue::Empty, CellValue::Number(10)]).unwrap();
        table.finish(&mut Coverage::default(), &Cancellation::default()).unwrap();
        (folder, path)
    }

    #[test]
    fn each_format_has_the_rows() {
        let shown = "'=a\\tb\\n\"c\", \\u001b[31m";
        let time = "2026-10-01T09:14:02Z";
        let quoted = shown.replace('"', "\"\"");
        let json = "=a\\tb\\n\\\"c\\\", \\u001b[31m";
        for (format, expected) in [
            (Format::Tsv, format!("text\ttime\tcount\n{shown}\t{time}\t7\nb\t\t10\n")),
            (Format::Csv, format!("text,time,count\n\"{quoted}\",{time},7\nb,,10\n")),
            (
                Format::Table,
                format!("{:23}  {:20}  count\n{shown}  {time}  7\n{:23}  {:20}  10\n", "text", "time", "b", ""),
            ),
            (
                Format::Json,
                format!(
                    "{{\"text\":\"{json}\",\"time\":\"{time}\",\"count\":7}}\n\
                     {{\"text\":\"b\",\"time\":null,\"count\":10}}\n"
                ),
            ),
        ] {
            let (_folder, path) = written(format);
            assert_eq!(std::fs::read_to_string(path).unwrap(), expected, "{format:?}");
        }
    }

    #[test]
    fn a_workbook_has_typed_cells() {
        let (_folder, path) = written(Format::Xlsx);
        let mut book: Xlsx<_> = calamine::open_workbook(&path).unwrap();
        let range = book.worksheet_range("Events").unwrap();
        let rows: Vec<&[Data]> = range.rows().collect();
        let text = |text: &str| Data::String(text.into());
        assert_eq!(rows[0], ["text", "time", "count"].map(text));
        assert_eq!((&rows[1][0], &rows[1][2]), (&text("=a\\tb\\n\"c\", \\u001b[31m"), &Data::Float(7.0)));
        assert!(matches!(&rows[1][1], Data::DateTime(time) if (time.as_f64() - 46_296.384_745).abs() < 1e-5));
        assert_eq!(rows[2], [text("b"), Data::Empty, Data::Float(10.0)]);
    }
}
