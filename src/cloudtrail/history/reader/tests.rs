//! Examples by area, each with the changes that it makes, and what holds for all of them.

mod addresses;
mod balancing;
mod instances;
mod security_groups;
mod volumes;

use serde_json::{Value, json};

use super::*;
use crate::cloudtrail::history::change::{Property, Resource};
use crate::cloudtrail::history::rule::SecurityGroupRule;

/// A call and the changes that it makes, as [`shown`] writes them.
struct Example {
    name: &'static str,
    request: &'static str,
    response: &'static str,
    changes: &'static [&'static str],
}

fn examples() -> impl Iterator<Item = (&'static str, &'static Example)> {
    let of = |source: &'static str, examples: &'static [Example]| examples.iter().map(move |example| (source, example));
    of("ec2.amazonaws.com", instances::EXAMPLES)
        .chain(of("ec2.amazonaws.com", addresses::EXAMPLES))
        .chain(of("ec2.amazonaws.com", security_groups::EXAMPLES))
        .chain(of("ec2.amazonaws.com", volumes::EXAMPLES))
        .chain(of("elasticloadbalancing.amazonaws.com", balancing::LOAD_BALANCERS))
        .chain(of("autoscaling.amazonaws.com", balancing::AUTO_SCALING))
}

fn event(source: &str, example: &Example) -> Value {
    json!({
        "eventTime": "2021-07-10T11:55:14Z",
        "eventSource": source,
        "eventName": example.name,
        "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
        "requestParameters": serde_json::from_str::<Value>(example.request).expect(example.request),
        "responseElements": serde_json::from_str::<Value>(example.response).expect(example.response),
    })
}

fn ec2_event(name: &'static str, request: &'static str, response: &'static str) -> Value {
    event("ec2.amazonaws.com", &Example { name, request, response, changes: &[] })
}

fn read(event: &Value) -> Vec<String> {
    changes(event).iter().map(shown).collect()
}

/// One line a change. A resource by its name or its address has a `~`.
fn shown(change: &Change) -> String {
    let resource = |resource: &Resource| format!("{}{}", if resource.is_alias { "~" } else { "" }, resource.id);
    let property = |property: &Property| match property {
        Property::Tag(key) => format!("tag:{key}"),
        Property::Detail(name) => name.clone(),
        other => format!("{other:?}"),
    };
    match change {
        Change::Create(created) => format!("+{}", resource(created)),
        Change::Delete(deleted) => format!("-{}", resource(deleted)),
        Change::Set { resource: of, property: name, value, relation } => {
            let relation = relation.as_ref().map(|relation| format!(" [{relation}]")).unwrap_or_default();
            format!("{} {}={value}{relation}", resource(of), property(name))
        }
        Change::Known { resource: of, property: name, value } => format!("{} {}~{value}", resource(of), property(name)),
        Change::Unset { resource: of, property: name, value } => {
            format!("{} {}!={}", resource(of), property(name), value.as_deref().unwrap_or("*"))
        }
        Change::EndRelation { resource: of, property: name, relation } => {
            format!("{} {}-[{relation}]", of.as_ref().map(resource).unwrap_or("?".into()), property(name))
        }
        Change::Replace { resource: of, property: name, values } => {
            format!("{} {}:={}", resource(of), property(name), values.join(","))
        }
    }
}

#[test]
fn every_example_makes_its_changes() {
    for (source, example) in examples() {
        assert_eq!(read(&event(source, example)), example.changes, "{}: {}", example.name, example.request);
    }
}

#[test]
fn every_event_of_the_table_has_an_example() {
    for (source, names) in EVENT_NAMES {
        for name in *names {
            let is_present = examples().any(|(of, example)| of == *source && example.name == *name);
            assert!(is_present || *name == "BidEvictedEvent", "{name}");
            assert!(reader_of(source, name).is_some());
        }
    }
}

