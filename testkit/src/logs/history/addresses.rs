//! Elastic addresses and NAT gateways.

use serde_json::{Value, json};

use super::interfaces;
use super::simulator::{AccountSimulator, Allocation, Interface};

pub(super) fn allocate(simulator: &mut AccountSimulator) {
    let ip = format!("198.51.100.{}", simulator.rng.u8(1..9));
    if simulator.allocations.iter().any(|held| held.ip == ip) {
        return;
    }
    let (id, domain) =
        if simulator.is_classic { (String::new(), "standard") } else { (simulator.id("eipalloc"), "vpc") };
    let mut response = json!({"publicIp": ip, "domain": domain});
    if !id.is_empty() {
        response["allocationId"] = id.as_str().into();
    }
    simulator.allocations.push(Allocation { id, ip, association: None });
    simulator.ec2("AllocateAddress", json!({"domain": domain}), response);
}

/// The address as a request names it.
fn address_request(held: &Allocation) -> Value {
    if held.id.is_empty() { json!({"publicIp": held.ip}) } else { json!({"allocationId": held.id}) }
}

pub(super) fn associate(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.pick(simulator.allocations.len()) else { return };
    let instances: Vec<String> = simulator.instances.iter().map(|held| held.id.clone()).collect();
    let interfaces: Vec<String> = simulator.interfaces.iter().map(|held| held.id.clone()).collect();
    let is_instance = simulator.one_in(2);
    let list = if is_instance { instances } else { interfaces };
    let Some(to) = simulator.pick(list.len()).map(|at| list[at].clone()) else { return };
    // A gateway keeps its address.
    if simulator.allocations[index].association.as_ref().is_some_and(|(to, _)| to.starts_with("nat")) {
        return;
    }
    let mut request = address_request(&simulator.allocations[index]);
    if simulator.one_in(8) && !simulator.is_classic {
        request = json!({"publicIp": simulator.allocations[index].ip, "allowReassociation": true});
    }
    request[if is_instance { "instanceId" } else { "networkInterfaceId" }] = to.as_str().into();
    let association = if simulator.is_classic { String::new() } else { simulator.id("eipassoc") };
    let response = match simulator.is_classic {
        true => json!({"_return": true}),
        false => json!({"_return": true, "associationId": association}),
    };
    simulator.allocations[index].association = Some((to, association));
    simulator.ec2("AssociateAddress", request, response);
}

pub(super) fn disassociate(simulator: &mut AccountSimulator) {
    let is_free = |held: &&mut Allocation| held.association.as_ref().is_some_and(|(to, _)| !to.starts_with("nat"));
    let Some(held) = simulator.allocations.iter_mut().find(is_free) else { return };
    let Some((_, association)) = held.association.take() else { return };
    let request =
        if association.is_empty() { json!({"publicIp": held.ip}) } else { json!({"associationId": association}) };
    simulator.ec2("DisassociateAddress", request, json!({"_return": true}));
}

pub(super) fn release(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.allocations.iter().position(|held| held.association.is_none()) else { return };
    let held = simulator.allocations.remove(index);
    simulator.ec2("ReleaseAddress", address_request(&held), json!({"_return": true}));
}

pub(super) fn gateway(simulator: &mut AccountSimulator) {
    if simulator.is_classic {
        return;
    }
    if let Some(id) = simulator.gateways.pop() {
        simulator.interfaces.retain(|held| held.attached.as_ref().is_none_or(|(to, _, _)| *to != id));
        for held in &mut simulator.allocations {
            held.association.take_if(|(to, _)| *to == id);
        }
        let request = json!({"DeleteNatGatewayRequest": {"NatGatewayId": id}});
        simulator.ec2("DeleteNatGateway", request, json!({"DeleteNatGatewayResponse": {"natGatewayId": id}}));
        return;
    }
    let Some(index) = simulator.allocations.iter().position(|held| held.association.is_none()) else { return };
    let (id, vpc) = (simulator.id("nat"), interfaces::vpc(simulator));
    simulator.allocations[index].association = Some((id.clone(), String::new()));
    simulator.gateways.push(id.clone());
    let allocation = simulator.allocations[index].clone();
    let mut entry = json!({"allocationId": allocation.id});
    // Only newer responses contain the interface and its private address.
    if simulator.one_in(2) {
        let (interface, private) = (simulator.id("eni"), interfaces::unused(simulator, &vpc));
        entry["networkInterfaceId"] = interface.as_str().into();
        entry["privateIp"] = private.as_str().into();
        let attached = Some((id.clone(), String::new(), true));
        simulator.interfaces.push(Interface {
            id: interface,
            vpc: vpc.clone(),
            private: vec![private],
            ipv6: Vec::new(),
            attached,
        });
    }
    let list = if simulator.one_in(2) { json!({"item": entry}) } else { json!({"item": [entry]}) };
    let gateway = json!({"natGatewayId": id, "vpcId": vpc, "subnetId": "subnet-0a", "natGatewayAddressSet": list});
    let request = json!({"CreateNatGatewayRequest": {"AllocationId": allocation.id, "SubnetId": "subnet-0a"}});
    simulator.ec2("CreateNatGateway", request, json!({"CreateNatGatewayResponse": {"natGateway": gateway}}));
}
