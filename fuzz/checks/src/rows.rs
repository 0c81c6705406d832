//! Reads one file in every possible way, and compares the results.

use std::ops::ControlFlow;

use serde_json::Value;
use testkit::logs::{gunzip, gzip};
use testkit::plain::row::compare;
use testkit::plain::{self, Ending};
use trail2tsv::decode::json::JsonError;
use trail2tsv::decode::structure::SimdLevel;
use trail2tsv::source::file::gzip::MAGIC;

use crate::reader::{COLUMNS, Reader, ReaderOutcome, WHOLE, read};
use crate::reference::ReferenceStructure;

/// Checks a file as it is, and its text in windows. A file that is not gzip is also checked
/// compressed, in one member or in two, or as the content of a damaged member. Its length decides
/// which.
pub fn check_file(file: &[u8]) {
    let Some(inflated) = inflated(file) else { return };
    let mut readers = Reader::all();
    let whole = check_all_readers(&mut readers, file);
    let of_text = check_windows(&mut readers, &inflated);
    // After a gap in a file, decoding starts afresh; its text alone has no gap.
    if whole.findings.before_gap.is_none() {
        let whole = whole.clone().of_any_members();
        assert_eq!((&whole.rows, &whole.findings), (&of_text.rows, &of_text.findings), "file and text differ");
    }
    if file.starts_with(&MAGIC) {
        return check_compressed(&mut readers[0], file, &inflated, &whole);
    }
    // The first member must contain the whole byte order mark of UTF-16, if there is one.
    let (first, second) = file.split_at((file.len() / 3).max(2).min(file.len()));
    match file.len() % 4 {
        0 => check_compressed(&mut readers[0], &gzip(file), file, &whole),
        1 => check_compressed(&mut readers[0], &[gzip(first), gzip(second)].concat(), file, &whole),
        _ => {
            const HEADER: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";
            let damaged = [HEADER, file].concat();
            if let Some(inflated) = self::inflated(&damaged) {
                let whole = check_all_readers(&mut readers, &damaged);
                check_compressed(&mut readers[0], &damaged, &inflated, &whole);
            }
        }
    }
}

/// Checks a text, whole and in windows, and returns the outcome.
pub fn check_text(text: &[u8]) -> ReaderOutcome {
    check_windows(&mut Reader::all(), text)
}

fn check_windows(readers: &mut [Reader], text: &[u8]) -> ReaderOutcome {
    let outcomes: Vec<ReaderOutcome> = readers.iter_mut().map(|reader| reader.text(text, text.len())).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:?}");
    let (fast, whole) = (&mut readers[0], outcomes[0].clone());
    for step in [1 + text.len() % 61, 1000] {
        // Limits the number of windows of a long text, because some windows repeat all of it.
        let step = step.max(text.len() / 128);
        let windows = fast.text(text, step).of_any_window();
        assert_eq!(windows, whole.clone().of_any_window(), "in windows of {step} bytes");
    }
    let (start, _) = text.split_at(text.len() / 8 * 5);
    is_start(&fast.text(start, start.len()), &whole);
    fast.check_search(text, &whole);
    check_plain(text, &whole);
    whole
}

/// Checks a text that is cut at `end`: all readers agree, and the rows before the cut are kept.
pub fn check_cut_text(readers: &mut [Reader], text: &[u8], end: usize, whole: &ReaderOutcome) -> ReaderOutcome {
    let text = &text[..end];
    let outcomes: Vec<ReaderOutcome> = readers.iter_mut().map(|reader| reader.text(text, end)).collect();
    for outcome in &outcomes {
        assert_eq!(outcome, &outcomes[0], "cut at {end}");
    }
    is_start(&outcomes[0], whole);
    outcomes.into_iter().next().expect("there is always a reader")
}

/// Checks that the rows of a part are the first rows of the whole. A part in which the decoder cut
/// a line is not checked: the decoder may have read the incomplete last line as a separate one.
fn is_start(part: &ReaderOutcome, whole: &ReaderOutcome) {
    if part.findings.cut.is_some() {
        return;
    }
    assert!(whole.rows.starts_with(&part.rows), "{:?} are not the first of {:?}", part.rows, whole.rows);
}

