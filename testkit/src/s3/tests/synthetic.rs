//! Synthetic keys have CloudTrail's form, are in order, and are found without a scan.

use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use jiff::civil::date;

use super::client::get;
use crate::s3::{Bucket, Server, Store, Synthetic};

fn small() -> Synthetic {
    Synthetic { accounts: 3, regions: 34, days: 40, files: 2, organization: Some("o-1".into()), ..Synthetic::default() }
}

#[test]
fn keys_are_in_order_and_found_again() {
    let crowded = Synthetic { files: 3000, ..Synthetic::default() };
    for store in [small().build(), crowded.build()] {
        let keys: Vec<_> = (0..store.len()).map(|number| store.key(number)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        let listed: Vec<_> = store.list("", "", usize::MAX).into_iter().map(|entry| entry.key).collect();
        assert_eq!(listed, keys);
        assert!(keys.iter().step_by(97).all(|key| store.get(key).is_some()));
        assert!(store.get("AWSLogs/").is_none() && store.get("z").is_none());
    }
}

#[test]
fn keys_have_cloudtrails_form() {
    let store = Synthetic { first_day: date(2026, 2, 28), days: 2, files: 24, ..Synthetic::default() }.build();
    let key = store.key(25);
    let name = "AWSLogs/111111111111/CloudTrail/us-east-1/2026/03/01/111111111111_CloudTrail_us-east-1_20260301T0100Z_";
    assert!(key.starts_with(name) && key.ends_with(".json.gz"), "{key}");
    assert_eq!(key.len(), name.len() + 16 + ".json.gz".len());
    assert_eq!(store.list("", &store.key(24), 1)[0].last_modified.to_string(), "2026-03-01T01:00:00Z");
}

#[test]
fn bodies_have_the_length_the_listing_says_and_name_their_key() {
    for size in [600, 1500, 70_000, 200_000] {
        let store = Synthetic { size, ..small() }.build();
        for number in [0, 1, store.len() / 2, store.len() - 1] {
            let key = store.key(number);
            let body = store.get(&key).unwrap().body;
            assert_eq!(body.len(), size);
            let mut text = String::new();
            MultiGzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            let records = document["Records"].as_array().unwrap();
            assert!(records.len() >= size / 650 && !records.is_empty());
            let file = key.rsplit('/').next().unwrap();
            assert!(records.iter().all(|record| record["requestParameters"]["file"] == file));
        }
    }
}

#[test]
fn a_million_keys_are_listed_from_the_middle_at_once() {
    let server = Server::start();
    let rule = Synthetic { accounts: 20, regions: 17, days: 100, files: 30, ..Synthetic::default() };
    let store = rule.clone().build();
    assert_eq!(store.len(), 1_020_000);
    let bucket = server.add_bucket("b", Bucket::synthetic(rule));
    let start = Instant::now();
    let reply = get(&server, &format!("/b?list-type=2&start-after={}", store.key(777_776)));
    assert_eq!(reply.elements("Key")[0], store.key(777_777));
    let accounts = get(&server, "/b?list-type=2&delimiter=/&prefix=AWSLogs/");
    assert_eq!(accounts.elements("CommonPrefixes").len(), 20);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    bucket.put(format!("{}.late", store.key(777_777)), "late");
    let reply = get(&server, &format!("/b?list-type=2&max-keys=2&start-after={}", store.key(777_776)));
    assert_eq!(reply.elements("Key")[1], format!("{}.late", store.key(777_777)));
}

#[test]
fn bodies_can_be_given() {
    let bodies = vec!["one".into(), "three".into()];
    let store = Synthetic { files: 3, bodies, ..Synthetic::default() }.build();
    let sizes: Vec<_> = store.list("", "", 9).iter().map(|entry| entry.size).collect();
    assert_eq!(sizes, [3, 5, 3]);
    assert_eq!(store.get(&store.key(1)).unwrap().body, "three");
}
