//! Attacks on a mirror or bucket. Each has its own verdict.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;
use std::path::PathBuf;

use testkit::digests::{DigestChain, SIGNATURE_ENDING};
use testkit::logs::{gunzip, gzip};

use super::{ACCOUNT, SignedMirror};

impl SignedMirror {
    fn object(&self, key: &str) -> PathBuf {
        self.trial.path("mirror").join(key)
    }

    fn change(&self, key: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let path = self.object(key);
        fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
    }

    fn remove(&self, key: &str) {
        fs::remove_file(self.object(key)).unwrap();
    }

    /// Removes a digest with its signature.
    fn remove_digest(&self, hour: usize) {
        self.remove(&self.chain.digest_key(hour));
        self.remove(&format!("{}{SIGNATURE_ENDING}", self.chain.digest_key(hour)));
    }

    fn log(&self) -> String {
        self.chain.log_keys(2).remove(0)
    }

    /// The digest of the hour with the log files above.
    fn digest(&self) -> String {
        self.chain.digest_key(2)
    }

    /// Checks the verdict on the only bad object.
    #[track_caller]
    fn says(&self, row_type: &str, key: &str, verdict: &str) {
        let expected =
            format!("{row_type} {ACCOUNT} eu-west-1 2026-11-01 audit s3://example-trail-logs/{key} {verdict}");
        assert_eq!(self.rows(row_type), [expected]);
        assert_eq!(self.verify(&["-q"]).code, Some(3));
    }

    /// Checks the times of the chain that are not proven.
    #[track_caller]
    fn gaps(&self, expected: &[&str]) {
        let times = self.rows("period");
        let prefix = format!("period {ACCOUNT} eu-west-1 audit not proven ");
        let gaps: Vec<&str> = times.iter().filter_map(|time| time.strip_prefix(&prefix)).collect();
        assert_eq!(gaps, expected);
    }
}

#[test]
fn changed_log_files() {
    const OTHER: &str = "altered its text is not the one that CloudTrail signed";
    let mirror = SignedMirror::new();
    let log = mirror.log();
    mirror.change(&log, |bytes| {
        gzip(String::from_utf8(gunzip(&bytes).unwrap()).unwrap().replace("Root", "User").as_bytes())
    });
    mirror.says("log file", &log, OTHER);
    mirror.change(&log, |_| gzip(b""));
    mirror.says("log file", &log, OTHER);
    mirror.change(&log, |_| Vec::new());
    mirror.says("log file", &log, OTHER);
    mirror.change(&log, |_| gzip(&[0; 10_000_000]));
    mirror.says("log file", &log, OTHER);
}

