//! Threads that run the downloads, each with its own connections and tasks. Hundreds of
//! downloads on a shared runtime spend a third of the time on contended memory and on wake-ups
//! across threads.
//!
//! A task that has completed a download takes the next one from a common queue, on the thread
//! where it runs. So a thread is woken for a download only if fewer run than the limit allows,
//! and the producer of the queue only if the queue is half empty.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{Notify, oneshot};

use super::client::S3Client;
use super::fetch::fetch;
use super::limiter::{ConcurrencyPermit, Renewal};
use super::object_batch::Object;
use super::{MirrorItem, MirrorTasks};
use crate::error::Error;
use crate::source::location::Location;

/// The download threads. Dropping them cancels the downloads and joins the threads.
#[derive(Debug)]
pub(super) struct DownloadThreads {
    starter: DownloadStarter,
    /// For each thread, a sender that ends the thread when dropped.
    workers: Vec<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// One thread, as those see it that start downloads on it.
#[derive(Debug)]
struct DownloadThread {
    /// Client for the downloads of this thread only.
    client: Arc<S3Client>,
    tasks: Handle,
}

/// Starts downloads, on the threads in turn.
#[derive(Clone, Debug)]
pub(super) struct DownloadStarter {
    waiting: Arc<WaitingDownloads>,
    threads: Arc<[DownloadThread]>,
    /// Index of the thread that got the last task.
    last: usize,
}

/// A download, which may be waiting or running or have ended.
#[derive(Debug)]
pub(super) struct StartedDownload(oneshot::Receiver<MirrorItem>);

/// The downloads that no task has taken yet, in the order in which they were started.
#[derive(Debug)]
struct WaitingDownloads {
    shared: Arc<MirrorTasks>,
    queue: Mutex<VecDeque<WaitingDownload>>,
    /// Signals that the queue is half empty, or that another task may run.
    is_low: Notify,
}

#[derive(Debug)]
struct WaitingDownload {
    object: Object,
    path: PathBuf,
    location: Location,
    result: oneshot::Sender<MirrorItem>,
}

impl DownloadThreads {
    /// Starts `count` threads. Returns an error if the system refuses one.
    pub(super) fn open(shared: &Arc<MirrorTasks>, count: usize) -> io::Result<DownloadThreads> {
        let (mut threads, mut workers) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            threads.push(DownloadThread {
                client: Arc::new(shared.client.with_own_connections()),
                tasks: runtime.handle().clone(),
            });
            let (end, ended) = oneshot::channel();
            let run = move || drop(runtime.block_on(ended));
            let handle = std::thread::Builder::new().name("download".into()).spawn(run)?;
            workers.push((end, handle));
        }
        let waiting = WaitingDownloads { shared: Arc::clone(shared), queue: Mutex::default(), is_low: Notify::new() };
        let starter = DownloadStarter { waiting: Arc::new(waiting), threads: threads.into(), last: 0 };
        Ok(DownloadThreads { starter, workers })
    }

    pub(super) fn starter(&self) -> DownloadStarter {
        self.starter.clone()
    }
}

impl DownloadStarter {
    /// Number of downloads that wait for a task. Once the last download has started, no task is
    /// added if the limit is raised. Since so few wait then, that costs about one round trip.
    const MAX_WAITING: usize = 256;

    /// Waits until few downloads wait. Only one producer may do so.
    pub(super) async fn wait_for_room(&mut self) {
        while self.waiting.queue().len() >= DownloadStarter::MAX_WAITING {
            // The limit may have been raised.
            while let Some(permit) = self.waiting.shared.limiter.try_acquire() {
                self.spawn(permit);
            }
            self.waiting.is_low.notified().await;
        }
    }

    /// Starts a download to `path`.
    pub(super) fn start(&mut self, object: Object, path: PathBuf, location: Location) -> StartedDownload {
        let (result, receiver) = oneshot::channel();
        if let Some(permit) = self.waiting.push(WaitingDownload { object, path, location, result }) {
            self.spawn(permit);
        }
        StartedDownload(receiver)
    }

    /// Runs a task on a thread.
    #[cfg(test)]
    pub(super) fn spawn_task(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.threads[0].tasks.spawn(task);
    }

    /// Spawns a task that downloads objects until none waits.
    fn spawn(&mut self, permit: ConcurrencyPermit) {
        self.last = (self.last + 1) % self.threads.len();
        let thread = &self.threads[self.last];
        thread.tasks.spawn(run(Arc::clone(&self.waiting), Arc::clone(&thread.client), permit));
    }
}

/// Downloads objects, as long as some wait and the limit allows.
async fn run(waiting: Arc<WaitingDownloads>, client: Arc<S3Client>, mut permit: ConcurrencyPermit) {
    while let Some((download, held)) = waiting.take(permit) {
        let WaitingDownload { object, path, location, result } = download;
        let item = fetch(&waiting.shared, &client, object, path, location).await;
        // The receiver is gone if the run ended early.
        let _ = result.send(item);
        permit = held;
        match permit.renew() {
            Renewal::Refused => return,
            Renewal::Granted => {}
            Renewal::WithOthers => waiting.is_low.notify_one(),
        }
    }
}

impl WaitingDownloads {
    /// Adds a download. Returns a permit if another task can run.
    fn push(&self, download: WaitingDownload) -> Option<ConcurrencyPermit> {
        let mut queue = self.queue();
        queue.push_back(download);
        self.shared.limiter.try_acquire()
    }

    /// Takes the next download for the task that holds this permit. If the queue is empty, the
    /// permit is released while the queue is still locked. The next download can then get it.
    fn take(&self, permit: ConcurrencyPermit) -> Option<(WaitingDownload, ConcurrencyPermit)> {
        let mut queue = self.queue();
        let Some(download) = queue.pop_front() else {
            drop(permit);
            return None;
        };
        if queue.len() == DownloadStarter::MAX_WAITING / 2 {
            self.is_low.notify_one();
        }
        Some((download, permit))
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<WaitingDownload>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StartedDownload {
    /// Waits for the end of the download. Nothing is lost if the wait ends early.
    pub(super) async fn item(&mut self) -> MirrorItem {
        let broken = |_| MirrorItem::Fatal(Error::Failed("internal error: the download task panicked".into()));
        (&mut self.0).await.unwrap_or_else(broken)
    }
}

/// Each thread removes the partial files of its downloads, which must be done before the
/// process ends.
impl Drop for DownloadThreads {
    fn drop(&mut self) {
        let (ends, handles): (Vec<_>, Vec<_>) = self.workers.drain(..).unzip();
        drop(ends);
        for handle in handles {
            // The panic message of a thread has already been printed.
            let _ = handle.join();
        }
    }
}
