//! Finds the files of all inputs in their order and packs them into batches.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::{BatchItem, ReportItem};
use crate::cloudtrail::keys::Scope;
use crate::error::cancel::Cancellation;
use crate::error::{Error, IgnoredReason, Issue, Outcome, Problem, plain};
use crate::report::{Coverage, Report};
use crate::source::LogFile;
use crate::source::s3::offline::OfflineMirror;
use crate::source::s3::{Bucket, MirrorItem, NextItem};
use crate::source::spec::{BucketInput, Input};
use crate::source::walk::{WalkEntry, walk, walk_mirror};
use crate::syntax::suggest::nearest;
use crate::syntax::window::Window;

/// An input that exists.
pub(super) enum OpenedInput {
    Stdin,
    /// A pipe or a device.
    Special(PathBuf),
    Path(PathBuf),
    /// A bucket whose mirror is updated, and the address given for it.
    Bucket(Box<Bucket>, String),
    /// A mirror that is read without network requests.
    Mirror(Box<OfflineMirror>),
}

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

/// Checks everything that can be checked before output is written.
pub(super) fn open(inputs: &[Input], report: &Report, stop: &Cancellation) -> Result<Vec<OpenedInput>, Error> {
    inputs
        .iter()
        .map(|input| match input {
            Input::Stdin => Ok(OpenedInput::Stdin),
            Input::Path(path) => match std::fs::metadata(path) {
                Ok(metadata) if metadata.is_file() || metadata.is_dir() => Ok(OpenedInput::Path(path.clone())),
                Ok(_) => Ok(OpenedInput::Special(path.clone())),
                Err(error) => Err(unreadable(path, &error)),
            },
            Input::Bucket(input) if input.offline => {
                Ok(OpenedInput::Mirror(Box::new(OfflineMirror::open(input, report)?)))
            }
            Input::Bucket(input) => {
                Ok(OpenedInput::Bucket(Box::new(Bucket::open(input, None, report, stop)?), address(input)))
            }
        })
        .collect()
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
    /// Hands a numbered batch to the workers. Returns false if it is no longer wanted.
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

    /// Feeds all inputs, one after another, to `dispatch`.
    pub(super) fn run(
        self,
        inputs: Vec<OpenedInput>,
        window: Window,
        report: &Report,
        mut dispatch: impl FnMut(u64, Vec<BatchItem>) -> bool,
    ) -> Result<Coverage, Error> {
        let feed = BatchFeed { feed: self, dispatch: &mut dispatch, items: Vec::new(), enough: 1, sent: 0 };
        feed.run(inputs, window, report)
    }
}

