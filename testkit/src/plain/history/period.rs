//! The times during which a thing had a value, found by going through all facts again for
//! every property of every thing.

use jiff::Timestamp;

use super::fact::{Fact, Says, Thing, has_many};

/// The account and the region.
pub(super) type Scope = (String, String);

/// An event at the end of a period.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Mark {
    pub(super) time: Timestamp,
    pub(super) event: String,
    pub(super) actor: String,
    /// `eventName`.
    pub(super) name: String,
    /// Whether the event is the end itself, or only shows that there was one.
    pub(super) is_seen: bool,
}

impl Mark {
    /// The mark of an end some time before this one.
    pub(super) fn before(&self) -> Mark {
        Mark { event: String::new(), actor: String::new(), is_seen: false, ..self.clone() }
    }
}

/// How a period began.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Begin {
    By(Mark),
    /// Unseen, but after this time.
    After(Timestamp),
    /// Before all that is known.
    Unseen,
}

/// A fact, when it was, and where.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) mark: Mark,
    pub(super) scope: Scope,
    pub(super) fact: Fact,
}

/// The time during which a property had a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Period {
    pub(super) scope: Scope,
    pub(super) thing: Thing,
    pub(super) property: String,
    pub(super) value: Option<String>,
    pub(super) relation: Option<String>,
    pub(super) begin: Begin,
    pub(super) end: Option<Mark>,
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

impl Period {
    /// Whether it may have been so at this time.
    pub(super) fn is_at(&self, time: Option<Timestamp>) -> bool {
        self.begin.earliest() <= time && self.end.as_ref().is_none_or(|end| time < Some(end.time))
    }
}

/// All periods of all things.
pub(super) fn periods(statements: &[Statement]) -> Vec<Period> {
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
            let mut line =
                Line { scope, thing, property, born: None, past: Vec::new(), done: Vec::new(), open: Vec::new() };
            let mut rest = of_thing.clone();
            while !rest.is_empty() {
                let next = rest.remove(0);
                // A rule cannot be added while it is there, so it was taken away before.
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
    match &fact.says {
        Says::Has { property, .. }
        | Says::HasAlready { property, .. }
        | Says::HasNot { property, .. }
        | Says::HasOnly { property, .. }
        | Says::Without { property, .. } => Some(property),
        Says::Begins | Says::Ends | Says::Becomes { .. } => None,
    }
}

/// One property of one thing.
struct Line<'a> {
    scope: &'a Scope,
    thing: &'a Thing,
    property: &'a str,
    born: Option<Timestamp>,
    past: Vec<Period>,
    done: Vec<Period>,
    open: Vec<Period>,
}

