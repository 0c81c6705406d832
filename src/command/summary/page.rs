//! The summary as a page for a browser: one file that loads nothing from the
//! network. The data is a block of JSON; the script in `page/` draws it.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::amount;
use super::event_counts::ERROR;
use super::grouped_text::kind_name;
use super::page_data::{
    ChartFrame, PageChart, PageData, PageDays, PageOwner, PageRoles, PageRow, PageSignals, PageTable,
};
use super::provenance;
use super::request::SummaryRequest;
use super::result::{Summary, SummaryTable, TableRow, TableTopic};
use super::time_histogram::TimeHistogram;
use crate::command::summary::buckets::BucketSize;
use crate::command::summary::display::{is_hidden, visible};
use crate::command::summary::follow_up::FollowUpCommand;
use crate::command::summary::log_days::gaps;
use crate::command::summary::value_stats::{ChartRange, SPARKLINE_BUCKETS};
use crate::error::Error;
use crate::report::Coverage;
use crate::syntax::visible::push_escape;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// The most bytes of JSON for the rows of one table, and for the list of days.
const MAX_TABLE_BYTES: usize = 120 << 10;
/// The most characters of a value; a longer one is cut.
const MAX_VALUE: usize = 300;
/// The most buckets of a chart.
const MAX_CHART_BUCKETS: usize = 240;
/// Seconds per minute and per day.
const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// The name of a table in the script.
fn name(topic: TableTopic) -> &'static str {
    match topic {
        TableTopic::Changes => "changes",
        TableTopic::Accounts => "accounts",
        TableTopic::Regions => "regions",
        TableTopic::Users => "users",
        TableTopic::People => "people",
        TableTopic::Events => "names",
        TableTopic::Sources => "sources",
        TableTopic::Addresses => "addresses",
        TableTopic::Keys => "keys",
        TableTopic::Agents => "agents",
        TableTopic::Resources => "resources",
        TableTopic::Errors => "errors",
        TableTopic::Denied => "denied",
        TableTopic::Requested => "counts",
        TableTopic::FirstSeen => "first",
        TableTopic::Rare => "rare",
        TableTopic::Against => "comparison",
        TableTopic::Signals(kind) => kind.name(),
    }
}

/// Returns the page as HTML.
pub(super) fn page(summary: &Summary, coverage: &Coverage, request: &SummaryRequest) -> Result<String, Error> {
    let data = embedded(&data(summary, coverage, request))
        .map_err(|error| Error::Failed(format!("the page cannot be written: {error}")))?;
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let policy = format!("default-src 'none'; style-src {}; script-src {}", hash(STYLE), hash(SCRIPT));
    let page = TEMPLATE
        .replace("{{policy}}", &policy)
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT)
        // Replaced last: a value may contain one of the other placeholders.
        .replace("{{data}}", &data);
    Ok(page)
}

