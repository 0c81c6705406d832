//! Applies the changes of one event to the state.

use std::sync::Arc;

use super::{IntervalSink, interval};
use crate::cloudtrail::history::change::{Change, ChangeEvent, Property, Resource, ResourceScope, detail};
use crate::cloudtrail::history::interval::{IntervalBegin, IntervalEnd};
use crate::cloudtrail::history::rule::SecurityGroupRule;
use crate::cloudtrail::history::state::{self, HistoryState, PresentValue, ResourceState};

/// One event on its way into the state.
pub(super) struct FoldStep<'a, 'b> {
    pub(super) state: &'a mut HistoryState,
    pub(super) touched: &'a mut Vec<Resource>,
    pub(super) event: &'a ChangeEvent,
    pub(super) scope: &'a ResourceScope,
    /// The event as an end, shared by all values that it begins.
    pub(super) end: Arc<IntervalEnd>,
    pub(super) ended: &'a mut IntervalSink<'b>,
    /// Whether the event makes the ends that it shows.
    pub(super) is_end_seen: bool,
}

impl FoldStep<'_, '_> {
    pub(super) fn change(&mut self, change: &Change) {
        match change {
            Change::Create(resource) => self.create(resource),
            Change::Delete(resource) => {
                if let Some(resource) = self.existing(resource) {
                    self.delete(&resource);
                }
            }
            Change::Set { resource, property, value, relation } => {
                if let Some(resource) = self.existing(resource) {
                    self.set(&resource, property, value, relation.as_deref());
                }
            }
            Change::Known { resource, property, value } => {
                if let Some(resource) = self.existing(resource) {
                    self.known(&resource, property, value);
                }
            }
            Change::Unset { resource, property, value } => {
                if let Some(resource) = self.existing(resource) {
                    self.unset(&resource, property, value.as_deref());
                }
            }
            Change::EndRelation { resource, property, relation } => {
                self.end_relation(resource.as_ref(), property, relation);
            }
            Change::Replace { resource, property, values } => {
                if let Some(resource) = self.existing(resource) {
                    self.end_values(&resource, property, |value| {
                        value.value.as_deref().is_none_or(|value| !values.iter().any(|other| other == value))
                    });
                    for value in values {
                        self.set(&resource, property, value, None);
                    }
                }
            }
        }
    }

    /// The resource that a change is about, which therefore exists; `None` if it was
    /// deleted a short time ago.
    fn existing(&mut self, resource: &Resource) -> Option<Resource> {
        let resource = self.state.resolve(resource);
        if !self.state.contains(&resource) {
            if self.state.is_deleted(&resource, self.event.time) {
                return None;
            }
            self.state.entry(&resource).add(exists(IntervalBegin::BeforeEvents));
        }
        self.touched.push(resource.clone());
        Some(resource)
    }

    fn create(&mut self, resource: &Resource) {
        let resource = self.state.resolve(resource);
        // A name that is used again is another resource.
        if self.state.contains(&resource) {
            self.ended_before(|step| step.delete(&resource));
        }
        self.state.created(&resource);
        self.touched.push(resource.clone());
        let begin = IntervalBegin::Known(Arc::clone(&self.end));
        let state = self.state.entry(&resource);
        state.created = Some(self.event.time);
        state.add(exists(begin));
    }

    /// Ends everything that is known of a resource, and what hangs on it.
    fn delete(&mut self, resource: &Resource) {
        for other in self.state.connected(&resource.id) {
            self.touched.push(other.clone());
            if self.state.ends_with(&other, resource) {
                self.delete(&other);
            } else {
                for property in [Property::AttachedTo, Property::AssociatedWith, Property::Member] {
                    self.end_values(&other, &property, |value| state::target(value) == Some(&resource.id));
                }
            }
        }
        let properties = self.state.resource(resource).map_or(Vec::new(), ResourceState::property_names);
        // Existence and details last, and of these the name: the receiver of the others may ask
        // for them.
        let is_detail = |property: &&Property| matches!(property, Property::Detail(_));
        for property in properties.iter().filter(|property| !is_detail(property)).rev() {
            self.end_values(resource, property, |_| true);
        }
        let name = Property::detail(detail::NAME);
        for property in properties.iter().filter(is_detail).filter(|property| **property != name).chain([&name]) {
            self.end_values(resource, property, |_| true);
        }
        self.state.delete(resource.clone(), self.event.time);
    }

