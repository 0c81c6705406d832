//! One TCP connection: it serves requests until the client leaves or a fault ends it.

use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::answer::answer;
use super::server::Shared;

/// How a fault ends a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// With a RST: the client sees "connection reset by peer".
    Reset,
    /// With a FIN: the client sees the end of the stream.
    Close,
}

/// The means to end a connection from within an answer.
#[derive(Clone)]
pub(super) struct Line(mpsc::Sender<End>);

impl Line {
    /// Ends the connection soon; the first call counts.
    pub(super) fn end(&self, end: End) {
        let _ = self.0.try_send(end);
    }
}

pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Without this, each small answer would wait 40 ms for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let (sender, mut ended) = mpsc::channel(1);
    let line = Line(sender);
    let service = service_fn(|request| answer(shared.clone(), line.clone(), request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let end = tokio::select! {
        _ = &mut connection => return,
        end = ended.recv() => end,
    };
    let stream = connection.into_parts().io.into_inner();
    if let Some(End::Reset) = end {
        let _ = stream.set_zero_linger();
    }
}
