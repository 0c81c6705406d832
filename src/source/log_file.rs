//! One log file to read, and the reader that it opens.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cloudtrail::keys::delivered_by;
use crate::error::cancel::Cancellation;
use crate::source::file::cancellable_reader::CancellableReader;
use crate::source::file::container::Container;
use crate::source::file::opener::FileOpener;
use crate::source::location::Location;
use crate::source::memory_text::MemoryText;
use crate::source::s3::Refetch;
use crate::source::s3::mirror_root::MirrorRoot;
use crate::source::s3::temporary_folder::TemporaryObject;

/// One log file to read.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Path on disk; `None` for standard input and for a text in memory.
    pub path: Option<PathBuf>,
    /// The content, if it is in memory: a page of the event history.
    pub text: Option<Arc<MemoryText>>,
    /// The copy of a stream that is read more than once, which is read from its start.
    pub copy: Option<Arc<File>>,
    /// Address in the bucket, shown to the user in place of the path; `None` for any other file.
    pub location: Option<Location>,
    /// True for a pipe or a device, on which a read can block.
    pub is_special: bool,
    /// True if the user named the file itself and not only a folder that contains it.
    pub is_named: bool,
    /// Downloads a fresh copy of the file; `None` if it does not come from a bucket.
    pub refetch: Option<Refetch>,
    /// Mirror that contains the file; `None` outside a mirror.
    pub below: Option<Arc<MirrorRoot>>,
    /// Removes the file after it was read; `None` for a file that stays.
    pub temporary: Option<Arc<TemporaryObject>>,
}

impl LogFile {
    /// Creates a log file that reads standard input.
    pub fn stdin() -> LogFile {
        LogFile {
            path: None,
            text: None,
            copy: None,
            location: None,
            is_special: true,
            is_named: true,
            refetch: None,
            below: None,
            temporary: None,
        }
    }

    /// Creates a log file for a text in memory.
    pub fn memory(text: Arc<MemoryText>) -> LogFile {
        LogFile { text: Some(text), is_special: false, is_named: false, ..LogFile::stdin() }
    }

    /// Creates a log file for a local file that was found in a folder.
    pub fn file(path: PathBuf) -> LogFile {
        LogFile { path: Some(path), is_special: false, is_named: false, ..LogFile::stdin() }
    }

    /// Creates a log file for a local file that the user named.
    pub fn named(path: PathBuf) -> LogFile {
        LogFile { is_named: true, ..LogFile::file(path) }
    }

    /// True if the file name has the form that CloudTrail gives to delivered logs.
    pub fn is_named_as_log(&self) -> bool {
        self.file_name().is_some_and(|name| delivered_by(name).is_some())
    }

    /// True if the file name has an extension of an archive format.
    pub fn is_named_as_archive(&self) -> bool {
        self.file_name().is_some_and(Container::is_named)
    }

    fn file_name(&self) -> Option<&str> {
        self.path.as_deref().and_then(Path::file_name).and_then(OsStr::to_str)
    }

    /// Creates a log file for a local pipe or device.
    pub fn special(path: PathBuf) -> LogFile {
        LogFile { path: Some(path), ..LogFile::stdin() }
    }

    /// Creates a log file for a bucket object that the mirror stores at `path`.
    pub fn object(path: PathBuf, location: Location) -> LogFile {
        LogFile { location: Some(location), ..LogFile::file(path) }
    }

    /// Returns the path of a regular file that is not in a mirror; `None` for any other file.
    pub fn local_path(&self) -> Option<&Path> {
        self.path.as_deref().filter(|_| !self.is_special && self.location.is_none())
    }

    /// Returns the name for messages and for the `file` column.
    pub fn name(&self) -> Cow<'_, str> {
        match (&self.location, &self.path, &self.text) {
            (Some(location), _, _) => location.to_string().into(),
            // Most paths are UTF-8, and checking for that is cheaper than a lossy conversion.
            (None, Some(path), _) => path.to_str().map_or_else(|| path.to_string_lossy(), Cow::Borrowed),
            (None, None, Some(text)) => Cow::Borrowed(text.name()),
            (None, None, None) => "-".into(),
        }
    }

    /// Opens the file for reading. `opener` caches the folder of the previous file.
    pub fn open(&self, opener: &mut FileOpener, stop: &Cancellation) -> io::Result<OpenedFile> {
        if let Some(text) = &self.text {
            return Ok(OpenedFile::Memory(Cursor::new(Arc::clone(text))));
        }
        if let Some(copy) = &self.copy {
            let mut copy = copy.try_clone()?;
            copy.seek(SeekFrom::Start(0))?;
            return Ok(OpenedFile::File(copy));
        }
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

/// A log file that is open for reading.
pub enum OpenedFile {
    /// A local file.
    File(File),
    /// A file of the mirror, limited to the length it had when it was opened.
    Mirrored(io::Take<File>),
    /// Standard input, a pipe or a device.
    Special(CancellableReader),
    /// A text in memory.
    Memory(Cursor<Arc<MemoryText>>),
}

impl OpenedFile {
    /// Returns the size in bytes; `None` for a stream.
    pub fn length(&self) -> Option<u64> {
        match self {
            OpenedFile::File(file) => file.metadata().ok().map(|metadata| metadata.len()),
            OpenedFile::Mirrored(file) => Some(file.limit()),
            OpenedFile::Special(_) => None,
            OpenedFile::Memory(text) => Some(text.get_ref().bytes().len() as u64),
        }
    }

    /// Returns the local file; `None` for any other kind of source.
    pub fn into_file(self) -> Option<File> {
        match self {
            OpenedFile::File(file) => Some(file),
            OpenedFile::Mirrored(file) => Some(file.into_inner()),
            OpenedFile::Special(_) | OpenedFile::Memory(_) => None,
        }
    }
}

impl Read for OpenedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            OpenedFile::File(file) => file.read(buffer),
            OpenedFile::Mirrored(file) => file.read(buffer),
            OpenedFile::Special(stream) => stream.read(buffer),
            OpenedFile::Memory(text) => read_memory(text, buffer),
        }
    }
}

/// A cursor over a shared text does not implement [`Read`].
fn read_memory(text: &mut Cursor<Arc<MemoryText>>, buffer: &mut [u8]) -> io::Result<usize> {
    let mut rest = Cursor::new(text.get_ref().bytes());
    rest.set_position(text.position());
    let count = rest.read(buffer)?;
    text.set_position(rest.position());
    Ok(count)
}
