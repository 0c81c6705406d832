//! Lists the keys that can contain wanted events.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

use super::key_fetcher::WantedObject;
use super::listed_pages::{Listed, list_pages};
use super::mirror::Mirror;
use super::object_batch::ObjectAccess;
use super::{ConnectedBucket, connect, unless_stopped};
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::log_kind::LogKind;
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
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListingTotals {
    /// Number of requests.
    pub requests: u64,
    /// Whether there is a folder of logs.
    pub has_folders: bool,
    /// Number of objects that, by their names, cannot contain wanted events.
    pub unwanted: u64,
    /// How far the listing went for late deliveries, if the window has an end.
    pub late: Option<LateSearch>,
    /// Kinds of logs that are in the bucket but were not requested.
    pub unread: BTreeSet<LogKind>,
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
    let mut totals = ListingTotals {
        requests: 0,
        has_folders: !found.folders.is_empty() || found.object.is_some(),
        unwanted: 0,
        late: found.late(&shared.scope),
        unread: found.unread.clone(),
    };
    let pages = list_pages(&shared, found, |listed| {
        let page = match listed {
            Listed::Page(page) => page,
            Listed::Failed(issue) => return each(ListedKey::Failed(issue)),
        };
        for object in page.objects() {
            if object.key.ends_with('/') && object.size == 0 {
                continue;
            }
            if !shared.scope.includes_file(&object.key) {
                totals.unwanted += 1;
                continue;
            }
            each(match object.access {
                ObjectAccess::Immediate => ListedKey::Object(WantedObject { key: object.key, size: Some(object.size) }),
                ObjectAccess::Archived | ObjectAccess::Restoring => ListedKey::Archived(object.key),
            })?;
        }
        Ok(())
    });
    runtime.block_on(unless_stopped(stop, pages))?;
    totals.requests = shared.counts.lists.load(Relaxed);
    Ok(totals)
}
