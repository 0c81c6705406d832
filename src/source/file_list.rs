//! Yields files that were found before.

use std::ops::ControlFlow;

use super::{LogFile, LogSource, SourceItem};
use crate::error::Error;
use crate::report::{Coverage, Report};

/// A list of files.
#[derive(Debug)]
pub struct FileList(Vec<LogFile>);

impl FileList {
    /// Creates a source that yields these files.
    pub fn new(files: Vec<LogFile>) -> FileList {
        FileList(files)
    }
}

impl LogSource for FileList {
    fn run(
        self: Box<Self>,
        _: &Report,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<Coverage, Error> {
        let _ = self.0.into_iter().try_for_each(|file| each(SourceItem::File(file)));
        Ok(Coverage::default())
    }
}
