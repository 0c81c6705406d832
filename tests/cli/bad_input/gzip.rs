//! Damaged gzip: the text before the damage is kept, and the file is named.

use std::io::Read;

use super::{LOG, NAMES};
use crate::harness::{RunResult, Trial, gzip};

const ALL: &str = "A\nB\nC\n";

fn ran(file: impl AsRef<[u8]>) -> RunResult {
    Trial::with("log", file).run(&NAMES)
}

#[track_caller]
fn check_kept_with_problem(file: Vec<u8>, problem: &str) {
    ran(file).shows(
        3,
        ALL,
        &format!(
            "trail2tsv: log: {problem}\n\
             trail2tsv: 3 events in 1 file read, 3 matched; 1 problem, named above\n"
        ),
    );
}

#[test]
fn a_truncated_stream_gives_the_events_before_the_cut() {
    let file = gzip(LOG);
    // Within the last record: the first two are there.
    let cut = (0..file.len()).rev().find(|end| text_of(&file[..*end]).matches("\"}").count() == 2).unwrap();
    ran(&file[..cut]).shows(
        3,
        "A\nB\n",
        "trail2tsv: log: gzip stream ends early; 2 events before it were kept\n\
         trail2tsv: 2 events in 1 file read, 2 matched; 1 problem, named above\n",
    );
    check_kept_with_problem(file[..file.len() - 8].to_vec(), "gzip stream ends early; 3 events before it were kept");
}

#[test]
fn a_stream_cut_at_any_byte_gives_a_beginning_of_its_rows() {
    let file = gzip(LOG);
    for end in 2..file.len() {
        let kept = text_of(&file[..end]).matches("\"}").count();
        let (said, last) = match kept {
            0 => ("no event came before it".to_string(), "0 events"),
            1 => ("1 event before it was kept".to_string(), "1 event"),
            2 => ("2 events before it were kept".to_string(), "2 events"),
            _ => ("3 events before it were kept".to_string(), "3 events"),
        };
        ran(&file[..end]).shows(
            3,
            &ALL[..kept * 2],
            &format!(
                "trail2tsv: log: gzip stream ends early; {said}\n\
                 trail2tsv: {last} in 1 file read, {kept} matched; 1 problem, named above\n"
            ),
        );
    }
}

#[test]
fn files_too_short_for_gzip_are_skipped() {
    for (end, kind) in [(0, "empty"), (1, "not JSON")] {
        let last = format!(
            "trail2tsv: log: not a CloudTrail log ({kind}); nothing was read\n\
             trail2tsv: 0 events in 0 files read, 0 matched; 1 file skipped: 1 {kind}; 1 problem, named above\n"
        );
        ran(&gzip(LOG)[..end]).shows(3, "", &last);
    }
}

#[test]
fn a_wrong_checksum_or_length_is_named() {
    for place in [8, 5, 4, 1] {
        let mut file = gzip(LOG);
        let place = file.len() - place;
        file[place] ^= 0x40;
        check_kept_with_problem(file, "gzip checksum does not match; all its 3 events were kept");
    }
}

#[test]
fn a_damaged_stream_is_named() {
    let mut file = gzip(LOG);
    // The reserved type of block.
    file[10] |= 0b110;
    ran(&file).shows(
        3,
        "",
        "trail2tsv: log: gzip stream is damaged; no event came before it\n\
         trail2tsv: 0 events in 1 file read, 0 matched; 1 problem, named above\n",
    );
}

#[test]
fn a_damaged_stream_of_broken_json_has_both_named() {
    // The text is stored, so that changing a byte of it does not damage the stream.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut encoder, LOG.as_bytes()).unwrap();
    let mut file = encoder.finish().unwrap();
    let comma = LOG.find("},{").unwrap() + 1;
    let header = file.windows(LOG.len()).position(|window| window == LOG.as_bytes()).unwrap();
    file[header + comma] = b';';
    ran(file).shows(
        3,
        "A\n",
        &format!(
            "trail2tsv: log: gzip checksum does not match; 1 event was kept\n\
             trail2tsv: log: malformed JSON at byte {comma}; 1 event before it was kept\n\
             trail2tsv: 1 event in 1 file read, 1 matched; 2 problems, named above\n"
        ),
    );
}

#[test]
fn junk_behind_a_member_is_named_even_if_it_looks_like_its_end() {
    let file = gzip(LOG);
    let ends = [&b"junk"[..], b"\0", &file[file.len() - 4..], &file[file.len() - 8..], LOG.as_bytes()];
    for junk in ends {
        let bytes = if junk.len() == 1 { "1 byte".to_string() } else { format!("{} bytes", junk.len()) };
        check_kept_with_problem(
            [&file[..], junk].concat(),
            &format!("{bytes} of other data after the gzip stream; 3 events before it were kept"),
        );
    }
}