#[test]
fn what_did_not_happen_changes_nothing() {
    let request = r#"{"instancesSet":{"items":[{"instanceId":"i-0a"}]}}"#;
    let stop = ec2_event("StopInstances", request, "null");
    assert_eq!(read(&stop), ["i-0a State=stopped"]);
    for (name, value) in [
        ("errorCode", json!("Client.UnauthorizedOperation")),
        ("errorCode", json!("Client.DryRunOperation")),
        ("errorCode", json!(500)),
        ("errorMessage", json!("no")),
        ("eventSource", json!("s3.amazonaws.com")),
        ("eventName", json!("RebootInstances")),
        ("eventName", json!(["StopInstances"])),
        ("eventType", json!("AwsServiceEvent")),
        ("responseElements", json!({"_return": false})),
        ("responseElements", json!({"_return": "false"})),
        ("responseElements", json!({"StopInstancesResponse": {"return": false}})),
        ("requestParameters", json!({"dryRun": true, "instancesSet": {"items": [{"instanceId": "i-0a"}]}})),
        ("requestParameters", json!({"StopInstancesRequest": {"DryRun": "true", "InstanceId": "i-0a"}})),
    ] {
        let mut event = stop.clone();
        event[name] = value.clone();
        assert_eq!(read(&event), Vec::<String>::new(), "{name} {value}");
    }
    for (name, value) in [("errorCode", json!("")), ("errorCode", json!("200")), ("errorMessage", Value::Null)] {
        let mut event = stop.clone();
        event[name] = value;
        assert_eq!(read(&event), ["i-0a State=stopped"]);
    }
    for other in [json!(null), json!([]), json!("x"), json!({}), json!({"eventName": {}})] {
        assert_eq!(read(&other), Vec::<String>::new());
    }
}

#[test]
fn aws_itself_ends_spot_instances() {
    let event = json!({
        "eventSource": "ec2.amazonaws.com", "eventName": "BidEvictedEvent", "eventType": "AwsServiceEvent",
        "requestParameters": null, "responseElements": null,
        "serviceEventDetails": {"instanceIdSet": ["i-0a", "i-0b"]},
    });
    assert_eq!(read(&event), ["-i-0a", "-i-0b"]);
}

#[test]
fn documents_may_be_texts() {
    for (source, example) in examples() {
        let mut event = event(source, example);
        for document in ["requestParameters", "responseElements"] {
            event[document] = event[document].to_string().into();
        }
        assert_eq!(read(&event), example.changes, "{}", example.name);
    }
}

#[test]
fn members_of_documents_may_be_texts() {
    for (source, example) in examples() {
        let mut event = event(source, example);
        for document in ["requestParameters", "responseElements"] {
            for value in event[document].as_object_mut().into_iter().flatten().map(|(_, value)| value) {
                if value.is_object() || value.is_array() {
                    *value = value.to_string().into();
                }
            }
        }
        assert_eq!(read(&event), example.changes, "{}", example.name);
    }
}

