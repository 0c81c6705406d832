//! Files that are not logs, and logs that no service would write.

use testkit::logs::gzip;

use super::{LOG, NAMES};
use crate::harness::Trial;

/// Checks that a file without events is an error on the command line, but not in a folder.
#[track_caller]
fn check_skipped(file: impl AsRef<[u8]>, kind: &str) {
    Trial::with("log", file.as_ref()).run(&NAMES).shows(
        3,
        "",
        &format!(
            "trail2tsv: log: not a CloudTrail log ({kind}); nothing was read\n\
             trail2tsv: 0 events in 0 files read, 0 matched; 1 file skipped: 1 {kind}; 1 problem, named above\n"
        ),
    );
    let trial = Trial::with("log/a.json", file.as_ref());
    trial.write("log/b.json", LOG);
    trial.run(&NAMES).shows(
        0,
        "A\nB\nC\n",
        &format!("trail2tsv: 3 events in 1 file read, 3 matched; 1 file skipped: 1 {kind}\n"),
    );
}

/// Checks the rows with these columns of a file without problems.
#[track_caller]
fn check_rows(file: impl AsRef<[u8]>, columns: &str, rows: &str) {
    let events = match rows.lines().count() {
        1 => "1 event".to_string(),
        count => format!("{count} events"),
    };
    Trial::with("log", file).run(&["log", "--no-header", "-c", columns]).shows(
        0,
        rows,
        &format!("trail2tsv: {events} in 1 file read, {} matched\n", rows.lines().count()),
    );
}

/// Checks the rows and the messages of a file with one problem.
#[track_caller]
fn check_problem(file: impl AsRef<[u8]>, rows: &str, problem: &str, last: &str) {
    Trial::with("log", file).run(&NAMES).shows(
        3,
        rows,
        &format!("trail2tsv: log: {problem}\ntrail2tsv: {last}; 1 problem, named above\n"),
    );
}

#[test]
fn files_without_events_are_counted_by_kind() {
    for empty in ["", " \r\n\t", "\u{feff}", "\u{feff}\n"] {
        check_skipped(empty, "empty");
    }
    for text in ["hello\n", "2026-10-01 Records\n", "# {\"Records\":[]}", "<xml/>", "a\tb\n1\t2\n", "\u{1b}[31m\0"] {
        check_skipped(text, "not JSON");
    }
    check_skipped(b"\xff\xfe{\0}\0", "other JSON");
    check_skipped(r#"{"awsAccountId":"1","digestEndTime":"2026-10-01T00:00:00Z","logFiles":[]}"#, "digest");
    check_skipped(
        r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{}}]}"#,
        "S3 notification",
    );
    for other in [r#"{"a":1}"#, r#"[1,"x",null]"#, "{}", "[]", r#"{"Items":[{"eventName":"A","eventVersion":"1"}]}"#] {
        check_skipped(other, "other JSON");
    }
}

