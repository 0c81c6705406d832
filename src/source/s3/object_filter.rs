//! Decides of each listed object whether it is wanted, whether the mirror has
//! it, and whether the mirror can have it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::MirrorTasks;
use super::mirror::MirrorLookup;
use super::mirror_root::{MirrorEntry, is_link};
use crate::error::{Issue, Outcome, Problem};
use crate::source::s3::object_batch::{Object, ObjectAccess};

/// Takes objects in the order of their keys.
pub(super) struct ObjectFilter {
    pub(super) shared: Arc<MirrorTasks>,
    /// The keys so far that the next one may go on from.
    trunks: Vec<String>,
    presence: MirrorLookup,
}

/// What becomes of an object.
pub(super) enum ObjectState {
    /// It is a folder that somebody made by hand.
    NoObject,
    /// It cannot hold wanted events.
    TooOld,
    /// The mirror cannot have it.
    Refused(Issue),
    /// The mirror has it, here.
    Present(PathBuf),
    /// The mirror lacks it, and it must be restored before it can be read.
    Archived,
    /// The mirror lacks it, here, and may have something else in its place.
    Missing(PathBuf, Option<MirrorEntry>),
}

impl ObjectFilter {
    pub(super) fn new(shared: Arc<MirrorTasks>) -> ObjectFilter {
        let presence = MirrorLookup::new(shared.mirror.clone());
        ObjectFilter { shared, trunks: Vec::new(), presence }
    }

    /// Decides, and counts what needs no fetching.
    pub(super) fn judge(&mut self, object: &Object) -> ObjectState {
        let shared = &self.shared;
        if object.key.ends_with('/') && object.size == 0 {
            shared.counts.known.fetch_sub(1, Relaxed);
            return ObjectState::NoObject;
        }
        if !shared.scope.admits_file(&object.key) {
            shared.counts.unwanted.fetch_add(1, Relaxed);
            return ObjectState::TooOld;
        }
        let path = match shared.mirror.path(&object.key) {
            Ok(_) if grows_from(&mut self.trunks, &object.key) => Err(IN_THE_WAY),
            result => result,
        };
        let there = if path.is_ok() { self.presence.find(&object.key) } else { Ok(None) };
        let path = match &there {
            Err(error) if is_link(error) => Err(BEHIND_A_LINK),
            _ => path,
        };
        // What else bars the way, writing will tell.
        let there = there.unwrap_or_default();
        match path {
            Err(reason) => {
                shared.counts.failed.fetch_add(1, Relaxed);
                let name = shared.client.address(&object.key);
                ObjectState::Refused(Issue { name, problem: Problem::Key(reason), outcome: Outcome::Nothing })
            }
            Ok(path) if there == Some(MirrorEntry::File(object.size)) => {
                shared.counts.present.fetch_add(1, Relaxed);
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

/// A folder that others have put there could be anywhere.
pub(super) const BEHIND_A_LINK: &str = "a folder of the mirror is a link, and links in it are not followed";
pub(super) const IN_THE_WAY: &str = "a file of the mirror would have to be a folder, or a folder a file";

/// Whether a key is below another object's, as `x/y` is below `x`: a disk
/// cannot hold both. Keys come in order, so those that the key does not begin
/// with will be met no more.
fn grows_from(trunks: &mut Vec<String>, key: &str) -> bool {
    trunks.retain(|trunk| key.starts_with(trunk.as_str()));
    let is_below = trunks.iter().any(|trunk| key[trunk.len()..].starts_with('/'));
    if !is_below {
        trunks.push(key.to_string());
    }
    is_below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_object_and_those_below_it_the_first_is_kept() {
        let mut trunks = Vec::new();
        let keys = ["a", "a-b", "a/b", "a/b/c", "ab", "b/c", "b/c/d", "c"];
        let below: Vec<&str> = keys.into_iter().filter(|key| grows_from(&mut trunks, key)).collect();
        assert_eq!(below, ["a/b", "a/b/c", "b/c/d"]);
    }
}
