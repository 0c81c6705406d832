//! Threads that run the downloads, each with its own connections and tasks. Hundreds of
//! downloads on a shared runtime spend a third of the time on contended memory and on wake-ups
//! across threads.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::client::S3Client;

/// The download threads. Dropping them cancels the downloads and joins the threads.
#[derive(Debug)]
pub(super) struct DownloadThreads {
    lanes: Arc<[DownloadThread]>,
    /// For each thread, a sender that ends the thread when dropped.
    threads: Vec<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// Handle of one thread, for starting downloads on it.
#[derive(Debug)]
pub(super) struct DownloadThread {
    /// Client for the downloads of this thread only.
    pub(super) client: Arc<S3Client>,
    pub(super) tasks: Handle,
}

/// Selects the threads in turn.
#[derive(Debug)]
pub(super) struct RoundRobin {
    lanes: Arc<[DownloadThread]>,
    next: usize,
}

impl DownloadThreads {
    /// Starts `count` threads. Returns an error if the system refuses one.
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

/// Each thread removes the partial files of its downloads, which must be done before the
/// process ends.
impl Drop for DownloadThreads {
    fn drop(&mut self) {
        let (ends, handles): (Vec<_>, Vec<_>) = self.threads.drain(..).unzip();
        drop(ends);
        for handle in handles {
            // The panic message of a thread has already been printed.
            let _ = handle.join();
        }
    }
}
