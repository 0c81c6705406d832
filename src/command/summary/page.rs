//! The summary as a page for a browser: one file, which needs no network. The
//! data is a block of JSON; how it is drawn is in `page/`.

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
use crate::command::summary::value_stats::{ChartRange, STRETCHES};
use crate::report::Coverage;
use crate::syntax::visible::push_escape;

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// What the rows of one table may take, and the list of accounts and regions.
const ROOM: usize = 120 << 10;
/// Longer values are cut.
const LONGEST: usize = 300;
/// The most stretches of time that charts have.
const STEPS: usize = 240;
/// Seconds.
const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// What the script calls a table.
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

/// Makes the page.
pub(super) fn page(summary: &Summary, coverage: &Coverage, request: &SummaryRequest) -> String {
    let data = embedded(&data(summary, coverage, request));
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let policy = format!("default-src 'none'; style-src {}; script-src {}", hash(STYLE), hash(SCRIPT));
    TEMPLATE
        .replace("{{policy}}", &policy)
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT)
        // The last, so that nothing is looked for in it.
        .replace("{{data}}", &data)
}

/// JSON in which nothing can end the element that it stands in, and nothing hides.
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
    let frame = counts.all.period().map(|period| ChartRange::new(period, STRETCHES));
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
        "new": [news(summary, TableTopic::Users, question), news(summary, TableTopic::Addresses, question)],
        "frame": frame.map(|frame| json!({ "minutes": frame.minutes(), "start": frame.first_minute() })),
        "tables": shown.map(|listed| table(listed, frame, question)).collect::<Vec<_>>(),
        "roles": summary.table(TableTopic::Denied).map(|calls| roles(&summary.roles, calls, frame, question)),
        "days": days(summary, question),
    })
}

/// Counts over time, each with what asks for all events of its time.
fn chart<const KINDS: usize>(
    timeline: &Timeline<KINDS>,
    period: Option<[i64; 2]>,
    question: &FollowUpCommand<'_>,
) -> Value {
    let [first, last] = period.unwrap_or_default().map(|second| second.div_euclid(MINUTE));
    let (minutes, bins) = timeline.over(STEPS, BucketSize::smallest(first, last));
    let bins = bins.into_iter().map(|(minute, counts)| {
        let options = question.between(minute * MINUTE, (minute + minutes) * MINUTE);
        json!([minute, counts.as_slice(), options])
    });
    json!({ "minutes": minutes, "bins": bins.collect::<Vec<_>>() })
}

/// On which days values came for the first time.
fn news(summary: &Summary, about: TableTopic, question: &FollowUpCommand<'_>) -> Value {
    let Some(table) = summary.table(about) else { return Value::Null };
    let mut chart = chart(&table.firsts.by_day(), None, question);
    chart["name"] = name(about).into();
    chart
}

fn table(table: &SummaryTable, frame: Option<ChartRange>, question: &FollowUpCommand<'_>) -> Value {
    let mut room = SizeBudget(ROOM);
    let rows = PageRows { table, spellings: spellings(table), frame, question };
    let rows = table.rows.iter().map(|row| rows.value(row));
    json!({
        "name": name(table.about),
        "columns": table.columns.iter().map(|name| cut(name)).collect::<Vec<_>>(),
        "distinct": table.distinct,
        "events": table.events,
        "empty": table.empty,
        "rows": rows.take_while(|row| room.has(row)).collect::<Vec<_>>(),
    })
}

/// Who was denied anything, each with those of the calls that are shown.
fn roles(
    roles: &SummaryTable,
    calls: &SummaryTable,
    frame: Option<ChartRange>,
    question: &FollowUpCommand<'_>,
) -> Value {
    let (mut room, mut room_for_calls) = (SizeBudget(ROOM), SizeBudget(ROOM));
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
        if !room.has(&value) {
            break;
        }
        let calls = calls_of.get(role.values.as_slice()).into_iter().flatten().map(|(name, row)| {
            let mut call = of_calls.value(row);
            call["values"] = name.iter().map(|value| cut(value)).collect();
            call
        });
        value["calls"] = calls.take_while(|call| room_for_calls.has(call)).collect();
        rows.push(value);
    }
    json!({ "distinct": roles.distinct, "events": roles.events, "rows": rows })
}

