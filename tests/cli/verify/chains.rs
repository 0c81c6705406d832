//! Mirrors of several chains, and the options that select among them.

use std::fs;

use testkit::digests::{DigestChain, SignedBucket, SigningKey, public_key_list};
use testkit::logs::gzip;

use super::{ACCOUNT, SignedMirror};
use crate::harness::Trial;

const OTHER: &str = "444455556666";

/// Two accounts of an organisation with two regions and two trails, a key that is rotated, a
/// time without logging, and a digest that was made later.
fn organisation() -> SignedMirror {
    let mut bucket = SignedBucket::default();
    let own = DigestChain { prefix: "AWSLogs/o-abc/".into(), ..DigestChain::new(ACCOUNT, "eu-west-1", &[1, 0, 2, 1]) };
    for account in [ACCOUNT, OTHER] {
        for region in ["eu-west-1", "us-east-1"] {
            let chain = DigestChain { account: account.into(), region: region.into(), ..own.clone() };
            bucket.add(&chain, |hour| hour / 2);
            bucket.add(&DigestChain { trail: "security_1".into(), ..chain }, |_| 0);
        }
    }
    let again = DigestChain { start: own.hour(6), logs: vec![0, 1], ..own.clone() };
    bucket.add(&again, |_| 1);
    bucket.add(&DigestChain { start: own.hour(4), logs: vec![1, 1], is_backfill: true, ..own.clone() }, |_| 1);
    let trial = Trial::new();
    bucket.write(&trial.path("mirror"));
    trial.write("mirror/.trail2tsv-bucket", "example-trail-logs\n");
    trial.write("keys.json", public_key_list(&[&SigningKey::of_tests(0), &SigningKey::of_tests(1)]));
    SignedMirror { trial, chain: own }
}

