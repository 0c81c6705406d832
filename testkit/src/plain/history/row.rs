//! The rows of an answer.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::History;
use super::period::{Begin, IntervalEvent, PlainInterval, Scope};
use crate::plain::row::{is_formula, shown};

/// A row of an answer.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) scope: Scope,
    pub(super) begin: Begin,
    pub(super) end: Option<IntervalEvent>,
    pub(super) cells: Vec<String>,
    pub(super) doubt: Option<&'static str>,
}

/// The times that the events of an account and region cover.
pub(super) struct Covered {
    first: Timestamp,
    last: Timestamp,
    days: BTreeSet<i64>,
}

impl Covered {
    pub(super) fn new(time: Timestamp) -> Covered {
        Covered { first: time, last: time, days: BTreeSet::from([day(time)]) }
    }

    pub(super) fn add(&mut self, time: Timestamp) {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.days.insert(day(time));
    }
}

fn day(time: Timestamp) -> i64 {
    time.as_second().div_euclid(24 * 60 * 60)
}

impl Row {
    pub(super) fn of(period: &PlainInterval, cells: Vec<String>) -> Row {
        let PlainInterval { scope, begin, end, .. } = period.clone();
        Row { scope, begin, end, cells, doubt: None }
    }

    pub(super) fn may_be_at(&self, time: Timestamp) -> bool {
        self.begin.earliest() <= Some(time) && self.end.as_ref().is_none_or(|end| time < end.time)
    }
}

impl History {
    /// The row as a line.
    pub(super) fn line(&self, row: &Row) -> String {
        let covered = self.covered.iter().find(|(scope, _)| *scope == row.scope).map(|(_, covered)| covered);
        let (mut first, mut last, mut missing) = (String::new(), String::new(), 0);
        if let Some(covered) = covered {
            (first, last) = (covered.first.to_string(), covered.last.to_string());
            let from = day(row.begin.earliest().unwrap_or(covered.first));
            let to = day(row.end.as_ref().map_or(covered.last, |end| end.time));
            missing = (from + 1..to).filter(|day| !covered.days.contains(day)).count();
        }
        let mut limits = Vec::new();
        let (from, begun) = match &row.begin {
            Begin::By(mark) => (mark.time.to_string(), Some(mark)),
            Begin::After(time) => (format!("after {time}"), None),
            Begin::Unseen => (format!("before {first}"), None),
        };
        if begun.is_none() {
            limits.push("begin unknown".to_string());
        }
        let until = match &row.end {
            Some(end) if end.is_seen => end.time.to_string(),
            Some(end) => format!("before {}", end.time),
            None => format!("still at {last}"),
        };
        if row.end.as_ref().is_some_and(|end| !end.is_seen) {
            limits.push("end unknown".into());
        }
        if row.end.is_none() {
            limits.push("still so at the last event read".into());
        }
        match missing {
            0 => {}
            1 => limits.push("not proven on 1 day without logs".into()),
            days => limits.push(format!("not proven on {days} days without logs")),
        }
        limits.extend(row.doubt.map(String::from));
        let certainty = if limits.is_empty() { "proven".into() } else { limits.join("; ") };
        let of = |mark: Option<&IntervalEvent>| {
            mark.map_or((String::new(), String::new()), |mark| (mark.actor.clone(), mark.event.clone()))
        };
        let ((begun_by, begin_event), (ended_by, end_event)) = (of(begun), of(row.end.as_ref()));
        let (account, region) = row.scope.clone();
        let mut cells = vec![from, until];
        cells.extend(row.cells.iter().cloned());
        cells.extend([begun_by, ended_by, certainty, account, region, begin_event, end_event]);
        let cell = |cell: &String| if is_formula(cell) { format!("'{}", shown(cell)) } else { shown(cell) };
        cells.iter().map(cell).collect::<Vec<_>>().join("\t")
    }
}
