//! Each fault does what it says.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::client::{exchange, get};
use crate::s3::{Bucket, Fault, Server};

const BODY: &[u8] = b"0123456789";

fn serve() -> Server {
    let server = Server::start();
    let bucket = server.add_bucket("b", Bucket::new());
    for key in ["a", "b", "c"] {
        bucket.put(key, BODY);
    }
    server
}

/// The part of the body of `/b/a` that arrives, and how the connection ends.
fn body(server: &Server) -> (Vec<u8>, Option<ErrorKind>) {
    let (bytes, end) = exchange(server, "GET", "/b/a", &[]);
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let body = head.map_or(&[][..], |at| &bytes[at + 4..]).to_vec();
    (body, end.err().map(|error| error.kind()))
}

fn statuses(server: &Server, target: &str, times: usize) -> Vec<u16> {
    (0..times).map(|_| get(server, target).status).collect()
}

#[test]
fn an_error_is_the_answer_for_a_while() {
    let server = serve();
    let fault = server.fault(Fault::get("a*").skip(1).times(2).status(503, "SlowDown"));
    assert_eq!(statuses(&server, "/b/a", 4), [200, 503, 503, 200]);
    assert_eq!(get(&server, "/b/b").status, 200);
    assert_eq!((fault.fired(), server.counts().get), (2, 5));
    server.fault(Fault::list("*").status(403, "AccessDenied"));
    assert_eq!(get(&server, "/b?list-type=2").element("Code"), "AccessDenied");
    server.clear_faults();
    assert_eq!(get(&server, "/b?list-type=2").status, 200);
}

#[test]
fn each_key_can_have_its_own_errors() {
    let server = serve();
    server.fault(Fault::get("*").times_each_key(1).status(500, "InternalError"));
    for target in ["/b/a", "/b/b"] {
        assert_eq!(statuses(&server, target, 3), [500, 200, 200]);
    }
}

#[test]
fn a_condition_chooses() {
    let server = serve();
    server.fault(Fault::any().when(|request| request.query.contains("start-after")).status(500, "InternalError"));
    assert_eq!(get(&server, "/b?list-type=2&start-after=a").status, 500);
    assert_eq!(get(&server, "/b?list-type=2").status, 200);
}

#[test]
fn chance_is_seeded() {
    let run = || {
        let server = serve();
        server.fault(Fault::get("*").chance(0.5, 7).status(503, "SlowDown"));
        statuses(&server, "/b/a", 40)
    };
    let statuses = run();
    assert!((10..30).contains(&statuses.iter().filter(|status| **status == 503).count()), "{statuses:?}");
    assert_eq!(statuses, run());
}

#[test]
fn credentials_expire() {
    let server = serve();
    server.fault(Fault::expire_after(2));
    assert_eq!(statuses(&server, "/b/a", 3), [200, 200, 400]);
    assert_eq!(get(&server, "/b?list-type=2").element("Code"), "ExpiredToken");
}

