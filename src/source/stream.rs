//! Reads standard input, a pipe or a device as a single log file.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::{LogFile, LogSource, SourceItem};
use crate::error::Error;
use crate::report::{Coverage, Report};

/// A single file on which a read can block.
#[derive(Debug)]
pub(super) struct StreamSource {
    file: LogFile,
}

impl StreamSource {
    pub(super) fn stdin() -> StreamSource {
        StreamSource { file: LogFile::stdin() }
    }

    /// Creates a source for the copy of a stream.
    pub(super) fn copied(file: LogFile) -> StreamSource {
        StreamSource { file }
    }

    /// Creates a source for a local pipe or device.
    pub(super) fn special(path: PathBuf) -> StreamSource {
        StreamSource { file: LogFile::special(path) }
    }
}

impl LogSource for StreamSource {
    fn run(
        self: Box<Self>,
        _: &Report,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<Coverage, Error> {
        let _ = each(SourceItem::File(self.file));
        Ok(Coverage::default())
    }
}
