//! Finds the logs of a bucket that can contain wanted events, updates the local mirror, and
//! yields its files in key order.

pub mod bucket_source;
mod client;
mod direct_get;
mod discover;
pub mod download_queue;
mod download_threads;
pub mod dry_run;
mod fetch;
mod get_pattern;
pub mod key_fetcher;
pub mod key_lister;
mod limiter;
mod list_check;
mod list_cursor;
mod list_page;
mod list_scheduler;
mod listed_pages;
pub mod mirror;
pub mod mirror_root;
mod object_batch;
mod object_filter;
mod object_response;
pub mod offline;
pub mod offline_objects;
pub mod public_key_cache;
mod s3_error;
mod signing_moment;
pub mod temporary_folder;

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::runtime::Runtime;

use self::client::S3Client;
use self::discover::{DiscoveredFolders, remote};
use self::download_threads::StartedDownload;
use self::mirror::{Mirror, MirrorLookup};
use self::mirror_root::MirrorEntry;
use crate::cloudtrail::keys::{Scope, kind_folders};
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue};
use crate::report::{DownloadTotals, Report, count};
use crate::source::aws::{self, unless_stopped};
use crate::source::location::Location;
use crate::source::s3::limiter::ConcurrencyLimiter;
use crate::source::s3::object_batch::{Object, ObjectAccess};
use crate::source::s3::s3_error::S3Error;
use crate::source::spec::BucketInput;

/// Replaces damaged files of the mirror with fresh copies from the bucket.
#[derive(Clone, Debug)]
pub struct Refetch {
    shared: Arc<MirrorTasks>,
    runtime: Arc<Runtime>,
}

/// Verifies downloaded logs that are not decoded in this run.
pub trait ObjectVerifier: Debug + Send + Sync {
    /// True if the newly written `file` is an intact gzip stream. Returns an error if it cannot
    /// be read.
    fn is_whole(&self, file: &File) -> io::Result<bool>;
}

/// State shared by all tasks of one mirroring run.
#[derive(Debug)]
struct MirrorTasks {
    client: S3Client,
    mirror: Mirror,
    scope: Scope,
    limiter: Arc<ConcurrencyLimiter>,
    /// Verifies downloaded objects; `None` if they are decoded anyway.
    verifier: Option<Arc<dyn ObjectVerifier>>,
    counts: DownloadCounts,
}

/// Counters of the run so far.
#[derive(Debug, Default)]
struct DownloadCounts {
    known: AtomicU64,
    open_lists: AtomicU64,
    objects: AtomicU64,
    /// Those of them that are digests.
    digests: AtomicU64,
    bytes: AtomicU64,
    present: AtomicU64,
    /// Those of them that are digests.
    digests_present: AtomicU64,
    unwanted: AtomicU64,
    failed: AtomicU64,
    archived: AtomicU64,
    restoring: AtomicU64,
    lists: AtomicU64,
    gets: AtomicU64,
}

/// An object in key order, either ready or being downloaded.
#[derive(Debug)]
enum PendingObject {
    Ready(MirrorItem),
    Downloading(StartedDownload),
}

/// One item that mirroring a bucket produces.
#[derive(Debug)]
enum MirrorItem {
    /// An object that is now in the mirror, at this path.
    Object { path: PathBuf, location: Location },
    /// An object that was delivered before the window and was not downloaded.
    TooOld,
    /// An object, or a part of the listing, that failed.
    Issue(Issue),
    /// A message for the user.
    Note(String),
    /// An error that ends the run.
    Fatal(Error),
}

impl Refetch {
    /// Downloads the object at `location`, which is in the bucket of this mirror, again. Returns
    /// true on success.
    pub fn fetch(&self, location: &Location, stop: &Cancellation) -> bool {
        let key = &location.key;
        let Ok(Some(MirrorEntry::File(size))) = MirrorLookup::new(self.shared.mirror.clone()).find(key) else {
            return false;
        };
        let object = Object { key: key.clone(), size, access: ObjectAccess::Immediate };
        let fetched = async { Ok(fetch::refetch(&self.shared, &object).await) };
        self.runtime.block_on(unless_stopped(stop, fetched)).unwrap_or(false)
    }
}

impl MirrorTasks {
    /// Returns the counters so far.
    fn fetched(&self) -> DownloadTotals {
        let MirrorTasks { counts, limiter, .. } = self;
        DownloadTotals {
            known: counts.known.load(Relaxed),
            is_listed: counts.open_lists.load(Relaxed) == 0,
            objects: counts.objects.load(Relaxed),
            digests: counts.digests.load(Relaxed),
            bytes: counts.bytes.load(Relaxed),
            present: counts.present.load(Relaxed),
            digests_present: counts.digests_present.load(Relaxed),
            unwanted: counts.unwanted.load(Relaxed),
            failed: counts.failed.load(Relaxed),
            archived: counts.archived.load(Relaxed),
            restoring: counts.restoring.load(Relaxed),
            lists: counts.lists.load(Relaxed),
            gets: counts.gets.load(Relaxed),
            at_once: limiter.highest(),
            slow_downs: limiter.slow_downs(),
        }
    }
}

fn no_threads(error: std::io::Error) -> Error {
    Error::Failed(format!("download threads cannot be started: {error}"))
}

/// A connected bucket with the log folders found in it.
struct ConnectedBucket {
    runtime: Runtime,
    shared: Arc<MirrorTasks>,
    found: DiscoveredFolders<S3Error>,
}

/// Connects and finds the folders that contain logs.
fn connect(
    input: &BucketInput,
    mirror: Mirror,
    verifier: Option<Arc<dyn ObjectVerifier>>,
    report: &Report,
    stop: &Cancellation,
) -> Result<ConnectedBucket, Error> {
    let runtime = aws::runtime()?;
    let scope = scope(input)?;
    let limiter = Arc::new(ConcurrencyLimiter::new(input.downloads));
    let address = input.location.bucket_address().to_string();
    let connected = aws::first_answer(&address, report, stop, S3Client::connect(input, &limiter));
    let (client, root) = runtime.block_on(connected)?;
    report.detail(1, || format!("{address}: region {}", client.region()));
    let counts = DownloadCounts { lists: AtomicU64::new(root.lists), ..DownloadCounts::default() };
    let shared = Arc::new(MirrorTasks { client, mirror, scope, limiter, verifier, counts });
    let found = runtime.block_on(unless_stopped(
        stop,
        remote::search(&shared, &input.location, root.first_listing, input.may_be_empty),
    ))?;
    report.detail(1, || {
        let (regions, lists) = (fetch::key_ranges(&found).len() as u64, shared.counts.lists.load(Relaxed));
        let (regions, lists) = (count(regions, "account region"), count(lists, "list request"));
        format!("{}: {regions}, found with {lists}", input.location)
    });
    found.notes.iter().for_each(|note| report.note(note));
    Ok(ConnectedBucket { runtime, shared, found })
}

/// Builds the scope: which parts of the bucket to read.
fn scope(input: &BucketInput) -> Result<Scope, Error> {
    let kinds = kind_folders(&input.kinds, &input.location.key);
    let BucketInput { organisation, accounts, regions, window, late_days, .. } = input;
    let scope = Scope::of_bucket(organisation.clone(), kinds, accounts, regions, *window, *late_days)?;
    let scope = scope.with_region(input.also_region);
    Ok(if input.digests { scope.with_digests() } else { scope })
}
