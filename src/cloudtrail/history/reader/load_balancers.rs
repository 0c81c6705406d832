//! Load balancers of both generations, and target groups.
//!
//! Both generations have the same event source and many names of events in common. The
//! first names a load balancer by `loadBalancerName`, the second by its ARN.

use std::net::Ipv6Addr;

use serde_json::Value;

use super::addresses::allocation;
use super::api_call::ApiCall;
use super::change_list::ChangeList;
use super::ec2_list::{items, texts};
use super::member::{at, first_at, text};
use crate::cloudtrail::history::change::{Property, Resource, ResourceKind, detail};

const DETAILS: [(&str, &str); 5] = [
    (detail::NAME, "loadBalancerName"),
    (detail::VPC, "vpcId"),
    ("type", "type"),
    ("scheme", "scheme"),
    ("dnsName", "dNSName"),
];

const TARGET_GROUP_DETAILS: [(&str, &str); 5] = [
    (detail::NAME, "targetGroupName"),
    (detail::VPC, "vpcId"),
    ("type", "targetType"),
    ("protocol", "protocol"),
    ("port", "port"),
];

/// The load balancer that an object names.
fn load_balancer(object: &Value) -> Option<Resource> {
    let classic = || classic_name(object).map(|name| Resource::new(ResourceKind::ClassicLoadBalancer, name));
    let arn = text(at(object, "loadBalancerArn"));
    arn.map(|arn| Resource::new(ResourceKind::LoadBalancer, arn)).or_else(classic)
}

fn classic_name(object: &Value) -> Option<String> {
    text(at(object, "loadBalancerName"))
}

fn target_group(object: &Value) -> Option<Resource> {
    text(at(object, "targetGroupArn")).map(|arn| Resource::new(ResourceKind::TargetGroup, arn))
}

/// CreateLoadBalancer of both generations. Only the second has ARNs in the response.
pub fn create(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let request = call.request();
    if let Some(load_balancer) = load_balancer(request) {
        changes.create(&load_balancer);
        changes.details(&load_balancer, request, &[("scheme", "scheme")]);
        changes.details(&load_balancer, call.response(), &[("dnsName", "dNSName")]);
        describe_by_request(&load_balancer, request, changes);
        changes.groups(&load_balancer, at(request, "securityGroups"));
    }
    for created in items(at(call.response(), "loadBalancers")) {
        let Some(load_balancer) = load_balancer(created) else { continue };
        changes.create(&load_balancer);
        changes.details(&load_balancer, created, &DETAILS);
        describe_by_request(&load_balancer, request, changes);
        changes.groups(&load_balancer, at(created, "securityGroups"));
        for mapping in items(at(request, "subnetMappings")) {
            if let Some(id) = text(at(mapping, "allocationId")) {
                changes.set(&allocation(id), Property::AssociatedWith, Some(load_balancer.id.clone()));
            }
        }
    }
}

fn describe_by_request(load_balancer: &Resource, request: &Value, changes: &mut ChangeList) {
    changes.list_detail(load_balancer, "subnet", &texts(first_at(request, &["subnets", "subnetMappings"]), "subnetId"));
    changes.tags(load_balancer, at(request, "tags"));
}

/// DeleteLoadBalancer.
pub fn delete(call: &ApiCall<'_>, changes: &mut ChangeList) {
    changes.delete(load_balancer(call.request()));
}

/// ApplySecurityGroupsToLoadBalancer and SetSecurityGroups: the groups afterwards.
pub fn set_groups(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let groups = at(call.request(), "securityGroups");
    if let Some(load_balancer) = load_balancer(call.request()).filter(|_| !groups.is_null()) {
        changes.replace(&load_balancer, Property::Group, texts(groups, "groupId"));
    }
}

/// The calls that change subnets. The response has the subnets afterwards.
pub fn set_subnets(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(load_balancer) = load_balancer(call.request()) {
        let subnets = texts(first_at(call.response(), &["subnets", "availabilityZones"]), "subnetId");
        changes.list_detail(&load_balancer, "subnet", &subnets);
    }
}

