//! S3: finds the logs of a bucket that can hold wanted events, brings the
//! local mirror up to date, and hands out its files in the order of their
//! keys. The only place with tokio and the AWS SDK.

mod client;
mod discover;
mod download_threads;
pub mod dry_run;
mod fetch;
mod limiter;
mod list_cursor;
mod list_page;
mod list_scheduler;
pub mod mirror;
pub mod mirror_root;
mod object_batch;
mod object_filter;
pub mod offline;
mod profile;
mod response_guard;
mod s3_error;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use self::client::S3Client;
use self::discover::{DiscoveredFolders, remote};
use self::mirror::{Mirror, MirrorLookup};
use self::mirror_root::{MirrorEntry, MirrorRoot};
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::keys::{Scope, kind_folders};
use crate::cloudtrail::log_kind::LogKind;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue};
use crate::report::{DownloadTotals, Report, count};
use crate::source::s3::download_threads::DownloadThreads;
use crate::source::s3::limiter::ConcurrencyLimiter;
use crate::source::s3::object_batch::{Object, ObjectAccess};
use crate::source::s3::s3_error::S3Error;
use crate::source::spec::BucketInput;

/// A bucket whose logs are being mirrored.
#[derive(Debug)]
pub struct Bucket {
    shared: Arc<MirrorTasks>,
    arrivals: mpsc::Receiver<PendingObject>,
    /// The next arrival, while it is still on its way.
    pending: Option<JoinHandle<MirrorItem>>,
    /// How far late deliveries are looked for.
    late: Option<LateSearch>,
    /// Kinds of logs that are there and were not asked for.
    unread: BTreeSet<LogKind>,
    /// What downloads run on, while there may be any.
    _lanes: DownloadThreads,
    runtime: Arc<Runtime>,
}

/// Puts new copies into the mirror where those that are there turn out to be
/// damaged.
#[derive(Clone, Debug)]
pub struct Refetch {
    shared: Arc<MirrorTasks>,
    runtime: Arc<Runtime>,
}

/// Checks logs that nobody decodes when they have come.
pub trait ObjectVerifier: Debug + Send + Sync {
    /// Whether a log that was just written is a whole gzip stream.
    fn is_whole(&self, file: &File) -> io::Result<bool>;
}

/// What all tasks of one mirroring use.
#[derive(Debug)]
struct MirrorTasks {
    client: S3Client,
    mirror: Mirror,
    scope: Scope,
    gate: Arc<ConcurrencyLimiter>,
    /// What checks objects that have come, where nobody reads them now.
    verifier: Option<Arc<dyn ObjectVerifier>>,
    counts: DownloadCounts,
}

/// What was done so far.
#[derive(Debug, Default)]
struct DownloadCounts {
    known: AtomicU64,
    open_lists: AtomicU64,
    objects: AtomicU64,
    bytes: AtomicU64,
    present: AtomicU64,
    unwanted: AtomicU64,
    failed: AtomicU64,
    archived: AtomicU64,
    restoring: AtomicU64,
    lists: AtomicU64,
    gets: AtomicU64,
}

/// An object in its place among the keys: there, or on its way.
#[derive(Debug)]
enum PendingObject {
    Here(MirrorItem),
    OnItsWay(JoinHandle<MirrorItem>),
}

/// What comes out of a bucket.
#[derive(Debug)]
pub enum MirrorItem {
    /// An object that the mirror holds now.
    Object {
        /// Where it is kept.
        path: PathBuf,
        /// What the user knows it by: `s3://BUCKET/KEY`.
        address: String,
    },
    /// An object that was delivered before the window, and was not fetched.
    TooOld,
    /// An object, or a part of the list, that could not be had.
    Skip(Issue),
    /// Something that the user should know.
    Note(String),
    /// There is no point in going on.
    Fatal(Error),
}

/// What [`Bucket::next`] found.
#[derive(Debug)]
pub enum NextItem {
    /// The next object.
    Arrived(MirrorItem),
    /// The next object is not here yet.
    Wait,
    /// There are no more.
    End,
}

