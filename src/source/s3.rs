//! S3: finds the logs of a bucket that can hold wanted events, brings the
//! local mirror up to date, and hands out its files in the order of their
//! keys. The only place with tokio and the AWS SDK.

mod client;
mod discover;
mod fetch;
mod gate;
mod guard;
mod intake;
mod lanes;
mod list;
mod list_page;
mod lists;
pub mod mirror;
pub mod mirror_root;
pub mod offline;
mod page;
mod profile;
pub mod survey;
mod trouble;

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

use self::client::Client;
use self::discover::{Found, remote};
use self::gate::Gate;
use self::lanes::Lanes;
use self::mirror::{Mirror, MirrorLookup};
use self::mirror_root::{MirrorEntry, MirrorRoot};
use self::page::{Object, ObjectAccess};
use self::trouble::Trouble;
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::keys::{Scope, kind_folders};
use crate::cloudtrail::log_kind::LogKind;
use crate::error::cancel::Stop;
use crate::error::{Fatal, Skip};
use crate::report::{Fetched, Report, count};
use crate::source::spec::BucketInput;

/// A bucket whose logs are being mirrored.
#[derive(Debug)]
pub struct Bucket {
    shared: Arc<Shared>,
    arrivals: mpsc::Receiver<Arrival>,
    /// The next arrival, while it is still on its way.
    pending: Option<JoinHandle<Arrived>>,
    /// How far late deliveries are looked for.
    late: Option<LateSearch>,
    /// Kinds of logs that are there and were not asked for.
    unread: BTreeSet<LogKind>,
    /// What downloads run on, while there may be any.
    _lanes: Lanes,
    runtime: Arc<Runtime>,
}

/// Puts new copies into the mirror where those that are there turn out to be
/// damaged.
#[derive(Clone, Debug)]
pub struct Again {
    shared: Arc<Shared>,
    runtime: Arc<Runtime>,
}

/// Checks logs that nobody decodes when they have come.
pub trait Verify: Debug + Send + Sync {
    /// Whether a log that was just written is a whole gzip stream.
    fn is_whole(&self, file: &File) -> io::Result<bool>;
}

/// What all tasks of one mirroring use.
#[derive(Debug)]
struct Shared {
    client: Client,
    mirror: Mirror,
    scope: Scope,
    gate: Arc<Gate>,
    /// What checks objects that have come, where nobody reads them now.
    verifier: Option<Arc<dyn Verify>>,
    counts: Counts,
}

/// What was done so far.
#[derive(Debug, Default)]
struct Counts {
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
enum Arrival {
    Here(Arrived),
    OnItsWay(JoinHandle<Arrived>),
}

/// What comes out of a bucket.
#[derive(Debug)]
pub enum Arrived {
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
    Skip(Skip),
    /// Something that the user should know.
    Note(String),
    /// There is no point in going on.
    Fatal(Fatal),
}

/// What [`Bucket::next`] found.
#[derive(Debug)]
pub enum Next {
    /// The next object.
    Arrived(Arrived),
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
        verifier: Option<Arc<dyn Verify>>,
        report: &Report,
        stop: &Stop,
    ) -> Result<Bucket, Fatal> {
        let mirror = Mirror::open(&input.mirror, &input.bucket)?;
        let Connected { runtime, shared, found } = connect(input, mirror, verifier, report, stop)?;
        // How far downloads may run ahead of the decoder.
        const AHEAD: usize = 4096;
        let (sender, arrivals) = mpsc::channel(AHEAD);
        let lanes = Lanes::open(&shared.client, THREADS).map_err(no_threads)?;
        let (late, unread) = (found.late(&shared.scope), found.unread.clone());
        runtime.spawn(fetch::all(Arc::clone(&shared), lanes.turns(), found, sender));
        Ok(Bucket { shared, arrivals, pending: None, late, unread, _lanes: lanes, runtime: Arc::new(runtime) })
    }

