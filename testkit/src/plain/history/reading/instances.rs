//! Instances.

use serde_json::Value;

use super::super::document::{address, at, list, text, texts};
use super::super::fact::{Fact, FactKind, Kind, Thing};
use super::{Call, details, group_ids, interfaces, tagged};

pub(super) fn facts(call: &Call) -> Vec<Fact> {
    let answered = texts(&call.response, "instancesSet", "instanceId");
    let ids = if answered.is_empty() { texts(&call.request, "instancesSet", "instanceId") } else { answered };
    let instances = ids.into_iter().map(|id| Thing::new(Kind::Instance, id));
    match call.name.as_str() {
        "RunInstances" => {
            list(&call.response, "instancesSet").into_iter().flat_map(|item| launch(call, item)).collect()
        }
        "StartInstances" => instances.filter_map(|one| one.has("state", Some("running".into()))).collect(),
        "StopInstances" => instances.filter_map(|one| one.has("state", Some("stopped".into()))).collect(),
        "TerminateInstances" => instances.map(|one| one.ends()).collect(),
        "ModifyInstanceAttribute" => modify(call),
        _ => Vec::new(),
    }
}

fn launch(call: &Call, item: &Value) -> Vec<Fact> {
    let Some(id) = text(item, "instanceId") else { return Vec::new() };
    let instance = Thing::new(Kind::Instance, id.clone());
    let mut facts = vec![instance.begins()];
    facts.extend(instance.has("state", Some("running".into())));
    let zone = ("zone", "placement.availabilityZone");
    let names = [
        ("vpc", "vpcId"),
        ("subnet", "subnetId"),
        zone,
        ("type", "instanceType"),
        ("image", "imageId"),
        ("key", "keyName"),
    ];
    facts.extend(details(&instance, item, &names));
    facts.extend(details(&instance, &call.response, &[("owner", "ownerId"), ("requester", "requesterId")]));
    let own = group_ids(item, "groupSet");
    let groups = if own.is_empty() { group_ids(&call.response, "groupSet") } else { own };
    facts.extend(groups.into_iter().filter_map(|group| instance.has("securityGroup", Some(group))));
    facts.extend(tagged(&instance, item, "tagSet"));
    for tag in list(item, "tagSet") {
        if text(tag, "key").as_deref() == Some("aws:autoscaling:groupName") {
            let group = Thing::new(Kind::ScalingGroup, text(tag, "value").unwrap_or_default());
            facts.extend(group.has("member", Some(id.clone())));
        }
    }
    let launched = list(item, "networkInterfaceSet");
    if launched.is_empty() {
        facts.extend(instance.has("privateAddress", address(item, "privateIpAddress")));
    }
    let requested = texts(&call.request, "networkInterfaceSet", "networkInterfaceId");
    for interface in launched {
        facts.extend(interfaces::launched(interface, &id, &requested));
    }
    let wants_public = |item: &&Value| text(item, "associatePublicIpAddress").as_deref() == Some("true");
    if list(&call.request, "networkInterfaceSet").iter().any(wants_public) {
        facts.extend(instance.has("associatePublicIpAddress", Some("true".into())));
    }
    facts
}

fn modify(call: &Call) -> Vec<Fact> {
    let Some(id) = text(&call.request, "instanceId") else { return Vec::new() };
    let instance = Thing::new(Kind::Instance, id);
    let values = group_ids(&call.request, "groupSet");
    let mut facts = Vec::new();
    if !values.is_empty() {
        facts.push(instance.fact(FactKind::SetExactly { property: "securityGroup".into(), values }));
    }
    facts.extend(instance.has("type", text(at(&call.request, "instanceType"), "value")));
    facts
}
