//! Keeps what a mirror needs of a digest's metadata, in a file beside the digest. The signature of
//! a digest is there, and not in its content.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::{Mirror, PartFile, split};
use crate::cloudtrail::keys::is_digest;
use crate::source::s3::object_response::ObjectResponse;

/// What the name of a digest is followed by in the name of its metadata.
const ENDING: &str = ".meta";

/// The metadata of a digest.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObjectMetadata {
    /// The signature, in hexadecimal digits; `None` if the object has lost it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    /// How it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature_algorithm: Option<String>,
    /// When a digest of earlier logs was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backfill_generation_timestamp: Option<String>,
    /// The entity tag of the object that the rest belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
}

/// Returns the path, relative to the mirror, of the metadata of an object; `None` if the mirror
/// keeps none.
pub fn metadata_key(key: &str) -> Option<String> {
    is_digest(key).then(|| format!("{key}{ENDING}"))
}

/// True if a path in a mirror is that of metadata and not of an object. Some file systems ignore
/// case.
pub fn is_metadata(path: &str) -> bool {
    let is_named_so = path.len().checked_sub(ENDING.len()).and_then(|at| path.get(at..));
    is_named_so.is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING)) && is_digest(path)
}

impl ObjectMetadata {
    /// Takes the metadata from the answer to a request for an object.
    pub(in crate::source::s3) fn of(answer: &ObjectResponse) -> ObjectMetadata {
        let named = |name: &str| answer.metadata.get(name).cloned();
        ObjectMetadata {
            signature: named("signature"),
            signature_algorithm: named("signature-algorithm"),
            backfill_generation_timestamp: named("backfill-generation-timestamp"),
            etag: answer.etag.as_deref().map(|tag| tag.trim_matches('"').to_string()),
        }
    }

    /// Writes the metadata of the object of this key.
    pub fn write(&self, mirror: &Mirror, key: &str) -> io::Result<()> {
        let Some(path) = metadata_key(key) else { return Ok(()) };
        let part: PartFile = mirror.begin(&path)?;
        serde_json::to_writer(part.file(), self)?;
        part.file().write_all(b"\n")?;
        part.persist(split(&path).1)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::operation::get_object::GetObjectOutput;

    use super::*;

    const KEY: &str = "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/10/01/x.json.gz";

    #[test]
    fn only_digests_have_metadata() {
        assert_eq!(metadata_key(KEY), Some(format!("{KEY}.meta")));
        assert_eq!(metadata_key(&KEY.replace("-Digest", "")), None);
        assert!(is_metadata(&format!("{KEY}.meta")) && is_metadata(&format!("{KEY}.META")));
        assert!(!is_metadata(KEY) && !is_metadata("x.meta") && !is_metadata("meta") && !is_metadata("é"));
        assert!(!is_metadata(&format!("{}.meta", KEY.replace("-Digest", ""))));
    }

    #[test]
    fn metadata_names_are_those_of_the_object() {
        let temporary = tempfile::tempdir().unwrap();
        let mirror = Mirror::open(temporary.path(), "logs").unwrap();
        let answer = GetObjectOutput::builder().e_tag("\"ab\"").metadata("signature", "00ff").metadata("x", "y");
        ObjectMetadata::of(&answer.build().into()).write(&mirror, KEY).unwrap();
        let written = std::fs::read_to_string(temporary.path().join(format!("{KEY}.meta"))).unwrap();
        assert_eq!(written, "{\"signature\":\"00ff\",\"etag\":\"ab\"}\n");
        let answer = GetObjectOutput::builder().metadata("signature-algorithm", "SHA256withRSA");
        let answer = answer.metadata("backfill-generation-timestamp", "2026-10-01T00:00:00Z");
        ObjectMetadata::of(&answer.build().into()).write(&mirror, KEY).unwrap();
        let written = std::fs::read_to_string(temporary.path().join(format!("{KEY}.meta"))).unwrap();
        let expected = "{\"signature-algorithm\":\"SHA256withRSA\",\
                        \"backfill-generation-timestamp\":\"2026-10-01T00:00:00Z\"}\n";
        assert_eq!(written, expected);
    }
}
