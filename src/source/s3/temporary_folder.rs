//! A temporary folder for objects that are read once and not kept.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::error::{Error, io_message};
use crate::sink::partial_file::{hold, is_leftover};

/// Start of the names of such folders.
const PREFIX: &str = ".trail2tsv-objects-";
/// Name of the file that is locked as long as the process lives. No bucket can have it.
const LOCK: &str = ".lock";

/// A temporary folder, which is removed when dropped. A later run removes that of a killed
/// process.
#[derive(Debug)]
pub(super) struct TemporaryFolder {
    folder: TempDir,
    _lock: File,
}

/// A file in the folder, which is removed when dropped.
#[derive(Debug)]
pub struct TemporaryObject {
    path: PathBuf,
    _folder: Arc<TemporaryFolder>,
}

impl TemporaryFolder {
    /// Creates a folder, and removes those of dead processes.
    pub(super) fn new() -> Result<TemporaryFolder, Error> {
        let parent = std::env::temp_dir();
        clean(&parent);
        TemporaryFolder::below(&parent).map_err(|error| {
            let why = io_message(&error);
            Error::Failed(format!(
                "{}: no temporary folder can be created: {why}; set TMPDIR, or keep the objects with --mirror",
                parent.display()
            ))
        })
    }

    fn below(parent: &Path) -> io::Result<TemporaryFolder> {
        loop {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
            let path = folder.path().join(LOCK);
            let lock = File::create_new(&path)?;
            if hold(&lock, &path) {
                return Ok(TemporaryFolder { folder, _lock: lock });
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes the file at `path` when the result is dropped.
    pub(super) fn object(self: &Arc<TemporaryFolder>, path: PathBuf) -> TemporaryObject {
        TemporaryObject { path, _folder: Arc::clone(self) }
    }
}

impl Drop for TemporaryObject {
    fn drop(&mut self) {
        // The folder is removed at the end, with what is left in it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Removes the folders of dead processes. Failures are ignored: they may belong to others.
fn clean(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let lock = entry.path().join(LOCK);
        // Opening a pipe can block.
        let is_file = lock.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        if is_file && File::open(&lock).is_ok_and(|opened| is_leftover(&opened, &lock)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_dead_processes_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let alive = TemporaryFolder::below(parent.path()).unwrap();
        let [dead, without_lock, other] = ["dead", "without", "other"]
            .map(|name| parent.path().join(format!("{}{name}", if name == "other" { "" } else { PREFIX })));
        for folder in [&dead, &without_lock, &other] {
            std::fs::create_dir_all(folder.join("logs/a")).unwrap();
        }
        std::fs::write(dead.join(LOCK), "").unwrap();
        std::fs::write(other.join(LOCK), "").unwrap();
        clean(parent.path());
        assert!(alive.path().exists() && without_lock.exists() && other.exists() && !dead.exists());
        let alive = Arc::new(alive);
        let path = alive.path().join("x");
        std::fs::write(&path, "x").unwrap();
        let object = alive.object(path.clone());
        let folder = alive.path().to_path_buf();
        drop(alive);
        assert!(path.exists());
        drop(object);
        assert!(!path.exists() && !folder.exists());
    }
}
