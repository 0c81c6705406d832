//! NAT gateways and the addresses that lead to them.

use serde_json::Value;

use super::addresses::allocation;
use super::api_call::ApiCall;
use super::change_list::ChangeList;
use super::ec2_list::{items, texts};
use super::interfaces::{addresses, interface};
use super::member::{address, at, text};
use crate::cloudtrail::history::change::{Property, Resource, ResourceKind, detail};

const DETAILS: [(&str, &str); 3] =
    [(detail::VPC, "vpcId"), ("subnet", "subnetId"), ("connectivity", "connectivityType")];

fn gateway(object: &Value) -> Option<Resource> {
    text(at(object, "natGatewayId")).map(|id| Resource::new(ResourceKind::NatGateway, id))
}

/// CreateNatGateway.
pub fn create(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let created = at(call.response(), "natGateway");
    let Some(gateway) = gateway(created) else { return };
    changes.create(&gateway);
    changes.details(&gateway, created, &DETAILS);
    changes.tags(&gateway, at(created, "tagSet"));
    for entry in items(at(created, "natGatewayAddressSet")) {
        lead_to(&gateway, entry, changes);
    }
}

/// DeleteNatGateway.
pub fn delete(call: &ApiCall<'_>, changes: &mut ChangeList) {
    changes.delete(gateway(call.request()));
}

/// AssociateNatGatewayAddress and AssignPrivateNatGatewayAddress.
pub fn associate(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let Some(gateway) = gateway(call.request()) else { return };
    for entry in items(at(call.response(), "natGatewayAddressSet")) {
        lead_to(&gateway, entry, changes);
    }
}

/// One address of a gateway: an allocation, an interface and its private address, as far
/// as the response knows them.
fn lead_to(gateway: &Resource, entry: &Value, changes: &mut ChangeList) {
    if matches!(text(at(entry, "status")).as_deref(), Some("failed" | "disassociating" | "unassigning")) {
        return;
    }
    let private = address(at(entry, "privateIp"));
    match interface(entry) {
        Some(interface) => {
            changes.set(&interface, Property::AttachedTo, Some(gateway.id.clone()));
            changes.set(&interface, Property::PrivateAddress, private);
        }
        None => changes.set(gateway, Property::PrivateAddress, private),
    }
    if let Some(id) = text(at(entry, "allocationId")) {
        let allocation = allocation(id);
        changes.set(&allocation, Property::PublicAddress, address(at(entry, "publicIp")));
        let association = text(at(entry, "associationId"));
        changes.relate(&allocation, Property::AssociatedWith, Some(gateway.id.clone()), association);
    }
}

/// DisassociateNatGatewayAddress.
pub fn disassociate(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for association in texts(at(call.request(), "associationId"), "associationId") {
        changes.end_relation(None, Property::AssociatedWith, Some(association));
    }
}

/// UnassignPrivateNatGatewayAddress. Only the response may name the interface.
pub fn unassign(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let Some(gateway) = gateway(call.request()) else { return };
    let entries = items(at(call.response(), "natGatewayAddressSet"));
    for private in addresses(at(call.request(), "privateIpAddress"), "privateIpAddress") {
        let entry = entries.iter().find(|entry| address(at(entry, "privateIp")).as_ref() == Some(&private));
        let holder = entry.and_then(|entry| interface(entry)).unwrap_or_else(|| gateway.clone());
        changes.unset(&holder, Property::PrivateAddress, Some(private));
    }
}
