//! Digest objects, which CloudTrail writes beside its log files every hour, so that changes to them
//! can be detected. They are unsigned here: the signature belongs in the object's metadata, and a
//! folder has none.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::account_region::AccountRegion;
use super::event_context::seconds;
use super::file::LogFile;
use super::generator::Generator;
use super::seeded::hash;

const BUCKET: &str = "example-trail-logs";
const TRAIL: &str = "management-events";

/// One hour's digest of one place, the first of its chain.
#[derive(Clone, Debug)]
pub struct Digest {
    /// Account and region of the log files.
    pub place: AccountRegion,
    /// The region where the trail was made.
    pub home_region: String,
    /// The end of the hour.
    pub end: Timestamp,
}

impl Digest {
    /// The object's key.
    pub fn key(&self) -> String {
        let AccountRegion { account, region, .. } = &self.place;
        format!(
            "{}CloudTrail-Digest/{region}/{}/{account}_CloudTrail-Digest_{region}_{TRAIL}_{}_{}.json.gz",
            self.place.prefix(),
            self.end.strftime("%Y/%m/%d"),
            self.home_region,
            self.end.strftime("%Y%m%dT%H%M%SZ"),
        )
    }

    /// The object's content before compression: the log files among `files`
    /// that were delivered to this place in this hour.
    pub fn json(&self, files: &[LogFile], generator: &mut Generator) -> String {
        let start = seconds(self.end.as_second() - 3600);
        let mine = files.iter().filter(|file| {
            file.place.prefix() == self.place.prefix()
                && file.place.region == self.place.region
                && (start < file.delivered && file.delivered <= self.end)
        });
        let log_files: Vec<Value> = mine.map(|file| entry(file, generator)).collect();
        let times = |key| log_files.iter().map(move |file| file[key].as_str());
        json!({
            "awsAccountId": self.place.account,
            "digestStartTime": start.to_string(),
            "digestEndTime": self.end.to_string(),
            "digestS3Bucket": BUCKET,
            "digestS3Object": self.key(),
            "digestPublicKeyFingerprint": format!("{:016x}{:016x}", hash(BUCKET), hash(TRAIL)),
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": times("newestEventTime").max(),
            "oldestEventTime": times("oldestEventTime").min(),
            "previousDigestS3Bucket": null,
            "previousDigestS3Object": null,
            "previousDigestHashValue": null,
            "previousDigestHashAlgorithm": null,
            "previousDigestSignature": null,
            "logFiles": log_files,
        })
        .to_string()
    }
}

fn entry(file: &LogFile, generator: &mut Generator) -> Value {
    let content = file.json(generator);
    let mut times: Vec<&str> = content
        .match_indices(r#""eventTime":""#)
        .filter_map(|(at, key)| content.get(at + key.len()..)?.split('"').next())
        .collect();
    times.sort_unstable();
    let mut hex = String::new();
    for byte in Sha256::digest(&content) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    json!({
        "s3Bucket": BUCKET,
        "s3Object": file.key(),
        "hashValue": hex,
        "hashAlgorithm": "SHA-256",
        "newestEventTime": times.last(),
        "oldestEventTime": times.first(),
    })
}