/// RegisterInstancesWithLoadBalancer.
pub fn register_instances(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(load_balancer) = load_balancer(call.request()) {
        let registered = requested_instances(call);
        let members = answered_instances(call);
        let known = members.iter().flatten().filter(|id| !registered.contains(id)).cloned().collect();
        changes.known_all(&load_balancer, &Property::Member, known);
        changes.set_all(&load_balancer, &Property::Member, registered);
        replace_members(&load_balancer, members, changes);
    }
}

/// DeregisterInstancesFromLoadBalancer.
pub fn deregister_instances(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(load_balancer) = load_balancer(call.request()) {
        let members = answered_instances(call);
        changes.known_all(&load_balancer, &Property::Member, members.clone().unwrap_or_default());
        let mut deregistered = requested_instances(call);
        deregistered.retain(|id| members.as_ref().is_none_or(|members| !members.contains(id)));
        changes.unset_all(&load_balancer, &Property::Member, deregistered);
        replace_members(&load_balancer, members, changes);
    }
}

/// All members afterwards, also those that no event is known of: these were members before.
fn answered_instances(call: &ApiCall<'_>) -> Option<Vec<String>> {
    let members = at(call.response(), "instances");
    (members.is_array() || members.is_object()).then(|| texts(members, "instanceId"))
}

fn replace_members(load_balancer: &Resource, members: Option<Vec<String>>, changes: &mut ChangeList) {
    if let Some(members) = members {
        changes.replace(load_balancer, Property::Member, members);
    }
}

fn requested_instances(call: &ApiCall<'_>) -> Vec<String> {
    texts(at(call.request(), "instances"), "instanceId")
}

/// CreateTargetGroup.
pub fn create_target_group(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for created in items(at(call.response(), "targetGroups")) {
        let Some(target_group) = target_group(created) else { continue };
        changes.create(&target_group);
        changes.details(&target_group, created, &TARGET_GROUP_DETAILS);
        changes.tags(&target_group, at(call.request(), "tags"));
    }
}

/// DeleteTargetGroup.
pub fn delete_target_group(call: &ApiCall<'_>, changes: &mut ChangeList) {
    changes.delete(target_group(call.request()));
}

/// RegisterTargets.
pub fn register_targets(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(target_group) = target_group(call.request()) {
        changes.set_all(&target_group, &Property::Member, targets(call));
    }
}

/// DeregisterTargets.
pub fn deregister_targets(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(target_group) = target_group(call.request()) {
        changes.unset_all(&target_group, &Property::Member, targets(call));
    }
}

/// Targets with the port, if one is given: a target can be registered with several.
fn targets(call: &ApiCall<'_>) -> Vec<String> {
    let named = |target: &Value| {
        let id = text(at(target, "id"))?;
        Some(match text(at(target, "port")) {
            Some(port) if id.parse::<Ipv6Addr>().is_ok() => format!("[{id}]:{port}"),
            Some(port) => format!("{id}:{port}"),
            None => id,
        })
    };
    items(at(call.request(), "targets")).into_iter().filter_map(named).collect()
}

/// AddTags of both generations.
pub fn add_tags(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for resource in tagged_resources(call) {
        changes.tags(&resource, at(call.request(), "tags"));
    }
}

/// RemoveTags of both generations: objects with a key, or keys.
pub fn remove_tags(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for resource in tagged_resources(call) {
        for key in texts(first_at(call.request(), &["tagKeys", "tags"]), "key") {
            changes.unset(&resource, Property::Tag(key), None);
        }
    }
}

/// The load balancers and target groups among tagged resources. Listeners have tags too.
fn tagged_resources(call: &ApiCall<'_>) -> Vec<Resource> {
    let by_arn = |arn: String| {
        let kind = if arn.contains(":loadbalancer/") {
            ResourceKind::LoadBalancer
        } else if arn.contains(":targetgroup/") {
            ResourceKind::TargetGroup
        } else {
            return None;
        };
        Some(Resource::new(kind, arn))
    };
    let names = texts(at(call.request(), "loadBalancerNames"), "loadBalancerName");
    let classic = names.into_iter().map(|name| Resource::new(ResourceKind::ClassicLoadBalancer, name));
    let arns = texts(at(call.request(), "resourceArns"), "resourceArn");
    classic.chain(arns.into_iter().filter_map(by_arn)).collect()
}
