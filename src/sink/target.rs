//! Where the bytes go: standard output, or a file that appears only when it is
//! whole.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::cancel::Cancellation;
use crate::error::{Error, plain};
use crate::sink::partial_file;

/// A place to write to.
#[derive(Debug)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file under a temporary name beside the one that it will have.
    Whole {
        /// What was written so far.
        file: NamedTempFile,
        /// What it will be called.
        path: PathBuf,
    },
    /// A pipe or device, which is written to as it is.
    Special {
        /// The open device.
        file: File,
        /// Its name.
        path: PathBuf,
    },
}

impl Target {
    /// Opens the file at `path`, or standard output where there is none, or
    /// where `path` is a name of it.
    pub fn open(path: Option<&Path>) -> Result<Target, Error> {
        const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
        let Some(path) = path.map(followed) else { return Ok(Target::Stdout) };
        let path = path.as_path();
        if STDOUT.iter().any(|name| path == Path::new(name)) {
            return Ok(Target::Stdout);
        }
        let fail =
            |error: io::Error| Error::Failed(format!("{}: cannot be written: {}", path.display(), plain(&error)));
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(Error::Failed(format!("{}: is a folder", path.display()))),
            Ok(metadata) if !metadata.is_file() || is_open_already(path) => {
                let file = OpenOptions::new().append(true).open(path).map_err(fail)?;
                Ok(Target::Special { file, path: path.to_path_buf() })
            }
            _ => {
                let folder = partial_file::folder_of(path);
                partial_file::clean_results(folder);
                let file = partial_file::begin(folder, &partial_file::temp_prefix()).map_err(fail)?;
                if let Ok(old) = std::fs::metadata(path) {
                    // Whom a file was for, its next content is for.
                    file.as_file().set_permissions(old.permissions()).map_err(fail)?;
                }
                Ok(Target::Whole { file, path: path.to_path_buf() })
            }
        }
    }

    /// Writes all of `bytes`.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let result = match self {
            Target::Stdout => io::stdout().lock().write_all(bytes),
            Target::Whole { file, .. } => file.write_all(bytes),
            Target::Special { file, .. } => file.write_all(bytes),
        };
        result.map_err(|error| Error::write(self.name(), &error))
    }

    /// Ends a whole output: the file gets its name.
    pub fn finish(mut self) -> Result<(), Error> {
        let flushed = match &mut self {
            Target::Stdout => io::stdout().lock().flush(),
            Target::Whole { file, .. } => file.flush(),
            Target::Special { file, .. } => file.flush(),
        };
        flushed.map_err(|error| Error::write(self.name(), &error))?;
        if let Target::Whole { file, path } = self {
            file.persist(&path).map_err(|error| Error::write(path.display(), &error.error))?;
        }
        Ok(())
    }

    fn name(&self) -> String {
        match self {
            Target::Stdout => "standard output".into(),
            Target::Whole { path, .. } | Target::Special { path, .. } => path.display().to_string(),
        }
    }
}

/// The path that links lead to. What replaces a file must not replace the link
/// by which it is known; and links of the system's own lead to what is open
/// already, whatever that is.
fn followed(path: &Path) -> PathBuf {
    const MOST: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST {
        if path == Path::new("/dev/stdout") || is_open_already(&path) {
            break;
        }
        let Ok(link) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(link);
    }
    path
}

/// Whether a path is the system's name for a file that is open.
fn is_open_already(path: &Path) -> bool {
    ["/dev/fd", "/proc/self/fd", "/dev/stderr"].iter().any(|folder| path.starts_with(folder))
}

/// A target for code that knows only writers, until the user wants to stop.
pub struct TargetWriter<'a> {
    target: &'a mut Target,
    stop: &'a Cancellation,
    trouble: Option<Error>,
}

impl<'a> TargetWriter<'a> {
    /// A writer to a target.
    pub fn new(target: &'a mut Target, stop: &'a Cancellation) -> TargetWriter<'a> {
        TargetWriter { target, stop, trouble: None }
    }

    /// What kept it from writing.
    pub fn take_trouble(&mut self) -> Option<Error> {
        self.trouble.take()
    }
}

impl Write for TargetWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self.stop.is_interrupted() {
            // Whoever was told already still has to end, in silence.
            _ if self.trouble.is_some() => Ok(()),
            true => Err(Error::Interrupted),
            false => self.target.write(bytes),
        };
        written.map(|()| bytes.len()).map_err(|fatal| {
            let error = io::Error::other(fatal.to_string());
            self.trouble = Some(fatal);
            error
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
