//! Accesses files below a folder without following links. Entries that others have placed in a
//! mirror can therefore not redirect or block a read or a write. The root folder itself may be
//! a link, because the user has named it.

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[cfg(not(unix))]
use self::portable as system;
#[cfg(unix)]
use self::unix as system;

/// A root folder, below which no link is followed.
#[derive(Debug)]
pub struct MirrorRoot {
    root: Box<Path>,
    handle: system::FolderHandle,
    /// Number of file names generated so far.
    made: AtomicU64,
}

/// A folder below the root, or the root itself.
#[derive(Debug)]
pub struct MirrorFolder(system::FolderHandle);

/// Type of an entry in a folder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MirrorEntry {
    /// A regular file, with its length in bytes.
    File(u64),
    /// A folder.
    Folder,
    /// A link, whatever its target.
    Link,
    /// A pipe, a socket or a device.
    Special,
}

/// Reason for refusing a link.
pub const LINK: &str = "a link (links in a mirror are not followed)";
/// Reason for refusing a pipe, a socket or a device.
pub const SPECIAL: &str = "not a regular file";

/// Error for a refused link.
#[derive(Debug, thiserror::Error)]
#[error("{LINK}")]
struct LinkRefusal;

impl MirrorRoot {
    /// Opens the root folder, which may be a link.
    pub fn open(root: &Path) -> io::Result<MirrorRoot> {
        Ok(MirrorRoot { root: root.into(), handle: system::FolderHandle::open(root)?, made: AtomicU64::new(0) })
    }

    /// Returns a number that this process has not yet used for a file name here.
    pub fn fresh(&self) -> u64 {
        self.made.fetch_add(1, Relaxed)
    }

    /// Returns `path` relative to the root; `None` if it is outside.
    pub fn relative<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        system::strip(path, &self.root)
    }

    /// Opens an existing folder.
    pub fn folder(&self, path: &Path) -> io::Result<MirrorFolder> {
        self.handle.folder(path).map(MirrorFolder)
    }

    /// Opens a folder and creates it if missing.
    pub fn make_folder(&self, path: &Path) -> io::Result<MirrorFolder> {
        match self.folder(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.handle.make_folder(path).map(MirrorFolder),
            result => result,
        }
    }

    /// Opens a regular file for reading. Returns it with its length in bytes.
    pub fn file(&self, path: &Path) -> io::Result<(File, u64)> {
        self.handle.file(path).and_then(regular)
    }

    /// Returns the entry at a path; `None` if it does not exist.
    pub fn find(&self, path: &Path) -> io::Result<Option<MirrorEntry>> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Some(MirrorEntry::Folder));
        };
        match self.folder(parent) {
            Ok(folder) => folder.find(name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl MirrorFolder {
    /// Returns the entry of this name; `None` if it does not exist.
    pub fn find(&self, name: &OsStr) -> io::Result<Option<MirrorEntry>> {
        match self.0.find(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            result => result.map(Some),
        }
    }

    /// Opens a regular file for reading. Returns it with its length in bytes.
    pub fn file(&self, name: &OsStr) -> io::Result<(File, u64)> {
        self.0.file_of(name).and_then(regular)
    }

    /// Creates a file. Returns an error if the name exists.
    pub fn create(&self, name: &OsStr) -> io::Result<File> {
        self.0.create(name)
    }

    /// Renames a file and replaces any file at the new name.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.0.rename(from, to)
    }

    /// Renames a file. Returns an error if the new name exists.
    pub fn place(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match self.0.link(from, to) {
            Ok(()) => self.remove(from),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Some file systems do not support hard links.
            Err(_) if self.find(to)?.is_none() => self.rename(from, to),
            Err(error) => Err(error),
        }
    }

    /// Removes a file or a link.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        self.0.remove(name)
    }

    /// Returns the names in the folder, unordered.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        self.0.names()
    }

    /// Returns the names in the folder with their entry types, unordered.
    pub fn entries(&self) -> io::Result<Vec<(OsString, MirrorEntry)>> {
        // Entries that disappear in the meantime are skipped.
        self.names()?
            .into_iter()
            .filter_map(|name| self.find(&name).transpose().map(|entry| Ok((name, entry?))))
            .collect()
    }
}

/// True if `error` refuses a link.
pub fn is_link(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<LinkRefusal>())
}

fn link() -> io::Error {
    io::Error::other(LinkRefusal)
}

