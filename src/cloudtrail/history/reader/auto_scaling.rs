//! Auto scaling groups. They launch and end their instances by calls of their own.

use serde_json::Value;

use super::api_call::ApiCall;
use super::change_list::ChangeList;
use super::ec2_list::{items, texts};
use super::member::{at, text};
use crate::cloudtrail::history::change::{Property, Resource, ResourceKind};

const DETAILS: [(&str, &str); 7] = [
    ("minSize", "minSize"),
    ("maxSize", "maxSize"),
    ("desiredCapacity", "desiredCapacity"),
    ("subnet", "vPCZoneIdentifier"),
    ("launchConfiguration", "launchConfigurationName"),
    ("launchTemplate", "launchTemplate.launchTemplateName"),
    ("launchTemplate", "launchTemplate.launchTemplateId"),
];

fn group(object: &Value) -> Option<Resource> {
    text(at(object, "autoScalingGroupName")).map(|name| Resource::new(ResourceKind::AutoScalingGroup, name))
}

/// CreateAutoScalingGroup.
pub fn create(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let Some(group) = group(call.request()) else { return };
    changes.create(&group);
    changes.details(&group, call.request(), &DETAILS);
    changes.tags(&group, at(call.request(), "tags"));
}

/// UpdateAutoScalingGroup and SetDesiredCapacity.
pub fn update(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(group) = group(call.request()) {
        changes.details(&group, call.request(), &DETAILS);
    }
}

/// DeleteAutoScalingGroup.
pub fn delete(call: &ApiCall<'_>, changes: &mut ChangeList) {
    changes.delete(group(call.request()));
}

/// AttachInstances.
pub fn attach(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(group) = group(call.request()) {
        changes.set_all(&group, &Property::Member, instance_ids(call));
    }
}

/// DetachInstances.
pub fn detach(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(group) = group(call.request()) {
        changes.unset_all(&group, &Property::Member, instance_ids(call));
    }
}

fn instance_ids(call: &ApiCall<'_>) -> Vec<String> {
    texts(at(call.request(), "instanceIds"), "instanceId")
}

/// TerminateInstanceInAutoScalingGroup. The instance itself ends by TerminateInstances.
pub fn terminate(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(group) = group(at(call.response(), "activity"))
        && let Some(instance) = text(at(call.request(), "instanceId"))
    {
        changes.unset(&group, Property::Member, Some(instance));
    }
}

/// CreateOrUpdateTags. Every tag names its group.
pub fn create_tags(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for tag in items(at(call.request(), "tags")) {
        if let Some(group) = tagged_group(tag) {
            changes.tags(&group, tag);
        }
    }
}

/// DeleteTags.
pub fn delete_tags(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for tag in items(at(call.request(), "tags")) {
        if let (Some(group), Some(key)) = (tagged_group(tag), text(at(tag, "key"))) {
            changes.unset(&group, Property::Tag(key), text(at(tag, "value")));
        }
    }
}

fn tagged_group(tag: &Value) -> Option<Resource> {
    text(at(tag, "resourceId")).map(|name| Resource::new(ResourceKind::AutoScalingGroup, name))
}
