//! Opens files one by one and keeps the folder of the last one open. The system then does not
//! resolve the whole path for each file, and logs lie ten folders deep.

use std::fs::File;
use std::io::{self, Read, Take};
use std::path::{Path, PathBuf};

use crate::source::s3::mirror_root::{MirrorFolder, MirrorRoot};

/// Opens files and caches the folder of the last one.
#[derive(Debug, Default)]
pub struct FileOpener {
    #[cfg(unix)]
    folder: unix::OpenFolder,
    mirrored: LastFolder,
}

/// The mirror folder of the last file.
#[derive(Debug, Default)]
struct LastFolder {
    path: PathBuf,
    /// Opened only for the second file of a folder, because many folders contain only one.
    handle: Option<MirrorFolder>,
}

impl FileOpener {
    /// Opens a file for reading.
    pub fn open(&mut self, path: &Path) -> io::Result<File> {
        #[cfg(unix)]
        if let Some(file) = self.folder.open(path) {
            return Ok(file);
        }
        // The full path gives the more accurate error.
        File::open(path)
    }

    /// Opens a file of a mirror without following links.
    pub fn open_below(&mut self, mirror: &MirrorRoot, path: &Path) -> io::Result<Take<File>> {
        let (file, length) = self.mirrored.open(mirror, path)?;
        // With a known length, no read is needed to detect the end.
        Ok(file.take(length))
    }
}

impl LastFolder {
    fn open(&mut self, mirror: &MirrorRoot, path: &Path) -> io::Result<(File, u64)> {
        let LastFolder { path: last, handle } = self;
        let inside = mirror.relative(path).ok_or(io::ErrorKind::InvalidInput)?;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return mirror.file(inside) };
        // Comparing paths as strings is cheaper than comparing their components.
        if last.as_os_str() != folder.as_os_str() {
            (*last, *handle) = (folder.to_path_buf(), None);
            return mirror.file(inside);
        }
        if handle.is_none() {
            *handle = Some(mirror.folder(inside.parent().unwrap_or(Path::new("")))?);
        }
        match handle.as_ref().map(|folder| folder.file(name)) {
            Some(Ok(file)) => Ok(file),
            // The full path gives the more accurate error.
            _ => mirror.file(inside),
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use rustix::fs::{Mode, OFlags, open, openat};

    /// The folder of the last file.
    #[derive(Debug, Default)]
    pub(super) struct OpenFolder {
        path: Vec<u8>,
        /// Opened only for the second file of a folder, because many folders contain only one.
        handle: Option<OwnedFd>,
    }

    impl OpenFolder {
        /// Opens a file in the same folder as the last one; `None` if it lies in another folder
        /// or cannot be opened.
        pub(super) fn open(&mut self, path: &Path) -> Option<File> {
            let path = path.as_os_str().as_bytes();
            let (folder, name) = path.split_at(memchr::memrchr(b'/', path)? + 1);
            if self.path != folder {
                self.path.clear();
                self.path.extend_from_slice(folder);
                self.handle = None;
                return None;
            }
            if self.handle.is_none() {
                self.handle = open(folder, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok();
            }
            let file = openat(self.handle.as_ref()?, name, OFlags::CLOEXEC, Mode::empty()).ok()?;
            Some(file.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn text(opener: &mut FileOpener, path: &Path) -> io::Result<String> {
        opener.open(path).and_then(io::read_to_string)
    }

    #[test]
    fn every_path_opens_its_own_file() {
        let (root, mut opener) = (tempfile::tempdir().unwrap(), FileOpener::default());
        for folder in ["a", "b", "b/c"] {
            fs::create_dir(root.path().join(folder)).unwrap();
            for name in ["x", "y", "z"] {
                fs::write(root.path().join(folder).join(name), format!("{folder}/{name}")).unwrap();
            }
        }
        for path in ["a/x", "a/y", "b/x", "a/z", "b/c/x", "b/c/y", "b/c/../y", "b/c/../z", "b/c/z"] {
            assert_eq!(text(&mut opener, &root.path().join(path)).unwrap(), path.replace("c/../", ""));
        }
        let error = text(&mut opener, &root.path().join("b/c/nothing")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_folder_does_not_mix_up_files() {
        let (root, mut opener) = (tempfile::tempdir().unwrap(), FileOpener::default());
        let (folder, file) = (root.path().join("folder"), root.path().join("folder/file"));
        for content in ["one", "two", "three"] {
            fs::create_dir(&folder).unwrap();
            fs::write(&file, content).unwrap();
            assert_eq!(text(&mut opener, &file).unwrap(), content);
            fs::remove_dir_all(&folder).unwrap();
        }
    }
}
