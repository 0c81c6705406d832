//! Buckets that are verified: mirrored with their digests and the public keys that AWS lists.

use testkit::digests::{DigestChain, SignedBucket, SigningKey, public_key_list};
use testkit::public_keys::{ANY, ListedKey, PublicKeyServer};
use testkit::s3::{Bucket, Fault, Object};

use super::ACCOUNT;
use crate::bucket::cloud::{Cloud, signal, wait_until};
use crate::harness::{RunResult, gzip};

const KEYS: &str = "mirror/.trail2tsv-keys.json";

/// A bucket with signed chains, and an account that lists the public keys.
struct SignedCloud {
    cloud: Cloud,
    keys: PublicKeyServer,
    chain: DigestChain,
}

impl SignedCloud {
    /// A chain of six hours in each of two regions. Keys are valid for three hours.
    fn new() -> SignedCloud {
        let mut cloud = Cloud::with(Bucket::new());
        let keys = PublicKeyServer::start();
        cloud.trial.env("AWS_ENDPOINT_URL_CLOUDTRAIL", &keys.url());
        let chain =
            DigestChain { bucket: "logs".into(), ..DigestChain::new(ACCOUNT, "eu-west-1", &[0, 1, 2, 0, 1, 2]) };
        let mut signed = SignedBucket::default();
        for region in ["eu-west-1", "us-east-1"] {
            signed.add(&DigestChain { region: region.into(), ..chain.clone() }, |hour| hour / 3);
            for (number, hours) in [("00:00:00", "04:00:00"), ("03:00:00", "09:00:00")].into_iter().enumerate() {
                let [from, until] = [hours.0, hours.1].map(|time| format!("2026-11-01T{time}Z"));
                keys.add(region, listed(number, &from, &until));
            }
        }
        for (key, object) in &signed.objects {
            let metadata = object.metadata.iter();
            let put = metadata.fold(Object::new(object.body.clone()), |put, (name, value)| put.metadata(name, value));
            cloud.bucket.put(key, put);
        }
        SignedCloud { cloud, keys, chain }
    }

    fn verify(&self, arguments: &[&str]) -> RunResult {
        let bucket = ["verify", "--bucket", "logs", "--mirror", "mirror", "--until", "2026-11-01T06:00"];
        self.cloud.trial.run(&[&bucket, arguments].concat())
    }

    fn log(&self) -> String {
        self.chain.log_keys(1).remove(0)
    }
}

/// The first or the second key pair, as AWS lists it.
fn listed(number: usize, from: &str, until: &str) -> ListedKey {
    let pair = SigningKey::of_tests(number);
    ListedKey::new(&pair.fingerprint, &pair.public(), from, until)
}