#[test]
fn an_organisation_is_verified_at_once() {
    let mirror = organisation();
    let ran = mirror.verify(&["-q", "--until", "2026-11-01T04:00"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let days = mirror.rows("day");
    assert_eq!(
        days,
        [
            format!("day {ACCOUNT} eu-west-1 2026-11-01 11 0 0 0 0 0 12 0"),
            format!("day {ACCOUNT} us-east-1 2026-11-01 8 0 0 0 0 0 8 0"),
            format!("day {OTHER} eu-west-1 2026-11-01 8 0 0 0 0 0 8 0"),
            format!("day {OTHER} us-east-1 2026-11-01 8 0 0 0 0 0 8 0"),
        ]
    );
    assert_eq!(mirror.rows("key").len(), 4, "two keys in two regions");
    assert!(mirror.rows("log file").is_empty() && mirror.rows("digest").is_empty());
}

#[test]
fn digests_that_were_made_later_fill_a_gap() {
    let mirror = organisation();
    let region = ["--account", ACCOUNT, "--region", "eu-west-1", "--no-header", "-q"];
    let gaps = |mirror: &SignedMirror| {
        let ran = mirror.verify(&region);
        ran.stdout.lines().filter(|line| line.contains("new chain")).count()
    };
    assert_eq!(gaps(&mirror), 0);
    for hour in 0..2 {
        let later = DigestChain { start: mirror.chain.hour(4), is_backfill: true, ..mirror.chain.clone() };
        fs::remove_file(mirror.trial.path("mirror").join(later.digest_key(hour))).unwrap();
    }
    assert_eq!(gaps(&mirror), 1);
}

#[test]
fn accounts_regions_and_times_are_chosen() {
    let mirror = organisation();
    let log = DigestChain { account: OTHER.into(), ..mirror.chain.clone() }.log_keys(2).remove(0);
    fs::write(mirror.trial.path("mirror").join(log), gzip(b"{}")).unwrap();
    let until = "2026-11-01T04:00";
    for (options, code) in [
        (vec![], 3),
        (vec!["--account", ACCOUNT], 0),
        (vec!["--account", OTHER], 3),
        (vec!["--region", "us-*"], 0),
        (vec!["--account", OTHER, "--region", "us-east-1"], 0),
        (vec!["--since", "2026-11-01T03:00"], 0),
        (vec!["--since", "2026-11-01T02:00"], 3),
    ] {
        let ran = mirror.verify(&[&options[..], &["-q", "--until", until]].concat());
        assert_eq!(ran.code, Some(code), "{ran:?}");
    }
    let ran = mirror.verify(&["--until", "2026-11-01T02:00"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn parts_of_a_mirror_have_the_same_keys() {
    let mirror = organisation();
    let part = format!("mirror/AWSLogs/o-abc/{ACCOUNT}");
    let other = format!("mirror/AWSLogs/o-abc/{OTHER}/");
    let run = |arguments: &[&str]| {
        let options = ["verify", "--keys", "keys.json", "--no-header", "--until", "2026-11-01T04:00"];
        mirror.trial.run(&[&options, arguments].concat())
    };
    let (whole, parts) = (run(&["mirror"]), run(&[&part, &other, "mirror/AWSLogs/o-abc/"]));
    assert_eq!((whole.code, &whole.stdout), (Some(0), &parts.stdout), "{parts:?}");
    assert_eq!(run(&[&part]).lines(0).iter().filter(|line| line.starts_with("day\t")).count(), 2);
}

#[test]
fn a_folder_without_a_marker_file_is_known_by_its_digests() {
    let mirror = SignedMirror::new();
    let whole = mirror.verify(&[]);
    fs::remove_file(mirror.trial.path("mirror/.trail2tsv-bucket")).unwrap();
    // Other tools copy the logs of other services too.
    let foreign = format!("mirror/AWSLogs/{ACCOUNT}/Config/eu-west-1/x.json.gz");
    mirror.trial.write(&foreign, "x");
    let ran = mirror.verify(&[]);
    assert!(ran.code == Some(0) && ran.stderr.ends_with("; 1 file of other services not checked\n"), "{ran:?}");
    fs::remove_file(mirror.trial.path(&foreign)).unwrap();
    mirror.verify(&[]).shows(0, &whole.stdout, &whole.stderr);
    fs::create_dir(mirror.trial.path("copy")).unwrap();
    fs::rename(mirror.trial.path("mirror/AWSLogs"), mirror.trial.path("copy/AWSLogs")).unwrap();
    let ran = mirror.trial.run(&["verify", "copy/AWSLogs", "--keys", "keys.json"]);
    ran.shows(0, &whole.stdout, &whole.stderr);
    // Keys may have a prefix that paths lack.
    let mut bucket = SignedBucket::default();
    let chain = DigestChain { prefix: "my/logs/AWSLogs/".into(), ..mirror.chain.clone() };
    bucket.add(&chain, |_| 0);
    bucket.write(&mirror.trial.path("prefixed"));
    let ran = mirror.trial.run(&["verify", "prefixed/my/logs", "--keys", "keys.json", "-q"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn the_result_does_not_depend_on_threads() {
    let mirror = organisation();
    for (at, key) in [(0, mirror.chain.log_keys(0).remove(0)), (1, mirror.chain.digest_key(2))] {
        fs::write(mirror.trial.path("mirror").join(key), vec![at; 100]).unwrap();
    }
    for format in ["tsv", "json", "table"] {
        let one = mirror.verify(&["--threads", "1", "-f", format]);
        let eight = mirror.verify(&["--threads", "8", "-f", format]);
        eight.shows(3, &one.stdout, &one.stderr);
    }
}

#[test]
fn missing_keys_and_digests_are_explained() {
    let mirror = SignedMirror::new();
    let run = |arguments: &[&str]| mirror.trial.run(&[&["verify"], arguments].concat());
    let no_keys = "trail2tsv: there are no public keys to verify digests with; run without --offline, or get them \
        with `aws cloudtrail list-public-keys --start-time … --region …`, and name the file with --keys\n";
    run(&["mirror", "--offline"]).shows(1, "", no_keys);
    let no_credentials = "trail2tsv: public keys cannot be requested: no credentials found; sign in, for example \
        with `aws sso login`, or choose another profile with --profile; a file with them can be named with --keys\n";
    run(&["mirror"]).shows(1, "", no_credentials);
    run(&["mirror", "--keys", "none"]).shows(1, "", "trail2tsv: none: cannot be read: No such file or directory\n");
    let missing = "trail2tsv: none: cannot be read: No such file or directory\n";
    run(&["none", "--keys", "keys.json"]).shows(1, "", missing);
    let file = "trail2tsv: keys.json: not a folder; name the folder of a mirror\n";
    run(&["keys.json", "--keys", "keys.json"]).shows(1, "", file);
    mirror.trial.write("wrong.json", "{}");
    let ran = run(&["mirror", "--keys", "wrong.json"]);
    assert!(ran.stderr.starts_with("trail2tsv: wrong.json: not a list of public keys"), "{ran:?}");
    fs::create_dir(mirror.trial.path("empty")).unwrap();
    let empty = "trail2tsv: empty: no digests of the requested accounts, regions and times; \
        mirror them with trail2tsv sync --digests\n";
    run(&["empty", "--keys", "keys.json"]).shows(1, "", empty);
    assert_eq!(run(&[]).code, Some(2));
    assert_eq!(run(&["mirror", "--aws-format", "-f", "json"]).code, Some(2));
    assert_eq!(run(&["mirror", "-f", "parquet"]).code, Some(2));
}

#[test]
fn keys_are_kept_in_a_mirror() {
    let mirror = SignedMirror::new();
    let key = SigningKey::of_tests(0);
    let value = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key.public());
    let kept = |region: &str| {
        format!(
            r#"{{"keys":[{{"region":"{region}","fingerprint":"{}","value":"{value}",
            "from":"2026-09-01T00:00:00Z","until":"2027-09-01T00:00:00Z","source":"a test"}}]}}"#,
            key.fingerprint
        )
    };
    mirror.trial.write("mirror/.trail2tsv-keys.json", kept("eu-west-1"));
    let ran = mirror.trial.run(&["verify", "mirror", "--offline"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains(", from a test, kept in "), "{ran:?}");
    mirror.trial.write("mirror/.trail2tsv-keys.json", kept("eu-west-2"));
    let ran = mirror.trial.run(&["verify", "mirror", "--offline"]);
    assert!(ran.code == Some(3) && ran.stdout.contains("unknown public key"), "{ran:?}");
}
