//! The rules of ListObjectsV2.

use super::client::{Reply, get, request};
use crate::s3::{Bucket, Object, Server};

fn serve(keys: &[&str]) -> Server {
    let server = Server::start();
    server.add_bucket("b", keys.iter().map(|key| (*key, key.to_string())).collect());
    server
}

fn list(server: &Server, query: &str) -> Reply {
    let reply = get(server, &format!("/b?list-type=2&{query}"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply
}

/// The keys and common prefixes of all pages, and how many pages there were.
fn list_all(server: &Server, query: &str) -> (Vec<String>, Vec<String>, usize) {
    let (mut keys, mut prefixes, mut pages, mut token) = (Vec::new(), Vec::new(), 0, String::new());
    loop {
        let reply = list(server, &format!("{query}{token}"));
        pages += 1;
        keys.extend(reply.elements("Key").iter().map(|key| key.to_string()));
        let groups = reply.elements("CommonPrefixes");
        prefixes.extend(groups.iter().map(|group| group.replace("<Prefix>", "").replace("</Prefix>", "")));
        let (count, most) = (reply.element("KeyCount"), reply.element("MaxKeys"));
        assert_eq!(count, (reply.elements("Key").len() + groups.len()).to_string());
        assert!(count.parse::<usize>().unwrap() <= most.parse().unwrap());
        match reply.elements("NextContinuationToken").first() {
            Some(next) => {
                assert_eq!(reply.element("IsTruncated"), "true");
                token = format!("&continuation-token={}", next.replace('+', "%2B").replace('/', "%2F"));
            }
            None => {
                assert_eq!(reply.element("IsTruncated"), "false");
                return (keys, prefixes, pages);
            }
        }
    }
}

#[test]
fn keys_come_in_the_order_of_their_bytes() {
    let server = serve(&["b", "a/b", "a", "a-b", "Z", "é", "\u{ff5e}", "\u{1f600}"]);
    let (keys, _, pages) = list_all(&server, "");
    assert_eq!(keys, ["Z", "a", "a-b", "a/b", "b", "é", "\u{ff5e}", "\u{1f600}"]);
    assert_eq!(pages, 1);
}

#[test]
fn an_entry_says_what_s3_says() {
    let server = Server::start();
    let object = Object::new("hello");
    let bucket = server.add_bucket("b", [("a", object)].into_iter().collect());
    bucket.put("cold", Object::new("").storage_class("GLACIER").etag("0123-1"));
    let reply = list(&server, "");
    assert_eq!(reply.header("content-type"), Some("application/xml"));
    assert_eq!(reply.element("Name"), "b");
    assert_eq!(reply.elements("Size"), ["5", "0"]);
    assert_eq!(reply.elements("ETag"), ["&quot;5d41402abc4b2a76b9719d911017c592&quot;", "&quot;0123-1&quot;"]);
    assert_eq!(reply.elements("StorageClass"), ["STANDARD", "GLACIER"]);
    let time = reply.elements("LastModified")[0];
    assert!(time.len() == "2026-01-01T00:00:00.000Z".len() && time.ends_with(".000Z"), "{time}");
}

#[test]
fn the_restore_status_is_sent_on_request() {
    let server = Server::start();
    let cold = || Object::new("x").storage_class("GLACIER");
    let bucket = [("a", cold()), ("b", cold().restored(None)), ("c", cold().restored(Some(2)))];
    server.add_bucket("b", bucket.into_iter().collect());
    assert_eq!(list(&server, "").elements("RestoreStatus").len(), 0);
    let asked = [("x-amz-optional-object-attributes", "RestoreStatus")];
    let reply = request(&server, "GET", "/b?list-type=2", &asked);
    assert_eq!(reply.elements("IsRestoreInProgress"), ["true", "false"]);
    assert_eq!(reply.elements("RestoreExpiryDate").len(), 1);
    let status = |key: &str| get(&server, &format!("/b/{key}")).status;
    assert_eq!(["a", "b", "c"].map(status), [403, 403, 200]);
}

#[test]
fn a_server_may_not_know_how_to_encode_keys() {
    let server = Server::start();
    server.add_bucket("b", Bucket::from_iter([("a b", "")]).plain_keys());
    let reply = list(&server, "encoding-type=url");
    assert_eq!((reply.elements("Key"), reply.elements("EncodingType").len()), (vec!["a b"], 0));
}

#[test]
fn pages_cover_every_key_once() {
    let names: Vec<String> = (0..10).map(|number| format!("k{number}")).collect();
    let server = serve(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for (most, pages) in [(1, 10), (3, 4), (5, 2), (10, 1), (11, 1), (5000, 1)] {
        assert_eq!(list_all(&server, &format!("max-keys={most}")), (names.clone(), vec![], pages), "{most}");
    }
    assert_eq!(list(&server, "max-keys=5000").element("MaxKeys"), "1000");
    let nothing = list(&server, "max-keys=0");
    assert_eq!((nothing.element("KeyCount"), nothing.element("IsTruncated")), ("0", "false"));
}

#[test]
fn a_bucket_can_have_shorter_pages_than_were_asked_for() {
    let server = Server::start();
    server.add_bucket("b", Bucket::from_iter(["a", "b", "c"].map(|key| (key, ""))).page_size(2));
    assert_eq!(list_all(&server, "").2, 2);
    assert_eq!(list(&server, "").element("MaxKeys"), "1000");
}

#[test]
fn a_prefix_is_text_not_a_folder() {
    let server = serve(&["a", "a/1", "ab", "b"]);
    assert_eq!(list_all(&server, "prefix=a").0, ["a", "a/1", "ab"]);
    assert_eq!(list_all(&server, "prefix=a/").0, ["a/1"]);
    assert_eq!(list(&server, "prefix=x").element("KeyCount"), "0");
}

#[test]
fn start_after_is_exclusive_and_need_not_be_a_key() {
    let server = serve(&["a/1", "a/2", "a/3", "b"]);
    assert_eq!(list_all(&server, "start-after=a/1").0, ["a/2", "a/3", "b"]);
    assert_eq!(list_all(&server, "start-after=a/1x").0, ["a/2", "a/3", "b"]);
    assert_eq!(list_all(&server, "start-after=a/1&prefix=a/&max-keys=1").0, ["a/2", "a/3"]);
    assert_eq!(list_all(&server, "start-after=0&prefix=a/").0, ["a/1", "a/2", "a/3"]);
    assert_eq!(list_all(&server, "start-after=z").0, Vec::<String>::new());
    assert_eq!(list(&server, "start-after=a/1").element("StartAfter"), "a/1");
}

#[test]
fn a_delimiter_rolls_keys_up() {
    let server = serve(&["p/1", "p/a/1", "p/a/2", "p/b/c/1", "p/z", "q/1"]);
    for pages in [("max-keys=1", 4), ("max-keys=2", 2), ("max-keys=3", 2), ("", 1)] {
        let (keys, prefixes, count) = list_all(&server, &format!("prefix=p/&delimiter=/&{}", pages.0));
        assert_eq!(keys, ["p/1", "p/z"]);
        assert_eq!(prefixes, ["p/a/", "p/b/"]);
        assert_eq!(count, pages.1, "{}", pages.0);
    }
    assert_eq!(list_all(&server, "delimiter=/").1, ["p/", "q/"]);
    assert_eq!(list_all(&server, "delimiter=a/&prefix=p").1, ["p/a/"]);
    assert_eq!(list_all(&server, "delimiter=").0.len(), 6);
}

#[test]
fn start_after_a_common_prefix_is_after_all_its_keys_but_a_key_inside_is_not() {
    let server = serve(&["a/1", "a/2", "b/1"]);
    assert_eq!(list_all(&server, "delimiter=/&start-after=a/").1, ["b/"]);
    assert_eq!(list_all(&server, "delimiter=/&start-after=a/1").1, ["a/", "b/"]);
    assert_eq!(list_all(&server, "delimiter=/&start-after=a").1, ["a/", "b/"]);
}

#[test]
fn keys_are_escaped_for_xml_or_encoded_as_for_a_url() {
    let server = serve(&["a&<b>\"", "c d+e/f(1)", "g\u{1}", "é"]);
    assert_eq!(list_all(&server, "").0, ["a&amp;&lt;b&gt;&quot;", "c d+e/f(1)", "g&#x1;", "é"]);
    let (keys, ..) = list_all(&server, "encoding-type=url");
    assert_eq!(keys, ["a%26%3Cb%3E%22", "c+d%2Be/f%281%29", "g%01", "%C3%A9"]);
    let reply = list(&server, "encoding-type=url&delimiter=%20&prefix=c&start-after=a%26");
    assert_eq!(reply.element("EncodingType"), "url");
    assert_eq!(reply.element("StartAfter"), "a%26");
    assert_eq!(reply.element("CommonPrefixes"), "<Prefix>c+</Prefix>");
}

#[test]
fn a_token_must_be_one_that_was_given_and_be_escaped() {
    let server = serve(&["a", "b"]);
    let token = list(&server, "max-keys=1").element("NextContinuationToken").to_owned();
    assert!(token.contains('+') && token.contains('/'), "{token}");
    for token in ["nonsense", token.as_str()] {
        let reply = get(&server, &format!("/b?list-type=2&continuation-token={token}"));
        assert_eq!((reply.status, reply.element("Code")), (400, "InvalidArgument"));
    }
    let reply = get(&server, "/b?list-type=2&max-keys=many");
    assert_eq!((reply.status, reply.element("Code")), (400, "InvalidArgument"));
}

#[test]
fn objects_come_and_go_while_the_server_runs() {
    let folder = std::env::temp_dir().join(format!("testkit-s3-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("x")).unwrap();
    std::fs::write(folder.join("x/1"), "one").unwrap();
    std::fs::write(folder.join("x/2"), "two").unwrap();
    let server = Server::start();
    let bucket = server.add_bucket("b", Bucket::from_folder(&folder).unwrap());
    assert_eq!(list_all(&server, "").0, ["x/1", "x/2"]);
    bucket.put("x/15", "fifteen");
    bucket.put("x/2", "again");
    bucket.remove("x/1");
    for query in ["", "max-keys=1"] {
        assert_eq!(list_all(&server, query).0, ["x/15", "x/2"]);
    }
    assert_eq!(get(&server, "/b/x/2").text(), "again");
    assert_eq!(get(&server, "/b/x/1").status, 404);
    bucket.remove("x/2");
    assert_eq!(bucket.keys("x/"), ["x/15"]);
    std::fs::remove_dir_all(&folder).unwrap();
}
