//! Small histories whose answers are written down by hand, and also found by the plain
//! reconstruction.

use std::fs;

use serde_json::{Value, json};
use testkit::plain::history::{History, Question};

use super::run;

/// An event at a time of the first of October.
fn event(time: &str, name: &str, request: Value, response: Value) -> Value {
    let service = if name.contains("LoadBalancer") { "elasticloadbalancing" } else { "ec2" };
    json!({
        "eventVersion": "1.08", "eventTime": format!("2026-10-01T{time}Z"), "eventName": name,
        "eventSource": format!("{service}.amazonaws.com"), "eventID": format!("{time} {name}"),
        "awsRegion": "us-east-1", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "userName": "user1", "accountId": "111122223333"},
        "requestParameters": request, "responseElements": response,
    })
}

/// Checks the shortened rows: the begin, the end, and the cells of the question.
#[track_caller]
fn check(events: &[Value], question: &Question, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("AWSLogs"), json!({ "Records": events }).to_string()).unwrap();
    let answer = run(folder.path(), &super::arguments(question));
    let mut lines: Vec<String> = answer.lines().skip(1).map(String::from).collect();
    let short: Vec<String> = lines.iter().map(|line| shortened(line)).collect();
    assert_eq!(short, expected, "{answer}");
    lines.sort();
    assert_eq!(lines, History::new(events).answer(question, None));
}

/// The row without dates, and without the columns after those of the question.
fn shortened(line: &str) -> String {
    let cells: Vec<&str> = line.split('\t').collect();
    let shown = cells[..cells.len() - 7].iter().filter(|cell| !cell.is_empty());
    shown.map(|cell| cell.replace("2026-10-01T", "").replace("Z", "")).collect::<Vec<_>>().join(" ")
}

fn rules() -> Question {
    Question::Rules(None, None, None, false)
}

fn network(ports: [i64; 2], protocol: &str, cidr: &str) -> Value {
    json!({"items": [{"ipProtocol": protocol, "fromPort": ports[0], "toPort": ports[1],
        "ipRanges": {"items": [{"cidrIp": cidr}]}}]})
}

fn created(time: &str, id: &str, name: &str) -> Value {
    let request = json!({"groupName": name, "groupDescription": name, "vpcId": "vpc-0a"});
    event(time, "CreateSecurityGroup", request, json!({"groupId": id, "_return": true}))
}

fn authorized(time: &str, group: &str, port: i64, id: &str) -> Value {
    let rule = json!({"groupId": group, "securityGroupRuleId": id, "isEgress": false, "ipProtocol": "tcp",
        "fromPort": port, "toPort": port, "cidrIpv4": "0.0.0.0/0"});
    let request = json!({"groupId": group, "ipPermissions": network([port, port], "tcp", "0.0.0.0/0")});
    let response = json!({"_return": true, "securityGroupRuleSet": {"items": [rule]}});
    event(time, "AuthorizeSecurityGroupIngress", request, response)
}

fn revoked(time: &str, group: &str, permissions: Value) -> Value {
    let request = json!({"groupId": group, "ipPermissions": permissions});
    event(time, "RevokeSecurityGroupIngress", request, json!({"_return": true}))
}

fn revoked_by_id(time: &str, group: &str, id: &str) -> Value {
    let ids = json!({"items": [{"securityGroupRuleId": id}]});
    let request = json!({"groupId": group, "securityGroupRuleIds": ids});
    event(time, "RevokeSecurityGroupIngress", request, json!({"_return": true}))
}

fn associated(time: &str, to: &str, association: &str) -> Value {
    let request = json!({"allocationId": "eipalloc-0a", "instanceId": to});
    event(time, "AssociateAddress", request, json!({"_return": true, "associationId": association}))
}

fn terminated(time: &str, id: &str) -> Value {
    let list = json!({"instancesSet": {"items": [{"instanceId": id}]}});
    event(time, "TerminateInstances", list.clone(), list)
}

