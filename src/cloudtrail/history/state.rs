//! What is known of the resources of an account and region at one point in time.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::change::{Property, Resource, ResourceKind, detail};
use super::interval::IntervalBegin;

/// The present values of a resource.
#[derive(Clone, Debug, Default)]
pub struct ResourceState {
    /// By property, and the values of one in the order in which they began. There is a state for
    /// every resource, so it is kept small.
    values: Vec<PresentValue>,
    /// When values of it ended that it may have again, by [`ended_key`].
    ended: BTreeMap<(Property, Option<Box<str>>), Timestamp>,
    /// When it was created, if that was seen.
    pub(super) created: Option<Timestamp>,
}

/// A value that a property has now.
#[derive(Clone, Debug)]
pub struct PresentValue {
    /// The property.
    pub property: Property,
    /// The value; `None` if it is unknown.
    pub value: Option<Box<str>>,
    /// The id of the relation.
    pub relation: Option<Box<str>>,
    /// Since when.
    pub begin: IntervalBegin,
}

impl ResourceState {
    /// Its values by property. The values of one property are in the order in which they
    /// began.
    pub fn properties(&self) -> impl Iterator<Item = (&Property, &[PresentValue])> {
        let of_property = self.values.chunk_by(|one, other| one.property == other.property);
        of_property.filter_map(|values| Some((&values.first()?.property, values)))
    }

    /// The values of a property.
    pub fn values(&self, property: &Property) -> &[PresentValue] {
        &self.values[self.range(property)]
    }

    /// Where the values of a property are.
    fn range(&self, property: &Property) -> Range<usize> {
        let start = self.values.partition_point(|value| value.property < *property);
        let count = self.values[start..].partition_point(|value| value.property == *property);
        start..start + count
    }

    /// The value of a property that has one at a time.
    pub fn value(&self, property: &Property) -> Option<&str> {
        self.values(property).first()?.value.as_deref()
    }

    /// The value of a detail.
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.value(&Property::detail(name))
    }

    pub(super) fn add(&mut self, value: PresentValue) {
        if self.values.len() == self.values.capacity() {
            // Most resources have few values, and doubling would leave half of the memory unused.
            self.values.reserve_exact(1 + self.values.len() / 4);
        }
        let end = self.range(&value.property).end;
        self.values.insert(end, value);
    }

    /// Removes the values that `is_over` selects.
    pub(super) fn remove(
        &mut self,
        property: &Property,
        time: Timestamp,
        mut is_over: impl FnMut(&PresentValue) -> bool,
    ) -> Vec<PresentValue> {
        let range = self.range(property);
        let removed: Vec<PresentValue> = self.values.extract_if(range, |value| is_over(value)).collect();
        for value in &removed {
            self.ended(property, value.value.as_deref(), time);
        }
        removed
    }

    /// The earliest time at which a value without an observed beginning can have begun.
    pub(super) fn unseen_begin(&self, property: &Property, value: Option<&str>) -> IntervalBegin {
        let ended = ended_key(property, value).and_then(|key| self.ended.get(&key).copied());
        let other = self.values(property).iter().filter(|_| !property.has_many());
        let other = other.filter_map(|present| present.begin.earliest()).max();
        ended.max(other).max(self.created).map_or(IntervalBegin::BeforeEvents, IntervalBegin::After)
    }

    /// A value ended.
    pub(super) fn ended(&mut self, property: &Property, value: Option<&str>, time: Timestamp) {
        self.ended.extend(ended_key(property, value).map(|key| (key, time)));
    }

    pub(super) fn property_names(&self) -> Vec<Property> {
        self.properties().map(|(property, _)| property.clone()).collect()
    }
}

/// What says when a value ended: of a property with one value at a time, the end of any. Of
/// several unknown values, the end of one says nothing about the others.
fn ended_key(property: &Property, value: Option<&str>) -> Option<(Property, Option<Box<str>>)> {
    match property.has_many() {
        true => value.map(|value| (property.clone(), Some(value.into()))),
        false => Some((property.clone(), None)),
    }
}

