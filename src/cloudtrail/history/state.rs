//! What is known of the resources of an account and region at one point in time.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::Hash;

use jiff::{SignedDuration, Timestamp};

use super::change::{Property, Resource, ResourceKind, detail};
use super::interval::IntervalBegin;

/// The present values of a resource.
#[derive(Clone, Debug, Default)]
pub struct ResourceState {
    values: BTreeMap<Property, Vec<PresentValue>>,
    /// When values of it ended that it may have again, by [`ended_key`].
    ended: HashMap<(Property, Option<String>), Timestamp>,
    /// When it was created, if that was seen.
    pub(super) created: Option<Timestamp>,
}

/// A value that a property has now.
#[derive(Clone, Debug)]
pub struct PresentValue {
    /// The value; `None` if it is unknown.
    pub value: Option<String>,
    /// The id of the relation.
    pub relation: Option<String>,
    /// Since when.
    pub begin: IntervalBegin,
}

impl ResourceState {
    /// Its values by property. The values of one property are in the order in which they
    /// began.
    pub fn properties(&self) -> impl Iterator<Item = (&Property, &[PresentValue])> {
        self.values.iter().map(|(property, values)| (property, values.as_slice()))
    }

    /// The values of a property.
    pub fn values(&self, property: &Property) -> &[PresentValue] {
        self.values.get(property).map_or(&[], Vec::as_slice)
    }

    /// The value of a property that has one at a time.
    pub fn value(&self, property: &Property) -> Option<&str> {
        self.values(property).first()?.value.as_deref()
    }

    /// The value of a detail.
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.value(&Property::detail(name))
    }

    pub(super) fn add(&mut self, property: Property, value: PresentValue) {
        self.values.entry(property).or_default().push(value);
    }

    /// Removes the values that `is_over` selects.
    pub(super) fn remove(
        &mut self,
        property: &Property,
        time: Timestamp,
        mut is_over: impl FnMut(&PresentValue) -> bool,
    ) -> Vec<PresentValue> {
        let Some(values) = self.values.get_mut(property) else { return Vec::new() };
        let removed: Vec<PresentValue> = values.extract_if(.., |value| is_over(value)).collect();
        if values.is_empty() {
            self.values.remove(property);
        }
        for value in &removed {
            self.ended(property, value.value.as_ref(), time);
        }
        removed
    }

    /// The earliest time at which a value without an observed beginning can have begun.
    pub(super) fn unseen_begin(&self, property: &Property, value: Option<&String>) -> IntervalBegin {
        let ended = ended_key(property, value).and_then(|key| self.ended.get(&key).copied());
        let other = self.values(property).iter().filter(|_| !property.has_many());
        let other = other.filter_map(|present| present.begin.earliest()).max();
        ended.max(other).max(self.created).map_or(IntervalBegin::BeforeEvents, IntervalBegin::After)
    }

    /// A value ended.
    pub(super) fn ended(&mut self, property: &Property, value: Option<&String>, time: Timestamp) {
        self.ended.extend(ended_key(property, value).map(|key| (key, time)));
    }

    pub(super) fn property_names(&self) -> Vec<Property> {
        self.values.keys().cloned().collect()
    }
}

/// What says when a value ended: of a property with one value at a time, the end of any. Of
/// several unknown values, the end of one says nothing about the others.
fn ended_key(property: &Property, value: Option<&String>) -> Option<(Property, Option<String>)> {
    match property.has_many() {
        true => value.map(|value| (property.clone(), Some(value.clone()))),
        false => Some((property.clone(), None)),
    }
}

/// All resources of an account and region that exist, indexed by what they are connected with.
#[derive(Debug, Default)]
pub struct HistoryState {
    resources: HashMap<Resource, ResourceState>,
    /// The resources that are attached to or associated with another, by the id of that, and
    /// those that have a private address.
    connected: HashMap<String, BTreeSet<Resource>>,
    /// The resource that has a relation, by the relation's id.
    relations: HashMap<String, (Resource, Property)>,
    /// Ids by name of the group or by public address.
    names: HashMap<(ResourceKind, String), BTreeSet<String>>,
    deleted: DeletedResources,
}

