//! The fast decoder against the plain one, on every record of a corpus: the
//! same rows, cell by cell, whole or in windows, from the sample bucket, from
//! generated logs and from events that are odd in every way we know.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod rows;

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use testkit::logs::{Generator, Place, gunzip, odd, records};
use testkit::plain;
use walkdir::WalkDir;

/// The rows of a text, checked: those of both decoders are the same.
#[track_caller]
fn check(name: &str, text: &[u8]) -> usize {
    let expected = plain::events(text);
    let whole = rows::fast(text, text.len());
    assert_eq!(whole.len(), expected.len(), "{name}: events");
    for (number, (line, event)) in whole.iter().zip(&expected).enumerate() {
        if let Err(difference) = rows::compare(line, event) {
            panic!("{name}: event {number}: {difference}\n{line}\n{event}");
        }
    }
    for step in [61, 4096] {
        assert_eq!(rows::fast(text, step), whole, "{name}: in windows of {step} bytes");
    }
    whole.len()
}

#[test]
fn the_sample_bucket() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/AWSLogs");
    let mut events = 0;
    for entry in WalkDir::new(root) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let file = fs::read(entry.path()).unwrap();
            events += check(&entry.path().display().to_string(), &gunzip(&file).unwrap());
        }
    }
    assert!(events > 300, "{events}");
}

#[test]
fn generated_logs() {
    let mut generator = Generator::new(7);
    let place = Place::new("111122223333", "eu-west-1");
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    let events: Vec<String> = (0..2000)
        .map(|second| {
            let mut event = String::new();
            generator.event(&place, Timestamp::from_second(start.as_second() + second).unwrap(), &mut event);
            event
        })
        .collect();
    assert_eq!(check("records", &records(&events)), 2000);
    assert_eq!(check("lines", events.join("\n").as_bytes()), 2000);
}

#[test]
fn odd_events() {
    let events = odd::events();
    assert!(events.len() > 100, "{}", events.len());
    for event in &events {
        let is_event = event.why != "an event without anything";
        assert_eq!(check(&event.why, &records([&event.json])), usize::from(is_event), "{}", event.why);
        assert_eq!(check(&event.why, &event.json), usize::from(is_event), "{}", event.why);
    }
    let all: Vec<&[u8]> = events.iter().map(|event| event.json.as_slice()).collect();
    check("all together", &records(all));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_odd_events(seed in any::<u64>(), count in 1..5_usize) {
        let mut random = fastrand::Rng::with_seed(seed);
        let events: Vec<String> = (0..count).map(|_| odd::random_event(&mut random)).collect();
        check("records", &records(&events));
        check("lines", events.join("\n").as_bytes());
    }

    #[test]
    fn a_cut_keeps_every_event_before_it(seed in any::<u64>(), cut in 0.0..1.0_f64) {
        let mut random = fastrand::Rng::with_seed(seed);
        let events: Vec<String> = (0..3).map(|_| odd::random_event(&mut random)).collect();
        let text = records(&events);
        let whole = rows::fast(&text, text.len());
        let end = (text.len() as f64 * cut) as usize;
        let kept = rows::fast(&text[..end], end.max(1));
        // Each event ends one byte before the next begins, or before the `]`.
        let mut place = "{\"Records\":[".len();
        let complete = events.iter().take_while(|event| {
            place += event.len() + 1;
            place - 1 <= end
        });
        prop_assert_eq!(kept.len(), plain::events(&records(complete)).len());
        prop_assert!(whole.starts_with(&kept));
    }
}
