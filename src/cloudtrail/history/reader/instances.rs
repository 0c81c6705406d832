//! EC2 instances.

use serde_json::Value;

use super::api_call::ApiCall;
use super::change_list::{ChangeList, group_ids};
use super::ec2_list::{items, texts};
use super::member::{address, at, attribute, first_at, flag, text};
use super::{interfaces, volumes};
use crate::cloudtrail::history::change::{Property, Resource, ResourceKind, detail};

const RUNNING: &str = "running";
const STOPPED: &str = "stopped";

/// The tag by which an auto scaling group marks its instances.
const AUTO_SCALING_TAG: &str = "aws:autoscaling:groupName";

const DETAILS: [(&str, &str); 7] = [
    (detail::VPC, "vpcId"),
    ("subnet", "subnetId"),
    ("zone", "placement.availabilityZone"),
    ("type", "instanceType"),
    ("image", "imageId"),
    ("key", "keyName"),
    (PROFILE, PROFILE_ARN),
];

/// The instance profile, by which programs on the instance get a role.
const PROFILE: &str = "profile";
const PROFILE_ARN: &str = "iamInstanceProfile.arn";

/// Attributes of an instance that are shown, by their names in requests.
const ATTRIBUTES: [(&str, &str); 8] = [
    ("type", "instanceType"),
    ("sourceDestCheck", "sourceDestCheck"),
    ("disableApiTermination", "disableApiTermination"),
    ("disableApiStop", "disableApiStop"),
    ("shutdownBehavior", "instanceInitiatedShutdownBehavior"),
    ("ebsOptimized", "ebsOptimized"),
    ("kernel", "kernel"),
    ("ramdisk", "ramdisk"),
];

fn instance(id: String) -> Resource {
    Resource::new(ResourceKind::Instance, id)
}

/// RunInstances.
pub fn run(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let response = call.response();
    for launched in items(at(response, "instancesSet")) {
        let Some(id) = text(at(launched, "instanceId")) else { continue };
        let instance = instance(id);
        changes.create(&instance);
        changes.set(&instance, Property::State, Some(RUNNING.into()));
        changes.details(&instance, launched, &DETAILS);
        changes.details(&instance, response, &[("owner", "ownerId"), ("requester", "requesterId")]);
        // EC2-Classic names the groups once for all instances.
        let own_groups = group_ids(at(launched, "groupSet"));
        let groups = if own_groups.is_empty() { group_ids(at(response, "groupSet")) } else { own_groups };
        changes.set_all(&instance, &Property::Group, groups);
        changes.tags(&instance, at(launched, "tagSet"));
        join_auto_scaling_group(&instance, launched, changes);
        launch_interfaces(call, &instance, launched, changes);
        volumes::launch(&instance, launched, changes);
    }
}

fn join_auto_scaling_group(instance: &Resource, launched: &Value, changes: &mut ChangeList) {
    let tags = items(at(launched, "tagSet"));
    let tag = tags.into_iter().find(|tag| text(at(tag, "key")).as_deref() == Some(AUTO_SCALING_TAG));
    if let Some(name) = tag.and_then(|tag| text(at(tag, "value"))) {
        let group = Resource::new(ResourceKind::AutoScalingGroup, name);
        changes.set(&group, Property::Member, Some(instance.id.clone()));
    }
}

fn launch_interfaces(call: &ApiCall<'_>, instance: &Resource, launched: &Value, changes: &mut ChangeList) {
    let interfaces = items(at(launched, "networkInterfaceSet"));
    let requested = items(at(call.request(), "networkInterfaceSet"));
    if interfaces.iter().all(|interface| text(at(interface, "networkInterfaceId")).is_none()) {
        changes.set(instance, Property::PrivateAddress, address(at(launched, "privateIpAddress")));
    }
    for interface in interfaces {
        interfaces::launch(instance, interface, &requested, changes);
    }
    // The public address that it gets then is not in any event.
    if requested.iter().any(|interface| flag(at(interface, "associatePublicIpAddress")) == Some(true)) {
        changes.set(instance, Property::detail("associatePublicIpAddress"), Some("true".into()));
    }
}

/// StartInstances.
pub fn start(call: &ApiCall<'_>, changes: &mut ChangeList) {
    set_state(call, RUNNING, changes);
}

/// StopInstances.
pub fn stop(call: &ApiCall<'_>, changes: &mut ChangeList) {
    set_state(call, STOPPED, changes);
}

fn set_state(call: &ApiCall<'_>, state: &str, changes: &mut ChangeList) {
    for id in instance_ids(call) {
        changes.set(&instance(id), Property::State, Some(state.into()));
    }
}

/// TerminateInstances.
pub fn terminate(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for id in instance_ids(call) {
        changes.delete(Some(instance(id)));
    }
}

/// The instances of a call, by the response. It has the same ones as the request.
fn instance_ids(call: &ApiCall<'_>) -> Vec<String> {
    let of = |document| texts(first_at(document, &["instancesSet", "instanceId"]), "instanceId");
    let answered = of(call.response());
    if answered.is_empty() { of(call.request()) } else { answered }
}

/// BidEvictedEvent: AWS ends spot instances.
pub fn evict(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for id in texts(at(&call.service_details, "instanceIdSet"), "instanceId") {
        changes.delete(Some(instance(id)));
    }
}

/// ModifyInstanceAttribute.
pub fn modify(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let request = call.request();
    let Some(id) = text(at(request, "instanceId")) else { return };
    let instance = instance(id);
    // An instance has at least one group, so an empty list means that they stay.
    let groups = group_ids(first_at(request, &["groupSet", "groupId"]));
    if !groups.is_empty() {
        changes.replace(&instance, Property::Group, groups);
    }
    for (name, attribute_name) in ATTRIBUTES {
        changes.set(&instance, Property::detail(name), attribute(at(request, attribute_name)));
    }
    // The oldest form: {"attribute":"instanceType","value":"t3.micro"}.
    let named = text(at(request, "attribute"));
    if let Some((name, _)) = ATTRIBUTES.iter().find(|(_, attribute)| named.as_deref() == Some(*attribute)) {
        changes.set(&instance, Property::detail(name), text(at(request, "value")));
    }
    // What is in it is secret, and CloudTrail removes it.
    if !at(request, "userData").is_null() {
        changes.set(&instance, Property::detail("userData"), Some("modified".into()));
    }
    for mapping in items(at(request, "blockDeviceMapping")) {
        volumes::set_delete_on_termination(at(mapping, "ebs"), changes);
    }
}

/// AssociateIamInstanceProfile and ReplaceIamInstanceProfileAssociation.
pub fn associate_profile(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let association = at(call.response(), "iamInstanceProfileAssociation");
    if let Some(id) = text(at(association, "instanceId")) {
        let relation = text(at(association, "associationId"));
        changes.relate(&instance(id), Property::detail(PROFILE), text(at(association, PROFILE_ARN)), relation);
    }
}

/// DisassociateIamInstanceProfile. The association of a launch is in no event, so the
/// instance in the response decides.
pub fn disassociate_profile(call: &ApiCall<'_>, changes: &mut ChangeList) {
    match text(at(call.response(), "iamInstanceProfileAssociation.instanceId")) {
        Some(id) => changes.unset(&instance(id), Property::detail(PROFILE), None),
        None => {
            let association = text(at(call.request(), "associationId"));
            changes.end_relation(None, Property::detail(PROFILE), association);
        }
    }
}
