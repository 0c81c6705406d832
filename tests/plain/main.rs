//! Compares the fast decoder, the portable one and the plain one on every record of a
//! corpus, cell by cell: whole, in windows and truncated; from the sample bucket,
//! generated logs and edge cases.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a failed test says what it is about")]

mod combinations;
mod filter_oracle;
mod jq_oracle;
mod lines;
mod networks;
mod patterns;
mod random;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use fuzz_checks::{Reader, ReaderOutcome};
use jiff::Timestamp;
use proptest::prelude::*;
use testkit::logs::{AccountRegion, Generator, edge_cases, gunzip, records};
use trail2tsv::decode::Decoder;
use trail2tsv::decode::event::FieldSet;
use trail2tsv::decode::json::JsonError;
use walkdir::WalkDir;

/// Prints what was being checked, if a check fails.
struct FailureContext<'a>(&'a str);

impl Drop for FailureContext<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("about {}", self.0);
        }
    }
}

/// The files of the sample bucket, with their names.
fn sample() -> impl Iterator<Item = (String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/AWSLogs");
    let files = WalkDir::new(root).sort_by_file_name().into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().display().to_string(), fs::read(entry.path()).unwrap()))
}

/// Ordinary events, one a second.
fn generated(count: i64) -> Vec<String> {
    let mut generator = Generator::new(7);
    let place = AccountRegion::new("111122223333", "eu-west-1");
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    let event = |second| {
        let mut event = String::new();
        generator.event(&place, Timestamp::from_second(start.as_second() + second).unwrap(), &mut event);
        event
    };
    (0..count).map(event).collect()
}

/// The outcome of a text, checked: all decoders agree on it.
fn check(name: &str, text: &[u8]) -> ReaderOutcome {
    let _about = FailureContext(name);
    let outcome = fuzz_checks::check_text(text);
    // A string that begins like JSON is read as an envelope, and reported if it is broken.
    // Both decoders report it, and there are no rows to compare.
    let may_wrap = text.windows(2).any(|pair| pair == b"\"{" || pair == b"\"[");
    assert!(
        fuzz_checks::check_plain(text, &outcome) || (may_wrap && outcome.findings.malformed.is_some()),
        "not compared with the plain decoder: {} ends as {:?}",
        String::from_utf8_lossy(text),
        (testkit::plain::read(text).1, &outcome.findings)
    );
    outcome
}

#[test]
fn the_sample_bucket() {
    let mut events = 0;
    for (name, file) in sample() {
        let outcome = check(&name, &gunzip(&file).unwrap());
        assert_eq!(Reader::all().pop().unwrap().file(&file, 1 << 20).rows, outcome.rows);
        events += outcome.rows.len();
    }
    assert!(events > 300, "{events}");
}

#[test]
fn generated_logs() {
    let events = generated(1000);
    assert_eq!(check("records", &records(&events)).rows.len(), 1000);
    assert_eq!(check("lines", events.join("\n").as_bytes()).rows.len(), 1000);
}

#[test]
fn unusual_events() {
    let events = edge_cases::events();
    assert!(events.len() > 100, "{}", events.len());
    for event in &events {
        let expected = usize::from(event.why != "an event without anything");
        for text in [&records([&event.json]), &event.json] {
            assert_eq!(check(&event.why, text).rows.len(), expected, "{}", event.why);
        }
    }
    let all: Vec<&[u8]> = events.iter().map(|event| event.json.as_slice()).collect();
    check("all together", &records(all));
}

#[test]
fn a_broken_event_in_a_string_is_reported_by_both_decoders() {
    for text in [r#"{"Records":[{"eventSource":"{\"x"}]}"#, r#"{"Records":[{"eventSource":"[1,"}]}"#] {
        let outcome = check(text, text.as_bytes());
        assert_eq!((outcome.rows.len(), outcome.findings.events), (0, 0));
    }
}

