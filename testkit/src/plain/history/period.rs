//! The periods during which a property had a value. All facts are examined again for every property
//! of every thing.

use jiff::Timestamp;

use super::fact::{Fact, FactKind, Thing, has_many};

/// The account and the region.
pub(super) type Scope = (String, String);

/// An event at the begin or the end of a period.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct IntervalEvent {
    pub(super) time: Timestamp,
    pub(super) event: String,
    pub(super) actor: String,
    /// `eventName`.
    pub(super) name: String,
    /// Whether the event itself ended the period, and does not only show that it had ended.
    pub(super) is_seen: bool,
}

impl IntervalEvent {
    /// The mark of an unseen end at some time before this one.
    pub(super) fn before(&self) -> IntervalEvent {
        IntervalEvent { event: String::new(), actor: String::new(), is_seen: false, ..self.clone() }
    }
}

/// How a period began.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Begin {
    By(IntervalEvent),
    /// Unseen, but after this time.
    After(Timestamp),
    /// Unseen, before everything that is known.
    Unseen,
}

/// A fact, with its event and its account and region.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) mark: IntervalEvent,
    pub(super) scope: Scope,
    pub(super) fact: Fact,
}

/// The time during which a property had a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct PlainInterval {
    pub(super) scope: Scope,
    pub(super) thing: Thing,
    pub(super) property: String,
    pub(super) value: Option<String>,
    pub(super) relation: Option<String>,
    pub(super) begin: Begin,
    pub(super) end: Option<IntervalEvent>,
}

impl Begin {
    /// The earliest possible time.
    pub(super) fn earliest(&self) -> Option<Timestamp> {
        match self {
            Begin::By(mark) => Some(mark.time),
            Begin::After(time) => Some(*time),
            Begin::Unseen => None,
        }
    }
}

impl PlainInterval {
    /// Whether the property may have had the value at this time.
    pub(super) fn is_at(&self, time: Option<Timestamp>) -> bool {
        self.begin.earliest() <= time && self.end.as_ref().is_none_or(|end| time < Some(end.time))
    }
}

/// All periods of all things.
pub(super) fn periods(statements: &[Statement]) -> Vec<PlainInterval> {
    let mut things: Vec<(&Scope, &Thing)> =
        statements.iter().map(|statement| (&statement.scope, &statement.fact.thing)).collect();
    things.sort();
    things.dedup();
    let mut all = Vec::new();
    for (scope, thing) in things {
        let of_thing: Vec<&Statement> =
            statements.iter().filter(|one| one.scope == *scope && one.fact.thing == *thing).collect();
        let mut properties: Vec<&str> = of_thing.iter().filter_map(|one| property(&one.fact)).collect();
        properties.push("exists");
        properties.sort();
        properties.dedup();
        for property in properties {
            let mut line = PropertyTimeline {
                scope,
                thing,
                property,
                born: None,
                past: Vec::new(),
                done: Vec::new(),
                open: Vec::new(),
            };
            let mut rest = of_thing.clone();
            while !rest.is_empty() {
                let next = rest.remove(0);
                // A rule cannot be added while it exists, so it was revoked before.
                if let Some(at) = line.taken_away_before(next, &rest) {
                    let first = rest.remove(at);
                    line.add(first);
                }
                line.add(next);
            }
            all.extend(line.past.into_iter().chain(line.done).chain(line.open));
        }
    }
    all
}

fn property(fact: &Fact) -> Option<&str> {
    match &fact.kind {
        FactKind::Set { property, .. }
        | FactKind::AlreadySet { property, .. }
        | FactKind::Unset { property, .. }
        | FactKind::SetExactly { property, .. }
        | FactKind::RelationEnded { property, .. } => Some(property),
        FactKind::Created | FactKind::Deleted | FactKind::RuleReplaced { .. } => None,
    }
}

/// One property of one thing.
struct PropertyTimeline<'a> {
    scope: &'a Scope,
    thing: &'a Thing,
    property: &'a str,
    born: Option<Timestamp>,
    past: Vec<PlainInterval>,
    done: Vec<PlainInterval>,
    open: Vec<PlainInterval>,
}

