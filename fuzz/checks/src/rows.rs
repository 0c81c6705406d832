//! One file, read in every way there is to read it.

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

/// Checks a file: as it is, its text in windows and, by its length, its text
/// compressed or its bytes as if they were compressed.
pub fn rows(file: &[u8]) {
    let Some(inflated) = inflated(file) else { return };
    let mut readers = Reader::all();
    let whole = in_every_way(&mut readers, file);
    let of_text = in_windows(&mut readers, &inflated);
    // Behind a gap the text is read as another.
    if whole.findings.before_gap.is_none() {
        let whole = whole.clone().of_any_members();
        assert_eq!((&whole.rows, &whole.findings), (&of_text.rows, &of_text.findings), "the file and its text");
    }
    if file.starts_with(&MAGIC) {
        return compressed(&mut readers[0], file, &inflated, &whole);
    }
    // The first member has to have the byte order mark of UTF-16, if there is one.
    let (first, second) = file.split_at((file.len() / 3).max(2).min(file.len()));
    match file.len() % 4 {
        0 => compressed(&mut readers[0], &gzip(file), file, &whole),
        1 => compressed(&mut readers[0], &[gzip(first), gzip(second)].concat(), file, &whole),
        _ => {
            const HEADER: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";
            let damaged = [HEADER, file].concat();
            if let Some(inflated) = self::inflated(&damaged) {
                let whole = in_every_way(&mut readers, &damaged);
                compressed(&mut readers[0], &damaged, &inflated, &whole);
            }
        }
    }
}

/// Checks a text, whole and in windows, and gives what came of it.
pub fn text(text: &[u8]) -> ReaderOutcome {
    in_windows(&mut Reader::all(), text)
}

fn in_windows(readers: &mut [Reader], text: &[u8]) -> ReaderOutcome {
    let outcomes: Vec<ReaderOutcome> = readers.iter_mut().map(|reader| reader.text(text, text.len())).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:?}");
    let (fast, whole) = (&mut readers[0], outcomes[0].clone());
    for step in [1 + text.len() % 61, 1000] {
        // Not too many windows of a long text: some see all of it again.
        let step = step.max(text.len() / 128);
        let windows = fast.text(text, step).of_any_window();
        assert_eq!(windows, whole.clone().of_any_window(), "in windows of {step} bytes");
    }
    let (start, _) = text.split_at(text.len() / 8 * 5);
    is_start(&fast.text(start, start.len()), &whole);
    fast.check_search(text, &whole);
    plain(text, &whole);
    whole
}

/// Checks a text that is cut at `end`: all ways agree, and what comes before
/// the cut is kept.
pub fn cut(readers: &mut [Reader], text: &[u8], end: usize, whole: &ReaderOutcome) -> ReaderOutcome {
    let text = &text[..end];
    let outcomes: Vec<ReaderOutcome> = readers.iter_mut().map(|reader| reader.text(text, end)).collect();
    for outcome in &outcomes {
        assert_eq!(outcome, &outcomes[0], "cut at {end}");
    }
    is_start(&outcomes[0], whole);
    outcomes.into_iter().next().expect("there is always a way")
}

/// Checks that what was kept of a part is the start of the whole; but a line at its
/// end may have been taken for one of its own.
fn is_start(part: &ReaderOutcome, whole: &ReaderOutcome) {
    if part.findings.cut.is_some() {
        return;
    }
    assert!(whole.rows.starts_with(&part.rows), "{:?} are not the first of {:?}", part.rows, whole.rows);
}

/// Checks that the plain decoder, where it takes the text, gives the same, and
/// says whether it does.
pub fn plain(text: &[u8], outcome: &ReaderOutcome) -> bool {
    // The plain decoder calls itself for every bracket, and cannot tell numbers
    // from objects that look like its own way to keep them.
    const MAX_DEPTH: usize = 300;
    let is_for_all =
        ReferenceStructure::of(text).depth() <= MAX_DEPTH && !text.windows(11).any(|part| part == b"$serde_json");
    // Whether a number is over at the end of a text is a matter of taste.
    let is_over = text.last().is_none_or(|last| last.is_ascii_whitespace() || b"]}\"".contains(last));
    if !is_for_all || !is_over {
        return false;
    }
    let findings = &outcome.findings;
    let broken = findings.broken.map(|broken| broken.why);
    let (events, ending) = plain::read(text);
    if findings.cut.is_some() {
        // It does not look for the next line that is whole.
        assert_ne!(ending, Ending::Whole, "only what is broken is cut");
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
    assert_eq!(wrong, (None, None, None), "nothing is wrong");
    assert_eq!((outcome.rows.len(), findings.events), (events.len(), events.len() as u64), "events");
    for (number, (row, event)) in outcome.rows.iter().zip(events).enumerate() {
        if let Err(difference) = compare(&COLUMNS, row, event) {
            panic!("event {number}: {difference}\n{row}\n{event}");
        }
    }
    let not_utf8 = str::from_utf8(text).err().map(|error| error.valid_up_to() as u64);
    assert_eq!(findings.not_utf8, not_utf8, "the first byte that is not UTF-8");
}

/// The outcome of a file, which is the same in every way, at once and again.
fn in_every_way(readers: &mut [Reader], file: &[u8]) -> ReaderOutcome {
    let whole = Reader::new(SimdLevel::PORTABLE).file(file, WHOLE);
    for (number, reader) in readers.iter_mut().enumerate() {
        for time in ["first", "second"] {
            assert_eq!(reader.file(file, WHOLE), whole, "way {number}, for the {time} time");
        }
    }
    whole
}

/// Checks a compressed file: the same text, and the same of it in small windows.
fn compressed(reader: &mut Reader, file: &[u8], text: &[u8], whole: &ReaderOutcome) {
    let whole = &whole.clone().of_any_members();
    assert_eq!(&reader.file(file, WHOLE).of_any_members(), whole, "compressed");
    for limit in [16, 200] {
        let windows = reader.file(file, limit).of_any_members().of_any_window();
        assert_eq!(windows, whole.clone().of_any_window(), "compressed, in windows of {limit} bytes and more");
    }
    match gunzip(file) {
        Ok(inflated) => assert!(inflated == text || is_utf_16(&inflated), "the same text"),
        Err(_) => assert!(!whole.problems.is_empty() || whole.findings.broken.is_some(), "damage is noticed"),
    }
}

/// Whether a text is converted when it is read.
fn is_utf_16(text: &[u8]) -> bool {
    text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff")
}

/// The text of a file, as far as it goes; nothing where it is too large to be
/// worth the time.
fn inflated(file: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut take = |window: &[u8], _| {
        text.extend_from_slice(window);
        if text.len() > WHOLE / 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(window.len()) }
    };
    let is_text = read(file, WHOLE, &mut take).is_some();
    (is_text && text.len() <= WHOLE / 2).then_some(text)
}
