//! Completes files that a killed run has left.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::file_names::FileNames;
use super::{is_at, sync_folder};
use crate::error::{Error, io_message};
use crate::report::Report;

/// Completes all parts that no process is writing: cuts each after its last whole row, and gives
/// it its final name.
pub(super) fn complete(names: &FileNames, header: &[u8], report: &Report) -> Result<(), Error> {
    let fail = |path: &Path, error: &io::Error| Error::Failed(format!("{}: {}", path.display(), io_message(error)));
    let entries = std::fs::read_dir(&names.folder).map_err(|error| fail(&names.folder, &error))?;
    let mut parts = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| fail(&names.folder, &error))?;
        // A link leads to another place, and opening a pipe can block.
        if let Some(closed) = names.closed_of_part(&entry.file_name())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
        {
            parts.push((entry.path(), closed));
        }
    }
    parts.sort();
    for (part, closed) in parts {
        let result = complete_one(&part, &closed, header);
        match result.map_err(|error| {
            Error::Failed(format!("{}: cannot be completed: {}", part.display(), io_message(&error)))
        })? {
            LeftoverOutcome::InUse => {
                report.note(&format!("{}: is being written by another process; it was left as it is", part.display()));
            }
            LeftoverOutcome::Empty => {}
            LeftoverOutcome::Completed { cut } => report.note(&format!(
                "{}: completed after a run that was killed; {}",
                closed.display(),
                if cut == 0 {
                    "all its rows are whole".into()
                } else {
                    format!("{cut} bytes of an incomplete row were removed")
                },
            )),
        }
    }
    sync_folder(&names.folder).map_err(|error| fail(&names.folder, &error))
}

/// What became of a part.
enum LeftoverOutcome {
    /// Another process is writing it.
    InUse,
    /// It had no whole row, and was removed.
    Empty,
    /// It has its final name. This many bytes after its last whole row were removed.
    Completed { cut: u64 },
}

fn complete_one(part: &Path, closed: &Path, header: &[u8]) -> io::Result<LeftoverOutcome> {
    let mut file = match OpenOptions::new().read(true).write(true).open(part) {
        Ok(file) => file,
        // Another process has completed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LeftoverOutcome::Empty),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(LeftoverOutcome::InUse),
        Err(TryLockError::Error(error)) => {
            return Err(io::Error::other(format!(
                "it cannot be locked ({}), so another process may be writing it; if none is, remove {} from its name",
                io_message(&error),
                super::file_names::ENDING
            )));
        }
    }
    if !is_at(&file, part) {
        return Ok(LeftoverOutcome::Empty);
    }
    let length = file.metadata()?.len();
    let whole = end_of_rows(&mut file, length)?;
    if whole == 0 || is_only(&mut file, header, whole)? {
        std::fs::remove_file(part)?;
        return Ok(LeftoverOutcome::Empty);
    }
    if closed.exists() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("{} exists; move one of the two files to another name or folder", closed.display()),
        ));
    }
    file.set_len(whole)?;
    file.sync_all()?;
    std::fs::rename(part, closed)?;
    Ok(LeftoverOutcome::Completed { cut: length - whole })
}

/// Returns the position after the last line feed.
fn end_of_rows(file: &mut File, length: u64) -> io::Result<u64> {
    const WINDOW: u64 = 64 << 10;
    let mut end = length;
    let mut window = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(WINDOW);
        window.resize((end - start) as usize, 0);
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut window)?;
        if let Some(at) = memchr::memrchr(b'\n', &window) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// True if the first `length` bytes of a file are the header.
fn is_only(file: &mut File, header: &[u8], length: u64) -> io::Result<bool> {
    if length != header.len() as u64 {
        return Ok(false);
    }
    let mut start = vec![0; header.len()];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut start)?;
    Ok(start == header)
}