#[test]
fn a_bucket_is_mirrored_and_verified() {
    let signed = SignedCloud::new();
    let size = signed.cloud.size(&signed.cloud.bucket.keys(""));
    let ran = signed.verify(&["--no-header"]);
    assert_eq!(
        ran.lines(0)[0],
        format!("day\t{ACCOUNT}\teu-west-1\t2026-11-01{}6\t0\t0\t0\t0\t0\t6\t0\t", "\t".repeat(6))
    );
    let said: Vec<&str> = ran.stderr.lines().collect();
    let url = signed.keys.url();
    assert_eq!(said.len(), 5, "{ran:?}");
    for line in &said[..4] {
        assert!(line.contains(&format!(", from ListPublicKeys of {url}/ at 20")), "{line}");
    }
    assert_eq!(
        said[4],
        format!(
            "trail2tsv: 12 objects and 12 digests downloaded ({size}), 0 objects and 0 digests already in the mirror; \
             12 of 12 log files proven; 12 of 12 digests valid"
        )
    );
    let requests = signed.keys.requests();
    assert_eq!(requests.len(), 2);
    // From two hours before the end of the first digest to two hours after that of the last one.
    let (start, end) = (1_793_491_200 - 3600, 1_793_491_200 + 8 * 3600 + 1);
    for (request, region) in requests.iter().zip(["eu-west-1", "us-east-1"]) {
        assert_eq!(request.region, region);
        assert_eq!(request.body, serde_json::json!({"StartTime": start, "EndTime": end}));
    }

    // Nothing is fetched again, and without a network the same is proven.
    signed.cloud.server.reset_counts();
    let again = signed.verify(&["--no-header"]);
    // The rows of keys contain the time of the request.
    assert_eq!((&again.lines(0)[..4], signed.cloud.server.counts().get), (&ran.lines(0)[..4], 0));
    signed.cloud.server.reset_counts();
    signed.keys.requests();
    let offline = signed.verify(&["--no-header", "--offline"]);
    assert_eq!(offline.code, Some(0), "{offline:?}");
    assert_eq!((signed.cloud.server.counts().list, signed.keys.requests().len()), (0, 0));
    assert!(offline.stderr.contains(&format!("Z, kept in {}", signed.cloud.trial.path("").display())), "{offline:?}");
    assert!(
        offline.stderr.ends_with("\ntrail2tsv: 12 of 12 log files proven; 12 of 12 digests valid\n"),
        "{offline:?}"
    );
}

