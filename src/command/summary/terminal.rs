//! The summary as text for people, fitted to the width of the terminal and in
//! colour if enabled.

use anstyle::{AnsiColor, Style};
use indicatif::HumanCount;

use super::amount;
use super::event_counts::{ERROR, OTHER, READ, WRITE};
use super::request::TextStyle;
use super::result::{Summary, SummaryTable, TableRow, TableTopic};
use super::time;
use crate::command::summary::display::{fitted, fitted_apart, visible, width};
use crate::command::summary::value_stats::{ChartRange, SPARKLINE_BUCKETS};
use crate::report::{Coverage, count};

pub(super) const HEADING: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
const BAR: Style = AnsiColor::Cyan.on_default();
pub(super) const ALERT: Style = AnsiColor::Red.on_default();

/// Spaces between the columns of a table.
pub(super) const GAP: usize = 2;
/// The width of a column of times.
pub(super) const TIME: usize = "10-01 09:14".len();

/// Longer lines are hard to read.
const WIDEST_NOTE: usize = 100;

/// Returns the text, which ends with its provenance.
/// `summed` is the path of the field that is summed.
pub(super) fn text(
    summary: &Summary,
    coverage: &Coverage,
    provenance: &[(&str, String)],
    summed: Option<&str>,
    style: TextStyle,
) -> String {
    let period = summary.counts.all.period();
    let is_wide = style.width.is_some_and(|width| width >= 100);
    let buckets = if is_wide { SPARKLINE_BUCKETS } else { SPARKLINE_BUCKETS / 2 };
    let chart_range = period.map(|period| ChartRange::new(period, buckets));
    let mut page =
        TextPage { text: String::new(), style, width: style.width.unwrap_or(usize::MAX), period, chart_range, summed };
    page.overview(summary, coverage);
    for table in in_order(summary) {
        match table.topic {
            TableTopic::Accounts | TableTopic::Regions => {}
            TableTopic::Rare => summary.rarest().iter().for_each(|rarest| page.grouped(rarest)),
            topic if topic.group_columns() > 0 || matches!(topic, TableTopic::Signals(_)) => page.grouped(table),
            _ => page.table(table),
        }
    }
    page.line("");
    for (label, text) in provenance {
        page.labelled(label, text);
    }
    page.text
}

/// The tables in the order in which people read them: what matters most comes first.
fn in_order(summary: &Summary) -> Vec<&SummaryTable> {
    let place = |table: &&SummaryTable| match table.topic {
        TableTopic::Changes => 0,
        TableTopic::Signals(_) => 1,
        TableTopic::Against => 2,
        _ => 3,
    };
    let mut tables: Vec<&SummaryTable> = summary.tables.iter().collect();
    tables.sort_by_key(place);
    tables
}

pub(super) struct TextPage<'a> {
    text: String,
    style: TextStyle,
    /// The most columns of a line.
    pub(super) width: usize,
    pub(super) period: Option<[i64; 2]>,
    /// The period of the small charts.
    chart_range: Option<ChartRange>,
    /// The path of the field that is summed.
    summed: Option<&'a str>,
}

