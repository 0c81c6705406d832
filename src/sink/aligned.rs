//! Writes an aligned table for people. Columns are as wide as their cells, within the width of
//! the terminal.

mod line;

use self::line::{GAP, TIME, push_row, widths};
use super::RowSink;
use super::target::Target;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::table::column::ColumnType;
use crate::table::layout::OutputColumn;

/// Number of rows that determine the widths. Later rows use the same widths, so that a long
/// table appears early and memory is bounded.
const SAMPLE: usize = 1000;
/// Maximum text of these rows, in bytes.
const SAMPLE_BYTES: usize = 4 << 20;
/// Maximum length of a cell that is shown, in bytes.
const MAX_CELL: usize = 4096;

/// Formats tab-separated rows as an aligned table.
#[derive(Debug)]
pub(super) struct AlignedTable {
    /// Destination; `None` after the table was finished.
    target: Option<Target>,
    /// Maximum width of a line, in terminal columns; `None` means unlimited.
    width: Option<usize>,
    /// Rows that determine the widths, until these are known.
    sample: Vec<Vec<String>>,
    sample_bytes: usize,
    /// Columns, by position, that may be left out of a line that is too long, the first
    /// first.
    optional: Vec<usize>,
    /// Whether each column shows times.
    are_times: Vec<bool>,
    /// Width of each column; `None` until it is determined.
    widths: Option<Vec<usize>>,
    /// Cells of the current row.
    row: Vec<String>,
    /// Current cell, as bytes, because a chunk can end inside a character.
    cell: Vec<u8>,
    /// Whether the current cell is longer than what is kept of it.
    is_cut: bool,
    out: Vec<u8>,
}

impl AlignedTable {
    /// Creates a table with lines of at most `width` terminal columns.
    pub(super) fn new(target: Target, width: Option<usize>, columns: &[OutputColumn]) -> AlignedTable {
        let (sample, row, cell, out) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        AlignedTable {
            target: Some(target),
            width,
            optional: optional(columns),
            are_times: columns.iter().map(|column| column.column_type == ColumnType::Time).collect(),
            sample,
            sample_bytes: 0,
            widths: None,
            row,
            cell,
            is_cut: false,
            out,
        }
    }

    fn end_cell(&mut self) {
        let mark = if std::mem::take(&mut self.is_cut) { "…" } else { "" };
        // A cut can end inside a character, which is left out.
        let text = match std::str::from_utf8(&self.cell) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&self.cell[..error.valid_up_to()]).unwrap_or_default(),
        };
        self.row.push(format!("{text}{mark}"));
        self.cell.clear();
    }

    fn end_row(&mut self) -> Result<(), Error> {
        self.end_cell();
        let mut row = std::mem::take(&mut self.row);
        match &self.widths {
            Some(widths) => push_row(without(&mut row, &self.optional), widths, self.width, &mut self.out),
            None => {
                self.sample_bytes += row.iter().map(String::len).sum::<usize>();
                self.sample.push(row);
                if self.sample.len() >= SAMPLE || self.sample_bytes >= SAMPLE_BYTES {
                    self.decide_widths();
                }
            }
        }
        if self.out.len() >= SAMPLE_BYTES { self.flush() } else { Ok(()) }
    }

    /// Keeps of the optional columns, from here on, only those that are left out: as many
    /// as it takes for the others to be readable.
    fn choose_columns(&mut self) {
        /// A column of this width can be read, whatever its cells hold.
        const READABLE: usize = 24;
        let natural = widths(&self.sample, &[], None);
        let Some(most) = self.width else { return self.optional.clear() };
        let fits = |left_out: &[usize]| {
            let shown = natural.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
            let readable = |at| if self.are_times.get(at) == Some(&true) { TIME } else { READABLE };
            let needed: usize = shown.map(|(at, width)| (*width).min(readable(at)) + GAP).sum();
            needed <= most + GAP
        };
        let count = (0..=self.optional.len()).find(|count| fits(&self.optional[..*count]));
        self.optional.truncate(count.unwrap_or(self.optional.len()));
    }

    fn decide_widths(&mut self) {
        if self.widths.is_some() {
            return;
        }
        self.choose_columns();
        for row in &mut self.sample {
            without(row, &self.optional);
        }
        let widths = widths(&self.sample, without(&mut self.are_times, &self.optional), self.width);
        for row in std::mem::take(&mut self.sample) {
            push_row(&row, &widths, self.width, &mut self.out);
        }
        self.widths = Some(widths);
    }

    fn flush(&mut self) -> Result<(), Error> {
        if let (Some(target), false) = (&mut self.target, self.out.is_empty()) {
            target.write(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }
}

impl RowSink for AlignedTable {
    fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        for byte in rows {
            match byte {
                b'\t' => self.end_cell(),
                b'\n' => self.end_row()?,
                byte if self.cell.len() < MAX_CELL => self.cell.push(*byte),
                _ => self.is_cut = true,
            }
        }
        self.flush()
    }

    fn finish(mut self: Box<Self>, _coverage: &Coverage, _stop: &Cancellation) -> Result<(), Error> {
        self.decide_widths();
        self.flush()?;
        self.target.take().map_or(Ok(()), Target::finish)
    }
}

/// Positions of the columns that may be left out, the first first.
fn optional(columns: &[OutputColumn]) -> Vec<usize> {
    let mut optional: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].leave_out.is_some()).collect();
    optional.sort_by_key(|at| columns[*at].leave_out);
    optional
}

