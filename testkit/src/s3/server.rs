//! The server: a thread with a runtime of its own, so that synchronous tests can use it, and the
//! settings for a test.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::bucket::Bucket;
use super::connection::serve;
use super::counts::{Counters, Counts};
use super::fault::{ActiveFault, Effect, Fault, Faults};
use super::request::{Operation, Request};

/// A server that runs until it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<ServerState>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server without buckets on a free port of 127.0.0.1.
    pub fn start() -> Self {
        Self::start_on(0).unwrap()
    }

    /// Starts a server on this port of 127.0.0.1; 0 is any free one.
    pub fn start_on(port: u16) -> io::Result<Self> {
        Self::serve_on(port, tokio::runtime::Builder::new_current_thread().enable_all().build()?)
    }

    /// Starts a server on a free port that answers on this many threads. It is for benchmarks, in
    /// which a single thread may be the limit.
    pub fn start_on_threads(threads: usize) -> io::Result<Self> {
        Self::serve_on(0, tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?)
    }

    fn serve_on(port: u16, runtime: Runtime) -> io::Result<Self> {
        let listener = {
            let _context = runtime.enter();
            listen(port)?
        };
        let address = listener.local_addr()?;
        let shared = Arc::new(ServerState::default());
        let (stop, stopped) = oneshot::channel();
        let serving = shared.clone();
        let thread = std::thread::Builder::new().name("s3".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, serving) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// The address to give a client: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address on which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a bucket, or replaces the one of this name, and returns a handle to its objects.
    pub fn add_bucket(&self, name: &str, bucket: Bucket) -> Bucket {
        self.shared.buckets.write().unwrap().insert(name.to_owned(), Arc::new(bucket.clone()));
        bucket
    }

    /// Activates a fault.
    pub fn fault(&self, fault: Fault) -> ActiveFault {
        self.shared.faults.write().unwrap().add(fault)
    }

    /// Removes all faults. Latency stays.
    pub fn clear_faults(&self) {
        *self.shared.faults.write().unwrap() = Faults::default();
    }

    /// Sets the latency of each GET and HEAD, and of each LIST.
    pub fn latency(&self, object: Duration, list: Duration) {
        *self.shared.latency.write().unwrap() = (object, list);
    }

    /// The requests since the start or the last reset.
    pub fn counts(&self) -> Counts {
        self.shared.counters.counts()
    }

    /// Resets the counts to 0.
    pub fn reset_counts(&self) {
        self.shared.counters.reset();
    }

    /// Keeps each request from now on, for [`requests`](Self::requests).
    pub fn record(&self) {
        self.shared.requests.lock().unwrap().get_or_insert_default();
    }

    /// Takes the requests kept since [`record`](Self::record) or the last call, in the order they came.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().as_mut().map(std::mem::take).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed; a second one here would abort the test run.
            let _ = thread.join();
        }
    }
}

/// The queue is long: hundreds of clients may connect at once, and one that does not fit waits a second.
fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(4096)
}

async fn accept(listener: TcpListener, shared: Arc<ServerState>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, shared.clone()))),
            // Most likely, there are no file descriptors left: some will be closed soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// The state that the test and the server share.
#[derive(Default)]
pub(super) struct ServerState {
    buckets: RwLock<HashMap<String, Arc<Bucket>>>,
    faults: RwLock<Faults>,
    latency: RwLock<(Duration, Duration)>,
    requests: Mutex<Option<Vec<Request>>>,
    ids: AtomicU64,
    pub(super) counters: Arc<Counters>,
}

impl ServerState {
    pub(super) fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        self.buckets.read().unwrap().get(name).cloned()
    }

    /// The delay of this request, and its other effect.
    pub(super) fn strike(&self, request: &Request) -> (Duration, Option<Effect>) {
        let (object, list) = *self.latency.read().unwrap();
        let latency = if request.operation == Operation::List { list } else { object };
        let (delay, effect) = self.faults.read().unwrap().strike(request);
        (latency + delay, effect)
    }

    pub(super) fn log(&self, request: &Request) {
        if let Some(requests) = &mut *self.requests.lock().unwrap() {
            requests.push(request.clone());
        }
    }

    pub(super) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Relaxed)
    }
}
