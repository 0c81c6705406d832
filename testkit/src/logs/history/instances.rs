//! Instances, volumes and tags.

use serde_json::{Value, json};

use super::interfaces;
use super::simulator::{AccountSimulator, Instance, Interface, items};

pub(super) fn launch(simulator: &mut AccountSimulator) {
    let count = if simulator.one_in(4) { 2 } else { 1 };
    let group = simulator.scaling.first().map(|(name, _)| name.clone()).filter(|_| simulator.one_in(2));
    let mut launched = Vec::new();
    let existing = interfaces::free(simulator).filter(|_| count == 1 && simulator.one_in(3));
    for _ in 0..count {
        launched.push(one(simulator, group.as_deref(), existing));
    }
    let requested = match existing {
        Some(index) => vec![json!({"networkInterfaceId": simulator.interfaces[index].id, "deviceIndex": 0})],
        None if simulator.one_in(3) => vec![json!({"deviceIndex": 0, "associatePublicIpAddress": true})],
        None => Vec::new(),
    };
    let request = json!({
        "instancesSet": items(vec![json!({"imageId": "ami-0a", "minCount": count, "maxCount": count})]),
        "networkInterfaceSet": items(requested),
    });
    let mut response = json!({"ownerId": simulator.account, "instancesSet": items(launched)});
    if simulator.is_classic {
        response["groupSet"] =
            items(simulator.groups.first().map(|group| json!({"groupId": group.id})).into_iter().collect());
    }
    simulator.ec2("RunInstances", request, response);
}

/// Launches one instance, and returns its entry in the response. Interfaces are part of it, except
/// in EC2-Classic.
fn one(simulator: &mut AccountSimulator, group: Option<&str>, existing: Option<usize>) -> Value {
    let id = simulator.id("i");
    let vpc = interfaces::vpc(simulator);
    let mut item = json!({
        "instanceId": id, "imageId": "ami-0a", "instanceType": "t3.micro",
        "placement": {"availabilityZone": format!("{}a", simulator.region)}, "launchTime": simulator.milliseconds(),
    });
    let mut tags = vec![json!({"key": "Name", "value": simulator.name()})];
    if let Some(name) = group {
        tags.push(json!({"key": "aws:autoscaling:groupName", "value": name}));
        simulator.scaling[0].1.push(id.clone());
    }
    item["tagSet"] = items(tags);
    simulator.instances.push(Instance { id: id.clone(), vpc: vpc.clone() });
    item["networkInterfaceSet"] = json!({});
    if simulator.is_classic {
        return item;
    }
    item["vpcId"] = vpc.as_str().into();
    item["subnetId"] = format!("subnet-{vpc}").into();
    item["groupSet"] = items(interfaces::group_of(simulator, &vpc));
    if existing.is_none() && simulator.one_in(6) {
        // Not every response contains the interface.
        item["privateIpAddress"] = interfaces::unused(simulator, &vpc).into();
        return item;
    }
    let interface = interface(simulator, &id, &vpc, existing);
    item["privateIpAddress"] = interface["privateIpAddress"].clone();
    item["networkInterfaceSet"] = items(vec![interface]);
    item
}

fn interface(simulator: &mut AccountSimulator, instance: &str, vpc: &str, existing: Option<usize>) -> Value {
    let attachment = simulator.id("eni-attach");
    let ends = existing.is_none();
    let index = existing.unwrap_or_else(|| {
        let (id, private) = (simulator.id("eni"), vec![interfaces::unused(simulator, vpc)]);
        let ipv6 = if simulator.one_in(3) { vec![interfaces::ipv6(simulator)] } else { Vec::new() };
        simulator.interfaces.push(Interface { id, vpc: vpc.into(), private, ipv6, attached: None });
        simulator.interfaces.len() - 1
    });
    simulator.interfaces[index].attached = Some((instance.into(), attachment.clone(), ends));
    let held = simulator.interfaces[index].clone();
    let mut response = interfaces::interface_response(simulator, &held);
    response["attachment"] = json!({"attachmentId": attachment, "deviceIndex": 0, "deleteOnTermination": ends});
    response
}

fn listed(ids: &[String]) -> Value {
    items(ids.iter().map(|id| json!({"instanceId": id})).collect())
}

pub(super) fn start_or_stop(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.pick(simulator.instances.len()) else { return };
    let list = listed(&[simulator.instances[index].id.clone()]);
    let name = if simulator.one_in(2) { "StopInstances" } else { "StartInstances" };
    simulator.ec2(name, json!({"instancesSet": list}), json!({"instancesSet": list}));
}

