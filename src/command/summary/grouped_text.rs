//! Tables whose rows are in groups, as text for people: changes by theme, what was first seen
//! last, what is rare, what differs from an earlier period, and signals.

use indicatif::HumanCount;

use super::derived;
use super::display::fitted;
use super::result::{SummaryTable, TableRow, TableTopic};
use super::terminal::{ALERT, FAINT, GAP, HEADING, TIME, TextPage, cells, fitting, joined, rest, widths};
use super::time;

/// Narrower lines show one time only, and failures only if there are any.
const WIDTH_FOR_TWO_TIMES: usize = 100;
/// Rows are indented below their group.
const INDENT: usize = 2;

/// How a table of groups is shown.
struct GroupedLayout {
    title: &'static str,
    /// The headings of the values behind the group.
    values: Vec<&'static str>,
    numbers: Vec<NumberColumn>,
    /// The headings of the times, and which of the first and the last they are.
    times: Vec<(&'static str, usize)>,
}

/// A column of numbers.
struct NumberColumn {
    heading: &'static str,
    cells: Vec<String>,
    /// Whether a number that is not zero is an alert.
    is_alert: bool,
}

impl TextPage<'_> {
    /// Adds the table: a line for each group, and its rows below.
    pub(super) fn grouped(&mut self, table: &SummaryTable) {
        if table.rows.is_empty() {
            return;
        }
        let layout = GroupedLayout::new(table, self.width >= WIDTH_FOR_TWO_TIMES, self.period.is_some());
        let number_widths: Vec<usize> = layout.numbers.iter().map(NumberColumn::width).collect();
        let fixed: usize = number_widths.iter().map(|width| GAP + width).sum();
        let fixed = INDENT + fixed + layout.times.len() * (GAP + TIME);
        let headings: Vec<String> = layout.values.iter().map(|heading| heading.to_string()).collect();
        let mut values: Vec<Vec<String>> =
            table.rows.iter().map(|row| cells(row).split_off(table.topic.group_columns())).collect();
        if layout.values.len() == 2 && matches!(table.topic, TableTopic::Signals(_)) {
            values.iter_mut().for_each(|row| drop(row.remove(1)));
        }
        if self.width < usize::MAX {
            values.iter_mut().flatten().for_each(|value| *value = without_account(value));
        }
        let widths = widths(&headings, &values, self.width.saturating_sub(fixed));
        let values = fitting(&values, &widths);

        self.line("");
        let mut line = format!("{:INDENT$}{}", "", joined(&headings, &widths));
        for (column, width) in layout.numbers.iter().zip(&number_widths) {
            line.push_str(&format!("{:GAP$}{:>width$}", "", column.heading));
        }
        for (heading, _) in &layout.times {
            line.push_str(&format!("{:GAP$}{heading:TIME$}", ""));
        }
        self.line(&self.paint(HEADING, layout.title));
        if let TableTopic::Signals(kind) = table.topic {
            self.note(kind.meaning());
        }
        let line = fitted(line.trim_end(), self.width).into_owned();
        self.line(&self.paint(FAINT, &line));
        let mut group = None;
        for (at, (row, values)) in table.rows.iter().zip(&values).enumerate() {
            let group_of_row = group_name(table.topic, row);
            if table.topic.group_columns() > 0 && group.as_ref() != Some(&group_of_row) {
                self.line(&self.paint(HEADING, &group_of_row));
                group = Some(group_of_row);
            }
            let mut line = format!("{:INDENT$}{}", "", joined(values, &widths));
            for (column, width) in layout.numbers.iter().zip(&number_widths) {
                let cell = format!("{:GAP$}{:>width$}", "", column.cells[at]);
                let is_alert = column.is_alert && column.cells[at] != NONE;
                line.push_str(&if is_alert { self.paint(ALERT, &cell) } else { cell });
            }
            line.push_str(&self.paint(FAINT, &self.times(row, &layout.times)));
            self.line(&line);
        }
        if let Some(rest) = rest(table) {
            self.line(&self.paint(FAINT, &fitted(&rest, self.width)));
        }
    }

