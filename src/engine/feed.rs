//! Packs the files of all sources into batches, in their order.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{BatchItem, ReportItem};
use crate::error::cancel::Cancellation;
use crate::error::{Error, IgnoredReason};
use crate::report::{Coverage, Report};
use crate::source::spec::Input;
use crate::source::{LogFile, LogSource, SourceItem};

/// The existing file that the output will replace; `None` if there is none. Fails if it
/// is a log or an input.
pub(super) fn replaced(output: &Path, inputs: &[Input]) -> Result<Option<PathBuf>, Error> {
    if !output.is_file() {
        return Ok(None);
    }
    let Ok(old) = output.canonicalize() else { return Ok(None) };
    let is_old = |path: &Path| path.canonicalize().is_ok_and(|path| path == old);
    let is_input = |input: &Input| matches!(input, Input::Path(path) if is_old(path));
    let is_list = |input: &Input| match input {
        Input::KeyList(keys) => keys.list.path.as_deref().is_some_and(is_old),
        _ => false,
    };
    if LogFile::file(old.clone()).is_named_as_log() || inputs.iter().any(is_input) {
        let text = "is a log that the output would replace; choose another file";
        return Err(Error::Failed(format!("{}: {text}", output.display())));
    }
    if inputs.iter().any(is_list) {
        let text = "is the list of --keys-from, which the output would replace; choose another file";
        return Err(Error::Failed(format!("{}: {text}", output.display())));
    }
    Ok(Some(old))
}

/// Tracks the average size of files, as the workers see it, so that a batch is neither
/// a single tiny file nor half of all work.
#[derive(Debug, Default)]
pub(super) struct BatchSizer {
    files: AtomicU64,
    bytes: AtomicU64,
}

impl BatchSizer {
    /// Adds a number of files and their bytes of text.
    pub(super) fn note(&self, files: u64, bytes: u64) {
        self.files.fetch_add(files, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// Number of files for a batch of good size.
    fn batch(&self) -> usize {
        const TEXT: u64 = 4 << 20;
        /// Each batch wakes several threads, so large inputs use larger batches. The limit keeps
        /// the last batches short, so that no thread is without work for long.
        const MAX_FILES: [u64; 2] = [128, 512];
        const MANY: u64 = 16;
        let (files, bytes) = (self.files.load(Relaxed), self.bytes.load(Relaxed));
        let most = (files / MANY).clamp(MAX_FILES[0], MAX_FILES[1]);
        match files {
            0 => 1,
            _ => (TEXT * files / bytes.max(1)).clamp(1, most) as usize,
        }
    }
}

/// Packs items into batches.
pub(super) struct InputFeed {
    stop: Cancellation,
    sizer: Arc<BatchSizer>,
    /// The files that the outputs will replace, which must not be read.
    old: Vec<PathBuf>,
}

/// A feed that runs.
struct BatchFeed<'a> {
    feed: InputFeed,
    /// Hands a numbered batch to the workers. Returns false if the run no longer needs it.
    dispatch: &'a mut dyn FnMut(u64, Vec<BatchItem>) -> bool,
    items: Vec<BatchItem>,
    /// Number of items in the next batch.
    enough: usize,
    /// Number of batches sent.
    sent: u64,
}

impl InputFeed {
    pub(super) fn new(old: Vec<PathBuf>, stop: Cancellation) -> InputFeed {
        InputFeed { stop, sizer: Arc::default(), old }
    }

    /// Tracks the size of files.
    pub(super) fn sizer(&self) -> Arc<BatchSizer> {
        Arc::clone(&self.sizer)
    }

    /// Feeds the items of all sources, one source after another, to `dispatch`.
    pub(super) fn run(
        self,
        sources: Vec<Box<dyn LogSource>>,
        report: &Report,
        mut dispatch: impl FnMut(u64, Vec<BatchItem>) -> bool,
    ) -> Result<Coverage, Error> {
        let mut feed = BatchFeed { feed: self, dispatch: &mut dispatch, items: Vec::new(), enough: 1, sent: 0 };
        let mut coverage = Coverage::default();
        for source in sources {
            coverage.add(&source.run(report, &mut |item| feed.receive(item))?);
        }
        let _ = feed.flush();
        Ok(coverage)
    }
}

impl BatchFeed<'_> {
    /// Takes an item of a source. Breaks if the run has been stopped.
    fn receive(&mut self, item: SourceItem) -> ControlFlow<()> {
        match item {
            SourceItem::File(file) if self.is_old(&file) => self.receive(SourceItem::ignored(IgnoredReason::Result)),
            SourceItem::File(file) => self.push(BatchItem::Read(file)),
            SourceItem::Issue(issue) => self.push(BatchItem::Report(ReportItem::Issue(issue))),
            SourceItem::Note(text) => self.push(BatchItem::Report(ReportItem::Note(text))),
            SourceItem::Detail(text) => self.push(BatchItem::Report(ReportItem::Detail(1, text))),
            SourceItem::LeftOut(file) => self.push(BatchItem::LeftOut(file)),
            SourceItem::Count(coverage) => self.push(BatchItem::Count(coverage)),
            SourceItem::Idle if self.feed.stop.is_stopped() => ControlFlow::Break(()),
            SourceItem::Idle => self.flush(),
        }
    }

    /// Whether an output will replace a file, which is then not read.
    fn is_old(&self, file: &LogFile) -> bool {
        let Some(path) = file.local_path() else { return false };
        // Resolve only the few files with the same name.
        let mut old = self.feed.old.iter().filter(|old| old.file_name() == path.file_name());
        old.any(|old| path.canonicalize().is_ok_and(|path| path == *old))
    }

    /// Adds an item. Breaks if the run has been stopped.
    fn push(&mut self, item: BatchItem) -> ControlFlow<()> {
        if self.feed.stop.is_stopped() {
            return ControlFlow::Break(());
        }
        self.items.push(item);
        if self.items.len() >= self.enough { self.flush() } else { ControlFlow::Continue(()) }
    }

    /// Sends the items collected so far.
    fn flush(&mut self) -> ControlFlow<()> {
        if self.items.is_empty() {
            return ControlFlow::Continue(());
        }
        self.sent += 1;
        self.enough = self.feed.sizer.batch();
        let items = std::mem::replace(&mut self.items, Vec::with_capacity(self.enough));
        if (self.dispatch)(self.sent, items) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
