//! Lists the keys that can contain wanted events.

use std::sync::atomic::Ordering::Relaxed;

use super::fetch::{incomplete, key_ranges};
use super::key_fetcher::WantedObject;
use super::list_scheduler::ListQueue;
use super::mirror::Mirror;
use super::object_batch::ObjectAccess;
use super::{ConnectedBucket, connect, unless_stopped};
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue};
use crate::report::Report;
use crate::source::spec::BucketInput;

/// A listed object, or a part of the listing that failed.
#[derive(Debug)]
pub enum ListedKey {
    /// An object that can be read at once.
    Object(WantedObject),
    /// An object in an archive.
    Archived(String),
    /// Part of the listing that failed.
    Failed(Issue),
}

/// What a listing has cost and found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListingTotals {
    /// Number of requests.
    pub requests: u64,
    /// Whether there is a folder of logs.
    pub has_folders: bool,
}

/// Lists the objects of a bucket that can contain wanted events in key order, and passes them to
/// `each`. Returns an error if the bucket cannot be listed at all.
pub fn list_keys(
    input: &BucketInput,
    report: &Report,
    stop: &Cancellation,
    mut each: impl FnMut(ListedKey) -> Result<(), Error>,
) -> Result<ListingTotals, Error> {
    let mirror = Mirror::at(&input.mirror, &input.location.bucket)?;
    let ConnectedBucket { runtime, shared, found } = connect(input, mirror, None, report, stop)?;
    let key_ranges = key_ranges(&found);
    let has_folders = !key_ranges.is_empty();
    runtime.block_on(unless_stopped(stop, async {
        for (folder, error) in found.failures {
            each(ListedKey::Failed(incomplete(&shared, &folder, error)?))?;
        }
        let mut lists = ListQueue::open(&shared, key_ranges);
        while let Some(listed) = lists.next().await {
            let page = match listed {
                Ok(page) => page,
                Err((folder, error)) => {
                    each(ListedKey::Failed(incomplete(&shared, &folder, error)?))?;
                    continue;
                }
            };
            for object in page.objects() {
                let is_folder = object.key.ends_with('/') && object.size == 0;
                if is_folder || !shared.scope.includes_file(&object.key) {
                    continue;
                }
                each(match object.access {
                    ObjectAccess::Immediate => {
                        ListedKey::Object(WantedObject { key: object.key, size: Some(object.size) })
                    }
                    ObjectAccess::Archived | ObjectAccess::Restoring => ListedKey::Archived(object.key),
                })?;
            }
            // Many pages can be ready at once, and without a yield the loop would not notice a
            // cancellation.
            tokio::task::yield_now().await;
        }
        Ok(())
    }))?;
    Ok(ListingTotals { requests: shared.counts.lists.load(Relaxed), has_folders })
}
