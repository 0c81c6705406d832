//! Interfaces and their addresses.

use serde_json::{Value, json};

use super::simulator::{AccountSimulator, Interface, items};

pub(super) fn vpc(simulator: &mut AccountSimulator) -> String {
    if simulator.is_classic { String::new() } else { ["vpc-0a", "vpc-0b"][simulator.rng.usize(..2)].into() }
}

/// A private address that is free in the VPC. Other VPCs use the same addresses.
pub(super) fn unused(simulator: &mut AccountSimulator, vpc: &str) -> String {
    loop {
        let address = format!("10.0.{}.{}", simulator.rng.u8(..2), simulator.rng.u8(10..20));
        let is_used = |held: &Interface| held.vpc == vpc && held.private.contains(&address);
        if !simulator.interfaces.iter().any(is_used) || simulator.interfaces.len() > 12 {
            return address;
        }
    }
}

pub(super) fn ipv6(simulator: &mut AccountSimulator) -> String {
    let last = simulator.rng.u16(1..4);
    if simulator.one_in(2) { format!("2001:db8::{last}") } else { format!("2001:0DB8:0:0::{last}") }
}

/// A random group of the VPC in the form of a list, which is empty if there is none.
pub(super) fn group_of(simulator: &mut AccountSimulator, vpc: &str) -> Vec<Value> {
    let groups = simulator.groups.iter().filter(|group| group.vpc == vpc);
    let members: Vec<Value> = groups.map(|group| json!({"groupId": group.id, "groupName": group.name})).collect();
    simulator.pick(members.len()).map(|index| members[index].clone()).into_iter().collect()
}

/// The index of the first interface that is not attached.
pub(super) fn free(simulator: &mut AccountSimulator) -> Option<usize> {
    let free = |held: &Interface| held.attached.is_none();
    simulator.interfaces.iter().position(free)
}

/// An interface in the form of a response.
pub(super) fn interface_response(simulator: &mut AccountSimulator, held: &Interface) -> Value {
    let private = held.private.iter().map(|ip| json!({"privateIpAddress": ip, "primary": *ip == held.private[0]}));
    let ipv6 = held.ipv6.iter().map(|ip| json!({"ipv6Address": ip})).collect();
    json!({
        "networkInterfaceId": held.id, "vpcId": held.vpc, "subnetId": format!("subnet-{}", held.vpc),
        "privateIpAddress": held.private[0], "groupSet": items(group_of(simulator, &held.vpc)),
        "privateIpAddressesSet": {"item": private.collect::<Vec<_>>()}, "ipv6AddressesSet": items(ipv6),
    })
}

pub(super) fn create(simulator: &mut AccountSimulator) {
    if simulator.is_classic {
        return;
    }
    let (id, vpc) = (simulator.id("eni"), vpc(simulator));
    let private = vec![unused(simulator, &vpc)];
    let held = Interface { id, vpc, private, ipv6: Vec::new(), attached: None };
    let mut created = interface_response(simulator, &held);
    created["description"] = simulator.name().into();
    // The VPC may belong to another account.
    created["ownerId"] = if simulator.one_in(4) { "777788889999".into() } else { simulator.account.clone().into() };
    let request = json!({"subnetId": created["subnetId"], "description": created["description"]});
    simulator.interfaces.push(held);
    simulator.ec2("CreateNetworkInterface", request, json!({"networkInterface": created}));
}

pub(super) fn attach(simulator: &mut AccountSimulator) {
    let (Some(index), Some(to)) = (free(simulator), simulator.pick(simulator.instances.len())) else { return };
    let (attachment, to) = (simulator.id("eni-attach"), simulator.instances[to].id.clone());
    simulator.interfaces[index].attached = Some((to.clone(), attachment.clone(), false));
    let request = json!({"networkInterfaceId": simulator.interfaces[index].id, "instanceId": to, "deviceIndex": 1});
    simulator.ec2("AttachNetworkInterface", request, json!({"attachmentId": attachment}));
}