/// Of three logs with three events each, one is damaged. The rows of the others are kept.
#[test]
fn damage_in_one_member_costs_no_other() {
    let logs = ["A", "B", "C"].map(|name| {
        let event = |number| format!(r#"{{"eventVersion":"1.08","eventName":"{name}{number}"}}"#);
        format!(r#"{{"Records":[{},{},{}]}}"#, event(1), event(2), event(3))
    });
    let all = |names: &[&str]| -> String { names.iter().map(|name| format!("{name}1\n{name}2\n{name}3\n")).collect() };
    let names = ["A", "B", "C"];
    type Damage = fn(&mut Vec<u8>);
    let checksum: Damage = |member| {
        let place = member.len() - 6;
        member[place] ^= 1;
    };
    let length: Damage = |member| {
        let place = member.len() - 2;
        member[place] ^= 1;
    };
    let body: Damage = |member| member[10] |= 0b110;
    let lost: Damage = |member| drop(member.drain(20..40));
    let header: Damage = |member| member[1] = 0;
    let flags: Damage = |member| member[3] = 0xff;
    for (at, name) in names.iter().enumerate() {
        for (number, damage) in [checksum, length, body, lost, header, flags].into_iter().enumerate() {
            // A file that does not begin like gzip is not gzip.
            if at == 0 && number == 4 {
                continue;
            }
            for junk in [&b""[..], b"junk"] {
                let mut members = logs.clone().map(gzip);
                damage(&mut members[at]);
                let file = [members.concat(), junk.to_vec()].concat();
                let ran = Trial::with("log", &file).run(&NAMES);
                let others: Vec<&str> = names.iter().copied().filter(|other| other != name).collect();
                let about = format!("{name}, damage {number}, {} bytes of junk: {ran:?}", junk.len());
                assert_eq!(ran.code, Some(3), "{about}");
                let kept: String =
                    ran.stdout.lines().filter(|row| !row.starts_with(name)).map(|row| row.to_string() + "\n").collect();
                assert_eq!(kept, all(&others), "{about}");
                let rows = ran.stdout.lines().count();
                assert!(number > 1 || rows == 9, "{about}");
                // Every number in the messages is right.
                for line in ran.stderr.lines() {
                    if line.contains("all its") {
                        assert!(rows == 9 && line.contains("all its 9 events were kept"), "{about}");
                    } else if let Some((_, said)) = line.split_once(" before it and ") {
                        let behind: usize = said.split(' ').next().unwrap().parse().unwrap();
                        let before = line.split("; ").nth(1).unwrap().split(' ').next().unwrap();
                        assert_eq!(before.parse::<usize>().unwrap() + behind, rows, "{about}");
                    } else if let Some(said) = line.strip_suffix(" events before it were kept") {
                        assert_eq!(said.rsplit(' ').next().unwrap().parse(), Ok(rows), "{about}");
                    } else if let Some(said) = line.strip_suffix(" events were kept") {
                        assert_eq!(said.rsplit(' ').next().unwrap().parse(), Ok(rows), "{about}");
                    }
                }
                if number < 2 && junk.is_empty() {
                    let said = format!("checksum of gzip member {} does not match; all its 9 events were kept", at + 1);
                    assert!(ran.stderr.contains(&said), "{about}");
                }
            }
        }
    }
}

#[test]
fn further_members_of_a_delivered_log_are_named() {
    const NAME: &str = "111122223333_CloudTrail_eu-west-1_20261001T0915Z_AAAABBBBCCCCDDDD.json.gz";
    let forged = r#"{"Records":[{"eventVersion":"1.08","eventName":"Forged"}]}"#;
    for (members, rows, said, last) in [
        (vec![LOG], ALL, None, "3 events in 1 file read, 3 matched"),
        (
            vec![LOG, forged],
            "A\nB\nC\nForged\n",
            Some("1 event in 1 gzip member (58 bytes) after the first one"),
            "4 events in 1 file read, 4 matched; 1 gzip member after the first one of a log, named above",
        ),
        (
            vec![LOG, ""],
            ALL,
            Some("0 events in 1 gzip member (0 bytes) after the first one"),
            "3 events in 1 file read, 3 matched; 1 gzip member after the first one of a log, named above",
        ),
        (
            vec!["", forged, forged],
            "Forged\nForged\n",
            Some("2 events in 2 gzip members (116 bytes) after the first one"),
            "2 events in 1 file read, 2 matched; 2 gzip members after the first one of a log, named above",
        ),
    ] {
        let file: Vec<u8> = members.iter().flat_map(gzip).collect();
        let trial = Trial::with(&format!("log/{NAME}"), &file);
        let note = said.map(|said| format!("trail2tsv: log/{NAME}: {said}; CloudTrail writes one member\n"));
        let note = note.unwrap_or_default();
        trial.run(&NAMES).shows(0, rows, &format!("{note}trail2tsv: {last}\n"));
        // Other programs concatenate members.
        let trial = Trial::with("log/logs.json.gz", &file);
        let last = last.split(';').next().unwrap();
        trial.run(&NAMES).shows(0, rows, &format!("trail2tsv: {last}\n"));
        let verbose = trial.run(&["-c", "eventName", "--no-header", "log", "-vv"]).stderr.clone();
        assert_eq!(verbose.contains("after the first one"), said.is_some(), "{verbose}");
    }
    let trial = Trial::with(&format!("log/{NAME}"), [&gzip(LOG)[..], forged.as_bytes()].concat());
    trial.run(&NAMES).shows(
        3,
        ALL,
        &format!(
            "trail2tsv: log/{NAME}: 58 bytes of other data after the gzip stream; 3 events before it were kept\n\
             trail2tsv: 3 events in 1 file read, 3 matched; 1 problem, named above\n"
        ),
    );
}

#[test]
fn members_follow_each_other() {
    for members in [vec![LOG, LOG], vec![LOG, "", LOG], vec![&LOG[..20], &LOG[20..], LOG]] {
        let file: Vec<u8> = members.iter().flat_map(gzip).collect();
        ran(file).shows(0, &ALL.repeat(2), "trail2tsv: 6 events in 1 file read, 6 matched\n");
    }
}

#[test]
fn a_second_member_that_is_cut_does_not_cost_the_first() {
    let file = [gzip(LOG), gzip(LOG)[..12].to_vec()].concat();
    check_kept_with_problem(file, "gzip stream ends early; 3 events before it were kept");
}

/// The text that an independent reader inflates before it fails.
fn text_of(file: &[u8]) -> String {
    let mut text = Vec::new();
    let mut decoder = flate2::bufread::GzDecoder::new(file);
    let mut byte = [0];
    while let Ok(1) = decoder.read(&mut byte) {
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}