impl TextPage<'_> {
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end_matches(' '));
        self.text.push('\n');
    }

    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.style.has_colors && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// Adds a faint text, which wraps at the width of the page.
    pub(super) fn note(&mut self, text: &str) {
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && width(&line) + 1 + width(word) > self.width.min(WIDEST_NOTE) {
                self.line(&self.paint(FAINT, &line));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&self.paint(FAINT, &line));
    }

    /// Adds a label and a text, which wraps at the width of the page.
    fn labelled(&mut self, label: &str, text: &str) {
        const LABEL: usize = 11;
        let mut heading = self.paint(HEADING, label) + &" ".repeat(LABEL.saturating_sub(label.len()));
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && LABEL + width(&line) + 1 + width(word) > self.width {
                self.line(&format!("{heading}{line}"));
                heading = " ".repeat(LABEL);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&format!("{heading}{line}"));
    }

    fn overview(&mut self, summary: &Summary, coverage: &Coverage) {
        let counts = &summary.counts;
        let number = |count: u64| HumanCount(count).to_string();
        let period = match self.period {
            Some([first, last]) => format!("{} to {} UTC", time::whole(first), time::whole(last)),
            None if counts.all.count == 0 => "no events".into(),
            None => "no event has a time".into(),
        };
        self.labelled("Period", &period);
        let kinds = [(READ, "read"), (WRITE, "write"), (ERROR, "error"), (OTHER, "other")];
        let kinds = kinds.into_iter().filter(|(kind, _)| counts.kinds[*kind] > 0);
        let kinds: Vec<String> = kinds.map(|(kind, name)| count(counts.kinds[kind], name)).collect();
        let mut events = format!("{} in {}", number(counts.all.count), coverage.sources());
        if !kinds.is_empty() {
            events += &format!(": {}", kinds.join(", "));
        }
        if counts.denied > 0 {
            events += &format!(" ({} denied)", number(counts.denied));
        }
        self.labelled("Events", &events);
        if let Some(path) = self.summed {
            self.labelled("Sum", &format!("{} of {}", amount::readable(counts.all.sum), visible(path)));
        }
        if summary.untimed() > 0 {
            self.labelled("", &format!("{} without a readable time", number(summary.untimed())));
        }
        for (label, topic) in [("Accounts", TableTopic::Accounts), ("Regions", TableTopic::Regions)] {
            if let Some(table) = summary.table(topic).filter(|table| table.distinct > 0) {
                let list = list(table);
                self.labelled(label, &list);
            }
        }
        let names =
            [(TableTopic::Users, "user", "users"), (TableTopic::Addresses, "source address", "source addresses")];
        let different = names.into_iter().filter_map(|(topic, one, many)| {
            let distinct = summary.table(topic)?.distinct;
            Some(format!("{} {}", HumanCount(distinct), if distinct == 1 { one } else { many }))
        });
        let different: Vec<String> = different.collect();
        if !different.is_empty() && counts.all.count > 0 {
            self.labelled("Different", &different.join(", "));
        }
        if let Some(chart_range) = self.chart_range {
            let bars = self.paint(BAR, &bars(&counts.all.over(chart_range)));
            let text = format!("{bars} by {}", time::step(chart_range.minutes()));
            self.labelled("Activity", &text);
        }
    }

    fn table(&mut self, table: &SummaryTable) {
        if table.rows.is_empty() {
            return;
        }
        let numbers: Vec<String> = table.rows.iter().map(|row| HumanCount(row.stats.count).to_string()).collect();
        let number = numbers.iter().map(String::len).max().unwrap_or(0).max("events".len());
        let over =
            self.chart_range.map_or(String::new(), |chart_range| format!("by {}", time::step(chart_range.minutes())));
        let picture = self.chart_range.map_or(0, |chart_range| chart_range.count.max(over.len()));
        let sums: Vec<String> = table.rows.iter().map(|row| amount::readable(row.stats.sum)).collect();
        let sum = self.summed.and(sums.iter().map(String::len).max()).map(|longest| longest.max("sum".len()));
        let fixed =
            GAP + number + sum.map_or(0, |sum| GAP + sum) + if picture > 0 { 3 * GAP + 2 * TIME + picture } else { 0 };
        let headings = headings(table);
        let cells: Vec<Vec<String>> = table.rows.iter().map(cells).collect();
        let widths = widths(&headings, &cells, self.width.saturating_sub(fixed));
        let cells = fitting(&cells, &widths);

        self.line("");
        let mut line = joined(&headings, &widths);
        line.push_str(&format!("{:GAP$}{:>number$}", "", "events"));
        if let Some(sum) = sum {
            line.push_str(&format!("{:GAP$}{:>sum$}", "", "sum"));
        }
        if picture > 0 {
            line.push_str(&format!("  {:TIME$}  {:TIME$}  {over}", "first", "last"));
        }
        let style = if matches!(table.topic, TableTopic::Errors | TableTopic::Denied) { ALERT.bold() } else { HEADING };
        let line = fitted(line.trim_end(), self.width).into_owned();
        self.line(&self.paint(style, &line));
        for (((cells, events), amount), row) in cells.iter().zip(&numbers).zip(&sums).zip(&table.rows) {
            let mut line = joined(cells, &widths);
            line.push_str(&format!("{:GAP$}{events:>number$}", ""));
            if let Some(sum) = sum {
                line.push_str(&format!("{:GAP$}{amount:>sum$}", ""));
            }
            if let (Some(chart_range), Some(period)) = (self.chart_range, self.period) {
                let times = row
                    .stats
                    .period()
                    .map_or([String::new(), String::new()], |times| times.map(|second| time::short(second, period)));
                let times = times.map(|time| format!("{:GAP$}{time:TIME$}", "")).concat();
                line.push_str(&self.paint(FAINT, &times));
                line.push_str("  ");
                line.push_str(&self.paint(BAR, &bars(&row.stats.over(chart_range))));
            }
            self.line(&line);
        }
        if let Some(rest) = rest(table) {
            self.line(&self.paint(FAINT, &fitted(&rest, self.width)));
        }
    }
}

/// The headings of the columns of values.
fn headings(table: &SummaryTable) -> Vec<String> {
    let name = match table.topic {
        TableTopic::Users => "Users",
        TableTopic::People => "People",
        TableTopic::Events => "Event names",
        TableTopic::Sources => "Services",
        TableTopic::Addresses => "Source addresses",
        TableTopic::Keys => "Access keys",
        TableTopic::Agents => "User agents",
        TableTopic::Resources => "Resources",
        TableTopic::Errors => "Errors",
        TableTopic::Denied => return vec!["Denied".into(), "call".into()],
        _ => return table.columns.iter().map(|name| visible(name).into_owned()).collect(),
    };
    vec![name.into()]
}

