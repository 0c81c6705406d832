//! Tags of resources of any kind.

use super::api_call::ApiCall;
use super::change_list::ChangeList;
use super::ec2_list::{items, texts};
use super::member::{at, first_at, scalar, text};
use crate::cloudtrail::history::change::{Property, Resource, ResourceKind};

const PREFIXES: [(&str, ResourceKind); 6] = [
    ("i-", ResourceKind::Instance),
    ("eni-", ResourceKind::Interface),
    ("eipalloc-", ResourceKind::Address),
    ("sg-", ResourceKind::SecurityGroup),
    ("vol-", ResourceKind::Volume),
    ("nat-", ResourceKind::NatGateway),
];

/// A resource whose kind the prefix of its id says.
fn resource(id: String) -> Option<Resource> {
    let (_, kind) = PREFIXES.iter().find(|(prefix, _)| id.starts_with(prefix))?;
    Some(Resource::new(*kind, id))
}

fn resources(call: &ApiCall<'_>) -> Vec<Resource> {
    let list = first_at(call.request(), &["resourcesSet", "resourceId"]);
    texts(list, "resourceId").into_iter().filter_map(resource).collect()
}

/// CreateTags.
pub fn create(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for resource in resources(call) {
        changes.tags(&resource, first_at(call.request(), &["tagSet", "tag"]));
    }
}

/// DeleteTags. A tag without a value goes whatever its value is. A request without tags
/// deletes all of them, but the event does not say which these are.
pub fn delete(call: &ApiCall<'_>, changes: &mut ChangeList) {
    for resource in resources(call) {
        for tag in items(first_at(call.request(), &["tagSet", "tag"])) {
            if let Some(key) = text(at(tag, "key")) {
                changes.unset(&resource, Property::Tag(key), scalar(at(tag, "value")));
            }
        }
    }
}