impl Line<'_> {
    /// Which of the later statements takes away the rule that `next` adds although it is there,
    /// in the same second.
    fn taken_away_before(&self, next: &Statement, rest: &[&Statement]) -> Option<usize> {
        let Says::Has { property, value, .. } = &next.fact.says else { return None };
        let is_there =
            |period: &&Period| period.value.as_ref() == Some(value) && period.begin.earliest() != Some(next.mark.time);
        if self.property != "rule" || property != "rule" || !self.open.iter().any(|period| is_there(&period)) {
            return None;
        }
        rest.iter().position(|other| {
            let is_end = matches!(&other.fact.says, Says::HasNot { property, value: Some(gone) } if property == "rule" && gone == value);
            is_end && other.mark.time == next.mark.time
        })
    }

    fn add(&mut self, statement: &Statement) {
        let mark = &statement.mark;
        if self.property == "exists" {
            return self.exists(statement);
        }
        let is_about = property(&statement.fact).is_none_or(|property| property == self.property);
        match &statement.fact.says {
            _ if !is_about => {}
            Says::Begins => self.born = Some(mark.time),
            Says::Ends => {
                self.close(|_| true, mark);
                // What is there again later is another thing.
                self.born = None;
                self.past.append(&mut self.done);
            }
            Says::Has { value, relation, .. } => self.has(value, relation, mark),
            Says::HasAlready { value, .. } => {
                if !self.open.iter().any(|period| period.value.as_ref() == Some(value)) {
                    let period = self.period(Some(value), self.bound(Some(value)));
                    self.open.push(period);
                }
            }
            Says::HasNot { value, .. } => self.has_not(value.as_deref(), mark),
            Says::HasOnly { values, .. } => {
                self.close(|value| !value.is_some_and(|value| values.contains(value)), mark);
                values.iter().for_each(|value| self.has(value, &None, mark));
            }
            Says::Without { relation, .. } => {
                let mut period = self.period(None, self.bound(None));
                period.relation = Some(relation.clone());
                self.done.push(Period { end: Some(mark.clone()), ..period });
            }
            Says::Becomes { .. } => {}
        }
    }

    /// Of what nothing is said it cannot be known that it exists; of all else it is.
    fn exists(&mut self, statement: &Statement) {
        match &statement.fact.says {
            Says::Begins => self.open.push(self.period(None, Begin::By(statement.mark.clone()))),
            says => {
                if self.open.is_empty() {
                    self.open.push(self.period(None, Begin::Unseen));
                }
                if matches!(says, Says::Ends) {
                    self.close(|_| true, &statement.mark);
                }
            }
        }
    }

    fn has(&mut self, value: &str, relation: &Option<String>, mark: &Mark) {
        if let Some(same) = self.open.iter_mut().find(|period| period.value.as_deref() == Some(value)) {
            let is_other = relation.is_some() && same.relation.is_some() && *relation != same.relation;
            if !is_other {
                same.relation = relation.clone().or(same.relation.take());
                return;
            }
            // It ended unseen and began again, unless the call itself associates anew.
            let end = if self.property == "associatedWith" { mark.clone() } else { mark.before() };
            self.close(|open| open.map(String::as_str) == Some(value), &end);
        }
        if !has_many(self.property) {
            self.close(|_| true, mark);
        }
        // What never changes was so before.
        let is_old = self.property == "vpc" && self.born.is_none();
        let period = self.period(Some(value), if is_old { Begin::Unseen } else { Begin::By(mark.clone()) });
        self.open.push(Period { relation: relation.clone(), ..period });
    }

    fn has_not(&mut self, value: Option<&str>, mark: &Mark) {
        let is_it = |open: Option<&String>| value.is_none() || open.map(String::as_str) == value;
        if self.open.iter().any(|period| is_it(period.value.as_ref())) {
            return self.close(is_it, mark);
        }
        // Nothing says that there was anything, or it has another value than that.
        if value.is_none() || (self.property.starts_with("tag:") && !self.open.is_empty()) {
            return;
        }
        let period = self.period(value, self.bound(value));
        if !has_many(self.property) {
            self.close(|_| true, mark);
        }
        self.done.push(Period { end: Some(mark.clone()), ..period });
    }

    fn close(&mut self, which: impl Fn(Option<&String>) -> bool, mark: &Mark) {
        let (closed, open) =
            std::mem::take(&mut self.open).into_iter().partition(|period| which(period.value.as_ref()));
        self.open = open;
        let closed: Vec<Period> = closed;
        self.done.extend(closed.into_iter().map(|period| Period { end: Some(mark.clone()), ..period }));
    }

    fn period(&self, value: Option<&str>, begin: Begin) -> Period {
        Period {
            scope: self.scope.clone(),
            thing: self.thing.clone(),
            property: self.property.into(),
            value: value.map(String::from),
            relation: None,
            begin,
            end: None,
        }
    }

    /// The last time at which it is known that the value was not there.
    fn bound(&self, value: Option<&str>) -> Begin {
        let is_same =
            |period: &&Period| !has_many(self.property) || (value.is_some() && period.value.as_deref() == value);
        let ends = self.done.iter().filter(is_same).filter_map(|period| Some(period.end.as_ref()?.time));
        let others = self.open.iter().filter(is_same).filter_map(|period| period.begin.earliest());
        let last = ends.chain(others).chain(self.born).max();
        last.map_or(Begin::Unseen, Begin::After)
    }
}
