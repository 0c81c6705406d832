//! All statements of all events, with names resolved, and with the consequences of a thing's end.

use jiff::SignedDuration;

use super::fact::{Fact, FactKind, Kind, Thing};
use super::period::{IntervalEvent, PlainInterval, Scope, Statement, periods};

/// The statements so far.
#[derive(Default)]
pub(super) struct Story {
    pub(super) statements: Vec<Statement>,
}

impl Story {
    /// Adds the facts of an event.
    pub(super) fn add_event(&mut self, mark: &IntervalEvent, scope: &Scope, facts: Vec<Fact>) {
        for fact in facts {
            for fact in self.resolved(scope, fact) {
                if matches!(fact.kind, FactKind::Created) && self.exists(scope, &fact.thing) {
                    // A name that is used again stands for another thing.
                    self.add(&mark.before(), scope, fact.thing.ends());
                }
                let moves = mark.name.starts_with("AssignPrivateIp");
                for lost in self.taken_over(scope, &fact) {
                    self.add(&if moves { mark.clone() } else { mark.before() }, scope, lost);
                }
                self.add(mark, scope, fact);
            }
        }
    }

    /// The loss of a private address by another interface of the VPC, if the fact gives it to this
    /// one.
    fn taken_over(&self, scope: &Scope, fact: &Fact) -> Vec<Fact> {
        let FactKind::Set { property, value, .. } = &fact.kind else { return Vec::new() };
        if property != "privateAddress" || fact.thing.kind != Kind::Interface {
            return Vec::new();
        }
        let open = self.open(scope);
        let vpc = |thing: &Thing| {
            open.iter().find(|one| one.thing == *thing && one.property == "vpc").and_then(|one| one.value.clone())
        };
        let is_it = |one: &&PlainInterval| {
            one.property == *property
                && one.value.as_ref() == Some(value)
                && one.thing.kind == Kind::Interface
                && one.thing != fact.thing
                && vpc(&fact.thing).is_some_and(|own| vpc(&one.thing) == Some(own))
        };
        open.iter().filter(is_it).map(|one| one.thing.has_not(property, Some(value.clone()))).collect()
    }

    fn add(&mut self, mark: &IntervalEvent, scope: &Scope, fact: Fact) {
        let is_of_nothing = fact.thing == Thing::nothing();
        if is_of_nothing || (!matches!(fact.kind, FactKind::Created) && self.is_gone(mark, scope, &fact.thing)) {
            return;
        }
        // A terminated instance is no longer a member, so its removal afterwards changes nothing.
        if let FactKind::Unset { property, value: Some(value) } = &fact.kind
            && property == "member"
            && let Some(instance) = value.split(':').next().filter(|id| id.starts_with("i-"))
            && self.is_gone(mark, scope, &Thing::new(Kind::Instance, instance.into()))
        {
            return;
        }
        let followed = match fact.kind {
            FactKind::Deleted => self.consequences(scope, &fact.thing),
            _ => Vec::new(),
        };
        for fact in followed {
            self.add(mark, scope, fact);
        }
        self.statements.push(Statement { mark: mark.clone(), scope: scope.clone(), fact });
    }

    fn exists(&self, scope: &Scope, thing: &Thing) -> bool {
        let of_thing = |one: &&Statement| one.scope == *scope && one.fact.thing == *thing;
        let last = self.statements.iter().rev().find(of_thing);
        last.is_some_and(|last| !matches!(last.fact.kind, FactKind::Deleted))
    }

    /// Whether the thing was deleted at most 48 hours ago. Deleting it again succeeds and means
    /// nothing.
    fn is_gone(&self, mark: &IntervalEvent, scope: &Scope, thing: &Thing) -> bool {
        let of_thing = |one: &&Statement| one.scope == *scope && one.fact.thing == *thing;
        let last = self.statements.iter().rev().find(of_thing);
        let is_late = |end: &IntervalEvent| mark.time.duration_since(end.time) > SignedDuration::from_hours(48);
        last.is_some_and(|last| matches!(last.fact.kind, FactKind::Deleted) && !is_late(&last.mark))
    }

