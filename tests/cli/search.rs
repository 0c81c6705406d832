//! The prefilter never changes the rows. It only avoids decoding records that cannot
//! match.

use crate::harness::{Trial, gzip};

/// Events with a name, as written in JSON, and with a field that disguises or
/// mimics one.
const EVENTS: [(&str, &str); 7] = [
    (r#""RunInstances""#, r#""plain""#),
    (r#""StopInstances""#, r#""the text RunInstances""#),
    (r#""R\u0075nInstances""#, r#""disguised""#),
    (r#""runinstances""#, r#""in lower case""#),
    (r#""StopInstances""#, r#""RunInstances""#),
    (r#""StopInstances""#, r#"{"eventName":"RunInstances","eventVersion":"1"}"#),
    (r#""DescribeTags""#, r#""\u0026 \u003c \u00e9""#),
];

fn log(events: &[(&str, &str)]) -> String {
    let record = |(name, user): &(&str, &str)| {
        format!(r#"{{"eventVersion":"1.08","eventName":{name},"userAgent":{user},"eventTime":"2026-10-01T12:00:00Z"}}"#)
    };
    format!("{{\"Records\":[{}]}}", events.iter().map(record).collect::<Vec<_>>().join(","))
}

fn rows(trial: &Trial, pattern: &str) -> Vec<String> {
    let arguments = ["log", "-c", "eventName,userAgent,file", "--no-header", "-e", pattern];
    trial.run(&arguments).lines(0).into_iter().map(String::from).collect()
}

#[test]
fn a_search_gives_the_rows_that_decoding_gives() {
    let trial = Trial::new();
    let all = EVENTS.repeat(200);
    for (number, events) in
        [&all[..], &EVENTS, &EVENTS[..2], &EVENTS[2..3], &EVENTS[3..4], &EVENTS[6..]].iter().enumerate()
    {
        trial.write(&format!("log/{number}.json.gz"), gzip(log(events)));
    }
    // The prefilter does not use patterns with alternatives.
    for (searched, decoded) in [
        ("RunInstances", "{RunInstances,RunInstances}"),
        ("run*", "{run,run}*"),
        ("*runinst*", "*{runinst,runinst}*"),
        ("*Tags", "*{Tags,Tags}"),
        ("StartInstances", "{StartInstances,StartInstances}"),
    ] {
        let rows = rows(&trial, searched);
        assert_eq!(rows, self::rows(&trial, decoded), "{searched}");
        assert_eq!(rows.is_empty(), searched == "StartInstances");
    }
}

#[test]
fn the_last_line_says_that_not_all_was_decoded() {
    let trial = Trial::new();
    trial.write("log/a.json", log(&EVENTS[..2]));
    trial.write("log/b.json", log(&EVENTS[6..]));
    trial.run(&["log", "--count", "-e", "StopInstances"]).shows(
        0,
        "1\n",
        "trail2tsv: 1 event decoded in 2 files read, 1 matched\n",
    );
}

#[test]
fn problems_in_a_searched_log_are_named() {
    let trial = Trial::new();
    let text = log(&EVENTS[..2]);
    let arguments = ["log", "--count", "-e", "CreateTrail", "-q"];
    let mut compressed = gzip(&text);
    let at = compressed.len() - 5;
    compressed[at] ^= 1;
    let not_utf8: Vec<u8> = text.bytes().map(|byte| if byte == b'I' { 0xff } else { byte }).collect();
    let notification = text.replace("{\"event", "{\"eventSource\":\"aws:s3\",\"s3\":{},\"event");
    for (content, code, said) in [
        (compressed, 3, "gzip checksum does not match; the readable part was searched"),
        (not_utf8, 3, "is not valid UTF-8; invalid bytes are shown as U+FFFD; the readable part was searched"),
        (notification.into_bytes(), 0, ""),
    ] {
        trial.write("log/a.json.gz", content);
        let ran = trial.run(&arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), "0\n"), "{ran:?}");
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
}

#[test]
fn a_broken_log_is_named_whatever_is_searched_for() {
    let trial = Trial::new();
    let log = log(&EVENTS[..2]);
    trial.write("log/a.json", &log[..log.len() - 9]);
    trial.run(&["log", "--count", "-e", "Nothing"]).shows(
        3,
        "0\n",
        "trail2tsv: log/a.json: JSON ends early; 1 event before it was kept\n\
         trail2tsv: nothing matched --event-name \"Nothing\"; existing values: RunInstances (1 event looked at)\n\
         trail2tsv: 1 event in 1 file read, 0 matched; 1 problem, named above\n",
    );
}
