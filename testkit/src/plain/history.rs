//! The states of resources over time, by the simplest reading of events. Every fact is examined
//! again for every thing, and every question is answered for every time at which something changed.

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
use self::period::{IntervalEvent, PlainInterval, Scope, periods};
use self::row::{Covered, Row};
use self::rule::{Network, Rule};
use self::story::Story;

/// A question about the past.
#[derive(Clone, Debug)]
pub enum Question {
    /// Who had an address.
    Ip(IpAddr),
    /// The rules by group, by network and by port. If the last value is true, only those that are
    /// open to every address.
    Rules(Option<String>, Option<String>, Option<u16>, bool),
    /// When rules let an address in while it was not ours.
    Exposed(IpAddr),
    /// All properties of a resource.
    Resource(String),
}

/// The history that events describe, ready for questions.
pub struct History {
    periods: Vec<PlainInterval>,
    covered: Vec<(Scope, Covered)>,
}

/// The account of an event.
fn account(event: &Value) -> String {
    let caller = || text(&event["userIdentity"], "accountId");
    text(event, "recipientAccountId").or_else(caller).unwrap_or_default()
}

/// The position of an event among those of the same second: causes come first.
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
        // Tags follow the creation of their resource.
        Some(1) => 4,
        Some(place @ 2..=4) => place,
        Some(place) => place + 1,
        None if name.starts_with("Release") => 10,
        // Changes, such as Modify.
        None => 5,
    }
}

impl History {
    /// Reads events in any order.
    pub fn new(events: &[Value]) -> History {
        let mut covered: Vec<(Scope, Covered)> = Vec::new();
        let mut statements = Vec::new();
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
            let mark = IntervalEvent { time, event: id, actor, name: name.clone(), is_seen: true };
            statements.push((time, rank(&name), mark.event.clone(), mark, scope, reading::facts(event)));
        }
        statements.sort_by(|one, other| (one.0, one.1, &one.2).cmp(&(other.0, other.1, &other.2)));
        statements.dedup_by(|one, other| one.2 == other.2 && one.4 == other.4);
        let mut story = Story::default();
        for (_, _, _, mark, scope, facts) in statements {
            story.add_event(&mark, &scope, facts);
        }
        History { periods: periods(&story.statements), covered }
    }

    /// The distinct lines of the answer in order of their text, without the header.
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

    /// The last known value of a property of a thing, or the empty text.
    fn detail(&self, scope: &Scope, thing: &fact::Thing, name: &str) -> String {
        let is_it =
            |period: &&PlainInterval| period.scope == *scope && period.thing == *thing && period.property == name;
        self.periods.iter().rfind(is_it).and_then(|period| period.value.clone()).unwrap_or_default()
    }

    fn properties(&self, id: &str) -> Vec<Row> {
        let is_it = |period: &&PlainInterval| {
            let cells = [&period.value, &period.relation];
            period.thing.id == id
                || cells.into_iter().flatten().any(|value| value == id)
                || self.detail(&period.scope, &period.thing, "name") == id
        };
        let cells = |period: &PlainInterval| {
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
