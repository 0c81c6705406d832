//! GetObject and HeadObject: conditions, ranges, metadata.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use crc_fast::{CrcAlgorithm, checksum};
use hyper::header::{
    ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_MATCH, IF_NONE_MATCH, LAST_MODIFIED, RANGE,
};
use hyper::http::response::Builder;
use hyper::{Response, StatusCode};

use super::bucket::Bucket;
use super::error::ErrorResponse;
use super::store::Object;

pub(super) fn answer(bucket: &Bucket, key: &str, asked: &HeaderMap) -> Result<Response<Bytes>, ErrorResponse> {
    let object = bucket.get(key).ok_or_else(|| ErrorResponse::new(404, "NoSuchKey").detail("Key", key))?;
    if object.is_archived() {
        return Err(ErrorResponse::new(403, "InvalidObjectState").detail("StorageClass", object.storage_class));
    }
    if text(asked, IF_MATCH).is_some_and(|tags| !names(tags, &object.etag)) {
        return Err(ErrorResponse::new(412, "PreconditionFailed").detail("Condition", "If-Match"));
    }
    let response = described(&object);
    if text(asked, IF_NONE_MATCH).is_some_and(|tags| names(tags, &object.etag)) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).body(Bytes::new()).unwrap());
    }
    if let Some(range) = text(asked, RANGE).and_then(|range| range.strip_prefix("bytes=")) {
        return part(response, &object.body, range);
    }
    let wants_checksum = asked.get("x-amz-checksum-mode").is_some_and(|mode| mode == "ENABLED");
    let response = match bucket.checksums && wants_checksum {
        true => response.header("x-amz-checksum-crc64nvme", crc64(&object.body)),
        false => response,
    };
    Ok(response.body(object.body).unwrap())
}

fn described(object: &Object) -> Builder {
    let mut response = Response::builder()
        .header(ETAG, format!("\"{}\"", object.etag))
        .header(LAST_MODIFIED, object.last_modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .header(ACCEPT_RANGES, "bytes")
        .header(CONTENT_TYPE, "binary/octet-stream");
    if object.storage_class != "STANDARD" {
        response = response.header("x-amz-storage-class", object.storage_class);
    }
    for (name, value) in &object.metadata {
        response = response.header(format!("x-amz-meta-{name}"), value);
    }
    response
}

/// `FROM-TO`, `FROM-` or `-LENGTH`.
fn part(response: Builder, body: &Bytes, range: &str) -> Result<Response<Bytes>, ErrorResponse> {
    let invalid = || ErrorResponse::new(416, "InvalidRange").detail("RangeRequested", range);
    let (from, to) = range.split_once('-').ok_or_else(invalid)?;
    let number = |text: &str| text.parse::<usize>().map_err(|_| invalid());
    let (from, end) = match (from, to) {
        ("", length) => (body.len().saturating_sub(number(length)?), body.len()),
        (from, "") => (number(from)?, body.len()),
        (from, to) => (number(from)?, body.len().min(number(to)?.saturating_add(1))),
    };
    if from >= end {
        return Err(invalid());
    }
    Ok(response
        .status(StatusCode::PARTIAL_CONTENT)
        .header(CONTENT_RANGE, format!("bytes {from}-{}/{}", end - 1, body.len()))
        .body(body.slice(from..end))
        .unwrap())
}

fn text(headers: &HeaderMap, name: hyper::header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a list of entity tags, quoted or not, has this one.
fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(|tag| tag.trim().trim_matches('"')).any(|tag| tag == "*" || tag == etag)
}

fn crc64(body: &[u8]) -> String {
    BASE64_STANDARD.encode(checksum(CrcAlgorithm::Crc64Nvme, body).to_be_bytes())
}
