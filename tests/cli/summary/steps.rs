//! Counts by minute, hour and day.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fmt::Write;

use crate::harness::Trial;

fn trial() -> Trial {
    let mut log = String::new();
    for (time, user) in [
        ("2026-10-25T00:30:00Z", "alice"),
        ("2026-10-25T00:30:59Z", "bob"),
        ("2026-10-25T01:30:00Z", "alice"),
        ("2026-10-25T01:31:00Z", "alice"),
        ("2026-10-25T01:32:00Z", "alice"),
        ("2026-10-24 23:59:59.000", "carol"),
        ("yesterday", "carol"),
    ] {
        writeln!(log, r#"{{"eventTime":"{time}","eventName":"A","userIdentity":{{"userName":"{user}"}}}}"#).unwrap();
    }
    Trial::with("log.json", log)
}

#[test]
fn steps_are_counted_in_the_order_of_time() {
    let trial = trial();
    let run = |more: &[&str]| {
        let ran = trial.run(&[&["summary", "log.json", "-f", "csv"], more].concat());
        ran.lines(0).iter().map(|line| line.split(",20").next().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        run(&["--by", "minute"]),
        [
            "minute,events,first,last",
            ",1,,",
            "2026-10-24T23:59:00Z,1",
            "2026-10-25T00:30:00Z,2",
            "2026-10-25T01:30:00Z,1",
            "2026-10-25T01:31:00Z,1",
            "2026-10-25T01:32:00Z,1",
        ]
    );
    assert_eq!(
        run(&["--by", "HOUR", "--time-zone", "Europe/Berlin"])[1..],
        [",1,,", "2026-10-25T01:00:00+02:00,1", "2026-10-25T02:00:00+01:00,3", "2026-10-25T02:00:00+02:00,2",]
    );
    assert_eq!(run(&["--by", "day"])[1..], [",1,,", "2026-10-24,1", "2026-10-25,5"]);
    assert_eq!(run(&["--by", "day", "--time-zone", "Europe/Berlin"])[1..], [",1,,", "2026-10-25,6"]);
    assert_eq!(
        run(&["--by", "day,user", "--top", "2"]),
        ["day,userName,events,first,last", ",carol,1,,", "2026-10-25,alice,4"],
        "the most frequent rows in the order of time"
    );
    let by_user = trial.run(&["summary", "log.json", "-f", "csv", "--by", "user,day"]);
    assert!(by_user.lines(0)[1].starts_with("alice,2026-10-25,4,"), "the most frequent first: {by_user:?}");
}

#[test]
fn the_text_and_the_page_show_steps() {
    let trial = trial();
    let ran = trial.run(&["summary", "log.json", "--by", "hour", "--html", "page.html", "-f", "text", "--top", "2"]);
    let lines = ran.lines(0);
    let at = lines.iter().position(|line| line.starts_with("hour")).unwrap();
    assert!(lines[at + 1].starts_with("2026-10-25T00:00:00Z       2  10-25 00:30  10-25 00:30"), "{ran:?}");
    assert!(lines[at + 2].starts_with("2026-10-25T01:00:00Z       3  10-25 01:30  10-25 01:32"), "{ran:?}");
    assert_eq!(lines[at + 3], "(2 more with 2 events)");
    assert!(trial.read("page.html").contains(r#""columns":["hour"]"#));
}

#[test]
fn the_zone_applies_to_the_window_too() {
    let trial = trial();
    let window = ["--since", "2026-10-25", "--until", "2026-10-26", "--by", "day", "-f", "csv", "-q"];
    let last = |more: &[&str]| {
        let ran = trial.run(&[&["summary", "log.json"], &window[..], more].concat());
        ran.lines(0).last().unwrap()[..13].to_string()
    };
    assert_eq!([last(&[]), last(&["--time-zone", "Asia/Tokyo"])], ["2026-10-25,5,", "2026-10-25,6,"]);
    let refused = trial.run(&["summary", "log.json", "--time-zone", "Mars"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("--time-zone \"Mars\": not a time zone"), "{refused:?}");
    let path = trial.run(&["summary", "log.json", "--by", "week"]);
    assert!(path.stderr.contains("--by \"week\": not a column"), "{path:?}");
}