    /// The times of a row.
    fn times(&self, row: &TableRow, shown: &[(&str, usize)]) -> String {
        let Some(period) = self.period else { return String::new() };
        let times = row.stats.period().map(|times| times.map(|second| time::short(second, period)));
        let times = times.unwrap_or_default();
        shown.iter().map(|(_, edge)| format!("{:GAP$}{:TIME$}", "", times[*edge])).collect()
    }
}

impl GroupedLayout {
    fn new(table: &SummaryTable, is_wide: bool, has_times: bool) -> GroupedLayout {
        let column = |heading, is_alert, of: &dyn Fn(&TableRow) -> u64| NumberColumn {
            heading,
            cells: table.rows.iter().map(|row| number(of(row))).collect(),
            is_alert,
        };
        let events = column("events", false, &|row| row.stats.count);
        let (first, last) = (("first", 0), ("last", 1));
        let both = if is_wide { vec![first, last] } else { vec![last] };
        let (title, values, numbers, times) = match table.topic {
            TableTopic::FirstSeen => {
                ("First seen, latest first", vec!["value", "first user"], vec![events], vec![first])
            }
            TableTopic::Signals(kind) => {
                // Most subjects of some kinds are their own users.
                let is_other = |row: &TableRow| row.values[1] != row.values[0] && !row.values[1].is_empty();
                let has_user = table.rows.iter().any(is_other);
                let values = if has_user { vec!["subject", "who", "what"] } else { vec!["subject", "what"] };
                (kind.name(), values, vec![events], both)
            }
            TableTopic::Rare => ("Rarest", vec!["value", "first user"], vec![events], both),
            TableTopic::Against => {
                let earlier = column("earlier", false, &|row| row.stats.earlier);
                let title = "Compared with the earlier period";
                (title, vec!["value", "first user"], vec![events, earlier], both)
            }
            _ => {
                let done = column("done", false, &|row| row.stats.count - row.stats.failures);
                let failed = column("failed", true, &|row| row.stats.failures);
                let has_failed = is_wide || table.rows.iter().any(|row| row.stats.failures > 0);
                let numbers = [done].into_iter().chain(has_failed.then_some(failed)).collect();
                ("Changes by theme", vec!["call", "on what", "who", "from"], numbers, both)
            }
        };
        GroupedLayout { title, values, numbers, times: if has_times { times } else { Vec::new() } }
    }
}

impl NumberColumn {
    fn width(&self) -> usize {
        self.cells.iter().map(String::len).max().unwrap_or(0).max(self.heading.len())
    }
}

/// The heading of the rows like this one.
fn group_name(topic: TableTopic, row: &TableRow) -> String {
    let value = |at: usize| row.values.get(at).map_or("", String::as_str);
    match topic {
        TableTopic::FirstSeen | TableTopic::Rare => kind_name(value(0)).into(),
        TableTopic::Against => format!("{}: {}", kind_name(value(0)), value(1)),
        _ => value(0).into(),
    }
}

/// What the values of a column are called.
pub(super) fn kind_name(column: &str) -> &str {
    match derived::topic(column) {
        Some(TableTopic::Users) => "users",
        Some(TableTopic::Addresses) => "source addresses",
        Some(TableTopic::Keys) => "long-term access keys",
        Some(TableTopic::Agents) => "user agents",
        Some(TableTopic::Events) => "event names",
        Some(TableTopic::Regions) => "regions",
        Some(TableTopic::Errors) => "errors",
        Some(TableTopic::Accounts) => "accounts",
        _ => column,
    }
}

/// ARNs without service, region and account, which leave no room for the name:
/// `trail/audit` of `arn:aws:cloudtrail:us-east-1:111122223333:trail/audit`.
fn without_account(object: &str) -> String {
    let name = |one: &str| one.splitn(6, ':').nth(5).filter(|_| one.starts_with("arn:")).unwrap_or(one).to_string();
    object.split(';').map(name).collect::<Vec<_>>().join(";")
}

/// A mark for no events, which is easier to skip than a zero.
const NONE: &str = "-";

fn number(count: u64) -> String {
    if count == 0 { NONE.into() } else { HumanCount(count).to_string() }
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