#[test]
fn five_rules_of_two_groups() {
    let default = json!({"groupId": "sg-0a", "ipPermissions": network([0, 0], "-1", "0.0.0.0/0")});
    let events = [
        created("12:10:01", "sg-0a", "web"),
        event("12:10:03", "RevokeSecurityGroupEgress", default, json!({"_return": true})),
        authorized("12:10:05", "sg-0a", 443, "sgr-0bb"),
        authorized("12:10:08", "sg-0a", 22, "sgr-0a1"),
        created("12:11:00", "sg-0b", "db"),
        authorized("12:11:01", "sg-0b", 5432, "sgr-0c1"),
        revoked("12:11:57", "sg-0a", network([22, 22], "6", "0.0.0.0/0")),
        event("12:12:06", "DeleteSecurityGroup", json!({"groupId": "sg-0a"}), json!({"_return": true})),
        event("12:12:07", "DeleteSecurityGroup", json!({"groupId": "sg-0b"}), json!({"_return": true})),
    ];
    let expected = [
        "12:10:01 12:10:03 sg-0a web vpc-0a out all all 0.0.0.0/0",
        "12:10:05 12:12:06 sg-0a web vpc-0a in tcp 443 0.0.0.0/0 sgr-0bb",
        "12:10:08 12:11:57 sg-0a web vpc-0a in tcp 22 0.0.0.0/0 sgr-0a1",
        "12:11:00 12:12:07 sg-0b db vpc-0a out all all 0.0.0.0/0",
        "12:11:01 12:12:07 sg-0b db vpc-0a in tcp 5432 0.0.0.0/0 sgr-0c1",
    ];
    check(&events, &rules(), &expected);
}

/// A name selects everything that is known of a resource until it was deleted.
#[test]
fn a_name_names_all_properties_of_a_deleted_group() {
    let events = [
        created("12:00:00", "sg-0a", "web"),
        event("12:01:00", "DeleteSecurityGroup", json!({"groupId": "sg-0a"}), json!({"_return": true})),
    ];
    let expected = [
        "12:00:00 12:01:00 sg-0a description web",
        "12:00:00 12:01:00 sg-0a exists",
        "12:00:00 12:01:00 sg-0a name web",
        "12:00:00 12:01:00 sg-0a rule out all 0.0.0.0/0",
        "12:00:00 12:01:00 sg-0a vpc vpc-0a",
    ];
    check(&events, &Question::Resource("web".into()), &expected);
}

/// The end of an unknown rule does not imply that another one began after it.
#[test]
fn unknown_rules_begin_before_the_events() {
    let events = [revoked_by_id("12:00:00", "sg-0a", "sgr-0a"), revoked_by_id("12:01:00", "sg-0a", "sgr-0b")];
    let expected = ["before 12:00:00 12:00:00 sg-0a sgr-0a", "before 12:00:00 12:01:00 sg-0a sgr-0b"];
    check(&events, &rules(), &expected);
}

/// The logs lack the event that revoked the first rule.
#[test]
fn a_rule_with_a_new_id_is_another_rule() {
    let events = [
        authorized("12:00:00", "sg-0a", 22, "sgr-0a"),
        authorized("12:01:00", "sg-0a", 22, "sgr-0b"),
        revoked_by_id("12:02:00", "sg-0a", "sgr-0b"),
    ];
    let expected = [
        "12:00:00 before 12:01:00 sg-0a in tcp 22 0.0.0.0/0 sgr-0a",
        "12:01:00 12:02:00 sg-0a in tcp 22 0.0.0.0/0 sgr-0b",
    ];
    check(&events, &rules(), &expected);
}

