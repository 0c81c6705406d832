//! Searches a bucket for log folders, listing the folders of a level concurrently.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::super::MirrorTasks;
use super::super::client::{FirstListing, ListRequest};
use super::super::list_page::{ListPage, PageSequence};
use super::{DiscoveredFolders, FolderContents, FolderLevel, FolderQuery, FolderSearch, MAX_FOLDERS, is_organisation};
use crate::cloudtrail::log_kind::LogKind;
use crate::error::Error;
use crate::source::location::Location;
use crate::source::s3::s3_error::S3Error;

/// Number of folders that are listed concurrently.
const CONCURRENT_LISTS: usize = 64;
/// Largest number of subfolders; more than any organisation has accounts.
const MAX_SUBFOLDERS: usize = 200_000;

/// Finds the log folders below a prefix. `holds` is the result of the first listing. Without any
/// folder, returns an error unless `may_be_empty` is true.
pub(in super::super) async fn search(
    shared: &Arc<MirrorTasks>,
    root: &Location,
    first_listing: FirstListing,
    may_be_empty: bool,
) -> Result<DiscoveredFolders<S3Error>, Error> {
    let mut first = match first_listing {
        FirstListing::Object(key) => {
            return Ok(DiscoveredFolders { object: Some(key), ..DiscoveredFolders::default() });
        }
        FirstListing::Folder(page) => Some(page),
    };
    let fail = |text: String| Error::Failed(format!("{root}: {text}"));
    let mut search = FolderSearch::new(&shared.scope, root);
    let permits = Arc::new(Semaphore::new(CONCURRENT_LISTS));
    let mut folders = search.begin().map_err(fail)?;
    while !folders.is_empty() {
        let queries = search.queries(std::mem::take(&mut folders));
        for (query, contents) in answers(shared, &permits, queries, &root.key, &mut first).await? {
            match contents {
                Ok(contents) => folders.extend(search.take(&query, contents)),
                Err(error) if error.is_fatal || query.folder == root.key => return Err(error.into_fatal()),
                Err(error) => {
                    let why = error.text.clone();
                    search.fail(query, error, why);
                }
            }
        }
    }
    let mut found = match search.conclude() {
        Err(_) if may_be_empty => DiscoveredFolders::default(),
        found => found.map_err(fail)?,
    };
    match found.failures.pop() {
        Some((_, error)) if found.folders.is_empty() => Err(error.into_fatal()),
        last => {
            found.failures.extend(last);
            Ok(found)
        }
    }
}

/// Lists the folders of all queries concurrently. `first`, if present, is the first page of the
/// listing of `prefix`.
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
            let contents = contents(&shared, &query, first).await;
            (query, contents)
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(answer) = tasks.join_next().await {
        answers.extend([answer.map_err(|_| Error::Failed("internal error: the search for logs panicked".into()))?]);
    }
    Ok(answers)
}

/// Returns the direct contents of a folder. `first`, if present, is the first page of its
/// listing.
async fn contents(
    shared: &MirrorTasks,
    query: &FolderQuery,
    mut first: Option<ListPage>,
) -> Result<FolderContents, S3Error> {
    // All log kinds start with the same letters, and the prefix excludes the rest of a large
    // account.
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
        pages.advance(&page).map_err(|text| shared.client.invalid_answer(text))?;
        page.objects.into_iter().for_each(|object| contents.add_object(object.key));
        let folders = &mut contents.folders;
        folders.extend(page.folders);
        if is_outside && folders.len() > 2 * MAX_FOLDERS {
            // Further folders above `AWSLogs/` would not be searched; keep only those that can
            // contain logs.
            let mut rest = folders.split_off(MAX_FOLDERS + 1);
            rest.retain(|folder| FolderLevel::of(folder) == FolderLevel::Logs || is_organisation(folder));
            folders.append(&mut rest);
        }
        if folders.len() > MAX_SUBFOLDERS {
            return Err(shared.client.invalid_answer("it contains too many folders to search"));
        }
    }
    Ok(contents)
}
