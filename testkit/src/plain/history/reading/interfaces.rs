//! Interfaces, elastic addresses and NAT gateways.

use serde_json::Value;

use super::super::document::{address, at, list, text, texts};
use super::super::fact::{Fact, FactKind, Kind, Thing};
use super::{Call, details, group_ids, tagged};

pub(super) fn facts(call: &Call) -> Vec<Fact> {
    let (request, response) = (&call.request, &call.response);
    match call.name.as_str() {
        "AllocateAddress" => allocate(response),
        "ReleaseAddress" => requested_address(request).map(|address| address.ends()).into_iter().collect(),
        "AssociateAddress" => associate(request, response),
        "DisassociateAddress" => match text(request, "associationId") {
            Some(relation) => {
                let says = FactKind::RelationEnded { property: "associatedWith".into(), relation };
                vec![requested_address(request).unwrap_or_else(Thing::nothing).fact(says)]
            }
            None => requested_address(request).map(|it| it.has_not("associatedWith", None)).into_iter().collect(),
        },
        "CreateNatGateway" => create_gateway(at(response, "natGateway")),
        "DeleteNatGateway" => {
            text(request, "natGatewayId").map(|id| Thing::new(Kind::Gateway, id).ends()).into_iter().collect()
        }
        _ => interface(call),
    }
}

fn requested_address(request: &Value) -> Option<Thing> {
    let by_id = text(request, "allocationId").map(|id| Thing::new(Kind::Address, id));
    by_id.or_else(|| address(request, "publicIp").map(|ip| Thing::named(Kind::Address, ip)))
}

fn allocate(response: &Value) -> Vec<Fact> {
    let public = address(response, "publicIp");
    let Some(id) = text(response, "allocationId").or_else(|| public.clone()) else { return Vec::new() };
    let allocation = Thing::new(Kind::Address, id);
    let mut facts = vec![allocation.begins()];
    facts.extend(allocation.has("publicAddress", public));
    facts.extend(details(&allocation, response, &[("domain", "domain")]));
    facts
}

fn associate(request: &Value, response: &Value) -> Vec<Fact> {
    let Some(allocation) = requested_address(request) else { return Vec::new() };
    let target = text(request, "networkInterfaceId").or_else(|| text(request, "instanceId"));
    let mut facts = Vec::new();
    facts.extend(allocation.has_by("associatedWith", target, text(response, "associationId")));
    facts.extend(allocation.has("privateAddress", address(request, "privateIpAddress")));
    facts
}

fn create_gateway(created: &Value) -> Vec<Fact> {
    let Some(id) = text(created, "natGatewayId") else { return Vec::new() };
    let gateway = Thing::new(Kind::Gateway, id.clone());
    let mut facts = vec![gateway.begins()];
    facts.extend(details(&gateway, created, &[("vpc", "vpcId"), ("subnet", "subnetId")]));
    facts.extend(tagged(&gateway, created, "tagSet"));
    for entry in list(created, "natGatewayAddressSet") {
        let private = address(entry, "privateIp");
        if let Some(interface) = text(entry, "networkInterfaceId") {
            let interface = Thing::new(Kind::Interface, interface);
            facts.extend(interface.has("attachedTo", Some(id.clone())));
            facts.extend(interface.has("privateAddress", private));
        } else {
            facts.extend(gateway.has("privateAddress", private));
        }
        if let Some(allocation) = text(entry, "allocationId") {
            let allocation = Thing::new(Kind::Address, allocation);
            facts.extend(allocation.has("publicAddress", address(entry, "publicIp")));
            facts.extend(allocation.has("associatedWith", Some(id.clone())));
        }
    }
    facts
}

/// An interface in the response of RunInstances.
pub(super) fn launched(item: &Value, instance: &str, requested: &[String]) -> Vec<Fact> {
    let Some(id) = text(item, "networkInterfaceId") else { return Vec::new() };
    let interface = Thing::new(Kind::Interface, id.clone());
    let mut facts = Vec::new();
    if !requested.contains(&id) {
        facts.push(interface.begins());
    }
    facts.extend(described(&interface, item));
    facts.extend(interface.has_by("attachedTo", Some(instance.into()), text(item, "attachment.attachmentId")));
    let names = [("deviceIndex", "attachment.deviceIndex"), ("deleteOnTermination", "attachment.deleteOnTermination")];
    facts.extend(details(&interface, item, &names));
    facts
}