    fn set(&mut self, resource: &Resource, property: &Property, value: &str, relation: Option<&str>) {
        let is_same = |present: &PresentValue| present.value.as_deref() == Some(value);
        if let Some(present) = self.state.entry(resource).values(property).iter().find(|present| is_same(present)) {
            match (present.relation.as_deref(), relation) {
                // An address is associated anew without a call of its own.
                (Some(old), Some(new)) if old != new && *property == Property::AssociatedWith => {
                    self.end_values(resource, property, is_same);
                }
                // Another id: the value ended unseen, and began again.
                (Some(old), Some(new)) if old != new => self.ended_before(|step| {
                    step.end_values(resource, property, is_same);
                }),
                (None, Some(new)) => return self.state.adopt(resource, property, value, new),
                _ => return,
            }
        }
        let state = self.state.entry(resource);
        let is_first = state.values(property).is_empty();
        if self.event.is_snapshot && !is_first && !property.has_many() {
            // The events know better when it changed.
            return;
        }
        let is_constant = matches!(property, Property::Detail(name) if name == detail::VPC);
        // A constant property had its value before the event that mentions it.
        let begin = if self.event.is_snapshot {
            state.unseen_begin(property, Some(value))
        } else if is_constant && is_first && state.created.is_none() {
            IntervalBegin::BeforeEvents
        } else {
            IntervalBegin::Known(Arc::clone(&self.end))
        };
        if !property.has_many() {
            self.end_values(resource, property, |_| true);
        }
        if *property == Property::PrivateAddress {
            self.take_over(resource, value);
        }
        let (property, relation) = (property.clone(), relation.map(Box::from));
        let present = PresentValue { property, value: Some(value.into()), relation, begin };
        self.state.index(resource, &present);
        self.state.entry(resource).add(present);
    }

