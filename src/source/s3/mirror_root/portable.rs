//! Path-based access for systems without folder handles. Every component of a path is checked
//! before use.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::MirrorEntry;

/// A folder, identified by its path.
#[derive(Debug)]
pub(super) struct FolderHandle(PathBuf);

impl FolderHandle {
    pub(super) fn open(root: &Path) -> io::Result<FolderHandle> {
        match fs::metadata(root)?.is_dir() {
            true => Ok(FolderHandle(root.to_path_buf())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn folder(&self, path: &Path) -> io::Result<FolderHandle> {
        let mut whole = self.0.clone();
        for name in names(path)? {
            whole.push(name);
            match entry(&whole)? {
                MirrorEntry::Folder => {}
                MirrorEntry::Link => return Err(super::link()),
                MirrorEntry::File(_) | MirrorEntry::Special => return Err(io::ErrorKind::NotADirectory.into()),
            }
        }
        Ok(FolderHandle(whole))
    }

    pub(super) fn make_folder(&self, path: &Path) -> io::Result<FolderHandle> {
        let mut folder = FolderHandle(self.0.clone());
        for name in names(path)? {
            match fs::create_dir(folder.0.join(name)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            folder = folder.folder(Path::new(name))?;
        }
        Ok(folder)
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<File> {
        let folder = self.folder(path.parent().unwrap_or(Path::new("")))?;
        let whole = folder.0.join(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        match entry(&whole)? {
            MirrorEntry::Link => Err(super::link()),
            MirrorEntry::Special => Err(io::Error::other(super::SPECIAL)),
            MirrorEntry::File(_) | MirrorEntry::Folder => File::open(whole),
        }
    }

    /// Opens a file that lies directly in this folder.
    pub(super) fn file_of(&self, name: &OsStr) -> io::Result<File> {
        self.file(Path::new(name))
    }

    pub(super) fn create(&self, name: &OsStr) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.0.join(name))
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    pub(super) fn link(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::hard_link(self.0.join(from), self.0.join(to))
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    pub(super) fn find(&self, name: &OsStr) -> io::Result<MirrorEntry> {
        entry(&self.0.join(name))
    }

    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name())).collect()
    }
}

/// Returns the length of a regular file in bytes; `None` for any other kind.
pub(super) fn length(file: &File) -> io::Result<Option<u64>> {
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then(|| metadata.len()))
}

/// Returns the rest of a path after `start`; `None` if it does not start with it.
pub(super) fn strip<'p>(path: &'p Path, start: &Path) -> Option<&'p Path> {
    path.strip_prefix(start).ok()
}

fn entry(path: &Path) -> io::Result<MirrorEntry> {
    let metadata = fs::symlink_metadata(path)?;
    Ok(match metadata.file_type() {
        kind if kind.is_symlink() => MirrorEntry::Link,
        kind if kind.is_dir() => MirrorEntry::Folder,
        kind if kind.is_file() => MirrorEntry::File(metadata.len()),
        _ => MirrorEntry::Special,
    })
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