fn described(interface: &Thing, object: &Value) -> Vec<Fact> {
    let names = [
        ("vpc", "vpcId"),
        ("subnet", "subnetId"),
        ("zone", "availabilityZone"),
        ("description", "description"),
        ("type", "interfaceType"),
        ("owner", "ownerId"),
        ("requester", "requesterId"),
    ];
    let mut facts = details(interface, object, &names);
    let groups = group_ids(object, "groupSet").into_iter();
    facts.extend(groups.filter_map(|group| interface.has("securityGroup", Some(group))));
    facts.extend(tagged(interface, object, "tagSet"));
    facts.extend(interface.has("privateAddress", address(object, "privateIpAddress")));
    facts.extend(addresses(interface, "privateAddress", object, "privateIpAddressesSet", "privateIpAddress"));
    facts.extend(addresses(interface, "ipv6Address", object, "ipv6AddressesSet", "ipv6Address"));
    facts
}

fn addresses(interface: &Thing, property: &str, object: &Value, path: &str, member: &str) -> Vec<Fact> {
    let items = list(object, path).into_iter();
    items.filter_map(|item| interface.has(property, address(item, member).or_else(|| item_address(item)))).collect()
}

fn item_address(item: &Value) -> Option<String> {
    item.as_str()?.parse::<std::net::IpAddr>().ok().map(|address| address.to_string())
}

fn interface(call: &Call) -> Vec<Fact> {
    let (request, response) = (&call.request, &call.response);
    let created = at(response, "networkInterface");
    let id = text(created, "networkInterfaceId").or_else(|| text(request, "networkInterfaceId"));
    let Some(interface) = id.map(|id| Thing::new(Kind::Interface, id)) else {
        let attachment = text(request, "attachmentId").filter(|_| call.name == "DetachNetworkInterface");
        let without = |relation| FactKind::RelationEnded { property: "attachedTo".into(), relation };
        return attachment.map(|id| Thing::nothing().fact(without(id))).into_iter().collect();
    };
    let mut facts = Vec::new();
    match call.name.as_str() {
        "CreateNetworkInterface" => {
            facts.push(interface.begins());
            facts.extend(described(&interface, created));
        }
        "AttachNetworkInterface" => {
            let attachment = text(response, "attachmentId");
            facts.extend(interface.has_by("attachedTo", text(request, "instanceId"), attachment));
            facts.extend(details(&interface, request, &[("deviceIndex", "deviceIndex")]));
            facts.extend(interface.has("deleteOnTermination", Some("false".into())));
        }
        "DeleteNetworkInterface" => facts.push(interface.ends()),
        "ModifyNetworkInterfaceAttribute" => {
            let values = group_ids(request, "groupSet");
            if !values.is_empty() {
                facts.push(interface.fact(FactKind::SetExactly { property: "securityGroup".into(), values }));
            }
            let names =
                [("description", "description.value"), ("deleteOnTermination", "attachment.deleteOnTermination")];
            facts.extend(details(&interface, request, &names));
        }
        _ => assigned(call, &interface, &mut facts),
    }
    facts
}

fn assigned(call: &Call, interface: &Thing, facts: &mut Vec<Fact>) {
    let (request, response) = (&call.request, &call.response);
    let ipv6 = |list: &Value, path| texts(list, path, "ipv6Address");
    let (property, mut values) = match call.name.as_str() {
        "AssignPrivateIpAddresses" => {
            ("privateAddress", texts(response, "assignedPrivateIpAddressesSet", "privateIpAddress"))
        }
        "UnassignPrivateIpAddresses" => ("privateAddress", Vec::new()),
        "AssignIpv6Addresses" => ("ipv6Address", ipv6(response, "assignedIpv6Addresses")),
        "UnassignIpv6Addresses" => ("ipv6Address", Vec::new()),
        _ => return,
    };
    match property {
        "ipv6Address" => values.extend(ipv6(request, "ipv6Addresses")),
        _ => values.extend(texts(request, "privateIpAddressesSet", "privateIpAddress")),
    }
    for value in values {
        let Ok(address) = value.parse::<std::net::IpAddr>() else { continue };
        if call.name.starts_with("Una") {
            facts.push(interface.has_not(property, Some(address.to_string())));
        } else {
            facts.extend(interface.has(property, Some(address.to_string())));
        }
    }
}
