//! Instances, volumes and tags.

use serde_json::{Value, json};

use super::interfaces;
use super::world::{Instance, Interface, World, items};

pub(super) fn launch(world: &mut World) {
    let count = if world.one_in(4) { 2 } else { 1 };
    let group = world.scaling.first().map(|(name, _)| name.clone()).filter(|_| world.one_in(2));
    let mut launched = Vec::new();
    let existing = interfaces::free(world).filter(|_| count == 1 && world.one_in(3));
    for _ in 0..count {
        launched.push(one(world, group.as_deref(), existing));
    }
    let requested = match existing {
        Some(index) => vec![json!({"networkInterfaceId": world.interfaces[index].id, "deviceIndex": 0})],
        None if world.one_in(3) => vec![json!({"deviceIndex": 0, "associatePublicIpAddress": true})],
        None => Vec::new(),
    };
    let request = json!({
        "instancesSet": items(vec![json!({"imageId": "ami-0a", "minCount": count, "maxCount": count})]),
        "networkInterfaceSet": items(requested),
    });
    let mut response = json!({"ownerId": world.account, "instancesSet": items(launched)});
    if world.is_classic {
        response["groupSet"] =
            items(world.groups.first().map(|group| json!({"groupId": group.id})).into_iter().collect());
    }
    world.ec2("RunInstances", request, response);
}

/// One instance of a launch. What there is of interfaces is told, but for EC2-Classic.
fn one(world: &mut World, group: Option<&str>, existing: Option<usize>) -> Value {
    let id = world.id("i");
    let vpc = interfaces::vpc(world);
    let mut item = json!({
        "instanceId": id, "imageId": "ami-0a", "instanceType": "t3.micro",
        "placement": {"availabilityZone": format!("{}a", world.region)}, "launchTime": world.milliseconds(),
    });
    let mut tags = vec![json!({"key": "Name", "value": world.name()})];
    if let Some(name) = group {
        tags.push(json!({"key": "aws:autoscaling:groupName", "value": name}));
        world.scaling[0].1.push(id.clone());
    }
    item["tagSet"] = items(tags);
    world.instances.push(Instance { id: id.clone(), vpc: vpc.clone() });
    item["networkInterfaceSet"] = json!({});
    if world.is_classic {
        return item;
    }
    item["vpcId"] = vpc.as_str().into();
    item["subnetId"] = format!("subnet-{vpc}").into();
    item["groupSet"] = items(interfaces::group_of(world, &vpc));
    if existing.is_none() && world.one_in(6) {
        // The interface is not in every answer.
        item["privateIpAddress"] = interfaces::unused(world, &vpc).into();
        return item;
    }
    let interface = interface(world, &id, &vpc, existing);
    item["privateIpAddress"] = interface["privateIpAddress"].clone();
    item["networkInterfaceSet"] = items(vec![interface]);
    item
}

fn interface(world: &mut World, instance: &str, vpc: &str, existing: Option<usize>) -> Value {
    let attachment = world.id("eni-attach");
    let ends = existing.is_none();
    let index = existing.unwrap_or_else(|| {
        let (id, private) = (world.id("eni"), vec![interfaces::unused(world, vpc)]);
        let ipv6 = if world.one_in(3) { vec![interfaces::ipv6(world)] } else { Vec::new() };
        world.interfaces.push(Interface { id, vpc: vpc.into(), private, ipv6, attached: None });
        world.interfaces.len() - 1
    });
    world.interfaces[index].attached = Some((instance.into(), attachment.clone(), ends));
    let held = world.interfaces[index].clone();
    let mut told = interfaces::told(world, &held);
    told["attachment"] = json!({"attachmentId": attachment, "deviceIndex": 0, "deleteOnTermination": ends});
    told
}

fn listed(ids: &[String]) -> Value {
    items(ids.iter().map(|id| json!({"instanceId": id})).collect())
}

pub(super) fn start_or_stop(world: &mut World) {
    let Some(index) = world.pick(world.instances.len()) else { return };
    let list = listed(&[world.instances[index].id.clone()]);
    let name = if world.one_in(2) { "StopInstances" } else { "StartInstances" };
    world.ec2(name, json!({"instancesSet": list}), json!({"instancesSet": list}));
}

