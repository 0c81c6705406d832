//! Security groups and their rules.

use serde_json::{Value, json};

use super::interfaces;
use super::simulator::{AccountSimulator, Group, items};

pub(super) fn create(simulator: &mut AccountSimulator) {
    let (id, name, vpc) = (simulator.id("sg"), simulator.name(), interfaces::vpc(simulator));
    if simulator.groups.iter().any(|group| group.name == name && group.vpc == vpc) {
        return;
    }
    let mut request = json!({"groupName": name, "groupDescription": "a group"});
    let mut rules = Vec::new();
    if !simulator.is_classic {
        request["vpcId"] = vpc.as_str().into();
        let everything = json!({"ipProtocol": "-1", "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}});
        rules.push((everything, simulator.id("sgr"), true));
    }
    simulator.groups.push(Group { id: id.clone(), name, vpc, rules });
    simulator.ec2("CreateSecurityGroup", request, json!({"groupId": id, "_return": true}));
}

/// The group as a request names it.
fn group_request(simulator: &mut AccountSimulator, index: usize) -> Value {
    let group = &simulator.groups[index];
    match simulator.is_classic {
        true => json!({"groupName": group.name}),
        false => json!({"groupId": group.id}),
    }
}

/// A permission with one source, in the form of a request.
fn permission(simulator: &mut AccountSimulator) -> Value {
    const NETWORKS: [&str; 7] = [
        "0.0.0.0/0",
        "10.0.0.0/24",
        "10.0.1.12/32",
        "198.51.100.3/32",
        "198.51.100.7/29",
        "100.68.0.18/18",
        "203.0.113.0/24",
    ];
    let mut permission = match simulator.rng.u8(..6) {
        0 => json!({"ipProtocol": "-1"}),
        1 => json!({"ipProtocol": "icmp", "fromPort": 8, "toPort": -1}),
        2 => json!({"ipProtocol": "6", "fromPort": 22, "toPort": 22}),
        3 => json!({"ipProtocol": "udp", "fromPort": 8000, "toPort": 8100}),
        _ => json!({"ipProtocol": "tcp", "fromPort": 443, "toPort": 443}),
    };
    let group = simulator.groups[simulator.rng.usize(..simulator.groups.len())].clone();
    match simulator.rng.u8(..8) {
        0 => {
            let cidr = ["::/0", "2001:db8::/32"][simulator.rng.usize(..2)];
            permission["ipv6Ranges"] = items(vec![json!({ "cidrIpv6": cidr })]);
        }
        1 if !simulator.is_classic => permission["prefixListIds"] = items(vec![json!({"prefixListId": "pl-0a"})]),
        2 if simulator.is_classic => {
            permission["groups"] = items(vec![json!({"userId": "777788889999", "groupName": group.name})]);
        }
        2 => permission["groups"] = items(vec![json!({"userId": simulator.account, "groupId": group.id})]),
        _ => {
            let cidr = NETWORKS[simulator.rng.usize(..NETWORKS.len())];
            permission["ipRanges"] = items(vec![json!({"cidrIp": cidr, "description": "x"})]);
        }
    }
    permission
}

/// Whether two permissions are the same rule. A description is not part of a rule.
fn same(one: &Value, other: &Value) -> bool {
    let parts = ["ipProtocol", "fromPort", "toPort", "ipv6Ranges", "prefixListIds", "groups"];
    let cidr = |value: &Value| value["ipRanges"]["items"][0]["cidrIp"].clone();
    parts.iter().all(|part| one[*part] == other[*part]) && cidr(one) == cidr(other)
}

/// The permission in the older form of a request. `None` if it has no IPv4 network.
fn flat(permission: &Value) -> Option<Value> {
    let cidr = permission["ipRanges"]["items"][0]["cidrIp"].as_str()?;
    let mut flat = json!({"ipPermissions": {}, "ipProtocol": permission["ipProtocol"], "cidrIp": cidr});
    for port in ["fromPort", "toPort"] {
        if !permission[port].is_null() {
            flat[port] = permission[port].clone();
        }
    }
    Some(flat)
}

fn requested(simulator: &mut AccountSimulator, index: usize, permissions: Vec<Value>) -> Value {
    let mut request = group_request(simulator, index);
    let older = flat(&permissions[0]).filter(|_| permissions.len() == 1 && simulator.one_in(3));
    let parts = older.unwrap_or_else(|| json!({"ipPermissions": items(permissions)}));
    for (name, part) in parts.as_object().into_iter().flatten() {
        request[name] = part.clone();
    }
    request
}

/// A rule in the form of a response.
fn rule_response(simulator: &AccountSimulator, group: &str, permission: &Value, id: &str, is_egress: bool) -> Value {
    let mut rule = json!({
        "groupId": group, "groupOwnerId": simulator.account, "securityGroupRuleId": id, "isEgress": is_egress,
        "ipProtocol": permission["ipProtocol"], "fromPort": -1, "toPort": -1,
    });
    if permission["ipProtocol"] == "6" {
        rule["ipProtocol"] = "tcp".into();
    }
    for port in ["fromPort", "toPort"] {
        if !permission[port].is_null() {
            rule[port] = permission[port].clone();
        }
    }
    let first = |list: &str, member: &str| permission[list]["items"][0][member].clone();
    let sources = [
        ("cidrIpv4", first("ipRanges", "cidrIp")),
        ("cidrIpv6", first("ipv6Ranges", "cidrIpv6")),
        ("prefixListId", first("prefixListIds", "prefixListId")),
    ];
    for (name, source) in sources.into_iter().filter(|(_, source)| !source.is_null()) {
        rule[name] = source;
    }
    let source = first("groups", "groupId");
    if !source.is_null() {
        rule["referencedGroupInfo"] = json!({"groupId": source, "userId": first("groups", "userId")});
    }
    rule
}

pub(super) fn authorize(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.pick(simulator.groups.len()) else { return };
    let is_egress = simulator.one_in(5) && !simulator.is_classic;
    let (mut permissions, mut rules) = (Vec::new(), Vec::new());
    for _ in 0..simulator.rng.usize(1..3) {
        let permission = permission(simulator);
        let has = |(rule, _, egress): &(Value, String, bool)| *egress == is_egress && same(rule, &permission);
        if simulator.groups[index].rules.iter().any(has) {
            continue;
        }
        let id = simulator.id("sgr");
        rules.push(rule_response(simulator, &simulator.groups[index].id, &permission, &id, is_egress));
        simulator.groups[index].rules.push((permission.clone(), id, is_egress));
        permissions.push(permission);
    }
    if permissions.is_empty() {
        return;
    }
    let request = requested(simulator, index, permissions);
    let mut response = json!({"_return": true});
    if !simulator.is_classic && !simulator.one_in(4) {
        response["securityGroupRuleSet"] = items(rules);
    }
    simulator.ec2(
        if is_egress { "AuthorizeSecurityGroupEgress" } else { "AuthorizeSecurityGroupIngress" },
        request,
        response,
    );
}

pub(super) fn revoke(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.pick(simulator.groups.len()) else { return };
    let Some(at) = simulator.pick(simulator.groups[index].rules.len()) else { return };
    let (permission, id, is_egress) = simulator.groups[index].rules.remove(at);
    let group = simulator.groups[index].id.clone();
    let mut response = json!({"_return": true});
    let request = match simulator.one_in(3) && !simulator.is_classic {
        true => {
            let mut request = group_request(simulator, index);
            request["securityGroupRuleIds"] = items(vec![json!({"securityGroupRuleId": id})]);
            request
        }
        false => {
            let mut permissions = vec![permission.clone()];
            // In a default VPC, revoking a rule that does not exist is not an error.
            if simulator.one_in(6) {
                permissions.push(json!({"ipProtocol": "tcp", "fromPort": 9, "toPort": 9,
                    "ipRanges": {"items": [{"cidrIp": "192.0.2.0/24"}]}}));
                response["unknownIpPermissionSet"] = items(permissions[1..].to_vec());
            }
            requested(simulator, index, permissions)
        }
    };
    if simulator.one_in(4) && !simulator.is_classic {
        let mut rule = rule_response(simulator, &group, &permission, &id, is_egress);
        if let Some(members) = rule.as_object_mut().filter(|rule| rule.contains_key("referencedGroupInfo")) {
            let source = members.remove("referencedGroupInfo").unwrap_or_default();
            members.insert("referencedGroupId".into(), source["groupId"].clone());
        }
        response["revokedSecurityGroupRuleSet"] = items(vec![rule]);
    }
    simulator.ec2(
        if is_egress { "RevokeSecurityGroupEgress" } else { "RevokeSecurityGroupIngress" },
        request,
        response,
    );
}

pub(super) fn modify(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.pick(simulator.groups.len()).filter(|_| !simulator.is_classic) else { return };
    let mut rules = Vec::new();
    for _ in 0..simulator.rng.usize(1..3) {
        let Some(at) = simulator.pick(simulator.groups[index].rules.len()) else { break };
        let new = permission(simulator);
        let id = simulator.groups[index].rules[at].1.clone();
        if rules.iter().any(|rule: &Value| rule["SecurityGroupRuleId"] == id) {
            continue;
        }
        let is_egress = simulator.groups[index].rules.remove(at).2;
        let response = rule_response(simulator, "", &new, &id, is_egress);
        simulator.groups[index].rules.push((new, id.clone(), is_egress));
        let content = |from: &str| response[from].clone();
        let mut content = json!({"IpProtocol": content("ipProtocol"), "FromPort": content("fromPort"),
            "ToPort": content("toPort"), "CidrIpv4": content("cidrIpv4"), "CidrIpv6": content("cidrIpv6"),
            "PrefixListId": content("prefixListId"), "ReferencedGroupId": response["referencedGroupInfo"]["groupId"]});
        if let Some(members) = content.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        rules.push(json!({"SecurityGroupRuleId": id, "tag": 1, "SecurityGroupRule": content}));
    }
    if rules.is_empty() {
        return;
    }
    let list = if rules.len() == 1 { rules.remove(0) } else { rules.into() };
    let request = json!({"GroupId": simulator.groups[index].id, "SecurityGroupRule": list});
    let response = json!({"ModifySecurityGroupRulesResponse": {"return": true}});
    simulator.ec2("ModifySecurityGroupRules", json!({"ModifySecurityGroupRulesRequest": request}), response);
}

pub(super) fn delete(simulator: &mut AccountSimulator) {
    let Some(index) = simulator.pick(simulator.groups.len()) else { return };
    let request = group_request(simulator, index);
    simulator.groups.remove(index);
    simulator.ec2("DeleteSecurityGroup", request, json!({"_return": true}));
}