/// The resources that were deleted lately. Deleting one again succeeds for a while, and
/// does not mean that it existed.
#[derive(Debug, Default)]
struct DeletedResources {
    times: HashMap<Resource, Timestamp>,
    order: VecDeque<(Timestamp, Resource)>,
}

impl DeletedResources {
    /// Longer than any deleted resource can still be named in a call that succeeds.
    const REMEMBERED: SignedDuration = SignedDuration::from_hours(48);

    fn is_forgotten(deleted: Timestamp, time: Timestamp) -> bool {
        time.duration_since(deleted) > Self::REMEMBERED
    }

    fn add(&mut self, resource: Resource, time: Timestamp) {
        while self.order.front().is_some_and(|(first, _)| Self::is_forgotten(*first, time)) {
            let Some((first, resource)) = self.order.pop_front() else { break };
            if self.times.get(&resource) == Some(&first) {
                self.times.remove(&resource);
            }
        }
        self.order.push_back((time, resource.clone()));
        self.times.insert(resource, time);
    }
}

impl HistoryState {
    /// All resources with what is known of them, in no order.
    pub fn resources(&self) -> impl Iterator<Item = (&Resource, &ResourceState)> {
        self.resources.iter()
    }

    /// What is known of a resource.
    pub fn resource(&self, resource: &Resource) -> Option<&ResourceState> {
        self.resources.get(resource)
    }

    pub(super) fn entry(&mut self, resource: &Resource) -> &mut ResourceState {
        self.resources.entry(resource.clone()).or_default()
    }

    pub(super) fn get_mut(&mut self, resource: &Resource) -> Option<&mut ResourceState> {
        self.resources.get_mut(resource)
    }

    pub(super) fn contains(&self, resource: &Resource) -> bool {
        self.resources.contains_key(resource)
    }

    /// Whether a resource was deleted lately.
    pub(super) fn is_deleted(&self, resource: &Resource, time: Timestamp) -> bool {
        self.deleted.times.get(resource).is_some_and(|deleted| !DeletedResources::is_forgotten(*deleted, time))
    }

    /// Whether `other` ends with the resource that it is attached to. The interface of a NAT
    /// gateway always does.
    pub(super) fn ends_with(&self, other: &Resource, deleted: &Resource) -> bool {
        self.resources.get(other).is_some_and(|state| {
            let is_attached = state.value(&Property::AttachedTo) == Some(deleted.id.as_str());
            let is_deleted_too = match deleted.kind {
                ResourceKind::Instance => state.detail(detail::DELETE_ON_TERMINATION) == Some("true"),
                kind => kind == ResourceKind::NatGateway,
            };
            is_attached && is_deleted_too
        })
    }

    /// Whether a member of something is an instance that was deleted lately.
    pub(super) fn is_deleted_instance(&self, member: &str, time: Timestamp) -> bool {
        let instance = member_instance(member).map(|id| Resource::new(ResourceKind::Instance, id));
        instance.is_some_and(|instance| self.is_deleted(&instance, time))
    }

    /// Gives a value that is present the id of its relation.
    pub(super) fn adopt(&mut self, resource: &Resource, property: &Property, value: &str, relation: &str) {
        let values = self.resources.get_mut(resource).and_then(|state| state.values.get_mut(property));
        let mut values = values.into_iter().flatten();
        let Some(present) = values.find(|present| present.value.as_deref() == Some(value)) else { return };
        present.relation = Some(relation.into());
        let present = present.clone();
        self.index(resource, property, &present);
    }

    pub(super) fn created(&mut self, resource: &Resource) {
        self.deleted.times.remove(resource);
    }

