//! Tests that files read whole and in windows give the same text.

use std::io;

use testkit::logs::gzip;

use super::*;

/// Reads the text of a file, consuming each window up to its last line.
fn lines(file: &[u8], limit: usize) -> (String, Option<String>) {
    let mut inflater = Inflater::with_ahead(limit, Arc::new(ReadAheadPermits::new(limit % 2)));
    let mut text = Vec::new();
    let mut file = file;
    let mut see = |window: &[u8], is_last: bool| {
        let line = window.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let seen = if is_last { window.len() } else { line };
        text.extend_from_slice(&window[..seen]);
        ControlFlow::Continue(seen)
    };
    let FileContent::Text(ended) = inflater.read(&mut file, || true, &mut see) else { panic!("it is text") };
    let problems: Vec<String> = ended.problems.iter().map(Problem::to_string).collect();
    (String::from_utf8(text).unwrap(), Some(problems.join(", ")).filter(|said| !said.is_empty()))
}

#[test]
fn windows_do_not_change_the_text() {
    let text: String = (0..3000).map(|number| format!("line {number} {}\n", "x".repeat(number % 90))).collect();
    let half = text.len() / 2;
    let files = [
        text.clone().into_bytes(),
        gzip(text.as_bytes()),
        [gzip(&text.as_bytes()[..half]), gzip(&text.as_bytes()[half..])].concat(),
    ];
    for file in &files {
        for limit in [16, 17, 1000, 1001, 70_000, 70_001, 10_000_000] {
            assert_eq!(lines(file, limit), (text.clone(), None), "{limit}");
        }
    }
}

#[test]
fn two_identical_members_are_both_read() {
    let twice = gzip(b"same\n").repeat(2);
    assert_eq!(lines(&twice, 1_000_000), ("same\nsame\n".into(), None));
}

#[test]
fn junk_with_the_same_trailer_is_not_part_of_the_member() {
    for (text, end) in [("one\n", 4), ("one\n", 8), ("", 4), ("", 1)] {
        let member = gzip(text.as_bytes());
        let file = [&member[..], &member[member.len() - end..]].concat();
        let (got, said) = lines(&file, 1_000_000);
        let junk = format!("{end} byte{} of other data after the gzip stream", if end == 1 { "" } else { "s" });
        assert_eq!((got.as_str(), said), (text, Some(junk)), "{text:?} {end}");
    }
}

#[test]
fn windows_do_not_exceed_the_limit() {
    let (mut inflater, mut largest) = (Inflater::with_ahead(1 << 20, Arc::new(ReadAheadPermits::new(1))), 0);
    let mut endless = io::repeat(b'[').take(3 * MAX_WINDOW as u64);
    let mut see = |window: &[u8], _| {
        largest = largest.max(window.len());
        ControlFlow::Continue(0)
    };
    let FileContent::Text(ended) = inflater.read(&mut endless, || true, &mut see) else { panic!("it is text") };
    assert_eq!((largest, ended.problems[0].to_string()), (MAX_WINDOW, "a record is larger than 128 MiB".into()));
}

#[test]
fn damage_is_reported_after_the_text_before_it() {
    let file = gzip(b"one\ntwo\n");
    let (text, problem) = lines(&file[..file.len() - 9], 1_000_000);
    assert!("one\ntwo\n".starts_with(&text));
    assert_eq!(problem.as_deref(), Some("gzip stream ends early"));
    let mut wrong = file.clone();
    let last = wrong.len() - 5;
    wrong[last] ^= 1;
    assert_eq!(lines(&wrong, 1_000_000), ("one\ntwo\n".into(), Some("gzip checksum does not match".into())));
    assert_eq!(lines(b"", 1_000_000), (String::new(), None));
}

#[test]
fn windows_do_not_change_where_utf16_is_invalid() {
    struct Place(Vec<u8>, Option<InvalidUtf16>);
    impl TextVisitor for Place {
        fn window(&mut self, text: &[u8], is_last: bool) -> Consumed {
            let consumed = if is_last { text.len() } else { text.len() / 2 };
            self.0.extend_from_slice(&text[..consumed]);
            ControlFlow::Continue(consumed)
        }
        fn invalid_utf16(&mut self, invalid: InvalidUtf16) {
            self.1 = Some(invalid);
        }
    }
    let line = "e\u{e9}\u{1f600}\n";
    let mut bytes: Vec<u8> =
        format!("\u{feff}{}", line.repeat(9000)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let expected = line.repeat(9000) + "\u{fffd}";
    let invalid = InvalidUtf16 { written: bytes.len() as u64, converted: line.len() as u64 * 9000 };
    bytes.push(b'\n');
    let (start, end) = bytes.split_at(bytes.len() / 3);
    for file in [bytes.clone(), gzip(&bytes), [gzip(start), gzip(end)].concat()] {
        for limit in [16, 17, 1000, 70_001, 10_000_000] {
            let mut place = Place(vec![], None);
            Inflater::new(limit).read(&mut &file[..], || true, &mut place);
            assert_eq!(place.1, Some(invalid), "{limit}");
            assert!(place.0 == expected.as_bytes(), "{limit}");
        }
    }
}
