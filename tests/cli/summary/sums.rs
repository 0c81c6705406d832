//! Sums of a field: `--sum`.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fmt::Write;

use super::body;
use crate::harness::{Trial, gzip};

const PATH: &str = "additionalEventData.bytesTransferredOut";

/// Events of users, with the JSON of a member of their data.
fn log(events: &[(&str, &str)]) -> String {
    let mut log = String::new();
    for (at, (user, bytes)) in events.iter().enumerate() {
        let id: String = bytes.chars().filter(char::is_ascii_alphanumeric).collect();
        writeln!(
            log,
            r#"{{"eventTime":"2026-10-01T09:00:{at:02}Z","eventID":"{user}{id}","eventName":"GetObject",
            "userIdentity":{{"userName":"{user}"}},"additionalEventData":{{"bytesTransferredOut":{bytes}}}}}"#
        )
        .unwrap();
    }
    log.replace("\n            ", "")
}

fn trial() -> Trial {
    let events = [
        ("alice", "3456.0"),
        ("alice", "1.2345678E7"),
        ("bob", "9007199254740993"),
        ("bob", "\"1\""),
        ("bob", "null"),
        ("carol", "\"unknown\""),
        ("carol", "{\"a\":1}"),
        ("carol", "0.25"),
    ];
    Trial::with("log.json", log(&events))
}

const NOTE: &str = "trail2tsv: --sum \"additionalEventData.bytesTransferredOut\": 2 values not summed: not a number, or not exact to 9 \
     decimals\ntrail2tsv: 8 events in 1 file read, 8 matched\n";

#[test]
fn data_has_exact_sums() {
    let trial = trial();
    let run = |more: &[&str]| trial.run(&[&["summary", "log.json", "--sum", PATH], more].concat());
    run(&["--by", "user", "-f", "csv"]).shows(
        0,
        "userName,events,sum,first,last\n\
         bob,3,9007199254740994,2026-10-01T09:00:02Z,2026-10-01T09:00:04Z\n\
         carol,3,0.25,2026-10-01T09:00:05Z,2026-10-01T09:00:07Z\n\
         alice,2,12349134,2026-10-01T09:00:00Z,2026-10-01T09:00:01Z\n",
        NOTE,
    );
    run(&["--by", "user", "-f", "json", "--top", "1"]).shows(
        0,
        "{\"events\":8,\"first\":\"2026-10-01T09:00:00Z\",\"last\":\"2026-10-01T09:00:07Z\",\"files\":1,\"reads\":8,\
         \"writes\":0,\"errors\":0,\"other\":0,\"denied\":0,\"untimed\":0,\"sum\":9007199267090128.25,\
         \"counts\":{\"distinct\":3,\"events\":8,\"without\":0,\"rows\":[{\"userName\":\"bob\",\"events\":3,\
         \"first\":\"2026-10-01T09:00:02Z\",\"last\":\"2026-10-01T09:00:04Z\",\"sum\":9007199254740994}]}}\n",
        NOTE,
    );
    let all = run(&["-f", "tsv"]);
    let lines = all.lines(0);
    assert_eq!(
        lines[..3],
        [
            "table\tvalue\teventName\tevents\tsum\tfirst\tlast\tfailed\tresources\tuserName\tsourceIPAddress\tfirstUser\tdetail",
            "total\tevents\t\t8\t9007199267090128.25\t2026-10-01T09:00:00Z\t2026-10-01T09:00:07Z\t\t\t\t\t\t",
            "total\tfiles\t\t1\t\t\t\t\t\t\t\t\t",
        ]
    );
    assert!(
        lines.contains(&"userName\talice\t\t2\t12349134\t2026-10-01T09:00:00Z\t2026-10-01T09:00:01Z\t\t\t\t\t\t"),
        "{all:?}"
    );
}

#[test]
fn the_text_and_the_page_have_sums() {
    let trial = trial();
    let arguments = ["summary", "log.json", "--sum", PATH, "--by", "user", "--html", "page.html", "-f", "text"];
    let ran = trial.run(&arguments);
    assert_eq!(ran.stderr, NOTE);
    let text = body(&ran.stdout);
    let line = "Sum        9,007,199,267,090,128.25 of additionalEventData.bytesTransferredOut\n";
    assert!(text.contains(line), "{ran:?}");
    for line in [
        "userName  events                    sum  first        last         by minute\n",
        "bob            3  9,007,199,254,740,994  10-01 09:00  10-01 09:00  █\n",
        "carol          3                   0.25  10-01 09:00  10-01 09:00  █\n",
    ] {
        assert!(text.contains(line), "{line}{ran:?}");
    }
    let page = trial.read("page.html");
    assert!(page.contains(r#""sum":["additionalEventData.bytesTransferredOut","9,007,199,267,090,128.25"]"#));
    assert!(page.contains(r#""values":["alice"],"events":2,"sum":"12,349,134""#));
}

#[test]
fn sums_are_the_same_for_duplicates_damaged_files_and_threads() {
    let trial = Trial::new();
    let events: Vec<(String, String)> = (0..500).map(|at| (format!("user{}", at % 7), format!("{at}.5"))).collect();
    let events: Vec<(&str, &str)> = events.iter().map(|(user, bytes)| (user.as_str(), bytes.as_str())).collect();
    for (at, part) in events.chunks(50).enumerate() {
        let log = log(part);
        trial.write(&format!("logs/{at}.json.gz"), gzip(&log));
        trial.write(&format!("twice/{at}.json"), log);
    }
    let run = |more: &[&str]| {
        let ran = trial.run(&[&["summary", "--sum", PATH, "--by", "user", "-f", "csv", "-q"], more].concat());
        ran.lines(0).iter().map(|line| line.split(",2026").next().unwrap().to_string()).collect::<Vec<_>>()
    };
    let expected = run(&["logs", "--threads", "1"]);
    assert_eq!((expected[0].as_str(), expected[1].as_str()), ("userName,events,sum,first,last", "user0,72,17928"));
    assert_eq!(run(&["logs", "--threads", "4"]), expected);
    assert_eq!(run(&["logs", "twice", "--dedupe"]), expected);
}

#[test]
fn paths_are_checked_and_lists_are_summed() {
    let trial = Trial::with(
        "log.json",
        r#"{"eventName":"A","requestParameters":{"items":[{"size":1},{"size":2.5},{},{"size":true},{"size":1e30}]}}"#,
    );
    let ran =
        trial.run(&["summary", "log.json", "--sum", "requestParameters.items[].size", "--by", "event", "-f", "tsv"]);
    ran.shows(
        0,
        "eventName\tevents\tsum\tfirst\tlast\nA\t1\t3.5\t\t\n",
        "trail2tsv: --sum \"requestParameters.items[].size\": 2 values not summed: not a number, or not exact to 9 \
         decimals\ntrail2tsv: 1 event in 1 file read, 1 matched\n",
    );
    for (path, told) in [
        ("bytes", "--sum \"bytes\": bytes is not a top-level field of events"),
        ("requestParameters.*", "--sum \"requestParameters.*\": requestParameters.* is a path that has a wildcard"),
        ("", "--sum \"\": "),
    ] {
        let ran = trial.run(&["summary", "log.json", "--sum", path]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
}
