//! The search in a bucket: each level of folders side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::super::MirrorTasks;
use super::super::client::{FirstListing, ListRequest};
use super::super::list_page::{ListPage, PageSequence};
use super::{DiscoveredFolders, FolderContents, FolderLevel, FolderQuery, FolderSearch, MOST, is_organisation};
use crate::cloudtrail::log_kind::LogKind;
use crate::error::Error;
use crate::source::s3::s3_error::S3Error;

/// Folders that are looked into at once.
const LOOKS: usize = 64;
/// More folders than any organisation has accounts.
const MOST_IN_ONE: usize = 200_000;

/// Finds all that is to be listed below `prefix`, of which `holds` is known.
pub(in super::super) async fn search(
    shared: &Arc<MirrorTasks>,
    prefix: &str,
    holds: FirstListing,
) -> Result<DiscoveredFolders<S3Error>, Error> {
    let mut first = match holds {
        FirstListing::Object(key) => {
            return Ok(DiscoveredFolders { object: Some(key), ..DiscoveredFolders::default() });
        }
        FirstListing::Folder(page) => Some(page),
    };
    let address = shared.client.address("");
    let fail = |text: String| Error::Failed(format!("{address}{prefix}: {text}"));
    let mut search = FolderSearch::new(&shared.scope, address.clone(), prefix);
    let permits = Arc::new(Semaphore::new(LOOKS));
    let mut folders = search.begin().map_err(fail)?;
    while !folders.is_empty() {
        let queries = search.queries(std::mem::take(&mut folders));
        for (query, inside) in answers(shared, &permits, queries, prefix, &mut first).await? {
            match inside {
                Ok(inside) => folders.extend(search.take(&query, inside)),
                Err(trouble) if trouble.is_fatal || query.folder == prefix => return Err(trouble.into_fatal()),
                Err(trouble) => {
                    let why = trouble.text.clone();
                    search.fail(query, trouble, why);
                }
            }
        }
    }
    let mut found = search.conclude().map_err(fail)?;
    match found.failures.pop() {
        Some((_, trouble)) if found.folders.is_empty() => Err(trouble.into_fatal()),
        last => {
            found.failures.extend(last);
            Ok(found)
        }
    }
}

/// What is in each of these folders, asked side by side. The first page of the
/// list of `prefix` may be known.
async fn answers(
    shared: &Arc<MirrorTasks>,
    permits: &Arc<Semaphore>,
    queries: BTreeSet<FolderQuery>,
    prefix: &str,
    first: &mut Option<ListPage>,
) -> Result<BTreeMap<FolderQuery, Result<FolderContents, S3Error>>, Error> {
    let mut tasks = JoinSet::new();
    for query in queries {
        let (shared, permits) = (Arc::clone(shared), Arc::clone(permits));
        let first = first.take().filter(|_| query.folder == prefix);
        tasks.spawn(async move {
            let _permit = permits.acquire().await;
            let inside = contents(&shared, &query, first).await;
            (query, inside)
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(answer) = tasks.join_next().await {
        answers.extend([answer.map_err(|_| Error::Failed("internal error: the search for logs panicked".into()))?]);
    }
    Ok(answers)
}

/// What is directly in a folder. The first page of the list may be known.
async fn contents(
    shared: &MirrorTasks,
    query: &FolderQuery,
    mut first: Option<ListPage>,
) -> Result<FolderContents, S3Error> {
    // All kinds begin alike, and an account may have much beside them.
    let prefix = match query.is_peek {
        true => format!("{}{}", query.folder, LogKind::CloudTrail.folder()),
        false => query.folder.clone(),
    };
    let is_outside = FolderLevel::of(&prefix) == FolderLevel::Outside;
    let mut contents = FolderContents::default();
    let mut pages = PageSequence::default();
    while !pages.is_past() {
        let request = ListRequest { prefix: &prefix, folders: true, token: pages.token(), ..ListRequest::default() };
        let page = match first.take() {
            Some(page) => page,
            None => shared.client.list(&request, &shared.counts.lists).await?,
        };
        pages.turn(&page).map_err(|text| shared.client.senseless(text))?;
        page.objects.into_iter().for_each(|object| contents.add_object(object.key));
        let folders = &mut contents.folders;
        folders.extend(page.folders);
        if is_outside && folders.len() > 2 * MOST {
            // More than these are not entered, but for where the logs are.
            let mut rest = folders.split_off(MOST + 1);
            rest.retain(|folder| FolderLevel::of(folder) == FolderLevel::Logs || is_organisation(folder));
            folders.append(&mut rest);
        }
        if folders.len() > MOST_IN_ONE {
            return Err(shared.client.senseless("there are more folders in it than can be looked into"));
        }
    }
    Ok(contents)
}
