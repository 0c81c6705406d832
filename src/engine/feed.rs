//! Finds the files of all inputs in their order and packs them into batches.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Batch, Block, Piece, Said};
use crate::cloudtrail::keys::Scope;
use crate::error::cancel::Stop;
use crate::error::{Fatal, Outcome, PassedOver, Problem, Skip, plain};
use crate::report::{Coverage, Report};
use crate::source::Source;
use crate::source::s3::offline::OfflineMirror;
use crate::source::s3::{Arrived, Bucket, Next};
use crate::source::spec::{BucketInput, Input};
use crate::source::walk::{Met, walk, walk_mirror};
use crate::syntax::suggest::nearest;
use crate::syntax::window::Window;

/// An input that is known to be there.
pub(super) enum Opened {
    Stdin,
    /// A pipe or a device.
    Special(PathBuf),
    Path(PathBuf),
    /// A bucket whose mirror is brought up to date, and what was named of it.
    Bucket(Box<Bucket>, String),
    /// A mirror that is read as it is.
    Mirror(Box<OfflineMirror>),
}

/// The file that the result takes the place of, if there is one. A log is none.
pub(super) fn replaced(output: Option<&Path>, inputs: &[Input]) -> Result<Option<PathBuf>, Fatal> {
    let Some(output) = output.filter(|path| path.is_file()) else { return Ok(None) };
    let Ok(old) = output.canonicalize() else { return Ok(None) };
    let is_old = |path: &Path| path.canonicalize().is_ok_and(|path| path == old);
    let is_input = |input: &Input| matches!(input, Input::Path(path) if is_old(path));
    if Source::file(old.clone()).is_named_as_log() || inputs.iter().any(is_input) {
        let text = "is a log, which the result would take the place of; choose another file";
        return Err(Fatal::Failed(format!("{}: {text}", output.display())));
    }
    Ok(Some(old))
}

/// Checks what can be checked before anything is written.
pub(super) fn open(inputs: &[Input], report: &Report, stop: &Stop) -> Result<Vec<Opened>, Fatal> {
    inputs
        .iter()
        .map(|input| match input {
            Input::Stdin => Ok(Opened::Stdin),
            Input::Path(path) => match std::fs::metadata(path) {
                Ok(metadata) if metadata.is_file() || metadata.is_dir() => Ok(Opened::Path(path.clone())),
                Ok(_) => Ok(Opened::Special(path.clone())),
                Err(error) => Err(unreadable(path, &error)),
            },
            Input::Bucket(input) if input.offline => Ok(Opened::Mirror(Box::new(OfflineMirror::open(input, report)?))),
            Input::Bucket(input) => {
                Ok(Opened::Bucket(Box::new(Bucket::open(input, None, report, stop)?), address(input)))
            }
        })
        .collect()
}

