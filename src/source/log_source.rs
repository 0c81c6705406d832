//! What an input that yields log files does, and how an input is opened.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::LogFile;
use super::event_history::EventHistorySource;
use super::folder::FolderSource;
use super::key_list::KeyListSource;
use super::overlap::InputOverlaps;
use super::s3::bucket_source::BucketSource;
use super::s3::offline::OfflineMirror;
use super::spec::Input;
use super::stream::StreamSource;
use super::walk::WalkEntry;
use crate::error::cancel::Cancellation;
use crate::error::{Error, IgnoredReason, Issue};
use crate::report::{Coverage, Report};
use crate::syntax::window::Window;

/// An open input that yields log files.
pub trait LogSource: Send {
    /// Passes items to `each` in order, up to the last one or until `each` breaks.
    /// Returns the counts that no item contains.
    ///
    /// A source that waits passes [`SourceItem::Idle`] several times a second, so that `each`
    /// can break.
    ///
    /// Returns an error if it ends the run.
    fn run(
        self: Box<Self>,
        report: &Report,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<Coverage, Error>;
}

/// One item that a source yields.
#[derive(Debug)]
pub enum SourceItem {
    /// A file to read.
    File(LogFile),
    /// A file, or a part of the source, that cannot be read.
    Issue(Issue),
    /// A message for the user.
    Note(String),
    /// A message for a user who wants details.
    Detail(String),
    /// A file that is not read, by its name.
    LeftOut(LeftOutFile),
    /// Counts to add.
    Count(Box<Coverage>),
    /// The next item is not ready, so earlier items must not be held back.
    Idle,
}

/// A file that is not read, though it was named.
#[derive(Debug)]
pub struct LeftOutFile {
    /// Its name.
    pub name: String,
    /// Why it is not read; `None` if it was delivered before the window.
    pub reason: Option<IgnoredReason>,
}

impl LeftOutFile {
    /// The reason in words.
    pub fn text(&self) -> &'static str {
        self.reason.map_or("delivered before the window", IgnoredReason::name)
    }

    /// What is counted.
    pub fn coverage(&self) -> Coverage {
        match self.reason {
            None => Coverage { unopened: 1, ..Coverage::default() },
            Some(reason) => Coverage { ignored: [(reason, 1)].into(), ..Coverage::default() },
        }
    }
}

impl SourceItem {
    /// Converts an entry of a walk; `file` converts a path.
    pub fn from_walk(entry: WalkEntry, file: impl FnOnce(PathBuf) -> LogFile) -> SourceItem {
        match entry {
            WalkEntry::File(path) => SourceItem::File(file(path)),
            WalkEntry::TooOld => SourceItem::too_old(),
            WalkEntry::LeftOut => SourceItem::Count(Box::new(Coverage { folders_left_out: 1, ..Coverage::default() })),
            WalkEntry::Metadata(_) => SourceItem::Count(Box::default()),
            WalkEntry::Unfinished => SourceItem::ignored(IgnoredReason::Unfinished),
            WalkEntry::Special => SourceItem::ignored(IgnoredReason::Special),
            WalkEntry::Issue(issue) => SourceItem::Issue(issue),
            WalkEntry::Loop(text) => SourceItem::Note(text),
        }
    }

    /// Counts a file that was delivered before the window.
    pub fn too_old() -> SourceItem {
        SourceItem::Count(Box::new(Coverage { unopened: 1, ..Coverage::default() }))
    }

    /// Counts a file that is not read.
    pub fn ignored(reason: IgnoredReason) -> SourceItem {
        SourceItem::Count(Box::new(Coverage { ignored: [(reason, 1)].into(), ..Coverage::default() }))
    }
}

/// Opens all inputs. Checks everything that can be checked before output is written. A file of
/// several inputs is read once.
pub fn open(
    inputs: &[Input],
    window: Window,
    report: &Report,
    stop: &Cancellation,
) -> Result<Vec<Box<dyn LogSource>>, Error> {
    let mut overlaps = InputOverlaps::of(inputs, report);
    let mut sources = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        if !overlaps.is_repeated(at) {
            sources.push(open_input(input, overlaps.inside(at), window, report, stop)?);
        }
    }
    Ok(sources)
}

/// Opens an input. Files of the inputs `others`, which are real paths, are not its own.
pub fn open_input(
    input: &Input,
    others: BTreeSet<PathBuf>,
    window: Window,
    report: &Report,
    stop: &Cancellation,
) -> Result<Box<dyn LogSource>, Error> {
    Ok(match input {
        Input::Spooled(stream) => stream.source(),
        Input::Stdin => Box::new(StreamSource::stdin()),
        Input::Path(path) if FolderSource::is_stream(path)? => Box::new(StreamSource::special(path.clone())),
        Input::Path(path) => Box::new(FolderSource::new(path.clone(), others, window)),
        Input::Bucket(input) if input.offline => Box::new(OfflineMirror::open(input, report)?),
        Input::Bucket(input) => Box::new(BucketSource::open(input, None, report, stop)?),
        Input::KeyList(input) => Box::new(KeyListSource::open(input, report, stop)?),
        Input::EventHistory(input) => Box::new(EventHistorySource::open(input, report, stop)?),
    })
}
