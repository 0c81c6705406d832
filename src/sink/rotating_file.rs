//! Rows in files that are closed at a size or an age, for programs that collect whole files.
//!
//! The rows of `FOLDER/NAME.ndjson` are written to `FOLDER/NAME.20261129T101500Z.ndjson.part`,
//! with the time at which the file was started. When the file is closed, it loses `.part`: a
//! pattern such as `*.ndjson` matches only files that no longer change. A file of a killed run is
//! completed by the next run.

mod file_names;
mod leftover;
mod rotation;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use self::file_names::FileNames;
pub use self::rotation::FileRotation;
use crate::error::{Error, io_message};
use crate::report::Report;
use crate::sink::partial_file;

/// Rows that are kept in memory until they are written or synced.
const BUFFER_SIZE: usize = 256 << 10;

/// A series of files. Dropping it leaves an open file as it is after the last write that reached
/// the system; the next run completes it.
#[derive(Debug)]
pub struct RotatingFile {
    names: FileNames,
    rotation: FileRotation,
    /// First line of every file; may be empty.
    header: Vec<u8>,
    /// The file that rows are added to; created when there is a row.
    open: Option<OpenFile>,
    /// Whole rows that are not written yet.
    buffer: Vec<u8>,
    /// Files that were closed.
    closed: u64,
}

/// A file that rows are added to. It stays locked, which tells it from a leftover.
#[derive(Debug)]
struct OpenFile {
    file: File,
    path: PathBuf,
    /// The path when it is closed.
    closed: PathBuf,
    started: Timestamp,
    /// Bytes of rows in the file.
    written: u64,
    /// Whether all that was written is on the disk.
    is_synced: bool,
    /// Whether the system failed to write something to the disk.
    is_lost: bool,
    /// Whether the entry in the folder is on the disk.
    is_named: bool,
}

impl RotatingFile {
    /// Prepares files next to `path`, and completes those of a killed run, which are reported.
    /// `header` is the first line of each file, or empty. Returns an error if the folder does not
    /// exist or cannot be written.
    pub fn open(path: &Path, rotation: FileRotation, header: &[u8], report: &Report) -> Result<RotatingFile, Error> {
        let names = FileNames::new(path)?;
        // An error is to come now, and not with the first row.
        drop(partial_file::begin(&names.folder, &partial_file::temp_prefix()).map_err(|error| {
            Error::Failed(format!("{}: cannot be written: {}", names.folder.display(), io_message(&error)))
        })?);
        leftover::complete(&names, header, report)?;
        Ok(RotatingFile { names, rotation, header: header.to_vec(), open: None, buffer: Vec::new(), closed: 0 })
    }

