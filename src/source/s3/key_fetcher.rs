//! Downloads objects whose keys are known, without a listing.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::client::S3Client;
use super::download_threads::{DownloadStarter, DownloadThreads, StartedDownload};
use super::fetch::UNKNOWN_SIZE;
use super::mirror::Mirror;
use super::mirror_root::{MirrorEntry, is_link};
use super::object_filter::{BEHIND_A_LINK, IN_THE_WAY};
use super::{DownloadCounts, MirrorItem, MirrorTasks, Refetch, no_threads, scope};
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue, Outcome, Problem};
use crate::report::{DownloadTotals, Report};
use crate::source::LogFile;
use crate::source::aws::{self, unless_stopped};
use crate::source::s3::limiter::ConcurrencyLimiter;
use crate::source::s3::object_batch::{Object, ObjectAccess};
use crate::source::spec::BucketInput;

/// An object to read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WantedObject {
    /// The key.
    pub key: String,
    /// The size in bytes, if it is known. A file of this size in the mirror is not downloaded
    /// again. A file of any size is enough if the fetcher [keeps what is
    /// present](KeyFetcher::keeping_present) and the size is unknown.
    pub size: Option<u64>,
}

/// An object that is in the mirror now, or why it is not.
#[derive(Debug)]
pub enum FetchedObject {
    /// The file to read, which was downloaded now or was in the mirror before.
    File {
        /// The file.
        file: Box<LogFile>,
        /// Whether the mirror had it.
        was_present: bool,
    },
    /// The object could not be fetched.
    Missing(Issue),
}

/// Downloads objects of one bucket into its mirror.
#[derive(Debug)]
pub struct KeyFetcher {
    shared: Arc<MirrorTasks>,
    downloads: DownloadStarter,
    /// Threads that run the downloads. Dropping them cancels the downloads.
    _threads: DownloadThreads,
    runtime: Arc<Runtime>,
    /// Whether a file of the mirror is not downloaded again if its size is not known.
    keeps_present: bool,
}

impl KeyFetcher {
    /// Connects to the bucket and opens its mirror.
    pub fn open(input: &BucketInput, report: &Report, stop: &Cancellation) -> Result<KeyFetcher, Error> {
        let runtime = aws::runtime()?;
        let limiter = Arc::new(ConcurrencyLimiter::new(input.downloads));
        let address = input.location.bucket_address().to_string();
        let located = aws::first_answer(&address, report, stop, S3Client::locate(input, &limiter));
        let client = runtime.block_on(located)?;
        // The folder is marked for the bucket, so the bucket must exist.
        let mirror = Mirror::open(&input.mirror, &input.location.bucket)?;
        report.detail(1, || format!("{address}: region {}", client.region()));
        let (scope, counts) = (scope(input)?, DownloadCounts::default());
        let shared = Arc::new(MirrorTasks { client, mirror, scope, limiter, verifier: None, counts });
        let threads = DownloadThreads::open(&shared, aws::THREADS).map_err(no_threads)?;
        let (runtime, downloads) = (Arc::new(runtime), threads.starter());
        Ok(KeyFetcher { shared, downloads, _threads: threads, runtime, keeps_present: false })
    }

    /// Also uses files of the mirror whose size is not known: an object has its name there only
    /// when it is complete.
    pub fn keeping_present(self) -> KeyFetcher {
        KeyFetcher { keeps_present: true, ..self }
    }

    /// Returns whether a key can contain wanted events, by its folder and name.
    pub fn is_wanted(&self, key: &str) -> bool {
        let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.shared.scope.includes_folder(folder) && self.shared.scope.includes_file(key)
    }

    /// Downloads the objects that the mirror lacks, many at once, and returns all in the order
    /// of their keys. Returns an error if no further object can be fetched either.
    pub fn fetch(&mut self, wanted: &[WantedObject], stop: &Cancellation) -> Result<Vec<FetchedObject>, Error> {
        let runtime = Arc::clone(&self.runtime);
        runtime.block_on(unless_stopped(stop, async {
            let begun: Vec<_> = wanted.iter().map(|object| self.begin(object)).collect();
            let mut fetched = Vec::new();
            for download in begun {
                let (item, was_present) = match download {
                    Ok(mut download) => (download.item().await, false),
                    Err(item) => (item, true),
                };
                fetched.push(self.fetched(item, was_present)?);
            }
            Ok(fetched)
        }))
    }

    /// Starts the download of an object that the mirror lacks. Returns what there is of any other
    /// object.
    pub(super) fn begin(&mut self, wanted: &WantedObject) -> Result<StartedDownload, MirrorItem> {
        let path = self.path(wanted)?;
        // A message can have a wrong size. The answer has the right one.
        let object = Object { key: wanted.key.clone(), size: UNKNOWN_SIZE, access: ObjectAccess::Immediate };
        Ok(self.downloads.start(object, path, self.shared.client.location(&wanted.key)))
    }

    /// Runs a task on a download thread.
    #[cfg(test)]
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.downloads.spawn_task(task);
    }

    /// The runtime on which to wait for downloads.
    pub(super) fn runtime(&self) -> Arc<Runtime> {
        Arc::clone(&self.runtime)
    }

    /// Returns the path for an object that the mirror lacks, or else what to do instead.
    fn path(&self, wanted: &WantedObject) -> Result<PathBuf, MirrorItem> {
        let location = self.shared.client.location(&wanted.key);
        let refuse = |reason| {
            let (name, problem) = (location.to_string(), Problem::Key(reason));
            MirrorItem::Issue(Issue { name, problem, outcome: Outcome::Nothing })
        };
        let mirror = &self.shared.mirror;
        let path = mirror.path(&wanted.key).map_err(refuse)?;
        let there = mirror.root().map(|root| root.find(std::path::Path::new(&wanted.key)));
        match there {
            Some(Ok(Some(MirrorEntry::File(size))))
                if wanted.size.map_or(self.keeps_present, |wanted| wanted == size) =>
            {
                Err(MirrorItem::Object { path, location })
            }
            Some(Ok(Some(MirrorEntry::Folder))) => Err(refuse(IN_THE_WAY)),
            Some(Err(error)) if is_link(&error) => Err(refuse(BEHIND_A_LINK)),
            // Any other obstacle is reported when the object is written.
            _ => Ok(path),
        }
    }

    pub(super) fn fetched(&self, item: MirrorItem, was_present: bool) -> Result<FetchedObject, Error> {
        Ok(match item {
            MirrorItem::Object { path, location } => {
                let refetch = Refetch { shared: Arc::clone(&self.shared), runtime: Arc::clone(&self.runtime) };
                let (refetch, below) = (Some(refetch), self.shared.mirror.root().cloned());
                let file = Box::new(LogFile { refetch, below, ..LogFile::object(path, location) });
                FetchedObject::File { file, was_present }
            }
            MirrorItem::Issue(issue) => FetchedObject::Missing(issue),
            MirrorItem::Fatal(fatal) => return Err(fatal),
            MirrorItem::TooOld | MirrorItem::Note(_) => {
                return Err(Error::Failed("internal error: a download ended without an object".into()));
            }
        })
    }

    /// Returns what was downloaded so far.
    pub fn totals(&self) -> DownloadTotals {
        self.shared.fetched()
    }
}