#[test]
fn records_that_are_not_a_list_are_skipped() {
    for records in ["null", "{}", "\"x\"", "17", "true", r#"{"eventName":"A","eventVersion":"1"}"#] {
        check_skipped(format!(r#"{{"Records":{records}}}"#), "without Records");
    }
}

#[test]
fn an_empty_log_is_a_log() {
    Trial::with("log", r#"{"Records":[]}"#).run(&NAMES).shows(0, "", "trail2tsv: 0 events in 1 file read, 0 matched\n");
}

#[test]
fn records_that_are_not_events_are_counted() {
    Trial::with("log", r#"{"Records":[null,{"eventName":"A","eventVersion":"1"},17,{"a":1},[{"b":"B"}],"x"]}"#)
        .run(&NAMES)
        .shows(0, "A\n", "trail2tsv: 1 event in 1 file read, 1 matched; 5 records are not CloudTrail events\n");
}

#[test]
fn an_event_needs_no_identity() {
    for (identity, name) in [
        ("", ""),
        (r#","userIdentity":null"#, ""),
        (r#","userIdentity":"someone""#, "someone"),
        (r#","userIdentity":["alice"]"#, ""),
        (r#","userIdentity":17"#, "17"),
        (r#","userIdentity":{}"#, ""),
        (r#","userIdentity":{"type":null,"userName":null}"#, ""),
        (r#","userIdentity":{"type":["IAMUser"],"userName":"alice"}"#, "alice"),
        (r#","userIdentity":{"type":"AssumedRole","sessionContext":"x","arn":7,"principalId":[]}"#, "7"),
    ] {
        check_rows(
            format!(r#"{{"eventName":"A","eventVersion":"1"{identity}}}"#),
            "eventName,userName,errorCode",
            &format!("A\t{name}\t\n"),
        );
    }
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    check_rows(
        r#"{"eventName":"A","eventName":"B","errorCode":"x","errorCode":null}"#,
        "eventName,errorCode,file",
        "B\t\tlog\n",
    );
    check_rows(
        r#"{"eventName":"A","userIdentity":{"type":"Root","type":"IAMUser","userName":"a","userName":"b"}}"#,
        "userName,userType,userIdentity.userName",
        "b\tIAMUser\tb\n",
    );
    check_rows(
        r#"{"eventName":"A","userIdentity":{"type":"IAMUser","userName":"a"},"userIdentity":{"type":"Root"}}"#,
        "userName,userType",
        "root\tRoot\n",
    );
    // JSON parsers usually keep one of two equal keys. Here no event is lost.
    check_rows(
        r#"{"Records":[{"eventName":"A","eventVersion":"1"}],"Records":[{"eventName":"B","eventVersion":"1"}]}"#,
        "eventName",
        "A\nB\n",
    );
    check_rows(r#"{"Records":null,"Records":[{"eventName":"B","eventVersion":"1"}]}"#, "eventName", "B\n");
}

#[test]
fn invalid_utf_8_is_shown_and_named() {
    check_problem(
        b"{\"eventName\":\"a\xffb\xc3(\xed\xa0\x80\",\"eventVersion\":\"1\"}\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}",
        "a\u{fffd}b\u{fffd}(\u{fffd}\u{fffd}\u{fffd}\nB\n",
        "byte 15 is not valid UTF-8; invalid bytes are shown as U+FFFD; all its 2 events were kept",
        "2 events in 1 file read, 2 matched",
    );
    // A character that is cut by the end of the file is not invalid UTF-8.
    check_problem(
        b"{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n{\"eventName\":\"\xc3",
        "A\n",
        "JSON ends early; 1 event before it was kept",
        "1 event in 1 file read, 1 matched",
    );
}

#[test]
fn lone_surrogates_are_replaced_and_pairs_joined() {
    check_rows(
        r#"{"eventName":"\ud800 \udc00 \ud83d\ude00 \ud83dx \ud83d\ud83d\ude00","eventVersion":"1"}"#,
        "eventName",
        "\u{fffd} \u{fffd} \u{1f600} \u{fffd}x \u{fffd}\u{1f600}\n",
    );
    // JSON in a cell is shown as delivered.
    check_rows(r#"{"eventName":"A","requestParameters":["\ud800"]}"#, "requestParameters", "[\"\\ud800\"]\n");
}

#[test]
fn an_escaped_nul_is_text_like_other() {
    check_rows(
        r#"{"eventName":"a\u0000b","requestParameters":{"\u0000":"\u0000"}}"#,
        "eventName,requestParameters",
        "a\\u0000b\t{\"\\u0000\":\"\\u0000\"}\n",
    );
}

/// `>` of PowerShell writes the output of programs in UTF-16.
#[test]
fn utf_16_is_read() {
    let text = "\u{feff}".to_string() + &LOG.replace("\"A\"", "\"Aé😀\"");
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let log: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
        let (start, end) = log.split_at(35);
        let members = [gzip(start), gzip(end)].concat();
        for log in [gzip(&log), members, zstd::encode_all(&log[..], 1).unwrap(), log] {
            let trial = Trial::with("log/a", log);
            trial.run(&NAMES).shows(0, "Aé😀\nB\nC\n", "trail2tsv: 3 events in 1 file read, 3 matched\n");
        }
    }
}

#[test]
fn damaged_utf_16_is_read_up_to_the_damage() {
    let log: Vec<u8> = format!("\u{feff}{LOG}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut packed = gzip(&log);
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    check_problem(
        packed,
        "A\nB\nC\n",
        "gzip checksum does not match; all its 3 events were kept",
        "3 events in 1 file read, 3 matched",
    );
}

#[test]
fn a_byte_order_mark_is_ignored() {
    check_rows(format!("\u{feff}{LOG}"), "eventName", "A\nB\nC\n");
    check_rows(
        "\u{feff}{\"eventName\":\"A\",\"eventVersion\":\"1\"}\r\n{\"eventName\":\"B\",\"eventVersion\":\"1\"}\r\n",
        "eventName",
        "A\nB\n",
    );
    check_rows("\u{feff} [{\"eventName\":\"A\",\"eventVersion\":\"1\"}]", "eventName", "A\n");
    // Files that were joined keep their marks.
    let log = format!("\u{feff}{LOG}");
    check_rows(log.repeat(2), "eventName", "A\nB\nC\nA\nB\nC\n");
    check_rows(format!("{log}\r\n{log}\r\n\u{feff}"), "eventName", "A\nB\nC\nA\nB\nC\n");
    check_rows(gzip(log.as_bytes()).repeat(2), "eventName", "A\nB\nC\nA\nB\nC\n");
    let utf16: Vec<u8> = log.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check_rows(utf16.repeat(2), "eventName", "A\nB\nC\nA\nB\nC\n");
}

#[test]
fn a_broken_record_costs_only_itself() {
    check_problem(
        r#"{"Records":[{"eventName":"A","eventVersion":"1"},{"eventName" "B"},{"eventName":tru},{"eventName":"D","eventVersion":"1"}]}"#,
        "A\nD\n",
        "record 2 has malformed JSON at byte 62; it and 1 more were left out",
        "2 events in 1 file read, 2 matched",
    );
    check_problem(
        r#"{"Records":[{"eventName":"A","eventVersion":"1"} {"eventName":"B","eventVersion":"1"}]}"#,
        "A\n",
        "malformed JSON at byte 49; 1 event before it was kept",
        "1 event in 1 file read, 1 matched",
    );
    check_problem(
        r#"{"Records":[{"eventName":"A","eventVersion":"1"},{"eventName":"B"#,
        "A\n",
        "JSON ends early; 1 event before it was kept",
        "1 event in 1 file read, 1 matched",
    );
}

const LOG_NAME: &str = "111122223333_CloudTrail_eu-west-1_20261001T0915Z_AAAABBBBCCCCDDDD.json.gz";

/// CloudTrail delivers logs. If a file of that name is not a log, events are missing.
#[test]
fn a_file_with_the_name_of_a_log_must_be_one() {
    for (content, what) in [
        (&b""[..], "empty"),
        (b"<html>", "not JSON"),
        (b"{}", "other JSON"),
        (b"{\"Records\":null}", "without Records"),
    ] {
        let trial = Trial::with(&format!("log/{LOG_NAME}"), content);
        trial.run(&["log", "--count"]).shows(
            3,
            "0\n",
            &format!(
                "trail2tsv: log/{LOG_NAME}: named like a CloudTrail log, but is not one ({what}); nothing was read\n\
                 trail2tsv: 0 events in 1 file read, 0 matched; 1 problem, named above\n"
            ),
        );
    }
    let trial = Trial::with(&format!("log/{LOG_NAME}"), "{\"Records\":[]}");
    trial.run(&["log", "--count"]).shows(0, "0\n", "trail2tsv: 0 events in 1 file read, 0 matched\n");
}

#[test]
fn a_named_file_without_events_is_reported() {
    let trial = Trial::with("notes.txt", "plain text");
    trial.write("log.json", LOG);
    let said = "trail2tsv: notes.txt: not a CloudTrail log (not JSON); nothing was read\n";
    trial.run(&["notes.txt", "log.json", "--count"]).shows(
        3,
        "3\n",
        &format!(
            "{said}trail2tsv: 3 events in 1 file read, 3 matched; 1 file skipped: 1 not JSON; \
             1 problem, named above\n"
        ),
    );
    trial.run(&["notes.txt", "--count", "-q"]).shows(3, "0\n", said);
    let ran = trial.run(&["summary", "notes.txt", "-f", "csv", "--by", "eventName"]);
    assert_eq!((ran.lines(3).len(), ran.stderr.starts_with(said)), (1, true), "{ran:?}");
    // A log without events, or without matching events, is a log.
    for (log, last) in [
        (r#"{"Records":[]}"#, "0 events in 1 file read, 0 matched"),
        (r#"[{"Records":[]}]"#, "0 events in 1 file read, 0 matched"),
        (LOG, "3 events in 1 file read, 0 matched"),
    ] {
        trial.write("log.json", log);
        let ran = trial.run(&["log.json", "--where", "eventName = x", "--count"]);
        assert_eq!(ran.lines(0), ["0"]);
        assert!(ran.stderr.ends_with(&format!("trail2tsv: {last}\n")), "{ran:?}");
    }
}

#[test]
fn standard_input_without_events_is_reported() {
    let trial = Trial::new();
    for (input, kind) in [("", "empty"), ("\n", "empty"), ("command not found", "not JSON"), ("{}", "other JSON")] {
        trial.run_with_stdin(&["-", "--count"], input).shows(
            3,
            "0\n",
            &format!(
                "trail2tsv: -: not a CloudTrail log ({kind}); nothing was read\n\
                 trail2tsv: 0 events in 0 files read, 0 matched; 1 file skipped: 1 {kind}; \
                 1 problem, named above\n"
            ),
        );
    }
    let log = r#"{"Records":[]}"#;
    trial.run_with_stdin(&["-", "--count"], log).shows(0, "0\n", "trail2tsv: 0 events in 1 file read, 0 matched\n");
}
