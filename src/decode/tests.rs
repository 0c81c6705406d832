//! Decodes whole files, in one window and in many.

use super::*;
use crate::error::{Issue, Problem};

/// Returns the `eventName`s of a file that arrives in windows growing by `step` bytes,
/// and its verdict. All instruction sets must agree on both.
fn decode(file: &[u8], step: usize) -> (Vec<String>, DecodeVerdict) {
    let (names, verdict) = decode_with(SimdLevel::PORTABLE, file, step);
    for simd in SimdLevel::all() {
        let other = decode_with(simd, file, step);
        assert_eq!((other.0, format!("{:?}", other.1)), (names.clone(), format!("{verdict:?}")), "{simd:?}");
    }
    (names, verdict)
}

fn decode_with(simd: SimdLevel, file: &[u8], step: usize) -> (Vec<String>, DecodeVerdict) {
    let mut fields = FieldSet::default();
    let name = fields.add("eventName").unwrap();
    let mut decoder = Decoder::with(&fields, simd).unwrap();
    let (mut names, mut start, mut end) = (Vec::new(), 0, step.min(file.len()));
    decoder.start();
    loop {
        let is_last = end == file.len();
        start += decoder.window(&file[start..end], is_last, |event| {
            names.push(event.get(name).and_then(|name| name.scalar()).unwrap_or_default().into_owned());
            ControlFlow::Continue(())
        });
        if is_last || decoder.findings().broken.is_some() {
            return (names, decoder.findings().verdict(Vec::new()));
        }
        end = (end + step).min(file.len());
    }
}

fn names(file: &str) -> String {
    let whole = decode(file.as_bytes(), file.len().max(1));
    for step in [1, 7, 64] {
        let windows = decode(file.as_bytes(), step);
        assert_eq!((&windows.0, format!("{:?}", windows.1)), (&whole.0, format!("{:?}", whole.1)), "{file} by {step}");
    }
    let (names, verdict) = whole;
    assert!(verdict.problems.is_empty(), "{file}: {verdict:?}");
    match verdict.ignored {
        Some(reason) => reason.name().to_string(),
        None => names.join(" "),
    }
}

