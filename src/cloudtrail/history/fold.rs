//! Applies the changes of an account and region in chronological order, and reports each interval
//! when it ends.

mod step;

use std::sync::Arc;

use self::step::FoldStep;
use super::change::{Change, ChangeEvent, Property, Resource, ResourceScope};
use super::interval::{Interval, IntervalEnd};
use super::state::{HistoryState, PresentValue, ResourceState};

/// Receives each interval that ended, with what is known of its resource until then.
pub type IntervalSink<'a> = dyn FnMut(Interval, &ResourceState) + 'a;

/// Applies the changes of one account and region in chronological order.
#[derive(Debug)]
pub struct HistoryFold {
    scope: ResourceScope,
    state: HistoryState,
    /// The resources that the last event has changed.
    touched: Vec<Resource>,
}

impl HistoryFold {
    /// Begins with an empty account and region.
    pub fn new(scope: ResourceScope) -> HistoryFold {
        HistoryFold { scope, state: HistoryState::default(), touched: Vec::new() }
    }

    /// The account and region.
    pub fn scope(&self) -> &ResourceScope {
        &self.scope
    }

    /// The state after the events so far.
    pub fn state(&self) -> &HistoryState {
        &self.state
    }

    /// The resources that the last event has changed, each once.
    pub fn touched(&self) -> &[Resource] {
        &self.touched
    }

    /// Puts the events of one second, which are the next ones, in an order that is possible: a
    /// rule cannot be added while a group has it, so a revoke of it in the same second came
    /// first.
    pub fn put_revokes_first(&self, second: &mut Vec<ChangeEvent>) {
        let mut at = 0;
        while at < second.len() {
            let added = second[at].changes.iter().filter_map(|change| self.present_rule(change));
            let found = added.into_iter().find_map(|(group, rule)| self.find_revoke(&second[at + 1..], &group, &rule));
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
    fn present_rule(&self, change: &Change) -> Option<(Resource, PresentValue)> {
        let Change::Set { resource, property: Property::Rule, value, .. } = change else { return None };
        let resource = self.state.resolve(resource);
        let present = self.state.resource(&resource)?.values(&Property::Rule);
        let present = present.iter().find(|present| present.value.as_deref() == Some(value))?;
        Some((resource, present.clone()))
    }

    /// The position of the event and the change that revokes a rule.
    fn find_revoke(&self, events: &[ChangeEvent], group: &Resource, rule: &PresentValue) -> Option<(usize, usize)> {
        let is_revoke = |change: &Change| match change {
            Change::Unset { resource: of, property: Property::Rule, value: Some(value) } => {
                self.state.resolve(of) == *group && rule.value.as_deref() == Some(value)
            }
            Change::EndRelation { property: Property::Rule, relation, .. } => {
                rule.relation.as_deref() == Some(relation)
            }
            _ => false,
        };
        let mut revokes = events.iter().map(|event| event.changes.iter().position(is_revoke)).enumerate();
        revokes.find_map(|(at, change)| Some((at, change?)))
    }

    /// Applies the changes of an event of this account and region, which must not be before the
    /// events so far.
    pub fn apply(&mut self, event: &ChangeEvent, ended: &mut IntervalSink<'_>) {
        self.touched.clear();
        let end = Arc::new(IntervalEnd::of(event));
        let mut step = FoldStep {
            state: &mut self.state,
            touched: &mut self.touched,
            event,
            scope: &self.scope,
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
        for (resource, state) in self.state.resources() {
            for value in state.properties().flat_map(|(_, values)| values) {
                open(interval((&self.scope, resource), value.clone(), None), state);
            }
        }
    }
}

fn interval((scope, resource): (&ResourceScope, &Resource), value: PresentValue, end: Option<IntervalEnd>) -> Interval {
    Interval {
        scope: scope.clone(),
        resource: resource.clone(),
        property: value.property,
        value: value.value.map(String::from),
        relation: value.relation.map(String::from),
        begin: value.begin,
        end,
    }
}
