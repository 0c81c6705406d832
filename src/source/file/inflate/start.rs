//! Reads the first bytes of a file, which show its format, and chains the rest to them.

use std::io::{self, Read};

use crate::source::file::container::Container;
use crate::source::file::gzip::MAGIC;

/// The part of a file that was read first.
pub(super) struct FileStart {
    /// Its length in bytes.
    pub(super) filled: usize,
    /// Why reading ended; `None` if more bytes may follow.
    pub(super) end: Option<TextEndReason>,
}

/// Why reading ended.
pub(super) enum TextEndReason {
    /// The file was read to its end.
    Whole,
    /// Reading failed.
    Failed(io::Error),
}

/// Reader for the bytes after the start.
pub(super) struct RemainingText<'f> {
    pub(super) end: Option<TextEndReason>,
    pub(super) file: &'f mut (dyn Read + Send),
}

impl Read for RemainingText<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.end.take() {
            None => self.file.read(buffer),
            Some(TextEndReason::Whole) => {
                self.end = Some(TextEndReason::Whole);
                Ok(0)
            }
            Some(TextEndReason::Failed(error)) => {
                self.end = Some(TextEndReason::Whole);
                Err(error)
            }
        }
    }
}

/// Fills `buffer` up to the size that `limit` returns for the start of the file. Stops after
/// the first bytes if they identify an archive.
pub(super) fn read_up_to(file: &mut dyn Read, buffer: &mut Vec<u8>, limit: impl Fn(&[u8]) -> usize) -> FileStart {
    const FIRST: usize = 64 * 1024;
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            let limit = limit(&buffer[..filled]);
            if filled > 0 && filled >= limit {
                return FileStart { filled, end: None };
            }
            buffer.resize((filled * 2).clamp(FIRST, limit.max(FIRST)), 0);
        }
        match read_some(file, &mut buffer[filled..]) {
            Ok(0) => return FileStart { filled, end: Some(TextEndReason::Whole) },
            Ok(length) => filled += length,
            Err(error) => return FileStart { filled, end: Some(TextEndReason::Failed(error)) },
        }
        let start = &buffer[..filled];
        if filled >= FIRST && !start.starts_with(&MAGIC) && Container::of(start).is_some() {
            return FileStart { filled, end: None };
        }
    }
}

/// Reads some bytes and retries after interrupting signals.
pub(super) fn read_some(file: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
