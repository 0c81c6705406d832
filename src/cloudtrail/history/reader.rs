//! Reads the changes that an event made.
//!
//! One table names the events that change something, and the function that reads each.
//! The functions take a member of an unexpected type for a missing one, so that a
//! malformed event has fewer changes.

mod addresses;
mod api_call;
mod auto_scaling;
mod change_list;
mod ec2_list;
mod instances;
mod interfaces;
mod load_balancers;
mod member;
mod nat_gateways;
mod security_groups;
mod tags;
mod volumes;

#[cfg(test)]
mod tests;

use serde_json::Value;

use self::api_call::ApiCall;
use self::change_list::ChangeList;
use super::change::Change;

type Reader = fn(&ApiCall<'_>, &mut ChangeList);

/// Makes the list of names and the choice of the function from the same table.
macro_rules! event_table {
    ($($source:literal { $($name:literal => $reader:path,)* })*) => {
        /// The events that change the state of a resource, by event source.
        pub const EVENT_NAMES: &[(&str, &[&str])] = &[$(($source, &[$($name),*])),*];

        fn reader_of(source: &str, name: &str) -> Option<Reader> {
            match (source, name) {
                $($(($source, $name) => Some($reader),)*)*
                _ => None,
            }
        }
    };
}

event_table! {
    "ec2.amazonaws.com" {
        "AllocateAddress" => addresses::allocate,
        "AssignIpv6Addresses" => interfaces::assign_ipv6,
        "AssignPrivateIpAddresses" => interfaces::assign_private,
        "AssignPrivateNatGatewayAddress" => nat_gateways::associate,
        "AssociateAddress" => addresses::associate,
        "AssociateIamInstanceProfile" => instances::associate_profile,
        "AssociateNatGatewayAddress" => nat_gateways::associate,
        "AttachNetworkInterface" => interfaces::attach,
        "AttachVolume" => volumes::attach,
        "AuthorizeSecurityGroupEgress" => security_groups::authorize,
        "AuthorizeSecurityGroupIngress" => security_groups::authorize,
        "BidEvictedEvent" => instances::evict,
        "CopyVolumes" => volumes::copy,
        "CreateNatGateway" => nat_gateways::create,
        "CreateNetworkInterface" => interfaces::create,
        "CreateSecurityGroup" => security_groups::create,
        "CreateTags" => tags::create,
        "CreateVolume" => volumes::create,
        "DeleteNatGateway" => nat_gateways::delete,
        "DeleteNetworkInterface" => interfaces::delete,
        "DeleteSecurityGroup" => security_groups::delete,
        "DeleteTags" => tags::delete,
        "DeleteVolume" => volumes::delete,
        "DetachNetworkInterface" => interfaces::detach,
        "DetachVolume" => volumes::detach,
        "DisassociateAddress" => addresses::disassociate,
        "DisassociateIamInstanceProfile" => instances::disassociate_profile,
        "DisassociateNatGatewayAddress" => nat_gateways::disassociate,
        "ModifyInstanceAttribute" => instances::modify,
        "ModifyNetworkInterfaceAttribute" => interfaces::modify,
        "ModifySecurityGroupRules" => security_groups::modify,
        "ModifyVolume" => volumes::modify,
        "ReleaseAddress" => addresses::release,
        "ReplaceIamInstanceProfileAssociation" => instances::associate_profile,
        "RevokeSecurityGroupEgress" => security_groups::revoke,
        "RevokeSecurityGroupIngress" => security_groups::revoke,
        "RunInstances" => instances::run,
        "StartInstances" => instances::start,
        "StopInstances" => instances::stop,
        "TerminateInstances" => instances::terminate,
        "UnassignIpv6Addresses" => interfaces::unassign_ipv6,
        "UnassignPrivateIpAddresses" => interfaces::unassign_private,
        "UnassignPrivateNatGatewayAddress" => nat_gateways::unassign,
    }
    "elasticloadbalancing.amazonaws.com" {
        "AddTags" => load_balancers::add_tags,
        "ApplySecurityGroupsToLoadBalancer" => load_balancers::set_groups,
        "AttachLoadBalancerToSubnets" => load_balancers::set_subnets,
        "CreateLoadBalancer" => load_balancers::create,
        "CreateTargetGroup" => load_balancers::create_target_group,
        "DeleteLoadBalancer" => load_balancers::delete,
        "DeleteTargetGroup" => load_balancers::delete_target_group,
        "DeregisterInstancesFromLoadBalancer" => load_balancers::deregister_instances,
        "DeregisterTargets" => load_balancers::deregister_targets,
        "DetachLoadBalancerFromSubnets" => load_balancers::set_subnets,
        "RegisterInstancesWithLoadBalancer" => load_balancers::register_instances,
        "RegisterTargets" => load_balancers::register_targets,
        "RemoveTags" => load_balancers::remove_tags,
        "SetSecurityGroups" => load_balancers::set_groups,
        "SetSubnets" => load_balancers::set_subnets,
    }
    "autoscaling.amazonaws.com" {
        "AttachInstances" => auto_scaling::attach,
        "CreateAutoScalingGroup" => auto_scaling::create,
        "CreateOrUpdateTags" => auto_scaling::create_tags,
        "DeleteAutoScalingGroup" => auto_scaling::delete,
        "DeleteTags" => auto_scaling::delete_tags,
        "DetachInstances" => auto_scaling::detach,
        "SetDesiredCapacity" => auto_scaling::update,
        "TerminateInstanceInAutoScalingGroup" => auto_scaling::terminate,
        "UpdateAutoScalingGroup" => auto_scaling::update,
    }
}

/// What an event changed, in the order in which the changes take effect. Calls that
/// failed, dry runs and events outside of [`EVENT_NAMES`] changed nothing.
pub fn changes(event: &Value) -> Vec<Change> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let Some(reader) = reader_of(text("eventSource"), text("eventName")) else { return Vec::new() };
    let call = ApiCall::new(event, text("eventName"));
    if !call.took_effect(event) {
        return Vec::new();
    }
    let mut changes = ChangeList::default();
    reader(&call, &mut changes);
    changes.into_changes()
}