pub(super) fn detach(simulator: &mut AccountSimulator) {
    let of_instance = |held: &&mut Interface| held.attached.as_ref().is_some_and(|(to, _, _)| to.starts_with('i'));
    let Some(held) = simulator.interfaces.iter_mut().find(of_instance) else { return };
    let Some((_, attachment, _)) = held.attached.take() else { return };
    simulator.ec2(
        "DetachNetworkInterface",
        json!({"attachmentId": attachment, "force": false}),
        json!({"_return": true}),
    );
}

pub(super) fn delete(simulator: &mut AccountSimulator) {
    let Some(index) = free(simulator) else { return };
    let id = simulator.interfaces.remove(index).id;
    for held in &mut simulator.allocations {
        held.association.take_if(|(to, _)| *to == id);
    }
    simulator.ec2("DeleteNetworkInterface", json!({"networkInterfaceId": id}), json!({"_return": true}));
}

pub(super) fn modify(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.pick(simulator.interfaces.len()) else { return };
    let vpc = simulator.interfaces[index].vpc.clone();
    let mut request = json!({"networkInterfaceId": simulator.interfaces[index].id});
    let choice = simulator.rng.u8(..3);
    match (choice, &mut simulator.interfaces[index].attached) {
        (0, Some((_, attachment, ends))) => {
            *ends = !*ends;
            request["attachment"] = json!({"attachmentId": attachment, "deleteOnTermination": *ends});
        }
        (1, _) => request["description"] = json!({"value": simulator.name()}),
        _ => request["groupSet"] = items(group_of(simulator, &vpc)),
    }
    simulator.ec2("ModifyNetworkInterfaceAttribute", request, json!({"_return": true}));
}

pub(super) fn assign(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.pick(simulator.interfaces.len()) else { return };
    let Interface { id, vpc, private, ipv6, .. } = simulator.interfaces[index].clone();
    let second = |held: &Interface| held.vpc == vpc && held.id != id && held.private.len() > 1;
    match simulator.rng.u8(..5) {
        4 => {
            // A second address moves from another interface to this one.
            let Some(ip) =
                simulator.interfaces.iter_mut().find(|held| second(held)).and_then(|held| held.private.pop())
            else {
                return;
            };
            simulator.interfaces[index].private.push(ip.clone());
            let list = json!({"items": [{"privateIpAddress": ip}]});
            let request = json!({"networkInterfaceId": id, "privateIpAddressesSet": list, "allowReassignment": true});
            simulator.ec2("AssignPrivateIpAddresses", request, json!({"_return": true}));
        }
        0 => {
            let ip = unused(simulator, &vpc);
            simulator.interfaces[index].private.push(ip.clone());
            let assigned = json!({"assignedPrivateIpAddressSetType": [{"privateIpAddress": ip}]});
            let request = json!({"networkInterfaceId": id, "secondaryPrivateIpAddressCount": 1});
            let response = if simulator.one_in(3) {
                json!({"_return": true})
            } else {
                json!({"assignedPrivateIpAddressesSet": assigned})
            };
            simulator.ec2("AssignPrivateIpAddresses", request, response);
        }
        1 if private.len() > 1 => {
            let ip = simulator.interfaces[index].private.pop();
            let list = json!({"items": [{"privateIpAddress": ip}]});
            let request = json!({"networkInterfaceId": id, "privateIpAddressesSet": list});
            simulator.ec2("UnassignPrivateIpAddresses", request, json!({"_return": true}));
        }
        2 if ipv6.is_empty() => {
            let ip = self::ipv6(simulator);
            simulator.interfaces[index].ipv6.push(ip.clone());
            let request = json!({"networkInterfaceId": id, "ipv6AddressCount": 1});
            simulator.ec2("AssignIpv6Addresses", request, json!({"assignedIpv6Addresses": {"item": ip}}));
        }
        3 if !ipv6.is_empty() => {
            simulator.interfaces[index].ipv6.clear();
            let request = json!({"networkInterfaceId": id, "ipv6Addresses": {"items": ipv6}});
            simulator.ec2("UnassignIpv6Addresses", request, json!({"_return": true}));
        }
        _ => {}
    }
}
