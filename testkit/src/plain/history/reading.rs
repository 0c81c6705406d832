//! The facts of one event.

mod groups;
mod instances;
mod interfaces;
mod services;

use serde_json::Value;

use super::document::{at, document, list, scalar, text, texts};
use super::fact::{Fact, Kind, Thing};

/// An event in its simple form.
pub(super) struct Call {
    pub(super) name: String,
    pub(super) account: String,
    pub(super) time: String,
    pub(super) request: Value,
    pub(super) response: Value,
}

/// The facts that an event states; none if it failed.
pub(super) fn facts(event: &Value) -> Vec<Fact> {
    let name = text(event, "eventName").unwrap_or_default();
    let call = Call {
        account: super::account(event),
        time: text(event, "eventTime").unwrap_or_default(),
        request: document(&event["requestParameters"], &name),
        response: document(&event["responseElements"], &name),
        name,
    };
    let is_no = |value: &Value| scalar(value).as_deref() == Some("false");
    let is_dry = scalar(at(&call.request, "dryRun")).as_deref() == Some("true");
    if text(event, "errorCode").is_some() || is_no(at(&call.response, "_return")) || is_dry {
        return Vec::new();
    }
    match text(event, "eventSource").unwrap_or_default().as_str() {
        "ec2.amazonaws.com" => ec2(&call),
        "elasticloadbalancing.amazonaws.com" => services::balancing(&call),
        "autoscaling.amazonaws.com" => services::scaling(&call),
        _ => Vec::new(),
    }
}

fn ec2(call: &Call) -> Vec<Fact> {
    let name = call.name.as_str();
    if name.contains("SecurityGroup") {
        groups::facts(call)
    } else if name.ends_with("Tags") {
        tags(call)
    } else if name.ends_with("Instances") || name == "ModifyInstanceAttribute" {
        instances::facts(call)
    } else if name.ends_with("Volume") {
        volumes(call)
    } else {
        interfaces::facts(call)
    }
}

/// The details of a thing: pairs of a name and a path.
pub(super) fn details(thing: &Thing, object: &Value, names: &[(&str, &str)]) -> Vec<Fact> {
    names.iter().filter_map(|(name, path)| thing.has(name, text(object, path))).collect()
}

/// The tags in a list of keys and values.
pub(super) fn tagged(thing: &Thing, object: &Value, path: &str) -> Vec<Fact> {
    let tags = list(object, path).into_iter();
    tags.filter_map(|tag| {
        let value = scalar(at(tag, "value")).unwrap_or_default();
        thing.has(&format!("tag:{}", text(tag, "key")?), Some(value))
    })
    .collect()
}

/// The security groups in a list: their ids, or else their names.
pub(super) fn group_ids(object: &Value, path: &str) -> Vec<String> {
    let has_ids = list(object, path).iter().any(|group| text(group, "groupId").is_some());
    texts(object, path, if has_ids { "groupId" } else { "groupName" })
}

fn tags(call: &Call) -> Vec<Fact> {
    let mut facts = Vec::new();
    for id in texts(&call.request, "resourcesSet", "resourceId") {
        let kind = match id.split('-').next().unwrap_or_default() {
            "i" => Kind::Instance,
            "eni" => Kind::Interface,
            "eipalloc" => Kind::Address,
            "sg" => Kind::Group,
            "vol" => Kind::Volume,
            "nat" => Kind::Gateway,
            _ => continue,
        };
        let thing = Thing::new(kind, id);
        if call.name == "CreateTags" {
            facts.extend(tagged(&thing, &call.request, "tagSet"));
            continue;
        }
        for tag in list(&call.request, "tagSet") {
            let key = text(tag, "key").unwrap_or_default();
            facts.push(thing.has_not(&format!("tag:{key}"), scalar(at(tag, "value"))));
        }
    }
    facts
}

fn volumes(call: &Call) -> Vec<Fact> {
    let (request, response) = (&call.request, &call.response);
    let id = text(request, "volumeId").or_else(|| text(response, "volumeId"));
    let Some(volume) = id.map(|id| Thing::new(Kind::Volume, id)) else { return Vec::new() };
    let mut facts = Vec::new();
    match call.name.as_str() {
        "CreateVolume" => {
            facts.push(volume.begins());
            let names = [("size", "size"), ("type", "volumeType"), ("zone", "zone"), ("snapshot", "snapshotId")];
            facts.extend(details(&volume, response, &names));
            facts.extend(tagged(&volume, response, "tagSet"));
        }
        "DeleteVolume" => facts.push(volume.ends()),
        "AttachVolume" => {
            facts.extend(volume.has("attachedTo", text(request, "instanceId")));
            facts.extend(details(&volume, request, &[("device", "device")]));
            facts.extend(details(&volume, response, &[("deleteOnTermination", "deleteOnTermination")]));
        }
        "DetachVolume" => {
            let from = text(response, "instanceId").or_else(|| text(request, "instanceId"));
            facts.push(volume.has_not("attachedTo", from));
        }
        _ => {}
    }
    facts
}
