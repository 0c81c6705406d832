//! Rows as an aligned table, for people: columns as wide as their cells, cut to the
//! width of the terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::target::Target;
use crate::error::Error;

/// How many rows decide the widths. Those that follow keep to them, so that a long
/// table appears while it is made, and in bounded memory.
const SAMPLE: usize = 1000;
/// How much text of these rows is held, in bytes.
const SAMPLE_BYTES: usize = 4 << 20;
/// More of a cell is never shown, in bytes.
const LONGEST: usize = 4096;
/// What separates two columns.
const GAP: usize = 2;
/// No column is made narrower for another one.
const NARROWEST: usize = 8;

/// Writes rows of cells, separated by tabs, as an aligned table.
#[derive(Debug)]
pub struct AlignedTable {
    /// Nothing once the table is finished.
    target: Option<Target>,
    /// How many columns of a terminal a line may take.
    width: Option<usize>,
    /// The cells of the rows that decide the widths.
    sample: Vec<Vec<String>>,
    sample_bytes: usize,
    /// The width of each column, once it is decided.
    widths: Option<Vec<usize>>,
    /// The row that is being read.
    row: Vec<String>,
    /// Its last cell so far, as bytes: a piece may end within a character.
    cell: Vec<u8>,
    out: Vec<u8>,
}

impl AlignedTable {
    /// An empty table, whose lines take at most `width` columns of a terminal.
    pub fn new(target: Target, width: Option<usize>) -> AlignedTable {
        let (sample, row, cell, out) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        AlignedTable { target: Some(target), width, sample, sample_bytes: 0, widths: None, row, cell, out }
    }

    /// Takes rows as lines, of which the last may be only begun.
    pub fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        for byte in rows {
            match byte {
                b'\t' => self.end_cell(),
                b'\n' => self.end_row()?,
                byte if self.cell.len() < LONGEST => self.cell.push(*byte),
                _ => {}
            }
        }
        self.flush()
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Result<(), Error> {
        self.decide_widths();
        self.flush()?;
        self.target.take().map_or(Ok(()), Target::finish)
    }

    fn end_cell(&mut self) {
        self.row.push(String::from_utf8_lossy(&self.cell).into_owned());
        self.cell.clear();
    }

    fn end_row(&mut self) -> Result<(), Error> {
        self.end_cell();
        let row = std::mem::take(&mut self.row);
        match &self.widths {
            Some(widths) => push_row(&row, widths, self.width, &mut self.out),
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

    fn decide_widths(&mut self) {
        if self.widths.is_some() {
            return;
        }
        let widths = widths(&self.sample, self.width);
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

impl Drop for AlignedTable {
    /// A run that is interrupted shows what it has found. A file would not appear.
    fn drop(&mut self) {
        if matches!(self.target, Some(Target::Stdout)) {
            self.decide_widths();
            // The run has failed already, which is reported.
            let _ = self.flush();
        }
    }
}

/// The width of each column: as wide as its widest cell, or less where a line would
/// not fit; then the widest columns give way first.
fn widths(rows: &[Vec<String>], most: Option<usize>) -> Vec<usize> {
    let mut widths = vec![0; rows.iter().map(Vec::len).max().unwrap_or_default()];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let Some(most) = most else { return widths };
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > most {
        let widest = widths.iter().copied().max().unwrap_or_default();
        if widest <= NARROWEST {
            break;
        }
        // All of the widest at once, so that columns alike stay alike.
        let next = widths.iter().copied().filter(|width| *width < widest).max().unwrap_or_default();
        let count = widths.iter().filter(|width| **width == widest).count();
        let excess = (widths.iter().sum::<usize>() + gaps - most).div_ceil(count);
        let narrower = widest.saturating_sub(excess).max(next).max(NARROWEST);
        widths.iter_mut().filter(|width| **width == widest).for_each(|width| *width = narrower);
    }
    widths
}

/// Appends the line of a row. Behind the last cell there are no blanks.
fn push_row(row: &[String], widths: &[usize], most: Option<usize>, out: &mut Vec<u8>) {
    let mut line = String::new();
    let mut used = 0;
    for (at, cell) in row.iter().enumerate() {
        let start = widths.iter().take(at).map(|width| width + GAP).sum::<usize>();
        line.extend(std::iter::repeat_n(' ', start.saturating_sub(used)));
        used = used.max(start);
        // Without a limit, a cell that is wider than those that decided is shown whole.
        let room = most.and_then(|_| widths.get(at).copied()).unwrap_or(usize::MAX);
        let cell = cut(cell, room);
        used += cell.width();
        line.push_str(&cell);
    }
    let line = match most {
        Some(most) => cut(line.trim_end(), most),
        None => line.trim_end().to_string(),
    };
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

/// The text in this many columns of a terminal at most.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_string();
    }
    let mut used = 1;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= columns
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&str], width: Option<usize>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        let mut table = AlignedTable::new(Target::open(Some(&path)).unwrap(), width);
        for piece in rows.concat().as_bytes().chunks(3) {
            table.write(piece).unwrap();
        }
        table.finish().unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let rows = ["time\tuser\terror\n", "1\tzoë\t\n", "12\t漢字x\tDenied\n"];
        assert_eq!(table(&rows, None), "time  user   error\n1     zoë\n12    漢字x  Denied\n");
    }

    #[test]
    fn a_line_keeps_to_the_terminal_and_the_widest_column_gives_way() {
        let rows = ["a\tlong\tb\n", "1\taaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\t2\n"];
        assert_eq!(table(&rows, Some(20)), "a  long            b\n1  aaaaaaaaaaaaa…  2\n");
        let many: String = (0..20).map(|at| format!("column{at:02}\t")).collect::<String>() + "\n";
        assert!(table(&[&many], Some(30)).lines().all(|line| line.width() <= 30));
    }

    #[test]
    fn what_follows_the_sample_is_written_all_the_same() {
        let rows: Vec<String> = (0..SAMPLE + 10).map(|at| format!("{at}\tx\n")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let text = table(&rows, Some(80));
        assert_eq!(text.lines().count(), SAMPLE + 10);
        assert!(text.ends_with("\n1009  x\n"), "{text}");
    }
}
