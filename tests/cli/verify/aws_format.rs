//! `--aws-format`: what `aws cloudtrail validate-logs` prints about the same objects.

use std::fs;

use testkit::digests::SIGNATURE_ENDING;
use testkit::logs::gzip;

use super::{ACCOUNT, SignedMirror};

const END: [&str; 2] = ["--until", "2026-11-01T06:00"];

fn begin(start: &str) -> String {
    format!(
        "Validating log files for trail arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/audit \
         between {start} and 2026-11-01T06:00:00Z\n\n"
    )
}

fn results(found: &str, counts: &str) -> String {
    format!(
        "Results requested for 2026-11-01T00:00:00Z to 2026-11-01T06:00:00Z\n\
         Results found for {found}:\n\n{counts}\n"
    )
}

impl SignedMirror {
    fn aws(&self, arguments: &[&str]) -> crate::harness::RunResult {
        self.verify(&[&["--aws-format", "-q"], &END[..], arguments].concat())
    }
}

#[test]
fn a_valid_chain() {
    let mirror = SignedMirror::new();
    let counts = "6/6 digest files valid\n6/6 log files valid";
    let whole = "2026-11-01T00:00:00Z to 2026-11-01T06:00:00Z";
    let stdout = begin("2026-11-01T00:00:00Z") + &results(whole, counts);
    mirror.aws(&[]).shows(0, &stdout, "");
}

#[test]
fn each_object_has_a_line_with_details() {
    let mirror = SignedMirror::new();
    let ran = mirror.verify(&[&["--aws-format", "-v"], &END[..]].concat());
    let lines: Vec<&str> = ran.lines(0).into_iter().filter(|line| line.ends_with("\tvalid")).collect();
    let address = |key: &str| format!("s3://example-trail-logs/{key}");
    let digest = |hour: usize| format!("Digest file\t{}\tvalid", address(&mirror.chain.digest_key(hour)));
    let logs =
        |hour: usize| mirror.chain.log_keys(hour).into_iter().map(|key| format!("Log file\t{}\tvalid", address(&key)));
    let expected: Vec<String> = (0..6).rev().flat_map(|hour| std::iter::once(digest(hour)).chain(logs(hour))).collect();
    assert_eq!(lines, expected);
}

#[test]
fn what_is_invalid_goes_to_standard_error() {
    let mirror = SignedMirror::new();
    let path = |key: &str| mirror.trial.path("mirror").join(key);
    let logs = mirror.chain.log_keys(5);
    fs::write(path(&logs[0]), gzip(b"{}")).unwrap();
    fs::remove_file(path(&logs[1])).unwrap();
    let digests = [4, 3, 1].map(|hour| mirror.chain.digest_key(hour));
    fs::remove_file(path(&format!("{}{SIGNATURE_ENDING}", digests[0]))).unwrap();
    for ending in ["", SIGNATURE_ENDING] {
        fs::remove_file(path(&format!("{}{ending}", digests[1]))).unwrap();
    }
    fs::write(path(&digests[2]), gzip(b"{}")).unwrap();
    let line =
        |kind: &str, key: &str, what: &str| format!("{kind} file\ts3://example-trail-logs/{key}\tINVALID: {what}\n\n");
    let stderr = [
        line("Log", &logs[0], "hash value doesn't match"),
        line("Log", &logs[1], "not found"),
        line("Digest", &digests[0], "signature verification failed"),
        line("Digest", &digests[2], "invalid format"),
    ];
    // The AWS CLI reports only the first of several bad digests in a row.
    let counts = "3/5 digest files valid, 2/5 digest files INVALID\n2/4 log files valid, 2/4 log files INVALID";
    let whole = "2026-11-01T00:00:00Z to 2026-11-01T06:00:00Z";
    let stdout = begin("2026-11-01T00:00:00Z") + &results(whole, counts);
    mirror.aws(&[]).shows(3, &stdout, &stderr.concat());
}

#[test]
fn a_planted_log_is_not_reported() {
    let mirror = SignedMirror::new();
    mirror.trial.write(&format!("mirror/{}", mirror.chain.log_key(2, 30, "PLANTED")), gzip(b"{}"));
    let ran = mirror.aws(&[]);
    assert!(ran.stdout.ends_with("\n6/6 digest files valid\n6/6 log files valid\n"), "{ran:?}");
    assert_eq!((ran.code, &*ran.stderr), (Some(3), ""), "the exit code is that of verify");
}

#[test]
fn each_kind_of_damage_has_its_words() {
    let mirror = SignedMirror::new();
    let path = |key: &str| mirror.trial.path("mirror").join(key);
    let log = mirror.chain.log_keys(5).remove(0);
    let whole = fs::read(path(&log)).unwrap();
    let trailing = "unexpected data after end of compressed stream";
    for (content, what) in [
        ([&whole[..], &gzip(b"{}")].concat(), trailing),
        ([&whole[..], b"x"].concat(), trailing),
        (whole.iter().map(|byte| !byte).collect(), "hash value doesn't match"),
        (whole[..whole.len() - 9].to_vec(), "hash value doesn't match"),
    ] {
        fs::write(path(&log), content).unwrap();
        let ran = mirror.aws(&[]);
        let line = format!("Log file\ts3://example-trail-logs/{log}\tINVALID: {what}\n\n");
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), line.as_str()), "{ran:?}");
    }
}

#[test]
fn the_oldest_digest_of_the_time_is_missed() {
    let mirror = SignedMirror::new();
    let oldest = mirror.chain.digest_key(0);
    fs::remove_file(mirror.trial.path("mirror").join(&oldest)).unwrap();
    let ran = mirror.aws(&["--since", "2026-11-01T00:00"]);
    let line = format!("Digest file\ts3://example-trail-logs/{oldest}\tINVALID: not found\n\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), line.as_str()), "{ran:?}");
    assert!(ran.stdout.contains("5/6 digest files valid, 1/6 digest files INVALID\n"), "{ran:?}");
}
