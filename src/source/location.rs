//! Addresses of buckets, and of objects and prefixes in them.

use std::fmt;
use std::sync::Arc;

const SCHEME: &str = "s3://";

/// The address of an object or of a prefix in S3. Its text is `s3://BUCKET/KEY`.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Location {
    /// Name of the bucket.
    pub bucket: Arc<str>,
    /// Key of the object, or the prefix of keys. Empty for the whole bucket.
    pub key: String,
}

/// The address of a bucket as such, given its name. Its text is `s3://BUCKET`.
#[derive(Clone, Copy, Debug)]
pub struct BucketAddress<'a>(pub &'a str);

impl Location {
    /// Creates the address of a key.
    pub fn new(bucket: impl Into<Arc<str>>, key: impl Into<String>) -> Location {
        Location { bucket: bucket.into(), key: key.into() }
    }

    /// Parses `s3://BUCKET`, `s3://BUCKET/` or `s3://BUCKET/KEY`; `None` for any other text.
    /// The name of the bucket is not validated.
    pub fn parse(text: &str) -> Option<Location> {
        let text = text.strip_prefix(SCHEME)?;
        let (bucket, key) = text.split_once('/').unwrap_or((text, ""));
        Some(Location::new(bucket, key))
    }

    /// Returns the address of the bucket.
    pub fn bucket_address(&self) -> BucketAddress<'_> {
        BucketAddress(&self.bucket)
    }

    /// Returns the key without final slashes: a prefix that a user named can be that of a
    /// single object.
    pub fn object_key(&self) -> &str {
        self.key.trim_end_matches('/')
    }
}

/// True if a text can be the name of a bucket.
pub fn is_bucket_name(text: &str) -> bool {
    (3..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && !text.starts_with('.')
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.bucket_address(), self.key)
    }
}

impl fmt::Display for BucketAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_and_displayed() {
        for (text, bucket, key, displayed) in [
            ("s3://b", "b", "", "s3://b/"),
            ("s3://b/", "b", "", "s3://b/"),
            ("s3://b/a/x.json.gz", "b", "a/x.json.gz", "s3://b/a/x.json.gz"),
            ("s3://b//a/", "b", "/a/", "s3://b//a/"),
            ("s3://", "", "", "s3:///"),
        ] {
            let location = Location::parse(text).unwrap();
            assert_eq!(location, Location::new(bucket, key), "{text}");
            assert_eq!(location.to_string(), displayed);
            assert_eq!(location.bucket_address().to_string(), format!("s3://{bucket}"));
        }
        for text in ["", "b/a", "S3://b", "s3:/b", "https://b", " s3://b"] {
            assert_eq!(Location::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_object_key_has_no_final_slash() {
        for (key, expected) in [("", ""), ("a/", "a"), ("a/b", "a/b"), ("a//", "a")] {
            assert_eq!(Location::new("b", key).object_key(), expected);
        }
    }
}
