//! A copy of a stream that can be read more than once.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::file::archive::spool::spooled;
use super::file::opener::FileOpener;
use super::folder::FolderSource;
use super::spec::Input;
use super::stream::StreamSource;
use super::{LogFile, LogSource};
use crate::error::Error;
use crate::error::cancel::Cancellation;

/// Standard input, a pipe or a device, copied to an unnamed temporary file.
#[derive(Clone, Debug)]
pub struct SpooledStream {
    /// The path that the user named; `None` for standard input.
    path: Option<PathBuf>,
    file: Arc<File>,
}

impl SpooledStream {
    /// Copies an input that can be read only once; `None` for any other input. Returns an
    /// error if it cannot be read or copied, or the run is interrupted.
    pub fn of_input(input: &Input, stop: &Cancellation) -> Result<Option<SpooledStream>, Error> {
        let stream = match input {
            Input::Stdin => LogFile::stdin(),
            Input::Path(path) if FolderSource::is_stream(path)? => LogFile::special(path.clone()),
            _ => return Ok(None),
        };
        let failed =
            |reason: String| Error::Failed(format!("{}: cannot be copied to read it twice: {reason}", stream.name()));
        let mut bytes = stream.open(&mut FileOpener::default(), stop).map_err(|error| failed(error.to_string()))?;
        let file = spooled(&mut bytes, stop).map_err(|problem| failed(problem.to_string()))?;
        if stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        Ok(Some(SpooledStream { path: stream.path, file: Arc::new(file) }))
    }

    /// Opens the copy as a source of one log file, which has the name of the stream.
    pub(super) fn source(&self) -> Box<dyn LogSource> {
        let file = LogFile { path: self.path.clone(), copy: Some(Arc::clone(&self.file)), ..LogFile::stdin() };
        Box::new(StreamSource::copied(file))
    }
}
