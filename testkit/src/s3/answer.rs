//! From a request to its answer. The request is counted, perhaps struck by a fault, checked for
//! access, and passed to the part that answers it.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue};
use hyper::{Method, Response, StatusCode};
use tokio::time::sleep;

use super::body::Body;
use super::bucket::{Access, Bucket};
use super::connection::{ConnectionEnd, ConnectionHandle};
use super::error::ErrorResponse;
use super::fault::{BodyFault, Effect, ListFault};
use super::request::{Operation, Request};
use super::server::ServerState;
use super::{listing, object};

type Http = hyper::Request<Incoming>;

pub(super) async fn answer(
    shared: Arc<ServerState>,
    line: ConnectionHandle,
    http: Http,
) -> Result<Response<Body>, Infallible> {
    let request = match Request::read(&http) {
        Ok(request) => request,
        Err(error) => {
            let (response, bytes) = split(error.response(http.uri().path()));
            return Ok(finish(response, Body::new(bytes, None, line, None), &shared, &http));
        }
    };
    let in_flight = shared.counters.begin(request.operation);
    shared.log(&request);
    let (delay, effect) = shared.strike(&request);
    // A sleep of zero would still wait for the next tick of the clock.
    if !delay.is_zero() {
        sleep(delay).await;
    }
    if let Some(Effect::Gather(gathering)) = &effect {
        gathering.wait().await;
    }
    if let Some(Effect::Reset) = effect {
        line.end(ConnectionEnd::Reset);
        std::future::pending::<()>().await;
    }
    let (response, bytes) = split(respond(&shared, &request, &http, effect.as_ref()));
    let body = Body::new(bytes, body_fault(effect), line, Some(in_flight));
    Ok(finish(response, body, &shared, &http))
}

fn respond(shared: &ServerState, request: &Request, http: &Http, effect: Option<&Effect>) -> Response<Bytes> {
    let answer = match effect {
        Some(Effect::Status(status, code, message)) => {
            Err(ErrorResponse::new(*status, code).saying(message.as_deref()))
        }
        Some(Effect::List(fault)) => regular_response(shared, request, http, Some(*fault)),
        _ => regular_response(shared, request, http, None),
    };
    answer.unwrap_or_else(|error| error.response(&request.path))
}

fn regular_response(
    shared: &ServerState,
    request: &Request,
    http: &Http,
    fault: Option<ListFault>,
) -> Result<Response<Bytes>, ErrorResponse> {
    let unknown = || ErrorResponse::new(404, "NoSuchBucket").detail("BucketName", &request.bucket);
    let bucket = shared.bucket(&request.bucket).ok_or_else(unknown)?;
    is_in_region(&bucket, request, http)?;
    may_read(&bucket, request)?;
    match (request.operation, request.key.as_str()) {
        (Operation::List, _) => listing::answer(&bucket, request, fault),
        (_, "") => {
            let region = bucket.region.as_deref().unwrap_or("us-east-1");
            Ok(Response::builder().header("x-amz-bucket-region", region).body(Bytes::new()).unwrap())
        }
        (_, key) => object::answer(&bucket, key, http.headers()),
    }
}

/// Anonymous requests name no region, so they cannot name a wrong one.
fn is_in_region(bucket: &Bucket, request: &Request, http: &Http) -> Result<(), ErrorResponse> {
    let (Some(region), Some(signature)) = (&bucket.region, &request.signature) else {
        return Ok(());
    };
    if *region == signature.region {
        return Ok(());
    }
    // A HEAD has no body to learn the region from, so S3 always gives it the header.
    if bucket.region_in_body && request.operation != Operation::Head {
        return Err(ErrorResponse::new(400, "AuthorizationHeaderMalformed").detail("Region", region));
    }
    let here = http.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let status = if bucket.region_in_body { 400 } else { 301 };
    let error =
        ErrorResponse::new(status, "PermanentRedirect").detail("Endpoint", here).detail("Bucket", &request.bucket);
    Err(error.region(region))
}

fn may_read(bucket: &Bucket, request: &Request) -> Result<(), ErrorResponse> {
    let refusal = match (&bucket.access, &request.signature) {
        (Access::Signed | Access::SignedBy(_), None) => "AccessDenied",
        (Access::Anonymous, Some(_)) => "InvalidAccessKeyId",
        (Access::SignedBy(id), Some(signature)) if *id != signature.access_key_id => "InvalidAccessKeyId",
        _ if bucket.requester_pays && !request.request_payer => "AccessDenied",
        _ => return Ok(()),
    };
    Err(ErrorResponse::new(403, refusal))
}

fn body_fault(effect: Option<Effect>) -> Option<BodyFault> {
    match effect {
        Some(Effect::Body(fault)) => Some(fault),
        _ => None,
    }
}

fn split(response: Response<Bytes>) -> (Response<()>, Bytes) {
    let (parts, bytes) = response.into_parts();
    (Response::from_parts(parts, ()), bytes)
}

fn finish(response: Response<()>, mut body: Body, shared: &ServerState, http: &Http) -> Response<Body> {
    let (mut parts, ()) = response.into_parts();
    let id = format!("{:016X}", shared.next_id());
    parts.headers.insert("x-amz-request-id", HeaderValue::from_str(&id).unwrap());
    if let Some(length) = body.length().filter(|_| parts.status != StatusCode::NOT_MODIFIED) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if http.method() == Method::HEAD {
        body.withhold();
    }
    Response::from_parts(parts, body)
}
