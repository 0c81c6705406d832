//! Folders whose entries are opened relative to them, if the system supports that. A full path
//! would be looked up component by component for each file.

pub(crate) use self::system::{Folder, Name};

#[cfg(unix)]
mod system {
    use std::ffi::CString;
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, openat};

    pub(crate) struct Folder(OwnedFd);

    /// The name of an entry, with the final zero byte that system calls need.
    pub(crate) struct Name(CString);

    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl Folder {
        pub(crate) fn open(path: &Path) -> Folder {
            Folder(openat(CWD, path, FOLDER, Mode::empty()).unwrap())
        }

        pub(crate) fn folder(&self, name: &Name) -> Folder {
            Folder(openat(&self.0, &name.0, FOLDER, Mode::empty()).unwrap())
        }

        pub(crate) fn file(&self, name: &Name) -> File {
            openat(&self.0, &name.0, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).unwrap().into()
        }

        /// Calls `entry` with the name of each entry, and whether it is a folder.
        pub(crate) fn each_entry(&self, mut entry: impl FnMut(Name, bool)) {
            for found in Dir::read_from(&self.0).unwrap() {
                let found = found.unwrap();
                let name = found.file_name();
                let is_folder = match found.file_type() {
                    FileType::Directory => true,
                    // Some file systems do not report the type, but every log file has an ending.
                    FileType::Unknown => !name.to_bytes().contains(&b'.'),
                    _ => false,
                };
                if !matches!(name.to_bytes(), b"." | b"..") {
                    entry(Name(name.to_owned()), is_folder);
                }
            }
        }
    }

    impl Name {
        pub(crate) fn is_gzip(&self) -> bool {
            self.0.as_bytes().ends_with(b".gz")
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::{self, File};
    use std::path::{Path, PathBuf};

    pub(crate) struct Folder(PathBuf);

    /// The full path of an entry.
    pub(crate) struct Name(PathBuf);

    impl Folder {
        pub(crate) fn open(path: &Path) -> Folder {
            Folder(path.into())
        }

        pub(crate) fn folder(&self, name: &Name) -> Folder {
            Folder(name.0.clone())
        }

        pub(crate) fn file(&self, name: &Name) -> File {
            File::open(&name.0).unwrap()
        }

        /// Calls `entry` with the name of each entry, and whether it is a folder.
        pub(crate) fn each_entry(&self, mut entry: impl FnMut(Name, bool)) {
            for found in fs::read_dir(&self.0).unwrap() {
                let found = found.unwrap();
                entry(Name(found.path()), found.file_type().unwrap().is_dir());
            }
        }
    }

    impl Name {
        pub(crate) fn is_gzip(&self) -> bool {
            self.0.extension().is_some_and(|ending| ending == "gz")
        }
    }
}