    /// The next object in the order of keys; waits for it a moment at most.
    pub fn next(&mut self, patience: Duration) -> Next {
        let Bucket { runtime, pending, arrivals, .. } = self;
        runtime.block_on(async {
            if pending.is_none() {
                match tokio::time::timeout(patience, arrivals.recv()).await {
                    Err(_) => return Next::Wait,
                    Ok(None) => return Next::End,
                    Ok(Some(Arrival::Here(arrived))) => return Next::Arrived(arrived),
                    Ok(Some(Arrival::OnItsWay(task))) => *pending = Some(task),
                }
            }
            let Some(task) = pending.as_mut() else { return Next::Wait };
            match tokio::time::timeout(patience, task).await {
                Err(_) => Next::Wait,
                Ok(result) => {
                    *pending = None;
                    let broke = |_| Arrived::Fatal(Fatal::Failed("a download broke down".into()));
                    Next::Arrived(result.unwrap_or_else(broke))
                }
            }
        })
    }

    /// What can fetch its objects once more.
    pub fn again(&self) -> Again {
        Again { shared: Arc::clone(&self.shared), runtime: Arc::clone(&self.runtime) }
    }

    /// What the bucket was asked, in a sentence.
    pub fn account(&self) -> String {
        let fetched = self.fetched();
        format!("{}: {} listed; {}", self.shared.client.address(""), count(fetched.known, "object"), fetched.requests())
    }

    /// What was done so far.
    pub fn fetched(&self) -> Fetched {
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

impl Again {
    /// Fetches the object of this address once more. Says whether it came.
    pub fn fetch(&self, address: &str, stop: &Stop) -> bool {
        let Some(key) = address.strip_prefix(&self.shared.client.address("")) else { return false };
        let Ok(Some(MirrorEntry::File(size))) = MirrorLookup::new(self.shared.mirror.clone()).find(key) else {
            return false;
        };
        let object = Object { key: key.into(), size, access: ObjectAccess::Immediate };
        let fetched = async { Ok(fetch::again(&self.shared, &object).await) };
        self.runtime.block_on(unless_stopped(stop, fetched)).unwrap_or(false)
    }
}

impl Shared {
    /// What was done so far.
    fn fetched(&self) -> Fetched {
        let Shared { counts, gate, .. } = self;
        Fetched {
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

fn no_threads(error: std::io::Error) -> Fatal {
    Fatal::Failed(format!("no threads for downloads: {error}"))
}

/// A bucket that answers, and what it has of what was asked for.
struct Connected {
    runtime: Runtime,
    shared: Arc<Shared>,
    found: Found<Trouble>,
}

/// Connects, and finds where the logs are.
fn connect(
    input: &BucketInput,
    mirror: Mirror,
    verifier: Option<Arc<dyn Verify>>,
    report: &Report,
    stop: &Stop,
) -> Result<Connected, Fatal> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build().map_err(no_threads)?;
    let scope = scope(input)?;
    let gate = Arc::new(Gate::new(input.downloads));
    let (client, root) = runtime.block_on(unless_stopped(stop, Client::connect(input, &gate)))?;
    report.detail(1, || format!("s3://{}: region {}", input.bucket, client.region()));
    let counts = Counts { lists: AtomicU64::new(root.lists), ..Counts::default() };
    let shared = Arc::new(Shared { client, mirror, scope, gate, verifier, counts });
    let found = runtime.block_on(unless_stopped(stop, remote::search(&shared, &input.prefix, root.holds)))?;
    report.detail(1, || {
        let (regions, lists) = (fetch::scans(&found).len() as u64, shared.counts.lists.load(Relaxed));
        let (regions, lists) = (count(regions, "account region"), count(lists, "list request"));
        format!("s3://{}/{}: {regions}, found by {lists}", input.bucket, input.prefix)
    });
    found.notes.iter().for_each(|note| report.note(note));
    Ok(Connected { runtime, shared, found })
}

/// Does `work`, unless the user wants to stop before it is done.
async fn unless_stopped<T>(stop: &Stop, work: impl Future<Output = Result<T, Fatal>>) -> Result<T, Fatal> {
    const PATIENCE: Duration = Duration::from_millis(50);
    tokio::pin!(work);
    loop {
        match tokio::time::timeout(PATIENCE, &mut work).await {
            Ok(result) => return result,
            Err(_) if stop.is_interrupted() => return Err(Fatal::Interrupted),
            Err(_) => {}
        }
    }
}

/// What of a bucket is looked at.
fn scope(input: &BucketInput) -> Result<Scope, Fatal> {
    let kinds = kind_folders(&input.kinds, &input.prefix);
    Scope::of_bucket(input.organisation.clone(), kinds, &input.accounts, &input.regions, input.window, input.late_days)
}