impl PropertyTimeline<'_> {
    /// The index of the later statement that revokes the rule in the same second in which `next`
    /// adds it, if the rule already exists.
    fn taken_away_before(&self, next: &Statement, rest: &[&Statement]) -> Option<usize> {
        let FactKind::Set { property, value, .. } = &next.fact.kind else { return None };
        let is_there = |period: &&PlainInterval| {
            period.value.as_ref() == Some(value) && period.begin.earliest() != Some(next.mark.time)
        };
        if self.property != "rule" || property != "rule" || !self.open.iter().any(|period| is_there(&period)) {
            return None;
        }
        rest.iter().position(|other| {
            let is_end = matches!(&other.fact.kind, FactKind::Unset { property, value: Some(gone) } if property == "rule" && gone == value);
            is_end && other.mark.time == next.mark.time
        })
    }

    fn add(&mut self, statement: &Statement) {
        let mark = &statement.mark;
        if self.property == "exists" {
            return self.exists(statement);
        }
        let is_about = property(&statement.fact).is_none_or(|property| property == self.property);
        match &statement.fact.kind {
            _ if !is_about => {}
            FactKind::Created => self.born = Some(mark.time),
            FactKind::Deleted => {
                self.close(|_| true, mark);
                // A thing that exists again later is another thing.
                self.born = None;
                self.past.append(&mut self.done);
            }
            FactKind::Set { value, relation, .. } => self.has(value, relation, mark),
            FactKind::AlreadySet { value, .. } => {
                if !self.open.iter().any(|period| period.value.as_ref() == Some(value)) {
                    let period = self.period(Some(value), self.bound(Some(value)));
                    self.open.push(period);
                }
            }
            FactKind::Unset { value, .. } => self.has_not(value.as_deref(), mark),
            FactKind::SetExactly { values, .. } => {
                self.close(|value| !value.is_some_and(|value| values.contains(value)), mark);
                values.iter().for_each(|value| self.has(value, &None, mark));
            }
            FactKind::RelationEnded { relation, .. } => {
                let mut period = self.period(None, self.bound(None));
                period.relation = Some(relation.clone());
                self.done.push(PlainInterval { end: Some(mark.clone()), ..period });
            }
            FactKind::RuleReplaced { .. } => {}
        }
    }

    /// Any statement about a thing shows that it exists.
    fn exists(&mut self, statement: &Statement) {
        match &statement.fact.kind {
            FactKind::Created => self.open.push(self.period(None, Begin::By(statement.mark.clone()))),
            says => {
                if self.open.is_empty() {
                    self.open.push(self.period(None, Begin::Unseen));
                }
                if matches!(says, FactKind::Deleted) {
                    self.close(|_| true, &statement.mark);
                }
            }
        }
    }

    fn has(&mut self, value: &str, relation: &Option<String>, mark: &IntervalEvent) {
        if let Some(same) = self.open.iter_mut().find(|period| period.value.as_deref() == Some(value)) {
            let is_other = relation.is_some() && same.relation.is_some() && *relation != same.relation;
            if !is_other {
                same.relation = relation.clone().or(same.relation.take());
                return;
            }
            // It ended unseen and began again, unless this call itself replaces the association.
            let end = if self.property == "associatedWith" { mark.clone() } else { mark.before() };
            self.close(|open| open.map(String::as_str) == Some(value), &end);
        }
        if !has_many(self.property) {
            self.close(|_| true, mark);
        }
        // The VPC never changes, so it was the same before.
        let is_old = self.property == "vpc" && self.born.is_none();
        let period = self.period(Some(value), if is_old { Begin::Unseen } else { Begin::By(mark.clone()) });
        self.open.push(PlainInterval { relation: relation.clone(), ..period });
    }

    fn has_not(&mut self, value: Option<&str>, mark: &IntervalEvent) {
        let is_it = |open: Option<&String>| value.is_none() || open.map(String::as_str) == value;
        if self.open.iter().any(|period| is_it(period.value.as_ref())) {
            return self.close(is_it, mark);
        }
        // Nothing shows that there was a value, or the tag has another value.
        if value.is_none() || (self.property.starts_with("tag:") && !self.open.is_empty()) {
            return;
        }
        let period = self.period(value, self.bound(value));
        if !has_many(self.property) {
            self.close(|_| true, mark);
        }
        self.done.push(PlainInterval { end: Some(mark.clone()), ..period });
    }

    fn close(&mut self, which: impl Fn(Option<&String>) -> bool, mark: &IntervalEvent) {
        let (closed, open) =
            std::mem::take(&mut self.open).into_iter().partition(|period| which(period.value.as_ref()));
        self.open = open;
        let closed: Vec<PlainInterval> = closed;
        self.done.extend(closed.into_iter().map(|period| PlainInterval { end: Some(mark.clone()), ..period }));
    }

    fn period(&self, value: Option<&str>, begin: Begin) -> PlainInterval {
        PlainInterval {
            scope: self.scope.clone(),
            thing: self.thing.clone(),
            property: self.property.into(),
            value: value.map(String::from),
            relation: None,
            begin,
            end: None,
        }
    }

    /// The last time at which the value is known to have been absent.
    fn bound(&self, value: Option<&str>) -> Begin {
        let is_same =
            |period: &&PlainInterval| !has_many(self.property) || (value.is_some() && period.value.as_deref() == value);
        let ends = self.done.iter().filter(is_same).filter_map(|period| Some(period.end.as_ref()?.time));
        let others = self.open.iter().filter(is_same).filter_map(|period| period.begin.earliest());
        let last = ends.chain(others).chain(self.born).max();
        last.map_or(Begin::Unseen, Begin::After)
    }
}
