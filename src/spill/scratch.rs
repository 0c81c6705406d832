//! Files for what memory cannot hold: in the folder for temporary files, and
//! without a name, so that nothing stays however the run ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::error::{Error, plain};

/// A file without a name that is written at its end and read anywhere.
#[derive(Debug)]
pub(crate) struct Scratch {
    file: File,
    /// What is to be written next, to be written at once.
    waiting: Vec<u8>,
    /// How long the file is without what is waiting.
    length: u64,
}

impl Scratch {
    const WAITING: usize = 1 << 18;

    pub(crate) fn new() -> Result<Scratch, Error> {
        let file = tempfile::tempfile().map_err(|error| failed(&error))?;
        Ok(Scratch { file, waiting: Vec::new(), length: 0 })
    }

    /// Where the next byte goes.
    pub(crate) fn end(&self) -> u64 {
        self.length + self.waiting.len() as u64
    }

    /// Writes all of `bytes` at the end.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.waiting.len() + bytes.len() > Scratch::WAITING {
            self.flush()?;
        }
        if bytes.len() >= Scratch::WAITING {
            return self.write(bytes);
        }
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    /// Ends the writing for now: all of it can be read.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        let waiting = std::mem::take(&mut self.waiting);
        self.write(&waiting)?;
        self.waiting = waiting;
        self.waiting.clear();
        Ok(())
    }

    /// Gives back the memory that only writing needs.
    pub(crate) fn seal(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.waiting = Vec::new();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.file.seek(SeekFrom::Start(self.length)).and_then(|_| self.file.write_all(bytes));
        written.map_err(|error| failed(&error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Fills `buffer` with what was written at `at`.
    pub(crate) fn read(&mut self, at: u64, buffer: &mut [u8]) -> Result<(), Error> {
        let read = self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.read_exact(buffer));
        read.map_err(|error| failed(&error))
    }
}

fn failed(error: &io::Error) -> Error {
    Error::Failed(format!(
        "{}: cannot write temporary data: {}; set TMPDIR to a folder with more space",
        std::env::temp_dir().display(),
        plain(error)
    ))
}