    fn open(&self, scope: &Scope) -> Vec<PlainInterval> {
        let all = periods(&self.statements);
        all.into_iter().filter(|period| period.end.is_none() && period.scope == *scope).collect()
    }

    /// The facts that follow from the end of a thing.
    fn consequences(&self, scope: &Scope, gone: &Thing) -> Vec<Fact> {
        let open = self.open(scope);
        let mut facts = Vec::new();
        for period in &open {
            let (value, thing) = (period.value.as_deref().unwrap_or_default(), &period.thing);
            let is_deleted = open.iter().any(|other| {
                other.thing == *thing
                    && other.property == "deleteOnTermination"
                    && other.value.as_deref() == Some("true")
            });
            let is_gone = value == gone.id;
            let is_target = value.strip_prefix(gone.id.as_str()).is_some_and(|rest| rest.starts_with(':'));
            match period.property.as_str() {
                "attachedTo" if is_gone && (gone.kind == Kind::Gateway || is_deleted) => facts.push(thing.ends()),
                "attachedTo" | "associatedWith" if is_gone => {
                    facts.push(thing.has_not(&period.property, Some(value.into())));
                }
                "member" if gone.kind == Kind::Instance && (is_gone || is_target) => {
                    facts.push(thing.has_not("member", Some(value.into())));
                }
                _ => {}
            }
        }
        facts
    }

    /// The fact with things by their ids, and with the values that ids of relations stand for.
    fn resolved(&self, scope: &Scope, mut fact: Fact) -> Vec<Fact> {
        if fact.thing.is_name {
            fact.thing = self.thing(scope, &fact.thing);
        }
        let of = |relation: &str, property: &str| {
            let is_it = |open: &PlainInterval| open.property == property && open.relation.as_deref() == Some(relation);
            self.open(scope).into_iter().find(is_it)
        };
        match &fact.kind {
            FactKind::RelationEnded { property, relation } => match of(relation, property) {
                Some(open) => vec![open.thing.has_not(property, open.value)],
                None => vec![fact],
            },
            FactKind::RuleReplaced { relation, rule } => {
                let old = of(relation, "rule");
                let value = old.as_ref().and_then(|old| old.value.clone());
                let direction = value.as_ref().and_then(|rule| rule.split(' ').next()).unwrap_or("?");
                let new = format!("{direction}{}", rule.trim_start_matches('?'));
                if value.as_ref() == Some(&new) {
                    return Vec::new();
                }
                let without =
                    || fact.thing.fact(FactKind::RelationEnded { property: "rule".into(), relation: relation.clone() });
                let lost = old.map_or_else(without, |old| old.thing.has_not("rule", old.value));
                let has = fact.thing.has_by("rule", Some(new), Some(relation.clone()));
                [Some(lost), has].into_iter().flatten().collect()
            }
            _ => vec![fact],
        }
    }

    /// The thing that has this name or this address now.
    fn thing(&self, scope: &Scope, named: &Thing) -> Thing {
        let open = self.open(scope);
        let property = if named.kind == Kind::Address { "publicAddress" } else { "name" };
        let is_it = |period: &&PlainInterval| {
            period.thing.kind == named.kind && period.property == property && period.value.as_ref() == Some(&named.id)
        };
        let has_vpc = |thing: &Thing| open.iter().any(|period| period.thing == *thing && period.property == "vpc");
        let mut found: Vec<&Thing> = open.iter().filter(is_it).map(|period| &period.thing).collect();
        found.sort_by_key(|thing| has_vpc(thing));
        found.first().map_or_else(|| Thing::new(named.kind, named.id.clone()), |thing| (*thing).clone())
    }
}