#[test]
fn lists_have_many_forms() {
    for (list, expected) in [
        ("null", &[][..]),
        ("{}", &[]),
        (r#""""#, &[]),
        ("[]", &[]),
        (r#"{"items":[]}"#, &[]),
        (r#"{"items":null}"#, &[]),
        (r#"{"item":{}}"#, &[]),
        (r#"{"items":[{"instanceId":"i-0a"},{"instanceId":"i-0b"}]}"#, &["i-0a", "i-0b"]),
        (r#"{"item":[{"instanceId":"i-0a"},null,{"instanceId":"i-0b"}]}"#, &["i-0a", "i-0b"]),
        (r#"{"item":{"instanceId":"i-0a"}}"#, &["i-0a"]),
        (r#"{"item":"i-0a"}"#, &["i-0a"]),
        (r#"{"instanceId":"i-0a","tag":1}"#, &["i-0a"]),
        (r#"{"InstanceId":"i-0a","tag":1}"#, &["i-0a"]),
        (r#"{"content":"i-0a","tag":1}"#, &["i-0a"]),
        (r#"[{"content":"i-0a","tag":1},{"content":"i-0b","tag":2}]"#, &["i-0a", "i-0b"]),
        (r#"["i-0a","i-0b"]"#, &["i-0a", "i-0b"]),
        (r#""i-0a""#, &["i-0a"]),
        (r#"{"instanceIdSetType":[{"instanceId":"i-0a"}]}"#, &["i-0a"]),
        ("7", &["7"]),
    ] {
        let value: Value = serde_json::from_str(list).unwrap();
        assert_eq!(ec2_list::texts(&value, "instanceId"), expected, "{list}");
    }
}

#[test]
fn events_of_one_second_are_in_the_order_of_causes() {
    let names = [
        "AllocateAddress",
        "CreateNetworkInterface",
        "RunInstances",
        "AssociateAddress",
        "ModifyInstanceAttribute",
        "DisassociateAddress",
        "StopInstances",
        "TerminateInstances",
        "DeleteSecurityGroup",
        "ReleaseAddress",
    ];
    assert!(names.is_sorted_by_key(|name| rank(name)));
    let same = |name: &str, other: &str| assert_eq!(rank(name), rank(other), "{name} {other}");
    same("CreateTags", "AttachVolume");
    same("DeleteTags", "RevokeSecurityGroupIngress");
    same("BidEvictedEvent", "TerminateInstances");
    same("TerminateInstanceInAutoScalingGroup", "DetachInstances");
    same("UnassignIpv6Addresses", "DeregisterTargets");
    same("Unheard", "SetSecurityGroups");
}

/// Every node of every example, replaced by values of other types.
#[test]
fn hostile_events_have_fewer_changes() {
    let strange = [
        json!(null),
        json!(7),
        json!(-1.5e300),
        json!(true),
        json!("x\t\n\u{0}é"),
        json!("{\"items\":["),
        json!([]),
        json!([[], {}, null, 1]),
        json!({}),
        json!({"items": {"item": [{"items": "x"}]}}),
        json!({"item": {"content": {"content": 1}}, "tag": 1}),
    ];
    let mut count = 0;
    for (source, example) in examples() {
        let event = event(source, example);
        let mut paths = Vec::new();
        collect_paths(&event, String::new(), &mut paths);
        for path in paths {
            for value in &strange {
                let mut hostile = event.clone();
                *hostile.pointer_mut(&path).unwrap() = value.clone();
                changes(&hostile).iter().for_each(check);
                count += 1;
            }
        }
    }
    assert!(count > 5_000, "{count}");
}

fn collect_paths(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| collect_paths(value, format!("{path}/{name}"), paths));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| collect_paths(value, format!("{path}/{at}"), paths));
        }
        _ => {}
    }
    paths.push(path);
}

/// Rules can be read back, addresses are addresses, and no id is empty.
fn check(change: &Change) {
    let (resource, property, values): (_, Option<&Property>, Vec<&String>) = match change {
        Change::Create(resource) | Change::Delete(resource) => (Some(resource), None, Vec::new()),
        Change::Set { resource, property, value, .. } => (Some(resource), Some(property), vec![value]),
        Change::Known { resource, property, value } => (Some(resource), Some(property), vec![value]),
        Change::Unset { resource, property, value } => (Some(resource), Some(property), value.iter().collect()),
        Change::Replace { resource, property, values } => (Some(resource), Some(property), values.iter().collect()),
        Change::EndRelation { resource, property, .. } => (resource.as_ref(), Some(property), Vec::new()),
    };
    assert!(resource.is_none_or(|resource| !resource.id.is_empty()), "{change:?}");
    for value in values {
        match property {
            Some(Property::Rule) => assert!(value.parse::<SecurityGroupRule>().is_ok(), "{change:?}"),
            Some(Property::PrivateAddress | Property::PublicAddress | Property::Ipv6Address) => {
                assert!(value.parse::<std::net::IpAddr>().is_ok(), "{change:?}");
            }
            _ => {}
        }
    }
}
