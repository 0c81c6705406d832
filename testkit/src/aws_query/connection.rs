//! One TCP connection after the other: a form comes in, an answer goes out.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use hyper::body::{Body, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::Script;
use super::answer::{Answer, answer, read};

pub(super) async fn accept(listener: TcpListener, script: Arc<Mutex<Script>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let script = script.clone();
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let service = service_fn(|request| serve(script.clone(), request));
            // A client that leaves is not an error.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn serve(script: Arc<Mutex<Script>>, request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let region = region(&request);
    let form = text(request.into_body()).await;
    let answer = match read(&form, region) {
        Some(call) => answer(&mut script.lock().unwrap(), call),
        None => Answer { status: 400, body: format!("not a request: {form}") },
    };
    if answer.status == 0 {
        std::future::pending::<()>().await;
    }
    Ok(Response::builder().status(answer.status).body(answer.body).unwrap())
}

/// From `AWS4-HMAC-SHA256 Credential=KEYID/DATE/REGION/SERVICE/aws4_request, …`.
fn region(request: &Request<Incoming>) -> String {
    let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok()).unwrap_or_default();
    header.split('/').nth(2).unwrap_or_default().to_owned()
}

async fn text(mut body: Incoming) -> String {
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
    }
    String::from_utf8(bytes).unwrap()
}