/// Checks that the plain decoder finds the same events. Returns whether it could read the whole
/// text.
pub fn check_plain(text: &[u8], outcome: &ReaderOutcome) -> bool {
    // The plain decoder recurses for every bracket. It also cannot distinguish a number from an
    // object in the form in which serde_json passes numbers.
    const MAX_DEPTH: usize = 300;
    let is_for_all =
        ReferenceStructure::of(text).depth() <= MAX_DEPTH && !text.windows(11).any(|part| part == b"$serde_json");
    // Decoders may disagree on whether a number at the end of a text is complete.
    let is_over = text.last().is_none_or(|last| last.is_ascii_whitespace() || b"]}\"".contains(last));
    if !is_for_all || !is_over {
        return false;
    }
    let findings = &outcome.findings;
    let broken = findings.broken.map(|broken| broken.why);
    let (events, ending) = plain::read(text);
    if findings.cut.is_some() {
        // The plain decoder does not search for the next complete line.
        assert_ne!(ending, Ending::Whole, "only broken text is cut");
        return false;
    }
    match ending {
        Ending::Malformed => return false,
        Ending::Early => assert_eq!(broken, Some(JsonError::EndsEarly)),
        Ending::Whole => same_events(text, outcome, &events),
    }
    ending == Ending::Whole
}

fn same_events(text: &[u8], outcome: &ReaderOutcome, events: &[Value]) {
    let findings = &outcome.findings;
    let wrong = (findings.broken, findings.malformed, findings.cut_lists);
    assert_eq!(wrong, (None, None, None), "errors in a text that the plain decoder accepts");
    assert_eq!((outcome.rows.len(), findings.events), (events.len(), events.len() as u64), "events");
    for (number, (row, event)) in outcome.rows.iter().zip(events).enumerate() {
        if let Err(difference) = compare(&COLUMNS, row, event) {
            panic!("event {number}: {difference}\n{row}\n{event}");
        }
    }
    let not_utf8 = str::from_utf8(text).err().map(|error| error.valid_up_to() as u64);
    assert_eq!(findings.not_utf8, not_utf8, "the first byte that is not UTF-8");
}

/// Checks that every reader has the same outcome for a file, twice in a row, and returns it.
fn check_all_readers(readers: &mut [Reader], file: &[u8]) -> ReaderOutcome {
    let whole = Reader::new(SimdLevel::PORTABLE).file(file, WHOLE);
    for (number, reader) in readers.iter_mut().enumerate() {
        for time in ["first", "second"] {
            assert_eq!(reader.file(file, WHOLE), whole, "reader {number}, the {time} time");
        }
    }
    whole
}

/// Checks that a compressed file has the outcome of its text, whole and in small windows.
fn check_compressed(reader: &mut Reader, file: &[u8], text: &[u8], whole: &ReaderOutcome) {
    let whole = &whole.clone().of_any_members();
    assert_eq!(&reader.file(file, WHOLE).of_any_members(), whole, "compressed");
    for limit in [16, 200] {
        let windows = reader.file(file, limit).of_any_members().of_any_window();
        assert_eq!(windows, whole.clone().of_any_window(), "compressed, in windows of {limit} bytes and more");
    }
    match gunzip(file) {
        Ok(inflated) => assert!(inflated == text || is_utf_16(&inflated), "the inflated text differs"),
        Err(_) => assert!(!whole.problems.is_empty() || whole.findings.broken.is_some(), "the damage is not reported"),
    }
}

/// Whether a text begins with a byte order mark of UTF-16, so that reading converts it.
fn is_utf_16(text: &[u8]) -> bool {
    text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff")
}

/// The text of a file, as far as it can be inflated. `None` if the file is an archive, or the text
/// too large to be worth the time.
fn inflated(file: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut take = |window: &[u8], _| {
        text.extend_from_slice(window);
        if text.len() > WHOLE / 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(window.len()) }
    };
    let is_text = read(file, WHOLE, &mut take).is_some();
    (is_text && text.len() <= WHOLE / 2).then_some(text)
}
