//! One TCP connection: it serves requests until the client disconnects or a fault ends it.

use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::answer::answer;
use super::server::ServerState;

/// How a fault ends a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum ConnectionEnd {
    /// With a RST: the client sees "connection reset by peer".
    Reset,
    /// With a FIN: the client sees the end of the stream.
    Close,
}

/// Lets an answer end its connection.
#[derive(Clone)]
pub(super) struct ConnectionHandle(mpsc::Sender<ConnectionEnd>);

impl ConnectionHandle {
    /// Ends the connection soon; the first call counts.
    pub(super) fn end(&self, end: ConnectionEnd) {
        let _ = self.0.try_send(end);
    }
}

pub(super) async fn serve(stream: TcpStream, shared: Arc<ServerState>) {
    // Without this, each small answer would wait 40 ms for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let (sender, mut ended) = mpsc::channel(1);
    let line = ConnectionHandle(sender);
    let service = service_fn(|request| answer(shared.clone(), line.clone(), request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let end = tokio::select! {
        _ = &mut connection => return,
        end = ended.recv() => end,
    };
    let stream = connection.into_parts().io.into_inner();
    if let Some(ConnectionEnd::Reset) = end {
        let _ = stream.set_zero_linger();
    }
}
