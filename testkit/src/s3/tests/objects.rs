//! GET and HEAD of objects, and the counts of requests.

use super::client::{get, request};
use crate::s3::{Bucket, Counts, Object, Operation, Server};

const HELLO: &str = "\"5d41402abc4b2a76b9719d911017c592\"";

fn serve() -> (Server, Bucket) {
    let server = Server::start();
    let bucket = server.add_bucket("b", Bucket::new().checksums());
    bucket.put("a/b c+d", Object::new("hello").metadata("signature", "00ff"));
    (server, bucket)
}

#[test]
fn get_and_head_describe_the_object() {
    let (server, _) = serve();
    for method in ["GET", "HEAD"] {
        let reply = request(&server, method, "/b/a/b%20c+d", &[]);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-length"), Some("5"));
        assert_eq!(reply.header("etag"), Some(HELLO));
        assert_eq!(reply.header("x-amz-meta-signature"), Some("00ff"));
        assert!(reply.header("last-modified").unwrap().ends_with(" GMT"));
        assert!(reply.header("x-amz-request-id").is_some());
        assert_eq!(reply.body, if method == "GET" { &b"hello"[..] } else { b"" });
    }
    assert_eq!(request(&server, "HEAD", "/b", &[]).status, 200);
}

#[test]
fn conditions_are_kept() {
    let (server, _) = serve();
    for (header, tag, status) in [
        ("If-None-Match", HELLO, 304),
        ("If-None-Match", "*", 304),
        ("If-None-Match", "\"other\"", 200),
        ("If-Match", HELLO, 200),
        ("If-Match", "\"other\"", 412),
    ] {
        let reply = request(&server, "GET", "/b/a/b%20c+d", &[(header, tag)]);
        assert_eq!(reply.status, status, "{header} {tag}");
        assert_eq!(reply.header("etag").is_some(), status != 412);
        assert!(status != 304 || reply.body.is_empty());
    }
}

#[test]
fn ranges_are_cut_out() {
    let (server, _) = serve();
    for (range, part, said) in [
        ("bytes=1-3", "ell", "bytes 1-3/5"),
        ("bytes=3-", "lo", "bytes 3-4/5"),
        ("bytes=-2", "lo", "bytes 3-4/5"),
        ("bytes=0-99", "hello", "bytes 0-4/5"),
    ] {
        let reply = request(&server, "GET", "/b/a/b%20c+d", &[("Range", range)]);
        assert_eq!((reply.status, reply.text()), (206, part));
        assert_eq!(reply.header("content-range"), Some(said));
    }
    let reply = request(&server, "GET", "/b/a/b%20c+d", &[("Range", "bytes=5-")]);
    assert_eq!((reply.status, reply.element("Code")), (416, "InvalidRange"));
}

#[test]
fn a_checksum_is_sent_on_request() {
    let (server, _) = serve();
    let reply = request(&server, "GET", "/b/a/b%20c+d", &[("x-amz-checksum-mode", "ENABLED")]);
    assert_eq!(reply.header("x-amz-checksum-crc64nvme"), Some("M3eFcAZSQlc="));
    assert_eq!(get(&server, "/b/a/b%20c+d").header("x-amz-checksum-crc64nvme"), None);
}

#[test]
fn a_missing_object_is_named() {
    let (server, bucket) = serve();
    bucket.put("cold", Object::new("x").storage_class("DEEP_ARCHIVE"));
    for (target, status, code) in [
        ("/b/none", 404, "NoSuchKey"),
        ("/none/a", 404, "NoSuchBucket"),
        ("/none?list-type=2", 404, "NoSuchBucket"),
        ("/b/cold", 403, "InvalidObjectState"),
        ("/b/%FF", 400, "InvalidURI"),
        ("/b", 501, "NotImplemented"),
    ] {
        let reply = get(&server, target);
        assert_eq!((reply.status, reply.element("Code")), (status, code), "{target}");
        assert!(!reply.element("Message").is_empty());
    }
    let reply = request(&server, "HEAD", "/b/none", &[]);
    assert_eq!((reply.status, reply.body.len()), (404, 0));
    assert_eq!(request(&server, "PUT", "/b/a", &[]).status, 405);
}

#[test]
fn keys_are_never_taken_for_paths() {
    let (server, bucket) = serve();
    bucket.put("../x", "up");
    bucket.put("/y", "root");
    assert_eq!(get(&server, "/b/../x").text(), "up");
    assert_eq!(get(&server, "/b//y").text(), "root");
}

#[test]
fn requests_are_counted_and_kept_on_demand() {
    let (server, _) = serve();
    get(&server, "/b/a/b%20c+d");
    assert_eq!(server.requests(), []);
    server.record();
    request(&server, "HEAD", "/b/a/b%20c+d", &[]);
    get(&server, "/b/a/b%20c+d");
    let listed = get(&server, "/b?list-type=2&prefix=a%2F").body.len() as u64;
    assert_eq!(server.counts(), Counts { list: 1, get: 2, head: 1, bytes: 10 + listed, peak: 1 });
    let kept = server.requests();
    let operations: Vec<_> = kept.iter().map(|request| request.operation).collect();
    assert_eq!(operations, [Operation::Head, Operation::Get, Operation::List]);
    assert_eq!((kept[1].path.as_str(), kept[1].key.as_str()), ("/b/a/b%20c+d", "a/b c+d"));
    assert_eq!((kept[2].query.as_str(), kept[2].key.as_str()), ("list-type=2&prefix=a%2F", "a/"));
    assert_eq!(server.requests(), []);
    server.reset_counts();
    assert_eq!(server.counts(), Counts::default());
}
