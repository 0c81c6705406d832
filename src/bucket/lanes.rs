//! The threads that downloads run on. Each has connections and tasks of its
//! own: hundreds of downloads on threads that share them spend a third of their
//! time on waiting for each other's memory and on waking each other.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::client::Client;

/// The threads. Dropped, they end, and so do their downloads.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Arc<[Lane]>,
    threads: Vec<Thread>,
}

/// One thread, as seen by whoever gives it work.
#[derive(Debug)]
pub(super) struct Lane {
    /// For the downloads of this thread, and for no others.
    pub(super) client: Arc<Client>,
    pub(super) tasks: Handle,
}

/// Gives out the threads in turn.
#[derive(Debug)]
pub(super) struct Turns {
    lanes: Arc<[Lane]>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Thread {
    /// Dropped, it tells the thread to end.
    end: Option<oneshot::Sender<()>>,
    handle: Option<JoinHandle<()>>,
}

impl Lanes {
    /// Starts the threads.
    pub(super) fn open(client: &Client, count: usize) -> io::Result<Lanes> {
        let (mut lanes, mut threads) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            lanes.push(Lane { client: Arc::new(client.twin()), tasks: runtime.handle().clone() });
            let (end, ended) = oneshot::channel();
            let run = move || drop(runtime.block_on(ended));
            let handle = std::thread::Builder::new().name("download".into()).spawn(run)?;
            threads.push(Thread { end: Some(end), handle: Some(handle) });
        }
        Ok(Lanes { lanes: lanes.into(), threads })
    }

    pub(super) fn turns(&self) -> Turns {
        Turns { lanes: Arc::clone(&self.lanes), next: AtomicUsize::new(0) }
    }
}

impl Turns {
    pub(super) fn next(&self) -> &Lane {
        &self.lanes[self.next.fetch_add(1, Relaxed) % self.lanes.len()]
    }
}

/// What is unfinished is cleaned up by its own thread: that has to be over
/// before the process is.
impl Drop for Lanes {
    fn drop(&mut self) {
        self.threads.iter_mut().for_each(|thread| drop(thread.end.take()));
        for handle in self.threads.iter_mut().filter_map(|thread| thread.handle.take()) {
            // A thread that panicked has said so.
            let _ = handle.join();
        }
    }
}