impl BatchFeed<'_> {
    fn run(mut self, inputs: Vec<OpenedInput>, window: Window, report: &Report) -> Result<Coverage, Error> {
        let mut coverage = Coverage::default();
        for input in inputs {
            match input {
                OpenedInput::Stdin => drop(self.push(BatchItem::Read(LogFile::stdin()))),
                OpenedInput::Special(path) => drop(self.push(BatchItem::Read(LogFile::special(path)))),
                OpenedInput::Path(root) => self.path(root, window),
                OpenedInput::Mirror(offline) => {
                    coverage.add(&offline.coverage);
                    self.mirror(*offline);
                }
                OpenedInput::Bucket(mut bucket, named) => {
                    self.bucket(&mut bucket, &named, report)?;
                    let (fetched, unread) = (Some(bucket.fetched()), bucket.unread().clone());
                    coverage.add(&Coverage { fetched, late: bucket.late(), unread, ..Coverage::default() });
                }
            }
        }
        let _ = self.flush();
        Ok(coverage)
    }

    /// Feeds the files of a folder, or one file. If the path has disappeared since the
    /// start of the run, only this input fails.
    fn path(&mut self, root: PathBuf, window: Window) {
        let source = if root.is_dir() { LogFile::file } else { LogFile::named };
        let walked = walk(&root, &Scope::since(window), |met| match &met {
            WalkEntry::File(path) if self.is_old(path) => self.push(passed_over(IgnoredReason::Result)),
            _ => self.push(piece(met, source)),
        });
        if let Err(error) = walked {
            let name = LogFile::file(root).name().into_owned();
            let skip = Issue { name, problem: Problem::Unreadable(error), outcome: Outcome::Nothing };
            let _ = self.push(BatchItem::Say(ReportItem::Skip(skip)));
        }
    }

    fn is_old(&self, path: &Path) -> bool {
        // Resolve only the few files with the same name.
        let mut old = self.feed.old.iter().filter(|old| old.file_name() == path.file_name());
        old.any(|old| path.canonicalize().is_ok_and(|path| path == *old))
    }

    /// Feeds the files of a mirror under their names in the bucket.
    fn mirror(&mut self, mut offline: OfflineMirror) {
        let skips = std::mem::take(&mut offline.skips).into_iter().map(|skip| BatchItem::Say(ReportItem::Skip(skip)));
        let source = |path: PathBuf| {
            let address = offline.address(&path);
            LogFile { below: Some(Arc::clone(&offline.root)), ..LogFile::object(path, address) }
        };
        let named = |path| BatchItem::Read(LogFile { is_named: true, ..source(path) });
        let object = offline.object.clone().map(named);
        for piece in skips.chain(object) {
            if self.push(piece).is_break() {
                return;
            }
        }
        for folder in &offline.folders {
            let flow = match offline.refusal(folder) {
                Some(skip) => self.push(BatchItem::Say(ReportItem::Skip(skip))),
                None => walk_mirror(folder, &offline.scope, |met| self.push(piece(met, source))),
            };
            if flow.is_break() {
                return;
            }
        }
    }

    /// Feeds the objects of a bucket as they arrive.
    fn bucket(&mut self, bucket: &mut Bucket, named: &str, report: &Report) -> Result<(), Error> {
        const PATIENCE: Duration = Duration::from_millis(50);
        let mut shown = Instant::now();
        let again = bucket.again();
        loop {
            let flow = match bucket.next(PATIENCE) {
                NextItem::Arrived(MirrorItem::Object { path, address }) => {
                    let (again, below, is_named) = (Some(again.clone()), bucket.mirror().cloned(), address == named);
                    let source = LogFile { again, below, is_named, ..LogFile::object(path, address) };
                    self.push(BatchItem::Read(source))
                }
                NextItem::Arrived(MirrorItem::TooOld) => self.push(piece(WalkEntry::TooOld, LogFile::file)),
                NextItem::Arrived(MirrorItem::Skip(skip)) => self.push(BatchItem::Say(ReportItem::Skip(skip))),
                NextItem::Arrived(MirrorItem::Note(text)) => self.push(BatchItem::Say(ReportItem::Note(text))),
                NextItem::Arrived(MirrorItem::Fatal(fatal)) => return Err(fatal),
                // Do not hold back finished downloads while waiting for the next.
                NextItem::Wait => self.flush(),
                NextItem::End => {
                    report.detail(1, || bucket.account());
                    return Ok(());
                }
            };
            if shown.elapsed() > PATIENCE {
                report.fetching(&bucket.fetched());
                shown = Instant::now();
            }
            if flow.is_break() || self.feed.stop.is_set() {
                return Ok(());
            }
        }
    }

    /// Adds an item. Breaks if the run has been stopped.
    fn push(&mut self, piece: BatchItem) -> ControlFlow<()> {
        if self.feed.stop.is_set() {
            return ControlFlow::Break(());
        }
        self.items.push(piece);
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

/// The address given for a bucket, which may be that of a single object.
fn address(input: &BucketInput) -> String {
    format!("s3://{}/{}", input.bucket, input.prefix.trim_end_matches('/'))
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    const COMMANDS: [&str; 5] = ["sync", "summary", "completions", "man", "--help"];
    let text = format!("{}: cannot be read: {}", path.display(), plain(error));
    let meant = path.to_str().filter(|_| error.kind() == io::ErrorKind::NotFound);
    let command = meant.and_then(|name| if name == "help" { Some("--help") } else { nearest(name, &COMMANDS) });
    Error::Failed(match command {
        Some(command) => format!("{text}; is it `trail2tsv {command}`?"),
        None => text,
    })
}

fn passed_over(reason: IgnoredReason) -> BatchItem {
    let mut coverage = Coverage::default();
    coverage.passed_over.insert(reason, 1);
    BatchItem::Count(coverage)
}

/// Converts an entry of a walk; `source` converts a path.
fn piece(met: WalkEntry, source: impl FnOnce(PathBuf) -> LogFile) -> BatchItem {
    match met {
        WalkEntry::File(path) => BatchItem::Read(source(path)),
        WalkEntry::TooOld => BatchItem::Count(Coverage { unopened: 1, ..Coverage::default() }),
        WalkEntry::LeftOut => BatchItem::Count(Coverage { folders_left_out: 1, ..Coverage::default() }),
        WalkEntry::Unfinished => passed_over(IgnoredReason::Unfinished),
        WalkEntry::Special => passed_over(IgnoredReason::Special),
        WalkEntry::Skip(skip) => BatchItem::Say(ReportItem::Skip(skip)),
        WalkEntry::Loop(text) => BatchItem::Say(ReportItem::Note(text)),
    }
}
