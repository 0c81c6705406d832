//! The search in a mirror.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::super::layout::Scope;
use super::super::mirror_root::{MirrorEntry, MirrorRoot};
use super::{FolderQuery, Found, Level, Search};
use crate::error::{Fatal, plain};
use crate::kind::LogKind;

/// Finds all that is to be read below `prefix`. `address` is what the bucket is
/// known by.
pub(in super::super) fn search(
    scope: &Scope,
    mirror: &MirrorRoot,
    address: &str,
    prefix: &str,
) -> Result<Found<io::Error>, Fatal> {
    let file = prefix.trim_end_matches('/');
    // What is neither a file nor a folder, reading it will refuse.
    if !matches!(mirror.find(Path::new(file)), Ok(Some(MirrorEntry::Folder))) {
        return Ok(Found { object: Some(file.to_string()), ..Found::default() });
    }
    let fail = |text: String| Fatal::Failed(format!("{address}{prefix}: {text}"));
    let mut search = Search::new(scope, address.to_string(), prefix);
    let mut folders = search.begin().map_err(fail)?;
    while !folders.is_empty() {
        let mut next = BTreeSet::new();
        for query in search.queries(folders) {
            match folders_in(mirror, &query) {
                Ok(inside) => next.extend(search.take(&query, inside)),
                Err(error) => {
                    let why = plain(&error);
                    search.fail(query, error, why);
                }
            }
        }
        folders = next;
    }
    // What another program has put there may lack AWSLogs/, and is what was
    // asked for all the same.
    let is_known = |folder: &str| !matches!(Level::of(folder), Level::Outside | Level::Unknown | Level::Other);
    if !search.seen.iter().map(String::as_str).chain([prefix]).any(is_known) && search.found.failures.is_empty() {
        return Ok(Found { folders: [prefix.to_string()].into(), ..Found::default() });
    }
    search.conclude().map_err(fail)
}

/// The folders directly in a folder, each ending in `/`. A link is one of them,
/// so that it is named where it would have been entered.
fn folders_in(mirror: &MirrorRoot, query: &FolderQuery) -> io::Result<Vec<String>> {
    let folder = match mirror.folder(Path::new(&query.folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        result => result?,
    };
    let names =
        folder.entries()?.into_iter().filter(|(_, entry)| matches!(entry, MirrorEntry::Folder | MirrorEntry::Link));
    // What is not UTF-8 is no part of a key.
    let names = names.filter_map(|(name, _)| name.into_string().ok());
    let is_looked_for = |name: &String| !query.is_peek || name.starts_with(LogKind::CloudTrail.folder());
    Ok(names.filter(is_looked_for).map(|name| format!("{}{name}/", query.folder)).collect())
}
