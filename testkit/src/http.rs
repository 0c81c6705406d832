//! An HTTP server that runs inside a test. A closure answers its requests.
//!
//! ```
//! use testkit::http::{HttpServer, Reply};
//!
//! let server = HttpServer::start(|request| match request.path.as_str() {
//!     "/health" => Reply::ok("fine"),
//!     _ => Reply::new(404, ""),
//! });
//! // … point a client at server.url() …
//! # drop(server);
//! ```

#![allow(clippy::unwrap_used, reason = "test support: a failure here is a failed test")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A request that the server has received.
#[derive(Clone, Debug)]
pub struct Request {
    /// For example `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, as it was sent.
    pub body: Bytes,
}

impl Request {
    /// A header as text, or the empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The region that the request was signed for:
    /// `AWS4-HMAC-SHA256 Credential=KEYID/DATE/REGION/SERVICE/aws4_request, …`.
    pub fn region(&self) -> &str {
        self.header("authorization").split('/').nth(2).unwrap_or_default()
    }

    /// The access key that the request was signed with.
    pub fn access_key(&self) -> &str {
        let after = self.header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest);
        after.split('/').next().unwrap_or_default()
    }
}

/// What the server does with a request.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The status; 0 closes the connection without an answer.
    pub status: u16,
    /// The body.
    pub body: String,
    /// Headers, besides those that every answer has.
    pub headers: Vec<(String, String)>,
    /// The wait before the answer.
    pub delay: Duration,
}

impl Reply {
    /// An answer with this status and body.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    /// A successful answer.
    pub fn ok(body: impl Into<String>) -> Self {
        Self::new(200, body)
    }

    /// Closes the connection without an answer.
    pub fn hang_up() -> Self {
        Self::default()
    }

    /// The same answer with a further header.
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same answer, later.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// A server that runs until it is dropped.
pub struct HttpServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

type Handler = dyn Fn(Request) -> Reply + Send + Sync;

impl HttpServer {
    /// Starts a server on a free port.
    pub fn start(handler: impl Fn(Request) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let handler: Arc<Handler> = Arc::new(handler);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, handler) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// The address to give a client: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed; a second one here would abort the test run.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, handler: Arc<Handler>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let handler = handler.clone();
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let service = service_fn(|request| serve(handler.clone(), request));
            // A client that disconnects is not an error.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Answers a request. An error closes the connection without an answer.
async fn serve(handler: Arc<Handler>, request: hyper::Request<Incoming>) -> io::Result<Response<String>> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let body = receive(body).await;
    let reply = handler(Request { method: head.method.to_string(), path, headers: head.headers, body });
    tokio::time::sleep(reply.delay).await;
    if reply.status == 0 {
        return Err(io::Error::other("the test wants the connection to close"));
    }
    let answer = Response::builder().status(reply.status);
    let answer = reply.headers.iter().fold(answer, |answer, (name, value)| answer.header(name, value));
    Ok(answer.body(reply.body).unwrap())
}

/// Reads the part of the body that arrives before the client disconnects.
async fn receive(mut body: Incoming) -> Bytes {
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
    }
    bytes.into()
}
