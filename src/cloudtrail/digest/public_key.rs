//! The public keys of the key pairs that CloudTrail signs digests with, in the two forms in which
//! they are kept as text: the answer of `ListPublicKeys`, and the file of keys beside a mirror.
//!
//! A signature proves no more than its key does, so each key carries where it came from.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cloudtrail::time;

/// A public key, and the time in which its private key signed digests.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicKey {
    /// The region whose digests it verifies; `None` if the list does not say it.
    pub region: Option<String>,
    /// The name by which digests refer to the key.
    pub fingerprint: String,
    /// The key itself: the DER encoding of a PKCS#1 RSA public key.
    pub der: Vec<u8>,
    /// The beginning of its validity.
    pub from: Timestamp,
    /// The end of its validity.
    pub until: Timestamp,
    /// Where the key came from, for people.
    pub source: String,
}

/// Why a list of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PublicKeyError {
    /// The text is not JSON of the expected form.
    #[error("not a list of public keys: {0}")]
    Form(#[from] serde_json::Error),
    /// A key is not Base64.
    #[error("the key {0:?} is not Base64")]
    Encoding(String),
    /// A key has no validity that can be read.
    #[error("the key {0:?} has no readable time of validity")]
    Validity(String),
}

/// An answer of `ListPublicKeys`, or the output of `aws cloudtrail list-public-keys`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublicKeyPage {
    public_key_list: Vec<PublicKeyEntry>,
    /// Requests the next page; `None` on the last one.
    pub next_token: Option<String>,
}

/// A key of an answer. Times are seconds since 1970 in an answer, and texts in the output of the
/// command.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublicKeyEntry {
    value: String,
    validity_start_time: Value,
    validity_end_time: Value,
    fingerprint: String,
}

/// The file of keys beside a mirror.
#[derive(Deserialize, Serialize)]
struct KeptKeys {
    keys: Vec<KeptKey>,
}

#[derive(Deserialize, Serialize)]
struct KeptKey {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    fingerprint: String,
    value: String,
    from: Timestamp,
    until: Timestamp,
    source: String,
}

impl PublicKeyPage {
    /// Reads the text of an answer.
    pub fn parse(text: &[u8]) -> Result<PublicKeyPage, PublicKeyError> {
        Ok(serde_json::from_slice(text)?)
    }

    /// Returns the keys, which came from `source`.
    pub fn keys(self, region: Option<&str>, source: &str) -> Result<Vec<PublicKey>, PublicKeyError> {
        self.public_key_list.into_iter().map(|key| key.decode(region, source)).collect()
    }
}

impl PublicKeyEntry {
    fn decode(self, region: Option<&str>, source: &str) -> Result<PublicKey, PublicKeyError> {
        let validity = of_value(&self.validity_start_time).zip(of_value(&self.validity_end_time));
        let Some((from, until)) = validity else { return Err(PublicKeyError::Validity(self.fingerprint)) };
        Ok(PublicKey {
            region: region.map(String::from),
            der: decode(&self.value, &self.fingerprint)?,
            fingerprint: self.fingerprint,
            from,
            until,
            source: source.into(),
        })
    }
}

fn of_value(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => time::parse(text).or_else(|| time::parse_epoch(text)),
        Value::Number(number) => time::parse_epoch(&number.to_string()),
        _ => None,
    }
}

fn decode(value: &str, fingerprint: &str) -> Result<Vec<u8>, PublicKeyError> {
    STANDARD.decode(value.trim()).map_err(|_| PublicKeyError::Encoding(fingerprint.into()))
}

/// Reads the file of keys beside a mirror.
pub fn read_kept(text: &[u8]) -> Result<Vec<PublicKey>, PublicKeyError> {
    let KeptKeys { keys } = serde_json::from_slice(text)?;
    let decoded = keys.into_iter().map(|KeptKey { region, fingerprint, value, from, until, source }| {
        Ok(PublicKey { der: decode(&value, &fingerprint)?, region, fingerprint, from, until, source })
    });
    decoded.collect()
}

/// Returns the text of the file of keys beside a mirror.
pub fn write_kept(keys: &[PublicKey]) -> String {
    let kept = keys.iter().map(|key| KeptKey {
        region: key.region.clone(),
        fingerprint: key.fingerprint.clone(),
        value: STANDARD.encode(&key.der),
        from: key.from,
        until: key.until,
        source: key.source.clone(),
    });
    // Only maps whose keys are not strings fail, and the file has none.
    let text = serde_json::to_string_pretty(&KeptKeys { keys: kept.collect() }).unwrap_or_default();
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(key: &str) -> Result<Vec<PublicKey>, String> {
        let text = format!(r#"{{"PublicKeyList":[{key}]}}"#);
        let page = PublicKeyPage::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        page.keys(Some("eu-west-1"), "a test").map_err(|error| error.to_string())
    }

    #[test]
    fn answers_and_the_output_of_the_command_are_read() {
        let [answer, output] = [
            r#"{"Value":"AQID","ValidityStartTime":1790000000.0,"ValidityEndTime":1.8E9,"Fingerprint":"ab"}"#,
            r#"{"Value":"AQID","ValidityStartTime":"2026-09-21T16:13:20+02:00",
                "ValidityEndTime":"2027-01-15T08:00:00.000000+00:00","Fingerprint":"ab"}"#,
        ]
        .map(|key| page(key).unwrap());
        let expected = PublicKey {
            region: Some("eu-west-1".into()),
            fingerprint: "ab".into(),
            der: vec![1, 2, 3],
            from: "2026-09-21T14:13:20Z".parse().unwrap(),
            until: "2027-01-15T08:00:00Z".parse().unwrap(),
            source: "a test".into(),
        };
        assert_eq!(answer, std::slice::from_ref(&expected));
        assert_eq!(output, std::slice::from_ref(&expected));
        assert_eq!(read_kept(write_kept(&answer).as_bytes()).unwrap(), answer);
        let nameless = [PublicKey { region: None, ..expected }];
        assert_eq!(read_kept(write_kept(&nameless).as_bytes()).unwrap(), nameless);
    }

    #[test]
    fn an_unusable_list_says_why() {
        let refused = |key: &str| page(key).unwrap_err();
        let key = r#"{"Value":"AQID","ValidityStartTime":1790000000,"ValidityEndTime":1800000000,"Fingerprint":"ab"}"#;
        assert_eq!(refused(&key.replace("AQID", "A?")), r#"the key "ab" is not Base64"#);
        assert_eq!(refused(&key.replace("1800000000", "[]")), r#"the key "ab" has no readable time of validity"#);
        assert!(refused("{}").starts_with("not a list of public keys: missing field"));
        assert!(read_kept(b"[").is_err() && read_kept(b"{}").is_err());
        assert!(PublicKeyPage::parse(b"{\"Records\":[]}").is_err());
    }
}
