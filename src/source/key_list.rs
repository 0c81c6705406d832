//! Lists of keys: objects and files to read, in the order of the list. Nothing is listed in
//! any bucket or folder.

pub mod line;
mod reader;

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::line::{ListedName, ListedObject};
use self::reader::{KeyListReader, ListEntry};
use super::file::archive::spool::spooled;
use super::file::opener::FileOpener;
use super::s3::download_queue::DownloadQueue;
use super::s3::mirror_root::SPECIAL;
use super::s3::offline_objects::OfflineObjects;
use super::spec::BucketInput;
use super::{LeftOutFile, LogFile, LogSource, SourceItem};
use crate::cloudtrail::keys::Scope;
use crate::error::cancel::Cancellation;
use crate::error::{Error, IgnoredReason, Issue, Outcome, Problem, io_message};
use crate::report::{Coverage, Report};
use crate::sink::partial_file::ENDING;
use crate::spill::dedupe::{IdHash, SeenIds};
use crate::syntax::window::Window;

/// A list of keys, and how its objects are reached.
#[derive(Clone, Debug)]
pub struct KeyListInput {
    /// The file, pipe or copy that the list is read from.
    pub list: LogFile,
    /// How buckets are reached. The location and the mirror have no effect.
    pub bucket: BucketInput,
    /// The mirror that keeps objects; `None` deletes them after they were read.
    pub mirror: Option<PathBuf>,
    /// Time range of the wanted events. Objects that were delivered before it are not read.
    pub window: Window,
}

impl KeyListInput {
    /// Copies a list that can be read only once, so that it can be read again.
    pub fn spool(&mut self, stop: &Cancellation) -> Result<(), Error> {
        if self.list.is_special && self.list.copy.is_none() {
            let failed = |reason: String| unreadable(&self.list, &reason);
            let mut bytes =
                self.list.open(&mut FileOpener::default(), stop).map_err(|error| failed(io_message(&error)))?;
            let copy = spooled(&mut bytes, stop).map_err(|problem| failed(problem.to_string()))?;
            if stop.is_interrupted() {
                return Err(Error::Interrupted);
            }
            self.list.copy = Some(Arc::new(copy));
        }
        Ok(())
    }
}

impl KeyListInput {
    /// The files of the list that need no download, if the list can be read again.
    pub(super) fn local_files(&self) -> impl Iterator<Item = LogFile> {
        let is_present = !self.list.is_special || self.list.copy.is_some();
        let list =
            is_present.then(|| self.list.open(&mut FileOpener::default(), &Cancellation::default()).ok()).flatten();
        let mut reader = list.and_then(|list| KeyListReader::new(Box::new(list)).ok());
        let mut mirror = self.mirror.clone().map(OfflineObjects::new);
        let entries = std::iter::from_fn(move || reader.as_mut()?.next().ok().flatten());
        entries.filter_map(move |entry| {
            let item = match entry.content.ok()?.name {
                ListedName::File(path) => local(path),
                ListedName::Object(location) => mirror.as_mut()?.find(location).ok()?,
            };
            if let SourceItem::File(file) = item { Some(file) } else { None }
        })
    }
}

/// Calls `each` with the number of the line and the name of every object and file of the list of
/// an option. Returns an error if the list cannot be read or a line makes no sense.
pub fn each_name(
    option: &str,
    list: &Path,
    each: &mut dyn FnMut(u64, ListedName) -> Result<(), Error>,
) -> Result<(), Error> {
    let failed = |reason: String| Error::Failed(format!("{option} {}: {reason}", list.display()));
    let fail = |error: io::Error| failed(format!("cannot be read: {}", io_message(&error)));
    let file = std::fs::File::open(list).map_err(fail)?;
    if !file.metadata().map_err(fail)?.is_file() {
        return Err(failed("must be a file; it is read more than once".into()));
    }
    let mut reader = KeyListReader::new(Box::new(file)).map_err(fail)?;
    while let Some(entry) = reader.next().map_err(fail)? {
        let object =
            entry.content.map_err(|(text, reason)| failed(format!("line {}: {text:?}: {reason}", entry.number)))?;
        each(entry.number, object.name)?;
    }
    Ok(())
}

fn unreadable(list: &LogFile, reason: &str) -> Error {
    Error::Failed(format!("--keys-from {}: cannot be read: {reason}", list.name()))
}