/// What is left of the bytes that a part of the page may take, lest it grow with
/// what logs hold.
struct SizeBudget(usize);

impl SizeBudget {
    /// Takes the room of a value, where there is so much left; from then on nothing
    /// more has any.
    fn has(&mut self, value: &Value) -> bool {
        let left = self.0.checked_sub(embedded(value).len() + 1);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// What the rows of a table are made with.
struct PageRows<'a> {
    table: &'a SummaryTable,
    spellings: HashMap<String, usize>,
    frame: Option<ChartRange>,
    question: &'a FollowUpCommand<'a>,
}

impl PageRows<'_> {
    fn value(&self, row: &TableRow) -> Value {
        let picture = self.frame.map(|frame| row.trend.over(frame)).unwrap_or_default();
        // What must be cut here is too long for a command line that people copy.
        let is_whole = row.values.iter().all(|value| value.len() <= LONGEST);
        let is_like_others = self.spellings.get(&spelling(row)).is_some_and(|count| *count > 1);
        let options = is_whole.then(|| self.question.row(self.table, row, is_like_others)).flatten();
        json!({
            "values": row.values.iter().map(|value| cut(value)).collect::<Vec<_>>(),
            "events": row.trend.count,
            "period": row.trend.period(),
            "picture": picture,
            "options": options,
        })
    }
}

/// How many rows differ in nothing but the case of letters.
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

/// A value as a page shows it.
fn cut(value: &str) -> String {
    let mut shown: String = visible(value).chars().take(LONGEST).collect();
    if shown.len() < value.len() && shown.chars().count() == LONGEST {
        shown.push('…');
    }
    shown
}

/// Of which days there is no log, by account and region.
fn days(summary: &Summary, question: &FollowUpCommand<'_>) -> Value {
    let days = &summary.counts.days;
    let Some(period) = days.period() else {
        return json!({ "untold": days.untold, "owners": [], "others": 0, "more": false, "period": null });
    };
    let mut owners: Vec<_> = days.owners().map(|(owner, stretches)| (owner, gaps(stretches, period))).collect();
    let missing = |gaps: &[[i32; 2]]| gaps.iter().map(|gap| gap[1] - gap[0] + 1).sum::<i32>();
    owners.sort_by_key(|(_, gaps)| -missing(gaps));
    let (mut room, total, mut shown) = (SizeBudget(ROOM), owners.len(), Vec::new());
    for ((account, region), gaps) in owners {
        const MOST: usize = 100;
        let options = question.folder(account, region);
        let missing = missing(&gaps);
        let gaps = gaps.into_iter().map(|[first, last]| {
            let time = question.between(i64::from(first) * DAY, (i64::from(last) + 1) * DAY);
            json!([first, last, time.zip(options.as_ref()).map(|(time, options)| format!("{time} {options}"))])
        });
        let gaps: Vec<Value> = gaps.collect();
        let owner =
            json!({ "account": account, "region": cut(region), "missing": missing, "gaps": gaps, "options": options });
        if !room.has(&owner) || shown.len() == MOST {
            break;
        }
        shown.push(owner);
    }
    let others = total - shown.len();
    json!({ "untold": days.untold, "owners": shown, "others": others, "more": days.has_more, "period": period })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_data() {
        let text = embedded(&json!({ "a": "</script><!--\u{2028}&amp;" }));
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["a"], "</script><!--\u{2028}&amp;");
    }

    #[test]
    fn the_template_has_a_place_for_everything() {
        for place in ["policy", "style", "script", "data"] {
            assert_eq!(TEMPLATE.matches(&format!("{{{{{place}}}}}")).count(), 1, "{place}");
            assert!(!SCRIPT.contains(&format!("{{{{{place}}}}}")) && !STYLE.contains(&format!("{{{{{place}}}}}")));
        }
        assert!(!SCRIPT.contains("</script") && !STYLE.contains("</style"));
    }
}
