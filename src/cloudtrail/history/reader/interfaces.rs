//! Network interfaces and their addresses.

use serde_json::Value;

use super::api_call::ApiCall;
use super::change_list::{ChangeList, group_ids};
use super::ec2_list::items;
use super::member::{address, at, attribute, first_at, text};
use crate::cloudtrail::history::change::{Property, Resource, ResourceKind, detail};

const DETAILS: [(&str, &str); 7] = [
    (detail::VPC, "vpcId"),
    ("subnet", "subnetId"),
    ("zone", "availabilityZone"),
    ("description", "description"),
    ("type", "interfaceType"),
    ("owner", "ownerId"),
    ("requester", "requesterId"),
];

const ATTACHMENT_DETAILS: [(&str, &str); 2] =
    [("deviceIndex", "deviceIndex"), (detail::DELETE_ON_TERMINATION, "deleteOnTermination")];

/// An interface, by the member of an object that has its id.
pub fn interface(object: &Value) -> Option<Resource> {
    text(at(object, "networkInterfaceId")).map(|id| Resource::new(ResourceKind::Interface, id))
}

/// CreateNetworkInterface.
pub fn create(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let created = at(call.response(), "networkInterface");
    let Some(interface) = interface(created) else { return };
    changes.create(&interface);
    describe(&interface, created, changes);
    attach_as_answered(&interface, created, text(at(created, "attachment.instanceId")), changes);
}

/// An interface in the response of RunInstances. It exists before if the request names it.
pub fn launch(instance: &Resource, launched: &Value, requested: &[&Value], changes: &mut ChangeList) {
    let Some(interface) = interface(launched) else { return };
    let existed = requested.iter().any(|other| text(at(other, "networkInterfaceId")).as_ref() == Some(&interface.id));
    if !existed {
        changes.create(&interface);
    }
    describe(&interface, launched, changes);
    attach_as_answered(&interface, launched, Some(instance.id.clone()), changes);
}

/// What an interface is known to have as soon as it exists.
fn describe(interface: &Resource, object: &Value, changes: &mut ChangeList) {
    changes.details(interface, object, &DETAILS);
    changes.groups(interface, at(object, "groupSet"));
    changes.tags(interface, at(object, "tagSet"));
    let mut private = addresses(at(object, "privateIpAddressesSet"), "privateIpAddress");
    let primary = address(at(object, "privateIpAddress")).filter(|primary| !private.contains(primary));
    private.splice(0..0, primary);
    changes.set_all(interface, &Property::PrivateAddress, private);
    let ipv6 = addresses(at(object, "ipv6AddressesSet"), "ipv6Address");
    changes.set_all(interface, &Property::Ipv6Address, ipv6);
    changes.set(interface, Property::PublicAddress, address(at(object, "association.publicIp")));
}

fn attach_as_answered(interface: &Resource, object: &Value, to: Option<String>, changes: &mut ChangeList) {
    let attachment = at(object, "attachment");
    changes.relate(interface, Property::AttachedTo, to, text(at(attachment, "attachmentId")));
    changes.details(interface, attachment, &ATTACHMENT_DETAILS);
}

/// The addresses in a list.
pub fn addresses(list: &Value, member: &str) -> Vec<String> {
    items(list).into_iter().filter_map(|item| address(at(item, member)).or_else(|| address(item))).collect()
}

/// AttachNetworkInterface.
pub fn attach(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let Some(interface) = interface(call.request()) else { return };
    let attachment = text(at(call.response(), "attachmentId"));
    changes.relate(&interface, Property::AttachedTo, text(at(call.request(), "instanceId")), attachment);
    changes.details(&interface, call.request(), &[("deviceIndex", "deviceIndex")]);
    // An interface that is attached later stays when its instance ends.
    changes.set(&interface, Property::detail(detail::DELETE_ON_TERMINATION), Some("false".into()));
}

/// DetachNetworkInterface. It names the attachment only.
pub fn detach(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let attachment = text(at(call.request(), "attachmentId"));
    changes.end_relation(interface(call.request()).as_ref(), Property::AttachedTo, attachment);
}

/// DeleteNetworkInterface.
pub fn delete(call: &ApiCall<'_>, changes: &mut ChangeList) {
    changes.delete(interface(call.request()));
}

/// ModifyNetworkInterfaceAttribute.
pub fn modify(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let request = call.request();
    let Some(interface) = interface(request) else { return };
    // An interface has at least one group, so an empty list means that they stay.
    let groups = group_ids(first_at(request, &["groupSet", "securityGroupId"]));
    if !groups.is_empty() {
        changes.replace(&interface, Property::Group, groups);
    }
    changes.set(&interface, Property::detail("description"), attribute(at(request, "description")));
    changes.set(&interface, Property::detail("sourceDestCheck"), attribute(at(request, "sourceDestCheck")));
    let deleted_with = text(at(request, "attachment.deleteOnTermination"));
    changes.set(&interface, Property::detail(detail::DELETE_ON_TERMINATION), deleted_with);
}

/// AssignPrivateIpAddresses. Before 2019 the response did not name addresses that the
/// request only counted.
pub fn assign_private(call: &ApiCall<'_>, changes: &mut ChangeList) {
    assign(call, Property::PrivateAddress, private_addresses(call, "assignedPrivateIpAddressesSet"), changes);
}

/// UnassignPrivateIpAddresses.
pub fn unassign_private(call: &ApiCall<'_>, changes: &mut ChangeList) {
    unassign(call, Property::PrivateAddress, private_addresses(call, "unassignedPrivateIpAddressesSet"), changes);
}

/// AssignIpv6Addresses.
pub fn assign_ipv6(call: &ApiCall<'_>, changes: &mut ChangeList) {
    assign(call, Property::Ipv6Address, ipv6_addresses(call, "assignedIpv6Addresses"), changes);
}

/// UnassignIpv6Addresses.
pub fn unassign_ipv6(call: &ApiCall<'_>, changes: &mut ChangeList) {
    unassign(call, Property::Ipv6Address, ipv6_addresses(call, "unassignedIpv6Addresses"), changes);
}

/// The addresses of the response, then those that only the request names.
fn private_addresses(call: &ApiCall<'_>, answered: &str) -> Vec<String> {
    let requested = first_at(call.request(), &["privateIpAddressesSet", "privateIpAddress"]);
    union(addresses(at(call.response(), answered), "privateIpAddress"), addresses(requested, "privateIpAddress"))
}

fn ipv6_addresses(call: &ApiCall<'_>, answered: &str) -> Vec<String> {
    let requested = at(call.request(), "ipv6Addresses");
    union(addresses(at(call.response(), answered), "ipv6Address"), addresses(requested, "ipv6Address"))
}

fn union(mut first: Vec<String>, second: Vec<String>) -> Vec<String> {
    for value in second {
        if !first.contains(&value) {
            first.push(value);
        }
    }
    first
}

fn assign(call: &ApiCall<'_>, property: Property, values: Vec<String>, changes: &mut ChangeList) {
    if let Some(interface) = interface(call.request()) {
        changes.set_all(&interface, &property, values);
    }
}

fn unassign(call: &ApiCall<'_>, property: Property, values: Vec<String>, changes: &mut ChangeList) {
    if let Some(interface) = interface(call.request()) {
        changes.unset_all(&interface, &property, values);
    }
}