    pub(super) fn delete(&mut self, resource: Resource, time: Timestamp) {
        self.resources.remove(&resource);
        self.deleted.add(resource, time);
    }

    /// The resource that an event names by a name or a public address, if there is just one.
    pub(super) fn resolve(&self, resource: &Resource) -> Resource {
        if !resource.is_alias {
            return resource.clone();
        }
        let ids = self.names.get(&(resource.kind, resource.id.clone()));
        match ids.map(|ids| (ids.len(), ids.first())) {
            Some((1, Some(id))) => Resource::new(resource.kind, id.clone()),
            _ => resource.clone(),
        }
    }

    pub(super) fn relation(&self, relation: &str, property: &Property) -> Option<Resource> {
        let (resource, of) = self.relations.get(relation)?;
        (of == property).then(|| resource.clone())
    }

    /// The other interfaces of the same VPC that have a private address. Only one can.
    pub(super) fn other_holders(&self, interface: &Resource, address: &str) -> Vec<Resource> {
        let vpc = |resource: &Resource| self.resources.get(resource).and_then(|state| state.detail(detail::VPC));
        let Some(own) = vpc(interface).filter(|_| interface.kind == ResourceKind::Interface) else {
            return Vec::new();
        };
        let mut others = self.connected(address);
        others.retain(|other| other.kind == ResourceKind::Interface && other != interface && vpc(other) == Some(own));
        others
    }

    /// The resources that are attached to or associated with the one with this id.
    pub(super) fn connected(&self, id: &str) -> Vec<Resource> {
        self.connected.get(id).into_iter().flatten().cloned().collect()
    }

    /// Makes a new value known to the lookups.
    pub(super) fn index(&mut self, resource: &Resource, property: &Property, value: &PresentValue) {
        if let Some(target) = target(property, value) {
            self.connected.entry(target.into()).or_default().insert(resource.clone());
        }
        if let Some(relation) = &value.relation {
            self.relations.insert(relation.clone(), (resource.clone(), property.clone()));
        }
        if let (true, Some(name)) = (is_name(resource.kind, property), &value.value) {
            self.names.entry((resource.kind, name.clone())).or_default().insert(resource.id.clone());
        }
    }

    /// Removes a value from the lookups.
    pub(super) fn unindex(&mut self, resource: &Resource, property: &Property, value: &PresentValue) {
        if let Some(target) = target(property, value) {
            remove(&mut self.connected, target, resource);
        }
        if let Some(relation) = &value.relation {
            self.relations.remove(relation);
        }
        if let (true, Some(name)) = (is_name(resource.kind, property), &value.value) {
            remove(&mut self.names, &(resource.kind, name.clone()), &resource.id);
        }
    }
}

/// The id of the resource whose end ends the value too, or the address that another interface
/// can take over. A target may have a port.
pub(super) fn target<'v>(property: &Property, value: &'v PresentValue) -> Option<&'v str> {
    let value = value.value.as_deref()?;
    match property {
        Property::AttachedTo | Property::AssociatedWith | Property::PrivateAddress => Some(value),
        Property::Member => member_instance(value),
        _ => None,
    }
}

/// The instance that a member is.
fn member_instance(member: &str) -> Option<&str> {
    member.split(':').next().filter(|id| id.starts_with("i-"))
}

/// Whether events name a resource of this kind by this property too.
fn is_name(kind: ResourceKind, property: &Property) -> bool {
    match (kind, property) {
        (ResourceKind::SecurityGroup, Property::Detail(name)) => name == detail::NAME,
        (ResourceKind::Address, Property::PublicAddress) => true,
        _ => false,
    }
}

fn remove<K, Q, T>(sets: &mut HashMap<K, BTreeSet<T>>, key: &Q, item: &T)
where
    K: Borrow<Q> + Eq + Hash,
    Q: Eq + Hash + ?Sized,
    T: Ord,
{
    if let Some(set) = sets.get_mut(key) {
        set.remove(item);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}
