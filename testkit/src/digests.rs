//! Chains of digests as CloudTrail makes them, with log files, signatures and public keys. They
//! are signed by key pairs that are made for tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use md5::Md5;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::logs::{gunzip, gzip};

/// The suffix of the file that has a digest's signature in a mirror.
pub const SIGNATURE_ENDING: &str = ".meta";

/// A key pair that signs digests.
#[derive(Debug)]
pub struct SigningKey {
    pair: RsaKeyPair,
    /// The name by which digests refer to it.
    pub fingerprint: String,
}

impl SigningKey {
    /// Key pair 0 or 1 of `testkit/digest-keys`. The pairs only sign chains of tests.
    #[must_use]
    pub fn of_tests(number: usize) -> SigningKey {
        const PAIRS: [&[u8]; 2] = [include_bytes!("../digest-keys/1.pk8"), include_bytes!("../digest-keys/2.pk8")];
        let pair = RsaKeyPair::from_pkcs8(PAIRS[number]).unwrap_or_else(|error| panic!("{error}"));
        let fingerprint = hex(&Md5::digest(pair.public_key().as_ref()));
        SigningKey { pair, fingerprint }
    }

    /// The public key, as PKCS#1 in DER.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    /// The signature of a text, in hexadecimal digits.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.unwrap_or_else(|error| panic!("{error}"));
        hex(&signature)
    }
}

/// The output of `aws cloudtrail list-public-keys` for these keys.
#[must_use]
pub fn public_key_list(keys: &[&SigningKey]) -> String {
    let key = |key: &&SigningKey| {
        json!({
            "Value": STANDARD.encode(key.public()),
            "ValidityStartTime": "2026-09-01T00:00:00+00:00",
            "ValidityEndTime": "2027-09-01T00:00:00+00:00",
            "Fingerprint": key.fingerprint,
        })
    };
    json!({"PublicKeyList": keys.iter().map(key).collect::<Vec<_>>()}).to_string()
}

/// An object of a bucket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BucketObject {
    /// Its content.
    pub body: Vec<u8>,
    /// Its metadata, without `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
}

/// A chain of digests to make.
#[derive(Clone, Debug)]
pub struct DigestChain {
    /// The bucket.
    pub bucket: String,
    /// What precedes the account in keys, such as `AWSLogs/o-abc/`.
    pub prefix: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The trail.
    pub trail: String,
    /// The region of the trail.
    pub home_region: String,
    /// The beginning of the first hour.
    pub start: Timestamp,
    /// Whether its digests are backfilled, which CloudTrail does later.
    pub is_backfill: bool,
    /// The number of log files in each hour.
    pub logs: Vec<u32>,
}

/// The last digest of a chain so far, to which the next one refers.
#[derive(Clone, Debug)]
struct LastDigest {
    key: String,
    signature: String,
    hash: String,
}

/// The objects of a bucket, digests and log files.
#[derive(Clone, Debug, Default)]
pub struct SignedBucket {
    /// By their keys.
    pub objects: BTreeMap<String, BucketObject>,
}

impl DigestChain {
    /// A chain of the trail `audit` in a bucket of tests, with this number of log files in each
    /// hour from 2026-11-01 on.
    #[must_use]
    pub fn new(account: &str, region: &str, logs: &[u32]) -> DigestChain {
        DigestChain {
            bucket: "example-trail-logs".into(),
            prefix: "AWSLogs/".into(),
            account: account.into(),
            region: region.into(),
            trail: "audit".into(),
            home_region: "us-east-1".into(),
            start: Timestamp::from_second(1_793_491_200).unwrap_or_default(),
            is_backfill: false,
            logs: logs.to_vec(),
        }
    }

    /// The beginning of an hour.
    #[must_use]
    pub fn hour(&self, hour: usize) -> Timestamp {
        self.start + SignedDuration::from_hours(i64::try_from(hour).unwrap_or_default())
    }

    /// The key of the digest of an hour.
    #[must_use]
    pub fn digest_key(&self, hour: usize) -> String {
        let DigestChain { prefix, account, region, trail, home_region, .. } = self;
        let end = self.hour(hour + 1);
        let (day, stamp) = (end.strftime("%Y/%m/%d"), end.strftime("%Y%m%dT%H%M%SZ"));
        let backfill = if self.is_backfill { "_backfill" } else { "" };
        format!(
            "{prefix}{account}/CloudTrail-Digest/{region}/{day}/\
             {account}_CloudTrail-Digest_{region}_{trail}_{home_region}_{stamp}{backfill}.json.gz"
        )
    }

    /// The key of a log file that is delivered this many minutes after the beginning of an hour.
    #[must_use]
    pub fn log_key(&self, hour: usize, minute: i64, unique: &str) -> String {
        let DigestChain { prefix, account, region, .. } = self;
        let time = self.hour(hour) + SignedDuration::from_mins(minute);
        let (day, stamp) = (time.strftime("%Y/%m/%d"), time.strftime("%Y%m%dT%H%MZ"));
        format!("{prefix}{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{stamp}_{unique}.json.gz")
    }

