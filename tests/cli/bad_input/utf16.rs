//! Invalid UTF-16: the rest of the text is read, and the file is named.

use std::ops::Range;

use testkit::logs::gzip;

use super::{LOG, NAMES};
use crate::harness::Trial;

/// `LOG` in UTF-16 with a byte order mark, in both byte orders.
fn logs() -> impl Iterator<Item = Vec<u8>> {
    let text = format!("\u{feff}{LOG}");
    [u16::to_le_bytes, u16::to_be_bytes].into_iter().map(move |bytes| text.encode_utf16().flat_map(bytes).collect())
}

/// The bytes of the name of the second event in a log in UTF-16.
fn second_name() -> Range<usize> {
    let at = 2 * (1 + LOG.find('B').unwrap());
    at..at + 2
}

/// The message about a file of `LOG` whose second name is an unpaired surrogate.
fn utf16_message(file: &str, kept: &str) -> String {
    let at = second_name().start;
    format!("trail2tsv: {file}: byte {at} is not valid UTF-16; invalid bytes are shown as U+FFFD; {kept}\n")
}

#[test]
fn an_unpaired_surrogate_is_shown_and_named() {
    for log in logs() {
        let is_little = log.starts_with(b"\xff\xfe");
        for surrogate in [0xd83d_u16, 0xde00] {
            let mut log = log.clone();
            log[second_name()].copy_from_slice(&if is_little {
                surrogate.to_le_bytes()
            } else {
                surrogate.to_be_bytes()
            });
            let (start, end) = log.split_at(second_name().start + 1);
            let members = [gzip(start), gzip(end)].concat();
            for packed in [gzip(&log), members, zstd::encode_all(&log[..], 1).unwrap(), log.clone()] {
                let said = utf16_message("log/a", "all its 3 events were kept");
                let last = "trail2tsv: 3 events in 1 file read, 3 matched; 1 problem, named above\n";
                Trial::with("log/a", packed).run(&NAMES).shows(3, "A\n\u{fffd}\nC\n", &(said + last));
            }
            let said = utf16_message("-", "all its 3 events were kept");
            let ran = Trial::new().run_with_stdin(&["-", "--count", "-e", "!A"], &log);
            assert!(ran.code == Some(3) && ran.stdout == "2\n" && ran.stderr.starts_with(&said), "{ran:?}");
        }
    }
}

#[test]
fn an_unpaired_surrogate_is_named_in_logs_that_are_not_decoded() {
    let text = format!("\u{feff}{}", LOG.replace("\"C\"", "\"CreateTrail\""));
    let mut log: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    log[second_name()].copy_from_slice(&0xd83d_u16.to_le_bytes());
    let trial = Trial::with("log/a", log);
    for name in ["Nothing", "CreateTrail"] {
        let ran = trial.run(&["log", "--count", "-e", name, "-q"]);
        assert_eq!(
            (ran.code, ran.stderr),
            (Some(3), utf16_message("log/a", "the readable part was searched")),
            "{name}"
        );
    }
}

/// The text is longer than a text window.
#[test]
fn an_unpaired_surrogate_is_named_far_behind_the_start() {
    const EVENT: &str = "{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n";
    const EVENTS: usize = (3 << 20) / EVENT.len();
    let text = EVENT.repeat(EVENTS);
    let mut log: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let at = log.len() - 2 * (EVENT.len() - EVENT.find('A').unwrap());
    log[at..at + 2].copy_from_slice(&0xdc00_u16.to_le_bytes());
    for log in [gzip(&log), log] {
        let ran = Trial::with("log/a", log).run(&["log", "--count"]);
        let said =
            format!("trail2tsv: log/a: byte {at} is not valid UTF-16; invalid bytes are shown as U+FFFD; all its");
        assert!(ran.code == Some(3) && ran.stderr.starts_with(&said), "{ran:?}");
        assert_eq!(ran.stdout, format!("{EVENTS}\n"));
    }
}

#[test]
fn an_unpaired_surrogate_behind_the_wanted_rows_is_not_named() {
    let mut log = logs().next().unwrap();
    log[second_name()].copy_from_slice(&0xd83d_u16.to_le_bytes());
    let ran = Trial::with("log/a", log).run(&[&NAMES[..], &["--limit", "1"]].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "A\n"), "{ran:?}");
}

#[test]
fn an_odd_number_of_bytes_is_named() {
    for mut log in logs() {
        let at = log.len();
        log.push(b'\n');
        Trial::with("log/a", log).run(&NAMES).shows(
            3,
            "A\nB\nC\n",
            &format!(
                "trail2tsv: log/a: malformed JSON at byte {}; 3 events before it were kept\n\
                 trail2tsv: log/a: byte {at} is not valid UTF-16; invalid bytes are shown as U+FFFD; 3 events were kept\n\
                 trail2tsv: 3 events in 1 file read, 3 matched; 2 problems, named above\n",
                LOG.len()
            ),
        );
    }
}

#[test]
fn invalid_utf_16_that_is_not_a_log_is_counted_as_not_json() {
    let trial = Trial::with("log/a", b"\xff\xfeh\0i\0\0\xd8");
    trial.write("log/b", LOG);
    trial.run(&NAMES).shows(
        0,
        "A\nB\nC\n",
        "trail2tsv: 3 events in 1 file read, 3 matched; 1 file skipped: 1 not JSON\n",
    );
}