/// Only regular files are guaranteed to end.
fn regular(file: File) -> io::Result<(File, u64)> {
    match system::length(&file)? {
        Some(length) => Ok((file, length)),
        None => Err(io::Error::other(SPECIAL)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn tree() -> (tempfile::TempDir, MirrorRoot) {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("in/a/b")).unwrap();
        fs::create_dir(root.path().join("out")).unwrap();
        fs::write(root.path().join("in/a/b/file"), "inside").unwrap();
        fs::write(root.path().join("out/file"), "outside").unwrap();
        let mirror = MirrorRoot::open(&root.path().join("in")).unwrap();
        (root, mirror)
    }

    #[test]
    fn entries_are_found_read_created_and_removed() {
        let (root, mirror) = tree();
        assert_eq!(io::read_to_string(mirror.file(Path::new("a/b/file")).unwrap().0).unwrap(), "inside");
        for (path, entry) in [
            ("a/b/file", Some(MirrorEntry::File(6))),
            ("a/b", Some(MirrorEntry::Folder)),
            ("", Some(MirrorEntry::Folder)),
            ("a/x", None),
            ("x/y/z", None),
        ] {
            assert_eq!(mirror.find(Path::new(path)).unwrap(), entry, "{path}");
        }
        let folder = mirror.make_folder(Path::new("c/d/e")).unwrap();
        assert!(mirror.make_folder(Path::new("c/d/e")).is_ok() && mirror.make_folder(Path::new("c/d/f")).is_ok());
        let [one, two] = ["one", "two"].map(OsStr::new);
        drop(folder.create(one).unwrap());
        assert_eq!(folder.create(one).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        folder.rename(one, two).unwrap();
        assert_eq!(folder.entries().unwrap(), [(two.to_os_string(), MirrorEntry::File(0))]);
        drop(folder.create(one).unwrap());
        assert_eq!(folder.place(one, two).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        folder.remove(two).unwrap();
        folder.place(one, two).unwrap();
        assert_eq!(folder.entries().unwrap(), [(two.to_os_string(), MirrorEntry::File(0))]);
        folder.remove(two).unwrap();
        assert_eq!(folder.entries().unwrap(), []);
        assert!(root.path().join("in/c/d/f").is_dir());
        let path = root.path().join("in/a/b");
        assert_eq!(mirror.relative(&path), Some(Path::new("a/b")));
        assert_eq!(mirror.relative(Path::new("elsewhere/a")), None);
    }

    #[test]
    fn paths_outside_the_root_are_rejected() {
        let (_root, mirror) = tree();
        for path in ["../out/file", "a/../../out/file", "/etc/passwd", ".."] {
            assert!(mirror.file(Path::new(path)).is_err(), "{path}");
            assert!(
                mirror.folder(Path::new(path).parent().unwrap_or(Path::new(".."))).is_err() || path == "..",
                "{path}"
            );
            assert!(mirror.make_folder(&PathBuf::from(path).join("x")).is_err(), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_and_special_files_are_refused() {
        use std::os::unix::fs::symlink;
        let (root, mirror) = tree();
        let path = |name: &str| root.path().join("in").join(name);
        symlink(root.path().join("out"), path("folder")).unwrap();
        symlink("a", path("within")).unwrap();
        symlink("/dev/zero", path("zero")).unwrap();
        symlink("nowhere", path("broken")).unwrap();
        symlink("b/file", path("a/file")).unwrap();
        for name in ["folder/file", "within/b/file", "zero", "broken", "a/file"] {
            let error = mirror.file(Path::new(name)).unwrap_err();
            assert!(is_link(&error), "{name}: {error:?}");
        }
        for name in ["folder", "within/b", "folder/x/y"] {
            assert!(is_link(&mirror.folder(Path::new(name)).unwrap_err()), "{name}");
            assert!(is_link(&mirror.make_folder(Path::new(name)).unwrap_err()), "{name}");
        }
        for name in ["folder", "within", "zero", "broken"] {
            assert_eq!(mirror.find(Path::new(name)).unwrap(), Some(MirrorEntry::Link), "{name}");
        }
        assert_eq!(fs::read_dir(root.path().join("out")).unwrap().count(), 1);
        let folder = mirror.folder(Path::new("")).unwrap();
        assert!(folder.create(OsStr::new("broken")).is_err());
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        for name in ["pipe", "socket"] {
            let error = mirror.file(Path::new(name)).unwrap_err();
            assert!(!is_link(&error), "{name}");
            assert_eq!(folder.find(OsStr::new(name)).unwrap(), Some(MirrorEntry::Special), "{name}");
        }
        assert_eq!(mirror.file(Path::new("pipe")).unwrap_err().to_string(), SPECIAL);
        // The root itself may be a link, because the user has named it.
        assert!(MirrorRoot::open(&path("within")).unwrap().file(Path::new("b/file")).is_ok());
    }
}
