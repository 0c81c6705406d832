//! Temporary files for data that exceeds memory. They lie in the system's temporary folder and
//! have no name, so that nothing remains even after a kill.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::Deserialize;

use crate::error::{Error, io_message};

/// An unnamed file that supports appending, and reading at any position.
#[derive(Debug)]
pub(crate) struct ScratchFile {
    file: File,
    /// Bytes that are buffered to be written in one call.
    pending: Vec<u8>,
    /// Length of the file in bytes, without the buffered bytes.
    length: u64,
}

impl ScratchFile {
    const PENDING: usize = 1 << 18;

    pub(crate) fn new() -> Result<ScratchFile, Error> {
        let file = tempfile::tempfile().map_err(|error| failed(&error))?;
        Ok(ScratchFile { file, pending: Vec::new(), length: 0 })
    }

    /// Returns the position of the next appended byte.
    pub(crate) fn end(&self) -> u64 {
        self.length + self.pending.len() as u64
    }

    /// Appends `bytes`.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        loop {
            // Whole blocks of the file are written: the system has less to do than for parts.
            let space = ScratchFile::PENDING - (self.end() % ScratchFile::PENDING as u64) as usize;
            let Some((first, rest)) = bytes.split_at_checked(space) else {
                self.pending.extend_from_slice(bytes);
                return Ok(());
            };
            self.pending.extend_from_slice(first);
            self.flush()?;
            bytes = rest;
        }
    }

    /// Writes the buffered bytes, after which the whole content can be read.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        let pending = std::mem::take(&mut self.pending);
        self.write(&pending)?;
        // Keep the allocation for the next bytes.
        self.pending = pending;
        self.pending.clear();
        Ok(())
    }

    /// Writes the buffered bytes and releases the buffer.
    pub(crate) fn seal(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.pending = Vec::new();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.file.seek(SeekFrom::Start(self.length)).and_then(|_| self.file.write_all(bytes));
        written.map_err(|error| failed(&error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Fills `buffer` with the bytes at position `at`.
    pub(crate) fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<(), Error> {
        let read = self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.read_exact(buffer));
        read.map_err(|error| {
            let folder = std::env::temp_dir();
            Error::Failed(format!("{}: cannot read temporary data: {}", folder.display(), io_message(&error)))
        })
    }
}

/// Reads JSON that was written to temporary files.
pub(crate) fn from_json<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(json).map_err(|error| Error::Failed(format!("temporary data cannot be read back: {error}")))
}

fn failed(error: &io::Error) -> Error {
    Error::Failed(format!(
        "{}: cannot write temporary data: {}; set TMPDIR to a folder with more space",
        std::env::temp_dir().display(),
        io_message(error)
    ))
}