    /// Runs `show` with ends marked as not seen: the event only shows that they happened earlier.
    fn ended_before(&mut self, show: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.is_end_seen, false);
        show(self);
        self.is_end_seen = outer;
    }

    /// Ends the address of other interfaces. AssignPrivateIpAddresses moves an address; any
    /// other event shows that it was free.
    fn take_over(&mut self, resource: &Resource, address: &str) {
        match self.event.name.starts_with("AssignPrivateIp") {
            true => self.end_elsewhere(resource, address),
            false => self.ended_before(|step| step.end_elsewhere(resource, address)),
        }
    }

    fn end_elsewhere(&mut self, resource: &Resource, address: &str) {
        for other in self.state.other_holders(resource, address) {
            self.end_values(&other, &Property::PrivateAddress, |present| present.value.as_deref() == Some(address));
            self.touched.push(other);
        }
    }

    /// The value was there before the event.
    fn known(&mut self, resource: &Resource, property: &Property, value: &str) {
        let state = self.state.entry(resource);
        if state.values(property).iter().any(|present| present.value.as_deref() == Some(value)) {
            return;
        }
        let begin = state.unseen_begin(property, Some(value));
        let present = PresentValue { property: property.clone(), value: Some(value.into()), relation: None, begin };
        self.state.index(resource, &present);
        self.state.entry(resource).add(present);
    }

    fn unset(&mut self, resource: &Resource, property: &Property, value: Option<&str>) {
        let count = self.end_values(resource, property, |present| value.is_none() || present.value.as_deref() == value);
        let Some(text) = value.filter(|_| count == 0) else { return };
        let has_other = !property.has_many() && !self.state.entry(resource).values(property).is_empty();
        // Neither a tag with another value nor a member that is gone is an error.
        let is_nothing = match property {
            Property::Tag(_) => has_other,
            Property::Member => self.state.is_deleted_instance(text, self.event.time),
            _ => false,
        };
        if is_nothing {
            return;
        }
        // It must have been there, although no event that was read has begun it.
        self.ended_unseen(resource, property, value, None);
        if has_other {
            self.end_values(resource, property, |_| true);
        }
    }

    fn end_relation(&mut self, resource: Option<&Resource>, property: &Property, relation: &str) {
        let Some(resource) = self.state.relation(relation, property).or_else(|| resource.cloned()) else {
            return;
        };
        let Some(resource) = self.existing(&resource) else { return };
        let count = self.end_values(&resource, property, |present| present.relation.as_deref() == Some(relation));
        if count == 0 {
            self.ended_unseen(&resource, property, None, Some(relation));
        }
    }

    /// Replaces the content of a rule, which keeps its id. The event does not state the direction,
    /// and may change the description alone.
    pub(super) fn replace_rule(&mut self, end: &Change, set: &Change) {
        let (Change::EndRelation { resource, relation, .. }, Change::Set { resource: group, property, value, .. }) =
            (end, set)
        else {
            return;
        };
        let owner = self.state.relation(relation, property).or_else(|| resource.clone());
        let resource = self.state.resolve(owner.as_ref().unwrap_or(group));
        let values = self.state.resource(&resource).map_or(&[][..], |state| state.values(property));
        let present = values.iter().find(|value| value.relation.as_deref() == Some(relation.as_str()));
        let old = present.and_then(|value| value.value.as_deref()?.parse::<SecurityGroupRule>().ok());
        let direction = old.as_ref().map(|rule| rule.direction);
        let new = value.parse::<SecurityGroupRule>().ok();
        let new = new.map(|rule| direction.map_or(rule.clone(), |direction| rule.or_direction(direction)));
        if old.is_some() && old == new {
            return;
        }
        self.end_relation(owner.as_ref(), property, relation);
        if let Some(resource) = self.existing(owner.as_ref().unwrap_or(group)) {
            let text = new.map_or_else(|| value.clone(), |rule| rule.to_string());
            self.set(&resource, property, &text, Some(relation));
        }
    }

    /// Reports a value whose begin was not seen.
    fn ended_unseen(&mut self, resource: &Resource, property: &Property, value: Option<&str>, relation: Option<&str>) {
        let state = self.state.entry(resource);
        let begin = state.unseen_begin(property, value);
        state.ended(property, value, self.event.time);
        let (property, value, relation) = (property.clone(), value.map(Box::from), relation.map(Box::from));
        let value = PresentValue { property, value, relation, begin };
        let end = Some(IntervalEnd::of(self.event));
        (self.ended)(interval((self.scope, resource), value, end), state);
    }

    /// Ends the values that `is_over` selects. Returns their number.
    fn end_values(
        &mut self,
        resource: &Resource,
        property: &Property,
        is_over: impl FnMut(&PresentValue) -> bool,
    ) -> usize {
        let Some(state) = self.state.get_mut(resource) else { return 0 };
        let removed = state.remove(property, self.event.time, is_over);
        for value in &removed {
            self.state.unindex(resource, value);
        }
        let count = removed.len();
        let state = self.state.entry(resource);
        for value in removed {
            let of = if self.is_end_seen { IntervalEnd::of } else { IntervalEnd::before };
            let end = Some(of(self.event));
            (self.ended)(interval((self.scope, resource), value, end), state);
        }
        count
    }
}

/// The value of a resource that exists.
fn exists(begin: IntervalBegin) -> PresentValue {
    PresentValue { property: Property::Exists, value: None, relation: None, begin }
}
