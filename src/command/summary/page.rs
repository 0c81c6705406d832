//! The summary as a page for a browser: one file that loads nothing from the
//! network. The data is a block of JSON; the script in `page/` draws it.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::provenance;
use super::request::SummaryRequest;
use super::result::{Summary, SummaryTable, TableRow, TableTopic};
use super::tally::ERROR;
use super::timeline::Timeline;
use crate::command::summary::buckets::BucketSize;
use crate::command::summary::display::{is_hidden, visible};
use crate::command::summary::follow_up::FollowUpCommand;
use crate::command::summary::log_days::gaps;
use crate::command::summary::value_stats::{ChartRange, PICTURE_BUCKETS};
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
fn name(about: TableTopic) -> &'static str {
    match about {
        TableTopic::Accounts => "accounts",
        TableTopic::Regions => "regions",
        TableTopic::Users => "users",
        TableTopic::Events => "names",
        TableTopic::Sources => "sources",
        TableTopic::Addresses => "addresses",
        TableTopic::Errors => "errors",
        TableTopic::Denied => "denied",
        TableTopic::Asked => "counts",
    }
}

/// Returns the page as HTML.
pub(super) fn page(summary: &Summary, coverage: &Coverage, request: &SummaryRequest) -> String {
    let data = embedded(&data(summary, coverage, request));
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let policy = format!("default-src 'none'; style-src {}; script-src {}", hash(STYLE), hash(SCRIPT));
    TEMPLATE
        .replace("{{policy}}", &policy)
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT)
        // Replaced last: a value may contain one of the other placeholders.
        .replace("{{data}}", &data)
}

