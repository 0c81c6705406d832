//! The table of changes by theme, as text for people.

use indicatif::HumanCount;

use super::display::fitted;
use super::result::{SummaryTable, TableRow};
use super::terminal::{ALERT, FAINT, GAP, HEADING, TIME, TextPage, cells, fitting, joined, rest, widths};
use super::time;

/// Narrower lines show the last time only, and failures only if there are any.
const WIDTH_FOR_TWO_TIMES: usize = 100;
/// Rows are indented below their theme.
const INDENT: usize = 2;

impl TextPage<'_> {
    /// Adds the table: a line for each theme, and its rows below.
    pub(super) fn changes(&mut self, table: &SummaryTable) {
        if table.rows.is_empty() {
            return;
        }
        let done: Vec<String> = table.rows.iter().map(|row| number(row.stats.count - row.stats.failures)).collect();
        let failed: Vec<String> = table.rows.iter().map(|row| number(row.stats.failures)).collect();
        let longest =
            |cells: &[String], heading: &str| cells.iter().map(String::len).max().unwrap_or(0).max(heading.len());
        let has_first = self.width >= WIDTH_FOR_TWO_TIMES;
        let has_failed = has_first || table.rows.iter().any(|row| row.stats.failures > 0);
        let done_width = longest(&done, "done");
        let failed_width = if has_failed { GAP + longest(&failed, "failed") } else { 0 };
        let times = match (self.period, has_first) {
            (None, _) => 0,
            (Some(_), false) => GAP + TIME,
            (Some(_), true) => 2 * (GAP + TIME),
        };
        let fixed = INDENT + GAP + done_width + failed_width + times;
        let headings = ["call", "on what", "who", "from"].map(String::from);
        let mut values: Vec<Vec<String>> = table.rows.iter().map(|row| cells(row).split_off(1)).collect();
        if self.width < usize::MAX {
            values.iter_mut().filter_map(|row| row.get_mut(1)).for_each(|object| *object = without_account(object));
        }
        let widths = widths(&headings, &values, self.width.saturating_sub(fixed));
        let values = fitting(&values, &widths);

        self.line("");
        let mut line = format!("{:INDENT$}{}", "", joined(&headings, &widths));
        let heading = if has_failed { "failed" } else { "" };
        line.push_str(&format!("{:GAP$}{:>done_width$}{heading:>failed_width$}", "", "done"));
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
            line.push_str(&format!("{:GAP$}{:>done_width$}", "", done[at]));
            let failed = if has_failed { format!("{:>failed_width$}", failed[at]) } else { String::new() };
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

/// ARNs without service, region and account, which leave no room for the name:
/// `trail/audit` of `arn:aws:cloudtrail:us-east-1:111122223333:trail/audit`.
fn without_account(object: &str) -> String {
    let name = |one: &str| one.splitn(6, ':').nth(5).filter(|_| one.starts_with("arn:")).unwrap_or(one).to_string();
    object.split(';').map(name).collect::<Vec<_>>().join(";")
}

/// The number, or a mark for none, which is easier to skip.
fn number(count: u64) -> String {
    if count == 0 { "-".into() } else { HumanCount(count).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_shown_without_their_account() {
        for (object, expected) in [
            ("arn:aws:cloudtrail:us-east-1:111122223333:trail/audit", "trail/audit"),
            ("arn:aws:s3:::b;arn:aws:secretsmanager:r:1:secret:a/b-c", "b;secret:a/b-c"),
            ("a:b:c:d:e:f", "a:b:c:d:e:f"),
            ("arn:aws", "arn:aws"),
            ("", ""),
        ] {
            assert_eq!(without_account(object), expected);
        }
    }
}
