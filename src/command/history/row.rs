//! One row of an answer: what was so, from when until when, who began and ended it, and how
//! certain that is.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::activity::Activity;
use super::row_sorter::RowSorter;
use crate::cloudtrail::history::change::ResourceScope;
use crate::cloudtrail::history::interval::{Interval, IntervalBegin, IntervalEnd};
use crate::error::Error;
use crate::sink::table_writer::TableWriter;
use crate::syntax::suggest::nearest;
use crate::table::cell::shown_in;
use crate::table::column::ColumnType;
use crate::table::computed::{CellValue, ComputedColumn};

/// The columns before and after those of the question.
const FIRST: [&str; 2] = ["from", "until"];
const LAST: [&str; 7] = ["begunBy", "endedBy", "certainty", "account", "region", "beginEvent", "endEvent"];

/// The columns that a narrow terminal leaves out, the first first. A file has them all. Times and
/// ids are of little use if their ends are missing, so all but the shortest answer gives way.
const LEAVE_OUT: [&str; 21] = [
    "subnet",
    "ruleEvent",
    "endEvent",
    "beginEvent",
    "description",
    "relation",
    "rule",
    "groupName",
    "account",
    "region",
    "address",
    "vpc",
    "direction",
    "protocol",
    "endedBy",
    "certainty",
    "begunBy",
    "ruleAddedBy",
    "resource",
    "source",
    "ports",
];

/// A row of an answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct HistoryRow {
    /// The account and region.
    pub(super) scope: ResourceScope,
    /// The event that began it.
    pub(super) begin: IntervalBegin,
    /// The event that ended it.
    pub(super) end: Option<IntervalEnd>,
    /// The cells of the question.
    pub(super) cells: Vec<String>,
    /// What else limits its certainty.
    pub(super) doubt: Option<Cow<'static, str>>,
}

impl HistoryRow {
    /// A row for the whole of an interval.
    pub(super) fn of(interval: &Interval, cells: Vec<String>) -> HistoryRow {
        HistoryRow {
            scope: interval.scope.clone(),
            begin: interval.begin.clone(),
            end: interval.end.clone(),
            cells,
            doubt: None,
        }
    }

    /// Whether it may have been so at `time`.
    pub(super) fn may_hold_at(&self, time: Timestamp) -> bool {
        self.begin.earliest().is_none_or(|begin| begin <= time) && self.end.as_ref().is_none_or(|end| time < end.time)
    }

    /// Whether it began and ended within a second.
    fn is_moment(&self) -> bool {
        self.end.as_ref().is_some_and(|end| self.begin.earliest() == Some(end.time))
    }
}

/// The columns that are written, out of all columns of an answer.
#[derive(Clone, Debug)]
pub(super) struct RowColumns {
    /// The names of all columns.
    all: Vec<&'static str>,
    /// Positions of the columns that are written.
    shown: Vec<usize>,
    /// Whether the columns were named, so that even a narrow table has them.
    is_named: bool,
}

