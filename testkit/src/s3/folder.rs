//! A folder on disk as a store.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, Unit};
use walkdir::WalkDir;

use super::store::{Entry, Object, Store, range};

/// The files that were under a folder when it was walked.
pub(super) struct Folder {
    files: BTreeMap<String, (PathBuf, Entry)>,
}

impl Folder {
    pub(super) fn walk(folder: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for found in WalkDir::new(folder).follow_links(true) {
            let found = found?;
            if found.file_type().is_file() {
                let entry = entry(key(found.path(), folder), &found.metadata()?)?;
                files.insert(entry.key.clone(), (found.into_path(), entry));
            }
        }
        Ok(Self { files })
    }
}

impl Store for Folder {
    fn list(&self, prefix: &str, after: &str, limit: usize) -> Vec<Entry> {
        range(&self.files, prefix, after).take(limit).map(|(_, (_, entry))| entry.clone()).collect()
    }

    fn get(&self, key: &str) -> Option<Object> {
        let (path, entry) = self.files.get(key)?;
        Some(Object {
            body: std::fs::read(path).ok()?.into(),
            etag: entry.etag.clone(),
            last_modified: entry.last_modified,
            storage_class: entry.storage_class,
            restore: None,
            metadata: Vec::new(),
        })
    }
}

fn key(path: &Path, folder: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let names: Vec<_> = relative.components().map(|name| name.as_os_str().to_string_lossy()).collect();
    names.join("/")
}

/// The entity tag looks like that of a multipart upload, so that no client takes it for the body's
/// MD5. For an MD5, every file would have to be read first.
fn entry(key: String, metadata: &std::fs::Metadata) -> io::Result<Entry> {
    let modified = Timestamp::try_from(metadata.modified()?).map_err(io::Error::other)?;
    Ok(Entry {
        key,
        size: metadata.len(),
        etag: format!("{:016x}{:016x}-1", modified.as_microsecond(), metadata.len()),
        last_modified: modified.round(Unit::Second).map_err(io::Error::other)?,
        storage_class: "STANDARD",
        restore: None,
    })
}