pub(super) fn cells(row: &TableRow) -> Vec<String> {
    let shown = |value: &String| if value.is_empty() { "-".into() } else { visible(value).into_owned() };
    row.values.iter().map(shown).collect()
}

/// The widths of the columns of values. If they need more than `available`, the
/// widest column shrinks first, so that narrow columns stay complete.
pub(super) fn widths(headings: &[String], cells: &[Vec<String>], available: usize) -> Vec<usize> {
    const MIN_WIDTH: usize = 4;
    let column = |at: usize| cells.iter().filter_map(move |row| row.get(at)).map(|cell| width(cell)).max();
    let mut widths: Vec<usize> =
        headings.iter().enumerate().map(|(at, name)| column(at).unwrap_or(0).max(width(name))).collect();
    let available = available.saturating_sub(GAP * (widths.len().max(1) - 1));
    while widths.iter().sum::<usize>() > available {
        match widths.iter_mut().max() {
            Some(widest) if *widest > MIN_WIDTH => *widest -= 1,
            _ => break,
        }
    }
    widths
}

/// The cells cut to `widths`, so that different cells of a column stay different.
pub(super) fn fitting(cells: &[Vec<String>], widths: &[usize]) -> Vec<Vec<String>> {
    let mut rows = vec![Vec::new(); cells.len()];
    for (at, width) in widths.iter().enumerate() {
        let column: Vec<&str> = cells.iter().map(|row| row.get(at).map_or("", String::as_str)).collect();
        for (row, cell) in rows.iter_mut().zip(fitted_apart(&column, *width)) {
            row.push(cell.into_owned());
        }
    }
    rows
}

pub(super) fn joined(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, columns)| {
        let text = fitted(cell, *columns);
        let blank = " ".repeat(columns.saturating_sub(width(&text)));
        text.into_owned() + &blank
    });
    padded.collect::<Vec<_>>().join(&" ".repeat(GAP))
}

/// A note on the values that have no row and the events without a value.
pub(super) fn rest(table: &SummaryTable) -> Option<String> {
    if matches!(table.topic, TableTopic::FirstSeen | TableTopic::Rare) {
        return None;
    }
    let shown: u64 = table.rows.iter().map(|row| row.stats.count).sum();
    let others = table.distinct - table.rows.len() as u64;
    let mut parts = Vec::new();
    if others > 0 {
        let with = match table.topic {
            // An event can be in several rows.
            TableTopic::Against | TableTopic::Resources => String::new(),
            _ => format!(" with {}", count(table.events.saturating_sub(shown), "event")),
        };
        parts.push(format!("{} more{with}", HumanCount(others)));
    }
    if table.empty > 0 && !matches!(table.topic, TableTopic::Errors) {
        parts.push(format!("{} without", count(table.empty, "event")));
    }
    (!parts.is_empty()).then(|| format!("({})", parts.join("; ")))
}

/// The most frequent values of a table on one line.
fn list(table: &SummaryTable) -> String {
    const MAX_VALUES: usize = 6;
    let rows = table.rows.iter().take(MAX_VALUES);
    let mut list: Vec<String> =
        rows.map(|row| format!("{} ({})", cells(row).join(" "), HumanCount(row.stats.count))).collect();
    let others = table.distinct - list.len() as u64;
    if others > 0 {
        list.push(format!("{} more", HumanCount(others)));
    }
    format!("{}: {}", HumanCount(table.distinct), list.join(", "))
}

/// A bar per count, scaled so that the largest fills the height of a line.
fn bars(counts: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let bar = |count: u64| match count {
        0 => ' ',
        count => BARS[((count as f64 / most * 8.0).ceil() as usize).clamp(1, 8) - 1],
    };
    counts.iter().map(|count| bar(*count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_scaled_to_the_largest_count() {
        assert_eq!(bars(&[0, 1, 50, 100, 1000]), " ▁▁▁█");
        assert_eq!(bars(&[]), "");
        assert_eq!(bars(&[u64::MAX, 1]), "█▁");
    }

    #[test]
    fn wide_columns_shrink_before_narrow_ones() {
        let rows = [vec!["a".repeat(50), "b".repeat(10)]];
        let headings = ["one".to_string(), "two".to_string()];
        assert_eq!(widths(&headings, &rows, 100), [50, 10]);
        assert_eq!(widths(&headings, &rows, 40), [28, 10]);
        assert_eq!(widths(&headings, &rows, 0), [4, 4]);
    }
}
