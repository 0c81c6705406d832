//! S3: finds the logs of a bucket that can hold wanted events, brings the
//! local mirror up to date, and hands out its files in the order of their
//! keys. The only place with tokio and the AWS SDK.

mod client;
mod discover;
mod fetch;
mod gate;
pub mod layout;
mod list;
pub mod mirror;
mod trouble;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use self::client::Client;
use self::gate::Gate;
use self::layout::Scope;
use self::mirror::Mirror;
use crate::error::{Fatal, Skip};
use crate::plan::BucketInput;
use crate::report::{Fetched, Report};
use crate::stop::Stop;

/// A bucket whose logs are being mirrored.
#[derive(Debug)]
pub struct Bucket {
    shared: Arc<Shared>,
    arrivals: mpsc::Receiver<Arrival>,
    /// The next arrival, while it is still on its way.
    pending: Option<JoinHandle<Arrived>>,
    runtime: Runtime,
}

/// What all tasks of one mirroring use.
#[derive(Debug)]
struct Shared {
    client: Client,
    mirror: Mirror,
    scope: Scope,
    gate: Arc<Gate>,
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
    failed: AtomicU64,
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
    /// Connects, finds where the logs are, and begins to mirror them. `stop`
    /// ends it early.
    pub fn open(input: &BucketInput, report: &Report, stop: &Stop) -> Result<Bucket, Fatal> {
        let failed = |error: std::io::Error| Fatal::Failed(format!("no threads for downloads: {error}"));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)?;
        let scope = scope(input)?;
        let mirror = Mirror::open(&input.mirror)?;
        let gate = Arc::new(Gate::new(input.downloads));
        let client = runtime.block_on(unless_stopped(stop, Client::connect(input, &gate)))?;
        report.detail(1, || format!("s3://{}: region {}", input.bucket, client.region()));
        let shared = Arc::new(Shared { client, mirror, scope, gate, counts: Counts::default() });
        let found = runtime.block_on(unless_stopped(stop, discover::search(&shared, &input.prefix)))?;
        report.detail(1, || format!("s3://{}/{}: {} account regions", input.bucket, input.prefix, found.scans.len()));
        found.notes.iter().for_each(|note| report.note(note));
        // How far downloads may run ahead of the decoder.
        const AHEAD: usize = 4096;
        let (sender, arrivals) = mpsc::channel(AHEAD);
        runtime.spawn(fetch::all(Arc::clone(&shared), found, sender));
        Ok(Bucket { shared, arrivals, pending: None, runtime })
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

    /// What was done so far.
    pub fn fetched(&self) -> Fetched {
        let counts = &self.shared.counts;
        Fetched {
            known: counts.known.load(Relaxed),
            is_listed: counts.open_lists.load(Relaxed) == 0,
            objects: counts.objects.load(Relaxed),
            bytes: counts.bytes.load(Relaxed),
            present: counts.present.load(Relaxed),
            failed: counts.failed.load(Relaxed),
            lists: counts.lists.load(Relaxed),
            gets: counts.gets.load(Relaxed),
            at_once: self.shared.gate.highest(),
            slow_downs: self.shared.gate.slow_downs(),
        }
    }
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

/// What of the mirror of a bucket is looked at.
pub fn mirror_scope(input: &BucketInput) -> Result<Scope, Fatal> {
    Ok(scope(input)?.below(&input.mirror))
}

/// What of a bucket is looked at.
fn scope(input: &BucketInput) -> Result<Scope, Fatal> {
    Scope::of_bucket(input.organisation.clone(), &input.accounts, &input.regions, input.window, input.late_days)
}