/// How large files are, as the workers see it, so that a batch is neither a
/// single tiny file nor half of all work.
#[derive(Debug, Default)]
pub(super) struct Pace {
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Pace {
    /// Notes so many files with so many bytes of text.
    pub(super) fn note(&self, files: u64, bytes: u64) {
        self.files.fetch_add(files, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// How many files make a good batch.
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

/// Packs pieces into batches and sends them to the workers, and the batches'
/// channels to the writer.
pub(super) struct Feed {
    batches: Sender<Batch>,
    order: Sender<Receiver<Block>>,
    blocks_ahead: usize,
    stop: Stop,
    pace: Arc<Pace>,
    pieces: Vec<Piece>,
    /// How many pieces make the next batch.
    enough: usize,
    /// How many batches were sent.
    sent: u64,
    /// The file that the result takes the place of, which is no input.
    old: Option<PathBuf>,
}

impl Feed {
    pub(super) fn new(
        batches: Sender<Batch>,
        order: Sender<Receiver<Block>>,
        blocks_ahead: usize,
        old: Option<PathBuf>,
        stop: Stop,
    ) -> Feed {
        Feed { batches, order, blocks_ahead, stop, pace: Arc::default(), pieces: Vec::new(), enough: 1, sent: 0, old }
    }

    pub(super) fn pace(&self) -> Arc<Pace> {
        Arc::clone(&self.pace)
    }

    /// Feeds all inputs, one after the other.
    pub(super) fn run(mut self, inputs: Vec<Opened>, window: Window, report: &Report) -> Result<Coverage, Fatal> {
        let mut coverage = Coverage::default();
        for input in inputs {
            match input {
                Opened::Stdin => drop(self.push(Piece::Read(Source::stdin()))),
                Opened::Special(path) => drop(self.push(Piece::Read(Source::special(path)))),
                Opened::Path(root) => self.path(root, window),
                Opened::Mirror(offline) => {
                    coverage.add(&offline.coverage);
                    self.mirror(*offline);
                }
                Opened::Bucket(mut bucket, named) => {
                    self.bucket(&mut bucket, &named, report)?;
                    let (fetched, unread) = (Some(bucket.fetched()), bucket.unread().clone());
                    coverage.add(&Coverage { fetched, late: bucket.late(), unread, ..Coverage::default() });
                }
            }
        }
        let _ = self.flush();
        Ok(coverage)
    }

    /// Feeds the files of a folder, or one file. What was there when the run
    /// began and is gone by now costs only itself.
    fn path(&mut self, root: PathBuf, window: Window) {
        let source = if root.is_dir() { Source::file } else { Source::named };
        let walked = walk(&root, &Scope::since(window), |met| match &met {
            Met::File(path) if self.is_old(path) => self.push(passed_over(PassedOver::Result)),
            _ => self.push(piece(met, source)),
        });
        if let Err(error) = walked {
            let name = Source::file(root).name().into_owned();
            let skip = Skip { name, problem: Problem::Unreadable(error), outcome: Outcome::Nothing };
            let _ = self.push(Piece::Say(Said::Skip(skip)));
        }
    }

    fn is_old(&self, path: &Path) -> bool {
        // Few files have its name, and only those are looked up.
        let old = self.old.as_ref().filter(|old| old.file_name() == path.file_name());
        old.is_some_and(|old| path.canonicalize().is_ok_and(|path| path == *old))
    }

    /// Feeds the files of a mirror under the names that they have in the bucket.
    fn mirror(&mut self, mut offline: OfflineMirror) {
        let skips = std::mem::take(&mut offline.skips).into_iter().map(|skip| Piece::Say(Said::Skip(skip)));
        let source = |path: PathBuf| {
            let address = offline.address(&path);
            Source { below: Some(Arc::clone(&offline.root)), ..Source::object(path, address) }
        };
        let named = |path| Piece::Read(Source { is_named: true, ..source(path) });
        let object = offline.object.clone().map(named);
        for piece in skips.chain(object) {
            if self.push(piece).is_break() {
                return;
            }
        }
        for folder in &offline.folders {
            let flow = match offline.refusal(folder) {
                Some(skip) => self.push(Piece::Say(Said::Skip(skip))),
                None => walk_mirror(folder, &offline.scope, |met| self.push(piece(met, source))),
            };
            if flow.is_break() {
                return;
            }
        }
    }

    /// Feeds the objects of a bucket as they arrive.
    fn bucket(&mut self, bucket: &mut Bucket, named: &str, report: &Report) -> Result<(), Fatal> {
        const PATIENCE: Duration = Duration::from_millis(50);
        let mut shown = Instant::now();
        let again = bucket.again();
        loop {
            let flow = match bucket.next(PATIENCE) {
                Next::Arrived(Arrived::Object { path, address }) => {
                    let (again, below, is_named) = (Some(again.clone()), bucket.mirror().cloned(), address == named);
                    let source = Source { again, below, is_named, ..Source::object(path, address) };
                    self.push(Piece::Read(source))
                }
                Next::Arrived(Arrived::TooOld) => self.push(piece(Met::TooOld, Source::file)),
                Next::Arrived(Arrived::Skip(skip)) => self.push(Piece::Say(Said::Skip(skip))),
                Next::Arrived(Arrived::Note(text)) => self.push(Piece::Say(Said::Note(text))),
                Next::Arrived(Arrived::Fatal(fatal)) => return Err(fatal),
                // What has arrived need not wait for what has not.
                Next::Wait => self.flush(),
                Next::End => {
                    report.detail(1, || bucket.account());
                    return Ok(());
                }
            };
            if shown.elapsed() > PATIENCE {
                report.fetching(&bucket.fetched());
                shown = Instant::now();
            }
            if flow.is_break() || self.stop.is_set() {
                return Ok(());
            }
        }
    }

    /// Adds a piece. Breaks where nobody wants more.
    fn push(&mut self, piece: Piece) -> ControlFlow<()> {
        if self.stop.is_set() {
            return ControlFlow::Break(());
        }
        self.pieces.push(piece);
        if self.pieces.len() >= self.enough { self.flush() } else { ControlFlow::Continue(()) }
    }

    /// Sends what there is.
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

/// The address of what was named of a bucket, which may be a single object.
fn address(input: &BucketInput) -> String {
    format!("s3://{}/{}", input.bucket, input.prefix.trim_end_matches('/'))
}

fn unreadable(path: &Path, error: &io::Error) -> Fatal {
    const COMMANDS: [&str; 5] = ["sync", "summary", "completions", "man", "--help"];
    let text = format!("{}: cannot be read: {}", path.display(), plain(error));
    let meant = path.to_str().filter(|_| error.kind() == io::ErrorKind::NotFound);
    let command = meant.and_then(|name| if name == "help" { Some("--help") } else { nearest(name, &COMMANDS) });
    Fatal::Failed(match command {
        Some(command) => format!("{text}; is it `trail2tsv {command}`?"),
        None => text,
    })
}

fn passed_over(reason: PassedOver) -> Piece {
    let mut coverage = Coverage::default();
    coverage.passed_over.insert(reason, 1);
    Piece::Count(coverage)
}

/// `source` makes a source of a path.
fn piece(met: Met, source: impl FnOnce(PathBuf) -> Source) -> Piece {
    match met {
        Met::File(path) => Piece::Read(source(path)),
        Met::TooOld => Piece::Count(Coverage { unopened: 1, ..Coverage::default() }),
        Met::LeftOut => Piece::Count(Coverage { folders_left_out: 1, ..Coverage::default() }),
        Met::Unfinished => passed_over(PassedOver::Unfinished),
        Met::Special => passed_over(PassedOver::Special),
        Met::Skip(skip) => Piece::Say(Said::Skip(skip)),
        Met::Loop(text) => Piece::Say(Said::Note(text)),
    }
}