/// The row without the columns at these positions.
fn without<'r, T>(row: &'r mut Vec<T>, left_out: &[usize]) -> &'r [T] {
    if !left_out.is_empty() {
        let mut at = 0..;
        row.retain(|_| at.next().is_none_or(|at| !left_out.contains(&at)));
    }
    row
}

impl Drop for AlignedTable {
    /// An interrupted run prints the rows found so far. An output file is not created in that
    /// case.
    fn drop(&mut self) {
        if matches!(self.target, Some(Target::Stdout)) {
            self.decide_widths();
            // The run has already failed and reported its error.
            let _ = self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn table(rows: &[&str], width: Option<usize>) -> String {
        table_of(&[], rows, width)
    }

    fn table_of(columns: &[OutputColumn], rows: &[&str], width: Option<usize>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        let mut table = AlignedTable::new(Target::open(Some(&path)).unwrap(), width, columns);
        for piece in rows.concat().as_bytes().chunks(3) {
            table.write(piece).unwrap();
        }
        Box::new(table).finish(&Coverage::default(), &Cancellation::default()).unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let rows = ["time\tuser\terror\n", "1\tzoë\t\n", "12\t漢字x\tDenied\n"];
        assert_eq!(table(&rows, None), "time  user   error\n1     zoë\n12    漢字x  Denied\n");
    }

    #[test]
    fn a_cell_that_is_not_shown_whole_is_marked() {
        let whole = "é".repeat(MAX_CELL / 2);
        assert_eq!(table(&[&format!("{whole}\n")], None), format!("{whole}\n"));
        assert_eq!(table(&[&format!("x{whole}\ty\n")], None).matches("é…  y").count(), 1);
    }

    #[test]
    fn lines_fit_the_terminal_and_the_widest_column_shrinks() {
        let rows = ["a\tlong\tb\n", "1\taaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\t2\n"];
        assert_eq!(table(&rows, Some(20)), "a  long            b\n1  aaaaaaaaaaaaa…  2\n");
        let many: String = (0..20).map(|at| format!("column{at:02}\t")).collect::<String>() + "\n";
        assert!(table(&[&many], Some(30)).lines().all(|line| line.width() <= 30));
    }

    fn column(column_type: ColumnType, leave_out: Option<usize>) -> OutputColumn {
        OutputColumn { name: String::new(), column_type, leave_out }
    }

    #[test]
    fn times_are_cut_last() {
        let rows = ["where\ttime\twho\n", "eu-west-1\t2026-10-01T09:00:00Z\tAdmin/alice@example.com\n"];
        let columns =
            [column(ColumnType::Text, Some(0)), column(ColumnType::Time, None), column(ColumnType::Text, None)];
        let table = |width| table_of(&columns, &rows, Some(width)).lines().nth(1).unwrap().to_string();
        assert_eq!(table(60), "eu-west-1  2026-10-01T09:00:00Z  Admin/alice@example.com");
        assert_eq!(table(40), "2026-10-01T09:00:00Z  Admin/alice@examp…");
        assert_eq!(table(30), "2026-10-01T09:00:00Z  Admin/a…");
        assert_eq!(table(20), "2026-10-0…  Admin/a…");
    }

    #[test]
    fn optional_columns_give_way_to_readable_ones() {
        let rows = ["time\twhere\twhat\n", "2026-10-01T09:00:00Z\teu-west-1\tTerminateInstances\n"];
        let columns =
            [column(ColumnType::Text, None), column(ColumnType::Text, Some(1)), column(ColumnType::Text, Some(2))];
        let table = |width| table_of(&columns, &rows, width).lines().next().unwrap().to_string();
        assert_eq!(table(None), "time                  where      what");
        assert_eq!(table(Some(60)), "time                  where      what");
        assert_eq!(table(Some(40)), "time                  what");
        assert_eq!(table(Some(30)), "time");
    }

    #[test]
    fn optional_columns_give_way_to_whole_times() {
        let rows = ["until\tgroup\twho\n", "still at 2026-10-01T09:00:00Z\tsg-0abc12de34f567890\talice\n"];
        let columns =
            [column(ColumnType::Time, None), column(ColumnType::Text, None), column(ColumnType::Text, Some(0))];
        let table = |width| table_of(&columns, &rows, Some(width)).lines().nth(1).unwrap().to_string();
        assert_eq!(table(58), "still at 2026-10-01T09:00:00Z  sg-0abc12de34f567890  alice");
        assert_eq!(table(57), "still at 2026-10-01T09:00:00Z  sg-0abc12de34f567890");
        assert_eq!(table(45), "still at 2026-10-01T09:00:00Z  sg-0abc12de34…");
    }

    #[test]
    fn rows_after_the_sample_are_written() {
        let rows: Vec<String> = (0..SAMPLE + 10).map(|at| format!("{at}\tx\n")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let text = table(&rows, Some(80));
        assert_eq!(text.lines().count(), SAMPLE + 10);
        assert!(text.ends_with("\n1009  x\n"), "{text}");
        let wide = "y".repeat(70);
        let last = format!("{wide}\t{wide}\n");
        let rows = [&rows[..], &[last.as_str()]].concat();
        let text = table(&rows, Some(80));
        assert!(text.ends_with("\nyy…  …\n"), "{text}");
    }
}
