//! The table of changes by theme, as text for people.

use indicatif::HumanCount;

use super::display::fitted;
use super::result::{SummaryTable, TableRow};
use super::terminal::{ALERT, FAINT, GAP, HEADING, TIME, TextPage, cells, fitting, joined, rest, widths};
use super::time;

/// Narrower lines show the last time only.
const WIDTH_FOR_TWO_TIMES: usize = 100;
/// Rows are indented below their theme.
const INDENT: usize = 2;

impl TextPage {
    /// Adds the table: a line for each theme, and its rows below.
    pub(super) fn changes(&mut self, table: &SummaryTable) {
        if table.rows.is_empty() {
            return;
        }
        let done: Vec<String> = table.rows.iter().map(|row| number(row.stats.count - row.stats.failures)).collect();
        let failed: Vec<String> = table.rows.iter().map(|row| number(row.stats.failures)).collect();
        let longest =
            |cells: &[String], heading: &str| cells.iter().map(String::len).max().unwrap_or(0).max(heading.len());
        let (done_width, failed_width) = (longest(&done, "done"), longest(&failed, "failed"));
        let has_first = self.width >= WIDTH_FOR_TWO_TIMES;
        let times = match (self.period, has_first) {
            (None, _) => 0,
            (Some(_), false) => GAP + TIME,
            (Some(_), true) => 2 * (GAP + TIME),
        };
        let fixed = INDENT + 2 * GAP + done_width + failed_width + times;
        let headings = ["call", "on what", "who", "from"].map(String::from);
        let values: Vec<Vec<String>> = table.rows.iter().map(|row| cells(row).split_off(1)).collect();
        let widths = widths(&headings, &values, self.width.saturating_sub(fixed));
        let values = fitting(&values, &widths);

        self.line("");
        let mut line = format!("{:INDENT$}{}", "", joined(&headings, &widths));
        line.push_str(&format!("{:GAP$}{:>done_width$}{:GAP$}{:>failed_width$}", "", "done", "", "failed"));
        if times > 0 {
            line.push_str(&if has_first { format!("  {:TIME$}  last", "first") } else { "  last".into() });
        }
        self.line(&self.paint(HEADING, "Changes by theme"));
        let line = fitted(line.trim_end(), self.width).into_owned();
        self.line(&self.paint(FAINT, &line));
        let mut theme = None;
        for (at, (row, values)) in table.rows.iter().zip(&values).enumerate() {
            if theme != row.values.first() {
                theme = row.values.first();
                let heading = theme.map_or("", String::as_str);
                self.line(&self.paint(HEADING, heading));
            }
            let mut line = format!("{:INDENT$}{}", "", joined(values, &widths));
            line.push_str(&format!("{:GAP$}{:>done_width$}{:GAP$}", "", done[at], ""));
            let failed = format!("{:>failed_width$}", failed[at]);
            line.push_str(&if row.stats.failures > 0 { self.paint(ALERT, &failed) } else { failed });
            line.push_str(&self.paint(FAINT, &self.change_times(row, has_first)));
            self.line(&line);
        }
        if let Some(rest) = rest(table) {
            self.line(&self.paint(FAINT, &fitted(&rest, self.width)));
        }
    }

    /// The first and the last time of a row, or the last one.
    fn change_times(&self, row: &TableRow, has_first: bool) -> String {
        let Some(period) = self.period else { return String::new() };
        let times = row
            .stats
            .period()
            .map_or([String::new(), String::new()], |times| times.map(|second| time::short(second, period)));
        let shown = if has_first { &times[..] } else { &times[1..] };
        shown.iter().map(|time| format!("{:GAP$}{time:TIME$}", "")).collect()
    }
}

/// The number, or a mark for none, which is easier to skip.
fn number(count: u64) -> String {
    if count == 0 { "-".into() } else { HumanCount(count).to_string() }
}