/// JSON that cannot end the HTML element around it and has no hidden characters.
fn embedded(value: &Value) -> String {
    let mut text = Vec::new();
    for character in value.to_string().chars() {
        match character {
            '<' | '>' | '&' => push_escape(character, &mut text),
            hidden if is_hidden(hidden) => push_escape(hidden, &mut text),
            other => text.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn data(summary: &Summary, coverage: &Coverage, request: &SummaryRequest) -> Value {
    let counts = &summary.counts;
    let question = &FollowUpCommand::new(&request.question, &request.reading.filter, summary);
    let frame = counts.all.period().map(|period| ChartRange::new(period, PICTURE_BUCKETS));
    let shown = summary.tables.iter().filter(|table| table.about != TableTopic::Denied);
    json!({
        "command": question.command().filter(|_| counts.all.count > 0),
        "commandOfTime": question.command_of_time(),
        "commandOfWeek": question.command_of_week(),
        "covered": visible(&coverage.to_string()),
        "provenance": provenance::lines(request, coverage),
        "period": counts.all.period(),
        "events": counts.all.count,
        "kinds": counts.kinds,
        "denied": counts.denied,
        "errorOptions": (counts.kinds[ERROR] > 0).then(|| question.errors()),
        "deniedOptions": (counts.denied > 0).then(|| question.denied()),
        "untimed": summary.untimed(),
        "activity": chart(&counts.timeline, counts.all.period(), question),
        "week": counts.week,
        "new": [first_seen(summary, TableTopic::Users, question), first_seen(summary, TableTopic::Addresses, question)],
        "frame": frame.map(|frame| json!({ "minutes": frame.minutes(), "start": frame.first_minute() })),
        "tables": shown.map(|listed| table(listed, frame, question)).collect::<Vec<_>>(),
        "roles": summary.table(TableTopic::Denied).map(|calls| roles(&summary.roles, calls, frame, question)),
        "days": days(summary, question),
    })
}

/// Counts over time, each with the options that select the events of its bucket.
fn chart<const KINDS: usize>(
    timeline: &Timeline<KINDS>,
    period: Option<[i64; 2]>,
    question: &FollowUpCommand<'_>,
) -> Value {
    let [first, last] = period.unwrap_or_default().map(|second| second.div_euclid(MINUTE));
    let (minutes, bins) = timeline.bucketed(MAX_CHART_BUCKETS, BucketSize::smallest(first, last));
    let bins = bins.into_iter().map(|(minute, counts)| {
        let options = question.between(minute * MINUTE, (minute + minutes) * MINUTE);
        json!([minute, counts.as_slice(), options])
    });
    json!({ "minutes": minutes, "bins": bins.collect::<Vec<_>>() })
}

/// The number of values first seen on each day.
fn first_seen(summary: &Summary, about: TableTopic, question: &FollowUpCommand<'_>) -> Value {
    let Some(table) = summary.table(about) else { return Value::Null };
    let mut chart = chart(&table.firsts.by_day(), None, question);
    chart["name"] = name(about).into();
    chart
}

fn table(table: &SummaryTable, frame: Option<ChartRange>, question: &FollowUpCommand<'_>) -> Value {
    let mut budget = SizeBudget(MAX_TABLE_BYTES);
    let rows = PageRows { table, spellings: spellings(table), frame, question };
    let rows = table.rows.iter().map(|row| rows.value(row));
    json!({
        "name": name(table.about),
        "columns": table.columns.iter().map(|name| cut(name)).collect::<Vec<_>>(),
        "distinct": table.distinct,
        "events": table.events,
        "empty": table.empty,
        "rows": rows.take_while(|row| budget.take(row)).collect::<Vec<_>>(),
    })
}

/// The principals with denied calls, each with its rows of `calls`.
fn roles(
    roles: &SummaryTable,
    calls: &SummaryTable,
    frame: Option<ChartRange>,
    question: &FollowUpCommand<'_>,
) -> Value {
    let (mut budget, mut call_budget) = (SizeBudget(MAX_TABLE_BYTES), SizeBudget(MAX_TABLE_BYTES));
    let mut calls_of = HashMap::<&[String], Vec<(&[String], &TableRow)>>::new();
    for row in &calls.rows {
        let (role, call) = row.values.split_at(roles.columns.len());
        calls_of.entry(role).or_default().push((call, row));
    }
    let [of_roles, of_calls] =
        [roles, calls].map(|table| PageRows { table, spellings: spellings(table), frame, question });
    let mut rows = Vec::new();
    for role in &roles.rows {
        let mut value = of_roles.value(role);
        if !budget.take(&value) {
            break;
        }
        let calls = calls_of.get(role.values.as_slice()).into_iter().flatten().map(|(name, row)| {
            let mut call = of_calls.value(row);
            call["values"] = name.iter().map(|value| cut(value)).collect();
            call
        });
        value["calls"] = calls.take_while(|call| call_budget.take(call)).collect();
        rows.push(value);
    }
    json!({ "distinct": roles.distinct, "events": roles.events, "rows": rows })
}

/// The bytes left for one part of the page, so that its size stays bounded
/// whatever the logs contain.
struct SizeBudget(usize);

impl SizeBudget {
    /// Takes the size of `value` and returns true. Returns false if it does not
    /// fit, and the budget is then used up, so that no later value is taken.
    fn take(&mut self, value: &Value) -> bool {
        let left = self.0.checked_sub(embedded(value).len() + 1);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// Makes the rows of a table.
struct PageRows<'a> {
    table: &'a SummaryTable,
    /// The number of rows per lower-case spelling.
    spellings: HashMap<String, usize>,
    frame: Option<ChartRange>,
    question: &'a FollowUpCommand<'a>,
}

impl PageRows<'_> {
    fn value(&self, row: &TableRow) -> Value {
        let picture = self.frame.map(|frame| row.stats.over(frame)).unwrap_or_default();
        // A value that is cut here is too long for a command line to copy.
        let is_whole = row.values.iter().all(|value| value.len() <= MAX_VALUE);
        let has_other_spellings = self.spellings.get(&spelling(row)).is_some_and(|count| *count > 1);
        let options = is_whole.then(|| self.question.row(self.table, row, has_other_spellings)).flatten();
        json!({
            "values": row.values.iter().map(|value| cut(value)).collect::<Vec<_>>(),
            "events": row.stats.count,
            "period": row.stats.period(),
            "picture": picture,
            "options": options,
        })
    }
}

/// The number of rows per spelling, which ignores the case of letters.
fn spellings(table: &SummaryTable) -> HashMap<String, usize> {
    let mut spellings = HashMap::new();
    for row in &table.rows {
        *spellings.entry(spelling(row)).or_default() += 1;
    }
    spellings
}

fn spelling(row: &TableRow) -> String {
    row.values.join("\t").to_lowercase()
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
fn days(summary: &Summary, question: &FollowUpCommand<'_>) -> Value {
    let days = &summary.counts.days;
    let Some(period) = days.period() else {
        return json!({ "untold": days.unplaced, "owners": [], "others": 0, "more": false, "period": null });
    };
    let mut owners: Vec<_> = days.owners().map(|(owner, ranges)| (owner, gaps(ranges, period))).collect();
    let missing = |gaps: &[[i32; 2]]| gaps.iter().map(|gap| gap[1] - gap[0] + 1).sum::<i32>();
    owners.sort_by_key(|(_, gaps)| -missing(gaps));
    let (mut budget, total, mut shown) = (SizeBudget(MAX_TABLE_BYTES), owners.len(), Vec::new());
    for ((account, region), gaps) in owners {
        const MAX_OWNERS: usize = 100;
        let options = question.folder(account, region);
        let missing = missing(&gaps);
        let gaps = gaps.into_iter().map(|[first, last]| {
            let time = question.between(i64::from(first) * DAY, (i64::from(last) + 1) * DAY);
            json!([first, last, time.zip(options.as_ref()).map(|(time, options)| format!("{time} {options}"))])
        });
        let gaps: Vec<Value> = gaps.collect();
        let owner =
            json!({ "account": account, "region": cut(region), "missing": missing, "gaps": gaps, "options": options });
        if !budget.take(&owner) || shown.len() == MAX_OWNERS {
            break;
        }
        shown.push(owner);
    }
    let others = total - shown.len();
    json!({ "untold": days.unplaced, "owners": shown, "others": others, "more": days.has_more, "period": period })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_end_the_data_element() {
        let text = embedded(&json!({ "a": "</script><!--\u{2028}&amp;" }));
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
