//! Destination of the output: standard output, or a file that appears only when it is complete.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::cancel::Cancellation;
use crate::error::{Error, io_message};
use crate::sink::partial_file;

/// A destination for bytes.
#[derive(Debug)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A partial file next to the final path.
    AtomicFile {
        /// The partial file.
        file: NamedTempFile,
        /// The final path.
        path: PathBuf,
    },
    /// A pipe or device, written directly.
    Special {
        /// The open device.
        file: File,
        /// Path of the device.
        path: PathBuf,
    },
}

impl Target {
    /// Opens the file at `path`. Standard output is used if `path` is `None` or a name of
    /// standard output.
    pub fn open(path: Option<&Path>) -> Result<Target, Error> {
        const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
        let Some(path) = path.map(resolve_links) else { return Ok(Target::Stdout) };
        let path = path.as_path();
        if STDOUT.iter().any(|name| path == Path::new(name)) {
            return Ok(Target::Stdout);
        }
        let fail =
            |error: io::Error| Error::Failed(format!("{}: cannot be written: {}", path.display(), io_message(&error)));
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(Error::Failed(format!("{}: is a folder", path.display()))),
            Ok(metadata) if !metadata.is_file() || is_open_already(path) => {
                // Append mode keeps what an open file already contains.
                let file = OpenOptions::new().append(true).open(path).map_err(fail)?;
                Ok(Target::Special { file, path: path.to_path_buf() })
            }
            _ => {
                let folder = partial_file::folder_of(path);
                partial_file::clean_results(folder);
                let file = partial_file::begin(folder, &partial_file::temp_prefix()).map_err(fail)?;
                if let Ok(old) = std::fs::metadata(path) {
                    // The new file keeps the permissions of the one it replaces.
                    file.as_file().set_permissions(old.permissions()).map_err(fail)?;
                }
                Ok(Target::AtomicFile { file, path: path.to_path_buf() })
            }
        }
    }

    /// Writes all of `bytes`.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let result = match self {
            Target::Stdout => io::stdout().lock().write_all(bytes),
            Target::AtomicFile { file, .. } => file.write_all(bytes),
            Target::Special { file, .. } => file.write_all(bytes),
        };
        result.map_err(|error| Error::write(self.name(), &error))
    }

    /// Passes everything on that was written.
    pub fn flush(&mut self) -> Result<(), Error> {
        let flushed = match self {
            Target::Stdout => io::stdout().lock().flush(),
            Target::AtomicFile { file, .. } => file.flush(),
            Target::Special { file, .. } => file.flush(),
        };
        flushed.map_err(|error| Error::write(self.name(), &error))
    }

    /// Waits until what was written is on the disk, if it goes to a new file.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.flush()?;
        match self {
            Target::AtomicFile { file, path } => {
                file.as_file().sync_all().map_err(|error| Error::write(path.display(), &error))
            }
            Target::Stdout | Target::Special { .. } => Ok(()),
        }
    }

    /// Completes the output; a partial file is renamed to its final path.
    pub fn finish(mut self) -> Result<(), Error> {
        self.flush()?;
        if let Target::AtomicFile { file, path } = self {
            file.persist(&path).map_err(|error| Error::write(path.display(), &error.error))?;
        }
        Ok(())
    }

    /// Returns the folder in which a new file is written; `None` for other targets.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Target::AtomicFile { file, .. } => file.path().parent(),
            Target::Stdout | Target::Special { .. } => None,
        }
    }

    /// The name of the destination in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Target::Stdout => "standard output".into(),
            Target::AtomicFile { path, .. } | Target::Special { path, .. } => path.display().to_string(),
        }
    }
}

/// Whether two paths name the same output file, which need not exist. Symbolic links are resolved
/// as for writing, and so is the folder.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    one == other || place(one) == place(other)
}

/// The folder of an output file without links, and its name.
fn place(path: &Path) -> (PathBuf, Option<OsString>) {
    let path = resolve_links(path);
    let folder = partial_file::folder_of(&path);
    let real = folder.canonicalize().or_else(|_| std::path::absolute(folder));
    (real.unwrap_or_else(|_| folder.to_path_buf()), path.file_name().map(OsString::from))
}

/// Resolves symbolic links, so that the target of a link is replaced and not the link itself.
/// Stops at links of the system to open files, which are not real paths.
fn resolve_links(path: &Path) -> PathBuf {
    const MAX_LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        if path == Path::new("/dev/stdout") || is_open_already(&path) {
            break;
        }
        let Ok(link) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(link);
    }
    path
}

/// True if the path is a name of the system for an open file.
fn is_open_already(path: &Path) -> bool {
    ["/dev/fd", "/proc/self/fd", "/dev/stderr"].iter().any(|folder| path.starts_with(folder))
}

/// Adapter from [`Target`] to [`Write`] that fails after the user has cancelled the run.
pub struct TargetWriter<'a> {
    target: &'a mut Target,
    stop: &'a Cancellation,
    error: Option<Error>,
}

impl<'a> TargetWriter<'a> {
    /// Creates a writer for a target.
    pub fn new(target: &'a mut Target, stop: &'a Cancellation) -> TargetWriter<'a> {
        TargetWriter { target, stop, error: None }
    }

    /// Returns the error that stopped writing, if any.
    pub fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }
}

impl Write for TargetWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self.stop.is_interrupted() {
            // After an error, the rest is discarded so that the library can finish without
            // further errors.
            _ if self.error.is_some() => Ok(()),
            true => Err(Error::Interrupted),
            false => self.target.write(bytes),
        };
        written.map(|()| bytes.len()).map_err(|fatal| {
            let error = io::Error::other(fatal.to_string());
            self.error = Some(fatal);
            error
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