#[test]
fn events_are_read_from_every_container() {
    let quoted = r#"{"Events":[{"EventId":"x","CloudTrailEvent":"{\"eventName\":\"A\",\"eventVersion\":\"\\\"\"}"}]}"#;
    for (file, expected) in [
        (
            r#"{"Records":[{"eventName":"A","eventVersion":"1"},{"eventVersion":"1"},{"eventName":"B","eventVersion":"1"}]}"#,
            "A  B",
        ),
        (r#"[{"eventName":"A","eventVersion":"1"}]"#, "A"),
        ("{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n", "A B"),
        (quoted, "A"),
        (r#"{"CloudTrailEvent":"{\"eventName\":\"A\",\"eventVersion\":\"1\"}"}"#, "A"),
        (r#"["{\"eventName\":\"A\",\"eventVersion\":\"1\"}","{\"eventName\":\"B\",\"eventVersion\":\"1\"}"]"#, "A B"),
        (
            "\"{\\\"eventName\\\":\\\"A\\\",\\\"eventVersion\\\":\\\"1\\\"}\"\n\"{\\\"eventName\\\":\\\"B\\\",\\\"eventVersion\\\":\\\"1\\\"}\"\n",
            "A B",
        ),
        (
            r#"[["id","{\"eventName\":\"A\",\"eventVersion\":\"1\"}"],["id","{\"eventName\":\"B\",\"eventVersion\":\"1\"}"]]"#,
            "A B",
        ),
        (r#"[{"id":"x","what":"{\"eventName\":\"A\",\"eventVersion\":\"1\"}"}]"#, "A"),
        (
            r#"[{"Records":[{"eventName":"A","eventVersion":"1"}]},{"eventName":"B","eventVersion":"1"},{"Records":[{"eventName":"C","eventVersion":"1"}]}]"#,
            "A B C",
        ),
        (r#"[[{"eventName":"A","eventVersion":"1"}],[[{"eventName":"B","eventVersion":"1"}]]]"#, "A B"),
        (
            r#"{"events":[{"timestamp":1,"message":"{\"eventName\":\"A\",\"eventVersion\":\"1\"}","ingestionTime":1}],"nextForwardToken":"x"}"#,
            "A",
        ),
        (
            concat!(
                r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE: x"}]}"#,
                r#"{"messageType":"DATA_MESSAGE","logEvents":[{"message":"{\"eventName\":\"A\",\"eventVersion\":\"1\"}"}]}"#,
                r#"{"messageType":"DATA_MESSAGE","logEvents":[{"message":"{\"eventName\":\"B\",\"eventVersion\":\"1\"}"}]}"#,
            ),
            "A B",
        ),
        (
            "2026-10-01T09:00:00.000Z {\"eventName\":\"A\",\"eventVersion\":\"1\"}\n2026-10-01T09:00:00.000Z {\"eventName\":\"B\",\"eventVersion\":\"1\"}\n",
            "A B",
        ),
        (
            "2026-10-01T09:00:00.000Z START \"\n2026-10-01T09:00:00.000Z {\"eventName\":\"A\",\"eventVersion\":\"1\"}\n2026-10-01T09:00:00.000Z END ]}",
            "A",
        ),
        (r#"{"message":"{\"detail\":{\"eventName\":\"A\",\"eventVersion\":\"1\"}}"}"#, "A"),
        (r#"{"a":"{\"message\":\"{\\\"eventName\\\":\\\"A\\\",\\\"eventVersion\\\":\\\"1\\\"}\"}"}"#, "A"),
        (
            r#"{"logEvents":[{"message":"{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"},{\"eventName\":\"B\",\"eventVersion\":\"1\"}]}"}]}"#,
            "A B",
        ),
        ("{\"eventName\":\"A\",\"eventVersion\":\"1\"},\n{\"eventName\":\"B\",\"eventVersion\":\"1\"},\n", "A B"),
        (r#"{"detail-type":"x","detail":{"eventName":"A","eventVersion":"1"},"resources":[]}"#, "A"),
        ("\u{feff}{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"}]}", "A"),
    ] {
        assert_eq!(names(file), expected, "{file}");
    }
}

#[test]
fn files_other_than_logs_are_ignored_by_kind() {
    for (file, expected) in [
        ("", "empty"),
        (" \n", "empty"),
        ("hello {\"Records\":[]}", "not JSON"),
        ("[2026-10-01T00:00:00] INFO started", "not JSON"),
        ("17", "not JSON"),
        ("{hello}", "not JSON"),
        (r#"{"digestEndTime":"2026-10-01T00:00:00Z","logFiles":[{"s3Object":"x"}]}"#, "digest"),
        (r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"Put","s3":{}}]}"#, "S3 notification"),
        (r#"{"Records":null}"#, "without Records"),
        (r#"{"a":[{"eventName":"A","eventVersion":"1"}]}"#, "other JSON"),
        (r#"{"Records":[{"a":1},2]}"#, "other JSON"),
        ("[]", "other JSON"),
        (
            r#"{"events":[{"message":"START RequestId: x"},{"message":"{python: 1}"},{"message":"[17] x"}]}"#,
            "other JSON",
        ),
        ("2026-10-01T09:00:00.000Z START x\n2026-10-01T09:00:00.000Z END x\n", "not JSON"),
        ("\"a\",\"b\"\n\"c\",\"d\"\n", "not JSON"),
    ] {
        assert_eq!(names(file), expected, "{file}");
    }
    for log in [
        r#"{"Records":[]}"#,
        r#"[{"Records":[]},{"Records":[]}]"#,
        r#"{"events":[]}"#,
        r#""{\"Records\":[]}""#,
        r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","message":"CWL CONTROL MESSAGE: Checking health"}]}"#,
        r#"{"logEvents":[{"id":"","message":"CWL CONTROL MESSAGE: Checking health"}],"messageType":"CONTROL_MESSAGE"}"#,
    ] {
        assert_eq!(names(log), "", "an empty log is a log: {log}");
    }
}

#[test]
fn damage_is_reported_and_the_rest_is_kept() {
    for (file, kept, expected) in [
        (&br#"{"Records":[{"eventName":"A","eventVersion":"1"},{"eventNa"#[..], 1, "JSON ends early; 1 event before it was kept"),
        (br#"{"Records":[{"eventName":"A","eventVersion":"1"}"#, 1, "JSON ends early; 1 event before it was kept"),
        (br#"{"Rec"#, 0, "JSON ends early; no event came before it"),
        (br#"{"Records":[{"eventName":"A","eventVersion":"1"}}"#, 1, "malformed JSON at byte 48; 1 event before it was kept"),
        (
            br#"{"Records":[{"eventName":"A","eventVersion":"1"},{"eventName" "B"},{"eventName":"C","eventVersion":"1"}]}"#,
            2,
            "record 2 has malformed JSON at byte 62; it was left out",
        ),
        (
            b"{\"Records\":[{\"eventName\":\"\xff\",\"eventVersion\":\"1\"}]}",
            1,
            "byte 26 is not valid UTF-8; invalid bytes are shown as U+FFFD; its 1 event was kept",
        ),
    ] {
        let (names, verdict) = decode(file, file.len());
        let said: Vec<String> = verdict
            .problems
            .into_iter()
            .map(|(problem, outcome)| Issue { name: "a".into(), problem, outcome }.to_string())
            .collect();
        assert_eq!((names.len(), said), (kept, vec![format!("a: {expected}")]));
    }
}

#[test]
fn byte_order_marks_between_values_are_passed_over() {
    const EVENT: &str = "{\"eventName\":\"A\",\"eventVersion\":\"1\"}";
    for joined in ["\u{feff}", "\n\u{feff}", "\u{feff}\n", "\u{feff}\u{feff}", ",\u{feff}"] {
        let file = format!("{EVENT}{joined}[{EVENT}]\u{feff}");
        for step in [1, 2, 7, file.len()] {
            let (names, verdict) = decode(file.as_bytes(), step);
            assert_eq!((names.len(), verdict.problems.len()), (2, 0), "{joined:?} by {step}: {verdict:?}");
        }
    }
    // Elsewhere they are errors, as is a part of one.
    for wrong in [&b"{\"Records\":[\xef\xbb\xbf]}"[..], b"\xef\xbb", b"\xef\xbb{}", b"\xef\xbb\xbe"] {
        let file = [EVENT.as_bytes(), wrong].concat();
        for step in [1, file.len()] {
            let (names, verdict) = decode(&file, step);
            assert!(names.len() == 1 && !verdict.problems.is_empty(), "{wrong:?} by {step}: {verdict:?}");
        }
    }
}

#[test]
fn a_malformed_nested_event_is_reported_by_its_record() {
    let good = r#"{"CloudTrailEvent":"{\"eventName\":\"A\",\"eventVersion\":\"1\"}"}"#;
    for bad in [
        r#"{"CloudTrailEvent":"no JSON"}"#,
        r#"{"CloudTrailEvent":"x\"eventName\":\"B\"}"}"#,
        r#"{"CloudTrailEvent":"{\"eventName\":"}"#,
        r#"{"message":"{\"eventName\":"}"#,
        r#"{"detail":{"eventName" "B"}}"#,
    ] {
        let file = format!("{{\"Events\":[{good},{bad}]}}");
        for step in [1, 30, file.len()] {
            let (names, verdict) = decode(file.as_bytes(), step);
            let place = (file.len() - "]}".len() - bad.len()) as u64;
            let [(Problem::RecordMalformed { number: 2, offset }, _)] = verdict.problems[..] else {
                panic!("{bad}: {verdict:?}")
            };
            assert_eq!((names.len(), offset), (1, place), "{bad} by {step}");
        }
    }
}

#[test]
fn offsets_count_from_the_start_of_a_long_file() {
    let good = format!("{{\"eventName\":\"A\",\"userAgent\":\"{}\"}},", "x".repeat(1000));
    // Some errors are before the first piece ends, some after it; the last record is
    // larger than a piece.
    for records in [1, 156, 157] {
        let before = format!("{{\"Records\":[{}", good.repeat(records));
        let behind = format!("{{\"eventName\":\"B\",\"userAgent\":\"{}\"}}]}}", "y".repeat(PIECE));
        let problem = |damage: &[u8]| {
            let file = [before.as_bytes(), damage, behind.as_bytes()].concat();
            let (names, verdict) = decode(&file, file.len());
            let windows = decode(&file, 100_000);
            assert_eq!((&windows.0, format!("{:?}", windows.1)), (&names, format!("{verdict:?}")));
            assert!(verdict.problems.len() <= 1, "{verdict:?}");
            (names.len() - records, verdict.problems.into_iter().next().map(|(problem, _)| problem.to_string()))
        };
        let at = |place: usize| before.len() + place;
        assert_eq!(problem(b""), (1, None));
        assert_eq!(problem(b"}"), (0, Some(format!("malformed JSON at byte {}", at(0)))));
        let malformed = format!("record {} has malformed JSON at byte {}", records + 1, at(5));
        assert_eq!(problem(br#"{"a":x},"#), (1, Some(malformed)));
        let not_utf8 = format!("byte {} is not valid UTF-8; invalid bytes are shown as U+FFFD", at(6));
        assert_eq!(problem(b"{\"a\":\"\xff\"},"), (1, Some(not_utf8)));
    }
}

#[test]
fn damaged_gzip_explains_the_missing_end() {
    let mut decoder = Decoder::new(&FieldSet::default()).unwrap();
    decoder.window(br#"{"Records":[{"eventName":"A","eventVersion":"1"},{"#, true, |_| ControlFlow::Continue(()));
    let verdict = decoder.findings().verdict(vec![Problem::GzipEndsEarly]);
    assert_eq!(verdict.problems.len(), 1);
}

#[test]
fn quotes_before_the_message_of_a_line_are_no_strings() {
    const EVENT: &str = r#"{"eventVersion":"1","x":{"y":[1]},"eventName":"A"}"#;
    for stream in ["a\"b", "\"", "\\\"", "a\\\"b\""] {
        let line = format!("2026-10-01T09:00:00.000Z {stream} {EVENT}\n");
        assert_eq!(names(&line.repeat(3)), "A A A", "{stream}");
    }
}

/// Returns the names of the events decoded from some lines, and the messages about
/// them. Both must be the same for all window sizes.
#[track_caller]
fn lines(text: &str) -> (String, Vec<String>) {
    let whole = decode(text.as_bytes(), text.len());
    for step in [1, 13, 100] {
        let windows = decode(text.as_bytes(), step);
        assert_eq!((&windows.0, format!("{:?}", windows.1)), (&whole.0, format!("{:?}", whole.1)), "{text} by {step}");
    }
    let said = |(problem, outcome)| Issue { name: "a".into(), problem, outcome }.to_string();
    (whole.0.join(" "), whole.1.problems.into_iter().map(said).collect())
}

#[test]
fn a_broken_line_costs_only_the_line() {
    const A: &str = r#"{"eventVersion":"1","eventName":"A"}"#;
    const C: &str = r#"{"eventVersion":"1","eventName":"C"}"#;
    for broken in [
        "no JSON",
        "<html>",
        "}",
        "]",
        "{",
        "[",
        "\"",
        "{\"eventName\":\"B",
        "{\"eventName\":\"B\"",
        "{\"eventName\":\"B\",",
        "{\"eventName\":\"B\",\"x\":",
        "{\"eventName\":\"B\",\"x\":{",
        "{\"eventName\":\"B\",\"x\":{\"y\":[1,2",
        "{\"eventName\":\"B\",\"x\":\"y\\",
        "{\"eventName\":\"B\",\"x\":tru",
        "{\"eventName\":B\",\"x\":\"y\"}",
        "{eventName\":\"B\"}",
        "{\"eventName:\"B\"}",
        "\"{\\\"eventName\\\":\\\"B",
        "{\"Records\":[{\"x\":1},{\"eventName\":\"B\"",
        "[{\"x\":1},{\"eventName\":\"B",
        "2026-10-01T09:00:00.000Z {\"eventName\":\"B\",\"x\":[",
        "{\"eventName\":\"\u{e9}\",\"x\":\"\u{1f600}",
    ] {
        for (before, behind) in [("", ""), ("2026-10-01T09:00:00.000Z ", "2026-10-01T09:00:01.000Z stream ")] {
            for end in ["", "\n"] {
                let text = format!("{before}{A}\n{broken}\n{behind}{C}{end}");
                let (names, said) = lines(&text);
                assert_eq!(names, "A C", "{text}: {said:?}");
                assert_eq!(said.len(), 1, "{text}: {said:?}");
                // A list that is not closed may hold the lines after it.
                let expected = if broken == "[" && behind.is_empty() { "a: JSON ends early" } else { "a: record " };
                assert!(said[0].starts_with(expected), "{text}: {said:?}");
            }
        }
        // A closing bracket may end a list whose start was broken, and an open list
        // holds the lines after it.
        if ["}", "]", "["].contains(&broken) {
            continue;
        }
        let (names, said) = lines(&format!("{A}\n{broken}\n{C}\n{broken}\n{A}\n"));
        assert_eq!((names.as_str(), said.len()), ("A C A", 1), "{broken}: {said:?}");
        assert!(said[0].contains("and") && said[0].contains(" 1 more"), "{broken}: {said:?}");
    }
}

#[test]
fn messages_match_what_is_lost_of_a_line() {
    for (text, kept, expected) in [
        (
            "{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n{\"eventName\":\"B\n{\"eventName\":\"C\",\"eventVersion\":\"1\"}\n",
            "A C",
            &["a: record 2 has malformed JSON at byte 52; the rest of the line was left out"][..],
        ),
        (
            "{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n{\"eventName\" \"B\"}\n{\"eventName\":\"C\",\"eventVersion\":\"1\"}\n",
            "A C",
            &["a: record 2 has malformed JSON at byte 50; it was left out"],
        ),
        (
            "{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"},{\"eventName\":\"B\"\n{\"Records\":[{\"eventName\":\"C\",\"eventVersion\":\"1\"}]}\n",
            "A C",
            &["a: record 2 has malformed JSON at byte 65; the rest of the line was left out"],
        ),
        (
            "{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"} {\"eventName\":\"B\",\"eventVersion\":\"1\"}]}\n{\"Records\":[{\"eventName\":\"C\",\"eventVersion\":\"1\"}]}\n",
            "A C",
            &["a: record 2 has malformed JSON at byte 49; the rest of the line was left out"],
        ),
        (
            "[\n{\"eventName\":\"A\",\"eventVersion\":\"1\"},\n{\"eventName\":\"B,\n{\"eventName\":\"C\",\"eventVersion\":\"1\"},\n{\"eventName\":\"D\",\"eventVersion\":\"1\"}\n]\n",
            "A C D",
            &["a: record 2 has malformed JSON at byte 56; the rest of the line was left out"],
        ),
        (
            "{\"Records\":[{\"x\":{\"y\":\"z\n{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n\"}}]}\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n",
            "A B",
            &["a: record 1 has malformed JSON at byte 24; the rest of this line and of 1 more was left out"],
        ),
        (
            "[{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"}],\"x\" 5}]\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n",
            "A B",
            &["a: record 2 has malformed JSON at byte 55; the rest of its list was left out"],
        ),
        (
            "[{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"}}},{\"x\":[1]}]}]\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n",
            "A B",
            &[
                "a: record 2 has malformed JSON at byte 49; the rest of its list was left out",
                "a: record 4 has malformed JSON at byte 62; the rest of the line was left out",
            ],
        ),
        (
            "[{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"},{\"x\":1}\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n{\"x\":2}]}]\n{\"eventName\":\"C\",\"eventVersion\":\"1\"}\n",
            "A B C",
            &["a: record 3 has malformed JSON at byte 58; the rest of the line was left out"],
        ),
        (
            "{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"}],\"x\":[{\"y\":\"z\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n\"}]}\n{\"eventName\":\"C\",\"eventVersion\":\"1\"}\n",
            "A B C",
            &["a: record 2 has malformed JSON at byte 62; the rest of this line and of 1 more was left out"],
        ),
        (
            "[{\"x\":{\"y\":\"z\n{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n\"},\"Records\":[{\"eventName\":\"B\",\"eventVersion\":\"1\"}]}]\n{\"eventName\":\"C\",\"eventVersion\":\"1\"}\n",
            "A C",
            &["a: record 1 has malformed JSON at byte 13; the rest of this line and of 1 more was left out"],
        ),
        (
            "[{\"x\":{\"y\":\"z\n{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n\"},\"Records\":[{\"eventName\":\"B\",\"eventVersion\":\"1\"}],\"x\" 5}]\n{\"eventName\":\"C\",\"eventVersion\":\"1\"}\n",
            "A C",
            &["a: record 1 has malformed JSON at byte 13; the rest of this line and of 1 more was left out"],
        ),
        (
            "{\"Records\":[{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"}],\"x\" 5},{\"eventName\":\"B\",\"eventVersion\":\"1\"}]}\n",
            "A B",
            &["a: record 2 has malformed JSON at byte 66; the rest of its list was left out"],
        ),
        (
            "[{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"} {\"eventName\":\"B\",\"eventVersion\":\"1\"}],\"x\":5},{\"eventName\":\"C\",\"eventVersion\":\"1\"},[5 6],{\"eventName\":\"D\",\"eventVersion\":\"1\"}]\n",
            "A C D",
            &["a: record 2 has malformed JSON at byte 50; the rest of this list and of 1 more was left out"],
        ),
        (
            "[{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"} {\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n",
            "A B",
            &["a: record 2 has malformed JSON at byte 50; the rest of the line was left out"],
        ),
        (
            "[{\"messageType\":\"CONTROL_MESSAGE\",\"x\":\"z\n{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n\",\"logEvents\":[{\"id\":\"1\"}]}]\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n",
            "A B",
            &["a: record 1 has malformed JSON at byte 40; the rest of this line and of 1 more was left out"],
        ),
        (
            "[\"z\n{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n\"]\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n",
            "A B",
            &["a: record 1 has malformed JSON at byte 3; the rest of this line and of 1 more was left out"],
        ),
        (
            "{\"Records\":[{\"eventName\":\"A\",\"eventVersion\":\"1\"}],\"x\":\"z\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n\"}\n{\"eventName\":\"C\",\"eventVersion\":\"1\"}\n",
            "A B C",
            &["a: record 2 has malformed JSON at byte 56; the rest of this line and of 1 more was left out"],
        ),
        (
            "{\"x\":\"z\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n\"}\n{\"eventName\":\"C\",\"eventVersion\":\"1\"}\n",
            "B C",
            &["a: record 1 has malformed JSON at byte 7; the rest of this line and of 1 more was left out"],
        ),
        (
            "[1,\"y\",{\"x\":\"z\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n\"}]\n{\"eventName\":\"C\",\"eventVersion\":\"1\"}\n",
            "B C",
            &["a: record 3 has malformed JSON at byte 14; the rest of this line and of 1 more was left out"],
        ),
        (
            "{\"eventName\":\"A\",\"eventVersion\":\"1\"}\nx\n",
            "A",
            &["a: malformed JSON at byte 37; 1 event before it was kept"],
        ),
        (
            "{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n{\"eventName\":\"B\n",
            "A",
            &["a: JSON ends early; 1 event before it was kept"],
        ),
        (
            "{\"eventName\":\"A\",\"eventVersion\":\"1\"}\nx\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\n{\"eventName\":",
            "A B",
            &[
                "a: JSON ends early; 2 events before it were kept",
                "a: record 2 has malformed JSON at byte 37; the rest of the line was left out",
            ],
        ),
    ] {
        let (names, said) = lines(text);
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        assert_eq!((names.as_str(), &said[..]), (kept, expected), "{text}");
    }
}
