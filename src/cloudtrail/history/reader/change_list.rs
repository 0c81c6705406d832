//! Collects the changes of one event.

use serde_json::Value;

use super::ec2_list::{items, texts};
use super::member::{at, scalar, text};
use crate::cloudtrail::history::change::{Change, Property, Resource};

/// The changes of one event, in their order.
#[derive(Debug, Default)]
pub struct ChangeList {
    changes: Vec<Change>,
}

impl ChangeList {
    /// The changes.
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    /// The resource begins to exist.
    pub fn create(&mut self, resource: &Resource) {
        self.changes.push(Change::Create(resource.clone()));
    }

    /// The resource ceases to exist.
    pub fn delete(&mut self, resource: Option<Resource>) {
        self.changes.extend(resource.map(Change::Delete));
    }

    /// The property has this value. A value that the event does not have changes nothing.
    pub fn set(&mut self, resource: &Resource, property: Property, value: Option<String>) {
        self.relate(resource, property, value, None);
    }

    /// The property has this value by a relation with an id.
    pub fn relate(&mut self, resource: &Resource, property: Property, value: Option<String>, relation: Option<String>) {
        let resource = resource.clone();
        self.changes.extend(value.map(|value| Change::Set { resource, property, value, relation }));
    }

    /// The property has these values, besides those that it had.
    pub fn set_all(&mut self, resource: &Resource, property: &Property, values: Vec<String>) {
        for value in values {
            self.set(resource, property.clone(), Some(value));
        }
    }

    /// The property has had these values since before the event.
    pub fn known_all(&mut self, resource: &Resource, property: &Property, values: Vec<String>) {
        let known = |value| Change::Known { resource: resource.clone(), property: property.clone(), value };
        self.changes.extend(values.into_iter().map(known));
    }

    /// The property loses a value, or all values.
    pub fn unset(&mut self, resource: &Resource, property: Property, value: Option<String>) {
        self.changes.push(Change::Unset { resource: resource.clone(), property, value });
    }

    /// The property loses these values.
    pub fn unset_all(&mut self, resource: &Resource, property: &Property, values: Vec<String>) {
        for value in values {
            self.unset(resource, property.clone(), Some(value));
        }
    }

    /// The relation with this id ends.
    pub fn end_relation(&mut self, resource: Option<&Resource>, property: Property, relation: Option<String>) {
        let resource = resource.cloned();
        self.changes.extend(relation.map(|relation| Change::EndRelation { resource, property, relation }));
    }

    /// The property has exactly these values.
    pub fn replace(&mut self, resource: &Resource, property: Property, values: Vec<String>) {
        self.changes.push(Change::Replace { resource: resource.clone(), property, values });
    }

    /// The details that the object has, each by its name and its path in the object.
    pub fn details(&mut self, resource: &Resource, object: &Value, details: &[(&str, &str)]) {
        for (name, path) in details {
            self.set(resource, Property::detail(name), text(at(object, path)));
        }
    }

    /// A detail that is a list.
    pub fn list_detail(&mut self, resource: &Resource, name: &str, values: &[String]) {
        let value = Some(values.join(",")).filter(|value| !value.is_empty());
        self.set(resource, Property::detail(name), value);
    }

    /// The security groups of a resource.
    pub fn groups(&mut self, resource: &Resource, list: &Value) {
        self.set_all(resource, &Property::Group, group_ids(list));
    }

    /// Tags, as a list of keys and values.
    pub fn tags(&mut self, resource: &Resource, list: &Value) {
        for tag in items(list) {
            if let Some(key) = text(at(tag, "key")) {
                // A tag without a value has an empty one.
                let value = scalar(at(tag, "value")).unwrap_or_default();
                self.set(resource, Property::Tag(key), Some(value));
            }
        }
    }

    /// The tags that a request gives to the resources of this type that it creates.
    pub fn requested_tags(&mut self, resource: &Resource, request: &Value, kind: &str) {
        for style in ["tagSpecificationSet", "TagSpecification"] {
            for specification in items(at(request, style)) {
                if text(at(specification, "resourceType")).as_deref() == Some(kind) {
                    self.tags(resource, at(specification, "tags"));
                    self.tags(resource, at(specification, "Tag"));
                }
            }
        }
    }
}

/// The ids of security groups, or their names if a list has only these.
pub fn group_ids(list: &Value) -> Vec<String> {
    let has_ids = items(list).iter().any(|group| text(at(group, "groupId")).is_some());
    texts(list, if has_ids { "groupId" } else { "groupName" })
}