    /// Adds whole rows, which stay together in one file. `now` names a new file.
    pub fn write(&mut self, rows: &[u8], now: Timestamp) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        self.tick(now)?;
        let size = self.size() + rows.len() as u64;
        if self.rotation.size.is_some_and(|limit| size > limit) {
            self.close()?;
        }
        if self.open.is_none() {
            let open = create(&self.names, now);
            self.open = Some(open.map_err(|error| self.failure(&self.names.closed(now, 1), &error))?);
            self.buffer.extend_from_slice(&self.header);
        }
        self.buffer.extend_from_slice(rows);
        if self.buffer.len() >= BUFFER_SIZE { self.flush() } else { Ok(()) }
    }

    /// Adds the next piece of a row whose first piece was written before, to the same file.
    pub fn continue_row(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.buffer.extend_from_slice(piece);
        if self.buffer.len() >= BUFFER_SIZE { self.flush() } else { Ok(()) }
    }

    /// Closes the file if it has reached its age, even if no row comes.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), Error> {
        let (Some(open), Some(age)) = (&self.open, self.rotation.age) else { return Ok(()) };
        // A clock that was set back far must not keep the file open for ever.
        let passed = now.duration_since(open.started).unsigned_abs();
        if passed >= age.unsigned_abs() { self.close() } else { Ok(()) }
    }

    /// Returns when everything written so far is on the disk, and will be found there after a
    /// power failure.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.flush()?;
        let Some(open) = &mut self.open else { return Ok(()) };
        let result = open.sync(&self.names.folder);
        let path = open.path.clone();
        result.map_err(|error| self.failure(&path, &error))
    }

    /// Closes the file, if one is open: its rows are on the disk under the final name.
    pub fn close(&mut self) -> Result<(), Error> {
        self.sync()?;
        let Some(open) = self.open.take() else { return Ok(()) };
        let renamed = std::fs::rename(&open.path, &open.closed).and_then(|()| sync_folder(&self.names.folder));
        renamed.map_err(|error| self.failure(&open.closed, &error))?;
        self.closed += 1;
        Ok(())
    }

    /// Number of files that this run has closed.
    pub fn closed(&self) -> u64 {
        self.closed
    }

    /// The path of the file that rows are added to; `None` between files.
    pub fn path(&self) -> Option<&Path> {
        self.open.as_ref().map(|open| open.path.as_path())
    }

    /// Bytes of the open file, with those in memory.
    fn size(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.written) + self.buffer.len() as u64
    }

    /// Hands all rows to the system.
    fn flush(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.as_mut().filter(|_| !self.buffer.is_empty()) else { return Ok(()) };
        open.is_synced = false;
        if let Err(error) = open.file.write_all(&self.buffer) {
            // Without half a row, the file can be read as it is. If this fails too, the next run
            // removes the half row.
            let _ = open.file.set_len(open.written);
            let _ = io::Seek::seek(&mut open.file, io::SeekFrom::Start(open.written));
            let path = open.path.clone();
            return Err(self.failure(&path, &error));
        }
        open.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn failure(&self, path: &Path, error: &io::Error) -> Error {
        let remedy = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "; free space and start again: the rows before were kept"
            }
            _ => "",
        };
        Error::Failed(format!("{}: cannot be written: {}{remedy}", path.display(), io_message(error)))
    }
}

impl OpenFile {
    fn sync(&mut self, folder: &Path) -> io::Result<()> {
        if self.is_lost {
            return Err(io::Error::other("an earlier attempt to write it to the disk failed"));
        }
        if !self.is_synced {
            // After an error the system may forget the data, and a second attempt may succeed.
            self.file.sync_data().inspect_err(|_| self.is_lost = true)?;
            self.is_synced = true;
        }
        if !self.is_named {
            sync_folder(folder)?;
            self.is_named = true;
        }
        // What is written to a file without a name is lost.
        match is_at(&self.file, &self.path) {
            true => Ok(()),
            false => Err(io::Error::other("was removed or replaced by another process")),
        }
    }
}

/// Creates a file that no other process writes.
fn create(names: &FileNames, now: Timestamp) -> io::Result<OpenFile> {
    /// Far more files than a second can have.
    const MAX_FILES: u32 = 1_000_000;
    for number in 1..=MAX_FILES {
        let closed = names.closed(now, number);
        if closed.exists() {
            continue;
        }
        let path = FileNames::part(&closed);
        let file = match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        // A process that starts now may have taken the file for a leftover, and removed it.
        let is_taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock)) || !is_at(&file, &path);
        if is_taken {
            continue;
        }
        // Only the owner of the part closes it, so this stays true until then.
        if closed.exists() {
            std::fs::remove_file(&path)?;
            continue;
        }
        return Ok(OpenFile {
            file,
            path,
            closed,
            started: now,
            written: 0,
            is_synced: true,
            is_lost: false,
            is_named: false,
        });
    }
    Err(io::Error::other("too many files of the same second"))
}

/// True if the path is that of the open file, and not of another or of none.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), std::fs::symlink_metadata(path)) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (open.dev(), open.ino()) == (named.dev(), named.ino())
    }
    #[cfg(not(unix))]
    {
        open.is_file() && named.is_file()
    }
}

/// Writes the names in a folder to the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        match File::open(folder)?.sync_all() {
            // Some network file systems cannot sync a folder, and need not.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            done => done,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(())
    }
}
