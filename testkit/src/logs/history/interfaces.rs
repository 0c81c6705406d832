//! Interfaces and their addresses.

use serde_json::{Value, json};

use super::world::{Interface, World, items};

pub(super) fn vpc(world: &mut World) -> String {
    if world.is_classic { String::new() } else { ["vpc-0a", "vpc-0b"][world.rng.usize(..2)].into() }
}

/// A private address that is free in the VPC. Other VPCs have the same ones.
pub(super) fn unused(world: &mut World, vpc: &str) -> String {
    loop {
        let address = format!("10.0.{}.{}", world.rng.u8(..2), world.rng.u8(10..20));
        let is_used = |held: &Interface| held.vpc == vpc && held.private.contains(&address);
        if !world.interfaces.iter().any(is_used) || world.interfaces.len() > 12 {
            return address;
        }
    }
}

pub(super) fn ipv6(world: &mut World) -> String {
    let last = world.rng.u16(1..4);
    if world.one_in(2) { format!("2001:db8::{last}") } else { format!("2001:0DB8:0:0::{last}") }
}

/// A group of the VPC, as a list has it.
pub(super) fn group_of(world: &mut World, vpc: &str) -> Vec<Value> {
    let groups = world.groups.iter().filter(|group| group.vpc == vpc);
    let told: Vec<Value> = groups.map(|group| json!({"groupId": group.id, "groupName": group.name})).collect();
    world.pick(told.len()).map(|index| told[index].clone()).into_iter().collect()
}

/// An interface that is not attached.
pub(super) fn free(world: &mut World) -> Option<usize> {
    let free = |held: &Interface| held.attached.is_none();
    world.interfaces.iter().position(free)
}

/// An interface as a response tells it.
pub(super) fn told(world: &mut World, held: &Interface) -> Value {
    let private = held.private.iter().map(|ip| json!({"privateIpAddress": ip, "primary": *ip == held.private[0]}));
    let ipv6 = held.ipv6.iter().map(|ip| json!({"ipv6Address": ip})).collect();
    json!({
        "networkInterfaceId": held.id, "vpcId": held.vpc, "subnetId": format!("subnet-{}", held.vpc),
        "privateIpAddress": held.private[0], "groupSet": items(group_of(world, &held.vpc)),
        "privateIpAddressesSet": {"item": private.collect::<Vec<_>>()}, "ipv6AddressesSet": items(ipv6),
    })
}

pub(super) fn create(world: &mut World) {
    if world.is_classic {
        return;
    }
    let (id, vpc) = (world.id("eni"), vpc(world));
    let private = vec![unused(world, &vpc)];
    let held = Interface { id, vpc, private, ipv6: Vec::new(), attached: None };
    let mut created = told(world, &held);
    created["description"] = world.name().into();
    // The VPC may belong to another account.
    created["ownerId"] = if world.one_in(4) { "777788889999".into() } else { world.account.clone().into() };
    let request = json!({"subnetId": created["subnetId"], "description": created["description"]});
    world.interfaces.push(held);
    world.ec2("CreateNetworkInterface", request, json!({"networkInterface": created}));
}

pub(super) fn attach(world: &mut World) {
    let (Some(index), Some(to)) = (free(world), world.pick(world.instances.len())) else { return };
    let (attachment, to) = (world.id("eni-attach"), world.instances[to].id.clone());
    world.interfaces[index].attached = Some((to.clone(), attachment.clone(), false));
    let request = json!({"networkInterfaceId": world.interfaces[index].id, "instanceId": to, "deviceIndex": 1});
    world.ec2("AttachNetworkInterface", request, json!({"attachmentId": attachment}));
}

pub(super) fn detach(world: &mut World) {
    let of_instance = |held: &&mut Interface| held.attached.as_ref().is_some_and(|(to, _, _)| to.starts_with('i'));
    let Some(held) = world.interfaces.iter_mut().find(of_instance) else { return };
    let Some((_, attachment, _)) = held.attached.take() else { return };
    world.ec2("DetachNetworkInterface", json!({"attachmentId": attachment, "force": false}), json!({"_return": true}));
}

pub(super) fn delete(world: &mut World) {
    let Some(index) = free(world) else { return };
    let id = world.interfaces.remove(index).id;
    for held in &mut world.allocations {
        held.leads_to.take_if(|(to, _)| *to == id);
    }
    world.ec2("DeleteNetworkInterface", json!({"networkInterfaceId": id}), json!({"_return": true}));
}

pub(super) fn modify(world: &mut World) {
    let Some(index) = world.pick(world.interfaces.len()) else { return };
    let vpc = world.interfaces[index].vpc.clone();
    let mut request = json!({"networkInterfaceId": world.interfaces[index].id});
    let choice = world.rng.u8(..3);
    match (choice, &mut world.interfaces[index].attached) {
        (0, Some((_, attachment, ends))) => {
            *ends = !*ends;
            request["attachment"] = json!({"attachmentId": attachment, "deleteOnTermination": *ends});
        }
        (1, _) => request["description"] = json!({"value": world.name()}),
        _ => request["groupSet"] = items(group_of(world, &vpc)),
    }
    world.ec2("ModifyNetworkInterfaceAttribute", request, json!({"_return": true}));
}

pub(super) fn assign(world: &mut World) {
    let Some(index) = world.pick(world.interfaces.len()) else { return };
    let Interface { id, vpc, private, ipv6, .. } = world.interfaces[index].clone();
    let second = |held: &Interface| held.vpc == vpc && held.id != id && held.private.len() > 1;
    match world.rng.u8(..5) {
        4 => {
            // A second address moves from another interface to this one.
            let Some(ip) = world.interfaces.iter_mut().find(|held| second(held)).and_then(|held| held.private.pop())
            else {
                return;
            };
            world.interfaces[index].private.push(ip.clone());
            let list = json!({"items": [{"privateIpAddress": ip}]});
            let request = json!({"networkInterfaceId": id, "privateIpAddressesSet": list, "allowReassignment": true});
            world.ec2("AssignPrivateIpAddresses", request, json!({"_return": true}));
        }
        0 => {
            let ip = unused(world, &vpc);
            world.interfaces[index].private.push(ip.clone());
            let told = json!({"assignedPrivateIpAddressSetType": [{"privateIpAddress": ip}]});
            let request = json!({"networkInterfaceId": id, "secondaryPrivateIpAddressCount": 1});
            let response =
                if world.one_in(3) { json!({"_return": true}) } else { json!({"assignedPrivateIpAddressesSet": told}) };
            world.ec2("AssignPrivateIpAddresses", request, response);
        }
        1 if private.len() > 1 => {
            let ip = world.interfaces[index].private.pop();
            let list = json!({"items": [{"privateIpAddress": ip}]});
            let request = json!({"networkInterfaceId": id, "privateIpAddressesSet": list});
            world.ec2("UnassignPrivateIpAddresses", request, json!({"_return": true}));
        }
        2 if ipv6.is_empty() => {
            let ip = self::ipv6(world);
            world.interfaces[index].ipv6.push(ip.clone());
            let request = json!({"networkInterfaceId": id, "ipv6AddressCount": 1});
            world.ec2("AssignIpv6Addresses", request, json!({"assignedIpv6Addresses": {"item": ip}}));
        }
        3 if !ipv6.is_empty() => {
            world.interfaces[index].ipv6.clear();
            let request = json!({"networkInterfaceId": id, "ipv6Addresses": {"items": ipv6}});
            world.ec2("UnassignIpv6Addresses", request, json!({"_return": true}));
        }
        _ => {}
    }
}
