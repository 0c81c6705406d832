//! Downloads objects of any buckets concurrently, and returns them in the order in which they
//! were requested. A bucket is connected to when its first object is requested.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::download_threads::StartedDownload;
use super::key_fetcher::{FetchedObject, KeyFetcher, WantedObject};
use super::temporary_folder::TemporaryFolder;
use super::{MirrorItem, unless_stopped};
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{DownloadTotals, Report};
use crate::source::SourceItem;
use crate::source::location::Location;
use crate::source::spec::BucketInput;

/// Objects that are being downloaded, in the order of their requests.
#[derive(Debug)]
pub struct DownloadQueue {
    /// How each bucket is reached; its location is not used.
    input: BucketInput,
    /// Dropped before the folder: their threads write to it until they have ended, and a folder
    /// that gets a file while it is removed stays.
    buckets: Vec<QueueBucket>,
    folder: ObjectFolder,
    objects: VecDeque<QueuedObject>,
    requested: u64,
    present: u64,
}

/// Where objects are stored.
#[derive(Debug)]
enum ObjectFolder {
    /// A mirror, which keeps them.
    Mirror(PathBuf),
    /// A folder that is removed after the run. It is created when the first bucket is connected.
    Temporary(Option<Arc<TemporaryFolder>>),
}

/// A bucket that objects come from.
#[derive(Debug)]
struct QueueBucket {
    name: Arc<str>,
    fetcher: KeyFetcher,
}

/// An object that was requested.
#[derive(Debug)]
struct QueuedObject {
    /// Index of its bucket.
    bucket: usize,
    /// Its download. It needs none if it is in the mirror or cannot be stored there.
    download: Result<StartedDownload, MirrorItem>,
}

impl DownloadQueue {
    /// Objects that can be requested before the first one is ready.
    pub const AHEAD: usize = 512;
    /// Buckets that are connected at once. Each has threads of its own.
    const BUCKETS: usize = 50;

    /// Creates a queue that stores objects in `mirror`, or for a short time in a temporary
    /// folder.
    pub fn new(input: BucketInput, mirror: Option<PathBuf>) -> DownloadQueue {
        let folder = mirror.map_or(ObjectFolder::Temporary(None), ObjectFolder::Mirror);
        let (buckets, objects) = (Vec::new(), VecDeque::new());
        DownloadQueue { input, buckets, folder, objects, requested: 0, present: 0 }
    }

    /// Whether another object can be requested.
    pub fn has_room(&self) -> bool {
        self.objects.len() < DownloadQueue::AHEAD
    }

    /// Connects to a bucket, unless that was done before. Returns its index.
    pub fn connect(&mut self, bucket: &Arc<str>, report: &Report, stop: &Cancellation) -> Result<usize, Error> {
        if let Some(index) = self.buckets.iter().position(|known| known.name == *bucket) {
            return Ok(index);
        }
        let location = Location::new(Arc::clone(bucket), "");
        if self.buckets.len() == DownloadQueue::BUCKETS {
            let (address, most) = (location.bucket_address(), DownloadQueue::BUCKETS);
            return Err(Error::Failed(format!("{address}: more than {most} buckets in one list; split the list")));
        }
        let mirror = match &mut self.folder {
            ObjectFolder::Mirror(mirror) => mirror.clone(),
            ObjectFolder::Temporary(Some(folder)) => folder.path().join(&**bucket),
            ObjectFolder::Temporary(folder) => folder.insert(Arc::new(TemporaryFolder::new()?)).path().join(&**bucket),
        };
        let input = BucketInput { location, mirror, ..self.input.clone() };
        let fetcher = KeyFetcher::open(&input, report, stop)?.keeping_present();
        self.buckets.push(QueueBucket { name: Arc::clone(bucket), fetcher });
        Ok(self.buckets.len() - 1)
    }

