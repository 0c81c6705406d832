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
    threads: Arc<[DownloadThread]>,
    /// For each thread, a sender that ends the thread when dropped.
    workers: Vec<(oneshot::Sender<()>, JoinHandle<()>)>,
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
    threads: Arc<[DownloadThread]>,
    next: usize,
}

impl DownloadThreads {
    /// Starts `count` threads. Returns an error if the system refuses one.
    pub(super) fn open(client: &S3Client, count: usize) -> io::Result<DownloadThreads> {
        let (mut threads, mut workers) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            threads.push(DownloadThread {
                client: Arc::new(client.with_own_connections()),
                tasks: runtime.handle().clone(),
            });
            let (end, ended) = oneshot::channel();
            let run = move || drop(runtime.block_on(ended));
            let handle = std::thread::Builder::new().name("download".into()).spawn(run)?;
            workers.push((end, handle));
        }
        Ok(DownloadThreads { threads: threads.into(), workers })
    }

    pub(super) fn round_robin(&self) -> RoundRobin {
        RoundRobin { threads: Arc::clone(&self.threads), next: 0 }
    }
}

impl RoundRobin {
    pub(super) fn next(&mut self) -> &DownloadThread {
        self.next = (self.next + 1) % self.threads.len();
        &self.threads[self.next]
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
