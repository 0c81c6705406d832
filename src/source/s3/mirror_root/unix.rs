//! Access through folder handles. The system is instructed not to follow links, so that a link
//! cannot be inserted between a check and its use.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, fstat, linkat, mkdirat, open, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::MirrorEntry;

#[cfg(any(target_os = "linux", target_os = "android"))]
const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC).union(OFlags::PATH);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);
/// Opens a pipe without waiting for a writer.
const FILE: OFlags = OFlags::CLOEXEC.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// An open folder.
#[derive(Debug)]
pub(super) struct FolderHandle(OwnedFd);

impl FolderHandle {
    pub(super) fn open(root: &Path) -> io::Result<FolderHandle> {
        Ok(FolderHandle(open(root, FOLDER, Mode::empty())?))
    }

    pub(super) fn folder(&self, path: &Path) -> io::Result<FolderHandle> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        resolve(self.0.as_fd(), path, FOLDER).map(FolderHandle)
    }

    pub(super) fn make_folder(&self, path: &Path) -> io::Result<FolderHandle> {
        let mut folder = self.folder(Path::new(""))?;
        for name in names(path)? {
            match mkdirat(&folder.0, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => folder = folder.folder(Path::new(name))?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(folder)
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<File> {
        match resolve(self.0.as_fd(), path, FILE) {
            // A socket gives this error and is refused as a special file.
            Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {
                Err(io::Error::other(super::SPECIAL))
            }
            result => result.map(File::from),
        }
    }

    /// Opens a file that lies directly in this folder; a single name needs no path resolution.
    pub(super) fn file_of(&self, name: &OsStr) -> io::Result<File> {
        if matches!(name.as_bytes(), b"" | b"." | b"..") || name.as_bytes().contains(&b'/') {
            return self.file(Path::new(name));
        }
        match openat(&self.0, name, FILE | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(file) => Ok(file.into()),
            // The general path gives the more accurate error.
            Err(_) => self.file(Path::new(name)),
        }
    }

    pub(super) fn create(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
        // Everyone with access to the folder may read the mirror, subject to the umask.
        Ok(openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?.into())
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    pub(super) fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(linkat(&self.0, from, &self.0, to, AtFlags::empty())?)
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(super) fn find(&self, name: &OsStr) -> io::Result<MirrorEntry> {
        let found = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => MirrorEntry::File(u64::try_from(found.st_size).unwrap_or_default()),
            FileType::Directory => MirrorEntry::Folder,
            FileType::Symlink => MirrorEntry::Link,
            _ => MirrorEntry::Special,
        })
    }

    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let readable = openat(&self.0, ".", OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let mut names = Vec::new();
        for entry in Dir::new(readable)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if !matches!(&name[..], b"." | b"..") {
                names.push(OsString::from_vec(name));
            }
        }
        Ok(names)
    }
}

/// Returns the length of a regular file in bytes; `None` for any other kind.
pub(super) fn length(file: &File) -> io::Result<Option<u64>> {
    let found = fstat(file)?;
    let is_regular = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
    Ok(is_regular.then(|| u64::try_from(found.st_size).unwrap_or_default()))
}

/// Returns the rest of a path after `start`; `None` if it does not start with it. Compares
/// bytes, because a mirror can contain millions of paths.
pub(super) fn strip<'p>(path: &'p Path, start: &Path) -> Option<&'p Path> {
    let (path, start) = (path.as_os_str().as_bytes(), start.as_os_str().as_bytes());
    let rest = path.strip_prefix(start)?;
    let is_whole = start.is_empty() || start.ends_with(b"/") || rest.is_empty() || rest.starts_with(b"/");
    let rest = &rest[rest.iter().take_while(|byte| **byte == b'/').count()..];
    is_whole.then(|| Path::new(OsStr::from_bytes(rest)))
}

/// Opens a path below a folder without following links.
fn resolve(folder: BorrowedFd<'_>, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::fs::{ResolveFlags, openat2};
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match openat2(folder, path, flags, Mode::empty(), how) {
            // Old kernels lack this call and sandboxes may block it.
            Err(Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::AGAIN) => {}
            Err(Errno::LOOP) => return Err(super::link()),
            result => return Ok(result?),
        }
    }
    step_by_step(folder, path, flags)
}

/// Fallback for [`resolve`] that opens every folder on the path.
fn step_by_step(folder: BorrowedFd<'_>, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let mut held: Option<OwnedFd> = None;
    let names = names(path)?;
    let (last, folders) = match names.split_last() {
        Some((last, folders)) => (*last, folders),
        None => (OsStr::new("."), &[][..]),
    };
    let step = |folder: BorrowedFd<'_>, name: &OsStr, flags: OFlags| {
        openat(folder, name, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(|error| {
            // The error code for a link differs between systems, so check for one.
            let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
            let is_link = found.is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Symlink);
            if is_link { super::link() } else { error.into() }
        })
    };
    for name in folders {
        held = Some(step(held.as_ref().map_or(folder, AsFd::as_fd), name, FOLDER)?);
    }
    step(held.as_ref().map_or(folder, AsFd::as_fd), last, flags)
}

/// Returns the components of a path. Returns an error if one of them leads upwards.
fn names(path: &Path) -> io::Result<Vec<&OsStr>> {
    let name = |component| match component {
        Component::Normal(name) => Some(Ok(name)),
        Component::CurDir => None,
        _ => Some(Err(io::ErrorKind::InvalidInput.into())),
    };
    path.components().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_whole_components_are_stripped() {
        let strip = |path, start| strip(Path::new(path), Path::new(start)).and_then(Path::to_str);
        for (path, start, rest) in [
            ("a/b/c", "a", Some("b/c")),
            ("a/b/c", "a/", Some("b/c")),
            ("a//b", "a", Some("b")),
            ("a", "a", Some("")),
            ("ab/c", "a", None),
            ("b", "a", None),
            ("/a/b", "/", Some("a/b")),
        ] {
            assert_eq!(strip(path, start), rest, "{path} {start}");
        }
    }

    #[test]
    fn step_by_step_refuses_links_too() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        fs::write(root.path().join("a/b/file"), "x").unwrap();
        symlink("a", root.path().join("link")).unwrap();
        symlink("file", root.path().join("a/b/link")).unwrap();
        symlink("/", root.path().join("a/out")).unwrap();
        let handle = FolderHandle::open(root.path()).unwrap();
        let open = |path: &str, flags| step_by_step(handle.0.as_fd(), Path::new(path), flags);
        assert!(open("a/b/file", FILE).is_ok() && open("a/b", FOLDER).is_ok() && open(".", FOLDER).is_ok());
        for (path, flags) in
            [("link/b/file", FILE), ("link", FOLDER), ("a/b/link", FILE), ("a/out/etc", FOLDER), ("link/b", FOLDER)]
        {
            assert!(super::super::is_link(&open(path, flags).unwrap_err()), "{path}");
        }
        for path in ["../x", "a/../..", "/etc/passwd"] {
            assert_eq!(open(path, FILE).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{path}");
        }
        assert_eq!(open("a/none/x", FILE).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
