//! Reads what a document of a snapshot says about a resource at the time of the snapshot.
//!
//! A snapshot knows what no log tells: public addresses that AWS assigned, the volumes of a
//! launch, and what began before the first event.

use serde_json::Value;

use super::change::{Change, Property, Resource, ResourceKind, detail};

/// The values that a document of this kind of resource has.
pub fn changes(kind: ResourceKind, document: &Value) -> Vec<Change> {
    let id = match kind {
        ResourceKind::Instance => "instanceId",
        ResourceKind::Interface => "networkInterfaceId",
        ResourceKind::Address => "allocationId",
        ResourceKind::SecurityGroup => "groupId",
        ResourceKind::Volume => "volumeId",
        ResourceKind::NatGateway => "natGatewayId",
        _ => return Vec::new(),
    };
    let Some(id) = text(document, id) else { return Vec::new() };
    let mut facts = DocumentFacts { resource: Resource::new(kind, id), changes: Vec::new() };
    facts.details(document);
    match kind {
        ResourceKind::Instance => facts.instance(document),
        ResourceKind::Interface => facts.interface(document),
        ResourceKind::Address => facts.address(document),
        ResourceKind::SecurityGroup => facts.rules(document),
        ResourceKind::Volume => facts.volume(document),
        _ => {}
    }
    facts.changes
}

/// The values of one resource.
struct DocumentFacts {
    resource: Resource,
    changes: Vec<Change>,
}

impl DocumentFacts {
    fn set(&mut self, property: Property, value: Option<&str>, relation: Option<&str>) {
        let Some(value) = value else { return };
        let (resource, value) = (self.resource.clone(), value.to_string());
        self.changes.push(Change::Set { resource, property, value, relation: relation.map(String::from) });
    }

    /// What is only shown, under the names that events give it.
    fn details(&mut self, document: &Value) {
        const DETAILS: [(&str, &str); 10] = [
            ("vpcId", detail::VPC),
            ("subnetId", "subnet"),
            ("groupName", detail::NAME),
            ("groupDescription", "description"),
            ("description", "description"),
            ("imageId", "image"),
            ("instanceType", "type"),
            ("volumeType", "type"),
            ("size", "size"),
            ("availabilityZone", "zone"),
        ];
        for (member, name) in DETAILS {
            self.set(Property::detail(name), text(document, member), None);
        }
        for (key, value) in document.get("tags").and_then(Value::as_object).into_iter().flatten() {
            self.set(Property::Tag(key.clone()), value.as_str(), None);
        }
    }

    fn instance(&mut self, document: &Value) {
        self.set(Property::State, document.get("instanceState").and_then(|state| text(state, "name")), None);
        self.set(Property::PublicAddress, text(document, "ipAddress"), None);
        for group in list(document, "groupSet") {
            self.set(Property::Group, text(group, "groupId"), None);
        }
        // An instance with interfaces has its private addresses through them.
        let interfaces = list(document, "networkInterfaceSet");
        if interfaces.is_empty() {
            self.set(Property::PrivateAddress, text(document, "privateIpAddress"), None);
        }
        for mapping in list(document, "blockDeviceMapping") {
            let Some(volume) = mapping.get("ebs").and_then(|ebs| text(ebs, "volumeId")) else { continue };
            self.changes.push(Change::Set {
                resource: Resource::new(ResourceKind::Volume, volume),
                property: Property::AttachedTo,
                value: self.resource.id.clone(),
                relation: None,
            });
        }
    }

    fn interface(&mut self, document: &Value) {
        for address in list(document, "privateIpAddressesSet") {
            self.set(Property::PrivateAddress, text(address, "privateIpAddress"), None);
            let public = address.get("association").filter(|association| text(association, "allocationId").is_none());
            self.set(Property::PublicAddress, public.and_then(|association| text(association, "publicIp")), None);
        }
        for address in list(document, "ipv6AddressesSet") {
            self.set(Property::Ipv6Address, text(address, "ipv6Address"), None);
        }
        for group in list(document, "groupSet") {
            self.set(Property::Group, text(group, "groupId"), None);
        }
        let Some(attachment) = document.get("attachment") else { return };
        self.set(Property::AttachedTo, text(attachment, "instanceId"), text(attachment, "attachmentId"));
        let is_deleted_too = text(attachment, "deleteOnTermination");
        self.set(Property::detail(detail::DELETE_ON_TERMINATION), is_deleted_too, None);
    }

    fn address(&mut self, document: &Value) {
        self.set(Property::PublicAddress, text(document, "publicIp"), None);
        let holder = text(document, "networkInterfaceId").or_else(|| text(document, "instanceId"));
        self.set(Property::AssociatedWith, holder, text(document, "associationId"));
    }

    /// A rule may have its description behind it.
    fn rules(&mut self, document: &Value) {
        for rule in list(document, "rules").iter().filter_map(Value::as_str) {
            self.set(Property::Rule, rule.split(" # ").next(), None);
        }
    }

    fn volume(&mut self, document: &Value) {
        for attachment in list(document, "attachmentSet") {
            self.set(Property::AttachedTo, text(attachment, "instanceId"), None);
        }
    }
}

fn text<'a>(document: &'a Value, member: &str) -> Option<&'a str> {
    document.get(member)?.as_str().filter(|text| !text.is_empty())
}

fn list<'a>(document: &'a Value, member: &str) -> &'a [Value] {
    document.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