/// The beginnings of event names, in the order in which calls of the same second can
/// depend on each other. Of two that fit, the longer one decides.
const RANKS: [(&str, u8); 32] = [
    ("Allocate", 0),
    ("Create", 1),
    ("Copy", 1),
    ("Run", 2),
    ("Add", 3),
    ("Assign", 3),
    ("Associate", 3),
    ("Attach", 3),
    ("Authorize", 3),
    ("CreateOrUpdateTags", 3),
    ("CreateTags", 3),
    ("Register", 3),
    ("Start", 3),
    ("Apply", 4),
    ("AttachLoadBalancerToSubnets", 4),
    ("DetachLoadBalancerFromSubnets", 4),
    ("Modify", 4),
    ("Replace", 4),
    ("Set", 4),
    ("Update", 4),
    ("DeleteTags", 5),
    ("Deregister", 5),
    ("Detach", 5),
    ("Disassociate", 5),
    ("Remove", 5),
    ("Revoke", 5),
    ("TerminateInstanceInAutoScalingGroup", 5),
    ("Unassign", 5),
    ("Stop", 6),
    ("Terminate", 7),
    ("Delete", 8),
    ("Release", 9),
];

/// The place of an event among others of the same second: what can be a cause comes
/// first.
pub fn rank(name: &str) -> u8 {
    // Its name does not begin with a verb.
    let name = if name == api_call::SPOT_EVICTION { "TerminateInstances" } else { name };
    let fitting = RANKS.iter().filter(|(beginning, _)| name.starts_with(beginning));
    fitting.max_by_key(|(beginning, _)| beginning.len()).map_or(4, |(_, rank)| *rank)
}
