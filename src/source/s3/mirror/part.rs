//! Partial files of the mirror, which have a temporary name until they are complete.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::mirror_root::{MirrorEntry, MirrorFolder, MirrorRoot};
use crate::sink::partial_file::ENDING;

/// A file being written, which is removed when dropped. It stays locked while it is open, which
/// distinguishes it from a leftover of a killed process.
#[derive(Debug)]
pub struct PartFile {
    root: Arc<MirrorRoot>,
    folder: PathBuf,
    name: OsString,
    file: File,
    is_kept: bool,
}

impl PartFile {
    /// Creates a partial file in a folder of the mirror. The folder is created if missing.
    pub(super) fn begin(root: &Arc<MirrorRoot>, folder: &str) -> io::Result<PartFile> {
        let path = PathBuf::from(folder);
        let opened = root.make_folder(&path)?;
        loop {
            let (name, file) = create(root, &opened)?;
            let part = PartFile { root: Arc::clone(root), folder: path.clone(), name, file, is_kept: false };
            // Another process may have removed the file before it was locked.
            let is_taken = matches!(part.file.try_lock(), Err(TryLockError::WouldBlock));
            if !is_taken && opened.find(&part.name)?.is_some() {
                return Ok(part);
            }
        }
    }

    /// Returns the file to write to.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Renames the file to its final name, replacing any existing entry.
    pub fn persist(mut self, name: &str) -> io::Result<()> {
        self.root.folder(&self.folder)?.rename(&self.name, OsStr::new(name))?;
        self.is_kept = true;
        Ok(())
    }

    /// Renames the file to its final name. Returns an error if that name exists.
    pub(super) fn place(mut self, name: &str) -> io::Result<()> {
        self.root.folder(&self.folder)?.place(&self.name, OsStr::new(name))?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // If removal fails, the next run removes the file.
            let _ = self.root.folder(&self.folder).and_then(|folder| folder.remove(&self.name));
        }
    }
}

/// Creates a file of a new name.
fn create(root: &MirrorRoot, folder: &MirrorFolder) -> io::Result<(OsString, File)> {
    loop {
        // The process id keeps the names of concurrent processes apart.
        let name = OsString::from(format!(".{:x}-{:x}{ENDING}", std::process::id(), root.fresh()));
        match folder.create(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return Ok((name, result?)),
        }
    }
}

/// Writes a file whose whole content is known, with fewer system calls than a [`PartFile`]: the
/// folder is opened once, and nothing is locked.
pub(super) fn write_whole(root: &Arc<MirrorRoot>, folder: &str, name: &str, content: &[u8]) -> io::Result<()> {
    let opened = root.make_folder(Path::new(folder))?;
    let (partial, mut file) = create(root, &opened)?;
    match file.write_all(content).and_then(|()| opened.rename(&partial, OsStr::new(name))) {
        // Another process has taken the file for a leftover.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let part = PartFile::begin(root, folder)?;
            part.file().write_all(content)?;
            part.persist(name)
        }
        Err(error) => {
            let _ = opened.remove(&partial);
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

/// Removes the partial files of dead processes from a folder. Returns the names of entries that
/// look like partial files but are not regular files.
pub(super) fn clean(folder: &MirrorFolder) -> Vec<OsString> {
    let mut refused = Vec::new();
    for name in folder.names().unwrap_or_default() {
        let bytes = name.as_encoded_bytes();
        if !bytes.starts_with(b".") || !bytes.ends_with(ENDING.as_bytes()) {
            continue;
        }
        match folder.find(&name) {
            Ok(Some(MirrorEntry::File(_))) => {}
            Ok(Some(_)) => {
                refused.push(name);
                continue;
            }
            _ => continue,
        }
        // The system releases a lock when its process ends. If the file system does not support
        // locks, the owner is unknown and nothing is removed.
        if folder.file(&name).is_ok_and(|(file, _)| file.try_lock().is_ok()) {
            let _ = folder.remove(&name);
        }
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_appear_only_when_complete() {
        let temporary = tempfile::tempdir().unwrap();
        let root = Arc::new(MirrorRoot::open(temporary.path()).unwrap());
        let part = PartFile::begin(&root, "a/b").unwrap();
        let other = PartFile::begin(&root, "a/b").unwrap();
        part.file().write_all(b"whole").unwrap();
        part.persist("x").unwrap();
        assert_eq!(std::fs::read(temporary.path().join("a/b/x")).unwrap(), b"whole");
        drop(other);
        assert_eq!(std::fs::read_dir(temporary.path().join("a/b")).unwrap().count(), 1);
        assert!(PartFile::begin(&root, "a/b").unwrap().place("x").is_err());
        assert!(PartFile::begin(&root, "a/b").unwrap().place("y").is_ok());
        assert_eq!(std::fs::read_dir(temporary.path().join("a/b")).unwrap().count(), 2);
    }

    #[test]
    fn a_whole_file_replaces_another_and_leaves_nothing_if_it_cannot_be_written() {
        let temporary = tempfile::tempdir().unwrap();
        let root = Arc::new(MirrorRoot::open(temporary.path()).unwrap());
        for content in ["first", "second"] {
            write_whole(&root, "a/b", "x", content.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(temporary.path().join("a/b/x")).unwrap(), content);
        }
        assert!(write_whole(&root, "a", "b", b"x").is_err());
        assert!(write_whole(&root, "a/b/x", "y", b"x").is_err());
        for folder in ["a", "a/b"] {
            assert_eq!(std::fs::read_dir(temporary.path().join(folder)).unwrap().count(), 1, "{folder}");
        }
    }

    #[test]
    fn files_being_written_are_not_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let root = Arc::new(MirrorRoot::open(temporary.path()).unwrap());
        let alive = PartFile::begin(&root, "").unwrap();
        let left = temporary.path().join(format!(".left{ENDING}"));
        let others = [format!("named{ENDING}"), ".hidden".into(), "x.json.gz".into()];
        std::fs::write(&left, "half").unwrap();
        others.iter().for_each(|name| std::fs::write(temporary.path().join(name), "").unwrap());
        std::fs::create_dir(temporary.path().join(format!(".folder{ENDING}"))).unwrap();
        let folder = root.folder(Path::new("")).unwrap();
        assert_eq!(clean(&folder), [format!(".folder{ENDING}").as_str()]);
        assert!(!left.exists() && temporary.path().join(&alive.name).exists());
        assert!(others.iter().all(|name| temporary.path().join(name).exists()));
    }
}