impl RowColumns {
    /// Resolves the columns that were named, out of those of an answer with these columns of
    /// its own. Without names, all are written. Fails for an unknown name.
    pub(super) fn new(own: &[&'static str], named: &[String]) -> Result<RowColumns, Error> {
        let all: Vec<&str> = FIRST.iter().chain(own).chain(&LAST).copied().collect();
        let position = |name: &String| {
            all.iter().position(|column| column.eq_ignore_ascii_case(name)).ok_or_else(|| {
                let right = match nearest(name, &all) {
                    Some(column) => format!("not a column; did you mean {column}?"),
                    None => format!("not a column; the columns are {}", all.join(", ")),
                };
                Error::option("--columns", name, right)
            })
        };
        let shown = match named {
            [] => (0..all.len()).collect(),
            named => named.iter().map(position).collect::<Result<_, _>>()?,
        };
        Ok(RowColumns { all, shown, is_named: !named.is_empty() })
    }

    /// The columns of the output. `is_aligned` says that it is a table for people.
    pub(super) fn output(&self, is_aligned: bool) -> Vec<ComputedColumn> {
        let leave_out = |name: &str| LEAVE_OUT.iter().position(|other| *other == name && !self.is_named);
        // With their words, such as `still at`, these times are text in a workbook.
        let is_time = |name: &str| is_aligned && FIRST.contains(&name);
        let column_type = |name: &str| if is_time(name) { ColumnType::Time } else { ColumnType::Text };
        let column =
            |name: &str| ComputedColumn { leave_out: leave_out(name), ..ComputedColumn::new(name, column_type(name)) };
        self.shown.iter().map(|at| column(self.all[*at])).collect()
    }
}

/// Writes the rows in chronological order, with times in `zone` or else in UTC.
pub(super) fn write(
    rows: RowSorter,
    activity: &Activity,
    columns: &RowColumns,
    zone: Option<&TimeZone>,
    out: &mut TableWriter,
) -> Result<(), Error> {
    let shown = |time: Timestamp| match zone {
        Some(zone) => shown_in(time, zone),
        None => time.to_string(),
    };
    rows.finish(|row| {
        let texts = texts(row, activity, &shown);
        let cell = |at: &usize| match texts[*at].as_str() {
            "" => CellValue::Empty,
            text => CellValue::Text(text),
        };
        let cells: Vec<CellValue<'_>> = columns.shown.iter().map(cell).collect();
        out.row(&cells)
    })
}

fn texts(row: &HistoryRow, activity: &Activity, shown: &impl Fn(Timestamp) -> String) -> Vec<String> {
    let covered = activity.of(&row.scope);
    let from = match &row.begin {
        IntervalBegin::Known(event) => shown(event.time),
        IntervalBegin::After(time) => format!("after {}", shown(*time)),
        IntervalBegin::BeforeEvents => covered.map_or(String::new(), |time| format!("before {}", shown(time.first))),
    };
    let until = match &row.end {
        Some(event) if event.is_seen => shown(event.time),
        Some(event) => format!("before {}", shown(event.time)),
        None => covered.map_or(String::new(), |time| format!("still at {}", shown(time.last))),
    };
    let of_begin =
        |text: fn(&IntervalEnd) -> &String| row.begin.event().map_or(String::new(), |event| text(event).clone());
    let of_end =
        |text: fn(&IntervalEnd) -> &String| row.end.as_ref().map_or(String::new(), |event| text(event).clone());
    let mut texts = vec![from, until];
    texts.extend(row.cells.iter().cloned());
    texts.extend([
        of_begin(|event| &event.actor),
        of_end(|event| &event.actor),
        certainty(row, activity),
        row.scope.account.to_string(),
        row.scope.region.to_string(),
        of_begin(|event| &event.event_id),
        of_end(|event| &event.event_id),
    ]);
    texts
}

/// What is certain of a row.
fn certainty(row: &HistoryRow, activity: &Activity) -> String {
    let mut limits = Vec::new();
    if row.begin.event().is_none() {
        limits.push("begin unknown".to_string());
    }
    if row.end.as_ref().is_some_and(|end| !end.is_seen) {
        limits.push("end unknown".to_string());
    }
    if row.end.is_none() {
        limits.push("still so at the last event read".to_string());
    }
    if let Some(covered) = activity.of(&row.scope) {
        let begin = row.begin.earliest().unwrap_or(covered.first);
        let end = row.end.as_ref().map_or(covered.last, |end| end.time);
        match covered.days_without_events(begin, end) {
            0 => {}
            1 => limits.push("not proven on 1 day without logs".into()),
            days => limits.push(format!("not proven on {days} days without logs")),
        }
    }
    limits.extend(row.doubt.as_deref().map(String::from));
    if limits.is_empty() { "proven".into() } else { limits.join("; ") }
}

/// The part of a row in which another interval holds too; `None` if they do not overlap.
pub(super) fn overlap(row: &HistoryRow, other: &Interval) -> Option<HistoryRow> {
    let begin = if other.begin.earliest() > row.begin.earliest() { &other.begin } else { &row.begin };
    let end = earlier(row.end.as_ref(), other.end.as_ref());
    is_before(begin, end).then(|| HistoryRow { begin: begin.clone(), end: end.cloned(), ..row.clone() })
}

/// The parts of a row in which none of the others holds.
pub(super) fn without(row: &HistoryRow, others: &[HistoryRow]) -> Vec<HistoryRow> {
    let mut rest = vec![row.clone()];
    for other in others {
        rest = rest.into_iter().flat_map(|part| without_one(&part, other)).collect();
    }
    rest
}

fn without_one(row: &HistoryRow, other: &HistoryRow) -> Vec<HistoryRow> {
    // What began and ended within a second has no parts, and takes none away.
    if row.is_moment() || other.is_moment() {
        let is_within = row.end.as_ref().is_some_and(|end| other.may_hold_at(end.time));
        return if row.is_moment() && is_within { Vec::new() } else { vec![row.clone()] };
    }
    let mut parts = Vec::new();
    // Before the other began.
    if let Some(time) = other.begin.earliest() {
        let other_begin = IntervalEnd {
            time,
            event_id: other.begin.event().map_or(String::new(), |event| event.event_id.clone()),
            actor: other.begin.event().map_or(String::new(), |event| event.actor.clone()),
            is_seen: true,
        };
        let end = earlier(row.end.as_ref(), Some(&other_begin));
        if is_before(&row.begin, end) {
            parts.push(HistoryRow { end: end.cloned(), ..row.clone() });
        }
    }
    // After it ended.
    if let Some(other_end) = &other.end {
        let begin = match row.begin.earliest() >= Some(other_end.time) {
            true => row.begin.clone(),
            false => IntervalBegin::Known(Arc::new(other_end.clone())),
        };
        if is_before(&begin, row.end.as_ref()) {
            parts.push(HistoryRow { begin, ..row.clone() });
        }
    }
    parts
}

fn earlier<'a>(one: Option<&'a IntervalEnd>, other: Option<&'a IntervalEnd>) -> Option<&'a IntervalEnd> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.time < one.time { other } else { one }),
        (one, other) => one.or(other),
    }
}

fn is_before(begin: &IntervalBegin, end: Option<&IntervalEnd>) -> bool {
    match (begin.earliest(), end) {
        (Some(begin), Some(end)) => begin < end.time,
        _ => true,
    }
}
