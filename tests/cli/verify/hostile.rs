//! Malicious digests: unsigned ones are not used, and signed ones cause no read outside the
//! mirror.

use std::fs;

use serde_json::{Value, json};
use testkit::digests::{DigestChain, SignedBucket, SigningKey, public_key_list};
use testkit::logs::gzip;

use super::{ACCOUNT, SignedMirror};
use crate::harness::Trial;

/// A mirror whose third digest is changed and signed again.
fn signed_again(change: impl Fn(&mut Value)) -> SignedMirror {
    let chain = DigestChain::new(ACCOUNT, "eu-west-1", &[1, 1, 1]);
    let mut bucket = SignedBucket::default();
    bucket.add(&chain, |_| 0);
    bucket.sign_again(&chain.digest_key(2), &SigningKey::of_tests(0), change);
    let trial = Trial::new();
    bucket.write(&trial.path("mirror"));
    trial.write("mirror/.trail2tsv-bucket", "example-trail-logs\n");
    trial.write("keys.json", public_key_list(&[&SigningKey::of_tests(0)]));
    SignedMirror { trial, chain }
}

#[test]
fn no_path_leads_out_of_the_mirror() {
    let secret = testkit::digests::log_text("x", "x", "2026-11-01T00:00:00Z".parse().unwrap(), "x");
    let hash = "0".repeat(64);
    for key in [
        "../secret.json.gz",
        "/etc/passwd",
        "AWSLogs/../../secret.json.gz",
        "AWSLogs//x",
        "a\u{0}b",
        "",
        "AWSLogs/\u{1b}[31m\n",
        "C:\\x",
    ] {
        let mirror = signed_again(|digest| {
            let log = json!({"s3Bucket": "example-trail-logs", "s3Object": key, "hashValue": hash, "hashAlgorithm": "SHA-256"});
            digest["logFiles"] = json!([log]);
        });
        mirror.trial.write("secret.json.gz", gzip(secret.as_bytes()));
        let ran = mirror.verify(&["-q"]);
        let logs = mirror.rows("log file");
        // The log that the digest listed before is in no digest now.
        assert!(ran.code == Some(3) && logs.len() == 2, "{key:?}: {ran:?}");
        let verdict = logs.iter().find(|log| !log.contains(" in no digest ")).unwrap();
        assert!(verdict.contains(" missing ") || verdict.contains(" not proven "), "{key:?}: {verdict}");
        assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'), "{ran:?}");
    }
}

#[test]
fn a_log_file_in_another_bucket_is_not_proven() {
    let mirror = signed_again(|digest| digest["logFiles"][0]["s3Bucket"] = json!("another-bucket"));
    let logs = mirror.rows("log file");
    let key = mirror.chain.log_keys(2).remove(0);
    assert_eq!(logs.len(), 2, "{logs:?}");
    let elsewhere =
        format!("s3://another-bucket/{key} not proven a digest lists it, and it is in no mirror that is verified");
    assert!(logs[0].ends_with(&elsewhere), "{logs:?}");
    assert!(logs[1].contains(&format!("s3://example-trail-logs/{key} in no digest ")), "{logs:?}");
}

#[test]
fn unusable_digests_say_why() {
    for (member, value, verdict) in [
        ("logFiles", json!({}), "not a digest: invalid type: map, expected a list of log files"),
        ("logFiles", json!([{"s3Bucket": "b"}]), "not a digest: missing field `s3Object`"),
        ("digestS3Object", json!("x"), "moved: it was delivered as s3://example-trail-logs/x"),
        ("digestS3Bucket", json!("x"), "moved: it was delivered as s3://x/"),
        ("digestStartTime", json!("yesterday"), "not a digest: "),
        ("digestEndTime", json!("yesterday"), "not a digest: digestEndTime is not a time"),
        ("digestPublicKeyFingerprint", json!("ab"), "unknown public key ab of eu-west-1"),
    ] {
        let mirror = signed_again(|digest| digest[member] = value.clone());
        let digests = mirror.rows("digest");
        assert!(digests.len() == 1 && digests[0].contains(verdict), "{member}: {digests:?}");
        assert_eq!(mirror.verify(&["-q"]).code, Some(3));
    }
    let unknown = signed_again(|digest| digest["logFiles"][0]["hashAlgorithm"] = json!("MD5"));
    assert!(unknown.rows("digest")[0].contains("log file 1: unknown hash algorithm \"MD5\""));
}

#[test]
fn a_digest_that_names_a_wrong_predecessor_is_reported() {
    for (member, value, verdict) in [
        ("previousDigestHashValue", json!("00"), "replaced not the digest that the next one names: its hash differs"),
        (
            "previousDigestHashAlgorithm",
            json!("MD5"),
            "replaced not the digest that the next one names: its hash differs",
        ),
        (
            "previousDigestSignature",
            json!("00"),
            "replaced not the digest that the next one names: its signature differs",
        ),
        ("previousDigestS3Object", json!("x"), "missing missing"),
    ] {
        let mirror = signed_again(|digest| digest[member] = value.clone());
        let digests = mirror.rows("digest");
        assert!(digests.len() == 1 && digests[0].ends_with(verdict), "{member}: {digests:?}");
        assert_eq!(mirror.verify(&["-q"]).code, Some(3));
    }
}

#[test]
fn too_long_and_too_deep_digests_are_refused() {
    let entry =
        format!(r#"{{"s3Bucket":"","s3Object":"","hashValue":"{}","hashAlgorithm":"SHA-256"}},"#, "0".repeat(64));
    let start = |rest: &str| format!(r#"{{"digestS3Bucket":"b","logFiles":[{rest}"#);
    for (text, verdict) in [
        (start(&entry.repeat(1_000_000)), "too long longer than 64 MiB, which no digest is"),
        (" ".repeat(70 << 20), "too long longer than 64 MiB, which no digest is"),
        (start(&"[".repeat(10_000_000)), "not a digest not a digest: "),
        (start(&"{\"a\":".repeat(1_000_000)), "not a digest not a digest: "),
        (start(&entry.repeat(10_000)), "not a digest not a digest: "),
    ] {
        let mirror = SignedMirror::new();
        let path = mirror.trial.path("mirror").join(mirror.chain.digest_key(2));
        fs::write(path, gzip(text.as_bytes())).unwrap();
        let digests = mirror.rows("digest");
        assert!(digests.len() == 1 && digests[0].contains(verdict), "{verdict}: {digests:?}");
    }
}