impl Bucket {
    /// Connects, finds where the logs are, and begins to mirror them.
    /// `verifier` checks those that S3 has no checksum for; `stop` ends it early.
    pub fn open(
        input: &BucketInput,
        verifier: Option<Arc<dyn ObjectVerifier>>,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<Bucket, Error> {
        let mirror = Mirror::open(&input.mirror, &input.bucket)?;
        let ConnectedBucket { runtime, shared, found } = connect(input, mirror, verifier, report, stop)?;
        // How far downloads may run ahead of the decoder.
        const AHEAD: usize = 4096;
        let (sender, arrivals) = mpsc::channel(AHEAD);
        let lanes = DownloadThreads::open(&shared.client, THREADS).map_err(no_threads)?;
        let (late, unread) = (found.late(&shared.scope), found.unread.clone());
        runtime.spawn(fetch::all(Arc::clone(&shared), lanes.turns(), found, sender));
        Ok(Bucket { shared, arrivals, pending: None, late, unread, _lanes: lanes, runtime: Arc::new(runtime) })
    }

    /// The next object in the order of keys; waits for it a moment at most.
    pub fn next(&mut self, patience: Duration) -> NextItem {
        let Bucket { runtime, pending, arrivals, .. } = self;
        runtime.block_on(async {
            if pending.is_none() {
                match tokio::time::timeout(patience, arrivals.recv()).await {
                    Err(_) => return NextItem::Wait,
                    Ok(None) => return NextItem::End,
                    Ok(Some(PendingObject::Here(arrived))) => return NextItem::Arrived(arrived),
                    Ok(Some(PendingObject::OnItsWay(task))) => *pending = Some(task),
                }
            }
            let Some(task) = pending.as_mut() else { return NextItem::Wait };
            match tokio::time::timeout(patience, task).await {
                Err(_) => NextItem::Wait,
                Ok(result) => {
                    *pending = None;
                    let broke =
                        |_| MirrorItem::Fatal(Error::Failed("internal error: the download task panicked".into()));
                    NextItem::Arrived(result.unwrap_or_else(broke))
                }
            }
        })
    }

    /// What can fetch its objects once more.
    pub fn again(&self) -> Refetch {
        Refetch { shared: Arc::clone(&self.shared), runtime: Arc::clone(&self.runtime) }
    }

    /// What the bucket was asked, in a sentence.
    pub fn account(&self) -> String {
        let fetched = self.fetched();
        format!("{}: {} listed; {}", self.shared.client.address(""), count(fetched.known, "object"), fetched.requests())
    }

    /// What was done so far.
    pub fn fetched(&self) -> DownloadTotals {
        self.shared.fetched()
    }

    /// Kinds of logs that are there and were not asked for.
    pub fn unread(&self) -> &BTreeSet<LogKind> {
        &self.unread
    }

    /// How far late deliveries are looked for.
    pub fn late(&self) -> Option<LateSearch> {
        self.late
    }

    /// The folder that holds the objects.
    pub fn mirror(&self) -> Option<&Arc<MirrorRoot>> {
        self.shared.mirror.root()
    }
}

impl Refetch {
    /// Fetches the object of this address once more. Says whether it came.
    pub fn fetch(&self, address: &str, stop: &Cancellation) -> bool {
        let Some(key) = address.strip_prefix(&self.shared.client.address("")) else { return false };
        let Ok(Some(MirrorEntry::File(size))) = MirrorLookup::new(self.shared.mirror.clone()).find(key) else {
            return false;
        };
        let object = Object { key: key.into(), size, access: ObjectAccess::Immediate };
        let fetched = async { Ok(fetch::again(&self.shared, &object).await) };
        self.runtime.block_on(unless_stopped(stop, fetched)).unwrap_or(false)
    }
}

impl MirrorTasks {
    /// What was done so far.
    fn fetched(&self) -> DownloadTotals {
        let MirrorTasks { counts, gate, .. } = self;
        DownloadTotals {
            known: counts.known.load(Relaxed),
            is_listed: counts.open_lists.load(Relaxed) == 0,
            objects: counts.objects.load(Relaxed),
            bytes: counts.bytes.load(Relaxed),
            present: counts.present.load(Relaxed),
            unwanted: counts.unwanted.load(Relaxed),
            failed: counts.failed.load(Relaxed),
            archived: counts.archived.load(Relaxed),
            restoring: counts.restoring.load(Relaxed),
            lists: counts.lists.load(Relaxed),
            gets: counts.gets.load(Relaxed),
            at_once: gate.highest(),
            slow_downs: gate.slow_downs(),
        }
    }
}

/// So many are busy with lists, and so many with downloads: a network is full
/// long before they are.
const THREADS: usize = 2;

fn no_threads(error: std::io::Error) -> Error {
    Error::Failed(format!("no threads for downloads: {error}"))
}

/// A bucket that answers, and what it has of what was asked for.
struct ConnectedBucket {
    runtime: Runtime,
    shared: Arc<MirrorTasks>,
    found: DiscoveredFolders<S3Error>,
}

/// Connects, and finds where the logs are.
fn connect(
    input: &BucketInput,
    mirror: Mirror,
    verifier: Option<Arc<dyn ObjectVerifier>>,
    report: &Report,
    stop: &Cancellation,
) -> Result<ConnectedBucket, Error> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build().map_err(no_threads)?;
    let scope = scope(input)?;
    let gate = Arc::new(ConcurrencyLimiter::new(input.downloads));
    let (client, root) = runtime.block_on(unless_stopped(stop, S3Client::connect(input, &gate)))?;
    report.detail(1, || format!("s3://{}: region {}", input.bucket, client.region()));
    let counts = DownloadCounts { lists: AtomicU64::new(root.lists), ..DownloadCounts::default() };
    let shared = Arc::new(MirrorTasks { client, mirror, scope, gate, verifier, counts });
    let found = runtime.block_on(unless_stopped(stop, remote::search(&shared, &input.prefix, root.holds)))?;
    report.detail(1, || {
        let (regions, lists) = (fetch::scans(&found).len() as u64, shared.counts.lists.load(Relaxed));
        let (regions, lists) = (count(regions, "account region"), count(lists, "list request"));
        format!("s3://{}/{}: {regions}, found by {lists}", input.bucket, input.prefix)
    });
    found.notes.iter().for_each(|note| report.note(note));
    Ok(ConnectedBucket { runtime, shared, found })
}

/// Does `work`, unless the user wants to stop before it is done.
async fn unless_stopped<T>(stop: &Cancellation, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    const PATIENCE: Duration = Duration::from_millis(50);
    tokio::pin!(work);
    loop {
        match tokio::time::timeout(PATIENCE, &mut work).await {
            Ok(result) => return result,
            Err(_) if stop.is_interrupted() => return Err(Error::Interrupted),
            Err(_) => {}
        }
    }
}

/// What of a bucket is looked at.
fn scope(input: &BucketInput) -> Result<Scope, Error> {
    let kinds = kind_folders(&input.kinds, &input.prefix);
    Scope::of_bucket(input.organisation.clone(), kinds, &input.accounts, &input.regions, input.window, input.late_days)
}
