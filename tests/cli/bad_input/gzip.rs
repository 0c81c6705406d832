//! Damaged gzip: what came before the damage is kept, and the file is named.

use std::io::Read;

use super::{LOG, NAMES};
use crate::harness::{Ran, Trial, gzip};

const ALL: &str = "A\nB\nC\n";

fn ran(file: impl AsRef<[u8]>) -> Ran {
    Trial::with("log", file).run(&NAMES)
}

#[track_caller]
fn keeps_all_but_says(file: Vec<u8>, problem: &str) {
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
    keeps_all_but_says(file[..file.len() - 8].to_vec(), "gzip stream ends early; 3 events before it were kept");
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
fn what_is_too_short_to_be_gzip_is_passed_over() {
    for (end, kind) in [(0, "empty"), (1, "not JSON")] {
        let last = format!(
            "trail2tsv: log: not a CloudTrail log ({kind}); nothing was read\n\
             trail2tsv: 0 events in 0 files read, 0 matched; 1 file passed over: 1 {kind}; 1 problem, named above\n"
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
        keeps_all_but_says(file, "gzip checksum does not match; all its 3 events were kept");
    }
}

#[test]
fn a_damaged_stream_is_named() {
    let mut file = gzip(LOG);
    // The reserved kind of block.
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
    // Stored, so that a changed byte of the text is nothing but that.
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
        keeps_all_but_says(
            [&file[..], junk].concat(),
            "bytes after the gzip stream that are no gzip; all its 3 events were kept",
        );
    }
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
    keeps_all_but_says(file, "gzip stream ends early; 3 events before it were kept");
}

/// What an independent reader makes of a stream before it fails.
fn text_of(file: &[u8]) -> String {
    let mut text = Vec::new();
    let mut decoder = flate2::bufread::GzDecoder::new(file);
    let mut byte = [0];
    while let Ok(1) = decoder.read(&mut byte) {
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}