pub(super) fn terminate(simulator: &mut AccountSimulator) {
    let mut ids = Vec::new();
    for _ in 0..simulator.rng.usize(1..3) {
        let Some(index) = simulator.pick(simulator.instances.len()) else { break };
        ids.push(simulator.instances.remove(index).id);
    }
    if ids.is_empty() {
        return;
    }
    let is_gone = |id: &String| ids.contains(id);
    simulator.interfaces.retain(|held| !held.attached.as_ref().is_some_and(|(id, _, ends)| *ends && is_gone(id)));
    for held in &mut simulator.interfaces {
        held.attached.take_if(|(id, _, _)| is_gone(id));
    }
    let left: Vec<String> = simulator.interfaces.iter().map(|held| held.id.clone()).collect();
    for held in &mut simulator.allocations {
        held.association.take_if(|(to, _)| is_gone(to) || (to.starts_with("eni") && !left.contains(to)));
    }
    for (_, to) in &mut simulator.volumes {
        to.take_if(|id| is_gone(id));
    }
    for (_, members) in simulator.balancers.iter_mut().chain(&mut simulator.scaling) {
        members.retain(|id| !is_gone(id));
    }
    let request = json!({"instancesSet": listed(&ids)});
    ids.reverse();
    simulator.ec2("TerminateInstances", request, json!({"instancesSet": listed(&ids)}));
}

pub(super) fn modify(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.pick(simulator.instances.len()) else { return };
    let Instance { id, vpc } = simulator.instances[index].clone();
    let mut request = json!({"instanceId": id});
    match simulator.one_in(2) {
        true => request["instanceType"] = json!({"value": "m5.large"}),
        false => request["groupSet"] = items(interfaces::group_of(simulator, &vpc)),
    }
    simulator.ec2("ModifyInstanceAttribute", request, json!({"_return": true}));
}

pub(super) fn tag(simulator: &mut AccountSimulator) {
    let mut ids: Vec<String> = simulator.instances.iter().map(|held| held.id.clone()).collect();
    ids.extend(simulator.interfaces.iter().map(|held| held.id.clone()));
    ids.extend(simulator.groups.iter().map(|held| held.id.clone()));
    let Some(index) = simulator.pick(ids.len()) else { return };
    let key = if simulator.one_in(3) { simulator.name() } else { "Name".into() };
    let mut tag = json!({"key": key, "value": simulator.name()});
    let is_new = !simulator.one_in(3);
    if let (false, true, Some(members)) = (is_new, simulator.one_in(2), tag.as_object_mut()) {
        members.remove("value");
    }
    let resources = items(vec![json!({"resourceId": ids[index]})]);
    let name = if is_new { "CreateTags" } else { "DeleteTags" };
    simulator.ec2(name, json!({"resourcesSet": resources, "tagSet": items(vec![tag])}), json!({"_return": true}));
}

pub(super) fn create_volume(simulator: &mut AccountSimulator) {
    let id = simulator.id("vol");
    simulator.volumes.push((id.clone(), None));
    let request = json!({"size": "8", "zone": "a", "volumeType": "gp3"});
    simulator.ec2("CreateVolume", request, json!({"volumeId": id, "size": "8", "zone": "a", "volumeType": "gp3"}));
}

pub(super) fn attach_volume(simulator: &mut AccountSimulator) {
    let (Some(index), Some(to)) = (simulator.pick(simulator.volumes.len()), simulator.pick(simulator.instances.len()))
    else {
        return;
    };
    let (id, attached) = simulator.volumes[index].clone();
    let to = simulator.instances[to].id.clone();
    match attached {
        None => {
            simulator.volumes[index].1 = Some(to.clone());
            let request = json!({"volumeId": id, "instanceId": to, "device": "/dev/sdf"});
            let response =
                json!({"volumeId": id, "instanceId": to, "deleteOnTermination": false, "status": "attaching"});
            simulator.ec2("AttachVolume", request, response);
        }
        Some(from) => {
            simulator.volumes[index].1 = None;
            let response = if simulator.one_in(2) {
                json!({"volumeId": id, "instanceId": from})
            } else {
                json!({"_return": true})
            };
            simulator.ec2("DetachVolume", json!({"volumeId": id}), response);
        }
    }
}

pub(super) fn delete_volume(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.volumes.iter().position(|(_, to)| to.is_none()) else { return };
    let (id, _) = simulator.volumes.remove(index);
    simulator.ec2("DeleteVolume", json!({"volumeId": id}), json!({"_return": true}));
}