/// An open list.
pub(super) struct KeyListSource {
    list: LogFile,
    reader: KeyListReader,
    /// The next entry, read ahead.
    next: Option<ListEntry>,
    objects: ObjectSource,
    scope: Scope,
    seen: SeenNames,
    stop: Cancellation,
}

/// Where objects come from.
enum ObjectSource {
    Bucket(Box<DownloadQueue>),
    Mirror(OfflineObjects),
}

/// An item of the list, in its order.
enum QueuedItem {
    Ready(Box<SourceItem>),
    /// The next object of the download queue.
    Download,
}

impl KeyListSource {
    /// Opens a list, and connects to the bucket of its first object.
    pub(super) fn open(input: &KeyListInput, report: &Report, stop: &Cancellation) -> Result<KeyListSource, Error> {
        let KeyListInput { list, bucket, mirror, window } = input;
        let fail = |error: io::Error| match stop.is_interrupted() {
            true => Error::Interrupted,
            false => unreadable(list, &io_message(&error)),
        };
        let bytes = list.open(&mut FileOpener::default(), stop).map_err(fail)?;
        let mut reader = KeyListReader::new(Box::new(bytes)).map_err(fail)?;
        let next = reader.next().map_err(fail)?;
        let mut objects = match mirror {
            Some(mirror) if bucket.offline => ObjectSource::Mirror(OfflineObjects::new(mirror.clone())),
            _ => ObjectSource::Bucket(Box::new(DownloadQueue::new(bucket.clone(), mirror.clone()))),
        };
        if let (ObjectSource::Bucket(queue), Some(first)) = (&mut objects, &next)
            && let Some(ListedName::Object(location)) = first.content.as_ref().ok().map(|object| &object.name)
        {
            queue.connect(&location.bucket, report, stop)?;
        }
        if stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        let (scope, seen) = (Scope::since(*window), SeenNames::default());
        Ok(KeyListSource { list: list.clone(), reader, next, objects, scope, seen, stop: stop.clone() })
    }

    /// Reads the next entry.
    fn read_next(&mut self) -> Result<Option<ListEntry>, Error> {
        let entry = self.next.take();
        if entry.is_some() {
            self.next = match self.reader.next() {
                Ok(next) => next,
                Err(_) if self.stop.is_interrupted() => return Err(Error::Interrupted),
                Err(error) => return Err(unreadable(&self.list, &io_message(&error))),
            };
        }
        Ok(entry)
    }

    /// Requests an entry. Returns what to do when its turn comes.
    fn request(&mut self, entry: ListEntry, report: &Report) -> Result<QueuedItem, Error> {
        let place = || format!("{}: line {}", self.list.name(), entry.number);
        let ListedObject { name, size } = match entry.content {
            Ok(object) => object,
            Err((text, reason)) => {
                let (name, problem) = (place(), Problem::ListLine { text, reason });
                return Ok(ready(SourceItem::Issue(Issue { name, problem, outcome: Outcome::Nothing })));
            }
        };
        if !self.seen.insert(&name)? {
            let is_first = self.seen.repeated == 0;
            self.seen.repeated += 1;
            let text = format!("{}: {name} was listed before, and is read once", place());
            return Ok(ready(if is_first { SourceItem::Note(text) } else { SourceItem::Detail(text) }));
        }
        if !self.scope.includes_file(&name.to_string()) {
            let file = LeftOutFile { name: name.to_string(), reason: None };
            return Ok(ready(SourceItem::LeftOut(file)));
        }
        match name {
            ListedName::File(path) => Ok(ready(local(path))),
            ListedName::Object(location) => match &mut self.objects {
                ObjectSource::Mirror(objects) => objects.find(location).map(ready),
                ObjectSource::Bucket(queue) => {
                    queue.push(location, size, report, &self.stop)?;
                    Ok(QueuedItem::Download)
                }
            },
        }
    }

