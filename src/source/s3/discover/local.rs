//! Searches a mirror for log folders.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::super::mirror::{is_metadata, is_own_file};
use super::super::mirror_root::{MirrorEntry, MirrorRoot};
use super::{DiscoveredFolders, FolderContents, FolderLevel, FolderQuery, FolderSearch};
use crate::cloudtrail::keys::Scope;
use crate::cloudtrail::log_kind::LogKind;
use crate::error::{Error, io_message};
use crate::sink::partial_file::ENDING;
use crate::source::location::Location;

/// Finds the log folders of `mirror` below a prefix.
///
/// Returns an error if the prefix contains no logs.
pub(in super::super) fn search(
    scope: &Scope,
    mirror: &MirrorRoot,
    root: &Location,
) -> Result<DiscoveredFolders<io::Error>, Error> {
    let file = root.object_key();
    // Anything that is not a folder is treated as an object; reading it reports links and
    // special files.
    if !matches!(mirror.find(Path::new(file)), Ok(Some(MirrorEntry::Folder))) {
        return Ok(DiscoveredFolders { object: Some(file.to_string()), ..DiscoveredFolders::default() });
    }
    let fail = |text: String| Error::Failed(format!("{root}: {text}"));
    let mut search = FolderSearch::new(scope, root);
    let mut folders = search.begin().map_err(fail)?;
    while !folders.is_empty() {
        let mut next = BTreeSet::new();
        for query in search.queries(folders) {
            match contents(mirror, &query) {
                Ok(contents) => next.extend(search.take(&query, contents)),
                Err(error) => {
                    let why = io_message(&error);
                    search.fail(query, error, why);
                }
            }
        }
        folders = next;
    }
    // Other tools may have created the mirror without `AWSLogs/`. The prefix is then read as it
    // is.
    let is_known = |folder: &str| {
        !matches!(FolderLevel::of(folder), FolderLevel::Outside | FolderLevel::Unknown | FolderLevel::Other)
    };
    if !search.seen.iter().map(String::as_str).chain([root.key.as_str()]).any(is_known)
        && search.found.failures.is_empty()
    {
        return Ok(DiscoveredFolders { folders: [root.key.clone()].into(), ..DiscoveredFolders::default() });
    }
    search.conclude().map_err(fail)
}

/// Returns the direct contents of a folder. A link counts as a folder, so that it is reported
/// where the search would enter it.
fn contents(mirror: &MirrorRoot, query: &FolderQuery) -> io::Result<FolderContents> {
    let mut contents = FolderContents::default();
    let folder = match mirror.folder(Path::new(&query.folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(contents),
        result => result?,
    };
    for (name, entry) in folder.entries()? {
        // S3 keys are UTF-8, so other names cannot come from a bucket.
        let Ok(name) = name.into_string() else { continue };
        let is_looked_for = !query.is_peek || name.starts_with(LogKind::CloudTrail.folder());
        match entry {
            _ if !is_looked_for => {}
            MirrorEntry::Folder | MirrorEntry::Link => contents.folders.push(format!("{}{name}/", query.folder)),
            MirrorEntry::File(_) if is_own_file(&name) || name.ends_with(ENDING) => {}
            MirrorEntry::File(_) => {
                let key = format!("{}{name}", query.folder);
                if !is_metadata(&key) {
                    contents.add_object(key);
                }
            }
            MirrorEntry::Special => {}
        }
    }
    Ok(contents)
}
