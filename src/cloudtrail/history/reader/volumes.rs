//! Volumes.

use serde_json::Value;

use super::api_call::ApiCall;
use super::change_list::ChangeList;
use super::ec2_list::items;
use super::member::{at, text};
use crate::cloudtrail::history::change::{Property, Resource, ResourceKind, detail};

/// The zone has two names: one in events, one in the API.
const DETAILS: [(&str, &str); 6] = [
    ("size", "size"),
    ("type", "volumeType"),
    ("zone", "availabilityZone"),
    ("zone", "zone"),
    ("snapshot", "snapshotId"),
    ("encrypted", "encrypted"),
];

const ATTACHMENT_DETAILS: [(&str, &str); 2] =
    [("device", "device"), (detail::DELETE_ON_TERMINATION, "deleteOnTermination")];

fn volume(object: &Value) -> Option<Resource> {
    text(at(object, "volumeId")).map(|id| Resource::new(ResourceKind::Volume, id))
}

/// CreateVolume.
pub fn create(call: &ApiCall<'_>, changes: &mut ChangeList) {
    describe(call.response(), changes);
}

/// CopyVolumes.
pub fn copy(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for created in items(at(call.response(), "volumeSet")) {
        describe(created, changes);
    }
}

fn describe(created: &Value, changes: &mut ChangeList) {
    let Some(volume) = volume(created) else { return };
    changes.create(&volume);
    changes.details(&volume, created, &DETAILS);
    changes.tags(&volume, at(created, "tagSet"));
}

/// The volumes in the response of RunInstances. AWS leaves this list empty so far.
pub fn launch(instance: &Resource, launched: &Value, changes: &mut ChangeList) {
    for mapping in items(at(launched, "blockDeviceMapping")) {
        let Some(volume) = volume(at(mapping, "ebs")) else { continue };
        changes.set(&volume, Property::AttachedTo, Some(instance.id.clone()));
        changes.details(&volume, mapping, &[("device", "deviceName")]);
        set_delete_on_termination(at(mapping, "ebs"), changes);
    }
}

/// Whether a volume is deleted with its instance, if the object says so.
pub fn set_delete_on_termination(object: &Value, changes: &mut ChangeList) {
    if let Some(volume) = volume(object) {
        changes.details(&volume, object, &[(detail::DELETE_ON_TERMINATION, "deleteOnTermination")]);
    }
}

/// AttachVolume.
pub fn attach(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let Some(volume) = volume(call.request()) else { return };
    changes.set(&volume, Property::AttachedTo, text(at(call.request(), "instanceId")));
    changes.details(&volume, call.request(), &ATTACHMENT_DETAILS[..1]);
    changes.details(&volume, call.response(), &ATTACHMENT_DETAILS[1..]);
}

/// DetachVolume. The request need not name the instance.
pub fn detach(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(volume) = volume(call.request()) {
        let instance = text(at(call.response(), "instanceId")).or_else(|| text(at(call.request(), "instanceId")));
        changes.unset(&volume, Property::AttachedTo, instance);
    }
}

/// ModifyVolume.
pub fn modify(call: &ApiCall<'_>, changes: &mut ChangeList) {
    if let Some(volume) = volume(call.request()) {
        changes.details(&volume, call.request(), &[("size", "size"), ("type", "volumeType")]);
    }
}

/// DeleteVolume.
pub fn delete(call: &ApiCall<'_>, changes: &mut ChangeList) {
    changes.delete(volume(call.request()));
}
