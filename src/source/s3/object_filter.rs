//! Classifies listed objects: wanted or not, already mirrored or not, and whether the mirror
//! can store them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::MirrorTasks;
use super::mirror::{MirrorLookup, metadata_key};
use super::mirror_root::{MirrorEntry, is_link};
use crate::cloudtrail::keys::is_digest;
use crate::error::{Issue, Outcome, Problem};
use crate::source::s3::object_batch::{Object, ObjectAccess};

/// Classifies objects in key order.
pub(super) struct ObjectFilter {
    pub(super) shared: Arc<MirrorTasks>,
    /// Earlier keys that are a prefix of the current one.
    ancestors: Vec<String>,
    presence: MirrorLookup,
}

/// Classification of an object.
pub(super) enum ObjectState {
    /// An empty object that represents a folder.
    NoObject,
    /// The object cannot contain wanted events.
    TooOld,
    /// The mirror cannot store the object.
    Refused(Issue),
    /// The mirror contains the object at this path.
    Present(PathBuf),
    /// The mirror lacks the object, which must be restored before it can be read.
    Archived,
    /// The mirror lacks the object. Contains its path and the entry that occupies it, if any.
    Missing(PathBuf, Option<MirrorEntry>),
}

impl ObjectFilter {
    pub(super) fn new(shared: Arc<MirrorTasks>) -> ObjectFilter {
        let presence = MirrorLookup::new(shared.mirror.clone());
        ObjectFilter { shared, ancestors: Vec::new(), presence }
    }

    /// Classifies an object and updates the counters, except for objects to download.
    pub(super) fn classify(&mut self, object: &Object) -> ObjectState {
        let shared = &self.shared;
        if object.key.ends_with('/') && object.size == 0 {
            // The listing has already counted it as an object.
            shared.counts.known.fetch_sub(1, Relaxed);
            return ObjectState::NoObject;
        }
        if !shared.scope.includes_file(&object.key) {
            shared.counts.unwanted.fetch_add(1, Relaxed);
            return ObjectState::TooOld;
        }
        let path = match shared.mirror.path(&object.key) {
            Ok(_) if is_below_earlier_key(&mut self.ancestors, &object.key) => Err(IN_THE_WAY),
            result => result,
        };
        let there = if path.is_ok() { self.presence.find(&object.key) } else { Ok(None) };
        let path = match &there {
            Err(error) if is_link(error) => Err(BEHIND_A_LINK),
            _ => path,
        };
        // Any other obstacle is reported when the object is written.
        let there = there.unwrap_or_default();
        match path {
            Err(reason) => {
                shared.counts.failed.fetch_add(1, Relaxed);
                let name = shared.client.location(&object.key).to_string();
                ObjectState::Refused(Issue { name, problem: Problem::Key(reason), outcome: Outcome::Nothing })
            }
            Ok(path)
                if there == Some(MirrorEntry::File(object.size)) && has_metadata(&mut self.presence, &object.key) =>
            {
                shared.counts.present.fetch_add(1, Relaxed);
                shared.counts.digests_present.fetch_add(u64::from(is_digest(&object.key)), Relaxed);
                ObjectState::Present(path)
            }
            Ok(_) if object.access != ObjectAccess::Immediate => {
                shared.counts.archived.fetch_add(1, Relaxed);
                shared.counts.restoring.fetch_add(u64::from(object.access == ObjectAccess::Restoring), Relaxed);
                ObjectState::Archived
            }
            Ok(path) => ObjectState::Missing(path, there),
        }
    }
}

/// The target of such a link can be anywhere.
pub(super) const BEHIND_A_LINK: &str = "its folder in the mirror is a link (links are not followed)";
pub(super) const IN_THE_WAY: &str = "the mirror has a file where a folder is needed, or the reverse";

/// True if the mirror has the metadata of an object, or needs none. Other tools copy digests
/// without their signatures.
fn has_metadata(presence: &mut MirrorLookup, key: &str) -> bool {
    metadata_key(key).is_none_or(|path| matches!(presence.find(&path), Ok(Some(MirrorEntry::File(_)))))
}

/// True if a key lies below that of another object, as `x/y` lies below `x`. A file system
/// cannot store both. Keys are ordered, so a key that is not a prefix of the current one is not
/// a prefix of any later one.
fn is_below_earlier_key(ancestors: &mut Vec<String>, key: &str) -> bool {
    ancestors.retain(|ancestor| key.starts_with(ancestor.as_str()));
    let is_below = ancestors.iter().any(|ancestor| key[ancestor.len()..].starts_with('/'));
    if !is_below {
        ancestors.push(key.to_string());
    }
    is_below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_below_another_object_are_rejected() {
        let mut ancestors = Vec::new();
        let keys = ["a", "a-b", "a/b", "a/b/c", "ab", "b/c", "b/c/d", "c"];
        let below: Vec<&str> = keys.into_iter().filter(|key| is_below_earlier_key(&mut ancestors, key)).collect();
        assert_eq!(below, ["a/b", "a/b/c", "b/c/d"]);
    }
}