    /// Requests an object.
    pub fn push(
        &mut self,
        location: Location,
        size: Option<u64>,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<(), Error> {
        let bucket = self.connect(&location.bucket, report, stop)?;
        let download = self.buckets[bucket].fetcher.begin(&WantedObject { key: location.key, size });
        self.objects.push_back(QueuedObject { bucket, download });
        self.requested += 1;
        Ok(())
    }

    /// Returns the first of the requested objects: its file, or why there is none. Returns `None`
    /// if it is not ready after `timeout`, or if no object was requested, and an error if no
    /// further object can be fetched either.
    pub fn next(&mut self, timeout: Duration, stop: &Cancellation) -> Result<Option<SourceItem>, Error> {
        let Some(first) = self.objects.front() else { return Ok(None) };
        let runtime = self.buckets[first.bucket].fetcher.runtime();
        let ended = runtime.block_on(unless_stopped(stop, async {
            Ok(tokio::time::timeout(timeout, self.first()).await.ok().flatten())
        }))?;
        let Some((bucket, item, was_present)) = ended else { return Ok(None) };
        self.present += u64::from(was_present && matches!(item, MirrorItem::Object { .. }));
        Ok(Some(match self.buckets[bucket].fetcher.fetched(item, was_present)? {
            FetchedObject::Missing(issue) => SourceItem::Issue(issue),
            FetchedObject::File { mut file, .. } => {
                if let (ObjectFolder::Temporary(Some(folder)), Some(path)) = (&self.folder, &file.path) {
                    file.temporary = Some(Arc::new(folder.object(path.clone())));
                }
                SourceItem::File(*file)
            }
        }))
    }

    /// Waits for the first object. Returns the index of its bucket, and whether it needed no
    /// download. Nothing is lost if the wait ends early.
    async fn first(&mut self) -> Option<(usize, MirrorItem, bool)> {
        let downloaded = match &mut self.objects.front_mut()?.download {
            Ok(download) => Some(download.item().await),
            Err(_) => None,
        };
        let QueuedObject { bucket, download } = self.objects.pop_front()?;
        match downloaded {
            Some(item) => Some((bucket, item, false)),
            None => download.err().map(|item| (bucket, item, true)),
        }
    }

    /// Returns what was downloaded so far; `None` if no object was requested.
    pub fn totals(&self) -> Option<DownloadTotals> {
        let mut totals = DownloadTotals::default();
        self.buckets.iter().for_each(|bucket| totals.add(&bucket.fetcher.totals()));
        (self.requested > 0).then_some(DownloadTotals { known: self.requested, present: self.present, ..totals })
    }
}

#[cfg(test)]
mod tests {
    use testkit::s3;

    use super::*;
    use crate::report::Verbosity;
    use crate::source::aws::Connection;
    use crate::source::spec::Downloads;

    /// Looks for a folder when dropped.
    struct FolderCheck {
        folder: PathBuf,
        result: std::sync::mpsc::Sender<bool>,
    }

    impl Drop for FolderCheck {
        fn drop(&mut self) {
            let _ = self.result.send(self.folder.is_dir());
        }
    }

    #[test]
    fn the_temporary_folder_stays_until_no_download_can_write_to_it() {
        let server = s3::Server::start();
        server.add_bucket("logs", s3::Bucket::default());
        let connection = Connection {
            endpoint_url: Some(server.endpoint()),
            anonymous: true,
            read_timeout: Duration::from_secs(30),
            ..Connection::default()
        };
        let downloads = Downloads { initial: 4, max: 4 };
        let input = BucketInput { connection, downloads, ..BucketInput::default() };
        let mut queue = DownloadQueue::new(input, None);
        let report = Report::new(Verbosity::default(), true);
        queue.connect(&"logs".into(), &report, &Cancellation::default()).unwrap();
        let ObjectFolder::Temporary(Some(temporary)) = &queue.folder else { panic!("{queue:?}") };
        let folder = temporary.path().to_path_buf();
        let (result, was_there) = std::sync::mpsc::channel();
        let check = FolderCheck { folder: folder.clone(), result };
        // Like a download, it lives until its thread ends.
        queue.buckets[0].fetcher.spawn(async move {
            std::future::pending::<()>().await;
            drop(check);
        });
        drop(queue);
        assert_eq!((was_there.recv(), folder.exists()), (Ok(true), false));
    }
}
