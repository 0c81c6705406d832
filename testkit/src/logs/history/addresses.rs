//! Elastic addresses and NAT gateways.

use serde_json::{Value, json};

use super::interfaces;
use super::world::{Allocation, Interface, World};

pub(super) fn allocate(world: &mut World) {
    let ip = format!("198.51.100.{}", world.rng.u8(1..9));
    if world.allocations.iter().any(|held| held.ip == ip) {
        return;
    }
    let (id, domain) = if world.is_classic { (String::new(), "standard") } else { (world.id("eipalloc"), "vpc") };
    let mut response = json!({"publicIp": ip, "domain": domain});
    if !id.is_empty() {
        response["allocationId"] = id.as_str().into();
    }
    world.allocations.push(Allocation { id, ip, leads_to: None });
    world.ec2("AllocateAddress", json!({"domain": domain}), response);
}

/// The address as a request names it.
fn named(held: &Allocation) -> Value {
    if held.id.is_empty() { json!({"publicIp": held.ip}) } else { json!({"allocationId": held.id}) }
}

pub(super) fn associate(world: &mut World) {
    let Some(index) = world.pick(world.allocations.len()) else { return };
    let instances: Vec<String> = world.instances.iter().map(|held| held.id.clone()).collect();
    let interfaces: Vec<String> = world.interfaces.iter().map(|held| held.id.clone()).collect();
    let is_instance = world.one_in(2);
    let list = if is_instance { instances } else { interfaces };
    let Some(to) = world.pick(list.len()).map(|at| list[at].clone()) else { return };
    // A gateway keeps its address.
    if world.allocations[index].leads_to.as_ref().is_some_and(|(to, _)| to.starts_with("nat")) {
        return;
    }
    let mut request = named(&world.allocations[index]);
    if world.one_in(8) && !world.is_classic {
        request = json!({"publicIp": world.allocations[index].ip, "allowReassociation": true});
    }
    request[if is_instance { "instanceId" } else { "networkInterfaceId" }] = to.as_str().into();
    let association = if world.is_classic { String::new() } else { world.id("eipassoc") };
    let response = match world.is_classic {
        true => json!({"_return": true}),
        false => json!({"_return": true, "associationId": association}),
    };
    world.allocations[index].leads_to = Some((to, association));
    world.ec2("AssociateAddress", request, response);
}

pub(super) fn disassociate(world: &mut World) {
    let is_free = |held: &&mut Allocation| held.leads_to.as_ref().is_some_and(|(to, _)| !to.starts_with("nat"));
    let Some(held) = world.allocations.iter_mut().find(is_free) else { return };
    let Some((_, association)) = held.leads_to.take() else { return };
    let request =
        if association.is_empty() { json!({"publicIp": held.ip}) } else { json!({"associationId": association}) };
    world.ec2("DisassociateAddress", request, json!({"_return": true}));
}

pub(super) fn release(world: &mut World) {
    let Some(index) = world.allocations.iter().position(|held| held.leads_to.is_none()) else { return };
    let held = world.allocations.remove(index);
    world.ec2("ReleaseAddress", named(&held), json!({"_return": true}));
}

pub(super) fn gateway(world: &mut World) {
    if world.is_classic {
        return;
    }
    if let Some(id) = world.gateways.pop() {
        world.interfaces.retain(|held| held.attached.as_ref().is_none_or(|(to, _, _)| *to != id));
        for held in &mut world.allocations {
            held.leads_to.take_if(|(to, _)| *to == id);
        }
        let request = json!({"DeleteNatGatewayRequest": {"NatGatewayId": id}});
        world.ec2("DeleteNatGateway", request, json!({"DeleteNatGatewayResponse": {"natGatewayId": id}}));
        return;
    }
    let Some(index) = world.allocations.iter().position(|held| held.leads_to.is_none()) else { return };
    let (id, vpc) = (world.id("nat"), interfaces::vpc(world));
    world.allocations[index].leads_to = Some((id.clone(), String::new()));
    world.gateways.push(id.clone());
    let allocation = world.allocations[index].clone();
    let mut entry = json!({"allocationId": allocation.id});
    // The answer of today has more than those that are known.
    if world.one_in(2) {
        let (interface, private) = (world.id("eni"), interfaces::unused(world, &vpc));
        entry["networkInterfaceId"] = interface.as_str().into();
        entry["privateIp"] = private.as_str().into();
        let attached = Some((id.clone(), String::new(), true));
        world.interfaces.push(Interface {
            id: interface,
            vpc: vpc.clone(),
            private: vec![private],
            ipv6: Vec::new(),
            attached,
        });
    }
    let list = if world.one_in(2) { json!({"item": entry}) } else { json!({"item": [entry]}) };
    let gateway = json!({"natGatewayId": id, "vpcId": vpc, "subnetId": "subnet-0a", "natGatewayAddressSet": list});
    let request = json!({"CreateNatGatewayRequest": {"AllocationId": allocation.id, "SubnetId": "subnet-0a"}});
    world.ec2("CreateNatGateway", request, json!({"CreateNatGatewayResponse": {"natGateway": gateway}}));
}