#[test]
fn a_connection_is_reset() {
    let server = serve();
    server.fault(Fault::get("*").times(1).reset());
    let (bytes, end) = exchange(&server, "GET", "/b/a", &[]);
    assert_eq!((bytes.len(), end.unwrap_err().kind()), (0, ErrorKind::ConnectionReset));
    server.fault(Fault::get("*").times(1).reset_halfway());
    assert_eq!(body(&server), (b"01234".to_vec(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(body(&server), (BODY.to_vec(), None));
}

#[test]
fn a_connection_is_reset_after_the_whole_body() {
    use std::io::{Read, Write};
    let server = serve();
    server.fault(Fault::get("*").reset_at_end());
    let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"GET /b/a HTTP/1.1\r\nHost: s3.test\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes);
    assert!(bytes.ends_with(BODY));
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_body_is_shorter_than_its_length() {
    let server = serve();
    server.fault(Fault::get("*").short_body(3));
    let (bytes, end) = exchange(&server, "GET", "/b/a", &[]);
    assert!(String::from_utf8_lossy(&bytes).contains("content-length: 10\r\n"));
    assert!(bytes.ends_with(b"\r\n\r\n0123456") && end.is_ok());
}

#[test]
fn a_body_differs_from_the_listing() {
    let server = serve();
    server.fault(Fault::get("*").times(1).truncated_body(3));
    server.fault(Fault::get("*").times(1).long_body(2));
    server.fault(Fault::get("*").times(1).flip_bit(8));
    for (length, body) in [("7", "0123456"), ("12", "0123456789~~"), ("10", "0023456789"), ("10", "0123456789")] {
        let reply = get(&server, "/b/a");
        assert_eq!((reply.header("content-length"), reply.text()), (Some(length), body));
    }
}

#[test]
fn a_body_stalls_and_goes_on() {
    let server = serve();
    server.fault(Fault::get("*").stall(Duration::from_millis(200)));
    let start = Instant::now();
    assert_eq!(body(&server), (BODY.to_vec(), None));
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[test]
fn latency_and_delays_add_up() {
    let server = serve();
    server.latency(Duration::from_millis(40), Duration::from_millis(80));
    server.fault(Fault::get("b").delay(Duration::from_millis(60)));
    for (target, least) in [("/b/a", 40), ("/b/b", 100), ("/b?list-type=2", 80)] {
        let start = Instant::now();
        assert_eq!(get(&server, target).status, 200);
        assert!(start.elapsed() >= Duration::from_millis(least), "{target}");
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| get(&server, "/b/a"));
        }
    });
    assert!(server.counts().peak > 1);
}

#[test]
fn a_listing_never_ends() {
    let server = serve();
    server.fault(Fault::list("*").endless_list());
    let first = get(&server, "/b?list-type=2&start-after=a");
    assert_eq!((first.elements("Key"), first.element("IsTruncated")), (vec!["b", "c"], "true"));
    let token = first.element("NextContinuationToken").replace('+', "%2B");
    let second = get(&server, &format!("/b?list-type=2&start-after=a&continuation-token={token}"));
    assert_eq!(second.elements("Key"), first.elements("Key"));
    assert_eq!(second.element("NextContinuationToken"), first.element("NextContinuationToken"));
}

#[test]
fn a_page_is_empty_and_the_next_is_not() {
    let server = serve();
    server.fault(Fault::list("*").times(1).empty_page());
    let first = get(&server, "/b?list-type=2&start-after=a");
    assert_eq!((first.element("KeyCount"), first.element("IsTruncated")), ("0", "true"));
    let token = first.element("NextContinuationToken").replace('+', "%2B");
    assert_eq!(get(&server, &format!("/b?list-type=2&continuation-token={token}")).elements("Key"), ["b", "c"]);
}

#[test]
fn a_page_repeats_or_omits_keys() {
    let server = serve();
    server.fault(Fault::list("*").times(1).repeated_keys());
    server.fault(Fault::list("*").times(1).omitted_keys());
    assert_eq!(get(&server, "/b?list-type=2").elements("Key"), ["a", "a", "b", "b", "c", "c"]);
    assert_eq!(get(&server, "/b?list-type=2").elements("Key"), ["b"]);
}

#[test]
fn a_page_counts_more_keys_than_it_holds_or_holds_others() {
    let server = serve();
    server.fault(Fault::list("*").times(1).miscounted_keys());
    let reply = get(&server, "/b?list-type=2");
    assert_eq!((reply.elements("Key").len(), reply.element("KeyCount")), (1, "3"));
    server.fault(Fault::list("*").times(1).keys_outside());
    assert_eq!(get(&server, "/b?list-type=2").elements("Key"), ["a", "b", "~/c"]);
}

#[test]
fn a_continuation_token_can_be_missing_or_repeated() {
    let server = serve();
    server.fault(Fault::list("*").times(1).missing_token());
    let reply = get(&server, "/b?list-type=2");
    assert_eq!((reply.element("IsTruncated"), reply.elements("NextContinuationToken").len()), ("true", 0));
    server.fault(Fault::list("*").idle_list());
    let mut tokens = vec![String::new()];
    for _ in 0..3 {
        let target = format!("/b?list-type=2&continuation-token={}", tokens.last().unwrap());
        let reply = get(&server, &target);
        assert_eq!(reply.element("KeyCount"), "0");
        tokens.push(reply.element("NextContinuationToken").replace('+', "%2B").replace('/', "%2F"));
    }
    assert!(tokens[1] != tokens[2] && tokens[1] == tokens[3], "{tokens:?}");
}

#[test]
fn a_body_goes_on_as_long_as_it_is_read() {
    let server = serve();
    server.fault(Fault::get("a").endless_body());
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"GET /b/a HTTP/1.1\r\nHost: s3.test\r\n\r\n").unwrap();
    let mut bytes = vec![0; 4 << 20];
    stream.read_exact(&mut bytes).unwrap();
    assert!(!String::from_utf8_lossy(&bytes[..1000]).to_lowercase().contains("content-length"));
}

#[test]
fn a_server_can_be_dropped_while_a_request_waits() {
    let server = serve();
    server.fault(Fault::get("*").delay(Duration::from_secs(60)));
    let address = server.address();
    let waiting = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /b/a HTTP/1.1\r\nHost: s3.test\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap_or_default()
    });
    while server.counts().get == 0 {
        std::thread::yield_now();
    }
    drop(server);
    assert_eq!(waiting.join().unwrap(), 0);
}
