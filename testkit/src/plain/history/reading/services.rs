//! Load balancers and auto scaling groups.

use serde_json::Value;

use super::super::document::{at, list, text, texts};
use super::super::fact::{Fact, FactKind, Kind, Thing};
use super::{Call, details, group_ids, tagged};

pub(super) fn balancing(call: &Call) -> Vec<Fact> {
    let (request, response) = (&call.request, &call.response);
    let balancer = balancer(request);
    let targets = text(request, "targetGroupArn").map(|arn| Thing::new(Kind::Targets, arn));
    let mut facts = Vec::new();
    match (call.name.as_str(), balancer, targets) {
        ("CreateLoadBalancer", classic, _) => create(call, classic, &mut facts),
        ("DeleteLoadBalancer", Some(balancer), _) => facts.push(balancer.ends()),
        ("RegisterInstancesWithLoadBalancer", Some(balancer), _) => {
            let new = texts(request, "instances", "instanceId");
            let all = texts(response, "instances", "instanceId");
            let old = all.iter().filter(|id| !new.contains(id)).cloned();
            facts.extend(old.map(|value| balancer.fact(FactKind::AlreadySet { property: "member".into(), value })));
            facts.extend(new.into_iter().filter_map(|id| balancer.has("member", Some(id))));
            facts.push(balancer.fact(FactKind::SetExactly { property: "member".into(), values: all }));
        }
        ("DeregisterInstancesFromLoadBalancer", Some(balancer), _) => {
            let all = texts(response, "instances", "instanceId");
            let rest = all.iter().cloned();
            facts.extend(rest.map(|value| balancer.fact(FactKind::AlreadySet { property: "member".into(), value })));
            let gone = texts(request, "instances", "instanceId").into_iter();
            facts.extend(gone.map(|id| balancer.has_not("member", Some(id))));
            facts.push(balancer.fact(FactKind::SetExactly { property: "member".into(), values: all }));
        }
        ("CreateTargetGroup", _, _) => {
            for created in list(response, "targetGroups") {
                let group = Thing::new(Kind::Targets, text(created, "targetGroupArn").unwrap_or_default());
                facts.push(group.begins());
                let port = [("protocol", "protocol"), ("port", "port")];
                facts.extend(details(
                    &group,
                    created,
                    &[("name", "targetGroupName"), ("vpc", "vpcId"), ("type", "targetType")],
                ));
                facts.extend(details(&group, created, &port));
            }
        }
        ("DeleteTargetGroup", _, Some(group)) => facts.push(group.ends()),
        ("RegisterTargets", _, Some(group)) => {
            facts.extend(members(request).into_iter().filter_map(|id| group.has("member", Some(id))));
        }
        ("DeregisterTargets", _, Some(group)) => {
            facts.extend(members(request).into_iter().map(|id| group.has_not("member", Some(id))));
        }
        _ => {}
    }
    facts
}

fn balancer(object: &Value) -> Option<Thing> {
    let arn = text(object, "loadBalancerArn").map(|arn| Thing::new(Kind::Balancer, arn));
    arn.or_else(|| text(object, "loadBalancerName").map(|name| Thing::new(Kind::ClassicBalancer, name)))
}

fn members(request: &Value) -> Vec<String> {
    let member = |target: &Value| {
        let id = text(target, "id")?;
        Some(match text(target, "port") {
            Some(port) if id.contains(':') && !id.contains('.') && !id.contains("arn") => format!("[{id}]:{port}"),
            Some(port) => format!("{id}:{port}"),
            None => id,
        })
    };
    list(request, "targets").into_iter().filter_map(member).collect()
}

fn create(call: &Call, classic: Option<Thing>, facts: &mut Vec<Fact>) {
    let (request, response) = (&call.request, &call.response);
    let subnets = |path| Some(texts(request, path, "subnetId").join(",")).filter(|subnets| !subnets.is_empty());
    if let Some(balancer) = classic {
        facts.push(balancer.begins());
        facts.extend(details(&balancer, request, &[("scheme", "scheme")]));
        facts.extend(details(&balancer, response, &[("dnsName", "dNSName")]));
        facts.extend(balancer.has("subnet", subnets("subnets")));
        let groups = group_ids(request, "securityGroups").into_iter();
        facts.extend(groups.filter_map(|group| balancer.has("securityGroup", Some(group))));
    }
    for created in list(response, "loadBalancers") {
        let arn = text(created, "loadBalancerArn").unwrap_or_default();
        let balancer = Thing::new(Kind::Balancer, arn.clone());
        facts.push(balancer.begins());
        let type_ = [("type", "type"), ("scheme", "scheme"), ("dnsName", "dNSName")];
        facts.extend(details(&balancer, created, &[("name", "loadBalancerName"), ("vpc", "vpcId")]));
        facts.extend(details(&balancer, created, &type_));
        facts.extend(balancer.has("subnet", subnets("subnets").or_else(|| subnets("subnetMappings"))));
        let groups = group_ids(created, "securityGroups").into_iter();
        facts.extend(groups.filter_map(|group| balancer.has("securityGroup", Some(group))));
        for mapping in list(request, "subnetMappings") {
            if let Some(id) = text(mapping, "allocationId") {
                facts.extend(Thing::new(Kind::Address, id).has("associatedWith", Some(arn.clone())));
            }
        }
    }
}

pub(super) fn scaling(call: &Call) -> Vec<Fact> {
    let (request, response) = (&call.request, &call.response);
    let group = |object: &Value| text(object, "autoScalingGroupName").map(|name| Thing::new(Kind::ScalingGroup, name));
    let instances = texts(request, "instanceIds", "instanceId").into_iter();
    let mut facts = Vec::new();
    match (call.name.as_str(), group(request)) {
        ("CreateAutoScalingGroup", Some(group)) => {
            facts.push(group.begins());
            let names = [("minSize", "minSize"), ("maxSize", "maxSize"), ("desiredCapacity", "desiredCapacity")];
            facts.extend(details(&group, request, &names));
            let names = [("subnet", "vPCZoneIdentifier"), ("launchConfiguration", "launchConfigurationName")];
            facts.extend(details(&group, request, &names));
            facts.extend(tagged(&group, request, "tags"));
        }
        ("DeleteAutoScalingGroup", Some(group)) => facts.push(group.ends()),
        ("AttachInstances", Some(group)) => facts.extend(instances.filter_map(|id| group.has("member", Some(id)))),
        ("DetachInstances", Some(group)) => facts.extend(instances.map(|id| group.has_not("member", Some(id)))),
        ("TerminateInstanceInAutoScalingGroup", _) => {
            let group = group(at(response, "activity"));
            facts.extend(group.map(|group| group.has_not("member", text(request, "instanceId"))));
        }
        _ => {}
    }
    facts
}
