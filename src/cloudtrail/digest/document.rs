//! The content of a digest. Its fields are read strictly, in two steps: first what a check of
//! the signature needs, and only after that the log files.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::hash::Sha256Hash;

/// The only hash algorithm in use.
pub const HASH_ALGORITHM: &str = "SHA-256";

/// The longest text of a digest that is read, in bytes. It has room for 140,000 log files of an
/// hour, of one account and region.
pub const MAX_TEXT: usize = 64 << 20;

/// The fields of a digest apart from its log files.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DigestHeader {
    /// The beginning of its time.
    #[serde(rename = "digestStartTime")]
    pub start: Timestamp,
    /// The end of its time, as it is signed.
    #[serde(rename = "digestEndTime")]
    pub end_text: String,
    /// The bucket that it was delivered to.
    #[serde(rename = "digestS3Bucket")]
    pub bucket: String,
    /// The key that it was delivered under.
    #[serde(rename = "digestS3Object")]
    pub key: String,
    /// The fingerprint of the public key that verifies it.
    #[serde(rename = "digestPublicKeyFingerprint")]
    pub fingerprint: String,
    /// The signature of the digest before; `None` in the first one of a chain.
    #[serde(deserialize_with = "present")]
    pub previous_digest_signature: Option<String>,
    previous_digest_s3_bucket: Option<String>,
    previous_digest_s3_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_hash_algorithm: Option<String>,
}

/// What a digest says about the one before.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PreviousDigest {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its signature, in hexadecimal digits.
    pub signature: String,
    /// The hash of its text; `None` if it is given in no known form.
    pub hash: Option<[u8; 32]>,
}

/// A log file that a digest lists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NamedLog {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The hash of its text.
    pub hash: Sha256Hash,
}

/// Why a text is not the content of a digest.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct DocumentError(String);

impl DigestHeader {
    /// Reads the header of a digest.
    pub fn parse(text: &[u8]) -> Result<DigestHeader, DocumentError> {
        let header: DigestHeader = serde_json::from_slice(text)?;
        header.end_text.parse::<Timestamp>().map_err(|_| DocumentError("digestEndTime is not a time".into()))?;
        Ok(header)
    }

    /// The end of its time.
    pub fn end(&self) -> Timestamp {
        // It was parsed before.
        self.end_text.parse().unwrap_or(self.start)
    }

    /// What it says about the digest before; `None` if it is the first one of a chain.
    pub fn previous(&self) -> Option<PreviousDigest> {
        let signature = self.previous_digest_signature.clone()?;
        let is_known = self.previous_digest_hash_algorithm.as_deref() == Some(HASH_ALGORITHM);
        let hash = self.previous_digest_hash_value.as_deref().filter(|_| is_known).and_then(Sha256Hash::parse);
        Some(PreviousDigest {
            bucket: self.previous_digest_s3_bucket.clone().unwrap_or_default(),
            key: self.previous_digest_s3_object.clone().unwrap_or_default(),
            signature,
            hash: hash.map(|hash| hash.0),
        })
    }
}

/// Reads the log files that a digest lists. Its signature must have been checked.
pub fn named_logs(text: &[u8]) -> Result<Vec<NamedLog>, DocumentError> {
    let LogsOnly(logs) = serde_json::from_slice(text)?;
    Ok(logs)
}

impl From<serde_json::Error> for DocumentError {
    fn from(error: serde_json::Error) -> DocumentError {
        DocumentError(error.to_string())
    }
}

/// A field that must be there, though it may be null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// The log files of a digest, of which nothing else is kept.
struct LogsOnly(Vec<NamedLog>);

impl<'de> Deserialize<'de> for LogsOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LogsOnly, D::Error> {
        deserializer.deserialize_map(DocumentVisitor).map(LogsOnly)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Vec<NamedLog>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a digest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<NamedLog>, A::Error> {
        let mut logs = None;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if name != "logFiles" {
                map.next_value::<IgnoredAny>()?;
            } else if logs.is_some() {
                return Err(A::Error::duplicate_field("logFiles"));
            } else {
                logs = Some(map.next_value::<LogList>()?.0);
            }
        }
        logs.ok_or_else(|| A::Error::missing_field("logFiles"))
    }
}

struct LogList(Vec<NamedLog>);

impl<'de> Deserialize<'de> for LogList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LogList, D::Error> {
        deserializer.deserialize_seq(LogListVisitor).map(LogList)
    }
}

struct LogListVisitor;