#[test]
fn an_association_with_a_new_id_ends_by_that() {
    let events = [
        associated("12:00:00", "i-0a", "eipassoc-0a"),
        associated("12:01:00", "i-0a", "eipassoc-0b"),
        event("12:02:00", "DisassociateAddress", json!({"associationId": "eipassoc-0b"}), json!({"_return": true})),
    ];
    let expected = [
        "12:00:00 12:01:00 eipalloc-0a associatedWith i-0a eipassoc-0a",
        "12:01:00 12:02:00 eipalloc-0a associatedWith i-0a eipassoc-0b",
    ];
    check(&events, &Question::Resource("i-0a".into()), &expected);
}

/// The response to a registration lists all members, including earlier ones.
#[test]
fn members_of_a_load_balancer() {
    let listed = |ids: &[&str]| Value::from(ids.iter().map(|id| json!({"instanceId": id})).collect::<Vec<_>>());
    let call = |time, name, request: &[&str], response: &[&str]| {
        let request = json!({"loadBalancerName": "front", "instances": listed(request)});
        event(time, name, request, json!({"instances": listed(response)}))
    };
    let events = [
        call("12:00:00", "RegisterInstancesWithLoadBalancer", &["i-0a"], &["i-0a", "i-0b", "i-0c"]),
        call("12:01:00", "DeregisterInstancesFromLoadBalancer", &["i-0d", "i-0b"], &["i-0a", "i-0c"]),
        terminated("12:02:00", "i-0a"),
    ];
    let expected = [
        "before 12:00:00 still at 12:02:00 front exists",
        "before 12:00:00 still at 12:02:00 front member i-0c",
        "before 12:00:00 12:01:00 front member i-0b",
        "before 12:00:00 12:01:00 front member i-0d",
        "12:00:00 12:02:00 front member i-0a",
    ];
    check(&events, &Question::Resource("front".into()), &expected);
}

#[test]
fn the_interface_of_a_gateway_ends_with_it() {
    let entry = json!({"allocationId": "eipalloc-0a", "networkInterfaceId": "eni-0a", "privateIp": "10.0.0.9"});
    let gateway = json!({"natGatewayId": "nat-0a", "natGatewayAddressSet": {"item": entry}});
    let response = json!({"CreateNatGatewayResponse": {"natGateway": gateway}});
    let deleted = json!({"DeleteNatGatewayRequest": {"NatGatewayId": "nat-0a"}});
    let events = [
        event("12:00:00", "CreateNatGateway", json!({}), response),
        event("12:01:00", "DeleteNatGateway", deleted, json!({})),
        event("12:02:00", "DescribeInstances", json!({}), Value::Null),
    ];
    check(&events, &Question::Ip("10.0.0.9".parse().unwrap()), &["12:00:00 12:01:00 10.0.0.9 eni-0a nat-0a"]);
}

/// If the begin of a value is unknown, it is after the last event that shows otherwise.
#[test]
fn a_volume_is_attached_to_one_instance_at_a_time() {
    let attached = json!({"volumeId": "vol-0a", "instanceId": "i-0a", "device": "/dev/sdf"});
    let detached = |id: &str| json!({"volumeId": "vol-0a", "instanceId": id});
    let events = [
        event("12:00:00", "AttachVolume", attached, json!({})),
        event("12:01:00", "DetachVolume", detached("i-0b"), detached("i-0b")),
        event("12:02:00", "DetachVolume", detached("i-0b"), detached("i-0b")),
    ];
    let expected = ["after 12:00:00 12:01:00 vol-0a attachedTo i-0b", "after 12:01:00 12:02:00 vol-0a attachedTo i-0b"];
    check(&events, &Question::Resource("i-0b".into()), &expected);
    let expected = ["12:00:00 12:01:00 vol-0a attachedTo i-0a"];
    check(&events, &Question::Resource("i-0a".into()), &expected);
}

