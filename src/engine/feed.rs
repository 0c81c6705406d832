//! Packs the files of all sources into batches, in their order.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Batch, BatchItem, OutputBlock, ReportItem};
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
    if LogFile::file(old.clone()).is_named_as_log() || inputs.iter().any(is_input) {
        let text = "is a log, which the result would take the place of; choose another file";
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
        const MOST: u64 = 128;
        let (files, bytes) = (self.files.load(Relaxed), self.bytes.load(Relaxed));
        match files {
            0 => 1,
            _ => (TEXT * files / bytes.max(1)).clamp(1, MOST) as usize,
        }
    }
}

/// Packs items into batches, and sends them to the workers and their channels to the
/// writer.
pub(super) struct InputFeed {
    batches: Sender<Batch>,
    order: Sender<Receiver<OutputBlock>>,
    blocks_ahead: usize,
    stop: Cancellation,
    pace: Arc<BatchSizer>,
    pieces: Vec<BatchItem>,
    /// Number of items in the next batch.
    enough: usize,
    /// Number of batches sent.
    sent: u64,
    /// The files that the outputs will replace, which must not be read.
    old: Vec<PathBuf>,
}

impl InputFeed {
    pub(super) fn new(
        batches: Sender<Batch>,
        order: Sender<Receiver<OutputBlock>>,
        blocks_ahead: usize,
        old: Vec<PathBuf>,
        stop: Cancellation,
    ) -> InputFeed {
        InputFeed {
            batches,
            order,
            blocks_ahead,
            stop,
            pace: Arc::default(),
            pieces: Vec::new(),
            enough: 1,
            sent: 0,
            old,
        }
    }

    pub(super) fn pace(&self) -> Arc<BatchSizer> {
        Arc::clone(&self.pace)
    }

    /// Feeds the items of all sources, one source after another.
    pub(super) fn run(mut self, sources: Vec<Box<dyn LogSource>>, report: &Report) -> Result<Coverage, Error> {
        let mut coverage = Coverage::default();
        for source in sources {
            coverage.add(&source.run(report, &mut |item| self.receive(item))?);
        }
        let _ = self.flush();
        Ok(coverage)
    }

    /// Takes an item of a source. Breaks if the run has been stopped.
    fn receive(&mut self, item: SourceItem) -> ControlFlow<()> {
        match item {
            SourceItem::File(file) if self.is_old(&file) => self.receive(SourceItem::ignored(IgnoredReason::Result)),
            SourceItem::File(file) => self.push(BatchItem::Read(file)),
            SourceItem::Issue(issue) => self.push(BatchItem::Say(ReportItem::Skip(issue))),
            SourceItem::Note(text) => self.push(BatchItem::Say(ReportItem::Note(text))),
            SourceItem::Count(coverage) => self.push(BatchItem::Count(coverage)),
            SourceItem::Idle if self.stop.is_set() => ControlFlow::Break(()),
            SourceItem::Idle => self.flush(),
        }
    }

    /// Whether an output will replace a file, which is then not read.
    fn is_old(&self, file: &LogFile) -> bool {
        let Some(path) = file.local_path() else { return false };
        // Resolve only the few files with the same name.
        let mut old = self.old.iter().filter(|old| old.file_name() == path.file_name());
        old.any(|old| path.canonicalize().is_ok_and(|path| path == *old))
    }

    /// Adds an item. Breaks if the run has been stopped.
    fn push(&mut self, piece: BatchItem) -> ControlFlow<()> {
        if self.stop.is_set() {
            return ControlFlow::Break(());
        }
        self.pieces.push(piece);
        if self.pieces.len() >= self.enough { self.flush() } else { ControlFlow::Continue(()) }
    }

    /// Sends the items collected so far.
    fn flush(&mut self) -> ControlFlow<()> {
        if self.pieces.is_empty() {
            return ControlFlow::Continue(());
        }
        let (blocks, receiver) = bounded(self.blocks_ahead);
        self.sent += 1;
        self.enough = self.pace.batch();
        let pieces = std::mem::replace(&mut self.pieces, Vec::with_capacity(self.enough));
        let batch = Batch { number: self.sent, pieces, blocks };
        let is_wanted = self.order.send(receiver).is_ok() && self.batches.send(batch).is_ok();
        if is_wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
