//! Named sources of bytes: files, folders, standard input, the mirror.

pub mod s3;

pub mod file;
pub mod spec;
pub mod walk;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cloudtrail::keys::delivered_by;
use crate::error::cancel::Cancellation;
use crate::source::file::cancellable_reader::CancellableReader;
use crate::source::file::container::Container;
use crate::source::file::opener::FileOpener;
use crate::source::s3::Refetch;
use crate::source::s3::mirror_root::MirrorRoot;

/// One file to read.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Where its bytes are; nothing for standard input.
    pub path: Option<PathBuf>,
    /// What the user knows it by, where that is not the path.
    pub key: Option<String>,
    /// Whether it is a pipe or a device, which may keep a reader waiting.
    pub is_special: bool,
    /// Whether the user named it, and did not only name its folder.
    pub is_named: bool,
    /// What can put a new copy in its place, where there is such a thing.
    pub again: Option<Refetch>,
    /// The mirror that it is in, where it is in one.
    pub below: Option<Arc<MirrorRoot>>,
}

impl LogFile {
    /// Standard input.
    pub fn stdin() -> LogFile {
        LogFile { path: None, key: Some("-".into()), is_special: true, is_named: true, again: None, below: None }
    }

    /// A file of the local disk.
    pub fn file(path: PathBuf) -> LogFile {
        LogFile { path: Some(path), key: None, is_special: false, is_named: false, again: None, below: None }
    }

    /// A file of the local disk that the user named.
    pub fn named(path: PathBuf) -> LogFile {
        LogFile { is_named: true, ..LogFile::file(path) }
    }

    /// Whether the name is that of a log that CloudTrail delivered.
    pub fn is_named_as_log(&self) -> bool {
        self.file_name().is_some_and(|name| delivered_by(name).is_some())
    }

    /// Whether the name is that of an archive.
    pub fn is_named_as_archive(&self) -> bool {
        self.file_name().is_some_and(Container::is_named)
    }

    fn file_name(&self) -> Option<&str> {
        self.path.as_deref().and_then(Path::file_name).and_then(OsStr::to_str)
    }

    /// A pipe or device of the local disk.
    pub fn special(path: PathBuf) -> LogFile {
        LogFile { path: Some(path), key: None, is_special: true, is_named: true, again: None, below: None }
    }

    /// An object of a bucket, which the mirror holds at `path`.
    pub fn object(path: PathBuf, address: String) -> LogFile {
        LogFile { key: Some(address), ..LogFile::file(path) }
    }

    /// The name for messages and for the column `file`.
    pub fn name(&self) -> Cow<'_, str> {
        match (&self.key, &self.path) {
            (Some(key), _) => key.into(),
            // Most paths are UTF-8, of which it is quicker to make sure first.
            (None, Some(path)) => path.to_str().map_or_else(|| path.to_string_lossy(), Cow::Borrowed),
            (None, None) => "-".into(),
        }
    }

    /// Opens it for reading; `opener` has opened what was read before.
    pub fn open(&self, opener: &mut FileOpener, stop: &Cancellation) -> io::Result<OpenedFile> {
        match &self.path {
            Some(path) if self.is_special => {
                let path = path.clone();
                Ok(OpenedFile::Special(CancellableReader::open(|| File::open(path), stop)))
            }
            Some(path) => match &self.below {
                Some(mirror) => opener.open_below(mirror, path).map(OpenedFile::Mirrored),
                None => opener.open(path).map(OpenedFile::File),
            },
            None => Ok(OpenedFile::Special(CancellableReader::open(|| Ok(io::stdin()), stop))),
        }
    }
}

/// A source that is being read.
pub enum OpenedFile {
    /// A file of the local disk.
    File(File),
    /// A file of the mirror, as long as it was when it was opened.
    Mirrored(io::Take<File>),
    /// Standard input, a pipe or a device.
    Special(CancellableReader),
}

impl OpenedFile {
    /// The file of the disk, if it is one.
    pub fn into_file(self) -> Option<File> {
        match self {
            OpenedFile::File(file) => Some(file),
            OpenedFile::Mirrored(file) => Some(file.into_inner()),
            OpenedFile::Special(_) => None,
        }
    }
}

impl Read for OpenedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            OpenedFile::File(file) => file.read(buffer),
            OpenedFile::Mirrored(file) => file.read(buffer),
            OpenedFile::Special(patient) => patient.read(buffer),
        }
    }
}