    /// The keys of the log files of an hour.
    #[must_use]
    pub fn log_keys(&self, hour: usize) -> Vec<String> {
        let kind = if self.is_backfill { "B" } else { "A" };
        let key = |log: u32| {
            let unique = format!("{}{kind}{hour:05}{log:05}AAA", self.trail.chars().next().unwrap_or('x'));
            self.log_key(hour, 5 * i64::from(log % 11) + 5, &unique)
        };
        (0..self.logs[hour]).map(key).collect()
    }
}

/// The text of a log file with one event.
#[must_use]
pub fn log_text(account: &str, region: &str, time: Timestamp, id: &str) -> String {
    json!({"Records": [{
        "eventVersion": "1.11", "eventTime": time.to_string(), "eventName": "DescribeInstances",
        "eventSource": "ec2.amazonaws.com", "awsRegion": region, "eventID": id, "readOnly": true,
        "recipientAccountId": account, "userIdentity": {"type": "Root", "accountId": account},
    }]})
    .to_string()
}

impl SignedBucket {
    /// Adds the digests and log files of a chain. `key` returns the number of the key pair that
    /// signs the digest of an hour.
    pub fn add(&mut self, chain: &DigestChain, key: impl Fn(usize) -> usize) {
        let pairs = [SigningKey::of_tests(0), SigningKey::of_tests(1)];
        let mut last: Option<LastDigest> = None;
        for hour in 0..chain.logs.len() {
            let mut logs = Vec::new();
            for log_key in chain.log_keys(hour) {
                let text = log_text(&chain.account, &chain.region, chain.hour(hour), &log_key);
                logs.push(log_entry(chain, &log_key, &text));
                self.put(&log_key, gzip(text.as_bytes()), BTreeMap::new());
            }
            last = Some(self.add_digest(chain, hour, &logs, last.as_ref(), &pairs[key(hour)]));
        }
    }

    fn add_digest(
        &mut self,
        chain: &DigestChain,
        hour: usize,
        logs: &[Value],
        last: Option<&LastDigest>,
        pair: &SigningKey,
    ) -> LastDigest {
        let (key, end) = (chain.digest_key(hour), chain.hour(hour + 1).to_string());
        let text = json!({
            "awsAccountId": chain.account,
            "digestStartTime": chain.hour(hour).to_string(),
            "digestEndTime": end,
            "digestS3Bucket": chain.bucket,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": pair.fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": null,
            "oldestEventTime": null,
            "previousDigestS3Bucket": last.map(|_| &chain.bucket),
            "previousDigestS3Object": last.map(|last| &last.key),
            "previousDigestHashValue": last.map(|last| &last.hash),
            "previousDigestHashAlgorithm": last.map(|_| "SHA-256"),
            "previousDigestSignature": last.map(|last| &last.signature),
            "logFiles": logs,
        })
        .to_string();
        let hash = hex(&Sha256::digest(&text));
        let previous = last.map_or("null", |last| &last.signature);
        let signature = pair.sign(&format!("{end}\n{}/{key}\n{hash}\n{previous}", chain.bucket));
        let mut metadata = BTreeMap::from([
            ("signature".to_string(), signature.clone()),
            ("signature-algorithm".to_string(), "SHA256withRSA".to_string()),
        ]);
        if chain.is_backfill {
            metadata.insert("backfill-generation-timestamp".into(), chain.hour(hour + 30).to_string());
        }
        self.put(&key, gzip(text.as_bytes()), metadata);
        LastDigest { key, signature, hash }
    }

    /// Changes the digest under a key, and signs it again.
    pub fn sign_again(&mut self, key: &str, pair: &SigningKey, change: impl FnOnce(&mut Value)) {
        let Some(object) = self.objects.get_mut(key) else { panic!("no digest {key}") };
        let mut digest: Value =
            gunzip(&object.body).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        change(&mut digest);
        let text = digest.to_string();
        let field = |name: &str| digest[name].as_str().unwrap_or("null");
        let place = format!("{}/{}", field("digestS3Bucket"), field("digestS3Object"));
        let (end, previous) = (field("digestEndTime"), field("previousDigestSignature"));
        let hash = hex(&Sha256::digest(&text));
        let signature = pair.sign(&format!("{end}\n{place}\n{hash}\n{previous}"));
        object.metadata.insert("signature".into(), signature);
        object.body = gzip(text.as_bytes());
    }

    /// Puts an object into the bucket.
    pub fn put(&mut self, key: &str, body: Vec<u8>, metadata: BTreeMap<String, String>) {
        self.objects.insert(key.into(), BucketObject { body, metadata });
    }

    /// Writes a mirror of the bucket: each object under its key, and the metadata of digests
    /// beside them.
    pub fn write(&self, folder: &Path) {
        for (key, object) in &self.objects {
            let path = folder.join(key);
            let parent = path.parent().unwrap_or(folder);
            fs::create_dir_all(parent).unwrap_or_else(|error| panic!("{parent:?}: {error}"));
            fs::write(&path, &object.body).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            if !object.metadata.is_empty() {
                let path = folder.join(format!("{key}{SIGNATURE_ENDING}"));
                let text = json!(object.metadata).to_string();
                fs::write(&path, text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            }
        }
    }
}

fn log_entry(chain: &DigestChain, key: &str, text: &str) -> Value {
    json!({
        "s3Bucket": chain.bucket,
        "s3Object": key,
        "hashValue": hex(&Sha256::digest(text)),
        "hashAlgorithm": "SHA-256",
        "newestEventTime": null,
        "oldestEventTime": null,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