/// Deleting a tag changes nothing if it has another value.
#[test]
fn a_tag_with_another_value_stays() {
    let tag = |value: &str| {
        json!({"resourcesSet": {"items": [{"resourceId": "i-0a"}]},
            "tagSet": {"items": [{"key": "Name", "value": value}]}})
    };
    let events = [
        event("12:00:00", "CreateTags", tag("one"), json!({"_return": true})),
        event("12:01:00", "DeleteTags", tag("two"), json!({"_return": true})),
        event("12:02:00", "DeleteTags", tag("one"), json!({"_return": true})),
    ];
    let expected = ["before 12:00:00 still at 12:02:00 i-0a exists", "12:00:00 12:02:00 i-0a tag:Name one"];
    check(&events, &Question::Resource("i-0a".into()), &expected);
}

/// A rule that was open for less than a second was open.
#[test]
fn a_rule_that_lasts_less_than_a_second_is_an_exposure() {
    let interface = json!({"networkInterfaceId": "eni-0a", "vpcId": "vpc-0a", "privateIpAddress": "10.0.0.9"});
    let events = [
        created("12:00:00", "sg-0a", "web"),
        authorized("12:01:00", "sg-0a", 22, "sgr-0a"),
        revoked_by_id("12:01:00", "sg-0a", "sgr-0a"),
        event("12:02:00", "CreateNetworkInterface", json!({}), json!({ "networkInterface": interface })),
    ];
    let question = Question::Exposed("10.0.0.9".parse().unwrap());
    let added = "user1 12:01:00 AuthorizeSecurityGroupIngress";
    let expected = format!("12:01:00 12:01:00 sg-0a web vpc-0a in tcp 22 0.0.0.0/0 sgr-0a {added}");
    check(&events, &question, &[&expected]);
}

/// An address that was ours for less than a second does not divide an exposure.
#[test]
fn a_brief_owner_of_an_address_does_not_split_an_exposure() {
    let interface = json!({"networkInterfaceId": "eni-0a", "vpcId": "vpc-0a", "privateIpAddress": "10.0.0.9"});
    let events = [
        created("12:00:00", "sg-0a", "web"),
        authorized("12:01:00", "sg-0a", 22, "sgr-0a"),
        event("12:02:00", "CreateNetworkInterface", json!({}), json!({ "networkInterface": interface })),
        event("12:02:00", "DeleteNetworkInterface", json!({"networkInterfaceId": "eni-0a"}), json!({"_return": true})),
        revoked_by_id("12:03:00", "sg-0a", "sgr-0a"),
    ];
    let question = Question::Exposed("10.0.0.9".parse().unwrap());
    let added = "user1 12:01:00 AuthorizeSecurityGroupIngress";
    let expected = format!("12:01:00 12:03:00 sg-0a web vpc-0a in tcp 22 0.0.0.0/0 sgr-0a {added}");
    check(&events, &question, &[&expected]);
}

/// An address that moves to another interface of the VPC, and the same address in another VPC.
#[test]
fn an_address_moves_within_its_vpc() {
    let interface = |time, id: &str, vpc: &str, address: &str| {
        let interface = json!({"networkInterfaceId": id, "vpcId": vpc, "privateIpAddress": address});
        event(time, "CreateNetworkInterface", json!({}), json!({ "networkInterface": interface }))
    };
    let list = json!({"items": [{"privateIpAddress": "10.0.0.9"}]});
    let moved = json!({"networkInterfaceId": "eni-0b", "privateIpAddressesSet": list, "allowReassignment": true});
    let events = [
        interface("12:00:00", "eni-0a", "vpc-0a", "10.0.0.9"),
        interface("12:00:01", "eni-0b", "vpc-0a", "10.0.0.8"),
        interface("12:00:02", "eni-0c", "vpc-0b", "10.0.0.9"),
        event("12:01:00", "AssignPrivateIpAddresses", moved, json!({"_return": true})),
    ];
    let expected = [
        "12:00:00 12:01:00 10.0.0.9 eni-0a vpc-0a",
        "12:00:02 still at 12:01:00 10.0.0.9 eni-0c vpc-0b",
        "12:01:00 still at 12:01:00 10.0.0.9 eni-0b vpc-0a",
    ];
    check(&events, &Question::Ip("10.0.0.9".parse().unwrap()), &expected);
}