/// JSON that cannot end the HTML element around it and has no hidden characters.
fn embedded(value: &impl Serialize) -> serde_json::Result<String> {
    let mut text = Vec::new();
    for character in serde_json::to_string(value)?.chars() {
        match character {
            '<' | '>' | '&' => push_escape(character, &mut text),
            hidden if is_hidden(hidden) => push_escape(hidden, &mut text),
            other => text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn data(summary: &Summary, coverage: &Coverage, request: &SummaryRequest) -> PageData {
    let counts = &summary.counts;
    let follow_up = &FollowUpCommand::new(request, summary);
    let chart_range = counts.all.period().map(|period| ChartRange::new(period, SPARKLINE_BUCKETS));
    let is_apart =
        |topic: TableTopic| topic.group_columns() > 0 || matches!(topic, TableTopic::Denied | TableTopic::Signals(_));
    let shown = summary.tables.iter().filter(|table| !is_apart(table.topic));
    // Their rows have no small charts.
    let grouped = |topic| summary.table(topic).map(|grouped| table(grouped, None, follow_up));
    let first_seen = |topic| first_seen(summary, topic, follow_up);
    PageData {
        command: follow_up.command().filter(|_| counts.all.count > 0),
        command_of_time: follow_up.command_of_time(),
        command_of_week: follow_up.command_of_week(),
        covered: visible(&coverage.to_string()).into_owned(),
        provenance: provenance::lines(request, coverage),
        period: counts.all.period(),
        events: counts.all.count,
        kinds: counts.kinds.to_vec(),
        denied: counts.denied,
        error_options: (counts.kinds[ERROR] > 0).then(|| follow_up.errors()),
        denied_options: (counts.denied > 0).then(|| follow_up.denied()),
        untimed: summary.untimed(),
        sum: request.sum.as_deref().map(|path| [cut(path), amount::readable(counts.all.sum)]),
        activity: chart(&counts.histogram, counts.all.period(), follow_up),
        week: counts.week.clone(),
        new: [first_seen(TableTopic::Users), first_seen(TableTopic::Addresses)],
        changes: grouped(TableTopic::Changes),
        signals: summary.tables.iter().filter_map(|signals| self::signals(signals, follow_up)).collect(),
        comparison: grouped(TableTopic::Against),
        first: grouped(TableTopic::FirstSeen),
        rare: summary.rarest().map(|rarest| table(&rarest, None, follow_up)),
        frame: chart_range
            .map(|chart_range| ChartFrame { minutes: chart_range.minutes(), start: chart_range.first_minute() }),
        tables: shown.map(|listed| table(listed, chart_range, follow_up)).collect(),
        roles: summary.table(TableTopic::Denied).map(|calls| roles(&summary.roles, calls, chart_range, follow_up)),
        days: days(summary, follow_up),
    }
}

/// Counts over time, each with the options that select the events of its bucket.
fn chart<const KINDS: usize>(
    histogram: &TimeHistogram<KINDS>,
    period: Option<[i64; 2]>,
    follow_up: &FollowUpCommand<'_>,
) -> PageChart {
    let [first, last] = period.unwrap_or_default().map(|second| second.div_euclid(MINUTE));
    let (minutes, bins) = histogram.bucketed(MAX_CHART_BUCKETS, BucketSize::smallest(first, last));
    let bins = bins.into_iter().map(|(minute, counts)| {
        let options = follow_up.between(minute * MINUTE, (minute + minutes) * MINUTE);
        (minute, counts.to_vec(), options)
    });
    PageChart { minutes, bins: bins.collect(), name: None }
}

/// The number of values first seen on each day.
fn first_seen(summary: &Summary, topic: TableTopic, follow_up: &FollowUpCommand<'_>) -> Option<PageChart> {
    let table = summary.table(topic)?;
    Some(PageChart { name: Some(name(topic)), ..chart(&table.first_seen.by_day(), None, follow_up) })
}

fn table(table: &SummaryTable, chart_range: Option<ChartRange>, follow_up: &FollowUpCommand<'_>) -> PageTable {
    let mut budget = SizeBudget(MAX_TABLE_BYTES);
    let rows = RowMaker { table, spellings: spellings(table), chart_range, follow_up };
    let rows = table.rows.iter().map(|row| rows.row(row));
    PageTable {
        name: name(table.topic),
        columns: table.columns.iter().map(|name| cut(name)).collect(),
        distinct: table.distinct,
        events: table.events,
        empty: table.empty,
        rows: rows.take_while(|row| budget.take(row)).collect(),
    }
}

/// The signals of a kind, if there are any.
fn signals(signals: &SummaryTable, follow_up: &FollowUpCommand<'_>) -> Option<PageSignals> {
    match signals.topic {
        TableTopic::Signals(kind) if signals.distinct > 0 => {
            Some(PageSignals { meaning: kind.meaning(), table: table(signals, None, follow_up) })
        }
        _ => None,
    }
}

/// The principals with denied calls, each with its rows of `calls`.
fn roles(
    roles: &SummaryTable,
    calls: &SummaryTable,
    chart_range: Option<ChartRange>,
    follow_up: &FollowUpCommand<'_>,
) -> PageRoles {
    let (mut budget, mut call_budget) = (SizeBudget(MAX_TABLE_BYTES), SizeBudget(MAX_TABLE_BYTES));
    let mut calls_of = HashMap::<&[String], Vec<(&[String], &TableRow)>>::new();
    for row in &calls.rows {
        let (role, call) = row.values.split_at(roles.columns.len());
        calls_of.entry(role).or_default().push((call, row));
    }
    let [of_roles, of_calls] =
        [roles, calls].map(|table| RowMaker { table, spellings: spellings(table), chart_range, follow_up });
    let mut rows = Vec::new();
    for role in &roles.rows {
        let mut row = of_roles.row(role);
        if !budget.take(&row) {
            break;
        }
        let calls = calls_of
            .get(role.values.as_slice())
            .into_iter()
            .flatten()
            .map(|(name, row)| PageRow { values: name.iter().map(|value| cut(value)).collect(), ..of_calls.row(row) });
        row.calls = Some(calls.take_while(|call| call_budget.take(call)).collect());
        rows.push(row);
    }
    PageRoles { distinct: roles.distinct, events: roles.events, rows }
}

/// The bytes left for one part of the page, so that its size stays bounded
/// whatever the logs contain.
struct SizeBudget(usize);

impl SizeBudget {
    /// Takes the size of `value` and returns true. Returns false if it does not
    /// fit, and the budget is then used up, so that no later value is taken.
    fn take(&mut self, value: &impl Serialize) -> bool {
        let left = embedded(value).ok().and_then(|text| self.0.checked_sub(text.len() + 1));
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// Makes the rows of a table.
struct RowMaker<'a> {
    table: &'a SummaryTable,
    /// The number of rows per lower-case spelling.
    spellings: HashMap<String, usize>,
    chart_range: Option<ChartRange>,
    follow_up: &'a FollowUpCommand<'a>,
}

impl RowMaker<'_> {
    fn row(&self, row: &TableRow) -> PageRow {
        let picture = self.chart_range.map(|chart_range| row.stats.over(chart_range)).unwrap_or_default();
        // A value that is cut here is too long for a command line to copy.
        let is_whole = row.values.iter().all(|value| value.len() <= MAX_VALUE);
        let has_other_spellings = self.spellings.get(&spelling(self.table, row)).is_some_and(|count| *count > 1);
        let options = is_whole.then(|| self.follow_up.row(self.table, row, has_other_spellings)).flatten();
        let is_against = self.table.topic == TableTopic::Against;
        let mut values: Vec<String> = row.values.iter().map(|value| cut(value)).collect();
        if let (TableTopic::FirstSeen | TableTopic::Rare | TableTopic::Against, Some(kind)) =
            (self.table.topic, values.first_mut())
        {
            *kind = kind_name(kind).into();
        }
        PageRow {
            values,
            events: row.stats.count,
            failed: (self.table.topic == TableTopic::Changes).then_some(row.stats.failures),
            earlier: is_against.then_some(row.stats.earlier),
            ratio: self.follow_up.comparison.filter(|_| is_against).and_then(|compared| compared.ratio(&row.stats)),
            sum: (row.stats.sum != 0).then(|| amount::readable(row.stats.sum)),
            period: row.stats.period(),
            picture,
            options,
            calls: None,
        }
    }
}

/// The number of rows per spelling, which ignores the case of letters.
fn spellings(table: &SummaryTable) -> HashMap<String, usize> {
    let mut spellings = HashMap::new();
    for row in &table.rows {
        *spellings.entry(spelling(table, row)).or_default() += 1;
    }
    spellings
}

/// What the events of a row have in common.
fn spelling(table: &SummaryTable, row: &TableRow) -> String {
    // Others say who made the first call, or what has changed.
    let is_shared = |name: &str| !matches!(name, "firstUser" | "change");
    let values = table.columns.iter().zip(&row.values).filter(|(name, _)| is_shared(name));
    values.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("\t").to_lowercase()
}

/// A value as the page shows it: visible, and at most `MAX_VALUE` characters.
fn cut(value: &str) -> String {
    let mut shown: String = visible(value).chars().take(MAX_VALUE).collect();
    if shown.len() < value.len() && shown.chars().count() == MAX_VALUE {
        shown.push('…');
    }
    shown
}

/// The days without a log, by account and region.
fn days(summary: &Summary, follow_up: &FollowUpCommand<'_>) -> PageDays {
    let days = &summary.counts.days;
    let Some(period) = days.period() else {
        return PageDays { unplaced: days.unplaced, ..PageDays::default() };
    };
    let mut owners: Vec<_> = days.owners().map(|(owner, ranges)| (owner, gaps(ranges, period))).collect();
    let missing = |gaps: &[[i32; 2]]| gaps.iter().map(|gap| gap[1] - gap[0] + 1).sum::<i32>();
    owners.sort_by_key(|(_, gaps)| -missing(gaps));
    let (mut budget, total, mut shown) = (SizeBudget(MAX_TABLE_BYTES), owners.len(), Vec::new());
    for ((account, region), gaps) in owners {
        const MAX_OWNERS: usize = 100;
        let options = follow_up.folder(account, region);
        let missing = missing(&gaps);
        let gaps = gaps.into_iter().map(|[first, last]| {
            let time = follow_up.between(i64::from(first) * DAY, (i64::from(last) + 1) * DAY);
            (first, last, time.zip(options.as_ref()).map(|(time, options)| format!("{time} {options}")))
        });
        let gaps = gaps.collect();
        let owner = PageOwner { account: account.clone(), region: cut(region), missing, gaps, options };
        if !budget.take(&owner) || shown.len() == MAX_OWNERS {
            break;
        }
        shown.push(owner);
    }
    let others = total - shown.len();
    PageDays { unplaced: days.unplaced, owners: shown, others, more: days.has_more, period: Some(period) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn values_cannot_end_the_data_element() {
        let text = embedded(&json!({ "a": "</script><!--\u{2028}&amp;" })).unwrap();
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["a"], "</script><!--\u{2028}&amp;");
    }

    #[test]
    fn the_template_has_each_placeholder_once() {
        for placeholder in ["policy", "style", "script", "data"] {
            assert_eq!(TEMPLATE.matches(&format!("{{{{{placeholder}}}}}")).count(), 1, "{placeholder}");
            assert!(
                !SCRIPT.contains(&format!("{{{{{placeholder}}}}}"))
                    && !STYLE.contains(&format!("{{{{{placeholder}}}}}"))
            );
        }
        assert!(!SCRIPT.contains("</script") && !STYLE.contains("</style"));
    }
}
