//! Applies changes in chronological order, and reports each interval when it ends.

mod step;

use std::sync::Arc;

use self::step::FoldStep;
use super::change::{Change, ChangeEvent, Property, Resource, ResourceScope};
use super::interval::{Interval, IntervalEnd};
use super::state::{HistoryState, PresentValue, ResourceKey, ResourceState};

/// Receives each interval that ended, with what is known of its resource until then.
pub type IntervalSink<'a> = dyn FnMut(Interval, &ResourceState) + 'a;

/// Applies changes in chronological order.
#[derive(Debug, Default)]
pub struct HistoryFold {
    state: HistoryState,
    /// The resources that the last event has changed.
    touched: Vec<ResourceKey>,
}

impl HistoryFold {
    /// The state after the events so far.
    pub fn state(&self) -> &HistoryState {
        &self.state
    }

    /// The resources that the last event has changed, each once.
    pub fn touched(&self) -> &[(ResourceScope, Resource)] {
        &self.touched
    }

    /// Puts the events of one second, which are the next ones, in an order that is possible: a
    /// rule cannot be added while a group has it, so a revoke of it in the same second came
    /// first.
    pub fn put_revokes_first(&self, second: &mut Vec<ChangeEvent>) {
        let mut at = 0;
        while at < second.len() {
            let added = second[at].changes.iter().filter_map(|change| self.present_rule(&second[at].scope, change));
            let found = added.into_iter().find_map(|(key, rule)| find_revoke(self, &second[at + 1..], &key, &rule));
            let Some((event, change)) = found else {
                at += 1;
                continue;
            };
            let event = &mut second[at + 1 + event];
            let first = ChangeEvent { changes: vec![event.changes.remove(change)], ..event.clone() };
            second.insert(at, first);
            at += 1;
        }
    }

    /// The rule that a change adds, if the group has it already.
    fn present_rule(&self, scope: &ResourceScope, change: &Change) -> Option<(ResourceKey, PresentValue)> {
        let Change::Set { resource, property: Property::Rule, value, .. } = change else { return None };
        let resource = self.state.resolve(scope, resource);
        let present = self.state.resource(scope, &resource)?.values(&Property::Rule);
        let present = present.iter().find(|present| present.value.as_ref() == Some(value))?;
        Some(((scope.clone(), resource), present.clone()))
    }

    /// Applies the changes of an event, which must not be before the events so far.
    pub fn apply(&mut self, event: &ChangeEvent, ended: &mut IntervalSink<'_>) {
        self.touched.clear();
        let scope = self.state.intern(&event.scope);
        let end = Arc::new(IntervalEnd::of(event));
        let mut step = FoldStep {
            state: &mut self.state,
            touched: &mut self.touched,
            event,
            scope,
            end,
            ended,
            is_end_seen: true,
        };
        let mut changes = event.changes.iter().peekable();
        while let Some(change) = changes.next() {
            if let (Change::EndRelation { property: Property::Rule, relation, .. }, Some(next)) =
                (change, changes.peek())
                && let Change::Set { relation: Some(same), .. } = next
                && same == relation
            {
                step.replace_rule(change, next);
                changes.next();
            } else {
                step.change(change);
            }
        }
        self.touched.sort_unstable();
        self.touched.dedup();
    }

    /// Reports what has not ended.
    pub fn finish(self, open: &mut IntervalSink<'_>) {
        for (scope, resource, state) in self.state.resources() {
            for (property, values) in state.properties() {
                for value in values {
                    open(interval((scope, resource), property, value.clone(), None), state);
                }
            }
        }
    }
}

/// The position of the event and the change that revokes a rule.
fn find_revoke(
    fold: &HistoryFold,
    events: &[ChangeEvent],
    (scope, resource): &ResourceKey,
    rule: &PresentValue,
) -> Option<(usize, usize)> {
    let is_revoke = |change: &Change| match change {
        Change::Unset { resource: of, property: Property::Rule, value: Some(value) } => {
            fold.state.resolve(scope, of) == *resource && rule.value.as_ref() == Some(value)
        }
        Change::EndRelation { property: Property::Rule, relation, .. } => rule.relation.as_ref() == Some(relation),
        _ => false,
    };
    let of_scope = events.iter().enumerate().filter(|(_, event)| event.scope == *scope);
    of_scope.filter_map(|(at, event)| Some((at, event.changes.iter().position(is_revoke)?))).next()
}

fn interval(
    (scope, resource): (&ResourceScope, &Resource),
    property: &Property,
    value: PresentValue,
    end: Option<IntervalEnd>,
) -> Interval {
    Interval {
        scope: scope.clone(),
        resource: resource.clone(),
        property: property.clone(),
        value: value.value,
        relation: value.relation,
        begin: value.begin,
        end,
    }
}