    /// Returns the next item in the order of the list, [`SourceItem::Idle`] if it is not ready,
    /// and `None` at the end.
    fn next_item(&mut self, queue: &mut VecDeque<QueuedItem>, report: &Report) -> Result<Option<SourceItem>, Error> {
        const POLL_INTERVAL: Duration = Duration::from_millis(50);
        loop {
            if matches!(queue.front(), Some(QueuedItem::Ready(_))) {
                let Some(QueuedItem::Ready(item)) = queue.pop_front() else { continue };
                return Ok(Some(*item));
            }
            let has_room = match &self.objects {
                ObjectSource::Bucket(downloads) => downloads.has_room(),
                ObjectSource::Mirror(_) => queue.is_empty(),
            };
            if queue.len() < DownloadQueue::AHEAD
                && has_room
                && let Some(entry) = self.read_next()?
            {
                let item = self.request(entry, report)?;
                queue.push_back(item);
                continue;
            }
            if queue.is_empty() {
                return Ok(None);
            }
            let ObjectSource::Bucket(downloads) = &mut self.objects else { return Ok(None) };
            let Some(item) = downloads.next(POLL_INTERVAL, &self.stop)? else { return Ok(Some(SourceItem::Idle)) };
            queue.pop_front();
            return Ok(Some(item));
        }
    }

    fn downloads(&self) -> Option<&DownloadQueue> {
        match &self.objects {
            ObjectSource::Bucket(downloads) => Some(downloads),
            ObjectSource::Mirror(_) => None,
        }
    }
}

impl LogSource for KeyListSource {
    fn run(
        mut self: Box<Self>,
        report: &Report,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<Coverage, Error> {
        const OFTEN: Duration = Duration::from_millis(50);
        if self.next.is_none() {
            let _ = each(SourceItem::Note(format!("{}: the list is empty", self.list.name())));
        }
        let (mut queue, mut shown) = (VecDeque::new(), Instant::now());
        while let Some(item) = self.next_item(&mut queue, report)? {
            let flow = each(item);
            if shown.elapsed() > OFTEN {
                if let Some(totals) = self.downloads().and_then(DownloadQueue::totals) {
                    report.fetching(&totals);
                }
                shown = Instant::now();
            }
            if flow.is_break() {
                break;
            }
        }
        let fetched = self.downloads().and_then(DownloadQueue::totals);
        if let Some(fetched) = &fetched {
            report.detail(1, || format!("{}: {}", self.list.name(), fetched.requests()));
        }
        Ok(Coverage { fetched, repeated: self.seen.repeated, ..Coverage::default() })
    }
}

fn ready(item: SourceItem) -> QueuedItem {
    QueuedItem::Ready(Box::new(item))
}

/// A local file, read like one that was found in a folder.
fn local(path: PathBuf) -> SourceItem {
    let refuse = |problem| {
        let name = path.to_string_lossy().into_owned();
        SourceItem::Issue(Issue { name, problem, outcome: Outcome::Nothing })
    };
    match std::fs::metadata(&path) {
        Err(error) => refuse(Problem::Unreadable(error)),
        Ok(metadata) if metadata.is_dir() => {
            refuse(Problem::Walk("is a folder; list the files in it, as trail2tsv keys does".into()))
        }
        Ok(metadata) if !metadata.is_file() => refuse(Problem::Walk(format!("cannot be read: {SPECIAL}"))),
        Ok(_) if path.as_os_str().as_encoded_bytes().ends_with(ENDING.as_bytes()) => {
            let name = path.to_string_lossy().into_owned();
            SourceItem::LeftOut(LeftOutFile { name, reason: Some(IgnoredReason::Unfinished) })
        }
        Ok(_) => SourceItem::File(LogFile::file(path)),
    }
}

/// The names in the list so far, as hashes.
#[derive(Default)]
struct SeenNames {
    hashes: Option<SeenIds>,
    key: RandomState,
    /// Number of names that came again.
    repeated: u64,
}

impl SeenNames {
    /// Adds a name. Returns true if it is new.
    fn insert(&mut self, name: &ListedName) -> Result<bool, Error> {
        let hash = match name {
            ListedName::Object(location) => self.hash(location),
            // `a` and `./a` are the same file.
            ListedName::File(path) => self.hash(&std::path::absolute(path).unwrap_or_else(|_| Path::new(path).into())),
        };
        self.hashes.get_or_insert_default().insert(hash)
    }

    /// 96 bits, as for ids of events.
    fn hash(&self, name: &impl std::hash::Hash) -> IdHash {
        let mut hash = IdHash::default();
        hash[..8].copy_from_slice(&self.key.hash_one((0_u8, name)).to_be_bytes());
        hash[8..].copy_from_slice(&self.key.hash_one((1_u8, name)).to_be_bytes()[..4]);
        hash
    }
}