#[test]
fn what_is_wrong_in_the_bucket_is_found() {
    let signed = SignedCloud::new();
    signed.cloud.bucket.put(signed.log(), gzip(r#"{"Records":[]}"#));
    let planted = signed.chain.log_key(2, 20, "planted");
    signed.cloud.bucket.put(&planted, gzip(r#"{"Records":[]}"#));
    let ran = signed.verify(&["--no-header", "-q"]);
    let findings: Vec<String> = ran
        .lines(3)
        .into_iter()
        .filter(|line| line.starts_with("log file\t"))
        .map(|line| line.split('\t').skip(5).take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(findings, [format!("s3://logs/{} altered", signed.log()), format!("s3://logs/{planted} in no digest")]);
    // A mirror keeps objects that are deleted from the bucket.
    let signed = SignedCloud::new();
    signed.verify(&["-q"]).lines(0);
    signed.cloud.bucket.remove(signed.log());
    signed.cloud.bucket.remove(signed.chain.digest_key(3));
    signed.verify(&["-q"]).lines(0);
}

#[test]
fn an_object_that_cannot_be_downloaded_is_named_and_not_proven() {
    let signed = SignedCloud::new();
    signed.cloud.server.fault(Fault::get(&signed.log()).status(403, "AccessDenied"));
    let ran = signed.verify(&["--no-header"]);
    assert!(ran.code == Some(3) && ran.stdout.contains(&format!("s3://logs/{}\tmissing\t", signed.log())), "{ran:?}");
    let named = format!("trail2tsv: s3://logs/{}: not downloaded: access denied", signed.log());
    assert!(ran.stderr.starts_with(&named), "{ran:?}");
}

#[test]
fn all_kinds_of_logs_are_mirrored() {
    let signed = SignedCloud::new();
    let insight =
        signed.log().replace("/CloudTrail/", "/CloudTrail-Insight/").replace("_CloudTrail_", "_CloudTrail-Insight_");
    signed.cloud.bucket.put(&insight, gzip(r#"{"Records":[]}"#));
    let ran = signed.verify(&["--no-header", "-q"]);
    assert!(ran.code == Some(3) && ran.stdout.contains(&format!("s3://logs/{insight}\tnot proven\t")), "{ran:?}");
}

#[test]
fn regions_that_give_no_keys_are_named() {
    let signed = SignedCloud::new();
    signed.keys.fail("us-east-1", 400, "AccessDeniedException", 1);
    let ran = signed.verify(&["--no-header"]);
    let named = "trail2tsv: public keys of us-east-1: access denied (AccessDeniedException): as the test wants; \
                 cloudtrail:ListPublicKeys is needed on *; digests whose key is unknown are not proven\n";
    assert!(ran.code == Some(3) && ran.stderr.starts_with(named), "{ran:?}");
    assert!(ran.stderr.ends_with("; 6 of 12 digests valid; 1 time without a proven digest\n"), "{ran:?}");
    // If the keys are known, a failure does no harm.
    signed.verify(&["-q"]).lines(0);
    signed.keys.fail(ANY, 400, "AccessDeniedException", 2);
    let ran = signed.verify(&["--no-header"]);
    let note = "trail2tsv: public keys of eu-west-1 cannot be requested: access denied";
    assert!(ran.code == Some(0) && ran.stderr.starts_with(note), "{ran:?}");
    let mut without = SignedCloud::new();
    without.cloud.trial.env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "");
    let ran = without.verify(&["--no-sign-request"]);
    let refused = "trail2tsv: public keys cannot be requested: no credentials found; ";
    assert!(ran.code == Some(1) && ran.stderr.starts_with(refused), "{ran:?}");
}

#[test]
fn a_key_in_the_mirror_that_aws_does_not_list_proves_nothing() {
    let signed = SignedCloud::new();
    signed.verify(&["-q"]).lines(0);
    // An attacker signs digests with another key, and puts it into the mirror.
    let kept = signed.cloud.trial.read(KEYS);
    let fresh = SignedCloud::new();
    fresh.cloud.trial.write(KEYS, &kept);
    let unlisted = PublicKeyServer::start();
    for region in ["eu-west-1", "us-east-1"] {
        unlisted.add(region, listed(0, "2026-11-01T00:00:00Z", "2026-11-01T04:00:00Z"));
    }
    let mut fresh = fresh;
    fresh.cloud.trial.env("AWS_ENDPOINT_URL_CLOUDTRAIL", &unlisted.url());
    let ran = fresh.verify(&["--no-header"]);
    assert!(ran.code == Some(3) && ran.stdout.contains("unknown public key"), "{ran:?}");
    // A key under the fingerprint of another one is replaced, and this is reported.
    let signed = SignedCloud::new();
    let [first, second] = [0, 1].map(|number| SigningKey::of_tests(number).fingerprint);
    signed.cloud.trial.write(KEYS, kept.replace(&first, "#").replace(&second, &first).replace('#', &second));
    let ran = signed.verify(&[]);
    let said =
        format!("the public key {first} was not the one that AWS lists under this fingerprint, and was replaced");
    assert!(ran.code == Some(0) && ran.stderr.contains(&said), "{ran:?}");
    assert_eq!(signed.verify(&["--offline", "-q"]).code, Some(0));
}

#[test]
fn a_folder_is_verified_with_the_keys_that_aws_lists() {
    let signed = SignedCloud::new();
    let sync = ["sync", "s3://logs", "--mirror", "mirror", "--digests", "-q"];
    signed.cloud.trial.run(&sync).shows(0, "", "");
    signed.cloud.server.reset_counts();
    let ran = signed.cloud.trial.run(&["verify", "mirror", "--until", "2026-11-01T06:00"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!((signed.cloud.server.counts().list, signed.keys.requests().len()), (0, 2));
    // A part of a mirror needs the keys of its region only.
    let part = format!("mirror/AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1");
    signed.cloud.trial.run(&["verify", &part, "-q"]).lines(0);
    assert_eq!(signed.keys.requests().len(), 1);
    // Named keys are used alone.
    signed.cloud.trial.write("keys.json", public_key_list(&[&SigningKey::of_tests(0), &SigningKey::of_tests(1)]));
    let ran = signed.cloud.trial.run(&["verify", "mirror", "--until", "2026-11-01T06:00", "--keys", "keys.json"]);
    assert!(ran.code == Some(0) && signed.keys.requests().is_empty(), "{ran:?}");
    assert!(ran.stderr.contains(", from keys.json\n"), "{ran:?}");
}

#[test]
fn digests_made_later_are_signed_by_the_keys_of_that_time() {
    let signed = SignedCloud::new();
    let later = DigestChain { is_backfill: true, logs: vec![1], ..signed.chain.clone() };
    let mut bucket = SignedBucket::default();
    bucket.add(&later, |_| 0);
    for (key, object) in &bucket.objects {
        let metadata = object.metadata.iter();
        let put = metadata.fold(Object::new(object.body.clone()), |put, (name, value)| put.metadata(name, value));
        signed.cloud.bucket.put(key, put);
    }
    signed.verify(&["-q"]).lines(0);
    let end = |region: &str| {
        let requests = signed.keys.requests();
        requests.iter().find(|request| request.region == region).unwrap().body["EndTime"].as_i64().unwrap()
    };
    // The later digest was made 30 hours after the beginning of the chain.
    assert_eq!(end("eu-west-1"), 1_793_491_200 + 32 * 3600 + 1);
}

#[test]
fn a_verification_can_be_interrupted_while_it_mirrors() {
    let signed = SignedCloud::new();
    let slow = signed.cloud.server.fault(Fault::get(&signed.log()).stall(std::time::Duration::from_secs(600)));
    let arguments = ["verify", "s3://logs", "--mirror", "mirror"];
    let child = signed.cloud.trial.command(&arguments).spawn().unwrap();
    wait_until(|| slow.fired() > 0);
    signal(&child, "-INT");
    let ran = signed.cloud.trial.ran(&arguments, child.wait_with_output().unwrap());
    ran.shows(130, "", "trail2tsv: interrupted\n");
    signed.cloud.server.clear_faults();
    signed.verify(&["-q"]).lines(0);
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let signed = SignedCloud::new();
    let refused = |arguments: &[&str], text: &str| {
        let ran = signed.cloud.trial.run(&[&["verify"], arguments].concat());
        ran.shows(2, "", &format!("trail2tsv: {text}\ntrail2tsv: try --help\n"));
    };
    let nothing = "verify needs the folder of a mirror, --bucket BUCKET or s3://BUCKET/PREFIX";
    refused(&[], nothing);
    for option in [&["--kind", "insight"][..], &["--event-history"], &["--keys-from", "x"], &["--org-id", "o-abc"]] {
        refused(&[&["s3://logs"], option].concat(), &format!("{} cannot be used with verify", option[0]));
    }
    for option in [&["--mirror", "x"][..], &["--jobs", "2"], &["--late-days", "2"], &["--no-sign-request"]] {
        let needs = format!("{} needs --bucket BUCKET or s3://BUCKET/PREFIX", option[0]);
        refused(&[&["mirror"], option].concat(), &needs);
    }
    refused(&["-"], "-: neither a folder nor a bucket");
    refused(&["mirror", "--prefix", "x"], "--prefix requires --bucket; with s3://… put the prefix in the address");
    assert_eq!(signed.cloud.server.counts().list, 0);
    let other = ["verify", "s3://other", "--mirror", "mirror", "--offline"];
    signed.verify(&["-q"]).lines(0);
    let ran = signed.cloud.trial.run(&other);
    assert!(ran.code == Some(1) && ran.stderr.contains("is the mirror of s3://logs; choose another"), "{ran:?}");
}

#[test]
fn settings_apply_to_a_verification() {
    let signed = SignedCloud::new();
    signed.cloud.trial.write("audit.toml", "bucket = \"logs\"\norg-id = \"o-abc\"\ncolumns = [\"eventName\"]\n");
    let ran = signed.cloud.trial.run(&[
        "verify",
        "--config",
        "audit.toml",
        "--mirror",
        "mirror",
        "--until",
        "2026-11-01T06",
        "-v",
    ]);
    assert!(ran.code == Some(0) && ran.stderr.contains("ignored: the address names what is verified"), "{ran:?}");
}