/// A syntax error in a nested text does not affect the records after it.
#[test]
fn a_broken_text_in_a_string_does_not_break_a_later_record() {
    for broken in [" {:x,", "{:", "{\\\"a\\\":}", "[{:x"] {
        let first = format!(r#"{{"a":"{broken}"}}"#);
        let second =
            "{\"eventName\":\"B\",\"requestParameters\":{\"b\":[\n{\"k\":1},\n{\"k\":2},\n3],\"c\":[\n{\"k\":1},\n2]}}";
        let text = records([first.as_str(), second]);
        let mut decoder = Decoder::new(&FieldSet::default()).unwrap();
        for end in 0..=text.len() {
            decoder.start();
            let consumed = decoder.window(&text[..end], false, |_| ControlFlow::Continue(()));
            decoder.window(&text[consumed..], true, |_| ControlFlow::Continue(()));
            let findings = decoder.findings();
            assert_eq!((findings.events, &findings.cut), (1, &None), "{broken} in two windows, {end}");
        }
    }
}

#[test]
fn unusual_events_cut_at_every_byte() {
    const BEFORE: &[u8] = br#"{"Records":["#;
    let mut readers = Reader::all();
    let mut last = Vec::new();
    for (number, event) in edge_cases::events().into_iter().enumerate() {
        let _about = FailureContext(&event.why);
        let text = records([&event.json]);
        let whole = readers[0].text(&text, text.len());
        // The start that an event shares with the one before was already cut at every byte.
        let same = text.iter().zip(&last).take_while(|(byte, other)| byte == other).count();
        let is_news = |end: &usize| (same..same + 100).contains(end) || (end + number).is_multiple_of(16);
        let ends = (0..text.len()).filter(|end| end.min(&(text.len() - end)) < &2000);
        for end in ends.filter(is_news) {
            let outcome = fuzz_checks::check_cut_text(&mut readers, &text, end, &whole);
            let is_complete = end >= BEFORE.len() + event.json.len();
            assert_eq!(outcome.rows.is_empty(), !is_complete || whole.rows.is_empty(), "cut at {end}");
            let broken = outcome.findings.broken.map(|broken| broken.why);
            assert_eq!(broken, (end > 0).then_some(JsonError::EndsEarly), "cut at {end}");
        }
        last = text;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_unusual_events(seed in any::<u64>(), count in 1..5_usize) {
        let mut random = fastrand::Rng::with_seed(seed);
        let events: Vec<String> = (0..count).map(|_| edge_cases::random_event(&mut random)).collect();
        check("records", &records(&events));
        check("lines", events.join("\n").as_bytes());
    }

    #[test]
    fn random_events_that_are_rearranged(seed in any::<u64>(), count in 1..5_usize) {
        let mut random = fastrand::Rng::with_seed(seed);
        let events: Vec<String> = (0..count).map(|_| random::rearranged(&mut random)).collect();
        let text = random::wrapped(&events, &mut random);
        check("wrapped", text.as_bytes());
    }

    #[test]
    fn a_broken_line_costs_only_the_line(seed in any::<u64>(), count in 2..12_usize) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (text, whole) = lines::damaged(&generated(count as i64), &mut random);
        let _about = FailureContext(&text);
        let outcome = fuzz_checks::check_text(text.as_bytes());
        let expected = fuzz_checks::check_text(whole.join("\n").as_bytes());
        assert!(fuzz_checks::check_plain(whole.join("\n").as_bytes(), &expected), "not compared with the plain decoder");
        prop_assert_eq!(outcome.rows, expected.rows);
    }

    #[test]
    fn a_cut_keeps_every_event_before_it(seed in any::<u64>(), cut in 0.0..1.0_f64) {
        let mut random = fastrand::Rng::with_seed(seed);
        let events: Vec<String> = (0..3).map(|_| edge_cases::random_event(&mut random)).collect();
        let text = records(&events);
        let mut readers = Reader::all();
        let whole = readers[0].text(&text, text.len());
        let end = (text.len() as f64 * cut) as usize;
        let kept = fuzz_checks::check_cut_text(&mut readers, &text, end, &whole);
        // Each event ends one byte before the next begins, or before the `]`.
        let mut place = "{\"Records\":[".len();
        let complete = events.iter().take_while(|event| {
            place += event.len() + 1;
            place - 1 <= end
        });
        prop_assert_eq!(kept.rows.len(), testkit::plain::events(&records(complete)).len());
    }
}