/// All resources of an account and region that exist, indexed by what they are connected with.
#[derive(Debug, Default)]
pub struct HistoryState {
    resources: HashMap<Resource, ResourceState>,
    /// The resources that are attached to or associated with another, by the id of that, and
    /// those that have a private address.
    connected: HashMap<Box<str>, SmallSet<Resource>>,
    /// The resource that has a relation, by the relation's id.
    relations: HashMap<Box<str>, (Resource, Property)>,
    /// Ids by name of the group or by public address.
    names: HashMap<(ResourceKind, Box<str>), SmallSet<String>>,
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
        let Some(state) = self.resources.get_mut(resource) else { return };
        let range = state.range(property);
        let mut values = state.values[range].iter_mut();
        let Some(present) = values.find(|present| present.value.as_deref() == Some(value)) else { return };
        present.relation = Some(relation.into());
        let present = present.clone();
        self.index(resource, &present);
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
        let ids = self.names.get(&(resource.kind, resource.id.as_str().into()));
        match ids.map(SmallSet::items) {
            Some([id]) => Resource::new(resource.kind, id.clone()),
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
        self.connected.get(id).map_or(Vec::new(), |resources| resources.items().to_vec())
    }

    /// Makes a new value known to the lookups.
    pub(super) fn index(&mut self, resource: &Resource, value: &PresentValue) {
        if let Some(target) = target(value) {
            self.connected.entry(target.into()).or_default().insert(resource.clone());
        }
        if let Some(relation) = &value.relation {
            self.relations.insert(relation.clone(), (resource.clone(), value.property.clone()));
        }
        if let (true, Some(name)) = (is_name(resource.kind, &value.property), &value.value) {
            self.names.entry((resource.kind, name.clone())).or_default().insert(resource.id.clone());
        }
    }

    /// Removes a value from the lookups.
    pub(super) fn unindex(&mut self, resource: &Resource, value: &PresentValue) {
        if let Some(target) = target(value) {
            remove(&mut self.connected, target, resource);
        }
        if let Some(relation) = &value.relation {
            self.relations.remove(relation);
        }
        if let (true, Some(name)) = (is_name(resource.kind, &value.property), &value.value) {
            remove(&mut self.names, &(resource.kind, name.clone()), &resource.id);
        }
    }
}

/// The id of the resource whose end ends the value too, or the address that another interface
/// can take over. A target may have a port.
pub(super) fn target(value: &PresentValue) -> Option<&str> {
    let text = value.value.as_deref()?;
    match value.property {
        Property::AttachedTo | Property::AssociatedWith | Property::PrivateAddress => Some(text),
        Property::Member => member_instance(text),
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

fn remove<K, Q, T>(sets: &mut HashMap<K, SmallSet<T>>, key: &Q, item: &T)
where
    K: Borrow<Q> + Eq + Hash,
    Q: Eq + Hash + ?Sized,
    T: Ord,
{
    if let Some(set) = sets.get_mut(key) {
        set.remove(item);
        if set.items().is_empty() {
            sets.remove(key);
        }
    }
}

/// A set that nearly always has one item, in ascending order.
#[derive(Debug)]
struct SmallSet<T>(Vec<T>);

impl<T> Default for SmallSet<T> {
    fn default() -> SmallSet<T> {
        SmallSet(Vec::with_capacity(1))
    }
}

impl<T: Ord> SmallSet<T> {
    fn items(&self) -> &[T] {
        &self.0
    }

    fn insert(&mut self, item: T) {
        if let Err(at) = self.0.binary_search(&item) {
            self.0.insert(at, item);
        }
    }

    fn remove(&mut self, item: &T) {
        if let Ok(at) = self.0.binary_search(item) {
            self.0.remove(at);
        }
    }
}
