//! Passes on the pages of a listing whose objects are not downloaded.

use std::sync::Arc;

use super::MirrorTasks;
use super::discover::DiscoveredFolders;
use super::fetch::{incomplete, key_ranges};
use super::list_scheduler::ListQueue;
use super::object_batch::ObjectBatch;
use super::s3_error::S3Error;
use crate::error::{Error, Issue};

/// What a listing yields.
pub(super) enum Listed {
    /// The next objects, in key order.
    Page(ObjectBatch),
    /// A part of the listing that failed.
    Failed(Issue),
}

/// Lists the found folders and passes what is in them to `each`. Returns an error if nothing can
/// be listed or `each` returns one.
pub(super) async fn list_pages(
    shared: &Arc<MirrorTasks>,
    found: DiscoveredFolders<S3Error>,
    mut each: impl FnMut(Listed) -> Result<(), Error>,
) -> Result<(), Error> {
    let key_ranges = key_ranges(&found);
    for (folder, error) in found.failures {
        each(Listed::Failed(incomplete(shared, &folder, error)?))?;
    }
    let mut lists = ListQueue::open(shared, key_ranges);
    while let Some(listed) = lists.next().await {
        each(match listed {
            Ok(page) => Listed::Page(page),
            Err((folder, error)) => Listed::Failed(incomplete(shared, &folder, error)?),
        })?;
        // Many pages can be ready at once, and without a yield the loop would not notice a
        // cancellation.
        tokio::task::yield_now().await;
    }
    Ok(())
}