impl<'de> Visitor<'de> for LogListVisitor {
    type Value = Vec<NamedLog>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of log files")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<NamedLog>, A::Error> {
        let mut logs = Vec::new();
        while let Some(entry) = list.next_element::<LogEntry>()? {
            if entry.hash_algorithm != HASH_ALGORITHM {
                let text = format!("log file {}: unknown hash algorithm {:?}", logs.len() + 1, entry.hash_algorithm);
                return Err(A::Error::custom(text));
            }
            let hash = Sha256Hash::parse(&entry.hash_value);
            let unreadable = || A::Error::custom(format!("log file {}: hashValue is not a hash", logs.len() + 1));
            let hash = hash.ok_or_else(unreadable)?;
            logs.push(NamedLog { bucket: entry.bucket, key: entry.key, hash });
        }
        Ok(logs)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogEntry {
    #[serde(rename = "s3Bucket")]
    bucket: String,
    #[serde(rename = "s3Object")]
    key: String,
    hash_value: String,
    hash_algorithm: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn document() -> String {
        format!(
            r#"{{"awsAccountId":"111122223333","digestStartTime":"2026-10-01T08:00:00Z",
            "digestEndTime":"2026-10-01T09:00:00Z","digestS3Bucket":"b","digestS3Object":"k",
            "digestPublicKeyFingerprint":"ab","digestSignatureAlgorithm":"SHA256withRSA",
            "previousDigestS3Bucket":"b","previousDigestS3Object":"p","previousDigestHashValue":"{HASH}",
            "previousDigestHashAlgorithm":"SHA-256","previousDigestSignature":"00ff","other":[{{}}],
            "logFiles":[{{"s3Bucket":"b","s3Object":"\u006cog","hashValue":"{HASH}","hashAlgorithm":"SHA-256",
            "newestEventTime":null}}]}}"#
        )
    }

    #[test]
    fn a_digest_is_read() {
        let header = DigestHeader::parse(document().as_bytes()).unwrap();
        assert_eq!(
            (header.start.to_string(), header.end().to_string()),
            ("2026-10-01T08:00:00Z".into(), header.end_text.clone())
        );
        let previous = header.previous().unwrap();
        assert_eq!((&*previous.key, previous.hash), ("p", Some(Sha256Hash::of(b"").0)));
        let log = NamedLog { bucket: "b".into(), key: "log".into(), hash: Sha256Hash::of(b"") };
        assert_eq!(named_logs(document().as_bytes()).unwrap(), [log]);
        let first = document().replace(r#""00ff""#, "null");
        assert_eq!(DigestHeader::parse(first.as_bytes()).unwrap().previous(), None);
    }

    #[test]
    fn other_texts_are_refused_with_a_reason() {
        let refused = |part: &str, other: &str| {
            let text = document().replace(part, other);
            let header = DigestHeader::parse(text.as_bytes()).map(|_| ());
            header.and_then(|()| named_logs(text.as_bytes()).map(|_| ())).unwrap_err().to_string()
        };
        for (part, other, reason) in [
            (r#""digestS3Bucket":"b","#, "", "missing field `digestS3Bucket`"),
            (r#""previousDigestSignature":"00ff","#, "", "missing field `previousDigestSignature`"),
            (r#""logFiles""#, r#""logs""#, "missing field `logFiles`"),
            (r#""other":[{}]"#, r#""logFiles":[]"#, "duplicate field `logFiles`"),
            (r#""other":[{}]"#, r#""digestS3Object":"x""#, "duplicate field `digestS3Object`"),
            ("2026-10-01T09", "2026-10-41T09", "digestEndTime is not a time"),
            ("2026-10-01T08", "2026-10-41T08", "day"),
            (r#""hashAlgorithm":"SHA-256""#, r#""hashAlgorithm":"MD5""#, r#"log file 1: unknown hash algorithm "MD5""#),
            (r#","hashAlgorithm":"SHA-256""#, "", "missing field `hashAlgorithm`"),
            (r#""hashValue":"e3"#, r#""hashValue":"zz"#, "log file 1: hashValue is not a hash"),
            (r#"[{"s3Bucket""#, r#"[[],{"s3Bucket""#, "invalid length"),
            ("}]}", "}]", "EOF"),
            ("}]}", "}]}x", "trailing characters"),
        ] {
            let shown = refused(part, other);
            assert!(shown.contains(reason), "{part} as {other}: {shown}");
        }
        for text in ["", "[]", "null", "{}", "1"] {
            assert!(DigestHeader::parse(text.as_bytes()).is_err() && named_logs(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_and_long_texts_end() {
        let deep = document().replace("[{}]", &"[".repeat(1 << 20));
        assert!(DigestHeader::parse(deep.as_bytes()).is_err() && named_logs(deep.as_bytes()).is_err());
        let nested = document().replace("\"log", &"[".repeat(1 << 20));
        assert!(named_logs(nested.as_bytes()).is_err());
        let closed = document().replace("[{}]", &format!("{}{}", "[".repeat(1 << 20), "]".repeat(1 << 20)));
        assert!(DigestHeader::parse(closed.as_bytes()).is_ok());
    }
}
