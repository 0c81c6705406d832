//! The threads that downloads run on. Each has connections and tasks of its
//! own: hundreds of downloads on threads that share them spend a third of their
//! time on waiting for each other's memory and on waking each other.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::client::S3Client;

/// The threads. Dropped, they end, and so do their downloads.
#[derive(Debug)]
pub(super) struct DownloadThreads {
    lanes: Arc<[DownloadThread]>,
    /// With what, dropped, tells each to end.
    threads: Vec<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// One thread, as seen by whoever gives it work.
#[derive(Debug)]
pub(super) struct DownloadThread {
    /// For the downloads of this thread, and for no others.
    pub(super) client: Arc<S3Client>,
    pub(super) tasks: Handle,
}

/// Gives out the threads in turn.
#[derive(Debug)]
pub(super) struct RoundRobin {
    lanes: Arc<[DownloadThread]>,
    next: usize,
}

impl DownloadThreads {
    /// Starts the threads.
    pub(super) fn open(client: &S3Client, count: usize) -> io::Result<DownloadThreads> {
        let (mut lanes, mut threads) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            lanes.push(DownloadThread { client: Arc::new(client.twin()), tasks: runtime.handle().clone() });
            let (end, ended) = oneshot::channel();
            let run = move || drop(runtime.block_on(ended));
            let handle = std::thread::Builder::new().name("download".into()).spawn(run)?;
            threads.push((end, handle));
        }
        Ok(DownloadThreads { lanes: lanes.into(), threads })
    }

    pub(super) fn turns(&self) -> RoundRobin {
        RoundRobin { lanes: Arc::clone(&self.lanes), next: 0 }
    }
}

impl RoundRobin {
    pub(super) fn next(&mut self) -> &DownloadThread {
        self.next = (self.next + 1) % self.lanes.len();
        &self.lanes[self.next]
    }
}

/// What is unfinished is cleaned up by its own thread: that has to be over
/// before the process is.
impl Drop for DownloadThreads {
    fn drop(&mut self) {
        let (ends, handles): (Vec<_>, Vec<_>) = self.threads.drain(..).unzip();
        drop(ends);
        for handle in handles {
            // A thread that panicked has said so.
            let _ = handle.join();
        }
    }
}
