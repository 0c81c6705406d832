//! What was so when, by the plainest reading of events: every fact is looked at again for
//! every thing, and every question is answered at every time that something changed.

mod document;
mod fact;
mod holder;
mod period;
mod reading;
mod row;
mod rule;
mod story;

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value;

use self::document::text;
use self::period::{Mark, Period, Scope, periods};
use self::row::{Covered, Row};
use self::rule::{Network, Rule};
use self::story::Story;

/// A question about the past.
#[derive(Clone, Debug)]
pub enum Question {
    /// Who had an address.
    Ip(IpAddr),
    /// The rules of a group, from a network, for a port, from everywhere.
    Rules(Option<String>, Option<String>, Option<u16>, bool),
    /// When an address that was not ours was let in.
    Exposed(IpAddr),
    /// All of a resource.
    Resource(String),
}

/// What events say, ready for questions.
pub struct History {
    periods: Vec<Period>,
    covered: Vec<(Scope, Covered)>,
}

/// The account of an event.
fn account(event: &Value) -> String {
    let caller = || text(&event["userIdentity"], "accountId");
    text(event, "recipientAccountId").or_else(caller).unwrap_or_default()
}

/// The place of an event among those of the same second: causes first.
fn rank(name: &str) -> usize {
    const ORDER: [&[&str]; 9] = [
        &["Allocate"],
        &["CreateTags", "CreateOrUpdateTags"],
        &["Create"],
        &["Run"],
        &["Attach", "Associate", "Authorize", "Assign", "Register", "Start"],
        &["Revoke", "Disassociate", "Detach", "Unassign", "Deregister", "DeleteTags", "TerminateInstanceIn"],
        &["Stop"],
        &["Terminate"],
        &["Delete"],
    ];
    let found = ORDER.iter().position(|names| names.iter().any(|beginning| name.starts_with(beginning)));
    match found {
        Some(0) => 0,
        // Tags of what was created.
        Some(1) => 4,
        Some(place @ 2..=4) => place,
        Some(place) => place + 1,
        None if name.starts_with("Release") => 10,
        // Modify.
        None => 5,
    }
}

impl History {
    /// Reads events in any order.
    pub fn new(events: &[Value]) -> History {
        let mut covered: Vec<(Scope, Covered)> = Vec::new();
        let mut told = Vec::new();
        for event in events {
            let Some(time) = text(event, "eventTime").and_then(|time| time.parse::<Timestamp>().ok()) else { continue };
            let scope: Scope = (account(event), text(event, "awsRegion").unwrap_or_default());
            match covered.iter_mut().find(|(known, _)| *known == scope) {
                Some((_, covered)) => covered.add(time),
                None => covered.push((scope.clone(), Covered::new(time))),
            }
            let actor = super::row::user_name(event).unwrap_or_default();
            let name = text(event, "eventName").unwrap_or_default();
            let id = text(event, "eventID").unwrap_or_default();
            let mark = Mark { time, event: id, actor, name: name.clone(), is_seen: true };
            told.push((time, rank(&name), mark.event.clone(), mark, scope, reading::facts(event)));
        }
        told.sort_by(|one, other| (one.0, one.1, &one.2).cmp(&(other.0, other.1, &other.2)));
        told.dedup_by(|one, other| one.2 == other.2 && one.4 == other.4);
        let mut story = Story::default();
        for (_, _, _, mark, scope, facts) in told {
            story.tell(&mark, &scope, facts);
        }
        History { periods: periods(&story.statements), covered }
    }

    /// The lines of the answer in any order, without the header.
    pub fn answer(&self, question: &Question, at: Option<Timestamp>) -> Vec<String> {
        let rows = match question {
            Question::Ip(address) => self.holders(*address),
            Question::Rules(group, from, port, is_open) => {
                let network = from.as_deref().and_then(Network::of);
                let fits = |rule: &Rule| {
                    network.is_none_or(|network| rule.lets_in(&network))
                        && port.is_none_or(|port| rule.has_port(port.into()))
                        && (!is_open || rule.is_open())
                };
                let is_any = from.is_none() && port.is_none() && !is_open;
                self.rules(group.as_deref(), &|rule| rule.map_or(is_any, fits))
            }
            Question::Exposed(address) => self.exposures(*address),
            Question::Resource(id) => self.properties(id),
        };
        let is_at = |row: &Row| at.is_none_or(|at| row.may_be_at(at));
        let mut lines: Vec<String> = rows.iter().filter(|row| is_at(row)).map(|row| self.line(row)).collect();
        lines.sort();
        lines.dedup();
        lines
    }

    /// What is known of a thing: the last value.
    fn detail(&self, scope: &Scope, thing: &fact::Thing, name: &str) -> String {
        let is_it = |period: &&Period| period.scope == *scope && period.thing == *thing && period.property == name;
        self.periods.iter().rfind(is_it).and_then(|period| period.value.clone()).unwrap_or_default()
    }

    fn properties(&self, id: &str) -> Vec<Row> {
        let is_it = |period: &&Period| {
            let cells = [&period.value, &period.relation];
            period.thing.id == id
                || cells.into_iter().flatten().any(|value| value == id)
                || self.detail(&period.scope, &period.thing, "name") == id
        };
        let cells = |period: &Period| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            vec![period.thing.id.clone(), period.property.clone(), text(&period.value), text(&period.relation)]
        };
        self.periods.iter().filter(is_it).map(|period| Row::of(period, cells(period))).collect()
    }

    fn rules(&self, group: Option<&str>, fits: &dyn Fn(Option<&Rule>) -> bool) -> Vec<Row> {
        let mut rows = Vec::new();
        for period in self.periods.iter().filter(|period| period.property == "rule") {
            let detail = |name| self.detail(&period.scope, &period.thing, name);
            let rule = period.value.as_deref().map(Rule::of);
            let is_group = group.is_none_or(|group| period.thing.id == group || detail("name") == group);
            if !is_group || !fits(rule.as_ref()) {
                continue;
            }
            let of_rule = rule
                .map_or(vec![String::new(); 4], |rule| vec![rule.direction, rule.protocol, rule.ports, rule.source]);
            let mut cells = vec![period.thing.id.clone(), detail("name"), detail("vpc")];
            cells.extend(of_rule);
            cells.push(period.relation.clone().unwrap_or_default());
            rows.push(Row::of(period, cells));
        }
        rows
    }
}