pub(super) fn terminate(world: &mut World) {
    let mut ids = Vec::new();
    for _ in 0..world.rng.usize(1..3) {
        let Some(index) = world.pick(world.instances.len()) else { break };
        ids.push(world.instances.remove(index).id);
    }
    if ids.is_empty() {
        return;
    }
    let is_gone = |id: &String| ids.contains(id);
    world.interfaces.retain(|held| !held.attached.as_ref().is_some_and(|(id, _, ends)| *ends && is_gone(id)));
    for held in &mut world.interfaces {
        held.attached.take_if(|(id, _, _)| is_gone(id));
    }
    let left: Vec<String> = world.interfaces.iter().map(|held| held.id.clone()).collect();
    for held in &mut world.allocations {
        held.leads_to.take_if(|(to, _)| is_gone(to) || (to.starts_with("eni") && !left.contains(to)));
    }
    for (_, to) in &mut world.volumes {
        to.take_if(|id| is_gone(id));
    }
    for (_, members) in world.balancers.iter_mut().chain(&mut world.scaling) {
        members.retain(|id| !is_gone(id));
    }
    let request = json!({"instancesSet": listed(&ids)});
    ids.reverse();
    world.ec2("TerminateInstances", request, json!({"instancesSet": listed(&ids)}));
}

pub(super) fn modify(world: &mut World) {
    let Some(index) = world.pick(world.instances.len()) else { return };
    let Instance { id, vpc } = world.instances[index].clone();
    let mut request = json!({"instanceId": id});
    match world.one_in(2) {
        true => request["instanceType"] = json!({"value": "m5.large"}),
        false => request["groupSet"] = items(interfaces::group_of(world, &vpc)),
    }
    world.ec2("ModifyInstanceAttribute", request, json!({"_return": true}));
}

pub(super) fn tag(world: &mut World) {
    let mut ids: Vec<String> = world.instances.iter().map(|held| held.id.clone()).collect();
    ids.extend(world.interfaces.iter().map(|held| held.id.clone()));
    ids.extend(world.groups.iter().map(|held| held.id.clone()));
    let Some(index) = world.pick(ids.len()) else { return };
    let key = if world.one_in(3) { world.name() } else { "Name".into() };
    let mut tag = json!({"key": key, "value": world.name()});
    let is_new = !world.one_in(3);
    if let (false, true, Some(members)) = (is_new, world.one_in(2), tag.as_object_mut()) {
        members.remove("value");
    }
    let resources = items(vec![json!({"resourceId": ids[index]})]);
    let name = if is_new { "CreateTags" } else { "DeleteTags" };
    world.ec2(name, json!({"resourcesSet": resources, "tagSet": items(vec![tag])}), json!({"_return": true}));
}

pub(super) fn create_volume(world: &mut World) {
    let id = world.id("vol");
    world.volumes.push((id.clone(), None));
    let request = json!({"size": "8", "zone": "a", "volumeType": "gp3"});
    world.ec2("CreateVolume", request, json!({"volumeId": id, "size": "8", "zone": "a", "volumeType": "gp3"}));
}

pub(super) fn attach_volume(world: &mut World) {
    let (Some(index), Some(to)) = (world.pick(world.volumes.len()), world.pick(world.instances.len())) else { return };
    let (id, attached) = world.volumes[index].clone();
    let to = world.instances[to].id.clone();
    match attached {
        None => {
            world.volumes[index].1 = Some(to.clone());
            let request = json!({"volumeId": id, "instanceId": to, "device": "/dev/sdf"});
            let response =
                json!({"volumeId": id, "instanceId": to, "deleteOnTermination": false, "status": "attaching"});
            world.ec2("AttachVolume", request, response);
        }
        Some(from) => {
            world.volumes[index].1 = None;
            let response =
                if world.one_in(2) { json!({"volumeId": id, "instanceId": from}) } else { json!({"_return": true}) };
            world.ec2("DetachVolume", json!({"volumeId": id}), response);
        }
    }
}

pub(super) fn delete_volume(world: &mut World) {
    let Some(index) = world.volumes.iter().position(|(_, to)| to.is_none()) else { return };
    let (id, _) = world.volumes.remove(index);
    world.ec2("DeleteVolume", json!({"volumeId": id}), json!({"_return": true}));
}