#[test]
fn a_log_file_with_one_event_less() {
    let mirror = SignedMirror::new();
    mirror.change(&mirror.log(), |_| gzip(br#"{"Records":[]}"#));
    mirror.says("log file", &mirror.log(), "altered its text is not the one that CloudTrail signed");
}

#[test]
fn damaged_log_files() {
    let mirror = SignedMirror::new();
    let log = mirror.log();
    let whole = fs::read(mirror.object(&log)).unwrap();
    mirror.change(&log, |bytes| bytes[..bytes.len() / 2].to_vec());
    mirror.says("log file", &log, "altered gzip stream ends early");
    mirror.change(&log, |_| {
        let mut bytes = whole.clone();
        let at = bytes.len() - 6;
        bytes[at] ^= 1;
        bytes
    });
    mirror.says("log file", &log, "altered gzip checksum does not match");
    mirror.change(&log, |_| b"PK\x03\x04".repeat(100));
    let verdicts = mirror.rows("log file");
    assert!(verdicts.len() == 1 && verdicts[0].contains(" altered "), "{verdicts:?}");
}

#[test]
fn a_deleted_log_file() {
    let mirror = SignedMirror::new();
    mirror.remove(&mirror.log());
    mirror.says("log file", &mirror.log(), "missing a digest lists it");
}

#[test]
fn log_files_that_were_swapped() {
    let mirror = SignedMirror::new();
    let logs = mirror.chain.log_keys(2);
    let [one, other] = [0, 1].map(|log| fs::read(mirror.object(&logs[log])).unwrap());
    mirror.change(&logs[0], |_| other);
    mirror.change(&logs[1], |_| one);
    assert_eq!(mirror.rows("log file").len(), 2);
}

#[test]
fn bytes_after_a_log_file() {
    let mirror = SignedMirror::new();
    let log = mirror.log();
    let whole = fs::read(mirror.object(&log)).unwrap();
    mirror.change(&log, |bytes| [bytes, b"x".to_vec()].concat());
    mirror.says("log file", &log, "extra bytes 1 byte after the log, which CloudTrail did not write");
    mirror.change(&log, |_| [whole.clone(), gzip(b"{\"Records\":[{}]}")].concat());
    let extra = "extra bytes 1 further gzip member with 16 bytes of text after the log, which CloudTrail did not write";
    mirror.says("log file", &log, extra);
    mirror.change(&log, |_| [whole.clone(), gzip(b"")].concat());
    let empty = "extra bytes 1 further gzip member with 0 bytes of text after the log, which CloudTrail did not write";
    mirror.says("log file", &log, empty);
    mirror.change(&log, |_| [whole, vec![0; 512]].concat());
    mirror.says("log file", &log, "extra bytes 512 bytes after the log, which CloudTrail did not write");
}

#[test]
fn a_log_file_that_was_compressed_again_is_proven() {
    let mirror = SignedMirror::new();
    mirror.change(&mirror.log(), |bytes| {
        let text = gunzip(&bytes).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        std::io::Write::write_all(&mut encoder, &text).unwrap();
        encoder.finish().unwrap()
    });
    assert_eq!(mirror.verify(&["-q"]).code, Some(0));
    mirror.change(&mirror.log(), |bytes| gunzip(&bytes).unwrap());
    assert_eq!(mirror.verify(&["-q"]).code, Some(0), "a log file that is not compressed is proven too");
}

#[test]
fn a_planted_log_file() {
    let mirror = SignedMirror::new();
    let planted = mirror.chain.log_key(2, 30, "PLANTEDPLANTED00");
    mirror.trial.write(&format!("mirror/{planted}"), gzip(br#"{"Records":[]}"#));
    let expected = format!(
        "log file {ACCOUNT} eu-west-1 2026-11-01 s3://example-trail-logs/{planted} in no digest \
         no digest of its time lists it, and none is missing"
    );
    assert_eq!(mirror.rows("log file"), [expected]);
    assert_eq!(mirror.verify(&["-q"]).code, Some(3));
}

#[test]
fn planted_log_files_where_no_digest_reaches() {
    let mirror = SignedMirror::new();
    let day = format!("mirror/AWSLogs/{ACCOUNT}/CloudTrail");
    for (path, verdict) in [
        (format!("mirror/{}", mirror.chain.log_key(9, 0, "AFTER")), "not proven it is from after the last digest"),
        (format!("{day}/eu-west-2/2026/11/01/x.json.gz"), "not proven there are no digests of its account and region"),
        (
            format!("{day}/eu-west-1/2026/11/01/x.json.gz"),
            "in no digest no digest of its time lists it, and none is missing",
        ),
        (format!("{day}-Insight/eu-west-1/2026/11/01/x.json.gz"), "not proven no digest lists logs of its kind"),
        (
            format!("mirror/AWSLogs/{ACCOUNT}/Config/eu-west-1/x.json.gz"),
            "not proven there are no digests of its account and region",
        ),
        ("mirror/x.json.gz".into(), "not proven there are no digests of its account and region"),
    ] {
        mirror.trial.write(&path, gzip(br#"{"Records":[]}"#));
        let rows = mirror.rows("log file");
        assert!(rows.len() == 1 && rows[0].ends_with(verdict), "{path}: {rows:?}");
        fs::remove_file(mirror.trial.path(&path)).unwrap();
    }
}

#[test]
fn a_deleted_digest() {
    let mirror = SignedMirror::new();
    mirror.remove_digest(2);
    mirror.says("digest", &mirror.digest(), "missing missing");
    mirror.gaps(&["2026-11-01T02:00:00Z 2026-11-01T03:00:00Z at least one digest is missing"]);
    let unproven = "not proven a digest of its time is missing or not proven";
    let logs = mirror.rows("log file");
    assert!(logs.len() == 2 && logs.iter().all(|log| log.ends_with(unproven)), "{logs:?}");
}

#[test]
fn two_deleted_digests_in_a_row() {
    let mirror = SignedMirror::new();
    mirror.remove_digest(2);
    mirror.remove_digest(3);
    mirror.says("digest", &mirror.chain.digest_key(3), "missing missing");
    mirror.gaps(&["2026-11-01T02:00:00Z 2026-11-01T04:00:00Z at least one digest is missing"]);
}

#[test]
fn the_newest_digest_deleted() {
    let mirror = SignedMirror::new();
    mirror.remove_digest(5);
    let logs = mirror.rows("log file");
    assert!(logs.len() == 2 && logs[0].ends_with("it is from after the last digest"), "{logs:?}");
    assert_eq!(mirror.verify(&["-q"]).code, Some(3));
}

#[test]
fn the_newest_digest_of_an_hour_without_logs_deleted() {
    let chain = |region| DigestChain::new(ACCOUNT, region, &[1, 1, 0]);
    let mirror = SignedMirror::with(&[chain("eu-west-1"), chain("eu-west-2")]);
    mirror.remove_digest(2);
    mirror.gaps(&["2026-11-01T02:00:00Z there is no later digest"]);
    assert_eq!(mirror.verify(&["-q"]).code, Some(3));
    let alone = SignedMirror::with(&[chain("eu-west-1")]);
    alone.remove_digest(2);
    assert_eq!(alone.verify(&["-q"]).code, Some(0), "nothing shows that a digest is missing");
    assert_eq!(alone.verify(&["-q", "--until", "2026-11-01T03:00"]).code, Some(3), "the window shows the loss");
}

#[test]
fn the_oldest_digest_deleted() {
    let mirror = SignedMirror::new();
    mirror.remove_digest(0);
    mirror.says("digest", &mirror.chain.digest_key(0), "missing missing");
    mirror.gaps(&["2026-11-01T01:00:00Z at least one digest is missing"]);
    assert_eq!(mirror.verify(&["-q", "--since", "2026-11-01T01:00"]).code, Some(0), "the digest is not in the window");
    assert_eq!(mirror.verify(&["-q", "--since", "2026-11-01T00:30"]).code, Some(3));
}

#[test]
fn a_digest_deleted_whose_signature_is_left() {
    let mirror = SignedMirror::new();
    mirror.remove(&mirror.digest());
    mirror.says("digest", &mirror.digest(), "missing missing");
    mirror.gaps(&["2026-11-01T02:00:00Z 2026-11-01T03:00:00Z the digests of this time are not proven"]);
}

#[test]
fn changed_digests() {
    const CHANGED: &str = "changed changed: its signature does not match";
    const UNPROVEN: &str = "2026-11-01T02:00:00Z 2026-11-01T03:00:00Z the digests of this time are not proven";
    for (part, other) in [("SHA-256", "SHA-512"), (ACCOUNT, "999922223333"), ("\"logFiles\":[{", "\"logFiles\":[ {")] {
        let mirror = SignedMirror::new();
        mirror.change(&mirror.digest(), |bytes| {
            let text = String::from_utf8(gunzip(&bytes).unwrap()).unwrap();
            gzip(text.replacen(part, other, 1).as_bytes())
        });
        mirror.says("digest", &mirror.digest(), CHANGED);
        mirror.gaps(&[UNPROVEN]);
        let logs = mirror.rows("log file");
        assert!(logs.len() == 2 && logs[0].contains(" not proven "), "{logs:?}");
    }
}

#[test]
fn a_digest_without_its_signature() {
    let mirror = SignedMirror::new();
    let meta = format!("{}{SIGNATURE_ENDING}", mirror.digest());
    let saved = fs::read_to_string(mirror.object(&meta)).unwrap();
    mirror.remove(&meta);
    mirror.says("digest", &mirror.digest(), "no signature no signature was saved with it");
    for (text, verdict) in [
        ("{}".into(), "no signature no signature was saved with it"),
        ("[".into(), "bad signature the file with its signature is damaged"),
        (saved.replace("SHA256withRSA", "none"), r#"bad signature unknown signature algorithm "none""#),
        (saved.replace("\"signature\":\"", "\"signature\":\"00"), "changed changed: its signature does not match"),
    ] {
        mirror.trial.write(&format!("mirror/{meta}"), text);
        mirror.says("digest", &mirror.digest(), verdict);
    }
}

#[test]
fn a_moved_digest() {
    let mirror = SignedMirror::new();
    let (from, to) = (mirror.chain.digest_key(1), mirror.digest());
    for ending in ["", SIGNATURE_ENDING] {
        fs::copy(mirror.object(&format!("{from}{ending}")), mirror.object(&format!("{to}{ending}"))).unwrap();
    }
    mirror.says("digest", &to, &format!("moved moved: it was delivered as s3://example-trail-logs/{from}"));
}

#[test]
fn bytes_after_a_digest() {
    let mirror = SignedMirror::new();
    mirror.change(&mirror.digest(), |bytes| [bytes, gzip(b"{}")].concat());
    let extra = "1 further gzip member with 2 bytes of text after the digest, which CloudTrail did not write";
    mirror.says("digest", &mirror.digest(), &format!("extra bytes {extra}"));
    mirror.gaps(&[]);
}

#[test]
fn damaged_digests() {
    let mirror = SignedMirror::new();
    let whole = fs::read(mirror.object(&mirror.digest())).unwrap();
    for (bytes, verdict) in [
        (whole[..whole.len() - 20].to_vec(), "damaged damaged: gzip stream ends early"),
        (gzip(b"{}"), "not a digest not a digest: missing field `digestStartTime` at line 1 column 2"),
        (gzip(b"["), "not a digest not a digest: EOF while parsing a list at line 1 column 1"),
    ] {
        mirror.change(&mirror.digest(), |_| bytes);
        mirror.says("digest", &mirror.digest(), verdict);
    }
}

#[test]
fn an_unknown_key() {
    let mirror = SignedMirror::new();
    let other = testkit::digests::SigningKey::of_tests(1);
    mirror.trial.write("keys.json", testkit::digests::public_key_list(&[&other]));
    let digests = mirror.rows("digest");
    assert_eq!(digests.len(), 6);
    let fingerprint = testkit::digests::SigningKey::of_tests(0).fingerprint;
    assert!(digests[0].ends_with(&format!("unknown key unknown public key {fingerprint} of eu-west-1")), "{digests:?}");
    let logs = mirror.rows("log file");
    assert!(logs.len() == 6 && logs[0].ends_with("there are no digests of its account and region"), "{logs:?}");
}

#[test]
fn a_strange_file_among_the_digests() {
    let mirror = SignedMirror::new();
    let name = mirror.digest().replace("_audit_", "_");
    mirror.trial.write(&format!("mirror/{name}"), gzip(b"{}"));
    let digests = mirror.rows("digest");
    assert!(digests.len() == 1 && digests[0].ends_with("not a digest not the name of a digest"), "{digests:?}");
}

#[cfg(unix)]
#[test]
fn a_log_file_that_is_a_link() {
    let mirror = SignedMirror::new();
    let log = mirror.object(&mirror.log());
    fs::rename(&log, mirror.trial.path("elsewhere.json.gz")).unwrap();
    std::os::unix::fs::symlink(mirror.trial.path("elsewhere.json.gz"), &log).unwrap();
    let link = "not proven cannot be read: a link (links in a mirror are not followed)";
    mirror.says("log file", &mirror.log(), link);
}
