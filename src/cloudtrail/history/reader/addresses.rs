//! Elastic addresses.

use super::api_call::ApiCall;
use super::change_list::ChangeList;
use super::member::{address, at, first_at, text};
use crate::cloudtrail::history::change::{Property, Resource, ResourceKind};

/// An address by the id of its allocation.
pub fn allocation(id: String) -> Resource {
    Resource::new(ResourceKind::Address, id)
}

/// The address that a request names, by its allocation or by itself.
fn requested(call: &ApiCall<'_>) -> Option<Resource> {
    let request = call.request();
    let by_address = || address(at(request, "publicIp")).map(|ip| Resource::alias(ResourceKind::Address, ip));
    text(at(request, "allocationId")).map(allocation).or_else(by_address)
}

/// AllocateAddress. In EC2-Classic an address had no allocation.
pub fn allocate(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let response = call.response();
    let public = address(first_at(response, &["publicIp", "carrierIp", "customerOwnedIp"]));
    let Some(id) = text(at(response, "allocationId")).or_else(|| public.clone()) else { return };
    let resource = allocation(id);
    changes.create(&resource);
    changes.set(&resource, Property::PublicAddress, public);
    changes.details(&resource, response, &[("domain", "domain")]);
    changes.requested_tags(&resource, call.request(), "elastic-ip");
}

/// ReleaseAddress.
pub fn release(call: &ApiCall<'_>, changes: &mut ChangeList) {
    changes.delete(requested(call));
}

/// AssociateAddress.
pub fn associate(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let Some(resource) = requested(call) else { return };
    let target = text(at(call.request(), "networkInterfaceId")).or_else(|| text(at(call.request(), "instanceId")));
    let association = text(at(call.response(), "associationId"));
    changes.relate(&resource, Property::AssociatedWith, target, association);
    let private = address(at(call.request(), "privateIpAddress"));
    changes.set(&resource, Property::detail("privateAddress"), private);
}

/// DisassociateAddress. It names the association, or the address in EC2-Classic.
pub fn disassociate(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let association = text(at(call.request(), "associationId"));
    match (association, requested(call)) {
        (Some(association), resource) => {
            changes.end_relation(resource.as_ref(), Property::AssociatedWith, Some(association));
        }
        (None, Some(resource)) => changes.unset(&resource, Property::AssociatedWith, None),
        (None, None) => {}
    }
}
